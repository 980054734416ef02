"""A call that an API client asks for rings phones first and then calls for who answers."""

import pytest

from custom_components.ws_cti.cti.story import CallDirection

from .sentences import peer
from .watching import Office

NUMBER = "0399998888"


@pytest.fixture
def office() -> Office:
    return Office()


def test_user_whose_phone_an_api_client_rings_makes_an_outgoing_call(office: Office) -> None:
    call = office.system.api_call(office.alice, office.bob)
    assert (office.told(), office.state(office.alice)) == (["Alice outgoing"], "dialing")
    call.answer()
    # He took up his own phone, which is no answer yet.
    assert (office.told(), office.state(office.alice)) == ([], "dialing")
    call.ring()
    assert office.told() == ["Bob ringing"]
    call.answer()
    assert sorted(office.told()) == ["Alice answered", "Bob answered"]
    assert office.state(office.alice) == office.state(office.bob) == "talking"
    call.hang_up(office.alice)
    assert sorted(office.told()) == ["Alice ended answered", "Bob ended answered"]


def test_both_ends_of_an_api_call_see_each_other(office: Office) -> None:
    call = office.system.api_call(office.alice, office.bob)
    call.answer()
    call.ring()
    assert [peer(one.other) for one in office.calls(office.alice)] == ["1001 Bob"]
    assert [peer(one.other) for one in office.calls(office.bob)] == ["1000 Alice"]
    call.answer()
    call.hang_up(office.bob)
    ended = office.events[-1]
    assert (peer(ended.caller), peer(ended.called)) == ("1000 Alice", "1001 Bob")


def test_api_call_to_outside_shows_the_number_to_its_end(office: Office) -> None:
    call = office.system.api_call(office.alice, NUMBER)
    call.answer()
    call.ring()
    (of_alice,) = office.calls(office.alice)
    assert (peer(of_alice.other), of_alice.other.location) == (NUMBER, "external")
    call.answer()
    call.hang_up()
    ended = office.events[-1]
    assert (peer(ended.called), ended.location) == (NUMBER, "external")


def test_api_call_that_its_own_user_does_not_take_is_ended_and_not_missed(
    office: Office,
) -> None:
    call = office.system.api_call(office.alice, office.bob)
    call.no_answer()
    assert office.told() == ["Alice outgoing", "Alice ended no_answer"]
    assert len(office.pbx.calls) == 0


def test_api_call_to_voicemail_is_talking_but_not_answered(office: Office) -> None:
    call = office.system.api_call(office.alice, office.bob)
    call.answer()
    call.ring()
    call.to_voicemail()
    assert office.state(office.alice) == "talking"
    call.hang_up(office.alice)
    assert office.told() == [
        "Alice outgoing",
        "Bob ringing",
        "Bob missed voicemail",
        "Alice ended voicemail",
    ]


def test_several_phones_that_an_api_client_rings_are_one_call(office: Office) -> None:
    office.system.register_terminal(office.alice)
    call = office.system.api_call(office.alice, office.bob)
    assert office.told() == ["Alice outgoing"]
    assert list(office.pbx.calls.ids()) == [call.id]
    call.answer(office.alice, office.alice.terminals[1])
    assert office.told() == []
    call.ring()
    call.answer()
    call.hang_up()
    assert sorted(office.told()) == [
        "Alice answered",
        "Alice ended answered",
        "Bob answered",
        "Bob ended answered",
        "Bob ringing",
    ]
    assert {event.call_id for event in office.events} == {call.id}


def test_several_phones_that_nobody_takes_end_once(office: Office) -> None:
    office.system.register_terminal(office.alice)
    office.system.api_call(office.alice, office.bob).cancel()
    assert office.told() == ["Alice outgoing", "Alice ended cancelled"]
    assert len(office.pbx.calls) == 0


def test_same_request_again_is_another_call(office: Office) -> None:
    first = office.system.api_call(office.alice, office.bob)
    office.clock.advance(10)
    second = office.system.api_call(office.alice, office.bob)
    assert list(office.pbx.calls.ids()) == [first.id, second.id]
    assert office.told() == ["Alice outgoing", "Alice outgoing"]
    first.cancel()
    second.cancel()
    assert office.told() == ["Alice ended cancelled", "Alice ended cancelled"]


def test_same_request_once_more_after_the_first_was_taken_is_another_call(
    office: Office,
) -> None:
    first = office.system.api_call(office.alice, NUMBER)
    first.answer()
    second = office.system.api_call(office.alice, NUMBER)
    assert list(office.pbx.calls.ids()) == [first.id, second.id]


def test_group_that_an_api_client_rings_has_one_call(office: Office) -> None:
    call = office.system.api_call(office.sales, NUMBER)
    assert office.told() == ["Alice ringing", "Bob ringing", "Carol ringing"]
    assert list(office.pbx.calls.ids()) == [call.id]
    assert office.pbx.calls.count_in_group(str(office.sales.id)) == 1
    call.answer(office.bob)
    assert sorted(office.told()) == [
        "Alice ended answered_elsewhere",
        "Bob answered",
        "Carol ended answered_elsewhere",
    ]
    assert [office.state(user) for user in office.people] == ["idle", "dialing", "idle"]
    call.ring()
    call.answer()
    assert office.state(office.bob) == "talking"
    call.hang_up()
    assert office.told() == ["Bob ended answered"]


def test_member_who_declines_an_api_call_has_not_missed_what_a_colleague_takes(
    office: Office,
) -> None:
    call = office.system.api_call(office.sales, NUMBER)
    call.reject(office.alice)
    assert office.told()[3:] == []
    call.answer(office.carol)
    assert "Alice ended answered_elsewhere" in office.told()


def test_members_whom_an_api_client_rings_see_where_they_will_be_connected(
    office: Office,
) -> None:
    office.system.api_call(office.sales, NUMBER)
    assert {peer(event.caller) for event in office.events} == {NUMBER}
    assert {event.direction for event in office.events} == {CallDirection.INCOMING}


def test_group_that_does_not_take_an_api_call_has_missed_it(office: Office) -> None:
    office.system.api_call(office.sales, NUMBER).cancel()
    assert sorted(office.told()[3:]) == [
        "Alice missed cancelled",
        "Bob missed cancelled",
        "Carol missed cancelled",
    ]
    assert len(office.pbx.calls) == 0


def test_number_outside_that_an_api_client_rings_calls_the_destination(office: Office) -> None:
    call = office.system.api_call(NUMBER, office.alice, method="call_external")
    assert office.told() == []
    call.answer()
    call.ring()
    assert office.told() == ["Alice ringing"]
    assert [peer(one.other) for one in office.calls(office.alice)] == [NUMBER]
    call.answer()
    call.hang_up()
    assert office.told() == ["Alice answered", "Alice ended answered"]
