"""Each step of a call is told in the rows that a phone system tells it in."""

from collections.abc import Callable

import pytest

from simulator.calls import Call, Phase, StepName
from simulator.channels import HangupEvents
from simulator.clock import ManualClock
from simulator.errors import SimulationError
from simulator.model import Channel, EndUser, Group, Row, User
from simulator.phone_system import PhoneSystem
from simulator.rows import state_tuple
from simulator.words import Element, EventName

NUMBER = "0312345678"


@pytest.fixture
def system() -> PhoneSystem:
    return PhoneSystem.office(clock=ManualClock())


@pytest.fixture
def sales(system: PhoneSystem) -> Group:
    return next(iter(system.groups))


@pytest.fixture
def support(system: PhoneSystem) -> Group:
    return list(system.groups)[1]


@pytest.fixture
def alice(system: PhoneSystem) -> User:
    return system.users.by_id[10001000]


@pytest.fixture
def taro(system: PhoneSystem) -> User:
    return system.users.by_id[10001001]


@pytest.fixture
def zoe(system: PhoneSystem) -> User:
    return system.users.by_id[10001002]


@pytest.fixture
def told(system: PhoneSystem) -> list[str]:
    """Collect what is told, one line for each row."""
    lines: list[str] = []

    def hear(element: Element, row: Row, event_name: EventName) -> None:
        if not isinstance(row, Channel):
            lines.append(f"{element} {event_name}")
            return
        who = row.user.main_extension if row.user else row.peer_number
        if element is not Element.CHANNEL:
            lines.append(f"{element} {event_name}: {who}")
        elif row.hangup_timestamp:
            lines.append(f"{event_name} {row.last_event}: {who} {row.last_event_data}")
        else:
            lines.append(f"{event_name} {row.last_event}: {who}")

    system.subscribe(hear)
    return lines


def test_ring_group_rings_everybody_and_one_answers(
    system: PhoneSystem, sales: Group, zoe: User, told: list[str]
) -> None:
    for user in list(system.users)[3:]:
        system.set_do_not_disturb(user, on=True)
    told.clear()
    call = system.incoming_call(NUMBER, sales)
    call.ring()
    call.answer(zoe)
    assert told == [
        "added NEW_CHANNEL: 0312345678",
        "updated STATE_CHANGE: 0312345678",
        "queued_channel added: 0312345678",
        "added CHANNEL_ORIGINATE: 1000",
        "added CHANNEL_ORIGINATE: 1002",
        "queued_channel removed: 0312345678",
        "updated CHANNEL_ANSWER: 1002",
        "removed CHANNEL_HANGUP: 1000 send_cancel,LOSE_RACE",
        "updated CHANNEL_BRIDGE: 0312345678",
    ]


def test_hunt_group_rings_one_after_the_other(system: PhoneSystem, support: Group) -> None:
    call = system.incoming_call(NUMBER, support)
    rung = []
    for _ in range(len(support.members) + 1):
        rung += call.ring()
        call.no_answer()
    by_priority = sorted(support.members.values(), key=lambda member: member.priority)
    assert rung == [*(member.user for member in by_priority), by_priority[0].user]


def test_group_rings_only_who_is_logged_in_and_idle(
    system: PhoneSystem, sales: Group, alice: User, zoe: User
) -> None:
    system.log_out(zoe, sales)
    talk = system.outgoing_call(alice, NUMBER)
    rung = system.incoming_call(NUMBER, sales).ring()
    assert alice not in rung
    assert zoe not in rung
    assert len(rung) == len(sales.members) - 2
    talk.cancel()


def test_all_phones_of_a_user_ring_and_the_others_stop(
    system: PhoneSystem, alice: User, told: list[str]
) -> None:
    second = system.register_terminal(alice)
    told.clear()
    call = system.incoming_call(NUMBER, alice)
    call.ring()
    call.answer(alice, second)
    assert told[2:] == [
        "added CHANNEL_ORIGINATE: 1000",
        "added CHANNEL_ORIGINATE: 1000",
        "updated CHANNEL_ANSWER: 1000",
        "removed CHANNEL_HANGUP: 1000 send_cancel,LOSE_RACE",
        "updated CHANNEL_BRIDGE: 0312345678",
    ]
    assert call.callee is not None
    assert call.callee.terminal is second


@pytest.mark.parametrize(
    ("step", "data"),
    [
        (Call.reject, "recv_refuse,CALL_REJECTED"),
        (Call.busy, "recv_refuse,USER_BUSY"),
        (Call.no_answer, "send_cancel,NO_ANSWER"),
    ],
)
def test_refused_call_goes_on_to_voicemail(
    system: PhoneSystem, alice: User, told: list[str], step: Callable[[Call], None], data: str
) -> None:
    call = system.incoming_call(NUMBER, alice)
    call.ring()
    told.clear()
    step(call)
    call.to_voicemail()
    call.leave_message(12)
    call.hang_up()
    assert told == [
        f"removed CHANNEL_HANGUP: 1000 {data}",
        "updated CHANNEL_ANSWER: 0312345678",
        "user updated",
        "removed CHANNEL_HANGUP: 0312345678 recv_bye,NORMAL_CLEARING",
    ]
    assert alice.mailbox.text == "1/0"


def test_nobody_answers_and_the_caller_is_refused(
    system: PhoneSystem, alice: User, told: list[str]
) -> None:
    call = system.incoming_call(NUMBER, alice)
    call.ring()
    told.clear()
    call.disconnect()
    assert told == [
        "removed CHANNEL_HANGUP: 1000 send_cancel,NO_ANSWER",
        "removed CHANNEL_HANGUP: 0312345678 send_refuse,NO_ANSWER",
    ]


def test_colleague_picks_up(system: PhoneSystem, alice: User, taro: User, told: list[str]) -> None:
    call = system.incoming_call(NUMBER, alice)
    call.ring()
    told.clear()
    call.pick_up(taro)
    assert told == [
        "added NEW_CHANNEL: 1001",
        "removed CHANNEL_HANGUP: 1000 send_cancel,PICKED_OFF",
        "updated CHANNEL_ANSWER: 1001",
        "updated CHANNEL_BRIDGE: 0312345678",
    ]
    assert call.callee is not None
    assert call.callee.called_number == f"pickup_uuid.{call.id}"


def test_parked_call_is_taken_by_a_colleague(
    system: PhoneSystem, alice: User, taro: User, told: list[str]
) -> None:
    call = system.incoming_call(NUMBER, alice)
    call.ring()
    call.answer()
    told.clear()
    assert call.park(alice) == 901
    assert system.call_in_slot(901) is call
    call.unpark(taro)
    assert told == [
        "updated CHANNEL_PARK: 0312345678",
        "parked_channel added: 0312345678",
        "channel_waiting added: 0312345678",
        "removed CHANNEL_HANGUP: 1000 recv_bye,NORMAL_CLEARING",
        "added NEW_CHANNEL: 1001",
        "channel_waiting removed: 0312345678",
        "parked_channel removed: 0312345678",
        "updated CHANNEL_ANSWER: 1001",
        "updated CHANNEL_BRIDGE: 0312345678",
    ]


def test_slots_are_the_own_park_groups_first_and_then_the_shared_ones(
    system: PhoneSystem, alice: User
) -> None:
    alice.park_group = 2
    slots = []
    for _ in range(6):
        call = system.incoming_call(NUMBER, alice)
        call.ring()
        call.answer()
        slots.append(call.park(alice))
    assert slots == [907, 908, 909, 997, 998, 999]
    call = system.incoming_call(NUMBER, alice)
    call.ring()
    call.answer()
    with pytest.raises(SimulationError, match="All park slots are taken"):
        call.park(alice)
    with pytest.raises(SimulationError, match="slot 907 is taken"):
        call.park(alice, 907)


def test_blind_transfer_hands_the_caller_over(
    system: PhoneSystem, alice: User, support: Group, told: list[str]
) -> None:
    call = system.incoming_call(NUMBER, alice)
    call.ring()
    call.answer()
    told.clear()
    call.transfer(alice, support)
    call.ring()
    call.answer()
    call.hang_up()
    assert told == [
        "updated STATE_CHANGE: 0312345678",
        "queued_channel added: 0312345678",
        "removed CHANNEL_HANGUP: 1000 send_bye,NORMAL_CLEARING",
        "added CHANNEL_ORIGINATE: 1001",
        "queued_channel removed: 0312345678",
        "updated CHANNEL_ANSWER: 1001",
        "updated CHANNEL_BRIDGE: 0312345678",
        "removed CHANNEL_HANGUP: 0312345678 recv_bye,NORMAL_CLEARING",
        "removed CHANNEL_HANGUP: 1001 send_bye,NORMAL_CLEARING",
    ]


def test_attended_transfer_brings_both_together(
    system: PhoneSystem, alice: User, taro: User, told: list[str]
) -> None:
    call = system.incoming_call(NUMBER, alice)
    call.ring()
    call.answer()
    consultation = call.consult(alice, taro)
    assert call.phase is Phase.ON_HOLD
    consultation.ring()
    consultation.answer()
    told.clear()
    call.complete_transfer(consultation)
    assert told == [
        "updated CHANNEL_BRIDGE: 0312345678",
        "updated CHANNEL_BRIDGE: 1001",
        "removed CHANNEL_HANGUP: 1000 send_bye,NORMAL_CLEARING",
        "removed CHANNEL_HANGUP: 1000 send_bye,NORMAL_CLEARING",
    ]
    assert consultation.ended
    assert call.users == [taro]
    call.hang_up(taro)
    assert not system.channels.live


def test_outgoing_call_ends_when_the_far_end_is_busy(
    system: PhoneSystem, alice: User, told: list[str]
) -> None:
    call = system.outgoing_call(alice, "0399998888")
    call.ring()
    call.busy()
    assert told == [
        "added NEW_CHANNEL: 1000",
        "updated STATE_CHANGE: 1000",
        "added CHANNEL_ORIGINATE: 0399998888",
        "removed CHANNEL_HANGUP: 0399998888 recv_refuse,USER_BUSY",
        "removed CHANNEL_HANGUP: 1000 send_refuse,USER_BUSY",
    ]
    assert call.ended


def test_customer_who_was_called_can_be_handed_over(
    system: PhoneSystem, alice: User, taro: User
) -> None:
    call = system.outgoing_call(alice, "0399998888")
    call.ring()
    call.answer()
    call.transfer(alice, taro)
    call.ring()
    (leg,) = call.legs.values()
    assert (leg.calling_name, leg.calling_number) == ("0399998888", "0399998888")
    call.answer()
    assert call.users == [taro]


def test_api_call_rings_the_user_and_then_the_destination(
    system: PhoneSystem, alice: User, taro: User, told: list[str]
) -> None:
    call = system.api_call(alice, taro)
    assert call.phase is Phase.ORIGINATING
    call.answer()
    call.ring()
    call.answer()
    assert told == [
        "added CHANNEL_ORIGINATE: 1000",
        "updated CHANNEL_ANSWER: 1000",
        "updated STATE_CHANGE: 1000",
        "added CHANNEL_ORIGINATE: 1001",
        "updated CHANNEL_ANSWER: 1001",
        "updated CHANNEL_BRIDGE: 1000",
    ]
    assert call.caller is not None
    assert call.caller.origination == "call_user*alice.martin*1001"


def test_menu_and_overflow_move_the_caller_on(
    system: PhoneSystem, sales: Group, alice: User, told: list[str]
) -> None:
    call = system.incoming_call(NUMBER, sales)
    told.clear()
    call.to_ivr(7)
    assert call.caller is not None
    assert state_tuple(call.caller.state) == (system.clock(), "ivr", 7)
    call.overflow(alice)
    call.ring()
    assert told == [
        "queued_channel removed: 0312345678",
        "updated CHANNEL_ANSWER: 0312345678",
        "updated STATE_CHANGE: 0312345678",
        "added CHANNEL_ORIGINATE: 1000",
    ]


def test_withheld_number_is_nowhere(system: PhoneSystem, alice: User) -> None:
    call = system.incoming_call(None, alice)
    call.ring()
    for channel in system.channels.live.values():
        assert channel.calling_number is None
        assert channel.calling_name is None


def test_customers_are_percent_encoded(system: PhoneSystem, alice: User) -> None:
    olive = EndUser("77", "Olive Oyl", "Thimble*Theatre", "", "東京")
    call = system.incoming_call(NUMBER, alice, end_user=[olive, EndUser("78")])
    assert call.caller is not None
    assert (
        call.caller.end_user
        == "_MANY_:2|77*Olive%20Oyl*Thimble%2ATheatre**%E6%9D%B1%E4%BA%AC|78****"
    )


def test_illegal_steps_are_refused(
    system: PhoneSystem, alice: User, taro: User, sales: Group
) -> None:
    call = system.incoming_call(NUMBER, alice)
    illegal: list[Callable[[], object]] = [
        call.answer,
        call.hang_up,
        call.resume,
        lambda: call.ring(taro),
        lambda: call.park(alice),
        lambda: call.pick_up(taro),
        lambda: call.unpark(taro),
        lambda: call.transfer(alice, taro),
        call.leave_message,
        call.listen,
        lambda: system.internal_call(alice, alice),
        lambda: system.api_call(alice, alice),
        lambda: system.remove_user(alice),
        lambda: system.call_in_slot(901),
        lambda: system.call_of("no-such-channel"),
    ]
    for step in illegal:
        with pytest.raises(SimulationError):
            step()
    call.cancel()
    with pytest.raises(SimulationError):
        call.disconnect()
    assert not call.legal_steps()
    system.set_do_not_disturb(alice, on=True)
    with pytest.raises(SimulationError, match="No phone of Alice Martin can ring"):
        system.incoming_call(NUMBER, alice).ring()
    with pytest.raises(SimulationError, match="Nobody's phone can ring"):
        system.api_call(alice, sales)


def test_legal_steps_follow_the_call(system: PhoneSystem, alice: User) -> None:
    call = system.incoming_call(NUMBER, alice)
    assert StepName.RING in call.legal_steps()
    assert StepName.ANSWER not in call.legal_steps()
    call.ring()
    assert StepName.ANSWER in call.legal_steps()
    assert StepName.RING not in call.legal_steps()
    call.answer()
    assert StepName.PARK in call.legal_steps()
    assert StepName.CANCEL not in call.legal_steps()


@pytest.mark.parametrize(
    ("hangup_events", "names"),
    [
        (HangupEvents.REMOVED, ["removed"]),
        (HangupEvents.UPDATED_THEN_REMOVED, ["updated", "removed"]),
        (HangupEvents.UPDATED, ["updated"]),
    ],
)
def test_end_of_a_channel_can_be_told_in_other_ways(
    hangup_events: HangupEvents, names: list[str]
) -> None:
    system = PhoneSystem.office(hangup_events=hangup_events)
    call = system.incoming_call(NUMBER, next(iter(system.users)))
    told: list[str] = []
    system.subscribe(lambda _element, _row, event_name: told.append(event_name.value))
    call.cancel()
    assert told == names
    assert not system.channels.live
