"""Measure how a large phone system comes into Home Assistant, and comes back."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from copy import copy
import gc
from statistics import fmean
from time import perf_counter
from typing import Any, Final
from unittest.mock import patch

from homeassistant.const import EVENT_STATE_REPORTED, MATCH_ALL
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import EntityPlatform
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.ws_cti.const import EVENT_MESSAGE

from .bare import BareEntity, bare_entry, bare_twin, set_up_bare
from .exchange import Exchange, exchange
from .home import entities_of, entry_for, home_assistant, set_up
from .lines import Line

_USERS: Final = 1_000
_USERS_OF_A_RESYNC: Final = 5_000
_ROUNDS: Final = 7
"""How often each is set up in turn; all the time of each counts, as single times vary by half."""

_BEAT_SECONDS: Final = 0.001
_GLANCE_SECONDS: Final = 0.02
_PATIENCE: Final = 120
_MILLISECONDS: Final = 1e3


def run(*, quick: bool) -> Iterator[Line]:
    """Tell times against the floor, how long the loop was held, and what was written in vain."""
    return iter(asyncio.run(_measure(quick=quick)))


async def _measure(*, quick: bool) -> list[Line]:
    part = 5 if quick else 1
    pulse, bare_pulse = _Pulse(), _Pulse()
    ours, floor = [], []
    async with exchange(_USERS // part) as (_, server):
        with _noting_disabled() as disabled:
            # Whatever is imported is imported now.
            await _set_up_once(server, disabled, _Pulse(), _Pulse())
        for _ in range(_ROUNDS):
            seconds, bare_seconds = await _set_up_once(server, disabled, pulse, bare_pulse)
            ours.append(seconds)
            floor.append(bare_seconds)
    set_up_pulse = pulse
    async with exchange(_USERS_OF_A_RESYNC // part) as (there, server), home_assistant() as hass:
        entry = entry_for(hass, server)
        await set_up(hass, entry)
        pulse = _Pulse()
        writes = await _tell_again(hass, there, pulse)
        await _reconnect(entry, there, pulse)
        await hass.config_entries.async_unload(entry.entry_id)
    return [
        Line("setup_s", fmean(ours), "s"),
        Line("setup_floor_s", fmean(floor), "s"),
        Line("setup_vs_floor", fmean(ours) / fmean(floor), "times"),
        Line("setup_block_ms", set_up_pulse.longest_ms, "ms"),
        Line("setup_floor_block_ms", bare_pulse.longest_ms, "ms"),
        Line("resync_block_ms", pulse.longest_ms, "ms"),
        Line("loop_block_ms", max(set_up_pulse.longest_ms, pulse.longest_ms), "ms"),
        Line("collection_ms", set_up_pulse.longest_collection_ms, "ms"),
        Line("floor_collection_ms", bare_pulse.longest_collection_ms, "ms"),
        Line("resync_writes", writes, "writes"),
    ]


async def _set_up_once(
    server: str, disabled: list[BareEntity], pulse: _Pulse, bare_pulse: _Pulse
) -> tuple[float, float]:
    """Return how long an entry takes, and as many bare entities in as many devices."""
    async with home_assistant() as hass:
        entry = entry_for(hass, server)
        async with pulse.felt():
            begin = perf_counter()
            await set_up(hass, entry)
            ours = perf_counter() - begin
        twins = [bare_twin(entity) for entity in entities_of(hass)] + [*map(copy, disabled)]
        await hass.config_entries.async_unload(entry.entry_id)
    async with home_assistant() as hass:
        entry = bare_entry(hass, twins)
        async with bare_pulse.felt():
            begin = perf_counter()
            await set_up_bare(hass, entry)
            floor = perf_counter() - begin
        await hass.config_entries.async_unload(entry.entry_id)
    return ours, floor


@contextmanager
def _noting_disabled() -> Iterator[list[BareEntity]]:
    """Note bare twins of the entities that are registered, and disabled until they are wanted."""
    noted: list[BareEntity] = []
    add = EntityPlatform._async_add_entity_impl  # noqa: SLF001

    async def adding(self: EntityPlatform, entity: Entity, *rest: Any) -> bool | None:  # noqa: ANN401
        twin = None if isinstance(entity, BareEntity) else bare_twin(entity)
        restored = await add(self, entity, *rest)
        if restored is None and twin is not None:
            noted.append(twin)
        return restored

    with patch.object(EntityPlatform, "_async_add_entity_impl", adding):
        yield noted


async def _tell_again(hass: HomeAssistant, there: Exchange, pulse: _Pulse) -> int:
    """Let everything be told again on the same connection, and count what came of it."""
    told, written = asyncio.Event(), 0

    @callback
    def count(event: Event[Any]) -> None:
        nonlocal written
        if event.event_type == EVENT_MESSAGE:
            told.set()
        else:
            written += 1

    listening = [
        hass.bus.async_listen(MATCH_ALL, count),
        hass.bus.async_listen(EVENT_STATE_REPORTED, count, event_filter=_every),
    ]
    async with pulse.felt(), asyncio.timeout(_PATIENCE):
        await there.ask("tell again")
        await told.wait()
    for stop in listening:
        stop()
    return written


@callback
def _every(_: object) -> bool:
    return True


async def _reconnect(entry: MockConfigEntry, there: Exchange, pulse: _Pulse) -> None:
    """Let the connection be lost and found again."""
    coordinator = entry.runtime_data
    async with pulse.felt(), asyncio.timeout(_PATIENCE):
        await there.ask("drop")
        await _until(lambda: not coordinator.connected)
        await _until(lambda: coordinator.connected)
        await asyncio.sleep(1)  # entities are shown again in turns


async def _until(is_so: Callable[[], bool]) -> None:
    while not is_so():  # noqa: ASYNC110 - what is looked at tells nobody
        await asyncio.sleep(_GLANCE_SECONDS)


class _Pulse:
    """Feel how long nothing else could run on the event loop.

    The interpreter's own collections of garbage are felt apart. A full one takes the
    longer the more the whole process holds, whoever makes it necessary.
    """

    def __init__(self) -> None:
        """Start without a beat."""
        self._longest = self._longest_collection = self._collected = 0.0
        self._collecting_since: float | None = None

    @property
    def longest_ms(self) -> float:
        """Return the longest time that the loop was held, without collections."""
        return self._longest * _MILLISECONDS

    @property
    def longest_collection_ms(self) -> float:
        """Return the longest time that a collection took."""
        return self._longest_collection * _MILLISECONDS

    @asynccontextmanager
    async def felt(self) -> AsyncIterator[None]:
        """Feel the pulse for a while, in which what was left from before is not collected."""
        gc.collect()
        gc.freeze()
        gc.callbacks.append(self._collecting)
        task = asyncio.create_task(self._beat())
        await asyncio.sleep(_BEAT_SECONDS)
        yield
        await asyncio.sleep(_BEAT_SECONDS)
        task.cancel()
        gc.callbacks.remove(self._collecting)
        gc.unfreeze()

    def _collecting(self, phase: str, _: object) -> None:
        if self._collecting_since is not None:
            took = perf_counter() - self._collecting_since
            self._collected += took
            self._longest_collection = max(self._longest_collection, took)
        self._collecting_since = perf_counter() if phase == "start" else None

    def _collected_by_now(self) -> float:
        """Return how long collections took, of which one may be about to end in a thread."""
        since = self._collecting_since
        return self._collected + (perf_counter() - since if since is not None else 0.0)

    async def _beat(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, collected = loop.time() + _BEAT_SECONDS, self._collected_by_now()
            await asyncio.sleep(_BEAT_SECONDS)
            held = loop.time() - due - (self._collected_by_now() - collected)
            self._longest = max(self._longest, held)
