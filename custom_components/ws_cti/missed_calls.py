"""Count the calls that a user or a group missed since somebody last looked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, Self

from .bus import iso
from .cti.words import Json
from .logged_call import LoggedCall, Row

LATEST: Final = 10
"""How many missed calls are shown with number and name."""


@dataclass(frozen=True, slots=True)
class MissedCalls:
    """Say how many calls were missed since when, and which the latest are, newest first.

    `shown` are the same as a person wants to see them: each is put into words once.
    """

    since: datetime
    count: int = 0
    latest: tuple[LoggedCall, ...] = ()
    shown: tuple[Json, ...] = field(default=(), compare=False)

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Return a count as it was written.

        Raises KeyError, TypeError or ValueError for what cannot be one.
        """
        latest = tuple(LoggedCall.from_row(call) for call in row["latest"])
        since, count = datetime.fromisoformat(row["since"]), int(row["count"])
        return cls(since, count, latest, tuple(map(_shown, latest)))

    def as_row(self, *, with_callers: bool) -> Row:
        """Return the count as it is written."""
        latest: list[Json] = [call.as_row() for call in self.latest] if with_callers else []
        return {"since": self.since.isoformat(), "count": self.count, "latest": latest}

    def with_call(self, call: LoggedCall) -> MissedCalls:
        """Return what is to be said after one more missed call."""
        latest = (call, *self.latest[: LATEST - 1])
        shown = (_shown(call), *self.shown[: LATEST - 1])
        return MissedCalls(self.since, self.count + 1, latest, shown)

    def without_older(self, than: datetime) -> MissedCalls:
        """Return the same count without the callers of long ago."""
        if not self.latest or self.latest[-1].noted_at >= than:
            return self
        recent = tuple(call for call in self.latest if call.noted_at >= than)
        return MissedCalls(self.since, self.count, recent, tuple(map(_shown, recent)))

    def without_callers(self) -> MissedCalls:
        """Return the same count, and nothing of who called."""
        return MissedCalls(self.since, self.count)


def _shown(call: LoggedCall) -> Json:
    return {
        "number": call.caller_number,
        "name": call.caller_name,
        "time": iso(call.ended),
        "outcome": str(call.outcome),
        "group": call.group_name,
    }
