"""Time what goes on at entities, each thing by itself."""

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers.event import async_call_later


class Clocks:
    """Run clocks that ring once unless they are stopped before."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Start without clocks."""
        self._hass = hass
        self._running: defaultdict[str, dict[Any, CALLBACK_TYPE]] = defaultdict(dict)

    @callback
    def start(self, entity_id: str, what: str, after: timedelta, ring: CALLBACK_TYPE) -> None:
        """Time something at an entity, anew if it was being timed."""
        self.stop(entity_id, what)

        @callback
        def over(_: datetime) -> None:
            self._running[entity_id].pop(what)
            ring()

        self._running[entity_id][what] = async_call_later(
            self._hass, after, HassJob(over, cancel_on_shutdown=True)
        )

    @callback
    def stop(self, entity_id: str, what: str) -> None:
        """Time something no more, if it was being timed."""
        running = self._running.get(entity_id, {})
        if what in running:
            running.pop(what)()

    @callback
    def stop_all_of(self, entity_id: str) -> None:
        """Time nothing at an entity any more."""
        for cancel in self._running.pop(entity_id, {}).values():
            cancel()

    @callback
    def stop_all(self) -> None:
        """Time nothing any more."""
        for entity_id in tuple(self._running):
            self.stop_all_of(entity_id)
