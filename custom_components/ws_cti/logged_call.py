"""Describe one ended call as one user or one group lived it, and as a row of a file."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, NamedTuple, Self

from .bus import isoformat, microseconds
from .cti.pbx import Pbx
from .cti.story import CallDirection, CallEvent, Outcome, Step
from .cti.words import (
    Id,
    Json,
    Key,
    group_key,
    user_key,
)

type Row = dict[str, Json]

_MISSED: Final = frozenset({Step.MISSED, Step.ABANDONED})

_SECOND: Final = 1_000_000


class LoggedCall(NamedTuple):
    """Keep what is worth knowing of a call after its end; names are those of that moment.

    Times are in microseconds by the phone system's clock, except `noted_at` and those
    between which an end was that nobody saw: by the clock of Home Assistant it is known how
    old an entry is, whatever the phone system believes.
    """

    call_id: Id
    user_id: Id | None
    user_name: str | None
    group_id: Id | None
    group_name: str | None
    direction: CallDirection
    location: str | None
    caller_number: str | None
    caller_name: str | None
    called_number: str | None
    called_name: str | None
    did: str | None
    outcome: Outcome
    missed: bool
    answered_by: Id | None
    answered_by_name: str | None
    began: int | None
    answered: int | None
    ended: int
    ended_after: int | None
    ended_before: int | None
    ring_seconds: float | None
    talk_seconds: float | None
    noted_at: datetime

    @classmethod
    def of(cls, event: CallEvent, pbx: Pbx, now: datetime) -> Self:
        """Return the last step of a call as an entry of the log."""
        ended, ring_seconds, talk_seconds = event.at, event.ring_seconds, event.talk_seconds
        answered = began = None
        if ended is not None:
            if talk_seconds is not None:
                answered = ended - round(talk_seconds * _SECOND)
            elif event.step is Step.ANSWERED:
                answered = ended
            if ring_seconds is not None:
                rang_until = ended if answered is None else answered
                began = rang_until - round(ring_seconds * _SECOND)
        user_id, group_id, answered_by = event.user_id, event.group_id, event.answered_by
        caller, called = event.caller, event.called
        # In the order of the fields: so many by their names would make a dictionary first.
        return cls(
            event.call_id,
            user_id,
            pbx.user_titles.get(user_id) if user_id else None,
            group_id,
            pbx.group_titles.get(group_id) if group_id else None,
            event.direction,
            event.location,
            caller.number,
            caller.name,
            called.number,
            called.name,
            event.dialled_address,
            event.outcome or Outcome.UNKNOWN,
            event.step in _MISSED,
            answered_by,
            pbx.user_titles.get(answered_by) if answered_by else None,
            began,
            answered,
            microseconds(now) if ended is None else ended,
            event.ended_after,
            event.ended_before,
            ring_seconds,
            talk_seconds,
            now,
        )

    @classmethod
    def from_row(cls, row: Mapping[str, Any]) -> Self:
        """Return an entry as it was written.

        Raises KeyError, TypeError or ValueError for what cannot be one.
        """
        values = {name: row[name] for name in _NAMES if name not in _LATER}
        values |= {name: row.get(name) for name in _LATER}
        for name in _TIMES:
            if values[name] is not None:
                values[name] = microseconds(datetime.fromisoformat(values[name]))
        values["direction"] = CallDirection(row["direction"])
        values["outcome"] = Outcome(row["outcome"])
        values["noted_at"] = datetime.fromisoformat(row["noted_at"])
        return cls(**values)

    def as_row(self) -> Row:
        """Return the entry as it is written."""
        row: dict[str, Any] = self._asdict()
        row |= {name: str(row[name]) for name in _WORDS if row[name] is not None}
        row |= {name: isoformat(row[name]) for name in _TIMES}
        row["noted_at"] = self.noted_at.isoformat()
        return row

    @property
    def key(self) -> Key:
        """Return whose call it was: a user's, or else a group's."""
        return user_key(self.user_id) if self.user_id else group_key(self.group_id or "")


_NAMES: Final = LoggedCall._fields
_WORDS: Final = ("direction", "location", "outcome")
_TIMES: Final = ("began", "answered", "ended", "ended_after", "ended_before")
_LATER: Final = frozenset({"ended_after", "ended_before"})
"""What a file may lack that an earlier release wrote."""
