"""From a terminal, things can be made to happen in a running simulator."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
import json
from os import environ
from pathlib import Path
import stat
import subprocess
import sys

import pytest

from simulator.command_line import ORDERS, parser, values
from simulator.control import Control
from simulator.orders import Orders
from simulator.phone_system import PhoneSystem
from simulator.remote import RemoteError, ask
from simulator.serve import note_of
from simulator.server import SimulatorServer
from tests.simulator.conftest import until

CHECKOUT = Path(__file__).parents[2]

type Pbx = Callable[[str], Awaitable[str]]


@pytest.fixture
async def orders(system: PhoneSystem) -> AsyncIterator[Orders]:
    listening = Orders(system)
    yield listening
    await listening.stop()


@pytest.fixture
async def pbx(
    socket_enabled: None, system: PhoneSystem, orders: Orders, tmp_path: Path
) -> AsyncIterator[Pbx]:
    """Type a command line and return what it prints."""
    server = SimulatorServer(system)
    Control(orders, "token").add_routes(server.application)
    note = tmp_path / "simulator.json"

    async def typed(line: str) -> str:
        arguments = parser().parse_args(line.split())
        return await asyncio.to_thread(ask, note, arguments.order, values(arguments))

    async with server:
        with note_of(note, server.port, "token"):
            yield typed


async def test_call_rings_and_is_answered_and_ends(
    pbx: Pbx, system: PhoneSystem, orders: Orders
) -> None:
    orders.stage.pace = 0.001
    said = await pbx("call --to 1001 --from 0312345678 --name Olive Oyl --answer 3 --talk 10")
    assert said == "Olive Oyl calls 山田 太郎."
    await until(system, lambda: not system.calls)
    (story,) = system.record.ended
    assert (story.number, story.name) == ("0312345678", "Olive Oyl")
    assert story.answered_by_ids == [10001001]


async def test_call_is_missed(pbx: Pbx, system: PhoneSystem, orders: Orders) -> None:
    orders.stage.pace = 0.001
    assert await pbx("call --to Sales --withheld --miss") == "Somebody calls Sales."
    await until(system, lambda: not system.calls)
    (story,) = system.record.ended
    assert story.missed
    assert story.number is None


async def test_call_is_directed_by_hand(pbx: Pbx, system: PhoneSystem) -> None:
    said = [
        await pbx(line)
        for line in (
            "call --to Sales --from 0312345678",
            "answer --by Zoë",
            "park --by 1002",
            "status",
            "unpark --by 1003",
            "hold --by 1003",
            "resume --by 1003",
            "transfer --by 1003 --to Alice Martin",
            "pick-up --by 1005",
            "status",
            "hangup --by 1005",
            "status",
        )
    ]
    assert said[:3] == [
        "0312345678 calls Sales.",
        "Zoë answers.",
        "Zoë parks the call in slot 901.",
    ]
    assert "0312345678  parked  slot 901" in said[3]
    assert said[4:9] == [
        "O'Neil takes the call from its slot.",
        "O'Neil puts the call on hold.",
        "O'Neil talks again.",
        "O'Neil hands the call over to Alice Martin.",
        "Ольга Смирнова picks the call up.",
    ]
    assert "talking  Ольга Смирнова" in said[9]
    assert said[10:] == ["Ольга Смирнова hangs up.", "Nobody is on the phone."]
    assert not system.calls


async def test_users_dial_decline_and_hang_up(pbx: Pbx, system: PhoneSystem) -> None:
    assert await pbx("dial --by 1000 --to 1001") == "Alice Martin calls 山田 太郎."
    assert await pbx("reject") == "山田 太郎 declines."
    assert await pbx("hangup") == "The caller hangs up before anybody answers."
    assert await pbx("dial --by 1000 --to 0399998888") == "Alice Martin calls 0399998888."
    assert "0399998888" in await pbx("status")
    assert await pbx("answer") == "The number outside answers."
    assert await pbx("hangup") == "The other side hangs up."
    await pbx("call --to 1001")
    assert await pbx("hangup --by 1001") == "山田 太郎 declines."


async def test_people_are_changed(pbx: Pbx) -> None:
    lines = {
        "presence --user 1001 --code 2": "山田 太郎 has presence 2.",
        "dnd --user 1001": "山田 太郎 does not want to be called.",
        "dnd --user 1001 --off": "山田 太郎 wants to be called.",
        "forward --user 1001": "Calls for 山田 太郎 go elsewhere.",
        "voicemail --to 1001": "山田 太郎 has 1 new and 0 saved messages.",
        "voicemail --to Sales --new 0 --saved 4": "Sales has 0 new and 4 saved messages.",
        "logout --user Zoë --group Sales": "Zoë takes no calls of Sales.",
        "login --user zoe --group 1100": "Zoë takes calls of Sales.",
        "night": "Night mode is on.",
        "add-user --name Popeye the Sailor --group Sales": "Popeye the Sailor has extension 1012.",
        "remove-user --user Popeye the Sailor": "Popeye the Sailor is gone.",
    }
    assert {line: await pbx(line) for line in lines} == lines
    office = await pbx("list")
    assert "1001  山田 太郎       idle   2              on       1/0" in office
    assert "1100   Sales    ring  6 of 6     0        0/4" in office


async def test_scenarios_and_days_play(pbx: Pbx, system: PhoneSystem) -> None:
    assert await pbx("play --scenario missed-by-user --pace 0") == "missed_by_user plays."
    await until(system, lambda: system.record.ended)
    assert await pbx("autoplay --busyness 2") == "An office day begins."
    assert await pbx("autoplay --off") == "The office day is over."


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("call --to 9999", "There is nobody with the extension or name 9999."),
        ("dial --by 1000 --to nobody", "nobody is neither a name nor a number."),
        ("answer", "No phone rings."),
        ("hangup", "There is no call to hang up."),
        ("park --by 1001", "山田 太郎 talks to nobody."),
        ("play --scenario nonsense", "There is no scenario nonsense. There are: abandoned_by"),
    ],
)
async def test_what_cannot_be_done_is_explained(pbx: Pbx, line: str, error: str) -> None:
    with pytest.raises(RemoteError, match=error):
        await pbx(line)


async def test_whom_nobody_can_ring_leaves_no_call(pbx: Pbx, system: PhoneSystem) -> None:
    await pbx("dnd --user 1001")
    with pytest.raises(RemoteError, match="No phone of 山田 太郎 can ring now"):
        await pbx("call --to 1001")
    assert not system.calls


async def test_several_calls_need_a_name(pbx: Pbx) -> None:
    await pbx("call --to 1000")
    await pbx("call --to 1001")
    with pytest.raises(RemoteError, match="say who with --by"):
        await pbx("hangup")


@pytest.mark.parametrize("content", [None, "{", '{"port": 1, "token": "t"}'])
def test_without_a_simulator_one_sentence_says_so(
    socket_enabled: None, tmp_path: Path, content: str | None
) -> None:
    note = tmp_path / "simulator.json"
    if content is not None:
        note.write_text(content)
    with pytest.raises(RemoteError, match=r"not running|cannot be read"):
        ask(note, "list", {})


async def test_only_who_knows_the_token_directs(pbx: Pbx, tmp_path: Path) -> None:
    note = tmp_path / "simulator.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), "token": "guessed"}))
    with pytest.raises(RemoteError, match="not the token"):
        await pbx("list")


def test_every_order_is_understood(system: PhoneSystem) -> None:
    known = Orders(system).names
    assert {order.name for order in ORDERS} == set(known)


async def test_served_simulator_leaves_a_private_note(socket_enabled: None, tmp_path: Path) -> None:
    note = tmp_path / "folder" / "simulator.json"
    line = f"serve --port 0 --users 3 --groups 1 --autoplay --note {note}"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "simulator", *line.split()),
        cwd=CHECKOUT,
        env={**environ, "PBX_TOKEN": "secret"},
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    said = await process.stdout.readline()
    assert said.startswith(b"3 users and 1 groups of test1.com at 127.0.0.1:")
    assert stat.S_IMODE(note.stat().st_mode) == 0o600
    assert json.loads(note.read_text())["token"] == "secret"
    assert "Alice Martin" in await asyncio.to_thread(ask, note, "list", {})
    process.terminate()
    assert await process.stdout.read() == b""
    assert await process.wait() == 0
    assert not note.exists()


async def test_taken_port_is_explained(
    server: SimulatorServer, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    note = tmp_path / "simulator.json"
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "simulator", "serve", "--port", str(server.port), "--note", str(note)),
        cwd=CHECKOUT,
    )
    assert await process.wait() == 1
    assert f"cannot listen on port {server.port}" in capfd.readouterr().err


def test_help_and_errors_come_from_any_folder(tmp_path: Path) -> None:
    script = CHECKOUT / "scripts" / "pbx"
    shown = subprocess.run(  # noqa: S603
        [script, "--help"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert "scripts/pbx call --to 1001" in shown.stdout
    note = tmp_path / "none.json"
    failed = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "simulator", "status", "--note", note],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert failed.returncode == 1
    assert failed.stderr == ("The simulator is not running; start it with: scripts/pbx serve\n")
