"""A call has its story however oddly its rows come: late, twice, in any order, or not at all."""

from dataclasses import replace
from itertools import permutations

import pytest

from custom_components.ws_cti.cti.model import (
    Channel,
    ChannelState,
    EndUser,
    EndUsers,
    OtherChannel,
)
from custom_components.ws_cti.cti.story import CallDirection
from custom_components.ws_cti.cti.words import (
    PBX,
    PBX_PARKED,
    Element,
    Location,
    StateName,
    group_calls_key,
    user_calls_key,
)

from .scene import (
    ALICE,
    BOB,
    CAROL,
    NUMBER,
    SALES,
    Scene,
    at,
    calling,
    extension,
    from_outside,
    from_phone,
    listed,
    over,
    parked,
    phone,
    talking,
)
from .sentences import peer


@pytest.fixture
def scene() -> Scene:
    return Scene()


# What the vendor's own clients do


def test_web_phone_that_takes_its_call_by_dialling_has_answered_it(scene: Scene) -> None:
    caller = calling(from_outside(), user_id=ALICE)
    ringing = replace(
        phone(ALICE), called_number="RINGING_PARK", state=ChannelState(at(1), StateName.RINGING)
    )
    assert scene.plays(caller, ringing) == ["Alice ringing"]
    dialling = from_phone(ALICE, "pickup_uuid.call", seconds=4)
    assert scene.plays(dialling) == []
    assert scene.ends(over(ringing, "send_cancel,PICKED_OFF")) == []
    assert scene.plays(talking(dialling, caller), talking(caller, dialling)) == ["Alice answered"]
    assert scene.state(ALICE) == "talking"
    ends = over(dialling, "recv_bye,NORMAL_CLEARING"), over(caller, "send_bye,NORMAL_CLEARING")
    assert scene.ends(*ends) == ["Alice ended answered"]
    assert scene.is_empty()


def test_web_phone_that_rings_in_vain_has_missed_the_call(scene: Scene) -> None:
    caller = calling(from_outside(), user_id=ALICE)
    ringing = replace(phone(ALICE), called_number="RINGING_PARK.call")
    scene.plays(caller, ringing)
    assert scene.ends(over(caller, "recv_cancel,ORIGINATOR_CANCEL")) == []
    assert scene.ends(over(ringing, "send_cancel,ORIGINATOR_CANCEL")) == ["Alice missed cancelled"]
    assert scene.is_empty()


@pytest.mark.parametrize("word", ["RINGING_PARK", "RINGING_PARK.call", "LOCAL_PARK"])
def test_words_of_the_phone_system_are_nobodys_number(scene: Scene, word: str) -> None:
    ringing = replace(phone("77", uuid="stranger"), called_number=word)
    scene.plays(ringing)
    assert [peer(event.called) for event in scene.events] == ["withheld"]


@pytest.mark.parametrize("dialled", ["pickup_uuid.call", "pickup_uuid.Alice-phone"])
def test_call_is_picked_up_by_the_uuid_of_the_caller_or_of_a_ringing_phone(
    scene: Scene, dialled: str
) -> None:
    caller = calling(from_outside(), user_id=ALICE)
    ringing, taking = phone(ALICE), from_phone(BOB, dialled, seconds=4)
    scene.plays(caller, ringing)
    assert scene.plays(taking) == []
    assert scene.state(BOB) == "dialing"
    assert scene.ends(over(ringing, "send_cancel,PICKED_OFF")) == ["Alice ended picked_up"]
    assert scene.plays(talking(taking, caller), talking(caller, taking)) == ["Bob answered"]
    assert {event.call_id for event in scene.events} == {"call"}
    assert len(scene.pbx.calls) == 1


def test_call_is_moved_to_the_web_phone_of_the_same_user(scene: Scene) -> None:
    caller, desk = from_outside(), phone(ALICE)
    scene.plays(caller, desk, talking(desk, caller), talking(caller, desk))
    web = from_phone(ALICE, "assimilate.call", seconds=20)
    assert scene.plays(web, talking(web, caller, 21), talking(caller, web, 21)) == []
    assert scene.ends(over(desk, "send_bye,NORMAL_CLEARING")) == []
    assert scene.state(ALICE) == "talking"
    assert len(scene.calls(ALICE)) == 1
    assert scene.ends(over(web, "recv_bye,NORMAL_CLEARING")) == ["Alice ended answered"]


def test_picking_up_a_call_that_we_do_not_see_is_answering_it(scene: Scene) -> None:
    taking = from_phone(BOB, "pickup_uuid.hidden")
    assert scene.plays(taking) == []
    talks = replace(talking(taking, from_outside("hidden")))
    assert scene.plays(talks) == ["Bob answered"]
    assert scene.ends(over(talks, "recv_bye,NORMAL_CLEARING")) == ["Bob ended answered"]
    assert {event.call_id for event in scene.events} == {"hidden"}
    assert scene.is_empty()


def test_picking_up_what_is_no_longer_there_tells_nothing(scene: Scene) -> None:
    taking = from_phone(BOB, "pickup_uuid.gone")
    assert scene.plays(taking) == []
    assert scene.ends(over(taking, "send_refuse,NO_ANSWER")) == []
    assert scene.is_empty()


@pytest.mark.parametrize("field", ["calling_number", "called_number"])
def test_media_plug_is_no_call(scene: Scene, field: str) -> None:
    plug = from_phone(ALICE, "media_plug") if field == "called_number" else phone(ALICE, of=None)
    plug = replace(plug, calling_number="media_plug") if field == "calling_number" else plug
    other = from_outside()
    assert scene.plays(plug, talking(plug, other)) == []
    assert (scene.state(ALICE), len(scene.pbx.calls)) == ("idle", 0)
    assert scene.ends(over(plug, "recv_bye,NORMAL_CLEARING")) == []
    assert scene.is_empty()


def test_media_plug_that_waits_is_counted_though_it_is_no_call(scene: Scene) -> None:
    plug = from_phone(ALICE, "media_plug")
    scene.plays(plug)
    scene.plays(parked(plug, "1"))
    assert {PBX, PBX_PARKED} <= scene.touched
    scene.ends(over(parked(plug, "1"), "recv_bye,NORMAL_CLEARING"))
    assert {PBX, PBX_PARKED} <= scene.touched
    assert scene.is_empty()


def test_channel_that_tells_itself_as_its_other_end_leaves_nothing_behind(scene: Scene) -> None:
    ringing = phone(ALICE)
    ringing = replace(ringing, other_uuid=ringing.uuid)
    assert scene.plays(ringing) == ["Alice ringing"]
    assert scene.ends(over(ringing, "send_cancel,ORIGINATOR_CANCEL")) == ["Alice missed cancelled"]
    assert user_calls_key(ALICE) in scene.touched
    assert scene.is_empty()


def test_supervisor_who_listens_in_makes_a_call_of_his_own(scene: Scene) -> None:
    caller, ringing = from_outside(), phone(ALICE)
    scene.plays(caller, ringing, talking(ringing, caller), talking(caller, ringing))
    listens = from_phone(BOB, "*33", seconds=20)
    assert scene.plays(listens) == ["Bob outgoing"]
    hears = replace(listens, state=ChannelState(at(21), StateName.EAVESDROP), answered_at=at(21))
    assert scene.plays(hears) == ["Bob answered"]
    assert scene.ends(over(hears, "recv_bye,NORMAL_CLEARING")) == ["Bob ended answered"]
    assert scene.state(ALICE) == "talking"


def test_conference_has_answered_who_dials_into_it(scene: Scene) -> None:
    dials = from_phone(ALICE, "3000")
    inside = replace(dials, state=ChannelState(at(2), StateName.CONFERENCE), answered_at=at(2))
    assert scene.plays(dials, inside) == ["Alice outgoing", "Alice answered"]
    assert scene.state(ALICE) == "talking"


# In whatever order rows come


def test_phone_that_is_told_before_its_caller_belongs_to_his_call(scene: Scene) -> None:
    ringing, caller = phone(ALICE), calling(from_outside(), user_id=ALICE)
    assert scene.plays(ringing) == ["Alice ringing"]
    assert scene.plays(caller) == []
    assert list(scene.pbx.calls.ids()) == ["call"]
    assert [peer(call.other) for call in scene.calls(ALICE)] == [NUMBER]
    assert scene.ends(over(ringing, "send_cancel,ORIGINATOR_CANCEL")) == []
    assert scene.ends(over(caller, "recv_cancel,ORIGINATOR_CANCEL")) == ["Alice missed cancelled"]
    assert scene.is_empty()


def test_answer_counts_whichever_channel_tells_it_first(scene: Scene) -> None:
    caller, ringing = calling(from_outside(), group_id=SALES), phone(ALICE)
    rows = talking(ringing, caller), talking(caller, ringing)
    for order in permutations(rows):
        scene = Scene()
        scene.plays(caller, ringing)
        assert sorted(scene.plays(*order)) == ["Alice answered", "Sales answered"]
        assert {event.answered_by for event in scene.events[-2:]} == {ALICE}


def test_answer_is_timed_by_the_connection_and_not_by_the_menu_before(scene: Scene) -> None:
    caller = replace(calling(from_outside(), group_id=SALES), answered_at=at(0.5))
    ringing = phone(ALICE)
    scene.plays(caller, ringing)
    scene.plays(talking(caller, ringing, 5), talking(ringing, caller, 5))
    answered = [event for event in scene.events if event.step == "answered"]
    assert [event.at for event in answered] == [at(5), at(5)]


def test_phone_that_was_taken_up_has_answered_before_it_is_connected(scene: Scene) -> None:
    caller, ringing = from_outside(), phone(ALICE)
    scene.plays(caller, ringing)
    taken_up = replace(ringing, answered_at=at(4))
    assert scene.plays(taken_up) == ["Alice answered"]
    assert scene.state(ALICE) == "talking"
    assert scene.plays(talking(taken_up, caller, 6), talking(caller, taken_up, 6)) == []
    assert scene.events[-1].at == at(4)


def test_end_is_the_same_whichever_channel_goes_first(scene: Scene) -> None:
    caller, ringing = calling(from_outside(), group_id=SALES), phone(ALICE)
    ends = (
        over(caller, "recv_cancel,ORIGINATOR_CANCEL"),
        over(ringing, "send_cancel,ORIGINATOR_CANCEL"),
    )
    for order in permutations(ends):
        scene = Scene()
        scene.plays(caller, ringing)
        assert sorted(scene.ends(*order)) == ["Alice missed cancelled", "Sales abandoned cancelled"]
        assert scene.is_empty()


def test_phone_of_an_api_call_comes_into_one_call_with_its_destination(scene: Scene) -> None:
    asked = replace(phone(ALICE, of=None, seconds=0), origination=("call_user", "alice", "1002"))
    asks = talking(asked, phone(BOB), 2)
    rung = replace(phone(BOB, of=asked.uuid, seconds=3), other=OtherChannel(offered_at=at(0)))
    for order in permutations((asks, talking(rung, asked, 4))):
        scene = Scene()
        # Both point at each other, and any of them may come first.
        scene.shows(Element.CHANNEL, order)
        assert len(scene.pbx.calls) == 1
        assert (scene.state(ALICE), scene.state(BOB)) == ("talking", "talking")
        (of_alice,), (of_bob,) = scene.calls(ALICE), scene.calls(BOB)
        assert of_alice.direction is CallDirection.OUTGOING
        assert of_bob.direction is CallDirection.INCOMING


def test_member_who_took_an_api_call_is_its_caller_though_other_phones_still_ring(
    scene: Scene,
) -> None:
    asked = ("call_group", "sales", extension(CAROL))
    alice, bob = (
        replace(phone(user_id, of=None, seconds=0), origination=asked, group_id=SALES)
        for user_id in (ALICE, BOB)
    )
    assert scene.plays(alice, bob) == ["Alice ringing", "Bob ringing"]
    taken = replace(bob, answered_at=at(3), state=ChannelState(at(3), "between"))
    assert scene.plays(taken) == ["Bob answered"]
    carol = phone(CAROL, of=bob.uuid, seconds=4)
    assert scene.plays(carol) == ["Carol ringing"]
    assert peer(scene.events[-1].caller) == "1002 Bob"
    assert scene.plays(talking(carol, taken), talking(taken, carol)) == ["Carol answered"]
    assert scene.ends(over(alice, "send_cancel,LOSE_RACE")) == ["Alice ended answered_elsewhere"]
    assert [peer(call.other) for call in scene.calls(CAROL)] == ["1002 Bob"]


def test_younger_phone_joins_the_older_one_that_has_not_been_told_yet(scene: Scene) -> None:
    older = replace(phone(ALICE, of="Bob-phone", seconds=0), other=OtherChannel(offered_at=at(3)))
    younger = replace(phone(BOB, of="Alice-phone", seconds=3), other=OtherChannel(offered_at=at(0)))
    for order in permutations((older, younger)):
        scene = Scene()
        scene.plays(*order)
        assert list(scene.pbx.calls.ids()) == ["Alice-phone"]


# What is told twice, late, or not


def test_row_that_says_nothing_new_touches_nobody(scene: Scene) -> None:
    caller, ringing = calling(from_outside(), group_id=SALES), phone(ALICE)
    scene.plays(caller, ringing)
    assert scene.touched
    assert scene.plays(ringing) == []
    assert not scene.touched


def test_row_that_differs_only_in_what_it_says_at_last_is_taken(scene: Scene) -> None:
    caller, ringing = calling(from_outside(), group_id=SALES), phone(ALICE)
    scene.plays(caller, ringing)
    assert scene.plays(replace(ringing, call_id="7")) == []
    assert scene.pbx.channels[ringing.uuid].call_id == "7"
    assert user_calls_key(ALICE) in scene.touched


def test_row_that_tells_another_event_is_taken(scene: Scene) -> None:
    ringing = replace(phone(ALICE), last_event="CHANNEL_ORIGINATE")
    scene.plays(from_outside(), ringing)
    scene.plays(replace(ringing, last_event="STATE_CHANGE"))
    assert scene.pbx.channels[ringing.uuid].last_event == "STATE_CHANGE"


def test_group_serves_a_call_as_soon_as_any_row_says_so_and_no_longer(scene: Scene) -> None:
    caller, ringing = from_outside(), phone(ALICE)
    scene.plays(caller, ringing)
    for row in (
        replace(ringing, group_id=SALES),
        ringing,
        calling(caller, group_id=SALES),
        caller,
    ):
        before = scene.pbx.calls.count_in_group(SALES)
        scene.plays(row)
        assert scene.pbx.calls.count_in_group(SALES) == 1 - before
        assert group_calls_key(SALES) in scene.touched


def test_group_whose_list_alone_tells_a_wait_serves_nobody_after_the_answer(scene: Scene) -> None:
    caller, ringing = from_outside(), phone(ALICE)
    scene.plays(caller, ringing)
    waits = calling(caller, group_id=SALES, seconds=2)
    assert scene.lists(Element.QUEUED_CHANNEL, listed(waits)) == ["Sales entered"]
    assert scene.pbx.calls.count_in_group(SALES) == 1
    assert "Sales answered" in scene.plays(talking(ringing, caller))
    assert scene.pbx.calls.count_in_group(SALES) == 0


def test_group_no_longer_serves_whom_it_answered_once_his_row_leaves_it(scene: Scene) -> None:
    caller, ringing = calling(from_outside(), group_id=SALES), phone(ALICE)
    scene.plays(caller, ringing, talking(ringing, caller))
    assert scene.pbx.calls.count_in_group(SALES) == 1
    scene.plays(replace(caller, state=ChannelState(at(6), StateName.SYSTEM_OPERATION)))
    assert scene.pbx.calls.count_in_group(SALES) == 0
    assert group_calls_key(SALES) in scene.touched


def test_caller_who_leaves_those_he_brought_together_has_made_the_call(scene: Scene) -> None:
    caller, bob = from_phone(ALICE, extension(BOB)), phone(BOB, of="Alice-dials")
    scene.plays(caller, bob, talking(bob, caller), talking(caller, bob))
    scene.plays(calling(talking(bob, caller), user_id=CAROL, seconds=9))
    assert scene.ends(over(talking(caller, bob), "send_bye,NORMAL_CLEARING"))
    assert (scene.events[-1].user_id, scene.events[-1].caller.user_id) == (ALICE, ALICE)


def test_user_does_what_the_strongest_of_his_phones_does(scene: Scene) -> None:
    caller, desk, mobile = from_outside(), phone(ALICE), phone(ALICE, uuid="mobile")
    scene.plays(caller, desk, mobile)
    assert scene.state(ALICE) == "ringing"
    scene.plays(talking(mobile, caller))
    assert scene.state(ALICE) == "talking"


def test_call_leads_outside_where_any_of_its_legs_does(scene: Scene) -> None:
    line = replace(phone(ALICE, of="Alice-dials"), user_id=None, peer_location=Location.EXTERNAL)
    scene.plays(from_phone(ALICE, "0312345678"))
    assert scene.calls(ALICE)[0].other.location is None
    scene.plays(line)
    assert scene.calls(ALICE)[0].other.location == Location.EXTERNAL


def test_whom_an_api_client_rings_calls_the_leg_that_came_last(scene: Scene) -> None:
    own = replace(phone(ALICE, of=None), origination=("client",))
    scene.plays(own, phone(BOB, of=own.uuid), phone(CAROL, of=own.uuid))
    assert scene.calls(ALICE)[0].other.user_id == CAROL


def test_leg_that_leaves_takes_its_group_along(scene: Scene) -> None:
    caller, ringing = from_outside(), replace(phone(ALICE), group_id=SALES)
    scene.plays(caller, ringing)
    assert scene.pbx.calls.count_in_group(SALES) == 1
    scene.ends(over(ringing))
    assert scene.pbx.calls.count_in_group(SALES) == 0
    assert group_calls_key(SALES) in scene.touched


def test_users_wake_for_a_channel_of_another_call_while_theirs_is_connected_to_it(
    scene: Scene,
) -> None:
    own, other = from_phone(BOB, "1001"), from_phone(CAROL, "1001")
    leg = phone(ALICE, of=own.uuid)
    scene.plays(own, other, leg, talking(leg, other))
    scene.plays(replace(other, calling_name="Changed"))
    assert user_calls_key(ALICE) in scene.touched
    scene.plays(talking(leg, own, 9))
    scene.plays(replace(other, calling_name="Changed again"))
    assert user_calls_key(ALICE) not in scene.touched


def test_end_that_is_told_as_an_update_and_as_a_removal_is_one_end(scene: Scene) -> None:
    caller, ringing = from_outside(), phone(ALICE)
    scene.plays(caller, ringing)
    ends = over(ringing, "send_cancel,NO_ANSWER"), over(caller, "send_refuse,NO_ANSWER")
    assert scene.plays(*ends) == ["Alice missed no_answer"]
    assert scene.is_empty()
    assert scene.ends(*ends) == []
    assert not scene.touched


def test_time_of_hanging_up_ends_a_channel_without_a_word_for_it(scene: Scene) -> None:
    caller, ringing = from_outside(), phone(ALICE)
    scene.plays(caller, ringing)
    assert scene.plays(replace(ringing, hung_up_at=at(9)), replace(caller, hung_up_at=at(9))) == [
        "Alice missed unknown"
    ]
    assert scene.is_empty()


def test_call_whose_end_has_no_cause_is_missed_without_a_reason(scene: Scene) -> None:
    caller, ringing = from_outside(), phone(ALICE)
    scene.plays(caller, ringing)
    assert scene.ends(over(ringing), over(caller)) == ["Alice missed unknown"]


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ("recv_bye,NORMAL_CLEARING", "cancelled"),
        ("recv_cancel,SOMETHING_NEW", "cancelled"),
        ("send_bye,NORMAL_CLEARING", "no_answer"),
        ("send_bye,ALLOTTED_TIMEOUT", "unknown"),
        ("send_refuse,NO_USER_RESPONSE", "no_answer"),
        ("nonsense", "unknown"),
    ],
)
def test_end_of_a_caller_says_why_nobody_answered(scene: Scene, said: str, outcome: str) -> None:
    caller = calling(from_outside(), group_id=SALES)
    scene.plays(caller)
    assert scene.ends(over(caller, said)) == [f"Sales abandoned {outcome}"]


def test_channel_that_was_never_told_may_go(scene: Scene) -> None:
    assert scene.ends(over(from_outside(), "recv_bye,NORMAL_CLEARING")) == []
    assert not scene.touched


def test_answer_that_only_the_last_row_tells_is_an_answer(scene: Scene) -> None:
    caller, ringing = from_outside(), phone(ALICE)
    scene.plays(caller, ringing)
    final = over(talking(ringing, caller, 5), "recv_bye,NORMAL_CLEARING", 65)
    assert scene.ends(final) == ["Alice answered", "Alice ended answered"]
    assert scene.events[-1].talk_seconds == 60


def test_call_goes_on_without_any_clock(scene: Scene) -> None:
    def timeless(channel: Channel) -> Channel:
        state = replace(channel.state, since=None) if channel.state is not None else None
        return replace(
            channel,
            offered_at=None,
            answered_at=channel.answered_at and 1,
            hung_up_at=None,
            state=state,
        )

    caller, ringing = calling(from_outside(), group_id=SALES), phone(ALICE)
    assert scene.plays(timeless(caller), timeless(ringing)) == ["Sales entered", "Alice ringing"]
    assert dict(scene.pbx.queues.waiting(SALES)) == {"call": None}
    assert scene.pbx.queues.oldest(SALES) is None
    answers = replace(talking(ringing, caller), answered_at=None)
    assert sorted(scene.plays(timeless(answers), timeless(talking(caller, ringing)))) == [
        "Alice answered",
        "Sales answered",
    ]
    assert scene.ends(timeless(over(ringing)), timeless(over(caller))) == ["Alice ended answered"]
    ended = scene.events[-1]
    assert (ended.at, ended.ring_seconds, ended.talk_seconds) == (None, None, None)
    assert scene.is_empty()


def test_user_who_is_named_late_rings_from_then_on(scene: Scene) -> None:
    caller, ringing = from_outside(), phone(ALICE)
    assert scene.plays(caller, replace(ringing, user_id=None)) == []
    assert scene.plays(ringing) == ["Alice ringing"]
    assert scene.plays(ringing) == []


@pytest.mark.parametrize("answers_first", [True, False])
def test_user_who_is_named_only_when_he_answers_has_answered(
    scene: Scene,
    answers_first: bool,  # noqa: FBT001
) -> None:
    caller, ringing = from_outside(), phone(ALICE)
    nobodys = replace(ringing, user_id=None)
    scene.plays(caller, nobodys)
    if answers_first:
        assert scene.plays(talking(nobodys, caller), talking(caller, nobodys)) == []
    assert scene.plays(talking(ringing, caller)) == ["Alice answered"]
    assert scene.state(ALICE) == "talking"
    assert scene.ends(over(talking(ringing, caller))) == ["Alice ended answered"]


def test_phone_that_passes_to_another_user_ends_the_first_ones_part(scene: Scene) -> None:
    caller, ringing = from_outside(), phone(ALICE)
    scene.plays(caller, ringing)
    assert scene.plays(replace(ringing, user_id=BOB)) == ["Bob ringing"]
    assert (scene.state(ALICE), scene.state(BOB)) == ("idle", "ringing")
    scene.ends(over(ringing, "send_cancel,NO_ANSWER"))
    assert scene.ends(over(caller, "send_refuse,NO_ANSWER")) == [
        "Alice ended unknown",
        "Bob missed no_answer",
    ]


def test_state_with_an_unknown_name_does_no_harm(scene: Scene) -> None:
    caller = calling(from_outside(), group_id=SALES)
    scene.plays(caller)
    strange = replace(caller, state=ChannelState(at(9), "teleported", ("x",)))
    assert scene.plays(strange) == ["Sales abandoned overflowed"]
    assert len(scene.pbx.calls) == 1


# One row for both, as from 2016 to 2018


def test_channel_from_outside_that_bears_its_users_id_is_his_incoming_call(scene: Scene) -> None:
    row = calling(replace(from_outside(), user_id=ALICE), user_id=ALICE)
    assert scene.plays(row) == ["Alice ringing"]
    (ringing,) = scene.calls(ALICE)
    assert (ringing.state, peer(ringing.other)) == ("ringing", NUMBER)
    assert ringing.direction is CallDirection.INCOMING
    assert scene.plays(talking(row, from_outside("unseen"))) == ["Alice answered"]
    assert scene.state(ALICE) == "talking"
    assert scene.ends(over(talking(row, row))) == ["Alice ended answered"]
    assert scene.is_empty()


def test_channel_from_outside_that_bears_its_users_id_can_be_missed(scene: Scene) -> None:
    row = calling(replace(from_outside(), user_id=ALICE), user_id=ALICE)
    assert scene.plays(row, over(row)) == ["Alice ringing", "Alice missed unknown"]


# What one user's connection hides


def test_caller_who_is_hidden_is_known_by_what_the_phone_shows(scene: Scene) -> None:
    ringing = replace(
        phone(ALICE),
        calling_name="Olive",
        other=OtherChannel(type="user", user_id=BOB, peer_location="internal"),
    )
    assert scene.plays(ringing) == ["Alice ringing"]
    (event,) = scene.events
    assert (event.call_id, event.location, event.caller.user_id) == ("call", "internal", BOB)
    assert peer(event.caller) == f"{NUMBER} Bob"
    assert peer(event.called) == "1001 Alice"
    assert scene.plays(talking(ringing, from_outside())) == ["Alice answered"]
    assert [peer(call.other) for call in scene.calls(ALICE)] == [f"{NUMBER} Bob"]
    assert scene.ends(over(ringing, "recv_bye,NORMAL_CLEARING")) == ["Alice ended answered"]
    assert scene.is_empty()


def test_customer_who_is_hidden_is_known_by_the_address_book(scene: Scene) -> None:
    customer = EndUsers(1, (EndUser("77", "Renée Lefèvre"),))
    ringing = replace(
        phone(ALICE),
        other=OtherChannel(type="end_user", end_user=customer, peer_location="external"),
    )
    scene.plays(ringing)
    (event,) = scene.events
    assert (peer(event.caller), event.end_user) == (f"{NUMBER} Renée Lefèvre", customer)


def test_two_phones_that_a_hidden_caller_rings_are_one_call(scene: Scene) -> None:
    desk, web = phone(ALICE), phone(ALICE, uuid="Alice-web")
    assert scene.plays(desk, web) == ["Alice ringing"]
    assert scene.ends(over(desk, "send_cancel,ORIGINATOR_CANCEL")) == []
    assert scene.ends(over(web, "send_cancel,ORIGINATOR_CANCEL")) == ["Alice missed cancelled"]
    assert scene.is_empty()


@pytest.mark.parametrize(
    ("cause", "told"),
    [
        ("LOSE_RACE", "Alice ended answered_elsewhere"),
        ("PICKED_OFF", "Alice ended picked_up"),
        ("NO_ANSWER", "Alice missed no_answer"),
        ("ORIGINATOR_CANCEL", "Alice missed cancelled"),
    ],
)
def test_phones_own_end_tells_the_outcome_where_the_caller_is_hidden(
    scene: Scene, cause: str, told: str
) -> None:
    ringing = phone(ALICE)
    scene.plays(ringing)
    assert scene.ends(over(ringing, f"send_cancel,{cause}")) == [told]


def test_call_to_outside_is_external_though_the_other_leg_is_hidden(scene: Scene) -> None:
    dials = from_phone(ALICE, NUMBER)
    scene.plays(dials)
    answered = replace(
        talking(dials, from_outside("hidden")),
        other=OtherChannel(type="end_user", peer_location="external", address=NUMBER),
    )
    assert scene.plays(answered) == ["Alice answered"]
    assert scene.events[-1].location == "external"
