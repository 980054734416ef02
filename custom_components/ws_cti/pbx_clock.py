"""Infer what the clock of the phone system says, which may be wrong by hours."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from homeassistant.util import dt as dt_util

from .bus import microseconds
from .cti.story import CallEvent

_SAMPLES: Final = 16
"""How many steps count: few enough to follow a clock that is set, enough to forget a late one."""


class PbxClock:
    """Compare the time that each step of a call bears with the time at which it is heard.

    No message tells the phone system's time. A step is told as it happens, and some are
    told later when their outcome is certain: the one that was told soonest counts. Until
    the first step both clocks are taken for the same.
    """

    def __init__(self) -> None:
        """Begin without a comparison."""
        self._heard: deque[tuple[datetime, int]] = deque(maxlen=_SAMPLES)

    def heard(self, events: Iterable[CallEvent], now: datetime) -> None:
        """Take note of steps that were told just now."""
        for event in events:
            if event.at is not None:
                self._heard.append((now, event.at))

    def now(self) -> datetime:
        """Return what the phone system's clock says now (inferred)."""
        behind = (microseconds(heard_at) - at for heard_at, at in self._heard)
        return dt_util.utcnow() - timedelta(microseconds=min(behind, default=0))
