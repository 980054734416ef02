"""The simulator remembers what truly happened, to be compared with what others made of it."""

import pytest

from simulator.clock import ManualClock
from simulator.model import Group, User
from simulator.phone_system import PhoneSystem
from simulator.record import CallKind, Outcome, UserState

NUMBER = "0312345678"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def system(clock: ManualClock) -> PhoneSystem:
    return PhoneSystem.office(4, 2, clock=clock)


@pytest.fixture
def sales(system: PhoneSystem) -> Group:
    return next(iter(system.groups))


@pytest.fixture
def alice(system: PhoneSystem) -> User:
    return system.users.by_id[10001000]


@pytest.fixture
def taro(system: PhoneSystem) -> User:
    return system.users.by_id[10001001]


@pytest.fixture
def zoe(system: PhoneSystem) -> User:
    return system.users.by_id[10001002]


def test_answered_group_call(
    system: PhoneSystem, clock: ManualClock, sales: Group, alice: User, zoe: User
) -> None:
    began = clock()
    call = system.incoming_call(NUMBER, sales, name="Olive Oyl")
    assert list(system.record.waiting(sales)) == [call.id]
    call.ring()
    assert system.record.state_of(alice) is UserState.RINGING
    clock.advance(4)
    call.answer(zoe)
    assert system.record.state_of(alice) is UserState.IDLE
    assert system.record.state_of(zoe) is UserState.TALKING
    assert not system.record.waiting(sales)
    clock.advance(60)
    call.hang_up(zoe)

    story = call.story
    assert (story.kind, story.number, story.name) == (CallKind.INCOMING, NUMBER, "Olive Oyl")
    assert story.rung_user_ids == [alice.id, zoe.id]
    assert story.answered_by_ids == [zoe.id]
    assert story.answered == began + 4_000_000
    assert story.ended == began + 64_000_000
    assert story.outcome_of(zoe) is Outcome.ANSWERED
    assert story.outcome_of(alice) is Outcome.ANSWERED_ELSEWHERE
    assert story.outcome_for(sales) is Outcome.ANSWERED
    assert not story.missed


def test_abandoned_call_is_missed_by_everybody(
    system: PhoneSystem, sales: Group, alice: User, taro: User
) -> None:
    call = system.incoming_call(NUMBER, sales)
    call.ring()
    call.cancel()
    assert call.story.missed
    assert call.story.outcome_of(alice) is Outcome.CANCELLED
    assert call.story.outcome_of(taro) is None
    assert call.story.outcome_for(sales) is Outcome.CANCELLED


def test_whoever_was_hunted_in_vain_learns_that_a_colleague_answered(
    system: PhoneSystem, taro: User
) -> None:
    support = list(system.groups)[1]
    call = system.incoming_call(NUMBER, support)
    assert call.ring() == [taro]
    call.no_answer()
    assert call.story.outcome_of(taro) is Outcome.NO_ANSWER
    (other,) = call.ring()
    call.answer()
    assert call.story.outcome_of(taro) is Outcome.ANSWERED_ELSEWHERE
    assert call.story.outcome_of(other) is Outcome.ANSWERED


def test_outcomes_of_refusal_are_told_apart(system: PhoneSystem, alice: User) -> None:
    call = system.incoming_call(NUMBER, alice)
    call.ring()
    call.reject()
    assert call.story.outcome_of(alice) is Outcome.REJECTED
    call.ring()
    call.busy()
    assert call.story.outcome_of(alice) is Outcome.BUSY
    call.ring()
    call.to_voicemail()
    assert call.story.outcome_of(alice) is Outcome.VOICEMAIL
    call.leave_message(7)
    assert [(message.owner_id, message.seconds) for message in call.story.messages] == [
        (alice.id, 7)
    ]
    call.hang_up()


def test_picked_up_call_was_not_missed(system: PhoneSystem, alice: User, taro: User) -> None:
    call = system.incoming_call(NUMBER, alice)
    call.ring()
    call.pick_up(taro)
    assert call.story.outcome_of(alice) is Outcome.PICKED_UP
    assert call.story.answered_by_ids == [taro.id]
    assert not call.story.missed


def test_strongest_of_several_calls_counts(system: PhoneSystem, alice: User, taro: User) -> None:
    first = system.incoming_call(NUMBER, alice)
    first.ring()
    first.answer()
    second = system.incoming_call("0399998888", alice)
    second.ring(alice)
    assert system.record.state_of(alice) is UserState.TALKING
    first.hold(alice)
    assert system.record.state_of(alice) is UserState.ON_HOLD
    first.hang_up(alice)
    assert system.record.state_of(alice) is UserState.RINGING
    third = system.internal_call(taro, alice)
    assert system.record.state_of(taro) is UserState.DIALING
    second.cancel()
    assert system.record.state_of(alice) is UserState.IDLE
    third.cancel()


def test_parking_is_remembered(
    system: PhoneSystem, clock: ManualClock, alice: User, taro: User
) -> None:
    call = system.incoming_call(NUMBER, alice)
    call.ring()
    call.answer()
    slot = call.park(alice)
    assert system.record.parked() == {slot: call.id}
    assert system.record.state_of(alice) is UserState.IDLE
    clock.advance(9)
    call.unpark(taro)
    assert not system.record.parked()
    (parking,) = call.story.parkings
    assert parking.ended is not None
    assert (parking.slot, parking.parker_id, parking.taken_by_id) == (slot, alice.id, taro.id)
    assert parking.ended - parking.began == 9_000_000


def test_outgoing_call_was_answered_outside(system: PhoneSystem, alice: User) -> None:
    call = system.outgoing_call(alice, NUMBER)
    call.ring()
    assert not call.story.answered
    call.answer()
    assert call.story.answered == system.clock()
    assert call.story.answered_by_ids == []
    assert call.story.caller_id == alice.id


def test_history_is_bounded_unless_all_is_wanted() -> None:
    for history, kept in ((3, 3), (None, 5)):
        system = PhoneSystem.office(1, 0, history=history)
        for user in system.users:
            for _ in range(5):
                system.incoming_call(NUMBER, user).cancel()
        assert len(system.record.calls) == kept
