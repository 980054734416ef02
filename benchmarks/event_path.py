"""Compare what a frame costs with what Home Assistant itself asks for what follows from it."""

import asyncio
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
import re
from typing import Any, Final
from unittest.mock import patch

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.event import EventEntity
from homeassistant.components.sensor import SensorEntity
from homeassistant.core import EventBus, StateMachine
from homeassistant.helpers.entity import Entity

from custom_components.ws_cti.cti.basix.driver import BasixSession
from custom_components.ws_cti.cti.basix.messages import InfoEvent
from custom_components.ws_cti.cti.words import Element

from .bare import (
    BareBinarySensor,
    BareEvent,
    BareSensor,
    bare_entry,
    bare_twin,
    set_up_bare,
)
from .frames import recorded
from .home import at_home, entities_of
from .lines import Line
from .measuring import step_medians

_PROCESSES: Final = 7
"""How many processes measure one after the other.

The one counts in which Home Assistant's own calls took least: what disturbs a machine
fills its caches, and a frame needs more of them than its floor.
"""

_REPLAYS: Final = 5
"""How often a round plays the session: each play misses more calls than the one before."""

_UUID: Final = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

type _Call = Callable[[], object]


def run(*, quick: bool) -> Iterator[Line]:
    """Tell the cost of a frame against two floors: bare entities, and bare states."""
    processes, rounds = (1, 5) if quick else (_PROCESSES, 12)
    with ProcessPoolExecutor(1, get_context("spawn"), max_tasks_per_child=1) as fresh:
        measured = [fresh.submit(_measured, rounds).result() for _ in range(processes)]
    times = min(measured, key=lambda times: times.floor)
    yield Line("event_us", times.frame / 1000, "us")
    yield Line("event_floor_us", times.floor / 1000, "us")
    yield Line("event_vs_floor", times.frame / times.floor, "times")
    yield Line("event_vs_state_machine", times.beside_states / times.states, "times")


@dataclass(frozen=True, slots=True)
class _Times:
    """Hold what a frame and its two floors cost, in nanoseconds.

    `beside_states` is the frame again, measured in turn with the second floor.
    """

    frame: float
    floor: float
    beside_states: float
    states: float


def _measured(rounds: int) -> _Times:
    return asyncio.run(_measure(rounds))


async def _measure(rounds: int) -> _Times:
    opening, events = _session()
    async with at_home(opening) as home:
        entities = entities_of(home.hass)
        twins = {entity: bare_twin(entity) for entity in entities}
        await set_up_bare(home.hass, bare_entry(home.hass, twins.values()))

        frames = [
            partial(home.take_one, _in_play(number, frame))
            for number in range(_REPLAYS)
            for frame in events
        ]
        _do(frames)  # from here on each play begins as the one before
        with _recording(twins) as calls:
            to_entities = _asked(frames, calls)
        with _recording_states() as calls:
            to_states = _asked(frames, calls)
        medians = (
            *step_medians([*zip(frames, to_entities, strict=True)], rounds),
            *step_medians([*zip(frames, to_states, strict=True)], rounds),
        )
    return _Times(*(median / len(frames) for median in medians))


def _asked(frames: Sequence[_Call], calls: list[_Call]) -> list[_Call]:
    """Return what each frame asks of Home Assistant, which is written down meanwhile."""
    asked: list[_Call] = []
    for take in frames:
        take()
        asked.append(partial(_do, [*calls]))
        calls.clear()
    return asked


def _session() -> tuple[list[bytes], list[bytes]]:
    """Return the opening of the recorded session, and the events of its calls.

    The two events in which a user joins and leaves are left out: what they cost are
    devices and entities, of which setting up tells.
    """
    session = BasixSession()
    opening, events = [], []
    for frame in recorded()[:-1]:  # the last one ends the connection
        match session.read(frame):
            case InfoEvent(element=Element.USER, event="added" | "removed"):
                pass
            case InfoEvent():
                events.append(frame)
            case _:
                opening.append(frame)
    return opening, events


def _in_play(number: int, frame: bytes) -> bytes:
    """Return a frame as if it told of other channels, as no call comes twice."""
    return _UUID.sub(lambda found: b"%02x" % number + found[0][2:], frame)


def _do(calls: Sequence[_Call]) -> None:
    for call in calls:
        call()


@contextmanager
def _recording(twins: dict[Entity, Any]) -> Iterator[list[_Call]]:
    """Write down what is asked of Home Assistant, in its order, as calls of bare entities."""
    calls: list[_Call] = []
    triggered: dict[Entity, tuple[str, dict[str, Any] | None]] = {}
    trigger, fire = EventEntity._trigger_event, EventBus.async_fire  # noqa: SLF001
    write = Entity.async_write_ha_state

    def triggering(self: EventEntity, kind: str, attributes: dict[str, Any] | None = None) -> None:
        triggered[self] = (kind, attributes)
        trigger(self, kind, attributes)

    def writing(self: Entity) -> None:
        twin = twins[self]
        match self:
            case SensorEntity():
                told = (self.native_value, self.extra_state_attributes, self.last_reset)
                calls.append(partial(_write_sensor, twin, *told))
            case BinarySensorEntity():
                is_on, attributes = self.is_on, self.extra_state_attributes
                calls.append(partial(_write_binary_sensor, twin, is_on, attributes))
            case _:
                calls.append(partial(BareEvent.tell, twin, *triggered[self]))
        write(self)

    def firing(self: EventBus, *event: Any) -> None:  # noqa: ANN401
        calls.append(partial(fire, self, *event))
        fire(self, *event)

    with (
        patch.object(EventEntity, "_trigger_event", triggering),
        patch.object(Entity, "async_write_ha_state", writing),
        patch.object(EventBus, "async_fire", firing),
    ):
        yield calls


def _write_sensor(entity: BareSensor, value: Any, attributes: Any, last_reset: Any) -> None:  # noqa: ANN401
    entity._attr_native_value = value  # noqa: SLF001
    entity._attr_extra_state_attributes = attributes  # noqa: SLF001
    if last_reset is not None:
        entity._attr_last_reset = last_reset  # noqa: SLF001
    entity.async_write_ha_state()


def _write_binary_sensor(entity: BareBinarySensor, is_on: Any, attributes: Any) -> None:  # noqa: ANN401
    entity._attr_is_on = is_on  # noqa: SLF001
    entity._attr_extra_state_attributes = attributes  # noqa: SLF001
    entity.async_write_ha_state()


@contextmanager
def _recording_states() -> Iterator[list[_Call]]:
    """Write down what reaches the state machine and the event bus in the end."""
    calls: list[_Call] = []
    set_state, fire = StateMachine.async_set_internal, EventBus.async_fire

    def setting(self: StateMachine, *state: Any) -> None:  # noqa: ANN401
        calls.append(partial(set_state, self, *state))
        set_state(self, *state)

    def firing(self: EventBus, *event: Any) -> None:  # noqa: ANN401
        calls.append(partial(fire, self, *event))
        fire(self, *event)

    with (
        patch.object(StateMachine, "async_set_internal", setting),
        patch.object(EventBus, "async_fire", firing),
    ):
        yield calls
