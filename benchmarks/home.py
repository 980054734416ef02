"""Give benchmarks a Home Assistant of its own, with an entry of ours in it."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
import logging
from tempfile import TemporaryDirectory
from typing import Final, override
from unittest.mock import patch

from aiohttp.resolver import ThreadedResolver
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import Entity
from homeassistant.helpers.entity_platform import async_get_platforms
from homeassistant.loader import DATA_CUSTOM_COMPONENTS
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_test_home_assistant,
)

from custom_components.ws_cti.account import identity_of, title_of
from custom_components.ws_cti.const import DOMAIN
from custom_components.ws_cti.coordinator import CtiCoordinator
from custom_components.ws_cti.cti.driver import Driver, Session
from custom_components.ws_cti.cti.link import Link, Listener
from custom_components.ws_cti.cti.model import Snapshot
from tests.entry import data_of_entry

from .frames import PBX_DOMAIN, TOKEN

_RESOLVER: Final = "homeassistant.helpers.aiohttp_client._async_make_resolver"


class _Resolver(ThreadedResolver):
    """Find addresses as any program does."""

    async def real_close(self) -> None:
        """Close as Home Assistant closes its own."""
        await self.close()


@asynccontextmanager
async def home_assistant() -> AsyncIterator[HomeAssistant]:
    """Run Home Assistant in a directory that is gone afterwards, and without a word."""
    logging.disable(logging.WARNING)
    with (
        TemporaryDirectory() as directory,
        # Home Assistant's own resolver asks the network around.
        patch(_RESOLVER, lambda _: _Resolver()),
    ):
        async with async_test_home_assistant(config_dir=directory) as hass:
            hass.data.pop(DATA_CUSTOM_COMPONENTS)
            yield hass
            await hass.async_stop(force=True)


def entry_for(hass: HomeAssistant, server: str) -> MockConfigEntry:
    """Return an entry that watches a whole phone system, and is not yet set up."""
    data = data_of_entry(server, PBX_DOMAIN, TOKEN)
    entry = MockConfigEntry(
        domain=DOMAIN, title=title_of(data), unique_id=identity_of(data), data=data
    )
    entry.add_to_hass(hass)
    return entry


async def set_up(hass: HomeAssistant, entry: MockConfigEntry) -> None:
    """Set an entry up, which has to succeed."""
    await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    assert entry.state is ConfigEntryState.LOADED, entry.reason


def entities_of(hass: HomeAssistant, domain: str = DOMAIN) -> list[Entity]:
    """Return the entities that an integration has added."""
    return [
        entity
        for platform in async_get_platforms(hass, domain)
        for entity in platform.entities.values()
    ]


class _Line(Link):
    """Be a link whose frames the benchmark hands in, so that no socket is measured."""

    opening: Iterable[bytes] = ()

    @override
    def __init__(self, driver: Driver, listener: Listener, **_: object) -> None:
        self._session: Session = driver.session()
        self._told = listener

    def take(self, frame: bytes) -> None:
        """Take a frame in that tells of a change, up to the last state that it changes."""
        for told in self._session.receive(frame):
            assert not isinstance(told, Snapshot)
            self._told.received(told)

    @override
    async def run(self) -> None:
        for frame in self.opening:
            for told in self._session.receive(frame):
                assert isinstance(told, Snapshot)
                await self._told.restored(told)
        await self._told.synchronised(self._session.reported)
        await asyncio.Future()


class Home:
    """Hold a Home Assistant that knows a phone system, and takes its frames."""

    def __init__(self, hass: HomeAssistant, entry: MockConfigEntry) -> None:
        """Know both."""
        self.hass = hass
        self.entry = entry
        self.coordinator: CtiCoordinator = entry.runtime_data
        assert isinstance(self.coordinator.link, _Line)
        self.take_one = self.coordinator.link.take

    def take(self, frames: Iterable[bytes]) -> None:
        """Take frames in, up to the last state that they change."""
        for frame in frames:
            self.take_one(frame)


@asynccontextmanager
async def at_home(opening: Iterable[bytes]) -> AsyncIterator[Home]:
    """Run Home Assistant with a phone system that begins with these frames."""
    async with home_assistant() as hass:
        entry = entry_for(hass, "127.0.0.1:1")
        with (
            patch("custom_components.ws_cti.coordinator.Link", _Line),
            patch.object(_Line, "opening", opening),
        ):
            await set_up(hass, entry)
        yield Home(hass, entry)
        await hass.config_entries.async_unload(entry.entry_id)
