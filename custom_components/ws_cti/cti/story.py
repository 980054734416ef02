"""Name what happens to a call, and what a user's or a group's part in it looks like."""

from dataclasses import dataclass
from enum import StrEnum

from .model import EndUsers, Peer
from .values import value
from .words import Id, Key


class CallState(StrEnum):
    """List what a user can be doing, the strongest first."""

    TALKING = "talking"
    ON_HOLD = "on_hold"
    RINGING = "ringing"
    DIALING = "dialing"
    IDLE = "idle"


class CallDirection(StrEnum):
    """List which way a call goes as its user or group sees it."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"


class Step(StrEnum):
    """List the steps of a call's life.

    A user's part begins with `ringing` or `outgoing` and has one end: `missed` where it
    rang and nobody answered, else `ended`. A group's part begins with `entered` and ends
    with `answered` or `abandoned`.
    """

    RINGING = "ringing"
    OUTGOING = "outgoing"
    ANSWERED = "answered"
    MISSED = "missed"
    ENDED = "ended"
    ENTERED = "entered"
    ABANDONED = "abandoned"


class Outcome(StrEnum):
    """List how a part in a call can end."""

    ANSWERED = "answered"
    ANSWERED_ELSEWHERE = "answered_elsewhere"
    PICKED_UP = "picked_up"
    CANCELLED = "cancelled"
    NO_ANSWER = "no_answer"
    BUSY = "busy"
    REJECTED = "rejected"
    VOICEMAIL = "voicemail"
    OVERFLOWED = "overflowed"
    UNKNOWN = "unknown"


@value(frozen=True, slots=True, kw_only=True)
class CallEvent:
    """Tell one step of a call as one user or one group lives it.

    `at` is in microseconds on the phone system's clock, None where it was not seen;
    `ring_seconds` and `talk_seconds` come with the last step. An end that nobody saw was
    between `ended_after` and `ended_before`, by the clock of whoever was not connected.
    """

    call_id: Id
    step: Step
    direction: CallDirection
    at: int | None
    user_id: Id | None = None
    group_id: Id | None = None
    location: str | None = None
    caller: Peer = Peer()
    called: Peer = Peer()
    dialled_address: str | None = None
    answered_by: Id | None = None
    outcome: Outcome | None = None
    ring_seconds: float | None = None
    talk_seconds: float | None = None
    ended_after: int | None = None
    ended_before: int | None = None
    end_user: EndUsers | None = None


@value(frozen=True, slots=True, kw_only=True)
class UserCall:
    """Show one call that a user is in: its state, and who is at the other end."""

    call_id: Id
    state: CallState
    direction: CallDirection
    other: Peer
    since: int | None
    group_id: Id | None


@dataclass(slots=True, init=False)
class Effect:
    """Collect whom a change touched and which steps of calls it was."""

    touched: set[Key]
    events: list[CallEvent]

    def __init__(self) -> None:
        """Begin with nobody and nothing."""
        self.touched = set()
        self.events = []
