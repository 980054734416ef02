"""Keep the calls that ended, in a file of Home Assistant's own storage.

The file is written by a thread some seconds after a call, as a whole and in one step:
a power cut costs the last seconds and never the file. The counts of missed calls live
in the same file, and go on where the log is switched off.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
import logging
from pathlib import Path
from typing import Any, Final, Self

from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers.event import async_track_time_interval
from homeassistant.helpers.storage import Store
from homeassistant.util import dt as dt_util

from .const import (
    CONF_CALL_LOG_DAYS,
    CONF_CALL_LOG_SIZE,
    DEFAULT_CALL_LOG_DAYS,
    DEFAULT_CALL_LOG_SIZE,
    DOMAIN,
)
from .cti.pbx import Pbx
from .cti.story import CallEvent
from .cti.words import Element, Key, missed_key
from .logged_call import LoggedCall, Row
from .missed_calls import MissedCalls

_LOGGER = logging.getLogger(__name__)

_VERSION: Final = 1
SAVE_SECONDS: Final = 10
"""How long a call may wait to be written; others that end meanwhile are written with it."""

_LOOK_FOR_OLD: Final = timedelta(days=1)

_UNREADABLE: Final = (
    AttributeError,
    HomeAssistantError,
    KeyError,
    NotImplementedError,
    TypeError,
    ValueError,
)
"""What a file raises that is JSON and not ours, or of a version to come."""

type Options = Mapping[str, Any]
type Waker = Callable[[Collection[Key]], None]


@dataclass(frozen=True, slots=True)
class _Stored:
    """Hold what a file said."""

    since: datetime
    calls: list[LoggedCall]
    missed: dict[Key, MissedCalls]

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Self:
        """Understand all of it or nothing; a thread does this."""
        return cls(
            datetime.fromisoformat(said["since"]),
            [LoggedCall.from_row(row) for row in said["calls"]],
            {
                (Element(row["element"]), row["id"]): MissedCalls.from_row(row)
                for row in said["missed"]
            },
        )


class CallLog:
    """Remember calls, newest first, and count the missed ones."""

    def __init__(
        self, hass: HomeAssistant, entry_id: str, options: Options, pbx: Pbx, wake: Waker
    ) -> None:
        """Start empty; `wake` is told whose count changed other than by a call."""
        self._hass = hass
        self._pbx = pbx
        self._wake = wake
        self._store = _store(hass, entry_id)
        self._keep_for = timedelta(days=options.get(CONF_CALL_LOG_DAYS, DEFAULT_CALL_LOG_DAYS))
        size = int(options.get(CONF_CALL_LOG_SIZE, DEFAULT_CALL_LOG_SIZE))
        self._calls: deque[LoggedCall] = deque(maxlen=size)
        self._missed: dict[Key, MissedCalls] = {}
        self._since = dt_util.utcnow()
        self._changed = False
        self._waits_to_save = False
        self._closed = False
        self._stop_looking: CALLBACK_TYPE = lambda: None

    # What is asked

    def __len__(self) -> int:
        """Return how many calls are kept."""
        return len(self._calls)

    def __iter__(self) -> Iterator[LoggedCall]:
        """Return the calls, newest first; none that is due to be forgotten."""
        oldest = dt_util.utcnow() - self._keep_for
        return (call for call in tuple(self._calls) if call.noted_at >= oldest)

    @property
    def keeps_calls(self) -> bool:
        """Return whether the log is switched on."""
        return self._calls.maxlen != 0

    @property
    def missed_count(self) -> int:
        """Return how many missed calls all users and groups have together."""
        return sum(missed.count for missed in self._missed.values())

    def missed(self, key: Key) -> MissedCalls:
        """Return what a user or a group missed since it was last reset."""
        return self._missed.get(key) or MissedCalls(self._since)

    # What happens

    @callback
    def note(self, event: CallEvent) -> bool:
        """Keep a call if this is its end, and return whether it counts as missed.

        What came before the end is left to others.
        """
        if event.outcome is None or self._closed:
            return False
        now = dt_util.utcnow()
        call = LoggedCall.of(event, self._pbx, now)
        self._forget_old_calls(now)
        if call.missed:
            self._missed[call.key] = self.missed(call.key).with_call(call)
        elif not self.keeps_calls:
            return False
        self._calls.appendleft(call)
        self._save_soon()
        return call.missed

    @callback
    def async_reset_missed(self, keys: Collection[Key]) -> None:
        """Count the missed calls of users and groups from now on."""
        now = dt_util.utcnow()
        for key in keys:
            self._missed[key] = MissedCalls(now)
        self._save_soon()
        self._wake([*map(missed_key, keys)])

    # What is forgotten

    def _forget_old_calls(self, now: datetime) -> None:
        oldest = now - self._keep_for
        while self._calls and self._calls[-1].noted_at < oldest:
            self._calls.pop()
            self._save_soon()

    @callback
    def _forget_old(self, now: datetime) -> None:
        """Forget all that is too old, also the callers of missed calls."""
        self._forget_old_calls(now)
        oldest = now - self._keep_for
        fewer = {
            key: recent
            for key, missed in self._missed.items()
            if (recent := missed.without_older(oldest)) is not missed
        }
        if fewer:
            self._missed |= fewer
            self._save_soon()
            self._wake([*map(missed_key, fewer)])

    # The file

    async def async_load(self) -> None:
        """Read what was kept, and look now and then for what is too old."""
        if (stored := await self._async_read()) is not None:
            self._since = stored.since
            self._missed = stored.missed
            self._calls.extend(stored.calls[: self._calls.maxlen])
            if not self.keeps_calls:
                self._missed = {key: one.without_callers() for key, one in stored.missed.items()}
            if len(self._calls) < len(stored.calls):
                self._save_soon()
        self._forget_old(dt_util.utcnow())
        self._stop_looking = async_track_time_interval(
            self._hass,
            self._forget_old,
            _LOOK_FOR_OLD,
            name=f"{DOMAIN} call log",
            cancel_on_shutdown=True,
        )

    async def _async_read(self) -> _Stored | None:
        """Return what the file says; Home Assistant itself sets aside what is no JSON."""
        try:
            if (said := await self._store.async_load()) is None:
                return None
            return await self._hass.async_add_executor_job(_Stored.of, said)
        except _UNREADABLE as err:
            await self._async_set_aside(err)
            return None

    async def _async_set_aside(self, err: Exception) -> None:
        """Begin anew, and leave what cannot be read to whoever can."""
        path = Path(self._store.path)
        aside = path.with_name(f"{path.name}.corrupt.{dt_util.utcnow().isoformat()}")
        try:
            await self._hass.async_add_executor_job(path.rename, aside)
        except OSError:
            self._store.make_read_only()  # what is there must not be lost
        _LOGGER.warning(
            "The call log in %s cannot be read (%s: %s). A new one was begun, and the old file "
            "was kept as %s",
            path,
            type(err).__name__,
            err,
            aside.name,
        )

    def _save_soon(self) -> None:
        # Asked again while it waits, the store would wait anew, on a busy day for ever.
        self._changed = True
        if not (self._waits_to_save or self._closed):
            self._waits_to_save = True
            self._store.async_delay_save(self._written, SAVE_SECONDS)

    def _written(self) -> dict[str, Any]:
        """Return what the file is to say.

        A thread does this while calls go on ending. What it reads is never changed, only
        replaced, and both copies are made without letting the event loop in between.
        """
        self._waits_to_save = False
        calls, all_missed = tuple(self._calls), self._missed.copy()
        missed: list[Row] = [
            {"element": key[0], "id": key[1], **one.as_row(with_callers=self.keeps_calls)}
            for key, one in all_missed.items()
        ]
        return {
            "since": self._since.isoformat(),
            "calls": [call.as_row() for call in calls],
            "missed": missed,
        }

    async def async_close(self) -> None:
        """Take no more calls, and return when all are written."""
        self._closed = True
        self._stop_looking()
        if self._changed:
            written = await self._hass.async_add_executor_job(self._written)
            await self._store.async_save(written)


async def async_remove_call_log(hass: HomeAssistant, entry_id: str) -> None:
    """Delete the file of an entry, and those that were set aside: they name callers, too."""
    store = _store(hass, entry_id)
    await store.async_remove()
    await hass.async_add_executor_job(_remove_set_aside, Path(store.path))


def _remove_set_aside(path: Path) -> None:
    for aside in path.parent.glob(f"{path.name}.corrupt.*"):
        aside.unlink(missing_ok=True)


def _store(hass: HomeAssistant, entry_id: str) -> Store[dict[str, Any]]:
    return Store(
        hass,
        _VERSION,
        f"{DOMAIN}.calls.{entry_id}",
        private=True,
        atomic_writes=True,
        serialize_in_event_loop=False,
    )
