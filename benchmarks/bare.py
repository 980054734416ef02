"""Build entities that do nothing but hold what they are told, as a floor to compare with.

Whatever they cost is what Home Assistant itself asks for an entity.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

from homeassistant.components.binary_sensor import BinarySensorEntity
from homeassistant.components.button import ButtonEntity
from homeassistant.components.event import EventEntity
from homeassistant.components.sensor import SensorEntity
from homeassistant.config_entries import HANDLERS, ConfigEntry, ConfigEntryState, ConfigFlow
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import DeviceEntry, DeviceInfo
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import AddEntitiesCallback
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    MockModule,
    MockPlatform,
    mock_integration,
    mock_platform,
)

DOMAIN: Final = "bare"


class BareEntity(Entity):
    """Be named, described and placed like another entity, and read nothing."""

    _attr_has_entity_name = True
    _attr_should_poll = False

    def _liken(self, model: Entity) -> None:
        """Take over what an entity says of itself."""
        self.entity_description = model.entity_description
        self._attr_unique_id = model.unique_id
        name = model.name
        self._attr_name = name if isinstance(name, str) else None
        device = model.device_entry
        assert isinstance(device, DeviceEntry)
        self._attr_device_info = DeviceInfo(
            identifiers={(DOMAIN, item_id) for _, item_id in device.identifiers},
            manufacturer=device.manufacturer,
            model=device.model,
            name=device.name,
        )


class BareSensor(BareEntity, SensorEntity):
    """Show what it was told."""

    def __init__(self, model: SensorEntity) -> None:
        """Begin with what the model shows."""
        self._liken(model)
        self._attr_native_value = model.native_value
        self._attr_native_unit_of_measurement = model.unit_of_measurement
        self._attr_extra_state_attributes = dict(model.extra_state_attributes or {})
        self._attr_last_reset = model.last_reset


class BareBinarySensor(BareEntity, BinarySensorEntity):
    """Show what it was told."""

    def __init__(self, model: BinarySensorEntity) -> None:
        """Begin with what the model shows."""
        self._liken(model)
        self._attr_is_on = model.is_on
        self._attr_extra_state_attributes = dict(model.extra_state_attributes or {})


class BareEvent(BareEntity, EventEntity):
    """Tell what it was told."""

    def __init__(self, model: EventEntity) -> None:
        """Begin without an event."""
        self._liken(model)

    def tell(self, event_type: str, attributes: dict[str, object] | None) -> None:
        """Tell an event as every event entity does."""
        self._trigger_event(event_type, attributes)
        self.async_write_ha_state()


class BareButton(BareEntity, ButtonEntity):
    """Be there to be pressed."""

    def __init__(self, model: ButtonEntity) -> None:
        """Begin unpressed."""
        self._liken(model)


def bare_twin(model: Entity) -> BareEntity:
    """Return a bare entity that stands in the place of another one."""
    match model:
        case SensorEntity():
            return BareSensor(model)
        case BinarySensorEntity():
            return BareBinarySensor(model)
        case EventEntity():
            return BareEvent(model)
        case ButtonEntity():
            return BareButton(model)
        case _:
            raise TypeError(f"nobody has thought of a bare {type(model).__name__}")


def bare_entry(hass: HomeAssistant, entities: Iterable[BareEntity]) -> MockConfigEntry:
    """Return an entry that will bring bare entities, and nothing else, into Home Assistant."""
    of_platform: defaultdict[Platform, list[BareEntity]] = defaultdict(list)
    for entity in entities:
        of_platform[_platform_of(entity)].append(entity)

    async def async_setup_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
        await hass.config_entries.async_forward_entry_setups(entry, of_platform)
        return True

    async def async_unload_entry(hass: HomeAssistant, entry: ConfigEntry) -> bool:
        return await hass.config_entries.async_unload_platforms(entry, of_platform)

    mock_integration(
        hass,
        MockModule(
            DOMAIN, async_setup_entry=async_setup_entry, async_unload_entry=async_unload_entry
        ),
    )
    for platform, added in of_platform.items():
        _add_platform(hass, platform, added)
    mock_platform(hass, f"{DOMAIN}.config_flow")
    HANDLERS[DOMAIN] = ConfigFlow
    entry = MockConfigEntry(domain=DOMAIN, title="Bare")
    entry.add_to_hass(hass)
    return entry


def _add_platform(hass: HomeAssistant, platform: Platform, added: list[BareEntity]) -> None:
    async def async_setup_entry(
        _: HomeAssistant, __: ConfigEntry, async_add_entities: AddEntitiesCallback
    ) -> None:
        async_add_entities(added)

    mock_platform(hass, f"{DOMAIN}.{platform}", MockPlatform(async_setup_entry=async_setup_entry))


def _platform_of(entity: BareEntity) -> Platform:
    match entity:
        case SensorEntity():
            return Platform.SENSOR
        case BinarySensorEntity():
            return Platform.BINARY_SENSOR
        case EventEntity():
            return Platform.EVENT
        case _:
            return Platform.BUTTON


async def set_up_bare(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set the bare entities up, which has to succeed."""
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED, entry.reason
