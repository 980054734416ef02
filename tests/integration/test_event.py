"""Tests of the events that tell what happens to calls."""

from typing import Any

from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, HomeAssistant, callback
from pytest_homeassistant_custom_component.common import (
    async_capture_events,
)

from simulator.model import EndUser
from tests.integration.office import NINE, Office

ALICE = "event.alice_martin_phone_call"
ZOE = "event.zoe_phone_call"
SALES = "event.sales_phone_call"

CALLER = "0312345678"


def steps(events: list[Event[dict[str, Any]]], entity_id: str) -> list[str]:
    """Return the steps that an entity told, each of them once."""
    states = [event.data["new_state"] for event in events if event.data["entity_id"] == entity_id]
    told = [state for state in states if state.state not in (STATE_UNAVAILABLE, STATE_UNKNOWN)]
    assert len({state.state for state in told}) == len(told), "a step was told twice"
    return [state.attributes["event_type"] for state in told]


def details(office: Office, entity_id: str) -> dict[str, Any]:
    """Return what an event tells of its call, but for the call's id."""
    ours = dict(office.attributes(entity_id))
    for not_of_the_call in ("event_types", "friendly_name", "call_id"):
        ours.pop(not_of_the_call, None)
    return ours


async def test_nothing_has_happened_in_the_morning(office: Office) -> None:
    await office.open()

    assert office.state(ALICE) == STATE_UNKNOWN
    assert office.attributes(ALICE)["event_types"] == [
        "ringing",
        "outgoing",
        "answered",
        "missed",
        "ended",
    ]
    assert office.attributes(SALES)["event_types"] == ["entered", "answered", "abandoned"]


async def test_answered_call_is_told_step_by_step(hass: HomeAssistant, office: Office) -> None:
    await office.open()
    events = async_capture_events(hass, "state_changed")
    customer = EndUser("7", "清水 一郎", "Shimizu KK")
    call = office.system.incoming_call(CALLER, office.alice, did="0356781234", end_user=customer)
    call.ring()
    await office.settled()
    ringing = {
        "event_type": "ringing",
        "user_id": str(office.alice.id),
        "user_name": "Alice Martin",
        "direction": "incoming",
        "location": "external",
        "caller_number": CALLER,
        "caller_name": "清水 一郎",
        "called_number": office.alice.main_extension,
        "called_name": "Alice Martin",
        "did": "0356781234",
        "end_user": {
            "count": 1,
            "items": [{"id": "7", "name": "清水 一郎", "organization": "Shimizu KK"}],
        },
        "time": NINE,
    }
    assert details(office, ALICE) == ringing

    office.later(8)
    call.answer()
    await office.settled()
    answered = ringing | {
        "event_type": "answered",
        "answered_by": str(office.alice.id),
        "answered_by_name": "Alice Martin",
        "time": "2026-11-20T09:00:08+00:00",
    }
    assert details(office, ALICE) == answered

    office.later(60)
    call.hang_up()
    await office.settled()
    assert details(office, ALICE) == answered | {
        "event_type": "ended",
        "outcome": "answered",
        "ring_seconds": 8.0,
        "talk_seconds": 60.0,
        "time": "2026-11-20T09:01:08+00:00",
    }
    assert steps(events, ALICE) == ["ringing", "answered", "ended"]
    assert steps(events, ZOE) == []
    assert steps(events, SALES) == []


async def test_call_that_nobody_answers_is_missed(hass: HomeAssistant, office: Office) -> None:
    await office.open()
    events = async_capture_events(hass, "state_changed")
    call = office.system.incoming_call(CALLER, office.alice)
    call.ring()
    office.later(20)
    call.cancel()
    await office.settled()

    assert steps(events, ALICE) == ["ringing", "missed"]
    told = details(office, ALICE)
    assert told["outcome"] == "cancelled"
    assert told["caller_number"] == CALLER
    assert told["ring_seconds"] == 20.0
    assert "talk_seconds" not in told
    assert "answered_by" not in told


async def test_call_to_a_group_is_told_to_the_group_and_to_each_who_rang(
    hass: HomeAssistant, office: Office
) -> None:
    await office.open()
    events = async_capture_events(hass, "state_changed")
    call = office.system.incoming_call(CALLER, office.sales)
    call.ring()
    office.later(5)
    call.answer(office.alice)
    office.later(30)
    call.hang_up()
    await office.settled()

    assert steps(events, SALES) == ["entered", "answered"]
    assert steps(events, ALICE) == ["ringing", "answered", "ended"]
    assert steps(events, ZOE) == ["ringing", "ended"]
    assert details(office, ZOE)["outcome"] == "answered_elsewhere"
    assert details(office, ZOE)["answered_by_name"] == "Alice Martin"
    assert details(office, ALICE)["group_name"] == "Sales"
    assert details(office, SALES)["answered_by_name"] == "Alice Martin"
    assert details(office, SALES)["ring_seconds"] == 5.0


async def test_caller_who_gives_up_waiting_is_told_to_the_group(
    hass: HomeAssistant, office: Office
) -> None:
    await office.open()
    events = async_capture_events(hass, "state_changed")
    call = office.system.incoming_call(CALLER, office.sales)
    call.ring()
    office.later(25)
    call.cancel()
    await office.settled()

    assert steps(events, SALES) == ["entered", "abandoned"]
    assert details(office, SALES)["outcome"] == "cancelled"
    assert steps(events, ALICE) == ["ringing", "missed"]


async def test_call_that_a_user_makes_is_outgoing(hass: HomeAssistant, office: Office) -> None:
    await office.open()
    events = async_capture_events(hass, "state_changed")
    call = office.system.outgoing_call(office.alice, CALLER)
    call.ring()
    call.answer()
    call.hang_up()
    await office.settled()

    assert steps(events, ALICE) == ["outgoing", "answered", "ended"]
    told = details(office, ALICE)
    assert told["direction"] == "outgoing"
    assert told["called_number"] == CALLER
    assert told["caller_name"] == "Alice Martin"


async def test_steps_of_one_moment_are_all_told(hass: HomeAssistant, office: Office) -> None:
    await office.open()
    events = async_capture_events(hass, "state_changed")
    calls = [office.system.incoming_call(f"031234000{index}", office.alice) for index in range(5)]
    for call in calls:
        call.ring()
    for call in calls:
        call.cancel()
    await office.settled()

    assert steps(events, ALICE) == ["ringing"] * 5 + ["missed"] * 5
    told = [event.data["new_state"] for event in events if event.data["entity_id"] == ALICE]
    assert len({state.attributes["call_id"] for state in told}) == 5


async def test_state_is_there_when_its_event_is_told(hass: HomeAssistant, office: Office) -> None:
    await office.open()
    seen: list[str] = []

    @callback
    def look(event: Event) -> None:
        if event.data["entity_id"] == ALICE:
            seen.append(office.state("sensor.alice_martin_call_state"))

    hass.bus.async_listen("state_changed", look)
    call = office.system.incoming_call(CALLER, office.alice)
    call.ring()
    call.answer()
    call.hang_up()
    await office.settled()

    assert seen == ["ringing", "talking", "idle"]


async def test_what_happened_without_a_connection_is_told_once_afterwards(
    hass: HomeAssistant, office: Office
) -> None:
    await office.open()
    call = office.system.incoming_call(CALLER, office.alice)
    call.ring()
    await office.settled()
    events = async_capture_events(hass, "state_changed")

    await office.lose_connection()
    assert office.state(ALICE) == STATE_UNAVAILABLE
    call.answer()
    await office.find_connection()
    # The ringing that came back with the connection is old; only the answer is news.
    assert office.attributes(ALICE)["event_type"] == "answered"

    call.hang_up()
    await office.settled()
    types = [
        event.data["new_state"].attributes.get("event_type")
        for event in events
        if event.data["entity_id"] == ALICE and event.data["new_state"].state != STATE_UNAVAILABLE
    ]
    assert types == ["ringing", "answered", "ended"]


# What is kept over a restart


async def test_last_step_is_there_after_a_reload(hass: HomeAssistant, office: Office) -> None:
    await office.open()
    call = office.system.incoming_call(CALLER, office.alice, name="Shimizu")
    call.ring()
    call.cancel()
    await office.settled()
    before = office.state(ALICE)
    await office.close()

    await office.open()
    assert office.state(ALICE) == before
    assert office.attributes(ALICE)["event_type"] == "missed"
