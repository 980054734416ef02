"""Tell each step of the calls of users and groups as events."""

from collections.abc import Iterable
from itertools import compress
from operator import is_not_none
from typing import Final, override

from homeassistant.components.event import EventEntity, EventEntityDescription
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import (
    AddConfigEntryEntitiesCallback,
)

from .bus import CALLER_DATA, CallDetails
from .coordinator import CtiConfigEntry, CtiCoordinator
from .cti.story import CallEvent, Step
from .cti.words import Element, Key
from .entity import CtiEntity, async_follow_roster
from .recording import may_record

PARALLEL_UPDATES = 0

_USER_STEPS: Final = (Step.RINGING, Step.OUTGOING, Step.ANSWERED, Step.MISSED, Step.ENDED)
_GROUP_STEPS: Final = (Step.ENTERED, Step.ANSWERED, Step.ABANDONED)

USER_CALL: Final = EventEntityDescription(
    key="call", translation_key="call", event_types=[step.value for step in _USER_STEPS]
)
GROUP_CALL: Final = EventEntityDescription(
    key="call", translation_key="call", event_types=[step.value for step in _GROUP_STEPS]
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CtiConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the event of each user and each group."""
    kind = CtiCallEvent if may_record(entry) else PrivateCtiCallEvent

    def make(coordinator: CtiCoordinator, key: Key) -> Iterable[CtiCallEvent]:
        match key[0]:
            case Element.USER:
                return [kind(coordinator, key, USER_CALL)]
            case Element.GROUP:
                return [kind(coordinator, key, GROUP_CALL)]
            case _:
                return []

    await async_follow_roster(entry, async_add_entities, make)


class CtiCallEvent(CtiEntity, EventEntity):
    """Tell what happens to the calls of a user or a group."""

    entity_description: EventEntityDescription

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the calls."""
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.async_add_call_listener(self.key, self._tell))

    @callback
    def _tell(self, event: CallEvent, details: CallDetails) -> None:
        """Write each step at once: none may hide another of the same moment."""
        known = dict(compress(details.items(), map(is_not_none, details.values())))
        self._trigger_event(str(event.step), known)
        self._write()


class PrivateCtiCallEvent(CtiCallEvent):
    """Tell the same, and let who called out of the history."""

    _unrecorded_attributes = CALLER_DATA
