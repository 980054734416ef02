"""Every call has one story for each user: one beginning, one end, and an outcome between."""

import pytest

from custom_components.ws_cti.cti.model import EndUser
from custom_components.ws_cti.cti.story import CallDirection, CallEvent, Step
from simulator.model import EndUser as Customer, User
from simulator.words import Cause

from .scene import ALICE, Scene, phone
from .sentences import peer
from .watching import Office

NUMBER = "0399998888"


@pytest.fixture
def office() -> Office:
    return Office()


def last(office: Office, user: User, step: Step) -> CallEvent:
    """Return the latest event of a user that tells a step."""
    told = [event for event in office.events if event.user_id == str(user.id)]
    return next(event for event in reversed(told) if event.step is step)


# Calls from outside


def test_answered_call_rings_is_answered_and_ends(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.alice)
    assert office.told() == []
    call.ring()
    assert (office.told(), office.state(office.alice)) == (["Alice ringing"], "ringing")
    call.answer()
    assert (office.told(), office.state(office.alice)) == (["Alice answered"], "talking")
    call.hang_up()
    assert (office.told(), office.state(office.alice)) == (["Alice ended answered"], "idle")


def test_call_is_known_by_one_id_from_beginning_to_end(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.alice)
    call.ring()
    call.answer()
    call.hang_up()
    assert {event.call_id for event in office.events} == {call.id}


def test_call_that_nobody_answers_is_missed(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.alice)
    call.ring()
    call.no_answer()
    # As long as the caller is there he may still be answered.
    assert office.told() == ["Alice ringing"]
    assert office.state(office.alice) == "idle"
    call.disconnect()
    assert office.told() == ["Alice missed no_answer"]


def test_call_that_the_caller_gives_up_is_missed_as_cancelled(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.alice)
    call.ring()
    call.cancel()
    assert office.told() == ["Alice ringing", "Alice missed cancelled"]


@pytest.mark.parametrize(
    ("step", "outcome"), [("reject", "rejected"), ("busy", "busy"), ("no_answer", "no_answer")]
)
def test_refused_call_is_missed_and_says_how(office: Office, step: str, outcome: str) -> None:
    call = office.system.incoming_call(NUMBER, office.alice)
    call.ring()
    getattr(call, step)()
    call.disconnect()
    assert office.told() == ["Alice ringing", f"Alice missed {outcome}"]


def test_phone_out_of_reach_is_a_missed_call_without_an_answer(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.alice)
    call.ring()
    call.stop_ringing(cause=Cause.NO_USER_RESPONSE)
    call.disconnect()
    assert office.told() == ["Alice ringing", "Alice missed no_answer"]


def test_call_left_to_voicemail_is_missed_at_once(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.alice)
    call.ring()
    call.to_voicemail()
    assert office.told() == ["Alice ringing", "Alice missed voicemail"]
    assert office.state(office.alice) == "idle"
    call.leave_message()
    call.hang_up()
    assert office.told() == []


def test_declined_call_that_goes_to_voicemail_is_missed_with_voicemail(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.alice)
    call.ring()
    call.reject()
    call.to_voicemail()
    assert office.told() == ["Alice ringing", "Alice missed voicemail"]


def test_call_that_never_rings_anybody_tells_nothing_of_users(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.alice)
    assert len(office.pbx.calls) == 1
    call.cancel()
    assert office.told() == []
    assert len(office.pbx.calls) == 0


def test_events_say_when_they_happened_and_how_long_it_rang_and_lasted(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.alice)
    call.ring()
    rang_at = office.clock()
    office.clock.advance(7)
    call.answer()
    answered_at = office.clock()
    office.clock.advance(60)
    call.hang_up()
    assert last(office, office.alice, Step.RINGING).at == rang_at
    answered = last(office, office.alice, Step.ANSWERED)
    assert (answered.at, answered.ring_seconds, answered.talk_seconds) == (answered_at, None, None)
    ended = last(office, office.alice, Step.ENDED)
    assert (ended.at, ended.ring_seconds, ended.talk_seconds) == (office.clock(), 8, 61)


def test_missed_call_says_how_long_it_rang(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.alice)
    call.ring()
    office.clock.advance(20)
    call.no_answer()
    stopped_at = office.clock()
    office.clock.advance(100)
    call.disconnect()
    missed = last(office, office.alice, Step.MISSED)
    assert (missed.at, missed.ring_seconds, missed.talk_seconds) == (stopped_at, 21, None)


# Who calls whom


def test_event_tells_both_ends_of_a_call_from_outside(office: Office) -> None:
    office.system.incoming_call(NUMBER, office.alice, did="0312340000").ring()
    (event,) = office.events
    assert (event.direction, event.location) == (CallDirection.INCOMING, "external")
    assert peer(event.caller) == NUMBER
    assert peer(event.called) == "1000 Alice"
    assert event.called.user_id == str(office.alice.id)
    assert event.dialled_address == "0312340000"


@pytest.mark.parametrize("said", [None, "", "anonymous", "Anonymous "])
def test_withheld_number_is_nobodys(office: Office, said: str | None) -> None:
    call = office.system.incoming_call(said, office.alice, name=said)
    call.ring()
    call.cancel()
    assert office.told() == ["Alice ringing", "Alice missed cancelled"]
    assert {peer(event.caller) for event in office.events} == {"withheld"}


def test_name_that_repeats_the_number_is_no_name(office: Office) -> None:
    office.system.incoming_call(NUMBER, office.alice, name=NUMBER).ring()
    office.system.incoming_call(NUMBER, office.bob, name="Café de la Gare").ring()
    assert [peer(event.caller) for event in office.events] == [NUMBER, f"{NUMBER} Café de la Gare"]


def test_customer_is_called_by_the_name_that_the_address_book_has(office: Office) -> None:
    customer = Customer("77", "Renée Lefèvre", "Café de la Gare")
    office.system.incoming_call(NUMBER, office.alice, name="LEFEVRE R", end_user=customer).ring()
    (event,) = office.events
    assert peer(event.caller) == f"{NUMBER} Renée Lefèvre"
    assert event.end_user is not None
    assert event.end_user.items == (EndUser("77", "Renée Lefèvre", "Café de la Gare"),)


def test_several_customers_with_one_number_are_nobody_in_particular(office: Office) -> None:
    customers = [Customer("1", "Olive"), Customer("2", "Popeye")]
    office.system.incoming_call(NUMBER, office.alice, end_user=customers).ring()
    (event,) = office.events
    assert peer(event.caller) == NUMBER
    assert event.end_user is not None
    assert event.end_user.count == 2


def test_name_of_a_caller_does_not_outlive_his_call(office: Office) -> None:
    known = office.system.incoming_call(NUMBER, office.alice, name="Olive")
    known.ring()
    assert [peer(call.other) for call in office.calls(office.alice)] == [f"{NUMBER} Olive"]
    known.cancel()
    assert office.calls(office.alice) == []
    office.system.incoming_call("0311112222", office.alice).ring()
    assert [peer(call.other) for call in office.calls(office.alice)] == ["0311112222"]


# Calls between users, and to outside


def test_call_between_users_is_outgoing_for_one_and_ringing_for_the_other(office: Office) -> None:
    call = office.system.internal_call(office.alice, office.bob)
    assert (office.told(), office.state(office.alice)) == (["Alice outgoing"], "dialing")
    call.ring()
    assert (office.told(), office.state(office.bob)) == (["Bob ringing"], "ringing")
    call.answer()
    assert sorted(office.told()) == ["Alice answered", "Bob answered"]
    assert office.state(office.alice) == office.state(office.bob) == "talking"
    call.hang_up(office.bob)
    assert sorted(office.told()) == ["Alice ended answered", "Bob ended answered"]
    assert office.state(office.alice) == office.state(office.bob) == "idle"


def test_users_who_call_each_other_see_each_other(office: Office) -> None:
    call = office.system.internal_call(office.alice, office.bob)
    call.ring()
    for _ in range(2):
        (of_alice,), (of_bob,) = office.calls(office.alice), office.calls(office.bob)
        assert (peer(of_alice.other), of_alice.other.user_id) == ("1001 Bob", str(office.bob.id))
        assert (peer(of_bob.other), of_bob.other.user_id) == ("1000 Alice", str(office.alice.id))
        assert of_alice.call_id == of_bob.call_id == call.id
        assert of_alice.direction is CallDirection.OUTGOING
        assert of_bob.direction is CallDirection.INCOMING
        if call.ringing_users:
            call.answer()
    call.hang_up()
    assert {event.location for event in office.events} == {"internal"}


def test_colleague_who_does_not_answer_has_missed_the_call(office: Office) -> None:
    call = office.system.internal_call(office.alice, office.bob)
    call.ring()
    call.cancel()
    assert office.told() == [
        "Alice outgoing",
        "Bob ringing",
        "Alice ended cancelled",
        "Bob missed cancelled",
    ]


def test_call_to_outside_is_outgoing_answered_and_ended(office: Office) -> None:
    call = office.system.outgoing_call(office.alice, NUMBER)
    call.ring()
    assert (office.told(), office.state(office.alice)) == (["Alice outgoing"], "dialing")
    call.answer()
    assert (office.told(), office.state(office.alice)) == (["Alice answered"], "talking")
    call.hang_up()
    assert office.told() == ["Alice ended answered"]


@pytest.mark.parametrize("who_hangs_up", ["alice", "outside"])
def test_call_to_outside_stays_external_to_its_end(office: Office, who_hangs_up: str) -> None:
    call = office.system.outgoing_call(office.alice, NUMBER)
    call.ring()
    call.answer()
    call.hang_up(office.alice if who_hangs_up == "alice" else None)
    # With the first row the phone system has yet to look up where the number leads.
    assert [event.location for event in office.events] == [None, "external", "external"]
    assert {peer(event.called) for event in office.events} == {NUMBER}


@pytest.mark.parametrize(
    ("step", "outcome"), [("busy", "busy"), ("reject", "rejected"), ("no_answer", "no_answer")]
)
def test_caller_learns_why_nobody_answered_outside(office: Office, step: str, outcome: str) -> None:
    call = office.system.outgoing_call(office.alice, NUMBER)
    call.ring()
    getattr(call, step)()
    assert office.told() == ["Alice outgoing", f"Alice ended {outcome}"]


def test_user_who_hears_his_messages_is_talking(office: Office) -> None:
    call = office.system.check_voicemail(office.alice)
    assert office.state(office.alice) == "talking"
    call.hang_up()
    assert office.told() == ["Alice outgoing", "Alice answered", "Alice ended answered"]


def test_caller_who_speaks_to_a_mailbox_is_talking_but_was_not_answered(office: Office) -> None:
    call = office.system.internal_call(office.alice, office.bob)
    call.ring()
    call.to_voicemail()
    assert office.state(office.alice) == "talking"
    call.hang_up()
    assert office.told() == [
        "Alice outgoing",
        "Bob ringing",
        "Bob missed voicemail",
        "Alice ended voicemail",
    ]


def test_caller_who_hears_a_menu_is_talking_but_was_not_answered(office: Office) -> None:
    call = office.system.internal_call(office.alice, office.sales)
    call.to_ivr()
    (of_alice,) = office.calls(office.alice)
    assert (of_alice.state, of_alice.since) == ("talking", office.clock())
    call.hang_up(office.alice)
    assert office.told() == [
        "Alice outgoing",
        "Sales entered",
        "Sales abandoned overflowed",
        "Alice ended cancelled",
    ]


def test_caller_whom_the_phone_system_hangs_up_on_in_a_menu_found_no_answer(
    office: Office,
) -> None:
    call = office.system.internal_call(office.alice, office.sales)
    call.to_ivr()
    call.disconnect()
    assert office.told()[-1] == "Alice ended no_answer"


# Several phones, several users, several calls


def test_several_phones_of_a_user_ring_once(office: Office) -> None:
    office.system.register_terminal(office.alice)
    office.system.register_terminal(office.alice)
    call = office.system.incoming_call(NUMBER, office.alice)
    call.ring()
    assert len(call.legs) == 3
    assert office.told() == ["Alice ringing"]
    assert len(office.calls(office.alice)) == 1
    call.answer(office.alice, office.alice.terminals[1])
    assert office.told() == ["Alice answered"]
    call.hang_up()
    assert office.told() == ["Alice ended answered"]


def test_several_phones_of_a_user_miss_a_call_once(office: Office) -> None:
    office.system.register_terminal(office.alice)
    call = office.system.incoming_call(NUMBER, office.alice)
    call.ring()
    call.cancel()
    assert office.told() == ["Alice ringing", "Alice missed cancelled"]


def test_several_users_ring_and_one_answers(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.sales)
    call.ring()
    assert sorted(office.told()) == [
        "Alice ringing",
        "Bob ringing",
        "Carol ringing",
        "Sales entered",
    ]
    call.answer(office.bob)
    assert sorted(office.told()) == [
        "Alice ended answered_elsewhere",
        "Bob answered",
        "Carol ended answered_elsewhere",
        "Sales answered",
    ]
    assert [office.state(user) for user in office.people] == ["idle", "talking", "idle"]
    call.hang_up()
    assert office.told() == ["Bob ended answered"]
    assert {event.answered_by for event in office.events[-5:]} == {str(office.bob.id)}


def test_call_is_over_for_all_whom_it_rang_in_vain(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.sales)
    call.ring()
    call.cancel()
    assert sorted(office.told()[4:]) == [
        "Alice missed cancelled",
        "Bob missed cancelled",
        "Carol missed cancelled",
        "Sales abandoned cancelled",
    ]


def test_colleague_picks_up_a_call_that_rings_elsewhere(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.alice)
    call.ring()
    call.pick_up(office.bob)
    assert office.told() == ["Alice ringing", "Alice ended picked_up", "Bob answered"]
    assert (office.state(office.alice), office.state(office.bob)) == ("idle", "talking")
    assert [peer(one.other) for one in office.calls(office.bob)] == [NUMBER]
    call.hang_up()
    assert office.told() == ["Bob ended answered"]
    assert {event.call_id for event in office.events} == {call.id}


def test_colleague_picks_up_the_call_of_a_group(office: Office) -> None:
    office.system.leave(office.carol, office.sales)
    call = office.system.incoming_call(NUMBER, office.sales)
    call.ring()
    office.told()
    call.pick_up(office.carol)
    assert sorted(office.told()) == [
        "Alice ended picked_up",
        "Bob ended picked_up",
        "Carol answered",
        "Sales answered",
    ]


def test_parallel_calls_of_a_user_are_two_calls(office: Office) -> None:
    first = office.system.incoming_call(NUMBER, office.alice)
    first.ring()
    first.answer()
    second = office.system.incoming_call("0311112222", office.alice)
    second.ring()
    assert office.state(office.alice) == "talking"
    assert {one.call_id: one.state for one in office.calls(office.alice)} == {
        first.id: "talking",
        second.id: "ringing",
    }
    assert [peer(one.other) for one in office.calls(office.alice)] == [NUMBER, "0311112222"]


def test_state_falls_back_to_the_next_call_when_the_strongest_ends(office: Office) -> None:
    talking = office.system.incoming_call("0311111111", office.alice)
    talking.ring()
    talking.answer()
    held = office.system.incoming_call("0322222222", office.alice)
    held.ring()
    held.answer()
    held.hold(office.alice)
    ringing = office.system.incoming_call("0333333333", office.alice)
    ringing.ring()
    dialing = office.system.outgoing_call(office.alice, "0344444444")
    seen = [office.state(office.alice)]
    for call in (talking, held, ringing, dialing):
        call.disconnect()
        seen.append(office.state(office.alice))
    assert seen == ["talking", "on_hold", "ringing", "dialing", "idle"]


def test_leading_call_is_the_oldest_of_the_strongest(office: Office) -> None:
    for number in ("0311111111", "0322222222"):
        office.system.incoming_call(number, office.alice).ring()
    state, lead, count = office.pbx.calls.leading(str(office.alice.id))
    assert (state, count) == ("ringing", 2)
    assert lead is not None
    assert peer(lead.other) == "0311111111"


def test_leading_call_is_the_oldest_though_it_was_told_last() -> None:
    scene = Scene()
    scene.plays(phone(ALICE, of="young", uuid="1", seconds=9))
    scene.plays(phone(ALICE, of="old", uuid="2", seconds=2))
    lead = scene.pbx.calls.leading(ALICE)[1]
    assert lead is not None
    assert lead.call_id == "old"


def test_held_call_is_on_hold_for_both_sides_until_it_is_resumed(office: Office) -> None:
    call = office.system.internal_call(office.alice, office.bob)
    call.ring()
    call.answer()
    call.hold(office.bob)
    assert office.state(office.alice) == office.state(office.bob) == "on_hold"
    (of_bob,) = office.calls(office.bob)
    assert of_bob.since == office.clock()
    office.told()
    call.resume()
    assert office.state(office.alice) == office.state(office.bob) == "talking"
    assert office.told() == []


def test_state_says_since_when_it_is_so(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.alice)
    call.ring()
    (ringing,) = office.calls(office.alice)
    assert ringing.since == office.clock()
    call.answer()
    (talking,) = office.calls(office.alice)
    assert talking.since == office.clock()


def test_unknown_user_is_idle(office: Office) -> None:
    assert office.pbx.calls.leading("nobody") == ("idle", None, 0)


# Nothing is left


def test_nothing_is_left_of_calls_that_are_over(office: Office) -> None:
    for user in office.people:
        call = office.system.incoming_call(NUMBER, user)
        call.ring()
        call.answer()
        call.hang_up()
    assert len(office.pbx.calls) == 0
    assert list(office.pbx.calls.ids()) == []
    assert office.pbx.channels == {}
