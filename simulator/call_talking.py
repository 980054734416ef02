"""Take a call through its talking: hold, park, transfer and hang up."""

from typing import TYPE_CHECKING

from .call_state import CallState, Phase, Whom
from .errors import SimulationError
from .model import Channel, User
from .words import Cause, Signal

if TYPE_CHECKING:
    from .calls import Call


class Talking(CallState):
    """Be a call in which somebody talks."""

    def hang_up(self, by: User | None = None) -> None:
        """Let somebody hang up: a user or, without one, who is outside, or else the caller."""
        self._require(
            Phase.TALKING,
            Phase.ON_HOLD,
            Phase.PARKED,
            Phase.VOICEMAIL,
            Phase.CHECKING_VOICEMAIL,
            Phase.IVR,
        )
        leaver = self._leaver(by)
        now = self.system.clock()
        self._leave_slot(now, None)
        others = [channel for channel in self.parties if channel is not leaver]
        self._end_party(leaver, now, Signal.RECV_BYE, Cause.NORMAL_CLEARING)
        for other in others:
            self._end_party(other, now, Signal.SEND_BYE, Cause.NORMAL_CLEARING)
        self._finish(now)

    def hold(self, by: User) -> None:
        """Let a user put on hold whom he talks to."""
        self._require(Phase.TALKING)
        own, other = self.sides(by)
        self.system.channels.park(other, self.system.clock(), None, own)
        self.phase = Phase.ON_HOLD
        self.holder = by
        for user in self.users:
            self.system.record.holds(self.id, user)

    def resume(self) -> None:
        """Let the user who holds talk again."""
        self._require(Phase.ON_HOLD)
        own, other = self.sides(self._holder())
        now = self.system.clock()
        self.system.channels.bridge(other, now, own)
        self._talk(now, self._served(), own if own is not self.caller else other)

    def park(self, by: User, slot: int | None = None) -> int:
        """Let a user park whom he talks to, in a free slot unless one is named; return it."""
        self._require(Phase.TALKING)
        own, other = self.sides(by)
        chosen = self.system.free_slot(by, slot)
        now = self.system.clock()
        self.system.channels.park(other, now, chosen, own)
        self.system.record.parks(self.id, chosen, by, now)
        self._end_party(own, now, Signal.RECV_BYE, Cause.NORMAL_CLEARING)
        self.caller, self.callee = other, None
        self.phase = Phase.PARKED
        if other.user:
            self.system.record.holds(self.id, other.user)
        return chosen

    def unpark(self, by: User) -> None:
        """Let a user talk to who is parked, by dialling the slot."""
        self._require(Phase.PARKED)
        self._refuse_party(by)
        terminal = self._terminal(by)
        parked = self._served()
        slot = self.slot
        now = self.system.clock()
        channel = self.system.channels.offer_from_user(self._as_call(), now, terminal, str(slot))
        self._leave_slot(now, by)
        self.system.channels.answer_to(channel, now, parked)
        self.system.channels.bridge(parked, now, channel)
        self._talk(now, parked, channel)

    def transfer(self, by: User, to: Whom) -> None:
        """Let a user hand over whom he talks to, without asking first; `ring` comes next."""
        self._require(Phase.TALKING, Phase.ON_HOLD)
        own, other = self.sides(by)
        self._refuse_party(to)
        now = self.system.clock()
        self.caller, self.callee, self.holder = other, None, None
        self._call(now, to)
        self._end_party(own, now, Signal.SEND_BYE, Cause.NORMAL_CLEARING)

    def consult(self, by: User, to: Whom) -> Call:
        """Let a user hold the call and ask somebody else first, in a call of its own."""
        self._require(Phase.TALKING)
        self.sides(by)
        self._refuse_party(to)
        self.hold(by)
        if isinstance(to, str):
            return self.system.outgoing_call(by, to)
        return self.system.internal_call(by, to)

    def complete_transfer(self, consultation: Call) -> None:
        """Let the user who holds bring together both with whom he talked."""
        self._require(Phase.ON_HOLD)
        if consultation.phase is not Phase.TALKING:
            raise SimulationError(
                f"The call {consultation.id} is {consultation.phase}, not {Phase.TALKING}."
            )
        by = self._holder()
        own, held = self.sides(by)
        _, consulted = consultation.sides(by)
        now = self.system.clock()
        self.system.channels.bridge(held, now, consulted)
        self.system.channels.bridge(consulted, now, held)
        self._end_party(own, now, Signal.SEND_BYE, Cause.NORMAL_CLEARING)
        consultation.hand_over(by)
        consulted.call = self._as_call()
        self._talk(now, held, consulted)
        if consulted.user is None:
            self.system.record.far_end_answers(self.id, now)

    def hand_over(self, by: User) -> None:
        """End the call for the user who consulted, and leave whom he consulted to another call."""
        own, other = self.sides(by)
        now = self.system.clock()
        self._end_party(own, now, Signal.SEND_BYE, Cause.NORMAL_CLEARING)
        if other.user:
            self.system.record.leaves(self.id, other.user, now)
        self._finish(now)

    def listen(self) -> None:
        """Hear the messages of the mailbox that is being checked: new ones become saved ones."""
        self._require(Phase.CHECKING_VOICEMAIL)
        if isinstance(self.target, User):
            mailbox = self.target.mailbox
            self.system.set_mwi(self.target, new=0, saved=mailbox.saved + mailbox.new)

    def _holder(self) -> User:
        if self.holder is None:
            raise SimulationError(f"Nobody holds the call {self.id}.")
        return self.holder

    def _leaver(self, by: User | None) -> Channel:
        if by is None:
            outside = [channel for channel in self.parties if channel.user is None]
            return (outside or self.parties)[0]
        for channel in self.parties:
            if channel.user is by:
                return channel
        raise SimulationError(f"{by.label} is not in the call {self.id}.")
