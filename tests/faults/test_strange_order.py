"""What a new connection tells comes twice, late, in part, or in an order of its own."""

import asyncio
from collections.abc import Collection
import random
from typing import Final

import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.ws_cti.const import EVENT_CALL
from custom_components.ws_cti.cti import link
from custom_components.ws_cti.cti.story import Outcome, Step
from simulator.calls import Call
from simulator.misbehaviour import Line
from simulator.phone_system import PhoneSystem
from simulator.wire import Dialect, wire
from simulator.words import Element, EventName
from tests.cti import erlang
from tests.integration.office import CONNECTION, Office

from .daily_life import daily_life
from .survival import Survival, Survivor

CLOSED = "the server closed the connection"
CALLER = "0312345678"
ALICE = "sensor.alice_martin_call_state"

_EVERYTHING: Final = frozenset(Element)


def specs(*, of: Collection[Element] = _EVERYTHING) -> list[bytes]:
    """Return the frames that name the fields of some elements."""
    return wire(Dialect(elements=of)).specifications()


def rows(system: PhoneSystem, *, of: Collection[Element] = _EVERYTHING) -> list[bytes]:
    """Return the frames that tell all rows of some elements."""
    return wire(Dialect(elements=of)).initial(system.rows)


def news(call: Call) -> bytes:
    """Return the frame of an event that tells of a call's first channel."""
    assert call.caller is not None
    frame = wire(Dialect()).event(Element.CHANNEL, call.caller, EventName.UPDATED)
    assert frame is not None
    return frame


def without(*elements: Element) -> Collection[Element]:
    """Return the elements but some."""
    return _EVERYTHING - {*elements}


async def welcomed_in_silence(survival: Survival) -> None:
    """Close the connection, and wait for the next, on which nothing is told by itself."""
    office = survival.office
    office.server.mute()
    office.server.close_connections()
    survival.go_deaf()
    await office.until(lambda: office.state(CONNECTION) == "off")
    await office.until(lambda: bool(office.server.connections))
    office.server.unmute()


def send(office: Office, *frames: bytes) -> None:
    """Send frames as they are."""
    for frame in frames:
        office.server.send_raw(frame)


# When the connection stands


@pytest.mark.fault("initial_info twice")
async def test_everything_that_is_told_again_is_no_news(survivor: Survivor) -> None:
    async with survivor.running() as survival:
        office = survival.office
        call = office.system.incoming_call(CALLER, office.sales)
        call.ring(office.alice)
        await office.settled()
        told = survival.steps_of(call)
        for _ in range(2):
            send(office, *specs(), *rows(office.system))
        await office.settled()
        assert survival.steps_of(call) == told
        call.answer()


@pytest.mark.fault("hangup never sent")
async def test_call_that_is_no_longer_told_of_ends_with_the_next_connection(
    survivor: Survivor,
) -> None:
    async with survivor.running(CLOSED) as survival:
        office = survival.office
        call = office.system.incoming_call(CALLER, office.alice)
        call.ring()
        await office.settled()
        office.server.mute()
        survival.go_deaf()
        call.cancel()
        office.server.unmute()
        await office.settled()
        assert office.state(ALICE) == "ringing"
        office.server.close_connections()
        await survival.comes_back()
        await office.settled()
        assert office.state(ALICE) == "idle"
        assert survival.steps_of(call)[1:] == [(Step.ENDED, Outcome.UNKNOWN)]


@pytest.mark.fault("hangup never sent, and all rows told again")
async def test_call_that_is_no_longer_told_of_ends_with_the_next_rows(survivor: Survivor) -> None:
    async with survivor.running() as survival:
        office = survival.office
        call = office.system.incoming_call(CALLER, office.alice)
        call.ring()
        await office.settled()
        office.server.mute()
        survival.go_deaf()
        call.cancel()
        office.server.unmute()
        survival.hear_again()
        send(office, *rows(office.system))
        await office.settled()
        assert survival.steps_of(call)[1:] == [(Step.ENDED, Outcome.UNKNOWN)]


@pytest.mark.fault("event for an unknown channel")
async def test_channel_whose_beginning_was_never_told_is_taken_up(survivor: Survivor) -> None:
    async with survivor.running() as survival:
        office = survival.office
        office.server.mute()
        survival.go_deaf()
        call = office.system.incoming_call(CALLER, office.alice)
        call.ring()
        other = office.system.incoming_call(CALLER, office.zoe)
        office.server.unmute()
        # The end of a channel that was never known ends nothing.
        other.cancel()
        await office.settled()
        assert survival.events == []
        assert office.state(ALICE) == "idle"
        survival.hear_again()
        call.answer()
        await office.settled()
        assert office.state(ALICE) == "talking"
        assert survival.steps_of(call) == [(Step.ANSWERED, None)]


# When the connection is made again


@pytest.mark.fault("initial_info in another order")
@pytest.mark.parametrize("seed", range(4))
async def test_elements_may_be_told_in_any_order(survivor: Survivor, seed: int) -> None:
    async with survivor.running(CLOSED) as survival, daily_life(survival) as life:
        office = survival.office
        await welcomed_in_silence(survival)
        life.go_on()
        frames = rows(office.system)
        random.Random(seed).shuffle(frames)
        send(office, *specs(), *frames)
        await survival.comes_back()


@pytest.mark.fault("initial_info late")
async def test_calls_that_are_told_late_have_neither_ended_nor_begun_anew(
    survivor: Survivor,
) -> None:
    async with survivor.running(CLOSED) as survival, daily_life(survival) as life:
        office = survival.office
        await welcomed_in_silence(survival)
        life.go_on()
        send(office, *specs(), *rows(office.system, of=without(Element.CHANNEL)))
        # Longer than everything else needs to be told.
        await asyncio.sleep(0.3)
        send(office, *rows(office.system, of={Element.CHANNEL}))
        await survival.comes_back()


@pytest.mark.fault("initial_info of some elements only")
async def test_what_is_not_told_again_is_as_it_was(survivor: Survivor) -> None:
    async with survivor.running(CLOSED) as survival:
        office = survival.office
        call = office.system.incoming_call(CALLER, office.alice)
        call.ring()
        await office.settled()
        await welcomed_in_silence(survival)
        call.answer()
        some = {Element.CHANNEL, Element.CHANNEL_WAITING}
        send(office, *specs(of=some), *rows(office.system, of=some))
        await survival.comes_back()
        await office.settled()
        assert survival.steps_of(call)[1:] == [(Step.ANSWERED, None)]
        send(office, *specs())


@pytest.mark.fault("initial_info with rows missing")
async def test_user_whose_row_is_missing_is_back_when_it_comes(survivor: Survivor) -> None:
    async with survivor.running(CLOSED) as survival:
        office, system = survival.office, survival.office.system
        await welcomed_in_silence(survival)
        others = [user for user in system.users if user is not office.zoe]
        told = wire(Dialect()).initial(
            lambda element: others if element is Element.USER else system.rows(element)
        )
        send(office, *specs(), *told)
        await survival.comes_back()
        await office.settled()
        assert "Zoë" not in office.device_names
        send(office, *rows(system, of={Element.USER}))
        await office.settled()
        assert "Zoë" in office.device_names


@pytest.mark.fault("initial_info without a readable row")
async def test_rows_that_cannot_be_read_do_not_send_everybody_away(survivor: Survivor) -> None:
    async with survivor.running(CLOSED) as survival:
        office = survival.office
        devices, entities = office.device_names, office.entity_ids
        await welcomed_in_silence(survival)
        unreadable = erlang.frame(
            erlang.small_tuple(
                erlang.atom("initial_info"),
                erlang.string("user"),
                erlang.list_of(*[erlang.small_integer(number) for number in range(12)]),
            )
        )
        nameless = erlang.frame(
            erlang.small_tuple(
                erlang.atom("initial_info"),
                erlang.string("user"),
                erlang.list_of(erlang.small_tuple(), erlang.small_tuple(erlang.NIL)),
            )
        )
        told = rows(office.system, of=without(Element.USER))
        send(office, *specs(), unreadable, nameless, *told)
        await survival.comes_back()
        await office.settled()
        assert (office.device_names, office.entity_ids) == (devices, entities)


@pytest.mark.fault("info_event before its field spec")
async def test_event_whose_fields_nobody_named_is_left_to_the_rows_that_follow(
    survivor: Survivor,
) -> None:
    async with survivor.running(CLOSED) as survival, daily_life(survival) as life:
        office = survival.office
        await welcomed_in_silence(survival)
        life.go_on()
        early = office.system.incoming_call(CALLER, office.sales)
        ignored = office.entry.runtime_data.link.frames_not_understood
        send(office, news(early), *specs(), *rows(office.system))
        await survival.comes_back()
        assert office.entry.runtime_data.link.frames_not_understood > ignored


@pytest.mark.fault("reset in the middle of the initial_infos")
@pytest.mark.parametrize("told", range(len(Element) + 1))
async def test_rows_that_broke_off_are_told_anew(
    survivor: Survivor, line: Line, monkeypatch: pytest.MonkeyPatch, told: int
) -> None:
    async with survivor.running(CLOSED) as survival, daily_life(survival) as life:
        office = survival.office
        with monkeypatch.context() as patient:
            # Long enough for what was told to be never taken for the whole.
            patient.setattr(link, "QUIET_SECONDS", 60.0)
            patient.setattr(link, "COMPLETE_QUIET_SECONDS", 60.0)
            await welcomed_in_silence(survival)
            life.go_on()
            send(office, *specs(), *rows(office.system)[:told])
            await office.settled()
            assert office.state(CONNECTION) == "off"
        line.cut_in_the_next_frame()
        send(office, *rows(office.system))
        await survival.comes_back()


# Much at once


@pytest.mark.fault("10,000 events in one burst")
async def test_burst_of_10000_events_is_told_whole_and_in_order(survivor: Survivor) -> None:
    async with survivor.running() as survival:
        office = survival.office
        events = async_capture_events(office.hass, EVENT_CALL)
        sent = 0

        def count(*_: object) -> None:
            nonlocal sent
            sent += 1

        stop = office.system.subscribe(count)
        calls = []
        while sent < 10_000:
            call = office.system.incoming_call(CALLER, office.alice)
            call.ring()
            call.answer()
            call.hang_up()
            calls.append(call.id)
        stop()
        # A busy machine takes longer than people wait for a single step.
        async with asyncio.timeout(120):
            while len(events) < 3 * len(calls):  # noqa: ASYNC110 - nothing sets an event
                await asyncio.sleep(0.02)
        await office.settled()
        told = [(event.data["call_id"], event.data["step"]) for event in events]
        steps = (Step.RINGING, Step.ANSWERED, Step.ENDED)
        assert told == [(call_id, step) for call_id in calls for step in steps]
        assert {event.data["talk_seconds"] for event in events} == {None, 1.0}
