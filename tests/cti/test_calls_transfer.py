"""Calls that are parked, handed on, or joined go on for whoever is left in them."""

import pytest

from .sentences import peer
from .watching import Office

NUMBER = "0399998888"


@pytest.fixture
def office() -> Office:
    return Office()


# Park slots


def test_parked_call_stands_in_its_slot_until_somebody_takes_it(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.alice)
    call.ring()
    call.answer()
    office.told()
    slot = call.park(office.alice)
    assert office.parked() == {str(slot): call.id}
    assert office.told() == ["Alice ended answered"]
    assert office.state(office.alice) == "idle"
    call.unpark(office.bob)
    assert office.parked() == {}
    assert office.told() == ["Bob outgoing", "Bob answered"]
    assert office.state(office.bob) == "talking"
    assert [peer(one.other) for one in office.calls(office.bob)] == [NUMBER]
    call.hang_up()
    assert office.told() == ["Bob ended answered"]
    assert len(office.pbx.calls) == 0


def test_parked_colleague_is_on_hold(office: Office) -> None:
    call = office.system.internal_call(office.alice, office.bob)
    call.ring()
    call.answer()
    call.park(office.bob)
    assert (office.state(office.alice), office.state(office.bob)) == ("on_hold", "idle")
    call.unpark(office.carol)
    assert office.state(office.alice) == office.state(office.carol) == "talking"
    assert [peer(one.other) for one in office.calls(office.alice)] == ["1002 Carol"]


def test_parked_call_may_be_given_up(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.alice)
    call.ring()
    call.answer()
    call.park(office.alice)
    call.hang_up()
    assert office.parked() == {}
    assert office.told() == ["Alice ringing", "Alice answered", "Alice ended answered"]
    assert len(office.pbx.calls) == 0


def test_call_that_waits_too_long_in_its_slot_rings_back(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.alice)
    call.ring()
    call.answer()
    call.park(office.alice)
    office.told()
    call.overflow(office.alice)
    call.ring()
    assert office.parked() == {}
    assert office.told() == ["Alice ringing"]
    call.answer()
    call.hang_up()
    assert office.told() == ["Alice answered", "Alice ended answered"]


# Handed on without asking


def test_transferred_caller_rings_at_the_next_phone(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.alice)
    call.ring()
    call.answer()
    office.told()
    call.transfer(office.alice, office.bob)
    assert office.told() == ["Alice ended answered"]
    call.ring()
    assert office.told() == ["Bob ringing"]
    assert [peer(one.other) for one in office.calls(office.bob)] == [NUMBER]
    call.answer()
    call.hang_up()
    assert office.told() == ["Bob answered", "Bob ended answered"]


def test_transfer_that_nobody_answers_is_missed_by_whom_it_rang(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.alice)
    call.ring()
    call.answer()
    call.transfer(office.alice, office.bob)
    call.ring()
    office.told()
    call.cancel()
    assert office.told() == ["Bob missed cancelled"]


def test_user_who_is_handed_on_dials_again(office: Office) -> None:
    call = office.system.internal_call(office.alice, office.bob)
    call.ring()
    call.answer()
    call.transfer(office.bob, office.carol)
    call.ring()
    assert office.state(office.alice) == "dialing"
    assert [peer(one.other) for one in office.calls(office.alice)] == ["1002 Carol"]
    call.answer()
    assert office.state(office.alice) == office.state(office.carol) == "talking"


def test_who_is_handed_on_dials_since_then(office: Office) -> None:
    for by in (office.alice, office.bob):
        call = office.system.internal_call(office.alice, office.bob)
        call.ring()
        call.answer()
        office.clock.advance(60)
        call.transfer(by, office.carol)
        handed_on = office.bob if by is office.alice else office.alice
        (dialing,) = office.calls(handed_on)
        assert dialing.state == "dialing"
        assert dialing.since is not None
        assert office.clock() - dialing.since < 10_000_000
        call.disconnect()


def test_colleague_whom_the_caller_hands_on_dials(office: Office) -> None:
    call = office.system.internal_call(office.alice, office.bob)
    call.ring()
    call.answer()
    office.told()
    call.transfer(office.alice, office.carol)
    call.ring()
    assert office.told() == ["Alice ended answered", "Carol ringing"]
    assert [office.state(user) for user in office.people] == ["idle", "dialing", "ringing"]
    assert [peer(one.other) for one in office.calls(office.bob)] == ["1002 Carol"]
    assert [peer(one.other) for one in office.calls(office.carol)] == ["1001 Bob"]
    assert peer(office.events[-1].caller) == "1001 Bob"
    call.answer()
    call.hang_up(office.carol)
    assert office.told() == ["Carol answered", "Carol ended answered", "Bob ended answered"]
    ended = office.events[-1]
    # To Bob it was Alice's call from beginning to end.
    assert (peer(ended.caller), ended.direction) == ("1000 Alice", "incoming")


def test_number_outside_that_the_caller_hands_on_waits_for_the_group(office: Office) -> None:
    call = office.system.outgoing_call(office.carol, NUMBER)
    call.ring()
    call.answer()
    office.told()
    call.transfer(office.carol, office.support)
    assert office.told() == ["Support entered", "Carol ended answered"]
    assert len(office.waiting(office.support)) == 1
    call.ring()
    call.no_answer()
    call.ring()
    # Alice's call is not missed before it is certain that Bob does not answer, either.
    assert office.told() == ["Alice ringing", "Bob ringing"]
    assert {peer(event.caller) for event in office.events[-2:]} == {NUMBER}
    call.answer()
    assert office.told() == ["Bob answered", "Support answered", "Alice ended answered_elsewhere"]


@pytest.mark.parametrize(
    ("end", "outcome"),
    [("cancel", "cancelled"), ("to_voicemail", "voicemail"), ("to_ivr", "overflowed")],
)
def test_group_learns_how_a_call_that_was_handed_on_left_it(
    office: Office, end: str, outcome: str
) -> None:
    call = office.system.outgoing_call(office.carol, NUMBER)
    call.ring()
    call.answer()
    call.transfer(office.carol, office.support)
    entered_at = office.clock()
    office.clock.advance(10)
    getattr(call, end)()
    assert office.told()[-1] == f"Support abandoned {outcome}"
    abandoned = office.events[-1]
    assert abandoned.at is not None
    assert abandoned.at > entered_at
    assert abandoned.ring_seconds is not None
    assert abandoned.ring_seconds > 10


def test_call_that_the_caller_hands_on_to_voicemail_is_missed_with_voicemail(
    office: Office,
) -> None:
    call = office.system.outgoing_call(office.alice, NUMBER)
    call.ring()
    call.answer()
    call.transfer(office.alice, office.bob)
    call.ring()
    call.to_voicemail()
    assert office.told()[-1] == "Bob missed voicemail"


def test_call_comes_back_to_the_user_who_handed_it_on(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.alice)
    call.ring()
    call.answer()
    call.transfer(office.alice, office.bob)
    call.ring()
    call.no_answer()
    call.overflow(office.alice)
    call.ring()
    office.told()
    call.answer()
    call.hang_up()
    assert office.told() == [
        "Alice answered",
        "Bob ended answered_elsewhere",
        "Alice ended answered",
    ]


def test_caller_who_is_handed_on_to_a_number_outside_sees_that_number(office: Office) -> None:
    call = office.system.internal_call(office.alice, office.bob)
    call.ring()
    call.answer()
    call.transfer(office.bob, NUMBER)
    call.ring()
    (of_alice,) = office.calls(office.alice)
    assert (peer(of_alice.other), of_alice.other.location) == (NUMBER, "external")


# Handed on after asking


def test_attended_transfer_joins_both_ends(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.alice)
    call.ring()
    call.answer()
    asking = call.consult(office.alice, office.bob)
    assert office.state(office.alice) == "on_hold"
    assert len(office.calls(office.alice)) == 2
    asking.ring()
    asking.answer()
    assert office.state(office.alice) == "talking"
    office.told()
    call.complete_transfer(asking)
    assert (office.state(office.alice), office.state(office.bob)) == ("idle", "talking")
    assert [peer(one.other) for one in office.calls(office.bob)] == [NUMBER]
    assert office.told() == ["Alice ended answered", "Alice ended answered"]
    call.hang_up()
    assert office.told() == ["Bob ended answered"]
    assert len(office.pbx.calls) == 0


def test_consulted_colleague_who_does_not_answer_has_missed_it(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.alice)
    call.ring()
    call.answer()
    asking = call.consult(office.alice, office.bob)
    asking.ring()
    office.told()
    asking.cancel()
    assert sorted(office.told()) == ["Alice ended cancelled", "Bob missed cancelled"]
    assert office.state(office.alice) == "on_hold"
    call.resume()
    assert office.state(office.alice) == "talking"


def test_two_colleagues_who_are_joined_see_each_other(office: Office) -> None:
    call = office.system.internal_call(office.alice, office.bob)
    call.ring()
    call.answer()
    asking = call.consult(office.bob, office.carol)
    asking.ring()
    asking.answer()
    call.complete_transfer(asking)
    assert [office.state(user) for user in office.people] == ["talking", "idle", "talking"]
    assert [peer(one.other) for one in office.calls(office.alice)] == ["1002 Carol"]
    assert [peer(one.other) for one in office.calls(office.carol)] == ["1000 Alice"]
    call.hang_up(office.carol)
    assert [office.state(user) for user in office.people] == ["idle", "idle", "idle"]
    assert len(office.pbx.calls) == 0
