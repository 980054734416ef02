"""Calls go on over a lost connection under the same id, and nothing is told twice."""

import pytest

from custom_components.ws_cti.cti.words import Element
from simulator.calls import Call

from .scene import ALICE, SALES, Scene, calling, from_outside, listed, phone, talking
from .watching import Office, Watcher

NUMBER = "0399998888"


@pytest.fixture
def office() -> Office:
    return Office()


def ringing_call(office: Office) -> Call:
    call = office.system.incoming_call(NUMBER, office.alice)
    call.ring()
    return call


def answered_call(office: Office) -> Call:
    call = ringing_call(office)
    call.answer()
    return call


# When we come, calls go on already


def test_first_picture_is_no_news(office: Office) -> None:
    ringing_call(office)
    busy = office.system.incoming_call(NUMBER, office.bob)
    busy.ring()
    busy.answer()
    waiting = office.system.incoming_call(NUMBER, office.sales)
    late = Watcher(office.system)
    assert late.connect() == []
    assert [late.state(user) for user in office.people] == ["ringing", "talking", "idle"]
    assert late.waiting(office.sales) == [waiting.id]
    assert len(late.pbx.calls) == 3


def test_end_of_a_call_that_went_on_before_we_came_is_news(office: Office) -> None:
    missed, ended = ringing_call(office), office.system.incoming_call(NUMBER, office.bob)
    ended.ring()
    ended.answer()
    began = office.clock()
    late = Watcher(office.system)
    late.connect()
    missed.cancel()
    assert late.told() == ["Alice missed cancelled"]
    office.clock.advance(30)
    ended.hang_up()
    assert late.told() == ["Bob ended answered"]
    assert late.events[-1].talk_seconds == (office.clock() - began) / 1_000_000


def test_answer_of_a_call_that_rang_before_we_came_is_news(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.sales)
    call.ring()
    late = Watcher(office.system)
    late.connect()
    call.answer(office.alice)
    assert sorted(late.told()) == [
        "Alice answered",
        "Bob ended answered_elsewhere",
        "Carol ended answered_elsewhere",
        "Sales answered",
    ]


def test_first_picture_knows_what_was_parked_and_held(office: Office) -> None:
    parked = answered_call(office)
    slot = parked.park(office.alice)
    held = office.system.internal_call(office.bob, office.carol)
    held.ring()
    held.answer()
    held.hold(office.bob)
    late = Watcher(office.system)
    assert late.connect() == []
    assert late.parked() == {str(slot): parked.id}
    assert [late.state(user) for user in office.people] == ["idle", "on_hold", "on_hold"]


@pytest.mark.parametrize("callers_first", [True, False])
def test_first_picture_pairs_channels_in_any_order(callers_first: bool) -> None:  # noqa: FBT001
    caller, ringing = from_outside(), phone(ALICE)
    rows = [talking(caller, ringing), talking(ringing, caller)]
    scene = Scene()
    scene.shows(Element.CHANNEL, rows if callers_first else reversed(rows))
    assert list(scene.pbx.calls.ids()) == ["call"]
    assert scene.state(ALICE) == "talking"


def test_channel_that_is_told_twice_in_one_picture_is_one(office: Office) -> None:
    caller = calling(from_outside(), group_id=SALES)
    scene = Scene()
    assert scene.shows(Element.CHANNEL, [from_outside(), caller]) == ["Sales entered"]
    assert len(scene.pbx.calls) == 1


# After a lost connection


def test_running_call_goes_on_under_its_id(office: Office) -> None:
    call = answered_call(office)
    office.disconnect()
    assert office.connect() == []
    assert [one.call_id for one in office.calls(office.alice)] == [call.id]
    call.hang_up()
    assert office.told() == ["Alice ended answered"]


def test_coming_back_again_and_again_tells_nothing(office: Office) -> None:
    answered_call(office)
    office.system.incoming_call(NUMBER, office.sales).ring()
    office.system.outgoing_call(office.bob, NUMBER)
    for _ in range(3):
        office.disconnect()
        assert office.connect() == []


def test_picture_that_is_told_again_without_a_loss_changes_nothing(office: Office) -> None:
    answered_call(office)
    office.told()
    assert office.connect() == []
    assert office.state(office.alice) == "talking"


def test_ringing_call_whose_end_nobody_saw_is_ended_as_unknown(office: Office) -> None:
    call = ringing_call(office)
    office.disconnect()
    call.cancel()
    office.connect()
    assert office.told() == ["Alice ended unknown"]
    assert office.state(office.alice) == "idle"
    assert office.events[-1].at is None
    assert len(office.pbx.calls) == 0


def test_answered_call_whose_end_nobody_saw_lasted_nobody_knows_how_long(office: Office) -> None:
    call = answered_call(office)
    office.disconnect()
    call.hang_up()
    office.connect()
    assert office.told() == ["Alice ended answered"]
    assert (office.events[-1].at, office.events[-1].talk_seconds) == (None, None)


def test_outgoing_call_whose_end_nobody_saw_is_ended_as_unknown(office: Office) -> None:
    call = office.system.outgoing_call(office.alice, NUMBER)
    office.disconnect()
    call.cancel()
    office.connect()
    assert office.told() == ["Alice ended unknown"]


def test_wait_whose_end_nobody_saw_is_abandoned_as_unknown(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.sales)
    office.disconnect()
    call.cancel()
    office.connect()
    assert office.told() == ["Sales abandoned unknown"]
    assert office.waiting(office.sales) == []


def test_caller_who_still_waits_has_not_entered_again(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.sales)
    since = dict(office.pbx.queues.waiting(str(office.sales.id)))
    office.disconnect()
    assert office.connect() == []
    assert dict(office.pbx.queues.waiting(str(office.sales.id))) == since
    call.cancel()
    assert office.told() == ["Sales abandoned cancelled"]


def test_call_that_rings_since_the_connection_was_lost_is_news(office: Office) -> None:
    office.disconnect()
    ringing_call(office)
    office.connect()
    assert office.told() == ["Alice ringing"]


def test_call_that_was_answered_meanwhile_is_told_as_answered(office: Office) -> None:
    call = ringing_call(office)
    office.disconnect()
    call.answer()
    office.connect()
    assert office.told() == ["Alice answered"]


def test_call_that_a_colleague_took_meanwhile_was_not_missed(office: Office) -> None:
    call = office.system.incoming_call(NUMBER, office.sales)
    call.ring()
    office.disconnect()
    call.answer(office.bob)
    office.connect()
    assert sorted(office.told()) == [
        "Alice ended answered_elsewhere",
        "Bob answered",
        "Carol ended answered_elsewhere",
        "Sales answered",
    ]


def test_caller_who_was_handed_on_and_answered_meanwhile_was_not_missed(office: Office) -> None:
    call = office.system.internal_call(office.alice, office.bob)
    call.ring()
    call.answer()
    call.transfer(office.alice, office.sales)
    office.told()
    office.disconnect()
    call.ring(office.carol)
    call.answer()
    call.consult(office.carol, office.alice)
    [asking] = [one for one in office.system.calls_of(office.carol) if one is not call]
    asking.ring()
    asking.answer()
    call.complete_transfer(asking)
    office.connect()
    # Carol has gone; but Bob talks, so somebody answered him.
    told = office.told()
    assert "Sales answered" in told
    assert not [one for one in told if "abandoned" in one or "missed" in one]


def test_call_that_began_and_ended_meanwhile_is_not_told(office: Office) -> None:
    office.disconnect()
    ringing_call(office).cancel()
    assert office.connect() == []


def test_one_call_may_end_while_another_begins_meanwhile(office: Office) -> None:
    first = answered_call(office)
    office.disconnect()
    first.hang_up()
    second = ringing_call(office)
    office.connect()
    assert office.told() == ["Alice ended answered", "Alice ringing"]
    assert [one.call_id for one in office.calls(office.alice)] == [second.id]


def test_parked_call_that_was_taken_meanwhile_is_no_longer_in_its_slot(office: Office) -> None:
    call = answered_call(office)
    call.park(office.alice)
    office.disconnect()
    call.unpark(office.bob)
    office.connect()
    assert office.parked() == {}
    assert office.state(office.bob) == "talking"


def test_calls_are_over_that_a_new_connection_does_not_tell_of() -> None:
    scene = Scene()
    caller = calling(from_outside(), group_id=SALES)
    scene.plays(caller, phone(ALICE))
    scene.lists(Element.QUEUED_CHANNEL, listed(caller))
    effect = scene.pbx.reset_unreported({Element.USER, Element.GROUP})
    assert [event.step for event in effect.events] == ["abandoned", "ended"]
    assert scene.is_empty()


def test_people_stay_whom_a_new_connection_does_not_tell_of() -> None:
    scene = Scene()
    scene.pbx.reset_unreported(())
    assert len(scene.pbx.users) == 3
    assert len(scene.pbx.groups) == 2
