"""Tests of what sensors show while people phone."""

from collections import Counter
from dataclasses import replace
import gc
from typing import Any

from homeassistant.const import EVENT_STATE_CHANGED, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import Event, HomeAssistant, State, callback
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.ws_cti.const import CONF_PRESENCE_NAMES
from custom_components.ws_cti.cti.model import (
    Change,
    Item,
    Membership,
    MessageWaiting,
    Parked,
    WaitingChannel,
)
from custom_components.ws_cti.cti.words import ChangeKind, Element
from simulator.model import EndUser
from tests.integration.office import NINE, Office

PBX = "sensor.example_basix_ne_jp"
ALICE = "sensor.alice_martin"
ZOE = "sensor.zoe"
SALES = "sensor.sales"

CALLER = "0312345678"


def call_attributes(office: Office, entity_id: str) -> dict[str, Any]:
    """Return what a call state tells of its call; absent values are left out."""
    told = office.attributes(entity_id)
    names = ("direction", "location", "other_number", "other_name", "since", "group", "calls")
    return {name: told[name] for name in names if told.get(name) is not None}


def tell(office: Office, element: Element, item: Item) -> None:
    """Let the phone system say what this simulator never would."""
    office.entry.runtime_data.received(Change(element, ChangeKind.UPDATED, item, "updated"))


def writes(events: list[Event[dict[str, Any]]], entity_id: str) -> list[str]:
    """Return the states that were written for an entity."""
    return [
        event.data["new_state"].state for event in events if event.data["entity_id"] == entity_id
    ]


async def test_everything_is_quiet_in_the_morning(office: Office) -> None:
    await office.open()

    assert office.state(f"{PBX}_active_calls") == "0"
    assert office.state(f"{PBX}_waiting_calls") == "0"
    assert office.state(f"{PBX}_parked_calls") == "0"
    assert office.attributes(f"{PBX}_parked_calls")["slots"] == []
    assert office.state(f"{SALES}_waiting_calls") == "0"
    assert office.state(f"{SALES}_active_calls") == "0"
    assert office.state(f"{SALES}_group_members_logged_in") == "6"
    assert office.state(f"{SALES}_oldest_call_waiting_since") == STATE_UNKNOWN
    assert office.state(f"{SALES}_new_voicemails") == "0"
    assert office.state(f"{ALICE}_call_state") == "idle"
    assert office.state(f"{ALICE}_phone_presence") == "0"
    assert office.state(f"{ALICE}_new_voicemails") == "0"


async def test_call_to_a_group_from_its_first_ring_to_its_end(office: Office) -> None:
    await office.open()

    call = office.system.incoming_call(CALLER, office.sales, name="Shimizu")
    office.later(1)
    call.ring()
    await office.settled()
    assert office.state(f"{PBX}_active_calls") == "1"
    assert office.state(f"{PBX}_waiting_calls") == "1"
    assert office.state(f"{SALES}_waiting_calls") == "1"
    assert office.state(f"{SALES}_active_calls") == "1"
    assert office.state(f"{SALES}_oldest_call_waiting_since") == NINE
    assert office.state(f"{ALICE}_call_state") == "ringing"
    assert office.state(f"{ZOE}_call_state") == "ringing"
    assert call_attributes(office, f"{ALICE}_call_state") == {
        "calls": 1,
        "direction": "incoming",
        "group": "Sales",
        "location": "external",
        "other_name": "Shimizu",
        "other_number": CALLER,
        "since": "2026-11-20T09:00:01+00:00",
    }

    office.later(9)
    call.answer(office.alice)
    await office.settled()
    assert office.state(f"{PBX}_active_calls") == "1"
    assert office.state(f"{PBX}_waiting_calls") == "0"
    assert office.state(f"{SALES}_waiting_calls") == "0"
    assert office.state(f"{SALES}_active_calls") == "1"
    assert office.state(f"{SALES}_oldest_call_waiting_since") == STATE_UNKNOWN
    assert office.state(f"{ALICE}_call_state") == "talking"
    assert office.state(f"{ZOE}_call_state") == "idle"
    assert call_attributes(office, f"{ALICE}_call_state") == {
        "calls": 1,
        "direction": "incoming",
        "group": "Sales",
        "location": "external",
        "other_name": "Shimizu",
        "other_number": CALLER,
        "since": "2026-11-20T09:00:10+00:00",
    }

    office.later(5)
    call.park(office.alice)
    await office.settled()
    assert office.state(f"{PBX}_active_calls") == "1"
    assert office.state(f"{PBX}_parked_calls") == "1"
    assert office.attributes(f"{PBX}_parked_calls")["slots"] == [
        {
            "slot": "901",
            "since": "2026-11-20T09:00:15+00:00",
            "parked_by": "Alice Martin",
            "number": CALLER,
            "name": "Shimizu",
        }
    ]
    assert office.state(f"{ALICE}_call_state") == "idle"

    office.later(5)
    call.unpark(office.zoe)
    await office.settled()
    assert office.state(f"{PBX}_parked_calls") == "0"
    assert office.attributes(f"{PBX}_parked_calls")["slots"] == []
    assert office.state(f"{ZOE}_call_state") == "talking"
    assert office.attributes(f"{ZOE}_call_state")["other_number"] == CALLER

    call.hang_up()
    await office.settled()
    assert office.state(f"{PBX}_active_calls") == "0"
    assert office.state(f"{SALES}_active_calls") == "0"
    assert office.state(f"{ZOE}_call_state") == "idle"


async def test_nothing_of_the_last_caller_is_left_when_the_phone_is_idle(office: Office) -> None:
    await office.open()
    call = office.system.incoming_call(CALLER, office.alice, name="Shimizu")
    call.ring()
    await office.settled()

    call.cancel()
    await office.settled()

    assert office.state(f"{ALICE}_call_state") == "idle"
    assert call_attributes(office, f"{ALICE}_call_state") == {"calls": 0}
    assert "call_id" not in office.attributes(f"{ALICE}_call_state")


async def test_caller_who_hides_has_no_number(office: Office) -> None:
    await office.open()
    office.system.incoming_call(None, office.alice).ring()
    await office.settled()

    assert office.state(f"{ALICE}_call_state") == "ringing"
    told = office.attributes(f"{ALICE}_call_state")
    assert told["other_number"] is None
    assert told["other_name"] is None


async def test_known_customer_is_shown_by_his_name(office: Office) -> None:
    await office.open()
    customer = EndUser("7", "清水 一郎", "Shimizu KK")
    office.system.incoming_call(CALLER, office.alice, end_user=customer).ring()
    await office.settled()

    assert office.attributes(f"{ALICE}_call_state")["other_name"] == "清水 一郎"


async def test_call_to_a_colleague_shows_each_the_other(office: Office) -> None:
    await office.open()
    call = office.system.internal_call(office.alice, office.zoe)
    call.ring()
    await office.settled()
    assert office.state(f"{ALICE}_call_state") == "dialing"
    assert office.state(f"{ZOE}_call_state") == "ringing"

    call.answer()
    await office.settled()
    assert office.state(f"{ALICE}_call_state") == "talking"
    assert office.state(f"{ZOE}_call_state") == "talking"
    assert office.attributes(f"{ALICE}_call_state")["other_name"] == "Zoë"
    assert office.attributes(f"{ALICE}_call_state")["other_number"] == "1002"
    assert office.attributes(f"{ALICE}_call_state")["direction"] == "outgoing"
    assert office.attributes(f"{ZOE}_call_state")["other_name"] == "Alice Martin"
    assert office.attributes(f"{ZOE}_call_state")["location"] == "internal"


async def test_call_to_a_number_outside_is_dialed_then_talked(office: Office) -> None:
    await office.open()
    call = office.system.outgoing_call(office.alice, CALLER)
    call.ring()
    await office.settled()
    assert office.state(f"{ALICE}_call_state") == "dialing"
    assert call_attributes(office, f"{ALICE}_call_state") == {
        "calls": 1,
        "direction": "outgoing",
        "location": "external",
        "other_number": CALLER,
        "since": NINE,
    }

    call.answer()
    await office.settled()
    assert office.state(f"{ALICE}_call_state") == "talking"


async def test_call_on_hold_is_shown_and_takes_no_park_slot(office: Office) -> None:
    await office.open()
    call = office.system.incoming_call(CALLER, office.alice)
    call.ring()
    call.answer()
    office.later(30)
    call.hold(office.alice)
    await office.settled()

    assert office.state(f"{ALICE}_call_state") == "on_hold"
    assert office.attributes(f"{ALICE}_call_state")["since"] == "2026-11-20T09:00:30+00:00"
    assert office.state(f"{PBX}_parked_calls") == "0"
    assert office.attributes(f"{PBX}_parked_calls")["slots"] == []

    call.resume()
    await office.settled()
    assert office.state(f"{ALICE}_call_state") == "talking"


async def test_of_parallel_calls_the_strongest_is_shown(office: Office) -> None:
    await office.open()
    first = office.system.incoming_call("0311111111", office.alice)
    first.ring()
    first.answer()
    second = office.system.incoming_call("0322222222", office.alice)
    second.ring()
    await office.settled()
    assert office.state(f"{ALICE}_call_state") == "talking"
    assert office.attributes(f"{ALICE}_call_state")["other_number"] == "0311111111"
    assert office.attributes(f"{ALICE}_call_state")["calls"] == 2
    assert office.state(f"{PBX}_active_calls") == "2"

    first.hang_up()
    await office.settled()
    assert office.state(f"{ALICE}_call_state") == "ringing"
    assert office.attributes(f"{ALICE}_call_state")["other_number"] == "0322222222"
    assert office.attributes(f"{ALICE}_call_state")["calls"] == 1


async def test_call_of_one_user_writes_nothing_for_another(
    hass: HomeAssistant, office: Office
) -> None:
    await office.open()
    events = async_capture_events(hass, "state_changed")
    call = office.system.incoming_call(CALLER, office.alice)
    call.ring()
    call.answer()
    call.hang_up()
    await office.settled()

    assert writes(events, f"{ALICE}_call_state") == ["ringing", "talking", "idle"]
    assert not [event for event in events if "zoe" in event.data["entity_id"]]
    # What did not change was not written, though its user was touched.
    assert writes(events, f"{ALICE}_phone_presence") == []


async def test_queue_shows_since_when_the_first_of_it_waits(office: Office) -> None:
    await office.open()
    first = office.system.incoming_call("0311111111", office.sales)
    office.later(10)
    second = office.system.incoming_call("0322222222", office.sales)
    await office.settled()
    assert office.state(f"{SALES}_waiting_calls") == "2"
    assert office.state(f"{PBX}_waiting_calls") == "2"
    assert office.state(f"{SALES}_oldest_call_waiting_since") == NINE

    first.cancel()
    await office.settled()
    assert office.state(f"{SALES}_waiting_calls") == "1"
    assert office.state(f"{SALES}_oldest_call_waiting_since") == "2026-11-20T09:00:10+00:00"

    second.to_voicemail()
    await office.settled()
    assert office.state(f"{SALES}_waiting_calls") == "0"
    assert office.state(f"{SALES}_oldest_call_waiting_since") == STATE_UNKNOWN


async def test_caller_who_is_queued_anew_waits_from_then_on(office: Office) -> None:
    await office.open()
    call = office.system.incoming_call(CALLER, office.sales)
    await office.settled()
    office.later(10)
    call.overflow(office.sales)
    await office.settled()

    assert office.state(f"{SALES}_waiting_calls") == "1"
    assert office.state(f"{SALES}_oldest_call_waiting_since") == "2026-11-20T09:00:10+00:00"


async def test_slots_are_listed_in_their_order(office: Office) -> None:
    await office.open()
    for slot in (903, 901):
        call = office.system.incoming_call(CALLER, office.alice)
        call.ring()
        call.answer()
        call.park(office.alice, slot)
    await office.settled()

    assert office.state(f"{PBX}_parked_calls") == "2"
    slots = office.attributes(f"{PBX}_parked_calls")["slots"]
    assert [slot["slot"] for slot in slots] == ["901", "903"]


async def test_parked_call_whose_channel_is_hidden_is_still_counted(office: Office) -> None:
    await office.open()
    state = Parked(None, "park", slot="905", parker_id="0", parker_name="Somebody")
    tell(office, Element.PARKED_CHANNEL, WaitingChannel(uuid="hidden", state=state))

    assert office.state(f"{PBX}_parked_calls") == "1"
    assert office.attributes(f"{PBX}_parked_calls")["slots"] == [
        {"slot": "905", "since": None, "parked_by": "Somebody", "number": None, "name": None}
    ]


async def test_parked_call_without_a_parker_is_parked_by_nobody(office: Office) -> None:
    await office.open()
    state = Parked(None, "park", slot="905")
    tell(office, Element.PARKED_CHANNEL, WaitingChannel(uuid="hidden", state=state))

    assert office.attributes(f"{PBX}_parked_calls")["slots"][0]["parked_by"] is None


async def test_presence_is_the_raw_code(office: Office) -> None:
    await office.open()
    office.system.set_presence(office.alice, 3)
    await office.settled()

    assert office.state(f"{ALICE}_phone_presence") == "3"
    assert office.attributes(f"{ALICE}_phone_presence")["code"] == 3
    assert office.state(f"{ZOE}_phone_presence") == "0"


async def test_presence_has_the_name_that_its_code_was_given(office: Office) -> None:
    await office.open(**{CONF_PRESENCE_NAMES: {"0": "At my desk", "3": "Lunch"}})
    assert office.state(f"{ALICE}_phone_presence") == "At my desk"

    office.system.set_presence(office.alice, 3)
    await office.settled()
    assert office.state(f"{ALICE}_phone_presence") == "Lunch"
    assert office.attributes(f"{ALICE}_phone_presence")["code"] == 3

    office.system.set_presence(office.alice, 4)
    await office.settled()
    assert office.state(f"{ALICE}_phone_presence") == "4"


@pytest.mark.parametrize("nothing", [None, ""])
async def test_presence_that_is_not_told_is_unknown(office: Office, nothing: str | None) -> None:
    await office.open()
    user = office.entry.runtime_data.pbx.users[str(office.alice.id)]
    tell(office, Element.USER, replace(user, presence=nothing))

    assert office.state(f"{ALICE}_phone_presence") == STATE_UNKNOWN
    assert "code" not in office.attributes(f"{ALICE}_phone_presence")


async def test_messages_in_mailboxes_are_counted(
    hass: HomeAssistant, entity_registry: er.EntityRegistry, office: Office
) -> None:
    await office.open()
    office.system.leave_voicemail(office.alice, new=2, saved=1)
    office.system.leave_voicemail(office.sales)
    await office.settled()
    assert office.state(f"{ALICE}_new_voicemails") == "2"
    assert office.state(f"{SALES}_new_voicemails") == "1"
    assert office.state(f"{ZOE}_new_voicemails") == "0"

    # Saved ones interest few: who wants them switches them on.
    assert hass.states.get(f"{ALICE}_saved_voicemails") is None
    for owner in (ALICE, SALES):
        entity_registry.async_update_entity(f"{owner}_saved_voicemails", disabled_by=None)
    await office.reopen()
    assert office.state(f"{ALICE}_saved_voicemails") == "1"
    assert office.state(f"{SALES}_saved_voicemails") == "0"

    check = office.system.check_voicemail(office.alice)
    check.listen()
    await office.settled()
    assert office.state(f"{ALICE}_new_voicemails") == "0"
    assert office.state(f"{ALICE}_saved_voicemails") == "3"


async def test_message_that_a_caller_leaves_is_counted(office: Office) -> None:
    await office.open()
    call = office.system.incoming_call(CALLER, office.alice)
    call.ring()
    call.to_voicemail()
    call.leave_message()
    await office.settled()

    assert office.state(f"{ALICE}_new_voicemails") == "1"
    assert office.state(f"{ALICE}_call_state") == "idle"


async def test_counters_that_cannot_be_read_are_unknown(office: Office) -> None:
    await office.open()
    user = office.entry.runtime_data.pbx.users[str(office.alice.id)]
    tell(office, Element.USER, replace(user, mwi=MessageWaiting("many", None, None)))

    assert office.state(f"{ALICE}_new_voicemails") == STATE_UNKNOWN
    assert office.attributes(f"{ALICE}_new_voicemails")["raw_text"] == "many"


async def test_members_who_log_out_are_not_counted(office: Office) -> None:
    await office.open()
    for user in office.system.users:
        if user not in (office.alice, office.zoe) and office.sales.id in user.memberships:
            office.system.log_out(user, office.sales)
    await office.settled()
    assert office.state(f"{SALES}_group_members_logged_in") == "2"
    assert office.attributes(f"{SALES}_group_members_logged_in")["members"] == [
        "Alice Martin",
        "Zoë",
    ]

    office.system.log_out(office.zoe, office.sales)
    await office.settled()
    assert office.state(f"{SALES}_group_members_logged_in") == "1"

    office.system.leave(office.alice, office.sales)
    await office.settled()
    assert office.state(f"{SALES}_group_members_logged_in") == "0"
    assert office.attributes(f"{SALES}_group_members_logged_in")["members"] == []


async def test_members_are_unknown_where_no_logins_are_told(office: Office) -> None:
    await office.open()
    for member in (*office.entry.runtime_data.pbx.members(str(office.sales.id)).values(),):
        tell(
            office,
            Element.GROUP_MEMBER,
            Membership(id=member.id, group_id=member.group_id, user_id=member.user_id),
        )

    assert office.state(f"{SALES}_group_members_logged_in") == STATE_UNKNOWN


async def test_member_whose_user_is_not_known_goes_by_his_id(office: Office) -> None:
    await office.open()
    group_id = str(office.sales.id)
    stranger = Membership(id="9", group_id=group_id, user_id="42", login_status=1)
    tell(office, Element.GROUP_MEMBER, stranger)

    assert "42" in office.attributes(f"{SALES}_group_members_logged_in")["members"]


async def test_without_a_connection_nothing_is_known(office: Office) -> None:
    await office.open()
    office.system.set_presence(office.alice, 3)
    await office.lose_connection()
    for entity_id in (f"{PBX}_active_calls", f"{SALES}_waiting_calls", f"{ALICE}_call_state"):
        assert office.state(entity_id) == STATE_UNAVAILABLE

    call = office.system.incoming_call(CALLER, office.sales)
    call.ring(office.alice)
    await office.find_connection()
    assert office.state(f"{PBX}_active_calls") == "1"
    assert office.state(f"{SALES}_waiting_calls") == "1"
    assert office.state(f"{ALICE}_call_state") == "ringing"
    assert office.state(f"{ALICE}_phone_presence") == "3"


async def test_counts_have_units_and_statistics(office: Office) -> None:
    await office.open()
    units = {
        f"{PBX}_active_calls": "calls",
        f"{PBX}_waiting_calls": "calls",
        f"{PBX}_parked_calls": "calls",
        f"{SALES}_waiting_calls": "calls",
        f"{SALES}_active_calls": "calls",
        f"{SALES}_group_members_logged_in": "members",
        f"{SALES}_new_voicemails": "messages",
        f"{ALICE}_new_voicemails": "messages",
    }
    for entity_id, unit in units.items():
        assert office.attributes(entity_id)["unit_of_measurement"] == unit
        assert office.attributes(entity_id)["state_class"] == "measurement"


def states_in_memory() -> Counter[str]:
    """Return how many states of each entity there are, past ones included."""
    return Counter(one.entity_id for one in gc.get_objects() if type(one) is State)


async def test_past_states_are_gone_without_the_garbage_collector(
    hass: HomeAssistant, office: Office
) -> None:
    await office.open()
    hass.bus.async_listen(EVENT_STATE_CHANGED, callback(lambda _: None))

    async def miss_a_call() -> None:
        call = office.system.incoming_call(CALLER, office.alice)
        call.ring()
        await office.settled()
        call.cancel()
        await office.settled()

    await miss_a_call()
    gc.collect()
    gc.disable()
    try:
        before = states_in_memory()
        for _ in range(10):
            await miss_a_call()
        after = states_in_memory()
    finally:
        gc.enable()

    assert before["event.alice_martin_phone_call"]
    assert after == before
