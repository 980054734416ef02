"""Tell the simulator's own record as each user and each group lives it.

The record knows calls; the story knows parts in calls. What lies between them by design is written
down here (and in `homes` which leg belongs to which call, in `unheard` and `honest` what a lost
connection hides):

- A user's part goes on until it is certain. Who was rung in vain waits for what becomes of the
  caller: somebody else may still answer, or the same phone may ring once more.
- A mailbox, a menu, and one's own phone that an API client rings do not answer a call.
- Who asked an API client for a call is its caller, and dials while his own phone rings.
- Whoever dials a park slot makes a call of his own, and it is answered at once.
- A caller whom a group's overflow brings back to the same group has not left it.
- Whom a call rang that then overflowed did not answer; the story has no other word for it.
- The record does not say why an unanswered caller's call ended; the step that ended it does.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import override

from custom_components.ws_cti.cti.story import CallState, Outcome, Step
from simulator.calls import Phase, StepName
from simulator.model import Channel, Group, Row, User
from simulator.phone_system import PhoneSystem
from simulator.record import CallRecord, Outcome as True_, Record, UserState
from simulator.words import Element, EventName

from .homes import Homes
from .lived_part import CONNECTED, Lived
from .parts import Id, Key, Part
from .unheard import Unheard

_OUTCOMES = {
    True_.ANSWERED: Outcome.ANSWERED,
    True_.ANSWERED_ELSEWHERE: Outcome.ANSWERED_ELSEWHERE,
    True_.PICKED_UP: Outcome.PICKED_UP,
    True_.CANCELLED: Outcome.CANCELLED,
    True_.NO_ANSWER: Outcome.NO_ANSWER,
    True_.OVERFLOWED: Outcome.NO_ANSWER,
    True_.REJECTED: Outcome.REJECTED,
    True_.BUSY: Outcome.BUSY,
    True_.VOICEMAIL: Outcome.VOICEMAIL,
}
_OUTCOMES_OF_A_VISIT = _OUTCOMES | {
    True_.PICKED_UP: Outcome.ANSWERED,
    True_.OVERFLOWED: Outcome.OVERFLOWED,
}
_OUTCOMES_OF_A_CALLER = {
    StepName.CANCEL: Outcome.CANCELLED,
    StepName.HANG_UP: Outcome.CANCELLED,
    StepName.DISCONNECT: Outcome.NO_ANSWER,
    StepName.NO_ANSWER: Outcome.NO_ANSWER,
    StepName.REJECT: Outcome.REJECTED,
    StepName.BUSY: Outcome.BUSY,
}
_STATES = {
    UserState.DIALING: CallState.DIALING,
    UserState.RINGING: CallState.RINGING,
    UserState.ON_HOLD: CallState.ON_HOLD,
    UserState.TALKING: CallState.TALKING,
}
_ANSWERED_BY_OTHERS = (Outcome.ANSWERED_ELSEWHERE, Outcome.PICKED_UP)


class LivedRecord(Record):
    """Be the record of a phone system, and write down each part in a call beside it."""

    def __init__(self, system: PhoneSystem) -> None:
        super().__init__(history=1)
        self.homes = Homes(system)
        #: All parts that there ever were; each says itself in which call it was.
        self.lived: list[Lived] = []
        self.calls_ended = 0
        self._system = system
        self._unheard = Unheard(system)
        self._of_call: defaultdict[Id, dict[int, Lived]] = defaultdict(dict)
        self._handed_over: dict[int, Lived] = {}
        self._visits: dict[Id, Lived] = {}
        self._just_left: dict[Id, Lived] = {}
        self._step = ""
        system.record = self
        system.subscribe(self._hear)

    # What the driver of the phone system tells

    def comes(self, step: str) -> None:
        """Take note of the step that comes next."""
        self._step = step
        self._just_left.clear()

    def silence(self) -> None:
        """Let the connection be lost."""
        self._unheard.lasts = True
        for lived_by in self._of_call.values():
            for lived in lived_by.values():
                lived.unseen = True
        for visit in self._visits.values():
            visit.unseen = True

    def sound(self) -> None:
        """Let the connection be back, over which everything is told that is so now."""
        self.homes.found(self._unheard.channels)
        self._unheard.over()
        for call_id, lived_by in self._of_call.items():
            for user_id, lived in lived_by.items():
                if lived.is_there:
                    self._appear(call_id, user_id, lived)
            for lived in lived_by.values():
                lived.seen_answered |= self._is_seen_talking(call_id, lived)
        for call_id, visit in self._visits.items():
            visit.call_id = self.homes.of_caller(self._system.calls[call_id])
            visit.noticed = True

    def _appear(self, call_id: Id, user_id: int, lived: Lived) -> None:
        user = self._system.users.by_id[user_id]
        self._take_home(lived, self.homes.of_user(self._system.calls[call_id], user))
        lived.noticed = True

    def _take_home(self, lived: Lived, home: Id) -> None:
        if lived.noticed and home != lived.call_id:
            # Nothing ties the phone of which was told to the one that he has taken up since.
            self.lived.append(lived.as_seen_to_vanish())
        lived.call_id = home

    def _is_seen_talking(self, call_id: Id, lived: Lived) -> bool:
        """Return whether a phone's row proves that he talks; who is held may just wait."""
        call = self._system.calls[call_id]
        if lived.part.answered is None or call.phase not in CONNECTED:
            return False
        holder = self._of_call[call_id][call.holder.id] if call.holder is not None else lived
        return holder.call_id == lived.call_id

    # What is asked

    @property
    def is_silent(self) -> bool:
        """Return whether the connection is away."""
        return self._unheard.lasts

    def parts(self) -> dict[Key, list[Lived]]:
        """Return all parts of which anything could be seen, in the order of their beginning."""
        found: defaultdict[Key, list[Lived]] = defaultdict(list)
        for lived in self.lived:
            if lived.noticed:
                found[lived.call_id, lived.whose].append(lived)
        for lived_ones in found.values():
            lived_ones.sort(key=lambda one: one.part.began or 0)
        return found

    def states_of(self, user: User) -> dict[Id, CallState]:
        """Return what a user does in each of his calls."""
        found = {}
        for call_id, state in self.calls_of(user).items():
            lived = self._of_call[call_id][user.id]
            asked = state is UserState.RINGING and lived.part.begin is Step.OUTGOING
            found[lived.call_id] = CallState.DIALING if asked else _STATES[state]
        return found

    def times_of(self, user: User) -> Iterator[int]:
        """Return when each answered call of a user was answered, whoever he talks to since."""
        for call_id in self.calls_of(user):
            answered = self._of_call[call_id][user.id].part.answered
            if answered is not None:
                yield answered

    # What calls tell of users

    @override
    def began(self, call: CallRecord) -> None:
        super().began(call)
        if call.caller_id is not None:
            self._begin(call.id, call.caller_id, Step.OUTGOING, call.began, call.id)

    @override
    def rings(self, call_id: str, user: User, group: Group | None, now: int) -> None:
        super().rings(call_id, user, group, now)
        call = self._system.calls[call_id]
        lived = self._of_call[call_id].get(user.id)
        if lived is not None:
            if not self._unheard.lasts:
                self._take_home(lived, self.homes.of_caller(call))
            lived.ring_again(seen=not self._unheard.lasts)
            return
        asked = call.phase is Phase.ORIGINATING and group is None
        step = Step.OUTGOING if asked else Step.RINGING
        self._begin(call_id, user.id, step, now, self.homes.of_caller(call))

    @override
    def rang(self, call_id: str, user: User, now: int, outcome: True_) -> None:
        super().rang(call_id, user, now, outcome)
        lived = self._of_call[call_id][user.id]
        match outcome:
            case True_.ANSWERED:
                if lived.part.begin is not Step.OUTGOING:
                    lived.answer(now, seen=not self._unheard.lasts)
                    self._settle_as(call_id, Outcome.ANSWERED_ELSEWHERE)
            case True_.ANSWERED_ELSEWHERE | True_.PICKED_UP:
                lived.left = now
                self._end(call_id, user.id, _OUTCOMES[outcome])
            case _:
                lived.ring_in_vain(now, _OUTCOMES[outcome])

    @override
    def talks(self, call_id: str, users: Iterable[User], now: int) -> None:
        super().talks(call_id, users, now)
        match self._system.calls[call_id].phase:
            case Phase.VOICEMAIL:
                self._settle_as(call_id, Outcome.VOICEMAIL)
            case Phase.TALKING | Phase.CHECKING_VOICEMAIL:
                for user in users:
                    lived = self._who_answers(call_id, user, now)
                    lived.answer(now, seen=not self._unheard.lasts)
                self._settle_as(call_id, Outcome.ANSWERED_ELSEWHERE)
                for channel in self._system.calls[call_id].parties:
                    self._unheard.answered(channel)

    @override
    def leaves(self, call_id: str, user: User, now: int) -> None:
        super().leaves(call_id, user, now)
        if any(channel.call.id == call_id for channel in user.channels.values()):
            return  # only the record moves him to another call: his phone goes on
        lived = self._of_call[call_id][user.id]
        lived.left = now
        if lived.part.answered is not None:
            outcome = Outcome.ANSWERED
        elif self._system.calls[call_id].phase is Phase.VOICEMAIL:
            outcome = Outcome.VOICEMAIL
        else:
            outcome = _OUTCOMES_OF_A_CALLER[StepName(self._step)]
        self._end(call_id, user.id, outcome)

    @override
    def ends(self, call_id: str, now: int) -> None:
        super().ends(call_id, now)
        self.calls_ended += 1
        for user_id, lived in self._of_call[call_id].copy().items():
            if lived.in_vain is not None:
                self._end(call_id, user_id, lived.in_vain)
            else:
                self._handed_over[user_id] = lived
        del self._of_call[call_id]

    # How parts begin and end

    def _begin(self, call_id: Id, user_id: int, step: Step, now: int, home: Id) -> Lived:
        lived = self._new(call_id, home, str(user_id), Part(step, now))
        lived = self._either(self._unheard.goes_on(lived), lived)
        self._of_call[call_id][user_id] = lived
        return lived

    def _either(self, again: Lived | None, new: Lived) -> Lived:
        """Return the part that goes on or, where there is none, the new one."""
        if again is None:
            self.lived.append(new)
            return new
        again.go_on()
        return again

    def _new(self, call_id: Id, home: Id, whose: Id, part: Part) -> Lived:
        caller = self._system.calls[call_id].caller
        unseen = self._unheard.lasts
        return Lived(
            home,
            whose,
            part,
            caller.uuid if caller is not None else call_id,
            unseen=unseen,
            noticed=not unseen,
        )

    def _who_answers(self, call_id: Id, user: User, now: int) -> Lived:
        lived = self._of_call[call_id].get(user.id)
        if lived is not None:
            return lived
        lived = self._handed_over.pop(user.id, None)
        if lived is not None:
            self._of_call[call_id][user.id] = lived
            return lived
        step = Step.OUTGOING if self._step == StepName.UNPARK else Step.ANSWERED
        home = self.homes.of_user(self._system.calls[call_id], user)
        return self._begin(call_id, user.id, step, now, home)

    def _settle_as(self, call_id: Id, outcome: Outcome) -> None:
        for user_id, lived in self._of_call[call_id].copy().items():
            if lived.in_vain is not None:
                self._end(call_id, user_id, outcome)

    def _end(self, call_id: Id, user_id: int, outcome: Outcome) -> None:
        lived = self._of_call[call_id].pop(user_id)
        rang_in_vain = lived.part.begin is Step.RINGING and lived.part.answered is None
        is_missed = rang_in_vain and outcome not in _ANSWERED_BY_OTHERS
        lived.end(Step.MISSED if is_missed else Step.ENDED, lived.left, outcome)
        self._unheard.ended(lived)

    # What calls tell of groups

    @override
    def waits(self, call_id: str, group: Group, now: int) -> None:
        super().waits(call_id, group, now)
        home = self.homes.of_caller(self._system.calls[call_id])
        visit = self._new(call_id, home, str(group.id), Part(Step.ENTERED, now))
        visit.unseen |= self.homes.is_headless(home)
        again = self._unheard.goes_on(visit)
        left = self._just_left.get(call_id)
        if left is not None and left.is_continued_by(visit):
            again = left
        self._visits[call_id] = self._either(again, visit)

    @override
    def waited(self, call_id: str, now: int, outcome: True_) -> None:
        super().waited(call_id, now, outcome)
        visit = self._visits.pop(call_id)
        seen_as = _OUTCOMES_OF_A_VISIT[outcome]
        visit.end(Step.ANSWERED if seen_as is Outcome.ANSWERED else Step.ABANDONED, now, seen_as)
        self._just_left[call_id] = visit
        self._unheard.ended(visit)

    # What channels tell

    def _hear(self, element: Element, row: Row, event_name: EventName) -> None:
        if element is Element.CHANNEL and event_name is EventName.ADDED:
            if not isinstance(row, Channel):
                raise TypeError("no channel")
            self.homes.born(row)
            if self._unheard.lasts:
                self._unheard.channels.append(row)
