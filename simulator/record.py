"""Keep the truth of what happened, told by the steps of calls and never read from the wire."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum

from .model import Group, User

_HISTORY = 1000


class CallKind(StrEnum):
    """Tell how a call came to be."""

    INCOMING = "incoming"
    INTERNAL = "internal"
    OUTGOING = "outgoing"
    API = "api"
    VOICEMAIL_CHECK = "voicemail_check"


class UserState(IntEnum):
    """Tell what a user is doing on the phone; of several calls the highest value counts."""

    IDLE = 0
    DIALING = 1
    RINGING = 2
    ON_HOLD = 3
    TALKING = 4


class Outcome(StrEnum):
    """Tell how the ringing of a user, or the waiting for a group, ended."""

    ANSWERED = "answered"
    ANSWERED_ELSEWHERE = "answered elsewhere"
    PICKED_UP = "picked up"
    CANCELLED = "cancelled"
    NO_ANSWER = "no answer"
    BUSY = "busy"
    REJECTED = "rejected"
    VOICEMAIL = "voicemail"
    OVERFLOWED = "overflowed"


#: What becomes "answered elsewhere" when somebody answers later in the same call.
_UNDECIDED = frozenset({Outcome.CANCELLED, Outcome.NO_ANSWER, Outcome.OVERFLOWED})


@dataclass(slots=True)
class Span:
    """Be something that lasts; `ended` is None as long as it does."""

    began: int
    ended: int | None = None


@dataclass(slots=True, kw_only=True)
class Ring(Span):
    """Be the ringing of one user's phones."""

    user_id: int
    group_id: int | None = None
    outcome: Outcome | None = None


@dataclass(slots=True, kw_only=True)
class Wait(Span):
    """Be the waiting of a caller for somebody of a group."""

    group_id: int
    outcome: Outcome | None = None


@dataclass(slots=True, kw_only=True)
class Talk(Span):
    """Be the time that one user spends in a call, on hold included, from answer to hang-up."""

    user_id: int


@dataclass(slots=True, kw_only=True)
class Parking(Span):
    """Be the stay of a caller in a park slot."""

    slot: int
    parker_id: int
    taken_by_id: int | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """Be a message that was left in a mailbox."""

    owner_id: int
    seconds: int
    left: int


@dataclass(slots=True, kw_only=True)
class CallRecord(Span):
    """Tell the story of one call; its id is the uuid of its first channel."""

    id: str
    kind: CallKind
    number: str | None = None
    name: str | None = None
    caller_id: int | None = None
    rings: list[Ring] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)
    talks: list[Talk] = field(default_factory=list)
    parkings: list[Parking] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)
    #: When the far end of an outgoing call answered.
    far_end_answered: int | None = None

    @property
    def rung_user_ids(self) -> list[int]:
        """Return who was rung, in the order of the first ring."""
        return list(dict.fromkeys(ring.user_id for ring in self.rings))

    @property
    def answered_by_ids(self) -> list[int]:
        """Return who talked, the caller aside, in the order of answering."""
        return list(
            dict.fromkeys(talk.user_id for talk in self.talks if talk.user_id != self.caller_id)
        )

    @property
    def answered(self) -> int | None:
        """Return when the call was first answered by somebody."""
        times = [talk.began for talk in self.talks if talk.user_id != self.caller_id]
        times += [
            ring.ended
            for ring in self.rings
            if ring.outcome is Outcome.ANSWERED and ring.ended is not None
        ]
        if self.far_end_answered is not None:
            times.append(self.far_end_answered)
        return min(times, default=None)

    @property
    def missed(self) -> bool:
        """Tell whether phones rang and nobody ever answered."""
        return self.ended is not None and bool(self.rings) and self.answered is None

    def outcome_of(self, user: User) -> Outcome | None:
        """Return how the call ended for a user who was rung, None for others and while he rings."""
        mine = [ring for ring in self.rings if ring.user_id == user.id]
        if not mine:
            return None
        if any(ring.outcome is Outcome.ANSWERED for ring in mine):
            return Outcome.ANSWERED
        last = mine[-1]
        if last.outcome in _UNDECIDED and last.ended is not None:
            ended = last.ended
            if any(
                talk.user_id not in {user.id, self.caller_id} and talk.began >= ended
                for talk in self.talks
            ):
                return Outcome.ANSWERED_ELSEWHERE
        return last.outcome

    def outcome_for(self, group: Group) -> Outcome | None:
        """Return how the last wait for a group ended, None while it lasts or if there was none."""
        waits = [wait for wait in self.waits if wait.group_id == group.id]
        return waits[-1].outcome if waits else None


class Record:
    """Remember every call, and know who does what now."""

    def __init__(self, history: int | None = _HISTORY) -> None:
        """Keep so many ended calls, or all of them when `history` is None."""
        self.open: dict[str, CallRecord] = {}
        self.ended: deque[CallRecord] = deque(maxlen=history)
        self._engaged: dict[int, dict[str, UserState]] = {}
        self._waiting: dict[int, dict[str, int]] = {}
        self._parked: dict[int, str] = {}

    # What is asked.

    @property
    def calls(self) -> list[CallRecord]:
        """Return all remembered calls, ended ones first."""
        return [*self.ended, *self.open.values()]

    def state_of(self, user: User) -> UserState:
        """Return the strongest thing that a user does on the phone now."""
        return max(self._engaged.get(user.id, {}).values(), default=UserState.IDLE)

    def calls_of(self, user: User) -> dict[str, UserState]:
        """Return the ids of the calls that a user is in now."""
        return dict(self._engaged.get(user.id, {}))

    def waiting(self, group: Group) -> dict[str, int]:
        """Return the ids of the calls that wait for a group, oldest first, and since when."""
        return dict(self._waiting.get(group.id, {}))

    def parked(self) -> dict[int, str]:
        """Return the id of the call in each occupied park slot."""
        return dict(self._parked)

    # What calls tell.

    def began(self, call: CallRecord) -> None:
        """Open the story of a call."""
        self.open[call.id] = call

    def dials(self, call_id: str, user: User) -> None:
        """Let a user wait for somebody to answer."""
        self._engage(call_id, user, UserState.DIALING)

    def waits(self, call_id: str, group: Group, now: int) -> None:
        """Let a caller wait for a group."""
        self.open[call_id].waits.append(Wait(began=now, group_id=group.id))
        self._waiting.setdefault(group.id, {})[call_id] = now

    def waited(self, call_id: str, now: int, outcome: Outcome) -> None:
        """End a wait."""
        wait = self.open[call_id].waits[-1]
        wait.ended, wait.outcome = now, outcome
        del self._waiting[wait.group_id][call_id]

    def rings(self, call_id: str, user: User, group: Group | None, now: int) -> None:
        """Let a user's phones ring."""
        ring = Ring(began=now, user_id=user.id, group_id=group.id if group else None)
        self.open[call_id].rings.append(ring)
        self._engage(call_id, user, UserState.RINGING)

    def rang(self, call_id: str, user: User, now: int, outcome: Outcome) -> None:
        """End the ringing of a user's phones."""
        ring = next(ring for ring in reversed(self.open[call_id].rings) if ring.user_id == user.id)
        ring.ended, ring.outcome = now, outcome
        self._release(call_id, user)

    def talks(self, call_id: str, users: Iterable[User], now: int) -> None:
        """Let users talk; to a machine counts as well."""
        call = self.open[call_id]
        for user in users:
            if not any(talk.user_id == user.id and talk.ended is None for talk in call.talks):
                call.talks.append(Talk(began=now, user_id=user.id))
            self._engage(call_id, user, UserState.TALKING)

    def far_end_answers(self, call_id: str, now: int) -> None:
        """Let somebody outside answer."""
        call = self.open[call_id]
        if call.far_end_answered is None:
            call.far_end_answered = now

    def holds(self, call_id: str, user: User) -> None:
        """Let a user be on hold, whether he holds or is held."""
        self._engage(call_id, user, UserState.ON_HOLD)

    def leaves(self, call_id: str, user: User, now: int) -> None:
        """Let a user be in the call no more."""
        for talk in self.open[call_id].talks:
            if talk.user_id == user.id and talk.ended is None:
                talk.ended = now
        self._release(call_id, user)

    def parks(self, call_id: str, slot: int, parker: User, now: int) -> None:
        """Let a caller wait in a slot."""
        self.open[call_id].parkings.append(Parking(began=now, slot=slot, parker_id=parker.id))
        self._parked[slot] = call_id

    def unparks(self, call_id: str, taker: User | None, now: int) -> None:
        """Take a caller out of his slot."""
        parking = self.open[call_id].parkings[-1]
        parking.ended, parking.taken_by_id = now, taker.id if taker else None
        del self._parked[parking.slot]

    def leaves_message(self, call_id: str, owner: User | Group, seconds: int, now: int) -> None:
        """Leave a message in a mailbox."""
        self.open[call_id].messages.append(Message(owner_id=owner.id, seconds=seconds, left=now))

    def ends(self, call_id: str, now: int) -> None:
        """Close the story of a call."""
        call = self.open.pop(call_id)
        call.ended = now
        self.ended.append(call)

    def _engage(self, call_id: str, user: User, state: UserState) -> None:
        self._engaged.setdefault(user.id, {})[call_id] = state

    def _release(self, call_id: str, user: User) -> None:
        calls = self._engaged.get(user.id)
        if calls is None:
            return
        calls.pop(call_id, None)
        if not calls:
            del self._engaged[user.id]
