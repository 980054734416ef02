"""Tests of the calls that are kept: which, how long, and what a restart leaves of them."""

from datetime import datetime, timedelta
import json
from pathlib import Path
import threading
from typing import Any, cast
from unittest.mock import patch

from homeassistant.auth.models import User
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_HOMEASSISTANT_FINAL_WRITE
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.util import dt as dt_util
import probatio
import pytest
from pytest_homeassistant_custom_component.common import MockUser, async_fire_time_changed

from custom_components.ws_cti.call_log import SAVE_SECONDS
from custom_components.ws_cti.const import (
    CONF_ALL_USERS,
    CONF_CALL_LOG_DAYS,
    CONF_CALL_LOG_SIZE,
    CONF_USERS,
    DOMAIN,
)
from custom_components.ws_cti.cti.pbx import Pbx
from custom_components.ws_cti.cti.story import CallDirection, CallEvent, Step
from custom_components.ws_cti.logged_call import LoggedCall
from simulator.model import User as Colleague
from simulator.wire import Grammar
from tests.faults.wall_clock import WallClock, clock
from tests.integration.office import Office

__all__ = ["clock"]

OLIVE = "0312345678"
ALICE = "event.alice_martin_phone_call"
ZOE = "event.zoe_phone_call"
SALES = "event.sales_phone_call"

type Row = dict[str, Any]


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Give Home Assistant a folder of its own."""
    return hass_tmp_config_dir


@pytest.fixture
def hass_storage() -> dict[str, Any]:
    """Let Home Assistant really write files."""
    return {}


async def log_of(office: Office, **asked: object) -> list[Row]:
    """Return what the action returns to an automation."""
    return await log_for(None, office, **asked)


async def log_for(user: User | None, office: Office, **asked: object) -> list[Row]:
    """Return what the action returns to a person."""
    response = await office.hass.services.async_call(
        DOMAIN,
        "get_call_log",
        asked,
        blocking=True,
        return_response=True,
        context=Context(user_id=user.id) if user is not None else None,
    )
    assert response is not None
    return cast("list[Row]", response["calls"])


async def numbers(office: Office, **asked: object) -> list[str]:
    """Return who called, newest first."""
    return [row["caller_number"] for row in await log_of(office, **asked)]


async def miss(office: Office, number: str | None = OLIVE, to: Colleague | None = None) -> None:
    """Let somebody call whom nobody answers."""
    call = office.system.incoming_call(number, to or office.alice, name="Olive Oyl")
    call.ring()
    office.later(7)
    call.cancel()
    await office.settled()


def file_of(office: Office) -> Path:
    """Return where the log is kept."""
    return Path(office.hass.config.path(".storage", f"{DOMAIN}.calls.{office.entry.entry_id}"))


def written(office: Office) -> list[str]:
    """Return who called according to the file, newest first."""
    if not file_of(office).exists():
        return []
    calls = json.loads(file_of(office).read_text())["data"]["calls"]
    return [call["caller_number"] for call in calls]


async def seconds_pass(hass: HomeAssistant, seconds: float) -> None:
    """Let the timers go off that were set for this time from now on."""
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(seconds=seconds))
    await hass.async_block_till_done()


class Calendar:
    """Tell Home Assistant which day it is; hours and minutes, and all timers, stay real."""

    def __init__(self) -> None:
        self.days = 0.0
        self.utcnow = dt_util.utcnow

    def now(self) -> datetime:
        return self.utcnow() + timedelta(days=self.days)


@pytest.fixture
def calendar(monkeypatch: pytest.MonkeyPatch) -> Calendar:
    """Return a calendar that can be turned."""
    calendar = Calendar()
    monkeypatch.setattr(dt_util, "utcnow", calendar.now)
    return calendar


# What is kept


async def test_missed_call_is_kept_with_all_that_is_known(office: Office) -> None:
    await office.open()
    await miss(office)

    [row] = await log_of(office)
    assert row.pop("call_id")
    assert row == {
        "entry_id": office.entry.entry_id,
        "user_id": str(office.alice.id),
        "user_name": "Alice Martin",
        "group_id": None,
        "group_name": None,
        "direction": "incoming",
        "location": "external",
        "caller_number": OLIVE,
        "caller_name": "Olive Oyl",
        "called_number": "1000",
        "called_name": "Alice Martin",
        "did": "0350001000",
        "outcome": "cancelled",
        "missed": True,
        "answered_by": None,
        "answered_by_name": None,
        "began": "2026-11-20T09:00:00+00:00",
        "answered": None,
        "ended": "2026-11-20T09:00:07+00:00",
        "ring_seconds": 7.0,
        "talk_seconds": None,
        "ended_after": None,
        "ended_before": None,
    }


async def test_call_to_a_group_is_kept_for_the_group_and_for_each_who_was_rung(
    office: Office,
) -> None:
    await office.open()
    call = office.system.incoming_call(OLIVE, office.sales)
    call.ring(office.alice)
    call.ring(office.zoe)
    office.later(5)
    call.answer(office.zoe)
    await office.settled()
    office.later(60)
    call.hang_up()
    await office.settled()

    rows = await log_of(office)
    told = {row["user_name"]: (row["outcome"], row["missed"]) for row in rows}
    assert told == {
        "Zoë": ("answered", False),
        "Alice Martin": ("answered_elsewhere", False),
        None: ("answered", False),
    }
    assert len({row["call_id"] for row in rows}) == 1
    talk = next(row for row in rows if row["user_name"] == "Zoë")
    assert talk["began"] == "2026-11-20T09:00:00+00:00"
    assert talk["answered"] == "2026-11-20T09:00:05+00:00"
    assert talk["ended"] == "2026-11-20T09:01:05+00:00"
    assert talk["talk_seconds"] == 60
    assert talk["group_name"] == "Sales"
    group = next(row for row in rows if row["user_id"] is None)
    assert group["answered_by_name"] == "Zoë"
    assert group["answered"] == group["ended"] == "2026-11-20T09:00:05+00:00"


async def test_call_whose_end_nobody_saw_is_kept_with_the_time_of_learning_it(
    office: Office,
) -> None:
    await office.open()
    call = office.system.incoming_call(OLIVE, office.alice)
    call.ring()
    await office.settled()
    await office.lose_connection()
    call.cancel()
    await office.find_connection()

    [row] = await log_of(office)
    assert row["outcome"] == "unknown"
    told = datetime.fromisoformat(row["ended"])
    assert timedelta() <= dt_util.utcnow() - told < timedelta(minutes=1)
    assert row["began"] is None


async def test_calls_of_those_who_are_left_out_are_not_kept(office: Office) -> None:
    await office.open(**{CONF_ALL_USERS: False, CONF_USERS: [str(office.alice.id)]})
    await miss(office, to=office.zoe)
    await miss(office, "0901")

    assert await numbers(office) == ["0901"]


@pytest.mark.parametrize("dialect", [{"grammar": Grammar.LEGACY}])
async def test_calls_of_users_of_whom_an_old_phone_system_tells_nothing_are_kept(
    office: Office,
) -> None:
    await office.open()
    call = office.system.incoming_call(OLIVE, office.alice)
    call.ring()
    call.cancel()
    await office.until(lambda: len(office.entry.runtime_data.call_log) == 1)

    [row] = await log_of(office)
    assert row["user_id"] == str(office.alice.id)
    assert row["user_name"] is None


def test_call_whose_beginning_nobody_saw_is_kept_without_it() -> None:
    event = CallEvent(
        call_id="1", step=Step.ENDED, direction=CallDirection.INCOMING, at=1, user_id="2"
    )
    logged = LoggedCall.of(event, Pbx(), dt_util.utcnow())
    assert (logged.began, logged.answered, logged.ring_seconds) == (None, None, None)
    assert LoggedCall.from_row(logged.as_row()) == logged


def test_times_of_a_call_are_kept_to_the_microsecond() -> None:
    event = CallEvent(
        call_id="1",
        step=Step.ENDED,
        direction=CallDirection.INCOMING,
        at=1_700_000_010_000_001,
        user_id="2",
        ring_seconds=4.999999,
        talk_seconds=0.000002,
    )
    row = LoggedCall.of(event, Pbx(), dt_util.utcnow()).as_row()
    assert row["began"] == "2023-11-14T22:13:25+00:00"
    assert row["answered"] == "2023-11-14T22:13:29.999999+00:00"
    assert row["ended"] == "2023-11-14T22:13:30.000001+00:00"


# How long


async def test_only_so_many_calls_are_kept(office: Office) -> None:
    await office.open(**{CONF_CALL_LOG_SIZE: 2})
    for number in ("0901", "0902", "0903"):
        await miss(office, number)
    assert await numbers(office) == ["0903", "0902"]

    await office.reopen(**{CONF_CALL_LOG_SIZE: 1})
    assert await numbers(office) == ["0903"]
    await seconds_pass(office.hass, SAVE_SECONDS)
    assert written(office) == ["0903"]


async def test_calls_are_kept_for_so_many_days(office: Office, calendar: Calendar) -> None:
    await office.open(**{CONF_CALL_LOG_DAYS: 7})
    await miss(office, "0901")
    calendar.days += 5
    await miss(office, "0902")
    calendar.days += 3
    # Nobody is shown a call that is due to go, even before it goes.
    assert await numbers(office) == ["0902"]

    await miss(office, "0903")
    await seconds_pass(office.hass, SAVE_SECONDS)
    assert written(office) == ["0903", "0902"]


async def test_old_calls_go_on_quiet_days_too(office: Office, calendar: Calendar) -> None:
    await office.open(**{CONF_CALL_LOG_DAYS: 7})
    await miss(office)
    await seconds_pass(office.hass, SAVE_SECONDS)
    assert OLIVE in file_of(office).read_text()

    calendar.days += 8
    await seconds_pass(office.hass, 86_400)
    await seconds_pass(office.hass, SAVE_SECONDS)

    assert OLIVE not in file_of(office).read_text()


async def test_calls_that_grew_old_while_home_assistant_slept_are_gone(
    office: Office, calendar: Calendar
) -> None:
    await office.open()
    await miss(office)
    await office.close()
    calendar.days += 31
    await office.open()

    assert await log_of(office) == []
    await office.close()
    assert OLIVE not in file_of(office).read_text()


async def test_log_that_is_switched_off_keeps_nobody(office: Office) -> None:
    await office.open()
    await miss(office)
    await office.reopen(**{CONF_CALL_LOG_SIZE: 0})
    await miss(office, "0901")
    answered = office.system.incoming_call("0902", office.alice)
    answered.ring()
    answered.answer()
    answered.hang_up()
    await office.settled()

    assert await log_of(office) == []
    await office.close()
    for number in (OLIVE, "0901", "0902"):
        assert number not in file_of(office).read_text()


# The file


async def test_calls_survive_a_restart(office: Office) -> None:
    await office.open()
    await miss(office, "0901")
    await miss(office, None)
    call = office.system.outgoing_call(office.alice, OLIVE)
    call.ring()
    call.answer()
    call.hang_up()
    await office.settled()
    before = await log_of(office)
    assert len(before) == 3

    await office.close()
    await office.open()

    assert await log_of(office) == before


async def test_without_calls_there_is_no_file(office: Office) -> None:
    await office.open()
    await office.close()
    assert not file_of(office).exists()


async def test_others_of_the_computer_cannot_read_the_file(office: Office) -> None:
    await office.open()
    await miss(office)
    await office.close()
    assert file_of(office).stat().st_mode & 0o077 == 0


async def test_calls_are_written_when_home_assistant_stops(office: Office) -> None:
    await office.open()
    await miss(office)
    office.hass.bus.async_fire(EVENT_HOMEASSISTANT_FINAL_WRITE)
    await office.hass.async_block_till_done()
    assert written(office) == [OLIVE]


async def test_power_cut_costs_the_last_seconds_only(office: Office) -> None:
    await office.open()
    await miss(office, "0901")
    await seconds_pass(office.hass, SAVE_SECONDS)
    await miss(office, "0902")
    on_disk = file_of(office).read_bytes()
    await office.close()
    file_of(office).write_bytes(on_disk)
    await office.open()

    assert await numbers(office) == ["0901"]


async def test_calls_that_never_pause_are_written_all_the_same(office: Office) -> None:
    await office.open()
    await miss(office, "0901")
    await seconds_pass(office.hass, SAVE_SECONDS - 2)
    assert written(office) == []
    await miss(office, "0902")
    await seconds_pass(office.hass, SAVE_SECONDS)
    assert written(office) == ["0902", "0901"]


async def test_file_is_read_and_written_by_threads(office: Office) -> None:
    at_work: set[int] = set()
    from_row, as_row = LoggedCall.from_row, LoggedCall.as_row

    def reading(row: Row) -> LoggedCall:
        at_work.add(threading.get_ident())
        return from_row(row)

    def writing(logged: LoggedCall) -> Row:
        at_work.add(threading.get_ident())
        return as_row(logged)

    await office.open()
    with patch.object(LoggedCall, "as_row", writing):
        await miss(office)
        await seconds_pass(office.hass, SAVE_SECONDS)
        await miss(office)
        await office.close()
    with patch.object(LoggedCall, "from_row", reading):
        await office.open()

    assert at_work
    assert threading.get_ident() not in at_work


async def test_disk_that_is_full_loses_nothing_once_there_is_room(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    await office.open()
    await miss(office, "0901")
    with patch("homeassistant.util.file.AtomicWriter", side_effect=OSError("No space left")):
        await seconds_pass(office.hass, SAVE_SECONDS)
    assert "No space left" in caplog.text
    assert written(office) == []

    await miss(office, "0902")
    await seconds_pass(office.hass, SAVE_SECONDS)
    assert written(office) == ["0902", "0901"]


async def test_call_that_ends_while_the_entry_goes_is_not_written_behind_its_back(
    office: Office,
) -> None:
    await office.open()
    await miss(office)
    log = office.entry.runtime_data.call_log
    await log.async_close()
    await miss(office, "0901")
    log.async_reset_missed(())

    await office.close()
    file_of(office).unlink()
    await seconds_pass(office.hass, SAVE_SECONDS)
    assert not file_of(office).exists()


async def test_file_goes_with_the_entry(office: Office) -> None:
    await office.open()
    await miss(office)
    await seconds_pass(office.hass, SAVE_SECONDS)
    assert file_of(office).exists()

    await office.hass.config_entries.async_remove(office.entry.entry_id)
    await office.hass.async_block_till_done()

    assert not file_of(office).exists()


def damage(office: Office, content: str) -> None:
    """Write a file that cannot be read."""
    path = file_of(office)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)


def kept_aside(office: Office) -> list[Path]:
    """Return the files that could not be read."""
    return [*file_of(office).parent.glob("*.corrupt.*")]


DAMAGE = {
    "cut off": '{"version": 1, "minor_version": 1, "key": "x", "data": {"calls": [{"call',
    "not ours": "[1, 2, 3]",
    "no version": '{"data": {}}',
    "from the future": '{"version": 2, "minor_version": 1, "data": {"calls": []}}',
    "without calls": '{"version": 1, "minor_version": 1, "data": {"since": "2026-11-20"}}',
    "calls of another shape": json.dumps(
        {"version": 1, "data": {"since": "2026-11-20T09:00:00+00:00", "calls": [1], "missed": []}}
    ),
}


@pytest.mark.parametrize("content", DAMAGE.values(), ids=DAMAGE)
async def test_damaged_file_is_kept_aside_and_a_new_one_begun(
    office: Office, content: str, caplog: pytest.LogCaptureFixture
) -> None:
    damage(office, content)
    await office.open()

    assert office.entry.state is ConfigEntryState.LOADED
    [aside] = kept_aside(office)
    assert aside.read_text() == content
    said = [
        record
        for record in caplog.records
        if record.levelname in ("ERROR", "WARNING") and aside.name in record.getMessage()
    ]
    assert len(said) == 1

    await miss(office)
    await office.reopen()
    assert await numbers(office) == [OLIVE]
    assert kept_aside(office) == [aside]


async def test_file_that_was_kept_aside_goes_with_the_entry(office: Office) -> None:
    damage(office, DAMAGE["cut off"])
    await office.open()
    assert kept_aside(office)

    await office.hass.config_entries.async_remove(office.entry.entry_id)
    await office.hass.async_block_till_done()

    assert kept_aside(office) == []


async def test_file_that_cannot_be_kept_aside_is_not_overwritten(
    office: Office,
) -> None:
    damage(office, DAMAGE["without calls"])
    with patch.object(Path, "rename", side_effect=PermissionError):
        await office.open()
    await miss(office)
    assert await numbers(office) == [OLIVE]
    await office.close()

    assert file_of(office).read_text() == DAMAGE["without calls"]


# Asking


@pytest.fixture
async def busy(office: Office, clock: WallClock) -> Office:
    """Return the office after four calls, each of its kind."""
    await office.open()
    await miss(office, "0901", office.alice)
    office.later(3600)
    clock.time += timedelta(hours=1)
    await miss(office, "0902", office.zoe)
    office.later(3600)
    clock.time += timedelta(hours=1)
    out = office.system.outgoing_call(office.alice, OLIVE)
    out.ring()
    out.answer()
    out.hang_up()
    await office.settled()
    queued = office.system.incoming_call("0904", office.sales)
    queued.to_voicemail()
    queued.hang_up()
    await office.settled()
    return office


@pytest.mark.parametrize(
    ("asked", "called"),
    [
        ({}, ["0904", "1000", "0902", "0901"]),
        ({"limit": 2}, ["0904", "1000"]),
        ({"limit": 0}, []),
        ({"entity_id": ALICE}, ["1000", "0901"]),
        ({"entity_id": [ZOE, "sensor.sales_missed_calls"]}, ["0904", "0902"]),
        ({"entity_id": "sensor.example_basix_ne_jp_active_calls", "limit": 1}, ["0904"]),
        ({"direction": "outgoing"}, ["1000"]),
        ({"direction": ["incoming", "outgoing"], "missed": False}, ["1000"]),
        ({"outcome": "cancelled"}, ["0902", "0901"]),
        ({"outcome": ["answered", "voicemail"]}, ["0904", "1000"]),
        ({"missed": True, "entity_id": ALICE}, ["0901"]),
        ({"since": "2026-11-20T10:00:00+00:00"}, ["0904", "1000", "0902"]),
        ({"until": "2026-11-20T10:00:14+00:00"}, ["0902", "0901"]),
        ({"since": "2026-11-20 01:00:08", "until": "2026-11-20 02:00:14"}, ["0902"]),
    ],
)
async def test_calls_are_chosen(
    hass: HomeAssistant, busy: Office, asked: Row, called: list[str]
) -> None:
    # Home Assistant of the tests stands in California; a time without a zone is its own.
    assert await numbers(busy, **asked) == called


async def test_calls_are_chosen_by_device(hass: HomeAssistant, busy: Office) -> None:
    key = ("group", str(busy.sales.id))
    device_id = busy.entry.runtime_data.roster.device_id(key)
    assert await numbers(busy, device_id=device_id) == ["0904"]


@pytest.mark.parametrize(
    "asked", [{"direction": "sideways"}, {"outcome": "bored"}, {"since": "soon"}, {"limit": -1}]
)
async def test_what_makes_no_sense_is_refused(office: Office, asked: Row) -> None:
    await office.open()
    with pytest.raises(probatio.Invalid):
        await log_of(office, **asked)


async def test_time_that_ends_before_it_begins_is_refused(office: Office) -> None:
    await office.open()
    with pytest.raises(ServiceValidationError) as refused:
        await log_of(office, since="2026-11-20 10:00:00", until="2026-11-20 09:00:00")
    assert refused.value.translation_key == "until_before_since"


async def test_nobody_reads_the_calls_of_those_whom_he_may_not_see(busy: Office) -> None:
    user = MockUser(is_owner=False).add_to_hass(busy.hass)
    user.mock_policy({"entities": {"entity_ids": {ALICE: {"read": True}}}})

    rows = await log_for(user, busy, entity_id=ALICE)
    assert [row["caller_number"] for row in rows] == ["1000", "0901"]
    questions: list[Row] = [{}, {"entity_id": ZOE}]
    for asked in questions:
        with pytest.raises(Unauthorized):
            await log_for(user, busy, **asked)
