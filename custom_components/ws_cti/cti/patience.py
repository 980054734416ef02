"""Decide how long to wait before a lost connection is made again, and how modestly."""

from collections.abc import Callable
from typing import Final

from .errors import CtiError, RejectedError, ReplacedError, UnavailableError

FIRST_DELAY: Final = 1.0
LONGEST_DELAY: Final = 60.0
STABLE_SECONDS: Final = 30.0
"""How long a picture must have been whole for its loss to count as the first."""

FIRST_PUSHED_OUT_DELAY: Final = 30.0
LONGEST_PUSHED_OUT_DELAY: Final = 15 * 60.0
UNDISPUTED_SECONDS: Final = 2 * LONGEST_PUSHED_OUT_DELAY
"""How long nobody may push us out until nobody else counts as wanting our place.

It is longer than anybody like us waits, so a connection that only lasts until the other
comes back proves nothing.
"""

LONGEST_ASKED_DELAY: Final = 60 * 60.0
"""No server may send us away for longer."""

_MOST_DOUBLINGS: Final = 10


class Patience:
    """Count failures: delays double, are spread by chance, and never end for good."""

    def __init__(self, jitter: Callable[[], float]) -> None:
        """Begin with the shortest delay; `jitter` returns a number from 0 to 1."""
        self._jitter = jitter
        self._failures = 0
        self._times_pushed_out = 0

    @property
    def is_disputed(self) -> bool:
        """Return whether another client wants our place: to take it back would never end."""
        return self._times_pushed_out > 0

    def after(self, error: CtiError, lasted: float) -> float:
        """Return how many seconds to wait after a failure.

        `lasted` says for how many seconds the picture had been whole, 0 where it never was.
        """
        if lasted >= STABLE_SECONDS:
            self._failures = 0
        if lasted >= UNDISPUTED_SECONDS:
            self._times_pushed_out = 0
        delay = self._longest(error) * (0.5 + 0.5 * self._jitter())
        self._failures += 1
        if isinstance(error, UnavailableError) and error.retry_after is not None:
            return max(delay, min(error.retry_after, LONGEST_ASKED_DELAY))
        return delay

    def _longest(self, error: CtiError) -> float:
        if isinstance(error, ReplacedError):
            delay = _doubled(FIRST_PUSHED_OUT_DELAY, self._times_pushed_out)
            self._times_pushed_out += 1
            return min(LONGEST_PUSHED_OUT_DELAY, delay)
        delay = min(LONGEST_DELAY, _doubled(FIRST_DELAY, self._failures))
        if isinstance(error, RejectedError):
            return max(delay, FIRST_PUSHED_OUT_DELAY)
        return delay


def _doubled(seconds: float, times: int) -> float:
    return seconds * 2.0 ** min(times, _MOST_DOUBLINGS)
