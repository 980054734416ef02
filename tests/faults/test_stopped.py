"""Home Assistant is stopped in the middle of anything, and finds its call log again or anew."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
import json
import logging
from pathlib import Path
import threading
from typing import Any

from homeassistant.core import CoreState
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.ws_cti.call_log import SAVE_SECONDS
from custom_components.ws_cti.const import DOMAIN
from custom_components.ws_cti.cti import link, patience
from custom_components.ws_cti.logged_call import LoggedCall, Row
from simulator.misbehaviour import Line, http_response
from simulator.wire import Dialect, wire
from simulator.words import Element
from tests.integration.office import CONNECTION, PATIENCE, Office

CALLER = "0312345678"

pytestmark = pytest.mark.usefixtures("tidy")


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Give Home Assistant a folder of its own."""
    return hass_tmp_config_dir


@pytest.fixture
def hass_storage() -> dict[str, Any]:
    """Let Home Assistant really write files."""
    return {}


def file_of(office: Office) -> Path:
    """Return where the call log is kept."""
    return Path(office.hass.config.path(".storage", f"{DOMAIN}.calls.{office.entry.entry_id}"))


async def callers_in_the_file(office: Office) -> list[str]:
    """Return who called according to the file, newest first."""
    text = await asyncio.to_thread(file_of(office).read_text)
    return [call["caller_number"] for call in json.loads(text)["data"]["calls"]]


def our_tasks() -> list[str]:
    """Return the names of our tasks that still run."""
    names = [task.get_name() for task in asyncio.all_tasks()]
    return [name for name in names if DOMAIN in name]


async def stop(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    """Stop Home Assistant, and see that nothing of ours goes on and nothing is complained of."""
    caplog.clear()
    await office.hass.async_stop(force=True)
    assert office.hass.state is CoreState.stopped
    # The goodbye may take a moment.
    await office.until(lambda: not our_tasks())
    # That something was slow is said of a busy machine only.
    grave = [one for one in caplog.records if one.levelno >= logging.WARNING]
    assert [one.getMessage() for one in grave if one.name != "asyncio"] == []


async def miss(office: Office) -> None:
    """Let somebody call whom nobody answers."""
    call = office.system.incoming_call(CALLER, office.alice)
    call.ring()
    call.cancel()
    await office.settled()


@pytest.mark.fault("stopped while connecting")
@pytest.mark.parametrize("silence", [Line.say_nothing, Line.upgrade_only])
async def test_stopped_while_connecting(
    office: Office,
    line: Line,
    caplog: pytest.LogCaptureFixture,
    silence: Callable[[Line], None],
) -> None:
    silence(line)
    opening = asyncio.ensure_future(office.hass.config_entries.async_setup(office.entry.entry_id))
    await asyncio.sleep(0.05)
    opening.cancel()
    await asyncio.wait([opening])
    await stop(office, caplog)


@pytest.mark.fault("stopped while it waits to connect again")
async def test_stopped_between_two_attempts(
    office: Office, line: Line, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.open()
    await miss(office)
    for name in ("FIRST_DELAY", "LONGEST_DELAY"):
        monkeypatch.setattr(patience, name, 60.0)
    line.answer(http_response("503 Service Unavailable"))
    line.reset()
    await office.until(lambda: office.state(CONNECTION) == "off")
    await stop(office, caplog)
    assert await callers_in_the_file(office) == [CALLER]


@pytest.mark.fault("stopped while everything is told")
@pytest.mark.parametrize("told", range(len(Element) + 1))
async def test_stopped_while_everything_is_told(
    office: Office, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch, told: int
) -> None:
    await office.open()
    await miss(office)
    unseen = office.system.incoming_call(CALLER, office.alice)
    unseen.ring()
    await office.settled()
    # Long enough for the connection not to count as whole.
    for name in ("QUIET_SECONDS", "COMPLETE_QUIET_SECONDS"):
        monkeypatch.setattr(link, name, 60.0)
    office.server.mute()
    await office.lose_connection()
    unseen.cancel()
    office.server.refuse(None)
    await office.until(lambda: bool(office.server.connections))
    office.server.unmute()
    speech = wire(Dialect())
    frames = [*speech.specifications(), *speech.initial(office.system.rows)[:told]]
    heard = office.entry.runtime_data.link.frames_received
    for frame in frames:
        office.server.send_raw(frame)
    await office.until(
        lambda: office.entry.runtime_data.link.frames_received == heard + len(frames)
    )
    await stop(office, caplog)
    # What became of the second call was never told in whole.
    assert await callers_in_the_file(office) == [CALLER]


@pytest.mark.fault("stopped during calls")
async def test_stopped_during_calls(office: Office, caplog: pytest.LogCaptureFixture) -> None:
    await office.open()
    await miss(office)
    office.system.incoming_call(CALLER, office.sales).ring()
    talking = office.system.incoming_call(CALLER, office.zoe)
    talking.ring(office.zoe)
    talking.answer()
    await stop(office, caplog)
    assert await callers_in_the_file(office) == [CALLER]


@pytest.mark.fault("stopped during a write of the call log")
async def test_stopped_during_a_write_of_the_call_log(
    office: Office, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.open()
    await miss(office)
    is_writing, may_go_on = asyncio.Event(), threading.Event()
    as_row = LoggedCall.as_row

    def take_long(call: LoggedCall) -> Row:
        office.hass.loop.call_soon_threadsafe(is_writing.set)
        may_go_on.wait(5)
        return as_row(call)

    monkeypatch.setattr(LoggedCall, "as_row", take_long)
    async_fire_time_changed(office.hass, dt_util.utcnow() + timedelta(seconds=SAVE_SECONDS + 1))
    await is_writing.wait()
    call = office.system.incoming_call(CALLER, office.alice)
    call.ring()
    call.cancel()
    while len(office.entry.runtime_data.call_log) < 2:  # noqa: ASYNC110 - nothing sets an event
        await asyncio.sleep(0.005)
    stopping = asyncio.ensure_future(stop(office, caplog))
    await asyncio.sleep(0)
    may_go_on.set()
    await stopping
    # The file may be read only once the thread has put it in place.
    async with asyncio.timeout(PATIENCE):
        while await callers_in_the_file(office) != [CALLER, CALLER]:  # noqa: ASYNC110 - a thread
            await asyncio.sleep(0.01)


@pytest.mark.fault("stopped with a pending action")
async def test_action_that_waits_for_its_effect_holds_nothing_up(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    await office.open()
    call = office.system.incoming_call(CALLER, office.alice)
    call.ring()
    await office.settled()
    office.server.ignore_commands()
    action = asyncio.ensure_future(
        office.hass.services.async_call(
            DOMAIN, "hang_up", {"entity_id": "event.alice_martin_phone_call"}, blocking=True
        )
    )
    await office.until(lambda: bool(office.server.commands_received))
    await stop(office, caplog)
    # Home Assistant leaves its loop then, which cancels whatever waits.
    action.cancel()
    with pytest.raises(asyncio.CancelledError):
        await action


@pytest.mark.fault("damaged call log")
@pytest.mark.parametrize(
    "damage",
    [b"", b"{", b"\0" * 500, b"[]", b'{"version": 1, "data": {"calls": 7}}', "half"],
    ids=["empty", "cut", "zeros", "list", "nonsense", "half"],
)
async def test_damaged_call_log_is_kept_aside_and_begun_anew(
    office: Office, caplog: pytest.LogCaptureFixture, damage: bytes | str
) -> None:
    await office.open()
    await miss(office)
    await office.close()
    file = file_of(office)
    whole = await asyncio.to_thread(file.read_bytes)
    broken = damage if isinstance(damage, bytes) else whole[: len(whole) // 2]
    await asyncio.to_thread(file.write_bytes, broken)
    caplog.clear()
    await office.open()
    # Once, by us or by Home Assistant itself where it is no JSON.
    assert sum("corrupt" in one.getMessage() for one in caplog.records) == 1
    caplog.clear()
    kept = await asyncio.to_thread(lambda: list(file.parent.glob(f"{file.name}.corrupt.*")))
    assert [await asyncio.to_thread(one.read_bytes) for one in kept] == [broken]
    await miss(office)
    await office.close()
    assert await callers_in_the_file(office) == [CALLER]


async def test_call_log_of_an_earlier_release_is_read(office: Office) -> None:
    await office.open()
    await miss(office)
    await office.close()
    file = file_of(office)
    said = json.loads(await asyncio.to_thread(file.read_text))
    for row in said["data"]["calls"]:
        del row["ended_after"], row["ended_before"]
    said["data"]["missed"] = []
    await asyncio.to_thread(file.write_text, json.dumps(said))
    await office.open()
    await miss(office)
    await office.close()
    assert await callers_in_the_file(office) == [CALLER, CALLER]
