"""The library is a command: it replays recordings and watches living phone systems."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
import io
import json
import logging
import os
from pathlib import Path
import signal
import subprocess
import sys
from typing import Any, Final

import pytest

from custom_components.ws_cti.cti import __main__ as command
from custom_components.ws_cti.cti.__main__ import TOKEN_VARIABLE, main
from simulator.bert import Atom, Charlist, Term, term_to_binary
from simulator.phone_system import PhoneSystem
from simulator.server import SimulatorServer

from . import recorded

ROOT: Final = Path(__file__).parents[2]
PATIENCE: Final = 20


def frame(*parts: Term) -> bytes:
    return term_to_binary(parts)


def spec(element: str, *fields: str) -> bytes:
    names: list[Term] = [Atom(name) for name in fields]
    return frame(Atom("field_spec"), Charlist(element), names)


def event(element: str, *row: Term) -> bytes:
    return frame(Atom("info_event"), Charlist(element), row, Charlist("updated"))


class Replayed:
    """Be what a replay printed, and its exit status."""

    def __init__(self, captured: pytest.CaptureFixture[str]) -> None:
        self._captured = captured

    def file(self, path: Path, *options: str) -> tuple[int, list[str], str]:
        status = main(["replay", str(path), *options])
        output, errors = self._captured.readouterr()
        return status, output.split("\n")[:-1], errors

    def frames(self, path: Path, *frames: bytes) -> tuple[int, list[str]]:
        file = path / "recording.frames"
        file.write_bytes(b"".join(len(raw).to_bytes(4) + raw for raw in frames))
        status, lines, errors = self.file(file)
        assert not errors
        as_json = self.file(file, "--json")
        assert as_json[0] == status
        assert all(json.loads(line) for line in as_json[1])
        return status, lines


@pytest.fixture
def replay(capsys: pytest.CaptureFixture[str]) -> Replayed:
    return Replayed(capsys)


def objects(lines: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines]


# Replaying


def test_a_recording_is_an_object_for_each_message(replay: Replayed) -> None:
    status, lines, errors = replay.file(recorded.path_of(), "--json")
    said = objects(lines)
    assert (status, errors) == (0, "")
    assert [one["frame"] for one in said] == list(range(179))
    assert {one["message"] for one in said} == {
        "field_spec",
        "initial_info",
        "info_event",
        "system_message",
    }


def test_an_object_shows_the_row_and_the_steps_of_calls(replay: Replayed) -> None:
    said = objects(replay.file(recorded.path_of(), "--json")[1])
    assert said[10]["element"] == "user"
    assert len(said[10]["rows"]) == 12
    added = said[18]
    assert (added["element"], added["event"]) == ("channel", "added")
    assert added["row"]["calling_number"] == "0300000001"
    steps = [call["step"] for one in said for call in one.get("calls", ())]
    assert set(steps) >= {"entered", "ringing", "answered", "missed", "ended", "abandoned"}
    assert said[-1] == {"frame": 178, "message": "system_message", "text": "connection_replaced"}


def test_numbers_and_names_are_shown_and_never_logged(
    replay: Replayed, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    _, lines, _ = replay.file(recorded.path_of())
    for word in ("0300000001", "Olive Oyl", "user1@test1.com"):
        assert any(word in line for line in lines)
        assert word not in caplog.text


def test_both_legacy_recordings_print_the_same(replay: Replayed) -> None:
    plain = replay.file(recorded.path_of("legacy_plain"), "--json")
    wrapped = replay.file(recorded.path_of("legacy_wrapped"), "--json")
    assert plain == wrapped
    assert (plain[0], plain[2]) == (0, "")
    assert len(plain[1]) == 10
    assert any(one.get("calls") for one in objects(plain[1]))


def test_readable_lines_tell_rows_and_below_them_the_steps_of_calls(replay: Replayed) -> None:
    status, lines, errors = replay.file(recorded.path_of())
    assert (status, errors) == (0, "")
    assert lines[0] == "field_spec: domain: id, name, night_mode_status"
    assert lines[10] == "user: 12 now"
    assert lines[-1] == "system_message: connection_replaced"
    messages = [line for line in lines if not line.startswith("    ")]
    steps = [line.strip() for line in lines if line.startswith("    ")]
    assert len(messages) == 179
    assert steps[0].startswith("entered グループ・10001101, incoming 0300000001, 2026-")
    assert (
        "missed 山田 太郎 10001004, incoming 0300000004, cancelled, 2026-09-21 14:16:32+00:00"
        in steps
    )


def test_readable_lines_tell_mailboxes_and_messages(replay: Replayed, tmp_path: Path) -> None:
    status, lines = replay.frames(
        tmp_path,
        spec("mwi_info", "target_type", "target_id", "mwi"),
        frame(Atom("mwi_info"), (Atom("user"), 7, b"2/5")),
        frame(Atom("msg"), (1, "昼食".encode())),
        frame(Atom("system_msg"), Charlist("logout")),
    )
    assert status == 0
    assert lines[1:] == [
        "mailbox of user 7: 2/5",
        'message from user: [1, "昼食"]',
        'message from system: "logout"',
    ]


def test_a_frame_about_nobody_is_said_to_be_so(replay: Replayed, tmp_path: Path) -> None:
    status, lines = replay.frames(
        tmp_path, spec("mwi_info", "box", "mwi"), frame(Atom("mwi_info"), (7, b"2/5"))
    )
    assert (status, lines[1:]) == (0, ["info_event: about nobody who is known"])


def test_frames_that_are_not_understood_are_counted_in_and_the_rest_is_replayed(
    replay: Replayed, tmp_path: Path
) -> None:
    status, lines = replay.frames(
        tmp_path,
        b"\x83h\2",
        spec("user", "id", "name"),
        frame(Atom("fax_info"), 1),
        event("user", 1, b"user1"),
    )
    assert status == 1
    assert lines == [
        "not understood: frame cut short",
        "field_spec: user: id, name",
        "not understood: a message of an unknown kind",
        'user updated: {"id": "1", "name": "user1", "mwi": {"new": 0, "saved": 0}}',
    ]


@pytest.mark.parametrize(
    "odd",
    [
        "two\nlines",
        "two\u2028lines",
        "\x1b[31mred",
        "\x9b31mred",
        "bell\a",
        "back\b\b\b\b",
        "\u202eright to left",
        "\x00",
        "\x7f",
    ],
    ids=ascii,
)
def test_no_name_from_the_wire_breaks_a_line_or_commands_the_terminal(
    replay: Replayed, tmp_path: Path, odd: str
) -> None:
    name = odd.encode()
    status, lines = replay.frames(
        tmp_path,
        spec("user", "id", "name", odd),
        event("user", 1, name, name),
        frame(Atom("info_event"), Charlist("user"), (1, name, name), name),
        frame(
            Atom("field_spec"), Atom("mwi_info"), [Atom("target_type"), Atom("target_id"), b"mwi"]
        ),
        frame(Atom("mwi_info"), (Atom("user"), 1, name)),
        frame(Atom("msg"), name),
    )
    assert status == 0
    assert len(lines) == 6
    assert all(line.isprintable() for line in lines)


def test_names_are_shown_as_they_are_written(replay: Replayed, tmp_path: Path) -> None:
    name = "山田\u3000太郎 \N{TELEPHONE RECEIVER} Zoë"
    _, lines = replay.frames(tmp_path, spec("user", "id", "name"), event("user", 1, name.encode()))
    assert name in lines[1]


def test_a_terminal_without_such_letters_gets_them_escaped(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    assert main(["replay", str(recorded.path_of()), "--json"]) == 0
    users = json.loads(raw.getvalue().splitlines()[10])
    assert users["rows"][4]["label"] == "山田 太郎 10001004"


def test_a_file_that_is_not_there_is_named(replay: Replayed, tmp_path: Path) -> None:
    status, lines, errors = replay.file(tmp_path / "nothing")
    assert (status, lines) == (1, [])
    assert errors == (
        f"Cannot read {tmp_path / 'nothing'}: No such file or directory. Name a file of frames.\n"
    )


@pytest.mark.parametrize("cut", [1, 3, 5, 100])
def test_a_recording_that_ends_too_early_is_told_after_what_could_be_read(
    replay: Replayed, tmp_path: Path, cut: int
) -> None:
    file = tmp_path / "cut.frames"
    file.write_bytes(recorded.path_of().read_bytes()[:-cut])
    status, lines, errors = replay.file(file, "--json")
    assert status == 1
    assert 170 < len(lines) < 179
    assert errors.startswith(f"{file} is no recording of frames: the recording ends within")


def test_an_empty_recording_says_nothing(replay: Replayed, tmp_path: Path) -> None:
    assert replay.frames(tmp_path) == (0, [])


def test_a_reader_who_has_seen_enough_is_no_error() -> None:
    with process("replay", str(recorded.path_of()), "--json") as running:
        assert running.stdout is not None
        assert json.loads(running.stdout.readline())["frame"] == 0
        running.stdout.close()
        assert running.stderr is not None
        assert running.stderr.read() == ""
        assert running.wait(PATIENCE) == 0


# What may be asked


def test_the_token_is_no_option(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["watch", "--help"])
    assert "token" not in capsys.readouterr().out
    with pytest.raises(SystemExit):
        main(["watch", "--domain", "d", "--token", "t"])


@pytest.mark.parametrize("who", ["1001", "shoe_size=43", "extension=", "=1001", "user_id=1"])
def test_a_user_is_named_in_a_way_that_the_phone_system_knows(
    who: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["watch", "--domain", "d", "--user", who]) == 2
    assert capsys.readouterr().err == "Name the user like extension=1001, see --help.\n"


def test_a_server_needs_a_name(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["watch", "--domain", "d", "--server", "my server"]) == 2
    assert capsys.readouterr().err == "Name the server like bcs.brastel.com, see --help.\n"


def test_where_nobody_can_be_asked_the_token_must_be_there(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def nobody(prompt: str) -> str:
        raise EOFError

    monkeypatch.delenv(TOKEN_VARIABLE, raising=False)
    monkeypatch.setattr(command, "getpass", nobody)
    assert main(["watch", "--domain", "d"]) == 2
    assert capsys.readouterr().err == "Set BASIX_TOKEN to the API token.\n"


# Watching


class Watched:
    """Watch a simulated phone system by the command, in a thread of its own.

    What ends the command is that the phone system no longer accepts its credentials.
    """

    def __init__(
        self,
        server: SimulatorServer,
        thread: ThreadPoolExecutor,
        captured: pytest.CaptureFixture[str],
    ) -> None:
        self.server = server
        self.output = ""
        self.errors = ""
        self._thread = thread
        self._captured = captured
        self._running: asyncio.Future[int] | None = None

    async def begin(self, *options: str) -> None:
        """Start the command."""
        arguments = [
            "watch", "--plain",
            "--server", f"{self.server.host}:{self.server.port}",
            "--domain", self.server.phone_system.domain.name,
        ]  # fmt: skip
        loop = asyncio.get_running_loop()
        self._running = loop.run_in_executor(self._thread, main, [*arguments, *options])

    async def shows(self, words: str) -> None:
        """Wait until the command has printed some words."""
        async with asyncio.timeout(PATIENCE):
            while words not in self.output:
                await asyncio.sleep(0.01)
                self._read()

    async def end(self) -> int:
        """Refuse the command's next connection, which ends it; return its exit status."""
        assert self._running is not None
        if not self._running.done():
            self.server.refuse(401)
            self.server.drop_connections()
        async with asyncio.timeout(PATIENCE):
            status = await self._running
        self._read()
        return status

    def _read(self) -> None:
        output, errors = self._captured.readouterr()
        self.output += output
        self.errors += errors


@pytest.fixture
async def server(socket_enabled: None) -> AsyncIterator[SimulatorServer]:
    async with SimulatorServer(PhoneSystem.office(token="s3same")) as running:
        yield running


@pytest.fixture
def watched(
    server: SimulatorServer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Iterator[Watched]:
    monkeypatch.setenv(TOKEN_VARIABLE, server.phone_system.token)
    with ThreadPoolExecutor(1) as thread:
        yield Watched(server, thread, capsys)


def let_ring_in_vain(system: PhoneSystem) -> str:
    """Let somebody be called who does not answer, and return his name."""
    user = next(iter(system.users))
    call = system.incoming_call("0300000009", user)
    call.ring()
    call.cancel()
    return user.label


async def test_watching_prints_what_happens(watched: Watched) -> None:
    await watched.begin()
    await watched.shows("synchronised: channel, channel_waiting, domain, ")
    assert "user: 12 now\n" in watched.output
    label = let_ring_in_vain(watched.server.phone_system)
    await watched.shows(f"    ringing {label}, incoming 0300000009, ")
    await watched.shows(f"    missed {label}, incoming 0300000009, cancelled, ")
    watched.server.user_message("Lunch!")
    await watched.shows('message from user: "Lunch!"\n')
    assert await watched.end() == 1
    assert "connection lost: " in watched.output
    assert watched.errors == "The domain or the token is wrong. Ask your PBX administrator.\n"


async def test_watching_prints_objects(watched: Watched) -> None:
    await watched.begin("--json")
    await watched.shows('"synchronised"')
    let_ring_in_vain(watched.server.phone_system)
    await watched.shows('"missed"')
    await watched.end()
    said = objects(watched.output.splitlines())
    kinds = [one["message"] for one in said]
    assert kinds.count("initial_info") == 9
    assert {"info_event", "synchronised", "connection lost"} <= set(kinds)
    assert not any("frame" in one for one in said)
    steps = [call["step"] for one in said for call in one.get("calls", ())]
    assert steps == ["ringing", "missed"]


async def test_the_token_is_sent_and_never_shown_and_nothing_is_logged_but_what_went_wrong(
    watched: Watched, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    await watched.begin()
    await watched.shows("synchronised")
    let_ring_in_vain(watched.server.phone_system)
    watched.server.send_raw(b"\x83s3same 0300000009")
    await watched.shows("missed")
    await watched.end()
    token = watched.server.phone_system.token
    login = b64encode(f"{watched.server.phone_system.domain.name}:{token}".encode()).decode()
    for secret in (token, login):
        assert secret not in watched.output + watched.errors + caplog.text
    assert "0300000009" not in caplog.text
    assert "was not understood" in caplog.text


async def test_the_token_may_be_typed_in(watched: Watched, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def somebody(prompt: str) -> str:
        asked.append(prompt)
        return watched.server.phone_system.token

    monkeypatch.delenv(TOKEN_VARIABLE)
    monkeypatch.setattr(command, "getpass", somebody)
    await watched.begin()
    await watched.shows("user: 12 now")
    await watched.end()
    assert asked == ["API token: "]


async def test_a_wrong_token_ends_the_watch(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "wrong")
    await watched.begin()
    await watched.shows("connection lost: ")
    assert await watched.end() == 1
    assert watched.errors == "The domain or the token is wrong. Ask your PBX administrator.\n"


async def test_one_user_may_be_watched(watched: Watched) -> None:
    user = next(iter(watched.server.phone_system.users))
    extension = user.main_extension
    await watched.begin("--user", f"extension={extension}", "--app-name", "tests", "--forced")
    await watched.shows("user: 1 now")
    (connection,) = watched.server.connections
    assert connection.admission.user is user
    assert connection.admission.app_name == "tests"
    assert connection.admission.forced
    await watched.end()


async def test_nobody_is_pushed_out_unless_asked(watched: Watched) -> None:
    await watched.begin()
    await watched.shows("user: 12 now")
    (connection,) = watched.server.connections
    assert connection.admission.user is None
    assert not connection.admission.forced
    await watched.end()


START: Final = (
    "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    "runpy.run_module('cti', run_name='__main__', alter_sys=True)"
)
"""Like `python -m cti`, and interruptible: tests may themselves run with interrupts ignored."""


def process(*arguments: str) -> subprocess.Popen[str]:
    """Run the command in a process of its own, as `scripts/cti` does."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "custom_components" / "ws_cti")}
    return subprocess.Popen(  # noqa: S603 - our own interpreter, our own words
        [sys.executable, "-c", START, *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=environment,
        text=True,
    )


async def test_a_program_that_reads_along_gets_each_line_at_once_and_may_interrupt(
    watched: Watched,
) -> None:
    server = watched.server
    arguments = (
        "watch", "--json", "--plain",
        "--server", f"http://{server.host}:{server.port}/",
        "--domain", server.phone_system.domain.name,
    )  # fmt: skip

    def read_along() -> tuple[str, str, int]:
        with process(*arguments) as running:
            assert running.stdout is not None
            assert running.stderr is not None
            first = running.stdout.readline()
            running.send_signal(signal.SIGINT)
            return first, running.stderr.read(), running.wait(PATIENCE)

    with ThreadPoolExecutor(1) as thread:
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(PATIENCE):
            first, errors, status = await loop.run_in_executor(thread, read_along)
    assert json.loads(first)["message"] == "initial_info"
    assert (errors, status) == ("", 0)
