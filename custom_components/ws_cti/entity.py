"""Give every entity its device, its key in the picture and its silence.

An entity writes its state only when it is touched and its state or an attribute really
changed: an unchanged write costs Home Assistant nearly as much as a changed one.
"""

from collections.abc import Callable, Iterable
from typing import override

from homeassistant.core import callback
from homeassistant.helpers.device_registry import DeviceInfo
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .coordinator import CtiConfigEntry, CtiCoordinator
from .cti.pbx import Pbx
from .cti.words import (
    PBX,
    Element,
    Id,
    Key,
)

type EntityMaker = Callable[[CtiCoordinator, Key], Iterable[Entity]]


class CtiEntity(CoordinatorEntity[CtiCoordinator]):
    """Be the base of all entities of a phone system, a user or a group."""

    _attr_has_entity_name = True
    _shown: tuple[object, ...] = ()

    def __init__(
        self, coordinator: CtiCoordinator, key: Key, description: EntityDescription
    ) -> None:
        """Tie an entity to what it shows; its key decides when it is woken."""
        super().__init__(coordinator, context=key)
        self.entity_description = description
        self.key = key
        identifier = coordinator.roster.identifier(key)
        self._attr_unique_id = f"{identifier[1]}_{description.key}"
        self._attr_device_info = DeviceInfo(identifiers={identifier})

    @property
    @override
    def available(self) -> bool:
        """Return whether what is shown is known now."""
        return super().available and self._is_known

    @property
    def _is_known(self) -> bool:
        element, item_id = self.key
        match element:
            case Element.USER:
                return item_id in self.pbx.users
            case Element.GROUP:
                return item_id in self.pbx.groups
            case _:
                return True

    @override
    async def async_added_to_hass(self) -> None:
        """Read the picture for the first time; Home Assistant then writes the state."""
        await super().async_added_to_hass()
        self._shown = self._look()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write the state if it differs from what is shown."""
        shown = self._look()
        if shown != self._shown:
            self._shown = shown
            self.async_write_ha_state()

    def _look(self) -> tuple[object, ...]:
        available = self.available
        return (available, self._read()) if available else (available,)

    def _read(self) -> object:
        """Take state and attributes from the picture, and return both to compare."""
        return None

    @property
    def pbx(self) -> Pbx:
        """Return the live picture."""
        return self.coordinator.pbx

    @property
    def item_id(self) -> Id:
        """Return the id of the user or group that is shown."""
        return self.key[1]


@callback
def async_follow_roster(
    entry: CtiConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    make: EntityMaker,
) -> None:
    """Add the entities of the phone system, and of who is there now or joins later."""
    coordinator = entry.runtime_data

    @callback
    def add(keys: Iterable[Key]) -> None:
        async_add_entities([entity for key in keys for entity in make(coordinator, key)])

    add((PBX, *coordinator.roster.keys))
    entry.async_on_unload(coordinator.roster.async_add_listener(add))
