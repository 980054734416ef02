"""Say what a client should know of the simulator's calls, by the simulator's own record."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import unquote

from custom_components.ws_cti.cti.story import CallEvent, CallState, Outcome, Step
from custom_components.ws_cti.cti.words import Id
from simulator.calls import Call, Phase
from simulator.model import User
from simulator.phone_system import PhoneSystem
from simulator.record import (
    CallKind,
    CallRecord,
    Outcome as RecordedOutcome,
    Ring,
    Talk,
    UserState,
)

_STATES = {
    UserState.IDLE: CallState.IDLE,
    UserState.DIALING: CallState.DIALING,
    UserState.RINGING: CallState.RINGING,
    UserState.ON_HOLD: CallState.ON_HOLD,
    UserState.TALKING: CallState.TALKING,
}
_UNANSWERED = {
    RecordedOutcome.CANCELLED: Outcome.CANCELLED,
    RecordedOutcome.NO_ANSWER: Outcome.NO_ANSWER,
    RecordedOutcome.OVERFLOWED: Outcome.NO_ANSWER,
    RecordedOutcome.REJECTED: Outcome.REJECTED,
    RecordedOutcome.BUSY: Outcome.BUSY,
    RecordedOutcome.VOICEMAIL: Outcome.VOICEMAIL,
}
_VISITS = {
    RecordedOutcome.ANSWERED: (Step.ANSWERED, Outcome.ANSWERED),
    RecordedOutcome.PICKED_UP: (Step.ANSWERED, Outcome.ANSWERED),
    RecordedOutcome.CANCELLED: (Step.ABANDONED, Outcome.CANCELLED),
    RecordedOutcome.NO_ANSWER: (Step.ABANDONED, Outcome.NO_ANSWER),
    RecordedOutcome.VOICEMAIL: (Step.ABANDONED, Outcome.VOICEMAIL),
    RecordedOutcome.OVERFLOWED: (Step.ABANDONED, Outcome.OVERFLOWED),
}
_CERTAIN = (Outcome.ANSWERED, Outcome.PICKED_UP)


# What is the case now


def state_of(system: PhoneSystem, user: User) -> CallState:
    """Return what a user does."""
    states = [
        # He asked an API client for this call, so his ringing phone begins an outgoing one.
        UserState.DIALING if _asked_for(system.calls[call_id], user, state) else state
        for call_id, state in system.record.calls_of(user).items()
    ]
    return _STATES[max(states, default=UserState.IDLE)]


def _asked_for(call: Call, user: User, state: UserState) -> bool:
    return (
        state is UserState.RINGING
        and call.phase is Phase.ORIGINATING
        and _api_caller(call.story) == user.id
    )


def _api_caller(record: CallRecord) -> int | None:
    """Return the user whose phone an API client rang first, for his own call."""
    if record.kind is not CallKind.API or not record.rings:
        return None
    first = record.rings[0]
    return first.user_id if first.group_id is None and first.began == record.began else None


def _connected_by_api(record: CallRecord) -> int | None:
    """Return the user who answered when an API client rang him, or him among others."""
    if record.kind is not CallKind.API:
        return None
    first = (ring for ring in record.rings if ring.began == record.began)
    return next((ring.user_id for ring in first if ring.outcome is RecordedOutcome.ANSWERED), None)


def waiting(system: PhoneSystem, group_id: int) -> dict[Id, int]:
    """Return the channels that wait for a group, and since when each does."""
    calls = system.record.waiting(system.groups.by_id[group_id])
    return {_served(system, call_id): since for call_id, since in calls.items()}


def parked(system: PhoneSystem) -> dict[str | None, Id]:
    """Return the channel in each park slot."""
    slots = system.record.parked()
    return {str(slot): _served(system, call_id) for slot, call_id in slots.items()}


def _served(system: PhoneSystem, call_id: str) -> Id:
    caller = system.calls[call_id].caller
    assert caller is not None
    return caller.uuid


def far_ends(system: PhoneSystem, user: User) -> set[tuple[str | None, str | None]]:
    """Return number and name of those to whom a user talks, and who ring him."""
    found: set[tuple[str | None, str | None]] = set()
    for call in system.calls.values():
        if call.phase is Phase.TALKING and user in call.users:
            other = call.sides(user)[1]
        elif call.phase is Phase.CALLING and user in call.ringing_users and call.caller:
            other = call.caller
        else:
            continue
        if other.user is not None:
            found.add((other.user.main_extension, other.user.label))
        else:
            found.add((other.peer_number, customers_name(other.end_user)))
    return found


def customers_name(end_user: str | None) -> str | None:
    """Return the name of the one customer whom the address book found."""
    return unquote((end_user or "*").split("*")[1]) or None


# What was the case


@dataclass(frozen=True, slots=True)
class Part:
    """Be one user's part in a call, from its first event to its last."""

    begin: Step
    began: int | None
    answered: int | None = None
    end: Step | None = None
    outcome: Outcome | None = None
    ended: int | None = None


@dataclass(frozen=True, slots=True)
class Visit:
    """Be one wait for a group."""

    entered: int | None
    end: Step | None = None
    outcome: Outcome | None = None
    left: int | None = None


def parts_told(events: Iterable[CallEvent]) -> dict[tuple[Id, Id], list[Part]]:
    """Return the parts that events tell, by call and user; fail where they tell nonsense."""
    running: dict[tuple[Id, Id], Part] = {}
    told: defaultdict[tuple[Id, Id], list[Part]] = defaultdict(list)
    for event in events:
        if event.user_id is None:
            continue
        key = (event.call_id, event.user_id)
        part = running.pop(key, None)
        match event.step:
            case Step.RINGING | Step.OUTGOING:
                assert part is None, f"{event.step} within a part"
                running[key] = Part(event.step, event.at)
            case Step.ANSWERED:
                assert part is None or part.answered is None, "answered twice"
                running[key] = replace(part or Part(event.step, event.at), answered=event.at)
            case Step.MISSED | Step.ENDED:
                assert part is not None, f"{event.step} without a beginning"
                over = replace(part, end=event.step, outcome=event.outcome, ended=event.at)
                told[key].append(over)
            case _:
                raise AssertionError(f"{event.step} is no step of a user")
    for key, part in running.items():
        told[key].append(part)
    return told


def visits_told(events: Iterable[CallEvent]) -> dict[tuple[Id, Id], list[Visit]]:
    """Return the waits that events tell, by call and group; fail where they tell nonsense."""
    told: defaultdict[tuple[Id, Id], list[Visit]] = defaultdict(list)
    for event in events:
        if event.user_id is not None or event.group_id is None:
            continue
        visits = told[event.call_id, event.group_id]
        if event.step is Step.ENTERED:
            assert not visits or visits[-1].end is not None, "entered twice"
            visits.append(Visit(event.at))
            continue
        assert event.step in (Step.ANSWERED, Step.ABANDONED), f"{event.step} is no step of a group"
        assert visits, f"{event.step} without a beginning"
        assert visits[-1].end is None, f"{event.step} after the end"
        visit = Visit(visits[-1].entered, event.step, event.outcome, event.at)
        visits[-1] = visit
    return told


def visits_lived(record: CallRecord, group_id: int) -> list[Visit]:
    """Return the waits for a group in a call that is over."""
    return [
        Visit(wait.began, *_VISITS[wait.outcome], wait.ended)
        for wait in record.waits
        if wait.group_id == group_id and wait.outcome is not None
    ]


@dataclass(frozen=True, slots=True)
class Witnessed:
    """Tell of a call what its record does not.

    `answers` are the times at which somebody outside answered, `voicemail` tells whether
    the call ended in a mailbox.
    """

    answers: tuple[int, ...] = ()
    voicemail: bool = False


def parts_lived(record: CallRecord, user_id: int, witnessed: Witnessed) -> list[Part]:
    """Return the parts of a user in a call that is over."""
    talks = [talk for talk in record.talks if talk.user_id == user_id]
    rings = [ring for ring in record.rings if ring.user_id == user_id]
    answers = sorted(_answers(record, witnessed))
    parts: list[Part] = []
    if user_id in (record.caller_id, _api_caller(record)):
        parts.append(_callers_part(record, talks[:1], answers, witnessed))
        del talks[:1]
    if user_id == _api_caller(record):
        del rings[:1]
    elif user_id == _connected_by_api(record):
        # To be connected takes a while, in which he is in the call already.
        parts.append(_connected_part(record, user_id, talks[:1]))
        del rings[:1], talks[:1]
    return [*parts, *_callees_parts(record, rings, talks, answers, witnessed)]


def _answers(record: CallRecord, witnessed: Witnessed) -> Iterator[int]:
    yield from witnessed.answers
    if record.far_end_answered is not None:
        yield record.far_end_answered
    # Who called, or was rung first by an API client, may also talk to a machine.
    callers = (record.caller_id, _api_caller(record), _connected_by_api(record))
    yield from (talk.began for talk in record.talks if talk.user_id not in callers)
    for ring in record.rings:
        if ring.outcome is RecordedOutcome.ANSWERED and ring.ended is not None:
            yield ring.ended


def _callers_part(
    record: CallRecord, talks: list[Talk], answers: list[int], witnessed: Witnessed
) -> Part:
    if record.kind is CallKind.VOICEMAIL_CHECK:
        answers = [talks[0].began]
    elif _api_caller(record) is not None:
        # That he took up his own phone is no answer to his call.
        answers = [at for at in answers if at > (record.rings[0].ended or 0)]
    outcome = Outcome.VOICEMAIL if witnessed.voicemail else None
    if answers:
        outcome = Outcome.ANSWERED
    left = talks[0].ended if talks else record.ended
    answered = min(answers, default=None)
    return Part(Step.OUTGOING, record.began, answered, Step.ENDED, outcome, left)


def _connected_part(record: CallRecord, user_id: int, talks: list[Talk]) -> Part:
    ring = next(ring for ring in record.rings if ring.user_id == user_id)
    left = talks[0].ended if talks else record.ended
    return Part(Step.RINGING, ring.began, ring.ended, Step.ENDED, Outcome.ANSWERED, left)


def _callees_parts(
    record: CallRecord,
    rings: list[Ring],
    talks: list[Talk],
    answers: list[int],
    witnessed: Witnessed,
) -> list[Part]:
    """Return a part for each time that a user was rung, picked up, or took a parked call.

    What rings again before anybody answered is one part, since its end is not certain.
    """
    talk_from = {talk.began: talk for talk in talks}
    taken = {parking.ended for parking in record.parkings if parking.taken_by_id is not None}
    answered_rings = {ring.ended for ring in rings if ring.outcome is RecordedOutcome.ANSWERED}
    moments: list[tuple[int, Ring | Talk]] = [(ring.began, ring) for ring in rings]
    moments += [(talk.began, talk) for talk in talks if talk.began not in answered_rings]
    parts: list[Part] = []
    open_since: int | None = None
    for at, one in sorted(moments, key=lambda moment: moment[0]):
        is_open = open_since is not None and not any(open_since <= x < at for x in answers)
        if is_open:
            parts.pop()
        since = open_since if open_since is not None and is_open else at
        if isinstance(one, Ring):
            part = _rung_part(one, since, answers, witnessed)
            if part.answered is not None:
                part = replace(part, ended=talk_from[part.answered].ended)
        else:
            begin = Step.RINGING if is_open else Step.OUTGOING if at in taken else Step.ANSWERED
            part = Part(begin, since, at, Step.ENDED, Outcome.ANSWERED, one.ended)
        parts.append(part)
        open_since = None if part.outcome in _CERTAIN else since
    return parts


def _rung_part(ring: Ring, since: int, answers: list[int], witnessed: Witnessed) -> Part:
    assert ring.outcome is not None
    part = Part(Step.RINGING, since, ended=ring.ended)
    match ring.outcome:
        case RecordedOutcome.ANSWERED:
            return replace(part, answered=ring.ended, end=Step.ENDED, outcome=Outcome.ANSWERED)
        case RecordedOutcome.PICKED_UP:
            return replace(part, end=Step.ENDED, outcome=Outcome.PICKED_UP)
    if ring.outcome is RecordedOutcome.ANSWERED_ELSEWHERE or any(at >= since for at in answers):
        return replace(part, end=Step.ENDED, outcome=Outcome.ANSWERED_ELSEWHERE)
    outcome = Outcome.VOICEMAIL if witnessed.voicemail else _UNANSWERED[ring.outcome]
    return replace(part, end=Step.MISSED, outcome=outcome)
