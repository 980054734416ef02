"""Bring a phone system into Home Assistant over its own CTI websocket."""

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import Platform
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv, device_registry as dr
from homeassistant.helpers.typing import ConfigType

from .account import driver_of, http_session_of, ssl_context_of
from .call_log import async_remove_call_log
from .const import DOMAIN
from .coordinator import CtiConfigEntry, CtiCoordinator
from .issues import async_forget_issues
from .manners import async_forget_manners
from .recording import async_keep_private
from .services import async_setup_services

CONFIG_SCHEMA = cv.config_entry_only_config_schema(DOMAIN)

PLATFORMS = [Platform.BINARY_SENSOR, Platform.BUTTON, Platform.EVENT, Platform.SENSOR]


async def async_setup(hass: HomeAssistant, config: ConfigType) -> bool:
    """Offer the actions, whether or not a phone system is there already."""
    async_setup_services(hass)
    return True


async def async_setup_entry(hass: HomeAssistant, entry: CtiConfigEntry) -> bool:
    """Connect to the phone system of an entry and show it."""
    async_keep_private(hass, entry)
    coordinator = CtiCoordinator(
        hass,
        entry,
        driver_of(entry.data),
        ssl=ssl_context_of(entry.data),
        http=http_session_of(hass, entry.data),
    )
    entry.async_on_unload(coordinator.call_log.async_close)
    await coordinator.call_log.async_load()
    await coordinator.async_start()
    entry.runtime_data = coordinator
    await hass.config_entries.async_forward_entry_setups(entry, PLATFORMS)
    return True


async def async_unload_entry(hass: HomeAssistant, entry: CtiConfigEntry) -> bool:
    """Take an entry's entities away; the entry itself ends the connection."""
    if entry.disabled_by is not None:
        async_forget_issues(hass, entry)  # nothing is wrong with what nobody wants
    return await hass.config_entries.async_unload_platforms(entry, PLATFORMS)


async def async_remove_entry(hass: HomeAssistant, entry: CtiConfigEntry) -> None:
    """Take back what an entry has asked of people and of the recorder, and what it has kept."""
    async_forget_issues(hass, entry)
    async_forget_manners(hass, entry.entry_id)
    async_keep_private(hass, entry)
    await async_remove_call_log(hass, entry.entry_id)


async def async_remove_config_entry_device(
    hass: HomeAssistant, entry: CtiConfigEntry, device: dr.AnyDeviceEntry
) -> bool:
    """Let a person remove the device of somebody whom the phone system no longer has."""
    if entry.state is not ConfigEntryState.LOADED:
        return False  # nobody knows now who is there
    roster = entry.runtime_data.roster
    return all(device.id != roster.device_id(key) for key in roster.all_keys)
