"""The clock of the phone system is wrong by hours."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from pytest_homeassistant_custom_component.common import (
    async_capture_events,
    async_fire_time_changed,
)

from custom_components.ws_cti.const import DOMAIN, EVENT_CALL
from custom_components.ws_cti.cti.story import CallDirection, CallEvent, Step
from custom_components.ws_cti.pbx_clock import PbxClock
from tests.integration.automations import when
from tests.integration.office import NINE, Office

from .wall_clock import WallClock, clock

__all__ = ["clock"]

CALLER: Final = "0312345678"
OLDEST: Final = "sensor.sales_oldest_call_waiting_since"

pytestmark = pytest.mark.usefixtures("tidy")

wrong_by_hours = pytest.mark.parametrize("hours", [-3, 3])


class Waiting:
    """Let the same time pass in both places; what is timed goes off when its time comes."""

    def __init__(self, office: Office, clock: WallClock) -> None:
        """Begin now."""
        self._office = office
        self._clock = clock
        self._passed = 0.0

    async def passes(self, seconds: float) -> None:
        """Let time pass."""
        self._passed += seconds
        self._office.later(seconds)
        self._clock.time += timedelta(seconds=seconds)
        # Timers know the real time only.
        async_fire_time_changed(
            self._office.hass, datetime.now(UTC) + timedelta(seconds=self._passed)
        )
        await self._office.hass.async_block_till_done()


@pytest.mark.fault("clock of the phone system wrong by hours")
@wrong_by_hours
async def test_caller_waits_too_long_after_his_time(
    office: Office, clock: WallClock, hours: int
) -> None:
    clock.time -= timedelta(hours=hours)
    await office.open()
    told = await when(office.hass, "group_waiting_too_long", OLDEST, **{"for": 60})
    office.system.incoming_call(CALLER, office.sales)
    await office.settled()
    waiting = Waiting(office, clock)
    assert office.state(OLDEST) == NINE
    await waiting.passes(58)
    assert told == []
    await waiting.passes(3)
    assert len(told) == 1
    await waiting.passes(4 * 3600)
    assert len(told) == 1


@wrong_by_hours
async def test_caller_who_is_found_waiting_is_no_reason_to_fire_at_once(
    office: Office, clock: WallClock, hours: int
) -> None:
    clock.time -= timedelta(hours=hours)
    office.system.incoming_call(CALLER, office.sales)
    await office.open()
    told = await when(office.hass, "group_waiting_too_long", OLDEST, **{"for": 60})
    assert told == []
    await Waiting(office, clock).passes(61)
    # Where the clock is behind he seems to have waited for hours, and may have fired before.
    assert len(told) == (1 if hours > 0 else 0)


@wrong_by_hours
async def test_next_oldest_caller_is_timed_by_his_own_wait(
    office: Office, clock: WallClock, hours: int
) -> None:
    clock.time -= timedelta(hours=hours)
    first = office.system.incoming_call(CALLER, office.sales)
    office.later(30)
    clock.time += timedelta(seconds=30)
    office.system.incoming_call(CALLER, office.sales)
    await office.open()
    told = await when(office.hass, "group_waiting_too_long", OLDEST, **{"for": 60})
    office.later(10)
    clock.time += timedelta(seconds=10)
    first.cancel()
    await office.settled()
    waiting = Waiting(office, clock)
    assert told == []
    await waiting.passes(48)
    assert told == []
    await waiting.passes(4)
    assert len(told) == 1


@wrong_by_hours
async def test_durations_are_right_and_times_are_those_of_the_phone_system(
    office: Office, clock: WallClock, hours: int
) -> None:
    clock.time -= timedelta(hours=hours)
    await office.open()
    told = async_capture_events(office.hass, EVENT_CALL)
    call = office.system.incoming_call(CALLER, office.alice)
    call.ring()
    office.later(5)
    call.answer()
    await office.settled()
    since = office.attributes("sensor.alice_martin_call_state")["since"]
    assert since == "2026-11-20T09:00:05+00:00"
    office.later(60)
    call.hang_up()
    await office.settled()
    assert (told[-1].data["ring_seconds"], told[-1].data["talk_seconds"]) == (5.0, 60.0)
    assert told[-1].data["time"] == "2026-11-20T09:01:05+00:00"


@wrong_by_hours
async def test_call_log_is_asked_by_the_time_of_home_assistant(
    office: Office, clock: WallClock, hours: int
) -> None:
    clock.time -= timedelta(hours=hours)
    await office.open()
    for number in ("0311111111", "0322222222"):
        call = office.system.incoming_call(number, office.alice)
        call.ring()
        call.cancel()
        await office.settled()
        await Waiting(office, clock).passes(3600)
    # The first was an hour before the second, which was an hour ago.
    half_past = (clock.time - timedelta(minutes=90)).isoformat()
    for asked, number in (("since", "0322222222"), ("until", "0311111111")):
        found = await office.hass.services.async_call(
            DOMAIN, "get_call_log", {asked: half_past}, blocking=True, return_response=True
        )
        assert found is not None
        rows: Any = found["calls"]
        assert [row["caller_number"] for row in rows] == [number]


def step_at(seconds: float) -> CallEvent:
    """Return a step that the phone system says was so long after nine."""
    nine = int(datetime.fromisoformat(NINE).timestamp())
    return CallEvent(
        call_id="call",
        step=Step.RINGING,
        direction=CallDirection.INCOMING,
        at=round((nine + seconds) * 1_000_000),
    )


def test_clocks_are_the_same_until_something_is_heard(clock: WallClock) -> None:
    assert PbxClock().now() == clock.time


def test_step_that_is_told_late_does_not_set_the_clock_back(clock: WallClock) -> None:
    pbx = PbxClock()
    pbx.heard([step_at(3600)], clock.time)
    clock.time += timedelta(seconds=40)
    pbx.heard([step_at(3610)], clock.time)
    assert pbx.now() - clock.time == timedelta(hours=1)


def test_clock_that_was_set_is_followed(clock: WallClock) -> None:
    pbx = PbxClock()
    pbx.heard([step_at(3600)], clock.time)
    pbx.heard([step_at(0)] * 16, clock.time)
    assert pbx.now() == clock.time
