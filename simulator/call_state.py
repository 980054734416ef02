"""Hold where a call stands, and what all its steps need."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from .errors import SimulationError
from .model import Channel, Group, Target, Terminal, User
from .record import CallKind, CallRecord, Outcome
from .states import Park
from .words import Cause, Direction, Signal

if TYPE_CHECKING:
    from .calls import Call
    from .phone_system import PhoneSystem


class Phase(StrEnum):
    """Name how far a call has come."""

    ORIGINATING = "originating"
    CALLING = "calling"
    TALKING = "talking"
    ON_HOLD = "on hold"
    PARKED = "parked"
    VOICEMAIL = "leaving a message"
    CHECKING_VOICEMAIL = "checking voicemail"
    IVR = "in a menu"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Ending:
    """Tell how ringing ends: by which message, why, and what that means for who was rung."""

    signal: Signal
    cause: Cause
    outcome: Outcome


type Whom = User | Group | str


class CallState(ABC):
    """Be a call, from its first channel to its last.

    `caller` is the channel that is being served: whoever called and, once he has handed the call
    over, whoever is left. `callee` is the channel that it talks to. `legs` are the channels that
    ring. `target` is whom it calls.
    """

    def __init__(self, system: PhoneSystem, kind: CallKind) -> None:
        """Begin without any channel."""
        self.system = system
        self.kind = kind
        self.phase = Phase.CALLING
        self.target: Whom | None = None
        self.destination: Whom | None = None
        self.caller: Channel | None = None
        self.callee: Channel | None = None
        self.holder: User | None = None
        self.legs: dict[str, Channel] = {}
        self._hunted: set[int] = set()
        self._id = ""
        self._story: CallRecord | None = None

    @property
    def id(self) -> str:
        """Return the uuid of the first channel."""
        return self._id

    @property
    def ended(self) -> bool:
        """Tell whether the call is over."""
        return self.phase is Phase.ENDED

    @property
    def parties(self) -> list[Channel]:
        """Return the channels that take part, ringing ones aside."""
        return [channel for channel in (self.caller, self.callee) if channel is not None]

    @property
    def ringing_users(self) -> list[User]:
        """Return whose phones ring, in the order in which they began."""
        return list(dict.fromkeys(leg.user for leg in self.legs.values() if leg.user))

    @property
    def users(self) -> list[User]:
        """Return the users who take part, ringing ones aside."""
        return [channel.user for channel in self.parties if channel.user]

    @property
    def slot(self) -> int | None:
        """Return the park slot in which the caller waits."""
        state = self.caller.state if self.caller else None
        return state.slot if isinstance(state, Park) else None

    def sides(self, user: User) -> tuple[Channel, Channel]:
        """Return the channel of a user who talks and the channel that he talks to."""
        if self.caller is not None and self.callee is not None:
            if self.callee.user is user:
                return self.callee, self.caller
            if self.caller.user is user:
                return self.caller, self.callee
        raise SimulationError(f"{user.label} does not talk in the call {self.id}.")

    @abstractmethod
    def _as_call(self) -> Call:
        """Return this call as the whole that it is."""

    @property
    def story(self) -> CallRecord:
        """Return what truly happened to this call."""
        if self._story is None:
            raise SimulationError("This call has not begun.")
        return self._story

    def _begin(self, first: Channel, now: int, number: str | None, name: str | None) -> None:
        self._id = first.uuid
        self.system.calls[self._id] = self._as_call()
        caller_id = first.user.id if first.user and first.direction is Direction.INBOUND else None
        self._story = CallRecord(
            began=now, id=self._id, kind=self.kind, number=number, name=name, caller_id=caller_id
        )
        self.system.record.began(self._story)

    def _require(self, *phases: Phase) -> None:
        if self.phase not in phases:
            raise SimulationError(f"The call {self.id} is {self.phase}, not {' or '.join(phases)}.")

    def _served(self) -> Channel:
        if self.caller is None:
            raise SimulationError(f"The call {self.id} has no caller yet.")
        return self.caller

    def _terminal(self, user: User) -> Terminal:
        for terminal in user.terminals:
            if terminal.registered:
                return terminal
        raise SimulationError(f"{user.label} has no registered terminal.")

    def _refuse_party(self, whom: Whom) -> None:
        if isinstance(whom, User) and (whom in self.users or whom in self.ringing_users):
            raise SimulationError(f"{whom.label} is in the call {self.id} already.")

    def _call(self, now: int, whom: Whom) -> None:
        """Let the caller wait for somebody."""
        caller = self._served()
        self.target = whom
        self.phase = Phase.CALLING
        self._hunted.clear()
        if caller.direction is Direction.INBOUND and not isinstance(whom, str):
            address = caller.target.address if caller.target else caller.called_number
            caller.target = Target(whom, address or "")
        self.system.channels.call(caller, now, whom)
        if caller.user:
            self.system.record.dials(self.id, caller.user)
        if isinstance(whom, Group):
            self.system.record.waits(self.id, whom, now)

    def _leave_queue(self, now: int, outcome: Outcome) -> None:
        caller = self._served()
        if caller.uuid in self.system.channels.queued:
            self.system.channels.leave_queue(caller)
            self.system.record.waited(self.id, now, outcome)

    def _leave_slot(self, now: int, taker: User | None) -> None:
        if self.slot is not None:
            self.system.channels.leave_slot(self._served())
            self.system.record.unparks(self.id, taker, now)

    def _stop(
        self, legs: Iterable[Channel], now: int, ending: Ending, *, answered_by: User | None = None
    ) -> None:
        """Let legs ring no more; the other terminals of who answered are no news of that user."""
        users: dict[User, None] = {}
        for leg in list(legs):
            del self.legs[leg.uuid]
            self.system.channels.end(leg, now, ending.signal, ending.cause)
            if leg.user and leg.user is not answered_by:
                users[leg.user] = None
        still_ringing = self.ringing_users
        for user in users:
            if user not in still_ringing:
                self.system.record.rang(self.id, user, now, ending.outcome)

    def _end_party(self, channel: Channel, now: int, signal: Signal, cause: Cause) -> None:
        self.system.channels.end(channel, now, signal, cause)
        if channel.user:
            self.system.record.leaves(self.id, channel.user, now)

    def _talk(self, now: int, caller: Channel, callee: Channel) -> None:
        self.caller, self.callee, self.holder = caller, callee, None
        self.phase = Phase.TALKING
        self.system.record.talks(self.id, self.users, now)

    def _finish(self, now: int) -> None:
        self.phase = Phase.ENDED
        self.caller = self.callee = self.holder = None
        del self.system.calls[self.id]
        self.system.record.ends(self.id, now)
