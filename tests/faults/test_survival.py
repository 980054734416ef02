"""What watches over the fault tests finds what is wrong, lost, doubled, left behind or said."""

import asyncio
from collections.abc import Awaitable, Callable
import logging

import pytest

from simulator.misbehaviour import Line

from .daily_life import daily_life
from .survival import Survival, Survivor

BROKEN = "the connection broke off"


async def show_something_wrong(survival: Survival) -> None:
    survival.office.hass.states.async_set("sensor.zoe_call_state", "ringing")


async def lose_an_event(survival: Survival) -> None:
    survival.events.pop()


async def tell_an_event_twice(survival: Survival) -> None:
    survival.events.append(survival.events[-1])


async def say_something(survival: Survival) -> None:
    logging.getLogger("homeassistant").warning("Something is wrong")


async def live_through_a_reset(
    survivor: Survivor, line: Line, spoil: Callable[[Survival], Awaitable[None]]
) -> None:
    """Let all go well, but for one thing."""
    async with survivor.running(BROKEN) as survival:
        async with daily_life(survival) as life:
            line.reset()
            life.go_on()
            await survival.comes_back()
        await spoil(survival)


@pytest.mark.parametrize(
    "spoil", [show_something_wrong, lose_an_event, tell_an_event_twice, say_something]
)
async def test_what_is_not_as_it_must_be_is_found(
    survivor: Survivor, line: Line, spoil: Callable[[Survival], Awaitable[None]]
) -> None:
    with pytest.raises(AssertionError):
        await live_through_a_reset(survivor, line, spoil)


async def test_task_that_is_left_behind_is_found(survivor: Survivor, line: Line) -> None:
    left: list[asyncio.Task[None]] = []

    async def leave_a_task(survival: Survival) -> None:
        line.say_nothing()
        left.append(asyncio.create_task(survival.office.entry.runtime_data.link.run()))

    with pytest.raises(AssertionError, match=r"Link\.run"):
        await live_through_a_reset(survivor, line, leave_a_task)
    left[0].cancel()
    await asyncio.wait(left)


async def test_socket_that_is_left_behind_is_found(survivor: Survivor, line: Line) -> None:
    left: list[asyncio.StreamWriter] = []

    async def leave_a_socket(_: Survival) -> None:
        left.append((await asyncio.open_connection(line.host, line.port))[1])

    with pytest.raises(AssertionError, match="socket"):
        await live_through_a_reset(survivor, line, leave_a_socket)
    left[0].close()
    await left[0].wait_closed()
