"""Compare a picture with the simulator's record, while calls go on and after them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace

from custom_components.ws_cti.cti.story import CallState, Outcome
from custom_components.ws_cti.cti.words import Id
from simulator.calls import Phase
from simulator.model import User
from simulator.record import CallKind, CallRecord

from . import truth
from .truth import Part, Visit, Witnessed
from .watching import Watcher

#: What rows without a cause of hanging up cannot tell.
_UNKNOWABLE = (Outcome.CANCELLED, Outcome.NO_ANSWER, Outcome.REJECTED, Outcome.BUSY)


class Comparison:
    """Look at a picture after every step, and at all that it told in the end."""

    def __init__(self, watcher: Watcher) -> None:
        self.watcher = watcher
        self.system = watcher.system
        #: Calls that an attended transfer joined with others: their parts go on in both.
        self.joined: set[str] = set()
        self._answers: defaultdict[str, dict[Id, int]] = defaultdict(dict)
        self._voicemail: set[str] = set()

    def look(self) -> None:
        """Compare what is the case now."""
        self.witness()
        self.look_at_users(self.system.users)
        self.look_at_parties()
        self.look_at_queues()
        self.look_at_calls()

    def witness(self) -> None:
        """Remember what the record does not."""
        for call in self.system.calls.values():
            callee = call.callee
            if call.phase is Phase.VOICEMAIL:
                self._voicemail.add(call.id)
            if callee is not None and callee.user is None and callee.answer_timestamp is not None:
                self._answers[call.id].setdefault(callee.uuid, callee.answer_timestamp)
            for channel in call.parties:
                born = self.watcher.call_of.get(channel.uuid, call)
                if born is not call:
                    self.joined |= {born.id, call.id}

    def look_at_users(self, users: Iterable[User]) -> None:
        for user in users:
            known = self.watcher.pbx.calls.leading(str(user.id))
            assert known[0] is truth.state_of(self.system, user), user.label
            assert known[2] == len(self.system.record.calls_of(user)), user.label

    def look_at_parties(self) -> None:
        for user in self.system.users:
            seen = {(call.other.number, call.other.name) for call in self.watcher.calls(user)}
            assert truth.far_ends(self.system, user) <= seen, user.label

    def look_at_queues(self) -> None:
        queues = self.watcher.pbx.queues
        total = 0
        for group in self.system.groups:
            true = truth.waiting(self.system, group.id)
            assert dict(queues.waiting(str(group.id))) == true, group.label
            assert queues.oldest(str(group.id)) == min(true.values(), default=None), group.label
            total += len(true)
        assert queues.waiting_count == total
        assert self.watcher.parked() == truth.parked(self.system)

    def look_at_calls(self) -> None:
        call_of = self.watcher.call_of
        running = {call_of[call_id].id for call_id in self.watcher.pbx.calls.ids()}
        true = set(self.system.record.open)
        assert true ^ running <= self.joined

    def look_back(self, *, without_causes: bool = False) -> int:
        """Compare what was told with what happened, and return how many calls were compared."""
        compared = 0
        parts = self._by_call(truth.parts_told(self.watcher.events))
        visits = self._by_call(truth.visits_told(self.watcher.events))
        for record in self.system.record.ended:
            if record.id in self.joined:
                continue
            compared += 1
            for user in self.system.users:
                told = parts.get((record.id, str(user.id)), [])
                lived = self.parts_lived(record, user)
                if without_causes:
                    lived = [_without_cause(part) for part in lived]
                assert _sorted(_alike(told, lived)) == _sorted(lived), (record.id, user.label)
            for group in self.system.groups:
                seen = visits.get((record.id, str(group.id)), [])
                true = truth.visits_lived(record, group.id)
                if without_causes:
                    true = [_without_cause(visit) for visit in true]
                assert seen == true, (record.id, group.label)
        return compared

    def look_back_at_callers(self) -> None:
        """See that whoever called from outside is named in each event of his call."""
        callers = {
            record.id: record.number
            for record in self.system.record.ended
            if record.kind is CallKind.INCOMING and record.id not in self.joined
        }
        for event in self.watcher.events:
            if event.call_id in callers:
                assert event.caller.number == callers[event.call_id], event

    def parts_lived(self, record: CallRecord, user: User) -> list[Part]:
        """Return a user's parts in a call that is over."""
        answers = tuple(self._answers[record.id].values())
        witnessed = Witnessed(answers, record.id in self._voicemail)
        return truth.parts_lived(record, user.id, witnessed)

    def _by_call[T](self, told: dict[tuple[Id, Id], list[T]]) -> dict[tuple[str, Id], list[T]]:
        """Gather what the simulator takes for one call, such as parking and being taken."""
        gathered: defaultdict[tuple[str, Id], list[T]] = defaultdict(list)
        for (call_id, who), some in told.items():
            call = self.watcher.call_of.get(call_id)
            gathered[call.id if call is not None else call_id, who] += some
        return gathered

    def look_that_nothing_is_left(self) -> None:
        """See that nothing goes on, and nothing is remembered of what went on."""
        pbx = self.watcher.pbx
        for user in self.system.users:
            assert pbx.calls.leading(str(user.id)) == (CallState.IDLE, None, 0)
        for group in self.system.groups:
            assert not pbx.queues.waiting(str(group.id))
            assert pbx.calls.count_in_group(str(group.id)) == 0
        assert (len(pbx.calls), pbx.channels, dict(pbx.queues.parked)) == (0, {}, {})
        # The one look behind the scene: what grows with every call is no picture.
        for keeper in (pbx.calls, pbx.queues):
            for name, kept in vars(keeper).items():
                assert not (isinstance(kept, (dict, set)) and kept), name


def _alike(told: list[Part], lived: list[Part]) -> list[Part]:
    """Leave out why a caller was not answered, which the record does not tell."""
    if any(part.outcome is None for part in lived):
        return [
            replace(part, outcome=None)
            if part.answered is None and part.begin == "outgoing" and part.outcome != "voicemail"
            else part
            for part in told
        ]
    return told


def _without_cause[T: (Part, Visit)](lived: T) -> T:
    if lived.outcome in _UNKNOWABLE:
        return replace(lived, outcome=Outcome.UNKNOWN)
    if lived.outcome is Outcome.PICKED_UP:
        return replace(lived, outcome=Outcome.ANSWERED_ELSEWHERE)
    return lived


def _sorted(parts: list[Part]) -> list[Part]:
    return sorted(parts, key=lambda part: (part.began or 0, part.begin))
