"""Know between which times nobody saw what happened to calls."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from homeassistant.util import dt as dt_util

from .bus import microseconds
from .cti.story import CallEvent

_NOTICED_WITHIN: Final = timedelta(seconds=45)
"""How long at most a line was dead before the link noticed it."""


class Outage:
    """Take the time while nothing can be heard, by Home Assistant's clock.

    `heard_at` is when the phone system last told something, set by whoever heard it.
    """

    def __init__(self) -> None:
        """Begin where nothing was heard yet."""
        self.heard_at: datetime | None = None
        self._began: datetime | None = None

    def begin(self) -> None:
        """Take note that the connection is lost, which may have been so for a while."""
        earliest = dt_util.utcnow() - _NOTICED_WITHIN
        self._began = max(self.heard_at or earliest, earliest)

    def end(self, events: Iterable[CallEvent]) -> list[CallEvent]:
        """Return what happened meanwhile, each end that nobody saw with when it can have been."""
        began, self._began = self._began, None
        if began is None:
            return [*events]
        after, before = microseconds(began), microseconds(dt_util.utcnow())
        return [
            replace(event, ended_after=after, ended_before=before) if _is_unseen(event) else event
            for event in events
        ]


def _is_unseen(event: CallEvent) -> bool:
    return event.outcome is not None and event.at is None
