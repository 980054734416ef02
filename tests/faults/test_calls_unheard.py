"""Calls begin, are answered and end while nothing can be heard, and are told as they are found."""

from datetime import datetime, timedelta
from typing import Any

from homeassistant.core import Event
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.ws_cti.const import DOMAIN, EVENT_CALL
from custom_components.ws_cti.cti.story import Outcome, Step
from simulator.calls import Call
from tests.integration.office import NINE, Office

from .wall_clock import WallClock, clock

__all__ = ["clock"]

CALLER = "0312345678"
ALICE = "sensor.alice_martin_call_state"
ALICES_EVENT = "event.alice_martin_phone_call"


@pytest.fixture(autouse=True)
async def opened(tidy: None, clock: WallClock, office: Office) -> None:
    """Open the office at nine."""
    await office.open()


@pytest.fixture
def told(office: Office) -> list[Event]:
    """Return what is told of calls, as it is told."""
    return async_capture_events(office.hass, EVENT_CALL)


def ringing(office: Office) -> Call:
    """Let somebody call Alice."""
    call = office.system.incoming_call(CALLER, office.alice)
    call.ring()
    return call


def steps(told: list[Event]) -> list[tuple[str, str, str | None]]:
    """Return of whom which step was told."""
    return [
        (event.data["user_name"] or event.data["group_name"], event.data["step"],
         event.data["outcome"])
        for event in told
    ]  # fmt: skip


def at(seconds: float) -> str:
    """Return a time after the office was opened."""
    return (datetime.fromisoformat(NINE) + timedelta(seconds=seconds)).isoformat()


def pass_time(clock: WallClock, office: Office, seconds: float) -> None:
    """Let the same time pass here and in the phone system."""
    clock.time += timedelta(seconds=seconds)
    office.later(seconds)


async def log(office: Office) -> list[dict[str, Any]]:
    """Return the rows of the call log, newest first."""
    found = await office.hass.services.async_call(
        DOMAIN, "get_call_log", {}, blocking=True, return_response=True
    )
    assert found is not None
    rows = found["calls"]
    assert isinstance(rows, list)
    return [row for row in rows if isinstance(row, dict)]


@pytest.mark.fault("call ended during an outage")
@pytest.mark.parametrize(
    ("answered", "outcome"), [(False, Outcome.UNKNOWN), (True, Outcome.ANSWERED)]
)
async def test_end_that_nobody_saw_was_between_two_times(
    clock: WallClock,
    office: Office,
    told: list[Event],
    answered: bool,  # noqa: FBT001
    outcome: Outcome,
) -> None:
    call = ringing(office)
    if answered:
        call.answer()
    await office.settled()
    pass_time(clock, office, 20)
    await office.lose_connection()
    call.disconnect()
    pass_time(clock, office, 300)
    await office.find_connection()
    await office.settled()
    assert steps(told)[-1] == ("Alice Martin", Step.ENDED, outcome)
    assert told[-1].data["time"] is None
    assert told[-1].data["talk_seconds"] is None
    window = (told[-1].data["ended_after"], told[-1].data["ended_before"])
    # When it was lost, a message had come 20 seconds before.
    assert window == (at(0), at(320))
    [row] = await log(office)
    assert (row["ended_after"], row["ended_before"]) == window
    assert (row["outcome"], row["missed"], row["ended"]) == (outcome, False, at(320))
    shown = office.attributes(ALICES_EVENT)
    assert (shown["ended_after"], shown["ended_before"]) == window


async def test_line_is_dead_for_45_seconds_at_most_before_that_is_noticed(
    clock: WallClock, office: Office, told: list[Event]
) -> None:
    call = ringing(office)
    await office.settled()
    pass_time(clock, office, 600)
    await office.lose_connection()
    call.cancel()
    pass_time(clock, office, 10)
    await office.find_connection()
    await office.settled()
    assert told[-1].data["ended_after"] == at(555)
    assert told[-1].data["ended_before"] == at(610)


async def test_end_that_was_seen_is_at_its_time(office: Office, told: list[Event]) -> None:
    call = ringing(office)
    await office.lose_connection()
    await office.find_connection()
    office.later(7)
    call.cancel()
    await office.settled()
    assert steps(told)[-1] == ("Alice Martin", Step.MISSED, Outcome.CANCELLED)
    assert told[-1].data["time"] == at(7)
    [row] = await log(office)
    assert (row["ended"], row["ended_after"], row["ended_before"]) == (at(7), None, None)


@pytest.mark.fault("call that went on through an outage")
async def test_call_that_goes_on_is_the_same_call(office: Office, told: list[Event]) -> None:
    call = ringing(office)
    call.answer()
    await office.settled()
    shown = office.attributes(ALICE)
    await office.lose_connection()
    office.later(60)
    await office.find_connection()
    assert office.attributes(ALICE) == shown
    call.hang_up()
    await office.settled()
    assert {event.data["call_id"] for event in told} == {call.id}
    assert told[-1].data["talk_seconds"] == 60.0
    assert len(told) == 3


@pytest.mark.fault("call answered during an outage")
async def test_answer_that_nobody_saw_is_told_once_and_with_its_time(
    office: Office, told: list[Event]
) -> None:
    call = ringing(office)
    await office.settled()
    await office.lose_connection()
    office.later(5)
    call.answer()
    office.later(60)
    await office.find_connection()
    await office.settled()
    assert steps(told)[1:] == [("Alice Martin", Step.ANSWERED, None)]
    assert told[-1].data["time"] == at(5)
    await office.lose_connection()
    await office.find_connection()
    await office.settled()
    assert len(told) == 2


@pytest.mark.fault("call that began during an outage")
async def test_call_that_rings_when_the_connection_is_back_is_told(
    office: Office, told: list[Event]
) -> None:
    await office.lose_connection()
    call = ringing(office)
    await office.find_connection()
    await office.settled()
    assert steps(told) == [("Alice Martin", Step.RINGING, None)]
    assert told[0].data["call_id"] == call.id


@pytest.mark.fault("call that began and ended during an outage")
async def test_call_that_nobody_saw_is_not_invented(office: Office, told: list[Event]) -> None:
    await office.lose_connection()
    call = ringing(office)
    call.answer()
    call.hang_up()
    waiting = office.system.incoming_call(CALLER, office.sales)
    waiting.cancel()
    await office.find_connection()
    await office.settled()
    assert told == []
    assert await log(office) == []


async def test_wait_whose_end_nobody_saw_was_between_two_times(
    clock: WallClock, office: Office, told: list[Event]
) -> None:
    call = office.system.incoming_call(CALLER, office.sales)
    await office.settled()
    await office.lose_connection()
    call.cancel()
    pass_time(clock, office, 30)
    await office.find_connection()
    await office.settled()
    assert steps(told)[-1] == ("Sales", Step.ABANDONED, Outcome.UNKNOWN)
    assert told[-1].data["ended_before"] == at(30)
    assert office.state("sensor.sales_missed_calls") == "1"


# Home Assistant itself was away


@pytest.mark.fault("entry reloaded during calls")
async def test_call_that_goes_on_over_a_reload_ends_once_and_under_its_id(
    office: Office, told: list[Event]
) -> None:
    call = ringing(office)
    call.answer()
    await office.settled()
    before = len(told)
    await office.reopen()
    assert office.state(ALICE) == "talking"
    office.later(60)
    call.hang_up()
    await office.settled()
    assert steps(told[before:]) == [("Alice Martin", Step.ENDED, Outcome.ANSWERED)]
    [row] = await log(office)
    assert (row["call_id"], row["outcome"], row["talk_seconds"]) == (call.id, "answered", 60.0)


@pytest.mark.fault("call ended while the entry was reloaded")
@pytest.mark.parametrize("answered", [False, True])
async def test_call_that_ends_while_nobody_is_there_is_neither_shown_nor_guessed_at(
    office: Office,
    told: list[Event],
    answered: bool,  # noqa: FBT001
) -> None:
    call = ringing(office)
    if answered:
        call.answer()
    waiting = office.system.incoming_call(CALLER, office.sales)
    await office.settled()
    before = len(told)
    await office.close()
    call.disconnect()
    waiting.cancel()
    await office.reopen()
    await office.settled()
    assert told[before:] == []
    assert await log(office) == []
    assert office.state(ALICE) == "idle"
    assert office.state("sensor.sales_waiting_calls") == "0"
    assert office.state("sensor.alice_martin_missed_calls") == "0"
