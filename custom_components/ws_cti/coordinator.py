"""Own the one connection of an entry, and wake only those whom a change touched.

The picture (`pbx`) is the truth; entities read it and keep nothing. While there is no
whole picture, between a loss and the end of the next resynchronisation, everybody is
unavailable; what happened to calls meanwhile is told once the picture is whole.
"""

import asyncio
from collections import defaultdict
from collections.abc import Callable, Collection
import logging
import ssl as tls
from typing import Any, override

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryAuthFailed, ConfigEntryNotReady
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed

from .bus import call_data, channel_data, message_data
from .const import (
    CONF_CHANNEL_EVENTS,
    DOMAIN,
    EVENT_CALL,
    EVENT_CHANNEL,
    EVENT_MESSAGE,
)
from .cti.driver import Driver
from .cti.errors import AuthError, CtiError
from .cti.link import Link
from .cti.model import Change, Notice, Update
from .cti.pbx import Pbx
from .cti.story import CallEvent, Effect
from .cti.words import (
    ROSTER,
    Element,
    Key,
    group_key,
    user_key,
)
from .roster import Roster

_LOGGER = logging.getLogger(__name__)

_CHANNELS = frozenset(
    {
        Element.CHANNEL,
        Element.CHANNEL_WAITING,
        Element.QUEUED_CHANNEL,
        Element.PARKED_CHANNEL,
    }
)

type CtiConfigEntry = ConfigEntry[CtiCoordinator]
type CallListener = Callable[[CallEvent], None]


class CtiCoordinator(DataUpdateCoordinator[Pbx]):
    """Bring one phone system into Home Assistant."""

    config_entry: CtiConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: CtiConfigEntry,
        driver: Driver,
        ssl: tls.SSLContext | None,
    ) -> None:
        """Prepare the connection; `async_start` makes it."""
        super().__init__(hass, _LOGGER, config_entry=entry, name=entry.title)
        self.pbx = self.data = Pbx()
        self.link = Link(driver, self, ssl=ssl)
        self.roster = Roster(hass, entry, self.pbx)
        self.last_update_success = False
        self._task: asyncio.Task[None] | None = None
        self._started: asyncio.Future[None] = hass.loop.create_future()
        self._missed: list[CallEvent] = []
        self._wakers: defaultdict[Key | None, dict[int, CALLBACK_TYPE]] = defaultdict(dict)
        self._call_listeners: defaultdict[Key, list[CallListener]] = defaultdict(list)
        self._fires_channels: bool = entry.options.get(CONF_CHANNEL_EVENTS, True)

    @property
    def connected(self) -> bool:
        """Return whether the picture is whole and live."""
        return self.last_update_success

    async def async_start(self) -> None:
        """Connect, and wait for the first whole picture.

        Raises ConfigEntryAuthFailed for refused credentials and ConfigEntryNotReady for
        everything else that time may heal.
        """
        self._task = self.config_entry.async_create_background_task(
            self.hass, self._async_run(), f"{DOMAIN} {self.config_entry.title}"
        )
        try:
            await self._started
        except AuthError as err:
            raise ConfigEntryAuthFailed(
                translation_domain=DOMAIN, translation_key="invalid_auth"
            ) from err
        except CtiError as err:
            raise ConfigEntryNotReady(
                translation_domain=DOMAIN,
                translation_key="cannot_connect",
                translation_placeholders={"error": str(err)},
            ) from err

    async def _async_run(self) -> None:
        try:
            await self.link.run()
        except AuthError:
            # While setting up, the raised ConfigEntryAuthFailed begins the same.
            if self._started.done() and not self._started.exception():
                self.config_entry.async_start_reauth(self.hass)

    @override
    async def _async_update_data(self) -> Pbx:
        """Return the picture, which is pushed: whoever asks learns nothing new.

        Without a connection the picture must not count as fresh because somebody asked.
        """
        if not self.connected:
            raise UpdateFailed(translation_domain=DOMAIN, translation_key="not_connected")
        return self.pbx

    # Who listens

    @callback
    @override
    def async_add_listener(
        self, update_callback: CALLBACK_TYPE, context: Any = None
    ) -> Callable[[], None]:
        """Wake a listener when the key in its context is touched.

        Without a key it is woken only with everybody: when the connection comes or goes.
        """
        wakers = self._wakers[context]
        token = id(update_callback)
        wakers[token] = update_callback

        @callback
        def remove() -> None:
            wakers.pop(token, None)

        return remove

    @callback
    def async_add_call_listener(self, key: Key, listener: CallListener) -> Callable[[], None]:
        """Tell a listener each step of the calls of a user or a group."""
        listeners = self._call_listeners[key]
        listeners.append(listener)

        @callback
        def remove() -> None:
            listeners.remove(listener)

        return remove

    @callback
    @override
    def async_update_listeners(self) -> None:
        """Wake everybody."""
        self._wake(tuple(self._wakers))

    def _wake(self, keys: Collection[Key | None]) -> None:
        for key in keys:
            for wake in tuple(self._wakers.get(key, {}).values()):
                wake()

    # What the link tells

    @callback
    def received(self, told: Update | Notice) -> None:
        """Take an update of the picture, or a message to people."""
        if isinstance(told, Notice):
            self.hass.bus.async_fire(EVENT_MESSAGE, message_data(self.config_entry, told))
            return
        effect = self.pbx.apply(told)
        if self._fires_channels and isinstance(told, Change) and told.element in _CHANNELS:
            self.hass.bus.async_fire(EVENT_CHANNEL, channel_data(self.config_entry, told))
        if self.connected:
            self._spread(effect)
        else:
            self._missed += effect.events

    @callback
    def synchronised(self, reported: Collection[Element]) -> None:
        """Show the whole picture, and tell what happened to calls while nobody saw it."""
        self._missed += self.pbx.reset_unreported(reported).events
        self.last_update_success = True
        self.roster.async_synchronise(remove_stale=Element.USER in reported)
        if self._started.done():
            _LOGGER.info("Connection to %s restored", self.config_entry.title)
        else:
            self._started.set_result(None)
        self.async_update_listeners()
        missed, self._missed = self._missed, []
        for event in missed:
            self._tell(event)

    @callback
    def lost(self, error: CtiError) -> None:
        """Let everybody know that nothing is known any more."""
        if not self._started.done():
            self._started.set_exception(error)
            return
        if not self.connected:
            return
        _LOGGER.info("Connection to %s lost: %s", self.config_entry.title, error)
        self.last_update_success = False
        self.async_update_listeners()

    def _spread(self, effect: Effect) -> None:
        """Write states before telling events: an automation reads them when it runs."""
        if ROSTER in effect.touched:
            self.roster.async_synchronise(remove_stale=True)
        self._wake(effect.touched)
        for event in effect.events:
            self._tell(event)

    def _tell(self, event: CallEvent) -> None:
        key = user_key(event.user_id) if event.user_id else group_key(event.group_id or "")
        self.hass.bus.async_fire(
            EVENT_CALL,
            call_data(self.config_entry, self.pbx, event)
            | {"device_id": self.roster.device_id(key)},
        )
        for listener in tuple(self._call_listeners.get(key, ())):
            listener(event)
