"""Who waits for which group and who is parked is one answer out of up to four reports."""

from dataclasses import replace
from itertools import permutations

import pytest

from custom_components.ws_cti.cti.model import Calling, ChannelState, WaitingChannel
from custom_components.ws_cti.cti.words import (
    PBX,
    PBX_PARKED,
    PBX_QUEUES,
    Element,
    StateName,
    TargetType,
    group_queue_key,
    user_calls_key,
)

from .scene import (
    ALICE,
    SALES,
    SUPPORT,
    Scene,
    at,
    calling,
    from_outside,
    listed,
    over,
    parked,
    phone,
    talking,
)

LISTS = [Element.CHANNEL_WAITING, Element.QUEUED_CHANNEL]
EVERYTHING = [Element.CHANNEL, *LISTS]


@pytest.fixture
def scene() -> Scene:
    return Scene()


def waiting(scene: Scene, group_id: str = SALES) -> dict[str, int | None]:
    return dict(scene.pbx.queues.waiting(group_id))


def tells(scene: Scene, element: Element, uuid: str = "call", seconds: float = 1) -> list[str]:
    """Let an element tell that somebody waits for Sales."""
    channel = calling(from_outside(uuid), group_id=SALES, seconds=seconds)
    if element is Element.CHANNEL:
        return scene.plays(channel)
    return scene.lists(element, listed(channel))


# Waiting


@pytest.mark.parametrize("element", EVERYTHING)
def test_any_element_tells_who_waits(scene: Scene, element: Element) -> None:
    assert tells(scene, element) == ["Sales entered"]
    assert waiting(scene) == {"call": at(1)}
    assert scene.pbx.queues.waiting_count == 1
    assert scene.pbx.queues.oldest(SALES) == at(1)


@pytest.mark.parametrize("elements", list(permutations(EVERYTHING)))
def test_channel_that_several_elements_tell_waits_once(
    scene: Scene, elements: tuple[Element, ...]
) -> None:
    told = [tells(scene, element) for element in elements]
    assert told == [["Sales entered"], [], []]
    assert scene.pbx.queues.waiting_count == 1


def test_nobody_waits_for_an_unknown_group(scene: Scene) -> None:
    assert waiting(scene, "no group") == {}
    assert scene.pbx.queues.oldest("no group") is None


def test_oldest_of_several_tells_the_longest_wait(scene: Scene) -> None:
    tells(scene, Element.CHANNEL, "second", 20)
    tells(scene, Element.CHANNEL, "first", 10)
    assert scene.pbx.queues.oldest(SALES) == at(10)
    assert scene.pbx.queues.waiting_count == 2
    scene.ends(over(from_outside("first"), "recv_cancel,ORIGINATOR_CANCEL"))
    assert scene.pbx.queues.oldest(SALES) == at(20)


def test_oldest_needs_only_one_who_has_a_time(scene: Scene) -> None:
    timeless = calling(from_outside("timeless"), group_id=SALES)
    state = timeless.state
    assert state is not None
    scene.plays(replace(timeless, state=replace(state, since=None)))
    assert scene.pbx.queues.oldest(SALES) is None
    tells(scene, Element.CHANNEL, "timed", 10)
    assert scene.pbx.queues.oldest(SALES) == at(10)


def test_wait_ends_when_the_last_element_tells_so(scene: Scene) -> None:
    channel = listed(calling(from_outside(), group_id=SALES))
    for element in LISTS:
        scene.lists(element, channel)
    assert scene.unlists(LISTS[0], channel) == []
    assert waiting(scene) == {"call": at(1)}
    assert scene.unlists(LISTS[1], channel) == ["Sales abandoned unknown"]
    assert waiting(scene) == {}
    assert scene.is_empty()


def test_wait_ends_when_the_channel_has_a_newer_state_than_the_lists(scene: Scene) -> None:
    caller, ringing = calling(from_outside(), group_id=SALES), phone(ALICE)
    scene.plays(caller, ringing)
    scene.lists(Element.QUEUED_CHANNEL, listed(caller))
    scene.plays(talking(ringing, caller), talking(caller, ringing))
    assert waiting(scene) == {}
    assert scene.unlists(Element.QUEUED_CHANNEL, listed(caller)) == []


def test_wait_ends_with_the_channel_whatever_the_lists_still_say(scene: Scene) -> None:
    caller = calling(from_outside(), group_id=SALES)
    scene.plays(caller)
    for element in LISTS:
        scene.lists(element, listed(caller))
    assert scene.ends(over(caller, "recv_cancel,ORIGINATOR_CANCEL")) == [
        "Sales abandoned cancelled"
    ]
    assert scene.is_empty()
    for element in LISTS:
        assert scene.unlists(element, listed(caller)) == []
    assert scene.is_empty()


def test_change_of_group_is_an_end_and_a_beginning(scene: Scene) -> None:
    caller = calling(from_outside(), group_id=SALES)
    scene.plays(caller)
    moved = calling(caller, group_id=SUPPORT, seconds=9)
    assert scene.plays(moved) == ["Sales abandoned overflowed", "Support entered"]
    assert (waiting(scene, SALES), waiting(scene, SUPPORT)) == ({}, {"call": at(9)})
    assert {group_queue_key(SALES), group_queue_key(SUPPORT), PBX} <= scene.touched


def test_wait_that_gets_another_beginning_wakes_its_group(scene: Scene) -> None:
    tells(scene, Element.CHANNEL, seconds=1)
    assert tells(scene, Element.CHANNEL, seconds=9) == []
    assert scene.pbx.queues.oldest(SALES) == at(9)
    assert {group_queue_key(SALES), PBX} <= scene.touched


def test_who_calls_one_user_waits_for_no_group(scene: Scene) -> None:
    scene.plays(calling(from_outside(), user_id=SALES))
    assert scene.pbx.queues.waiting_count == 0


def test_rows_without_a_state_tell_nothing(scene: Scene) -> None:
    for element in LISTS:
        assert scene.lists(element, WaitingChannel(uuid="call")) == []
    tells(scene, Element.QUEUED_CHANNEL)
    assert scene.lists(Element.QUEUED_CHANNEL, WaitingChannel(uuid="call")) == [
        "Sales abandoned unknown"
    ]
    assert scene.is_empty()


def test_group_that_legacy_rows_name_is_waited_for(scene: Scene) -> None:
    state = Calling(at(1), StateName.CALLING, target_type=TargetType.GROUP, target_id=SALES)
    assert scene.plays(replace(from_outside(), state=state)) == ["Sales entered"]


def test_new_list_replaces_the_old_one(scene: Scene) -> None:
    first, second = (calling(from_outside(uuid), group_id=SALES) for uuid in ("one", "two"))
    scene.shows(Element.QUEUED_CHANNEL, [listed(first)])
    assert scene.shows(Element.QUEUED_CHANNEL, [listed(second)]) == [
        "Sales abandoned unknown",
        "Sales entered",
    ]
    assert list(waiting(scene)) == ["two"]


# Parked

PARKING = [Element.PARKED_CHANNEL, Element.CHANNEL_WAITING]


@pytest.mark.parametrize("element", [Element.CHANNEL, *PARKING])
def test_any_element_tells_who_is_parked(scene: Scene, element: Element) -> None:
    channel = parked(from_outside(), "901")
    if element is Element.CHANNEL:
        scene.plays(channel)
    else:
        scene.lists(element, listed(channel))
    assert {uuid: state.slot for uuid, state in scene.pbx.queues.parked.items()} == {"call": "901"}
    assert PBX in scene.touched


@pytest.mark.parametrize("element", PARKING)
def test_list_is_right_when_the_channel_still_says_that_it_is_parked(
    scene: Scene, element: Element
) -> None:
    # So it is in the recorded session: the channel's row follows later, if at all.
    channel = parked(from_outside(), "901")
    scene.plays(channel)
    for one in PARKING:
        scene.lists(one, listed(channel))
    scene.unlists(element, listed(channel))
    assert dict(scene.pbx.queues.parked) == {}
    assert PBX in scene.touched


def test_same_channel_may_be_parked_again(scene: Scene) -> None:
    channel = parked(from_outside(), "901")
    scene.plays(channel)
    scene.lists(Element.PARKED_CHANNEL, listed(channel))
    scene.unlists(Element.PARKED_CHANNEL, listed(channel))
    again = parked(from_outside(), "902", seconds=40)
    scene.plays(again)
    assert {uuid: state.slot for uuid, state in scene.pbx.queues.parked.items()} == {"call": "902"}
    scene.lists(Element.PARKED_CHANNEL, listed(again))
    scene.unlists(Element.PARKED_CHANNEL, listed(again))
    assert dict(scene.pbx.queues.parked) == {}


@pytest.mark.parametrize("element", PARKING)
def test_list_is_right_when_it_tells_a_channel_again(scene: Scene, element: Element) -> None:
    channel = parked(from_outside(), "901")
    scene.plays(channel)
    scene.lists(element, listed(channel))
    scene.unlists(element, listed(channel))
    assert dict(scene.pbx.queues.parked) == {}
    scene.lists(element, listed(channel))
    assert list(scene.pbx.queues.parked) == ["call"]


def test_users_on_hold_are_woken_when_the_list_lets_them_go(scene: Scene) -> None:
    caller, ringing = from_outside(), phone(ALICE)
    scene.plays(caller, ringing, talking(ringing, caller), talking(caller, ringing))
    waits = parked(talking(caller, ringing), "901")
    scene.plays(waits)
    scene.lists(Element.PARKED_CHANNEL, listed(waits))
    assert scene.state(ALICE) == "on_hold"
    scene.unlists(Element.PARKED_CHANNEL, listed(waits))
    assert scene.state(ALICE) == "talking"
    assert user_calls_key(ALICE) in scene.touched


def test_who_took_a_call_is_woken_when_it_is_held_in_another_call(scene: Scene) -> None:
    caller = talking(from_outside(), from_outside("parker"))
    scene.plays(caller)
    taker = talking(replace(phone(ALICE, of=None), direction="inbound"), caller)
    scene.plays(taker, talking(caller, taker, 6))
    assert scene.state(ALICE) == "talking"
    scene.plays(parked(talking(caller, taker, 6), None, 20))
    assert scene.state(ALICE) == "on_hold"
    assert user_calls_key(ALICE) in scene.touched


def test_parked_channel_that_gets_a_name_wakes_who_lists_the_slots(scene: Scene) -> None:
    channel = parked(from_outside(), "901")
    scene.plays(channel)
    scene.plays(replace(channel, calling_name="Tanaka"))
    assert PBX_PARKED in scene.touched


def test_who_waits_and_who_is_parked_wake_apart(scene: Scene) -> None:
    channel = from_outside()
    scene.plays(channel)
    scene.plays(calling(channel, group_id=SALES, seconds=5))
    assert scene.touched & {PBX_QUEUES, PBX_PARKED} == {PBX_QUEUES}
    scene.plays(parked(channel, "901", seconds=10))
    assert scene.touched & {PBX_QUEUES, PBX_PARKED} == {PBX_QUEUES, PBX_PARKED}
    scene.plays(parked(channel, "902", seconds=15))
    assert scene.touched & {PBX_QUEUES, PBX_PARKED} == {PBX_PARKED}
    scene.plays(calling(channel, group_id=SALES, seconds=20))
    assert scene.touched & {PBX_QUEUES, PBX_PARKED} == {PBX_QUEUES, PBX_PARKED}


def test_parked_channel_that_becomes_something_else_is_no_longer_parked(scene: Scene) -> None:
    channel = parked(from_outside(), "901")
    scene.plays(channel)
    scene.plays(replace(channel, state=ChannelState(at(20), StateName.BRIDGED)))
    assert dict(scene.pbx.queues.parked) == {}


def test_parked_channel_that_goes_on_to_a_group_waits_for_it(scene: Scene) -> None:
    channel = parked(from_outside(), "901")
    scene.plays(channel)
    scene.lists(Element.PARKED_CHANNEL, listed(channel))
    assert scene.plays(calling(channel, group_id=SALES, seconds=30)) == ["Sales entered"]
    assert dict(scene.pbx.queues.parked) == {}
    assert waiting(scene) == {"call": at(30)}


# What changes nothing, and what only seems to


def idle(uuid: str = "call", seconds: float = 1) -> WaitingChannel:
    """Return a row in a list by which a channel neither waits nor is parked."""
    return WaitingChannel(uuid=uuid, state=ChannelState(at(seconds), StateName.SYSTEM_OPERATION))


@pytest.mark.parametrize("seconds", [0, 1])
def test_list_that_repeats_a_wait_touches_nobody(scene: Scene, seconds: float) -> None:
    tells(scene, Element.CHANNEL, seconds=1)
    for element in LISTS:
        assert tells(scene, element, seconds=seconds) == []
        assert not scene.touched
    assert waiting(scene) == {"call": at(1)}


def test_list_that_repeats_a_park_slot_touches_nobody(scene: Scene) -> None:
    channel = parked(from_outside(), "901")
    scene.plays(channel)
    for element in PARKING:
        scene.lists(element, listed(channel))
        assert not scene.touched


@pytest.mark.parametrize("element", LISTS)
def test_list_that_knows_a_newer_state_ends_the_wait(scene: Scene, element: Element) -> None:
    tells(scene, Element.CHANNEL, seconds=1)
    assert scene.lists(element, idle(seconds=2)) == ["Sales abandoned overflowed"]
    assert waiting(scene) == {}


@pytest.mark.parametrize("element", LISTS)
def test_list_that_knows_a_newer_wait_tells_its_beginning(scene: Scene, element: Element) -> None:
    tells(scene, Element.CHANNEL, seconds=1)
    assert tells(scene, element, seconds=9) == []
    assert waiting(scene) == {"call": at(9)}
    assert group_queue_key(SALES) in scene.touched


def test_list_that_knows_a_newer_wait_than_the_channel_begins_it(scene: Scene) -> None:
    scene.plays(from_outside(seconds=1))
    assert tells(scene, Element.QUEUED_CHANNEL, seconds=2) == ["Sales entered"]


def test_list_that_knows_an_older_wait_than_the_channel_begins_none(scene: Scene) -> None:
    scene.plays(from_outside(seconds=2))
    assert tells(scene, Element.QUEUED_CHANNEL, seconds=1) == []
    assert scene.pbx.queues.waiting_count == 0


def test_wait_begins_when_the_only_newer_state_is_gone(scene: Scene) -> None:
    scene.lists(Element.CHANNEL_WAITING, idle(seconds=5))
    assert tells(scene, Element.QUEUED_CHANNEL, seconds=1) == []
    assert scene.unlists(Element.CHANNEL_WAITING, idle(seconds=5)) == ["Sales entered"]


def test_list_that_takes_its_own_wait_back_ends_it(scene: Scene) -> None:
    scene.lists(Element.CHANNEL_WAITING, idle(seconds=1))
    tells(scene, Element.QUEUED_CHANNEL, seconds=5)
    # The same list speaks again, with an older state than before.
    assert scene.lists(Element.QUEUED_CHANNEL, idle(seconds=1)) == ["Sales abandoned unknown"]


def test_wait_outlives_a_list_that_is_not_the_last_to_tell_it(scene: Scene) -> None:
    tells(scene, Element.CHANNEL)
    row = listed(calling(from_outside(), group_id=SALES))
    scene.lists(Element.QUEUED_CHANNEL, row)
    assert scene.unlists(Element.QUEUED_CHANNEL, row) == []
    assert not scene.touched
    assert waiting(scene) == {"call": at(1)}


def test_wait_that_was_told_again_ends_with_the_row_that_told_it_last(scene: Scene) -> None:
    scene.lists(Element.CHANNEL_WAITING, idle(seconds=1))
    row = listed(calling(from_outside(), group_id=SALES, seconds=5))
    assert isinstance(row.state, Calling)
    scene.lists(Element.QUEUED_CHANNEL, row)
    row = replace(row, state=replace(row.state, target_name="Sales and more"))
    scene.lists(Element.QUEUED_CHANNEL, row)
    assert scene.unlists(Element.QUEUED_CHANNEL, row) == ["Sales abandoned unknown"]
    assert waiting(scene) == {}


def test_list_that_parks_a_channel_again_undoes_that_it_let_it_go(scene: Scene) -> None:
    # A group waits for whom its slot has let go, as long as the list does not park him again.
    channel = parked(from_outside(), "901", seconds=10)
    scene.plays(channel)
    scene.lists(Element.PARKED_CHANNEL, listed(channel))
    scene.unlists(Element.PARKED_CHANNEL, listed(channel))
    tells(scene, Element.QUEUED_CHANNEL, seconds=10)
    assert waiting(scene) == {"call": at(10)}
    scene.lists(Element.PARKED_CHANNEL, listed(channel))
    assert (waiting(scene), list(scene.pbx.queues.parked)) == ({}, ["call"])


# Nothing is left


@pytest.mark.parametrize("list_goes_first", [True, False])
def test_nothing_is_left_of_channels_that_are_gone(
    scene: Scene,
    list_goes_first: bool,  # noqa: FBT001
) -> None:
    for channel in (parked(from_outside("p"), "901"), calling(from_outside("w"), group_id=SALES)):
        scene.plays(channel)
        for element in (*PARKING, Element.QUEUED_CHANNEL):
            scene.lists(element, listed(channel))
        if not list_goes_first:
            scene.ends(over(channel))
        for element in (*PARKING, Element.QUEUED_CHANNEL):
            scene.unlists(element, listed(channel))
        if list_goes_first:
            scene.ends(over(channel))
    assert scene.is_empty()
    assert remembered(scene) == 0


def test_nothing_is_left_of_parked_channels_that_only_a_list_told(scene: Scene) -> None:
    for number in range(5):
        channel = listed(parked(from_outside(f"call-{number}"), "901"))
        scene.lists(Element.PARKED_CHANNEL, channel)
        scene.unlists(Element.PARKED_CHANNEL, channel)
    assert remembered(scene) == 0


def remembered(scene: Scene) -> int:
    """Return how much the queues keep; the one look behind the scene, for what leaks."""
    return sum(map(len, vars(scene.pbx.queues).values()))
