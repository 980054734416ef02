"""Bring a phone system into Home Assistant over its own CTI websocket."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv, device_registry as dr

from .account import driver_of, ssl_context_of
from .const import DOMAIN
from .coordinator import CtiConfigEntry, CtiCoordinator
from .recording import async_keep_private
from .roster import async_forget_issues

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

PLATFORMS = [Platform.BINARY_SENSOR, Platform.EVENT, Platform.SENSOR]


async def async_setup_entry(hass: HomeAssistant, entry: CtiConfigEntry) -> bool:
    """Connect to the phone system of an entry and show it."""
    async_keep_private(hass, entry)
    coordinator = CtiCoordinator(hass, entry, driver_of(entry.data), ssl_context_of(entry.data))
    await coordinator.async_start()
    entry.runtime_data = coordinator
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: CtiConfigEntry) -> bool:
    """Take an entry's entities away; the entry itself ends the connection."""
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: CtiConfigEntry) -> None:
    """Take back what an entry has asked of people and of the recorder."""
    async_forget_issues(hass, entry)
    async_keep_private(hass, entry)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: CtiConfigEntry, device: dr.AnyDeviceEntry
) -> bool:
    """Let a person remove the device of somebody whom the phone system no longer has."""
    if entry.state is not ConfigEntryState.LOADED:
        return False  # nobody knows now who is there
    roster = entry.runtime_data.roster
    return all(device.id != roster.device_id(key) for key in roster.all_keys)
