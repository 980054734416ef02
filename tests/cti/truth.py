"""Say what a client should know of the simulator's calls, by the simulator's own record."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from custom_components.ws_cti.cti.model import Id
from custom_components.ws_cti.cti.story import CallEvent, CallState, Outcome, Step

from simulator.calls import Phase
from simulator.model import User
from simulator.phone_system import PhoneSystem
from simulator.record import CallKind, CallRecord, Outcome as True_, Ring, Talk, UserState

_STATES = {
    UserState.IDLE: CallState.IDLE,
    UserState.DIALING: CallState.DIALING,
    UserState.RINGING: CallState.RINGING,
    UserState.ON_HOLD: CallState.ON_HOLD,
    UserState.TALKING: CallState.TALKING,
}
_UNANSWERED = {
    True_.CANCELLED: Outcome.CANCELLED,
    True_.NO_ANSWER: Outcome.NO_ANSWER,
    True_.OVERFLOWED: Outcome.NO_ANSWER,
    True_.REJECTED: Outcome.REJECTED,
    True_.BUSY: Outcome.BUSY,
    True_.VOICEMAIL: Outcome.VOICEMAIL,
}


def state_of(system: PhoneSystem, user: User) -> CallState:
    """Return what a user does."""
    states = [
        # He asked an API client for this call, so his ringing phone begins an outgoing one.
        UserState.DIALING if _asked_for(system, call_id, user, state) else state
        for call_id, state in system.record.calls_of(user).items()
    ]
    return _STATES[max(states, default=UserState.IDLE)]


def _asked_for(system: PhoneSystem, call_id: str, user: User, state: UserState) -> bool:
    call = system.calls[call_id]
    return (
        state is UserState.RINGING
        and call.phase is Phase.ORIGINATING
        and api_caller(call.story) == user.id
    )


def api_caller(record: CallRecord) -> int | None:
    """Return the user whose phone an API client rang first."""
    if record.kind is not CallKind.API or not record.rings:
        return None
    first = record.rings[0]
    return first.user_id if first.group_id is None and first.began == record.began else None


def _connected_by_api(record: CallRecord) -> int | None:
    """Return the user who answered when an API client rang him, or him among others."""
    if record.kind is not CallKind.API:
        return None
    first = (ring for ring in record.rings if ring.began == record.began)
    return next((ring.user_id for ring in first if ring.outcome is True_.ANSWERED), None)


def waiting(system: PhoneSystem, group_id: int) -> dict[Id, int]:
    """Return the channels that wait for a group, and since when each does."""
    group = system.groups.by_id[group_id]
    found = {}
    for call_id, since in system.record.waiting(group).items():
        caller = system.calls[call_id].caller
        assert caller is not None
        found[caller.uuid] = since
    return found


def parked(system: PhoneSystem) -> dict[str, Id]:
    """Return the channel in each park slot."""
    found = {}
    for slot, call_id in system.record.parked().items():
        caller = system.calls[call_id].caller
        assert caller is not None
        found[str(slot)] = caller.uuid
    return found


@dataclass(frozen=True, slots=True)
class Part:
    """Be one user's part in a call from its first event to its last."""

    begin: Step
    answered: bool
    end: Step
    outcome: Outcome | None


def parts_told(events: Iterable[CallEvent]) -> dict[tuple[Id, Id], list[Part]]:
    """Return the parts that events tell, by call and user; fail where they tell nonsense."""
    running: dict[tuple[Id, Id], Part] = {}
    over: defaultdict[tuple[Id, Id], list[Part]] = defaultdict(list)
    for event in events:
        if event.user_id is None:
            continue
        key = (event.call_id, event.user_id)
        part = running.pop(key, None)
        match event.step:
            case Step.RINGING | Step.OUTGOING:
                assert part is None, f"{event.step} within a part"
                running[key] = Part(event.step, False, event.step, None)
            case Step.ANSWERED:
                assert part is None or not part.answered, "answered twice"
                begin = part.begin if part is not None else Step.ANSWERED
                running[key] = Part(begin, True, event.step, None)
            case Step.MISSED | Step.ENDED:
                assert part is not None, f"{event.step} without a beginning"
                over[key].append(Part(part.begin, part.answered, event.step, event.outcome))
            case _:
                raise AssertionError(f"{event.step} is no step of a user")
    for key, part in running.items():
        over[key].append(part)
    return over


def parts_lived(
    record: CallRecord, user_id: int, answers: Iterable[int] = (), *, voicemail: bool
) -> list[Part]:
    """Return the parts of a user in a call that is over.

    `answers` are the times at which somebody outside answered, `voicemail` tells whether
    the call ended in a mailbox.
    """
    talks = [talk for talk in record.talks if talk.user_id == user_id]
    answered_at = sorted(_answers(record, answers))
    parts = []
    if user_id in (record.caller_id, api_caller(record)):
        parts.append(_caller_part(record, answered_at, voicemail=voicemail))
        del talks[:1]
    rings = [ring for ring in record.rings if ring.user_id == user_id]
    if user_id == api_caller(record):
        del rings[0]
    elif user_id == _connected_by_api(record):
        del talks[:1]
    return [*parts, *_callee_parts(record, rings, talks, answered_at, voicemail=voicemail)]


def _answers(record: CallRecord, outside: Iterable[int]) -> Iterable[int]:
    yield from outside
    if record.far_end_answered is not None:
        yield record.far_end_answered
    # Who called, or was rung first by an API client, may also talk to a machine.
    callers = (record.caller_id, api_caller(record), _connected_by_api(record))
    yield from (talk.began for talk in record.talks if talk.user_id not in callers)
    for ring in record.rings:
        if ring.outcome is True_.ANSWERED and ring.ended is not None:
            yield ring.ended


def _caller_part(record: CallRecord, answers: list[int], *, voicemail: bool) -> Part:
    if api_caller(record) is not None:
        # That his own phone was answered is no answer to his call.
        answers = [at for at in answers if at > (record.rings[0].ended or 0)]
    answered = bool(answers) or record.kind is CallKind.VOICEMAIL_CHECK
    outcome = Outcome.ANSWERED if answered else Outcome.VOICEMAIL if voicemail else None
    return Part(Step.OUTGOING, answered, Step.ENDED, outcome)


def _callee_parts(
    record: CallRecord,
    rings: list[Ring],
    talks: list[Talk],
    answers: list[int],
    *,
    voicemail: bool,
) -> list[Part]:
    """Return a part for each time that he was called, picked up or took a parked call."""
    parts: list[Part] = []
    moments: list[tuple[int, Ring | Talk]] = [(ring.began, ring) for ring in rings]
    taken = {ring.ended for ring in rings if ring.outcome is True_.ANSWERED}
    moments += [(talk.began, talk) for talk in talks if talk.began not in taken]
    moments.sort(key=lambda one: one[0])
    unparked = {parking.ended for parking in record.parkings if parking.taken_by_id is not None}
    open_since: int | None = None
    for began, one in moments:
        is_open = open_since is not None and not any(open_since <= at < began for at in answers)
        if isinstance(one, Talk):
            if began in unparked:
                parts.append(Part(Step.OUTGOING, True, Step.ENDED, Outcome.ANSWERED))
                continue
            begin = parts.pop().begin if is_open else Step.ANSWERED
            parts.append(Part(begin, True, Step.ENDED, Outcome.ANSWERED))
            open_since = None
            continue
        if is_open:
            parts.pop()
        elif open_since is None or not is_open:
            open_since = began
        parts.append(_rung_part(one, open_since or began, answers, voicemail=voicemail))
        if parts[-1].outcome in (Outcome.ANSWERED, Outcome.PICKED_UP):
            open_since = None
    return parts


def _rung_part(ring: Ring, since: int, answers: list[int], *, voicemail: bool) -> Part:
    match ring.outcome:
        case True_.ANSWERED:
            return Part(Step.RINGING, True, Step.ENDED, Outcome.ANSWERED)
        case True_.PICKED_UP:
            return Part(Step.RINGING, False, Step.ENDED, Outcome.PICKED_UP)
    if ring.outcome is True_.ANSWERED_ELSEWHERE or any(at >= since for at in answers):
        return Part(Step.RINGING, False, Step.ENDED, Outcome.ANSWERED_ELSEWHERE)
    assert ring.outcome is not None
    outcome = Outcome.VOICEMAIL if voicemail else _UNANSWERED[ring.outcome]
    return Part(Step.RINGING, False, Step.MISSED, outcome)
