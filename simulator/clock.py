"""Tell the time of the phone system, in microseconds since the epoch as the wire has it."""

from collections.abc import Callable
from dataclasses import dataclass
import time

type Clock = Callable[[], int]

MICROSECONDS = 1_000_000

#: 2026-09-21 14:13:20 UTC: the instant at which the recorded session begins.
A_MONDAY = 1_790_000_000 * MICROSECONDS


def system_clock() -> int:
    """Return the time of this computer."""
    return time.time_ns() // 1000


@dataclass(slots=True)
class ManualClock:
    """Stand still until a test moves it."""

    now: int = A_MONDAY

    def __call__(self) -> int:
        """Return the time that was set."""
        return self.now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self.now += round(seconds * MICROSECONDS)
