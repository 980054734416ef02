"""Infer what the clock of the phone system says, which may be wrong by hours."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Final

from homeassistant.util import dt as dt_util

from .bus import moment
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
        self._behind: deque[timedelta] = deque(maxlen=_SAMPLES)

    def heard(self, events: Iterable[CallEvent]) -> None:
        """Take note of steps that were told just now."""
        for event in events:
            if (at := moment(event.at)) is not None:
                self._behind.append(dt_util.utcnow() - at)

    def now(self) -> datetime:
        """Return what the phone system's clock says now (inferred)."""
        return dt_util.utcnow() - min(self._behind, default=timedelta())
