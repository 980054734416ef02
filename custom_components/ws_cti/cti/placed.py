"""Follow a call that was asked for, from its channels to its result."""

from enum import StrEnum
from typing import Final

from .call import outcome_of
from .model import Change, Channel, Hangup
from .story import Outcome
from .words import (
    ChangeKind,
    HangupCause,
    Id,
    StateName,
)

_SPEAKING: Final = frozenset(
    {
        StateName.BRIDGED,
        StateName.CHECKING_VOICEMAIL,
        StateName.CONFERENCE,
        StateName.EAVESDROP,
        StateName.IVR,
        StateName.XML_IVR,
    }
)
"""States of the channel that was rung first in which the destination has answered."""


class CallResult(StrEnum):
    """List what can become of a call that was asked for.

    `pending` is not decided within the time given, `unknown` no longer to be seen.
    """

    ANSWERED = "answered"
    VOICEMAIL = "voicemail"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    FAILED = "failed"
    PENDING = "pending"
    UNKNOWN = "unknown"


_RESULTS: Final = {Outcome.BUSY: CallResult.BUSY, Outcome.NO_ANSWER: CallResult.NO_ANSWER}


class PlacedCall:
    """Know what became of one call; its channels may be told before its ids are."""

    def __init__(self) -> None:
        """Begin before the call is asked for."""
        self.result: CallResult | None = None
        self.cause: str | None = None
        self._own: frozenset[Id] | None = None
        self._rows: dict[Id, Channel] = {}
        self._gone: dict[Id, Channel] = {}

    def placed(self, uuids: tuple[Id, ...]) -> None:
        """Learn which channels the phone system rings first."""
        self._own = frozenset(uuids)
        for rows in (self._rows, self._gone):
            for uuid in [uuid for uuid, row in rows.items() if not self._concerns(row)]:
                del rows[uuid]
        self._conclude()

    def take(self, change: Change) -> None:
        """Take a change of a channel in."""
        row = change.item
        if not isinstance(row, Channel) or not self._concerns(row):
            return
        self._rows[row.uuid] = row
        if change.kind == ChangeKind.REMOVED or row.ended:
            self._gone[row.uuid] = row
        self._conclude()

    def _concerns(self, row: Channel) -> bool:
        return self._own is None or row.uuid in self._own or row.other_uuid in self._own

    def _conclude(self) -> None:
        if self.result is not None or self._own is None:
            return
        legs = [self._rows[uuid] for uuid in self._own if uuid in self._rows]
        states = {leg.state.name for leg in legs if leg.state is not None}
        if states & _SPEAKING:
            self.result = CallResult.ANSWERED
        elif StateName.VOICEMAIL in states:
            self.result = CallResult.VOICEMAIL
        elif legs and all(leg.uuid in self._gone for leg in legs):
            self._fail(legs)

    def _fail(self, legs: list[Channel]) -> None:
        """Tell why nobody was connected, unless a phone that we do not see yet won."""
        ends = [leg for leg in legs if not _lost_race(leg.hangup)]
        if not ends:
            return
        last = max(ends, key=lambda leg: (leg.answered_at or 0, leg.hung_up_at or 0))
        hangup = self._far_hangup(last) or last.hangup
        self.result = _RESULTS.get(outcome_of(hangup), CallResult.FAILED)
        self.cause = hangup.cause if hangup is not None else None

    def _far_hangup(self, leg: Channel) -> Hangup | None:
        """Return how the destination refused who had answered, and did not hang up himself."""
        if leg.answered_at is None or (leg.hangup and leg.hangup.disposition.startswith("recv")):
            return None
        ends = [row for row in self._gone.values() if row.other_uuid == leg.uuid and row.hangup]
        last = max(ends, key=lambda row: row.hung_up_at or 0, default=None)
        return last.hangup if last is not None else None


def _lost_race(hangup: Hangup | None) -> bool:
    return hangup is not None and hangup.cause == HangupCause.LOSE_RACE
