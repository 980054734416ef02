"""A call to a group is one visit of the group, and each member's part ends when it is certain."""

from collections.abc import Callable

import pytest

from custom_components.ws_cti.cti.story import CallEvent, Step
from simulator.calls import Call
from simulator.model import Group

from .sentences import peer
from .watching import Office

NUMBER = "0399998888"


@pytest.fixture
def office() -> Office:
    return Office()


def steps_of(office: Office, group: Group) -> list[CallEvent]:
    """Return the events of a group."""
    return [event for event in office.events if event.group_id and event.user_id is None]


# What the group is told


def test_group_is_entered_and_answered(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.sales)
    assert office.told() == ["Sales entered"]
    call.ring()
    call.answer(office.alice)
    assert [event.step for event in steps_of(office, office.sales)] == ["entered", "answered"]
    call.hang_up()
    assert [event.step for event in steps_of(office, office.sales)] == ["entered", "answered"]


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        (Call.cancel, "cancelled"),
        (Call.disconnect, "no_answer"),
        (Call.to_voicemail, "voicemail"),
        (Call.to_ivr, "overflowed"),
    ],
)
def test_group_is_abandoned_and_says_how(
    office: Office, end: Callable[[Call], None], outcome: str
) -> None:
    end(office.system.incoming_call(NUMBER, office.sales))
    assert office.told() == ["Sales entered", f"Sales abandoned {outcome}"]


def test_group_learns_how_long_was_waited(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.sales)
    entered_at = office.clock()
    office.clock.advance(30)
    call.cancel()
    entered, abandoned = steps_of(office, office.sales)
    assert (entered.at, entered.ring_seconds) == (entered_at, None)
    assert (abandoned.at, abandoned.ring_seconds) == (office.clock(), 31)


def test_group_learns_who_called_and_who_answered(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.sales, name="Olive", did="0312340000")
    call.ring()
    call.answer(office.bob)
    entered, answered = steps_of(office, office.sales)
    assert peer(entered.caller) == f"{NUMBER} Olive"
    assert peer(entered.called) == "1100 Sales"
    assert entered.dialled_address == "0312340000"
    assert (entered.answered_by, answered.answered_by) == (None, str(office.bob.id))


def test_overflow_leaves_one_group_and_enters_the_next(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.sales)
    call.overflow(office.support)
    assert office.told() == ["Sales entered", "Sales abandoned overflowed", "Support entered"]
    call.ring()
    call.answer()
    assert office.told()[1:] == ["Alice answered", "Support answered"]


def test_same_group_may_be_visited_twice(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.sales)
    call.to_ivr()
    call.overflow(office.sales)
    call.cancel()
    assert office.told() == [
        "Sales entered",
        "Sales abandoned overflowed",
        "Sales entered",
        "Sales abandoned cancelled",
    ]


def test_caller_whom_the_phone_system_sends_away_after_a_menu_was_not_answered(
    office: Office,
) -> None:
    call = office.system.incoming_call(NUMBER, office.sales)
    call.to_ivr()
    call.overflow(office.support)
    call.disconnect()
    assert office.told()[-1] == "Support abandoned no_answer"


def test_colleague_who_calls_a_group_waits_for_it(office: Office) -> None:
    call = office.system.internal_call(office.alice, office.support)
    assert office.waiting(office.support) == [call.id]
    call.ring()
    assert office.told() == ["Alice outgoing", "Support entered", "Bob ringing"]
    (of_alice,) = office.calls(office.alice)
    assert peer(of_alice.other) == "1101 Support"


# What its members are told


def test_event_of_a_member_names_the_group(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.support)
    call.ring()
    call.answer()
    call.hang_up()
    of_alice = [event for event in office.events if event.user_id == str(office.alice.id)]
    assert [event.step for event in of_alice] == ["ringing", "answered", "ended"]
    assert {event.group_id for event in of_alice} == {str(office.support.id)}


def test_member_who_did_not_answer_learns_later_that_a_colleague_did(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.support)
    call.ring()
    call.no_answer()
    call.ring()
    # Whether Alice has missed the call depends on Bob.
    assert office.told() == ["Support entered", "Alice ringing", "Bob ringing"]
    assert office.state(office.alice) == "idle"
    call.answer()
    assert office.told() == ["Bob answered", "Support answered", "Alice ended answered_elsewhere"]


def test_members_who_did_not_answer_have_missed_the_call_if_nobody_did(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.support)
    for _ in office.people:
        call.ring()
        call.no_answer()
    assert office.told() == ["Support entered", "Alice ringing", "Bob ringing", "Carol ringing"]
    call.disconnect()
    assert office.told() == [
        "Support abandoned no_answer",
        "Alice missed no_answer",
        "Bob missed no_answer",
        "Carol missed no_answer",
    ]


def test_member_who_rings_a_second_time_has_missed_one_call(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.support)
    for _ in range(2):
        for _ in office.people:
            call.ring()
            call.no_answer()
    call.cancel()
    assert office.told().count("Alice ringing") == 1
    missed = [event for event in office.events if event.step is Step.MISSED]
    assert len(missed) == 3


def test_member_who_answers_when_he_rings_again_has_one_call(office: Office) -> None:
    office.system.log_out(office.bob, office.support)
    office.system.log_out(office.carol, office.support)
    call = office.system.incoming_call(NUMBER, office.support)
    call.ring()
    call.no_answer()
    call.ring()
    call.answer()
    call.hang_up()
    assert office.told() == [
        "Support entered",
        "Alice ringing",
        "Alice answered",
        "Support answered",
        "Alice ended answered",
    ]


def test_member_who_declined_learns_that_a_colleague_answered(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.support)
    call.ring()
    call.reject()
    call.ring()
    call.answer()
    assert "Alice ended answered_elsewhere" in office.told()


def test_member_who_rang_before_a_group_overflowed_learns_the_end(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.support)
    call.ring()
    call.overflow(office.bob)
    call.ring()
    assert office.told()[-1] == "Bob ringing"
    call.answer()
    assert "Alice ended answered_elsewhere" in office.told()


def test_members_have_missed_a_call_that_their_group_lets_go_to_voicemail(
    office: Office,
) -> None:
    call = office.system.incoming_call(NUMBER, office.sales)
    call.ring()
    call.to_voicemail()
    assert sorted(office.told()[4:]) == [
        "Alice missed voicemail",
        "Bob missed voicemail",
        "Carol missed voicemail",
        "Sales abandoned voicemail",
    ]


# How many calls a group has


def test_group_has_the_calls_that_wait_for_it_and_those_that_it_serves(office: Office) -> None:
    sales = str(office.sales.id)
    assert office.pbx.calls.count_in_group(sales) == 0
    waiting = office.system.incoming_call(NUMBER, office.sales)
    served = office.system.incoming_call("0311112222", office.sales)
    served.ring()
    served.answer(office.bob)
    assert office.pbx.calls.count_in_group(sales) == 2
    assert office.waiting(office.sales) == [waiting.id]
    served.hang_up()
    assert office.pbx.calls.count_in_group(sales) == 1
    waiting.cancel()
    assert office.pbx.calls.count_in_group(sales) == 0


def test_call_that_a_group_answered_is_its_own_until_it_ends(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.sales)
    call.ring()
    call.answer(office.bob)
    (talking,) = office.calls(office.bob)
    assert talking.group_id == str(office.sales.id)
    assert office.waiting(office.sales) == []
    assert office.pbx.calls.count_in_group(str(office.sales.id)) == 1
