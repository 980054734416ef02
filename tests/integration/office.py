"""Look at an office as a person before Home Assistant does, and wait as long as he would."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import count
from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Event, HomeAssistant, State, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.ws_cti.const import EVENT_MESSAGE
from simulator.clock import MICROSECONDS, ManualClock
from simulator.model import Group, User
from simulator.phone_system import PhoneSystem
from simulator.server import SimulatorServer

PATIENCE: Final = 5.0
_GLANCE: Final = 0.005

NINE: Final = "2026-11-20T09:00:00+00:00"
"""When the office opens."""

CONNECTION: Final = "binary_sensor.example_basix_ne_jp_phone_system_connection"


class Office:
    """Hold a phone system, its server, and its entry in Home Assistant.

    Alice Martin, Zoë and others work in Sales, which rings all of them.
    """

    def __init__(
        self, hass: HomeAssistant, server: SimulatorServer, entry: MockConfigEntry
    ) -> None:
        """Know who is there; `open` lets Home Assistant connect."""
        self.hass = hass
        self.server = server
        self.entry = entry
        self.system: PhoneSystem = server.phone_system
        self.sales: Group = self._group("1100")
        self.alice: User = self._user("1000")
        self.zoe: User = self._user("1002")
        self._marks = count()
        self._clock = ManualClock(int(datetime.fromisoformat(NINE).timestamp()) * MICROSECONDS)
        self.system.clock = self._clock

    def _user(self, extension: str) -> User:
        user = self.system.users.by_extension(extension)
        assert user is not None
        return user

    def _group(self, extension: str) -> Group:
        group = self.system.groups.by_extension(extension)
        assert group is not None
        return group

    # In Home Assistant

    async def open(self, **options: object) -> None:
        """Set the entry up, which has to succeed."""
        assert await self.try_to_open(**options) is ConfigEntryState.LOADED

    async def try_to_open(self, **options: object) -> ConfigEntryState:
        """Set the entry up and return what became of it."""
        self.hass.config_entries.async_update_entry(self.entry, options=options)
        await self.hass.config_entries.async_setup(self.entry.entry_id)
        await self.hass.async_block_till_done()
        return self.entry.state

    async def reopen(self, **options: object) -> None:
        """Load the entry again, with other options."""
        self.hass.config_entries.async_update_entry(self.entry, options=options)
        assert await self.hass.config_entries.async_reload(self.entry.entry_id)
        await self.hass.async_block_till_done()

    async def close(self) -> None:
        """Unload the entry."""
        assert await self.hass.config_entries.async_unload(self.entry.entry_id)
        await self.hass.async_block_till_done()

    # What a person sees

    def look(self, entity_id: str) -> State:
        """Return an entity's state with its attributes."""
        state = self.hass.states.get(entity_id)
        assert state is not None, f"there is no {entity_id}"
        return state

    def state(self, entity_id: str) -> str:
        """Return an entity's state."""
        return self.look(entity_id).state

    def attributes(self, entity_id: str) -> Mapping[str, Any]:
        """Return an entity's attributes."""
        return self.look(entity_id).attributes

    @property
    def device_names(self) -> set[str | None]:
        """Return the names of the devices that there are."""
        registry = dr.async_get(self.hass)
        devices = dr.async_entries_for_config_entry(registry, self.entry.entry_id)
        return {device.name for device in devices}

    @property
    def entity_ids(self) -> set[str]:
        """Return the entities that there are, the disabled ones included."""
        registry = er.async_get(self.hass)
        entries = er.async_entries_for_config_entry(registry, self.entry.entry_id)
        return {entry.entity_id for entry in entries}

    # Time

    def later(self, seconds: float) -> None:
        """Let time pass on the phone system's clock."""
        self._clock.advance(seconds)

    async def settled(self) -> None:
        """Wait until everything that the phone system told has been taken in.

        Messages keep their order, so one of our own comes after everything else.
        """
        mark = f"mark {next(self._marks)}"
        arrived = asyncio.Event()

        @callback
        def listen(event: Event) -> None:
            if event.data["body"] == mark:
                arrived.set()

        stop = self.hass.bus.async_listen(EVENT_MESSAGE, listen)
        self.server.system_message(mark)
        async with asyncio.timeout(PATIENCE):
            await arrived.wait()
        stop()
        await self.hass.async_block_till_done()

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until something is so."""
        for _ in range(int(PATIENCE / _GLANCE)):
            if is_so():
                break
            await asyncio.sleep(_GLANCE)
        assert is_so()
        await self.hass.async_block_till_done()

    async def lose_connection(self) -> None:
        """Break the connection off, and let no new one in."""
        self.server.refuse()
        self.server.drop_connections()
        await self.until(lambda: self.state(CONNECTION) == "off")

    async def find_connection(self) -> None:
        """Let connections in again, and wait for one."""
        self.server.refuse(None)
        await self.until(lambda: self.state(CONNECTION) == "on")
