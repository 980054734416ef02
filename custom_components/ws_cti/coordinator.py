"""Own the one connection of an entry, and wake only those whom a change touched.

The picture (`pbx`) is the truth; entities read it and keep nothing. While there is no
whole picture, between a loss and the end of the next resynchronisation, everybody is
unavailable; what happened to calls meanwhile is told once the picture is whole.
"""

import asyncio
from collections.abc import Callable, Collection, Iterator
from datetime import datetime
import logging
import ssl as tls
from typing import Any, Final, override

from aiohttp import ClientSession
from homeassistant.config_entries import ConfigEntry
from homeassistant.const import Platform
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import ConfigEntryAuthFailed, ConfigEntryNotReady
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.update_coordinator import DataUpdateCoordinator, UpdateFailed
from homeassistant.util import dt as dt_util

from .bus import (
    CallDetails,
    belongs_in_logbook,
    call_data,
    call_details,
    channel_data,
    logbook_data,
    message_data,
    other_party,
)
from .call_log import CallLog
from .const import (
    CONF_CHANNEL_EVENTS,
    CONF_RECORD_CALLER_DATA,
    DOMAIN,
    EVENT_CALL,
    EVENT_CHANNEL,
    EVENT_LOGBOOK,
    EVENT_MESSAGE,
)
from .cti.driver import Driver
from .cti.errors import AuthError, CtiError
from .cti.link import Link
from .cti.model import Change, Channel, MailboxReport, Notice, Snapshot, WaitingChannel
from .cti.pbx import Pbx
from .cti.story import CallEvent, Effect
from .cti.turns import Turns
from .cti.words import (
    PBX,
    ROSTER,
    Element,
    Key,
    group_key,
    missed_key,
    user_key,
)
from .issues import Issues
from .manners import manners_of
from .outage import Outage
from .pbx_clock import PbxClock
from .roster import Roster

_LOGGER = logging.getLogger(__name__)

_CHANNELS: Final = (Channel, WaitingChannel)
"""What most frames tell of; it never changes who there is."""

type CtiConfigEntry = ConfigEntry[CtiCoordinator]
type CallListener = Callable[[CallEvent, CallDetails], None]
type ChannelListener = Callable[[Change], None]


class CtiCoordinator(DataUpdateCoordinator[Pbx]):
    """Bring one phone system into Home Assistant."""

    config_entry: CtiConfigEntry

    def __init__(
        self,
        hass: HomeAssistant,
        entry: CtiConfigEntry,
        driver: Driver,
        *,
        ssl: tls.SSLContext | None,
        http: ClientSession,
    ) -> None:
        """Prepare the connection; `async_start` makes it."""
        super().__init__(hass, _LOGGER, config_entry=entry, name=entry.title)
        self.pbx = self.data = Pbx()
        self._bus = hass.bus
        self._entry_id = entry.entry_id
        self.driver = driver
        self.http = http
        self.turns = Turns()
        self._manners = manners_of(hass, entry.entry_id, driver.address.url)
        self.link = Link(driver, self, ssl=ssl, patience=self._manners.patience)
        self.issues = Issues(hass, entry)
        self.roster = Roster(hass, entry, self.pbx, self.issues)
        self.call_log = CallLog(hass, entry.entry_id, entry.options, self.pbx, self._wake)
        self.last_update_success = False
        self.reconnects = 0
        self.reconnected_at: datetime | None = None
        self._task: asyncio.Task[None] | None = None
        self._started: asyncio.Future[None] = hass.loop.create_future()
        self.clock = PbxClock()
        self._outage = Outage()
        self._missed: list[CallEvent] = []
        self._wakers: dict[Key | None, tuple[CALLBACK_TYPE, ...]] = {}
        self._call_listeners: dict[Key, tuple[CallListener, ...]] = {}
        self._channel_listeners: tuple[ChannelListener, ...] = ()
        self._fires_channels: bool = entry.options.get(CONF_CHANNEL_EVENTS, True)
        self._names_callers: bool = entry.options.get(CONF_RECORD_CALLER_DATA, False)

    @property
    def connected(self) -> bool:
        """Return whether the picture is whole and live."""
        return self.last_update_success

    async def async_start(self) -> None:
        """Connect, and wait for the first whole picture.

        Raises ConfigEntryAuthFailed for refused credentials and ConfigEntryNotReady for
        everything else that time may heal.
        """
        if seconds := self._manners.seconds_to_wait:
            raise _not_ready(f"the server asked to be left alone for {seconds:.0f} seconds")
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
            self._manners.failed(err)
            raise _not_ready(str(err)) from err

    async def _async_run(self) -> None:
        try:
            await self.link.run()
        except AuthError:
            # While setting up, the raised ConfigEntryAuthFailed begins the same.
            if self._started.done() and not self._started.exception():
                self.config_entry.async_start_reauth(self.hass)

    @override
    async def async_shutdown(self) -> None:
        """Let those who still wait for something know that nothing will come."""
        await super().async_shutdown()
        self.issues.close()
        self.last_update_success = False
        self.async_update_listeners()

    @override
    async def _async_update_data(self) -> Pbx:
        """Return the picture, which is pushed: whoever asks learns nothing new.

        Without a connection the picture must not count as fresh because somebody asked.
        """
        if not self.connected:
            raise UpdateFailed(
                translation_domain=DOMAIN,
                translation_key="not_connected",
                translation_placeholders={"title": self.config_entry.title},
            )
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
        self._wakers[context] = (*self._wakers.get(context, ()), update_callback)

        @callback
        def remove() -> None:
            wakers = [*self._wakers.pop(context, ())]
            wakers.remove(update_callback)
            if wakers:
                self._wakers[context] = tuple(wakers)

        return remove

    @callback
    def async_add_call_listener(self, key: Key, listener: CallListener) -> Callable[[], None]:
        """Tell a listener each step of the calls of a user or a group, and its details."""
        self._call_listeners[key] = (*self._call_listeners.get(key, ()), listener)

        @callback
        def remove() -> None:
            others = [*self._call_listeners.pop(key)]
            others.remove(listener)
            if others:
                self._call_listeners[key] = tuple(others)

        return remove

    @callback
    def async_add_channel_listener(self, listener: ChannelListener) -> Callable[[], None]:
        """Tell a listener each change of a channel, or of who waits, once the picture has it."""
        self._channel_listeners = (*self._channel_listeners, listener)

        @callback
        def remove() -> None:
            others = [*self._channel_listeners]
            others.remove(listener)
            self._channel_listeners = tuple(others)

        return remove

    @callback
    @override
    def async_update_listeners(self) -> None:
        """Wake everybody."""
        self._wake(self.listened_to)

    @property
    def listened_to(self) -> list[Key | None]:
        """Return the keys of all who listen, the connection's own after what it stands for."""
        return sorted(self._wakers, key=lambda key: key in (PBX, None))

    # What the link tells

    @callback
    def received(self, told: Change | MailboxReport | Notice) -> None:
        """Take a change of the picture, or a message to people.

        Most tell of a channel, which concerns few; all else may concern everybody.
        """
        if isinstance(told, Change) and isinstance(item := told.item, _CHANNELS):
            self._outage.heard_at = now = dt_util.utcnow()
            effect = self.pbx.change(told)
            for listener in self._channel_listeners:
                listener(told)
            if self._fires_channels:
                self._bus.async_fire(EVENT_CHANNEL, channel_data(self._entry_id, told, item))
            if not self.last_update_success:
                self._missed += effect.events
            elif events := effect.events:
                # Who is woken may ask what time it is there.
                self.clock.heard(events, now)
                self._wake(effect.touched)
                self._tell(events)
            else:
                self._wake(effect.touched)
        elif isinstance(told, Notice):
            self._bus.async_fire(EVENT_MESSAGE, message_data(self._entry_id, told))
        else:
            self._outage.heard_at = dt_util.utcnow()
            for _ in self._spreading(self.pbx.apply(told)):
                pass

    async def restored(self, snapshot: Snapshot) -> None:
        """Take all rows of an element, however many."""
        self._outage.heard_at = dt_util.utcnow()
        effect = Effect()
        await self.turns.take(self.pbx.restoring(snapshot, effect))
        await self.turns.take(self._spreading(effect))

    async def synchronised(self, reported: Collection[Element]) -> None:
        """Show the whole picture, and tell what happened to calls while nobody saw it."""
        self._missed += self.pbx.reset_unreported(reported).events
        self._missed = self._outage.end(self._missed)
        self.last_update_success = True
        self.issues.synchronised()
        await self.turns.take(self.roster.synchronising(remove_stale=Element.USER in reported))
        if self._started.done():
            _LOGGER.info("Connection to %s restored", self.config_entry.title)
            self.reconnects += 1
            self.reconnected_at = dt_util.utcnow()
        else:
            self._started.set_result(None)
        missed, self._missed = self._missed, []
        await self.turns.take(self._telling(missed, self.listened_to))

    async def lost(self, error: CtiError) -> None:
        """Let everybody know that nothing is known any more."""
        self.issues.lost(error)
        if not self._started.done():
            self._started.set_exception(error)
            return
        if not self.connected:
            return
        _LOGGER.info("Connection to %s lost: %s", self.config_entry.title, error)
        self.last_update_success = False
        self._outage.begin()
        await self.turns.take(self._telling((), self.listened_to))

    def _spreading(self, effect: Effect) -> Iterator[None]:
        """Show what a change was, unless the picture is not whole yet."""
        if not self.last_update_success:
            self._missed += effect.events
            return
        self.clock.heard(effect.events, dt_util.utcnow())
        if ROSTER in effect.touched:
            yield from self.roster.synchronising(remove_stale=True)
        yield from self._telling(effect.events, effect.touched)

    def _telling(
        self, events: Collection[CallEvent], touched: Collection[Key | None]
    ) -> Iterator[None]:
        """Wake and tell in steps; whoever is woken writes a state, which events come after."""
        for key in touched:
            self._wake((key,))
            yield
        for event in events:
            self._tell((event,))
            yield

    def _wake(self, keys: Collection[Key | None]) -> None:
        wakers = self._wakers
        for key in keys:
            for wake in wakers.get(key, ()):
                wake()

    def _tell(self, events: Collection[CallEvent]) -> None:
        """Tell events after all states are written: an automation reads them when it runs."""
        for event in events:
            if event.outcome is not None:  # as of few steps
                self._log(event)
        for event in events:
            key = _key_of(event)
            device_id = self.roster.device_id(key)
            details = call_details(self.pbx, event)
            data = call_data(self._entry_id, event, details, device_id)
            self._bus.async_fire(EVENT_CALL, data)
            if event.outcome is not None and device_id is not None and belongs_in_logbook(event):
                self._tell_logbook(event, details, key, device_id)
            for listener in self._call_listeners.get(key, ()):
                listener(event, details)

    def _log(self, event: CallEvent) -> None:
        """Keep a call that ended, unless the options leave out whose it was."""
        key = _key_of(event)
        if not self.roster.leaves_out(key) and self.call_log.note(event):
            self._wake((missed_key(key),))

    def _tell_logbook(
        self, event: CallEvent, details: CallDetails, key: Key, device_id: str
    ) -> None:
        unique_id = f"{self.roster.identifier(key)[1]}_call"
        registry = er.async_get(self.hass)
        told = logbook_data(self._entry_id, event.step, details) | {
            "device_id": device_id,
            "entity_id": registry.async_get_entity_id(Platform.EVENT, DOMAIN, unique_id),
        }
        if self._names_callers:
            told |= other_party(event)
        self._bus.async_fire(EVENT_LOGBOOK, told)


def _not_ready(reason: str) -> ConfigEntryNotReady:
    return ConfigEntryNotReady(
        translation_domain=DOMAIN,
        translation_key="cannot_connect",
        translation_placeholders={"error": reason},
    )


def _key_of(event: CallEvent) -> Key:
    return user_key(event.user_id) if event.user_id else group_key(event.group_id or "")
