"""Take a call through its ringing: to an answer, to a mailbox, to somebody else, or to nothing."""

from .call_state import CallState, Ending, Phase, Whom
from .channels import Shown
from .errors import SimulationError
from .model import Channel, Group, Member, Terminal, User
from .record import Outcome
from .states import Ivr, Voicemail
from .words import Cause, GroupType, Signal

_LOST_RACE = Ending(Signal.SEND_CANCEL, Cause.LOSE_RACE, Outcome.ANSWERED_ELSEWHERE)
_PICKED_OFF = Ending(Signal.SEND_CANCEL, Cause.PICKED_OFF, Outcome.PICKED_UP)
_CANCELLED = Ending(Signal.SEND_CANCEL, Cause.ORIGINATOR_CANCEL, Outcome.CANCELLED)
_UNANSWERED = Ending(Signal.SEND_CANCEL, Cause.NO_ANSWER, Outcome.NO_ANSWER)
_REJECTED = Ending(Signal.RECV_REFUSE, Cause.CALL_REJECTED, Outcome.REJECTED)
_BUSY = Ending(Signal.RECV_REFUSE, Cause.USER_BUSY, Outcome.BUSY)


class Ringing(CallState):
    """Be a call that somebody may answer."""

    @property
    def ringable_users(self) -> list[User]:
        """Return whose phones `ring(user)` could ring now."""
        target = self.target
        if self.phase is not Phase.CALLING or target is None or isinstance(target, str):
            return []
        if isinstance(target, User):
            candidates = [target] if target.rings else []
        else:
            candidates = [member.user for member in target.members.values() if member.rings]
        return [
            user for user in candidates if user not in self.users and user not in self.ringing_users
        ]

    def ring(self, user: User | None = None) -> list[User]:
        """Ring a user's phones, all that are registered, and return who was rung.

        Without a user it rings whom the PBX would: the user who is called, all idle members of a
        ring group, the next idle member of a hunt group, or the number outside.
        """
        self._require(Phase.CALLING)
        if isinstance(self.target, str):
            self._ring_outside(self.target)
            return []
        users = self._next_users() if user is None else [self._ringable(user)]
        now = self.system.clock()
        group = self.target if isinstance(self.target, Group) else None
        caller = self._served()
        shown = Shown(caller.name, caller.number, group)
        for rung in users:
            self._hunted.add(rung.id)
            self.system.record.rings(self.id, rung, group, now)
            for terminal in rung.terminals:
                if terminal.registered:
                    leg = self.system.channels.originate(
                        self._as_call(), now, terminal, shown, other=caller
                    )
                    self.legs[leg.uuid] = leg
        return users

    def answer(self, user: User | None = None, terminal: Terminal | None = None) -> None:
        """Let a ringing user answer, on his first ringing terminal unless one is named.

        Without a user the only one who rings answers, or the number outside.
        """
        leg = self._ringing_leg(user, terminal)
        now = self.system.clock()
        del self.legs[leg.uuid]
        if self.phase is Phase.ORIGINATING:
            self._answer_origination(leg, now)
            return
        caller = self._served()
        self._leave_queue(now, Outcome.ANSWERED)
        self.system.channels.answer_to(leg, now, caller)
        self._settle_ringing(leg, now)
        self.system.channels.bridge(caller, now, leg)
        self._talk(now, caller, leg)

    def pick_up(self, by: User) -> None:
        """Let a colleague answer from his own phone the call that rings elsewhere."""
        self._require(Phase.CALLING)
        self._refuse_party(by)
        if not self.legs:
            raise SimulationError(
                f"No phone rings in the call {self.id}, so there is nothing to pick up."
            )
        caller = self._served()
        now = self.system.clock()
        channel = self.system.channels.offer_from_user(
            self._as_call(),
            now,
            self._terminal(by),
            f"pickup_uuid.{caller.uuid}",
        )
        self._leave_queue(now, Outcome.PICKED_UP)
        self._stop(self.legs.values(), now, _PICKED_OFF)
        self.system.channels.answer_to(channel, now, caller)
        self.system.channels.bridge(caller, now, channel)
        self._talk(now, caller, channel)

    def stop_ringing(self, user: User | None = None, cause: Cause = Cause.NO_ANSWER) -> None:
        """Let the PBX stop ringing a user; the caller goes on waiting."""
        outcome = Outcome.CANCELLED if cause is Cause.ORIGINATOR_CANCEL else Outcome.NO_ANSWER
        self._leg_ends(user, Ending(Signal.SEND_CANCEL, cause, outcome))

    def no_answer(self, user: User | None = None) -> None:
        """Let a user's phones ring until the PBX has enough; the caller goes on waiting."""
        self._leg_ends(user, _UNANSWERED)

    def reject(self, user: User | None = None) -> None:
        """Let a user decline; the caller goes on waiting."""
        self._leg_ends(user, _REJECTED)

    def busy(self, user: User | None = None) -> None:
        """Let a user's phones say that they are busy; the caller goes on waiting."""
        self._leg_ends(user, _BUSY)

    def cancel(self) -> None:
        """Let the caller hang up before anybody answers."""
        self._require(Phase.ORIGINATING, Phase.CALLING)
        now = self.system.clock()
        self._stop(self.legs.values(), now, _CANCELLED)
        if self.caller:
            self._leave_queue(now, Outcome.CANCELLED)
            if self.caller.answer_timestamp is None:
                self._end_party(self.caller, now, Signal.RECV_CANCEL, Cause.ORIGINATOR_CANCEL)
            else:
                self._end_party(self.caller, now, Signal.RECV_BYE, Cause.NORMAL_CLEARING)
        self._finish(now)

    def disconnect(self, cause: Cause | None = None) -> None:
        """Let the PBX end the call: nobody answered, or somebody commanded it."""
        if self.ended:
            raise SimulationError(f"The call {self.id} has ended.")
        now = self.system.clock()
        self._stop(self.legs.values(), now, _UNANSWERED)
        if self.caller:
            self._leave_queue(now, Outcome.NO_ANSWER)
            self._leave_slot(now, None)
        for channel in reversed(self.parties):
            if channel.answer_timestamp is None:
                self._end_party(channel, now, Signal.SEND_REFUSE, cause or Cause.NO_ANSWER)
            else:
                self._end_party(channel, now, Signal.SEND_BYE, cause or Cause.NORMAL_CLEARING)
        self._finish(now)

    def to_voicemail(self, owner: User | Group | None = None) -> None:
        """Let the caller hear a mailbox's greeting, by default that of whom he called."""
        self._require(Phase.CALLING, Phase.IVR)
        target = owner or self.target
        if not isinstance(target, User | Group):
            raise SimulationError(f"The call {self.id} is for nobody who has a mailbox.")
        now = self._turn_away(Outcome.VOICEMAIL)
        self.target = target
        self.phase = Phase.VOICEMAIL
        caller = self._served()
        self.system.channels.answer(caller, now, Voicemail(now, target))
        self.system.record.talks(self.id, self.users, now)

    def leave_message(self, seconds: int = 10) -> None:
        """Leave a message; the caller may go on talking, or hang up."""
        self._require(Phase.VOICEMAIL)
        if not isinstance(self.target, User | Group):
            raise SimulationError(f"The call {self.id} is for nobody who has a mailbox.")
        self.system.record.leaves_message(self.id, self.target, seconds, self.system.clock())
        mailbox = self.target.mailbox
        self.system.set_mwi(self.target, new=mailbox.new + 1, saved=mailbox.saved)

    def to_ivr(self, ivr_id: int = 1) -> None:
        """Let the caller hear a menu."""
        self._require(Phase.CALLING)
        now = self._turn_away(Outcome.OVERFLOWED)
        self.target = None
        self.phase = Phase.IVR
        self.system.channels.answer(self._served(), now, Ivr(now, ivr_id))
        self.system.record.talks(self.id, self.users, now)

    def overflow(self, to: Whom) -> None:
        """Let the PBX call somebody else for a caller who waits, is parked, or hears a menu."""
        self._require(Phase.CALLING, Phase.PARKED, Phase.IVR)
        if to in self.users:
            self._refuse_party(to)
        now = self._turn_away(Outcome.OVERFLOWED)
        self._leave_slot(now, None)
        self._call(now, to)

    def _ring_outside(self, number: str) -> None:
        if self.legs:
            raise SimulationError(f"{number} rings already.")
        caller = self._served()
        leg = self.system.channels.originate(
            self._as_call(),
            self.system.clock(),
            number,
            Shown(caller.name, caller.number),
            other=caller,
        )
        self.legs[leg.uuid] = leg

    def _next_users(self) -> list[User]:
        ringable = self.ringable_users
        if isinstance(self.target, Group):
            idle = [user for user in ringable if not user.channels]
            if self.target.type is GroupType.HUNT:
                idle = self._next_hunted(self.target, idle)
            ringable = idle
        if not ringable:
            whom = self.target.label if isinstance(self.target, User | Group) else "anybody"
            raise SimulationError(f"No phone of {whom} can ring now.")
        return ringable

    def _next_hunted(self, group: Group, users: list[User]) -> list[User]:
        # Once everybody had his turn, the hunt begins anew.
        left = [user for user in users if user.id not in self._hunted]
        if not left:
            self._hunted.clear()
            left = users

        def turn(user: User) -> tuple[int, int]:
            member: Member = group.members[user.id]
            return member.priority, member.id

        return [min(left, key=turn)] if left else []

    def _ringable(self, user: User) -> User:
        if user not in self.ringable_users:
            raise SimulationError(
                f"The phones of {user.label} cannot ring for the call {self.id} now."
            )
        return user

    def _ringing_leg(self, user: User | None, terminal: Terminal | None) -> Channel:
        legs = [
            leg
            for leg in self.legs.values()
            if (user is None or leg.user is user) and (terminal is None or leg.terminal is terminal)
        ]
        if not legs:
            raise SimulationError(
                f"{user.label if user else 'Nobody'} does not ring in the call {self.id}."
            )
        if any(leg.user is not legs[0].user for leg in legs):
            raise SimulationError(
                f"Several users ring in the call {self.id}; say which of them is meant."
            )
        return legs[0]

    def _settle_ringing(self, answered: Channel, now: int) -> None:
        if answered.user:
            self.system.record.rang(self.id, answered.user, now, Outcome.ANSWERED)
        else:
            self.system.record.far_end_answers(self.id, now)
        self._stop(self.legs.values(), now, _LOST_RACE, answered_by=answered.user)

    def _answer_origination(self, leg: Channel, now: int) -> None:
        self.system.channels.answer(leg, now, None)
        self._settle_ringing(leg, now)
        self.caller = leg
        if self.destination is None:
            raise SimulationError(f"The call {self.id} was originated without a destination.")
        self._call(now, self.destination)

    def _leg_ends(self, user: User | None, ending: Ending) -> None:
        refusing = self._ringing_leg(user, None).user
        legs = [leg for leg in self.legs.values() if leg.user is refusing]
        now = self.system.clock()
        self._stop(legs, now, ending)
        if self.legs:
            return
        if self.phase is Phase.ORIGINATING:
            self._finish(now)
        elif isinstance(self.target, str):
            # Nothing else can come of a call to the public network, so the caller is refused too.
            self.disconnect(ending.cause)

    def _turn_away(self, outcome: Outcome) -> int:
        now = self.system.clock()
        self._stop(self.legs.values(), now, Ending(Signal.SEND_CANCEL, Cause.NO_ANSWER, outcome))
        self._leave_queue(now, outcome)
        return now
