"""Tell each step of the calls of users and groups as events."""

from collections.abc import Iterable
from functools import partial
from typing import Any, Final, override

from homeassistant.components.event import EventEntity, EventEntityDescription, EventExtraStoredData
from homeassistant.core import HassJob, HomeAssistant, State, callback
from homeassistant.helpers.entity_platform import (
    AddConfigEntryEntitiesCallback,
    EntityPlatform,
    async_get_current_platform,
)
from homeassistant.helpers.restore_state import async_get as async_get_restored

from .bus import CALLER_DATA, call_details
from .coordinator import CtiConfigEntry, CtiCoordinator
from .cti.model import Element, Key, plain
from .cti.story import CallEvent, Step
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

    async_follow_roster(entry, async_add_entities, make)
    forget = HassJob(partial(_async_forget_callers, async_get_current_platform()))
    entry.async_on_unload(hass.async_add_shutdown_job(forget))


@callback
def _async_forget_callers(platform: EntityPlatform) -> None:
    """Let the events forget who called, just before their states are written to a file."""
    for entity in platform.entities.values():
        if isinstance(entity, PrivateCtiCallEvent):
            entity.async_forget_caller()


class CtiCallEvent(CtiEntity, EventEntity):
    """Tell what happens to the calls of a user or a group."""

    entity_description: EventEntityDescription

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the calls."""
        await super().async_added_to_hass()
        self.async_on_remove(self.coordinator.async_add_call_listener(self.key, self._tell))

    @callback
    def _tell(self, event: CallEvent) -> None:
        """Write each step at once: none may hide another of the same moment."""
        details = {name: plain(said) for name, said in call_details(self.pbx, event).items()}
        known = {name: said for name, said in details.items() if said not in (None, {})}
        self._show(event.step.value, known)

    def _show(self, step: str, details: dict[str, Any]) -> None:
        self._trigger_event(step, details)
        self.async_write_ha_state()


class PrivateCtiCallEvent(CtiCallEvent):
    """Tell the same, and let who called out of the history and out of every file.

    To restore event entities, Home Assistant writes their states to a file, now and then
    and when it stops. This one is left out while it shows a caller, and joins the others
    without him on the way down.
    """

    _unrecorded_attributes = CALLER_DATA

    @override
    async def async_get_last_event_data(self) -> EventExtraStoredData | None:
        """Restore no caller whom a former run was allowed to keep."""
        stored = await super().async_get_last_event_data()
        if stored is not None and stored.last_event_attributes is not None:
            stored.last_event_attributes = {
                name: said
                for name, said in stored.last_event_attributes.items()
                if name not in CALLER_DATA
            }
        return stored

    @override
    def _show(self, step: str, details: dict[str, Any]) -> None:
        """Keep the caller apart from what is restored."""
        self._attr_extra_state_attributes = {
            name: details.pop(name) for name in CALLER_DATA & details.keys()
        }
        async_get_restored(self.hass).entities.pop(self.entity_id, None)
        super()._show(step, details)

    @callback
    def async_forget_caller(self) -> None:
        """Show the last step without its caller, so that it can be restored."""
        self._attr_extra_state_attributes = {}
        self.async_write_ha_state()
        async_get_restored(self.hass).async_restore_entity_added(self)

    @override
    async def async_internal_will_remove_from_hass(self) -> None:
        """Leave the last step behind without its caller, for when this entity is back."""
        restored = async_get_restored(self.hass)
        restored.async_restore_entity_added(self)
        await super().async_internal_will_remove_from_hass()
        if (stored := restored.last_states.get(self.entity_id)) is not None:
            stored.state = State(stored.state.entity_id, stored.state.state)
