"""Find whom an action is for, and whether its caller may do that.

A target names users, groups or the phone system by their devices or entities. Without a
target an action is for the phone system as a whole.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Final

from homeassistant.auth.permissions.const import CAT_ENTITIES, POLICY_CONTROL
from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import HomeAssistant, ServiceCall, callback
from homeassistant.exceptions import Unauthorized, UnknownUser
from homeassistant.helpers import device_registry as dr, entity_registry as er, service
from homeassistant.helpers.target import TargetSelection, async_extract_referenced_entity_ids

from .const import DOMAIN
from .coordinator import CtiConfigEntry, CtiCoordinator
from .cti.words import (
    PBX,
    Element,
    Id,
    Key,
)
from .failures import refused

_NEEDED: Final[dict[Element | None, str]] = {
    None: "pbx_needed",
    Element.USER: "user_needed",
    Element.GROUP: "group_needed",
}


@dataclass(frozen=True, slots=True)
class Aim:
    """Name one user, one group or one phone system."""

    coordinator: CtiCoordinator
    key: Key

    @property
    def item_id(self) -> Id:
        """Return the id of the user or group."""
        return self.key[1]

    @property
    def title(self) -> str:
        """Return the name that people use."""
        element, item_id = self.key
        pbx = self.coordinator.pbx
        match element:
            case Element.USER:
                return pbx.user_titles.get(item_id) or item_id
            case Element.GROUP:
                return pbx.group_titles.get(item_id) or item_id
            case _:
                return self.coordinator.config_entry.title


async def async_aims(
    call: ServiceCall, *, policy: str = POLICY_CONTROL, entry_id: str | None = None
) -> list[Aim]:
    """Return all whom an action is for.

    `entry_id` is the phone system where the action names none. Raises Unauthorized where
    the caller may not do this with each entity that stands for them.
    """
    selection = TargetSelection(call.data)
    if selection.has_any_target:
        device_ids, entity_ids = _selected(call.hass, selection)
    else:
        entry_id = call.data.get(ATTR_CONFIG_ENTRY_ID, entry_id)
        entry: CtiConfigEntry = service.async_get_config_entry(call.hass, DOMAIN, entry_id)
        device_id = entry.runtime_data.roster.device_id(PBX) or ""
        device_ids, entity_ids = [device_id], _primary_entities(call.hass, device_id)
    await _async_check(call, entity_ids, policy)
    return [_aim(call.hass, device_id) for device_id in device_ids]


async def async_aim(call: ServiceCall, *elements: Element | None) -> Aim:
    """Return the one of some kinds whom an action is for."""
    return only_aim(await async_aims(call), *elements)


def only_aim(aims: Collection[Aim], *elements: Element | None) -> Aim:
    """Return the only one; raise ServiceValidationError for several or the wrong kind."""
    if len(aims) != 1:
        raise refused("several_targets", names=", ".join(sorted(aim.title for aim in aims)))
    [aim] = aims
    if aim.key[0] not in elements:
        raise refused(_NEEDED[elements[0]], name=aim.title)
    return aim


@callback
def async_loaded(hass: HomeAssistant) -> Iterator[CtiCoordinator]:
    """Return the phone systems that are in use."""
    entries: list[CtiConfigEntry] = hass.config_entries.async_loaded_entries(DOMAIN)
    return (entry.runtime_data for entry in entries)


def _selected(hass: HomeAssistant, selection: TargetSelection) -> tuple[list[str], set[str]]:
    """Return the devices that a target names, and the entities that stand for them."""
    referenced = async_extract_referenced_entity_ids(hass, selection)
    entities, devices = er.async_get(hass), dr.async_get(hass)
    named = referenced.referenced | referenced.indirectly_referenced
    known = {entity_id: entities.async_get(entity_id) for entity_id in named}
    ours = {
        entity_id: entry.device_id
        for entity_id, entry in known.items()
        if entry is not None and entry.platform == DOMAIN and entry.device_id is not None
    }
    device_ids = set(ours.values()) | {
        device_id
        for device_id in referenced.referenced_devices
        if (device := devices.async_get(device_id)) is not None
        and (entry := hass.config_entries.async_get_entry(device.config_entry_id)) is not None
        and entry.domain == DOMAIN
    }
    foreign = (referenced.referenced - ours.keys()) | (selection.device_ids - device_ids)
    if foreign:
        raise refused("foreign_target", targets=", ".join(sorted(foreign)))
    if not device_ids:
        raise refused("no_target")
    return sorted(device_ids), set(ours)


def _primary_entities(hass: HomeAssistant, device_id: str) -> set[str]:
    entries = er.async_entries_for_device(er.async_get(hass), device_id)
    return {entry.entity_id for entry in entries if entry.entity_category is None}


async def _async_check(call: ServiceCall, entity_ids: set[str], policy: str) -> None:
    """Let through whoever may do this, as Home Assistant does for actions of entities."""
    if call.context.user_id is None:
        return
    user = await call.hass.auth.async_get_user(call.context.user_id)
    if user is None:
        raise UnknownUser(context=call.context, permission=policy)
    if user.is_admin:
        return
    forbidden = [one for one in entity_ids if not user.permissions.check_entity(one, policy)]
    if forbidden or not entity_ids:
        raise Unauthorized(
            context=call.context,
            entity_id=next(iter(forbidden), None),
            perm_category=CAT_ENTITIES,
            permission=policy,
        )


def _aim(hass: HomeAssistant, device_id: str) -> Aim:
    device = dr.async_get(hass).async_get(device_id)
    entry_id = device.config_entry_id if device is not None else ""
    entry: CtiConfigEntry | None = hass.config_entries.async_get_entry(entry_id)
    if entry is not None and entry.state is ConfigEntryState.LOADED:
        roster = entry.runtime_data.roster
        for key in roster.all_keys:
            if roster.device_id(key) == device_id:
                return Aim(entry.runtime_data, key)
    name = device.name if device is not None else None
    raise refused("target_not_there", name=name or device_id)
