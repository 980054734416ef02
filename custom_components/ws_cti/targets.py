"""Find the entities that triggers and conditions of users and groups are about."""

from collections.abc import Container, Iterable
from typing import Any

from homeassistant.components.event import EventEntityStateAttribute
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er

from .bus import CALL_DETAILS
from .const import DOMAIN
from .coordinator import CtiConfigEntry, CtiCoordinator
from .cti.words import Id


def pick(
    hass: HomeAssistant, entity_ids: Iterable[str], shows: str, elements: Container[str]
) -> set[str]:
    """Return those entities that show one thing of users, of groups or of both.

    A target names whole areas: there may be entities of other integrations, of the phone
    system itself and of both kinds of its people.
    """
    registry = er.async_get(hass)
    return {
        entity_id
        for entity_id in entity_ids
        if (entry := registry.async_get(entity_id)) is not None
        and entry.platform == DOMAIN
        and entry.translation_key == shows
        and whose(entry)[0] in elements
    }


def whose(entry: er.RegistryEntry) -> tuple[str, Id]:
    """Return whose entity it is, element and id; `Roster.identifier` says it so."""
    told = entry.unique_id.removeprefix(f"{entry.config_entry_id}_")
    element, _, item_id = told.removesuffix(f"_{entry.translation_key}").partition("_")
    return element, item_id


def seen_in(hass: HomeAssistant, entity_id: str) -> tuple[CtiCoordinator, tuple[str, Id]]:
    """Return who sees what an entity shows that was picked and is available, and whose it is."""
    entry = er.async_get(hass).entities[entity_id]
    config_entry: CtiConfigEntry = hass.config_entries.async_get_known_entry(
        entry.config_entry_id or ""
    )
    return config_entry.runtime_data, whose(entry)


def call_in(hass: HomeAssistant, state: State) -> dict[str, Any]:
    """Return the call of an event that was picked, as the `ws_cti_call` event tells it."""
    entry = er.async_get(hass).entities[state.entity_id]
    return {
        "entry_id": entry.config_entry_id,
        "device_id": entry.device_id,
        "step": state.attributes[EventEntityStateAttribute.EVENT_TYPE],
        **{name: state.attributes.get(name) for name in CALL_DETAILS},
    }
