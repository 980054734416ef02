"""Tests of our triggers, each in an automation that a person could build."""

from collections.abc import Iterator
from typing import Any, Final

from freezegun.api import TickingDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar, device_registry as dr, entity_registry as er
import probatio
import pytest
from pytest_homeassistant_custom_component.common import (
    async_capture_events,
)

from custom_components.ws_cti.call_filter import normalised
from custom_components.ws_cti.const import EVENT_CALL
from custom_components.ws_cti.cti import link
from custom_components.ws_cti.targets import whose
from custom_components.ws_cti.trigger import TRIGGERS
from tests.integration.automations import (
    AUTOMATION,
    Told,
    clock_that_can_be_put_forward,
    pass_time,
    when,
)
from tests.integration.office import NINE, Office

ALICE: Final = "event.alice_martin_phone_call"
ZOE: Final = "event.zoe_phone_call"
SALES: Final = "event.sales_phone_call"
CALLER: Final = "0312345678"


@pytest.fixture
def clock() -> Iterator[TickingDateTimeFactory]:
    """Return a clock that is right, and shows the morning."""
    with clock_that_can_be_put_forward(NINE) as clock:
        yield clock


@pytest.fixture(autouse=True)
async def open_office(
    clock: TickingDateTimeFactory, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Open the office in the morning; when time flies, no answer to a ping is late."""
    monkeypatch.setattr(link, "PING_SECONDS", None)
    await office.open()


def tellers(told: Told) -> list[str]:
    """Return the entities that made an automation run."""
    return [run.data["entity_id"] for run in told]


# What a trigger tells


async def test_trigger_tells_the_whole_call_as_the_event_does(
    hass: HomeAssistant, office: Office
) -> None:
    told = await when(hass, "call_ended", ALICE)
    events = async_capture_events(hass, EVENT_CALL)
    call = office.system.incoming_call(CALLER, office.sales, name="Shimizu", did="0356781234")
    call.ring(office.alice)
    office.later(4)
    call.answer()
    office.later(30)
    call.hang_up()
    await office.settled()

    [run] = told
    assert run.data["call"] == events[-1].data
    assert run.data["call"]["user_name"] == "Alice Martin"
    assert run.data["call"]["talk_seconds"] == 30.0
    assert run.data["entity_id"] == ALICE
    assert run.data["description"] == f"state of {ALICE}"
    assert run.data["state"] == office.state(ALICE)


async def test_trigger_of_a_group_tells_the_whole_call(hass: HomeAssistant, office: Office) -> None:
    told = await when(hass, "group_call_entered", SALES)
    events = async_capture_events(hass, EVENT_CALL)
    office.system.incoming_call(None, office.sales)
    await office.settled()

    assert [run.data["call"] for run in told] == [events[0].data]
    assert told[0].data["call"]["caller_number"] is None
    assert told[0].data["call"]["group_name"] == "Sales"


# Each trigger


async def course(office: Office, *, answer: bool = False) -> None:
    """Let somebody call Alice and Zoë through Sales, and hang up in the end."""
    call = office.system.incoming_call(CALLER, office.sales)
    call.ring(office.alice)
    call.ring(office.zoe)
    if answer:
        call.answer(office.zoe)
        call.hang_up()
    else:
        call.cancel()
    outgoing = office.system.outgoing_call(office.alice, "0901234567")
    outgoing.ring()
    outgoing.answer()
    outgoing.hang_up()
    await office.settled()


@pytest.mark.parametrize(
    ("trigger", "unanswered", "answered"),
    [
        ("call_ringing", [ALICE, ZOE], [ALICE, ZOE]),
        ("call_answered", [ALICE], [ZOE, ALICE]),
        ("call_missed", [ALICE, ZOE], []),
        ("call_ended", [ALICE, ZOE, ALICE], [ALICE, ZOE, ALICE]),
        ("call_placed", [ALICE], [ALICE]),
        ("group_call_entered", [SALES], [SALES]),
        ("group_call_answered", [], [SALES]),
        ("group_call_abandoned", [SALES], []),
    ],
)
async def test_trigger_fires_at_its_step_for_its_kind(
    hass: HomeAssistant,
    office: Office,
    trigger: str,
    unanswered: list[str],
    answered: list[str],
) -> None:
    told = await when(hass, trigger, {"entity_id": [ALICE, ZOE, SALES]})
    await course(office)
    assert tellers(told) == unanswered
    told.clear()
    await course(office, answer=True)
    assert tellers(told) == answered


# Targets


async def test_area_with_users_and_groups_triggers_only_for_its_kind(
    hass: HomeAssistant, office: Office
) -> None:
    area = ar.async_get(hass).async_create("Office")
    devices = dr.async_get(hass)
    for device in dr.async_entries_for_config_entry(devices, office.entry.entry_id):
        devices.async_update_device(device.id, area_id=area.id)
    told = await when(hass, "call_answered", {"area_id": area.id})
    call = office.system.incoming_call(CALLER, office.sales)
    call.ring(office.alice)
    call.answer()
    await office.settled()
    assert tellers(told) == [ALICE]


async def test_label_that_is_set_later_counts_at_once(hass: HomeAssistant, office: Office) -> None:
    told = await when(hass, "call_ringing", {"label_id": "team"})
    office.system.incoming_call(CALLER, office.alice).ring()
    await office.settled()
    assert told == []
    er.async_get(hass).async_update_entity(ALICE, labels={"team"})
    office.system.incoming_call("0901", office.alice).ring()
    await office.settled()
    assert tellers(told) == [ALICE]


async def test_event_of_another_integration_never_triggers(
    hass: HomeAssistant, office: Office
) -> None:
    other = er.async_get(hass).async_get_or_create("event", "doorbell", "1").entity_id
    told = await when(hass, "call_missed", {"entity_id": [other, "event.without_registry"]})
    for entity_id in (other, "event.without_registry"):
        hass.states.async_set(entity_id, "2026-11-20T08:00:00.000+00:00")
        hass.states.async_set(
            entity_id, NINE, {"event_type": "missed", "call_id": "1", "outcome": "busy"}
        )
    await hass.async_block_till_done()
    assert told == []


async def test_unique_id_tells_whose_an_entity_is(hass: HomeAssistant, office: Office) -> None:
    entries = er.async_entries_for_config_entry(er.async_get(hass), office.entry.entry_id)
    kinds = {
        "sensor.alice_martin_call_state": ("user", str(office.alice.id)),
        "sensor.alice_martin_new_voicemails": ("user", str(office.alice.id)),
        "sensor.sales_waiting_calls": ("group", str(office.sales.id)),
        ALICE: ("user", str(office.alice.id)),
        SALES: ("group", str(office.sales.id)),
    }
    said = {entry.entity_id: whose(entry) for entry in entries}
    assert {entity_id: said[entity_id] for entity_id in kinds} == kinds
    assert said["sensor.example_basix_ne_jp_waiting_calls"][0] not in ("user", "group")


# Missed calls


@pytest.mark.parametrize(("only_unanswered", "runs"), [(True, []), (False, [ALICE])])
async def test_call_that_a_colleague_took_is_missed_only_if_that_is_wanted(
    hass: HomeAssistant, office: Office, *, only_unanswered: bool, runs: list[str]
) -> None:
    told = await when(
        hass, "call_missed", {"entity_id": [ALICE, ZOE]}, only_unanswered=only_unanswered
    )
    call = office.system.incoming_call(CALLER, office.sales)
    call.ring(office.alice)
    call.ring(office.zoe)
    call.answer(office.zoe)
    call.hang_up()
    await office.settled()
    assert tellers(told) == runs


async def test_call_that_was_picked_up_can_be_chosen(hass: HomeAssistant, office: Office) -> None:
    told = await when(hass, "call_missed", ALICE, only_unanswered=False, outcome=["picked_up"])
    call = office.system.incoming_call(CALLER, office.alice)
    call.ring()
    call.pick_up(office.zoe)
    await office.settled()
    assert [run.data["call"]["outcome"] for run in told] == ["picked_up"]
    call.hang_up()
    other = office.system.incoming_call(CALLER, office.alice)
    other.ring()
    other.cancel()
    await office.settled()
    assert len(told) == 1


@pytest.mark.parametrize("trigger", ["call_missed", "call_ended"])
@pytest.mark.parametrize(
    ("ending", "outcome"),
    [
        ("cancel", "cancelled"),
        ("disconnect", "no_answer"),
        ("to_voicemail", "voicemail"),
    ],
)
async def test_only_chosen_outcomes_trigger(
    hass: HomeAssistant, office: Office, trigger: str, ending: str, outcome: str
) -> None:
    told = await when(hass, trigger, ALICE, outcome=outcome)
    for end in ("cancel", "disconnect", "to_voicemail"):
        call = office.system.incoming_call(CALLER, office.alice)
        call.ring()
        getattr(call, end)()
        if end == "to_voicemail":
            call.hang_up()
        await office.settled()
    assert [run.data["call"]["outcome"] for run in told] == [outcome]


async def test_caller_who_gave_up_is_told_from_one_who_was_sent_on(
    hass: HomeAssistant, office: Office
) -> None:
    told = await when(hass, "group_call_abandoned", SALES, outcome=["cancelled"])
    office.system.incoming_call(CALLER, office.sales).to_voicemail()
    lost = office.system.incoming_call("0901", office.sales)
    lost.cancel()
    await office.settled()
    assert [run.data["call"]["caller_number"] for run in told] == ["0901"]


# Which calls


@pytest.mark.parametrize(
    ("direction", "numbers"), [("incoming", [CALLER]), ("outgoing", ["0901234567"])]
)
@pytest.mark.parametrize("trigger", ["call_answered", "call_ended"])
async def test_direction_can_be_chosen(
    hass: HomeAssistant, office: Office, trigger: str, direction: str, numbers: list[str]
) -> None:
    told = await when(hass, trigger, ALICE, direction=direction)
    for call in (
        office.system.incoming_call(CALLER, office.alice),
        office.system.outgoing_call(office.alice, "0901234567"),
    ):
        call.ring()
        call.answer()
        call.hang_up()
    await office.settled()
    party = "caller_number" if direction == "incoming" else "called_number"
    assert [run.data["call"][party] for run in told] == numbers


@pytest.mark.parametrize(("location", "callers"), [("internal", ["1002"]), ("external", [CALLER])])
async def test_location_can_be_chosen(
    hass: HomeAssistant, office: Office, location: str, callers: list[str]
) -> None:
    told = await when(hass, "call_ringing", ALICE, location=location)
    for call in (
        office.system.incoming_call(CALLER, office.alice),
        office.system.internal_call(office.zoe, office.alice),
    ):
        call.ring()
        call.cancel()
    await office.settled()
    assert [run.data["call"]["caller_number"] for run in told] == callers


CALLERS: Final = ["0312345678", "+81312345678", "0081399999999", "1002", None]


@pytest.mark.parametrize(
    ("options", "admitted"),
    [
        ({}, CALLERS),
        ({"number": []}, CALLERS),
        ({"number": ["", " "]}, CALLERS),
        ({"number": "03-1234-5678"}, ["0312345678"]),
        ({"number": ["03 1234 5678", "１００２"]}, ["0312345678", "1002"]),  # noqa: RUF001
        ({"number": ["00 81 (3) 1234.5678"]}, ["+81312345678"]),
        ({"number": ["+81 3"], "number_match": "prefix"}, ["+81312345678", "0081399999999"]),
        ({"number": ["03", "10"], "number_match": "prefix"}, ["0312345678", "1002"]),
        ({"number": ["031234567"]}, []),
        ({"number_match": "withheld"}, [None]),
    ],
)
async def test_caller_can_be_chosen_by_his_number(
    hass: HomeAssistant,
    office: Office,
    options: dict[str, Any],
    admitted: list[str | None],
) -> None:
    told = await when(hass, "call_ringing", ALICE, **options)
    for number in CALLERS:
        call = office.system.incoming_call(number, office.alice)
        call.ring()
        call.cancel()
    await office.settled()
    assert [run.data["call"]["caller_number"] for run in told] == admitted


async def test_number_of_a_placed_call_is_the_one_called(
    hass: HomeAssistant, office: Office
) -> None:
    told = await when(hass, "call_placed", ALICE, number=["090-1234-567"])
    office.system.outgoing_call(office.alice, "0312345678").cancel()
    office.system.outgoing_call(office.alice, "0901234567").cancel()
    await office.settled()
    assert [run.data["call"]["called_number"] for run in told] == ["0901234567"]


@pytest.mark.parametrize(
    ("written", "compared"),
    [
        ("+81 3-1234-5678", "+81312345678"),
        ("0081‐3－1234・5678".replace("・", "."), "+81312345678"),  # noqa: RUF001
        ("(03) 1234/5678", "0312345678"),
        ("０３ー１２３４", "031234"),
        ("*86#", "*86#"),
        ("SIP:Alice@example.com", "sip:alice@examplecom"),
        ("-", ""),
    ],
)
def test_numbers_are_compared_without_what_people_write_between_digits(
    written: str, compared: str
) -> None:
    assert normalised(written) == compared


@pytest.mark.parametrize(
    ("trigger", "options", "complaint"),
    [
        ("call_ringing", {"number": [80]}, "quotes"),
        ("call_ringing", {"number": 80}, "quotes"),
        ("call_ringing", {"number": ["-"]}, "not a phone number"),
        ("call_ringing", {"number": ["1"], "number_match": "withheld"}, "withheld"),
        ("call_ringing", {"location": "abroad"}, "location"),
        ("call_ringing", {"outcome": ["busy"]}, "outcome"),
        ("call_missed", {"outcome": ["answered"]}, "outcome"),
        ("call_missed", {"outcome": ["picked_up"]}, "only_unanswered"),
        ("group_waiting_above", {}, "above"),
        ("group_waiting_above", {"above": -1}, "above"),
        ("group_waiting_too_long", {}, "for"),
    ],
)
async def test_choice_that_makes_no_sense_is_refused(
    hass: HomeAssistant, trigger: str, options: dict[str, Any], complaint: str
) -> None:
    config = {"target": {"entity_id": [ALICE]}, "options": options}
    with pytest.raises(probatio.Invalid, match=complaint):
        await TRIGGERS[trigger].async_validate_config(hass, config)


async def test_trigger_needs_no_options(hass: HomeAssistant) -> None:
    config = {"target": {"entity_id": [ALICE]}}
    for trigger in TRIGGERS.keys() - {"group_waiting_above", "group_waiting_too_long"}:
        assert (await TRIGGERS[trigger].async_validate_config(hass, config))["options"] is not None


# Nothing but news


async def test_steps_of_the_same_moment_all_trigger(hass: HomeAssistant, office: Office) -> None:
    told = await when(hass, "call_ringing", ALICE)
    for number in ("0901", "0902", "0903"):
        office.system.incoming_call(number, office.alice).ring()
    await office.settled()
    assert [run.data["call"]["caller_number"] for run in told] == ["0901", "0902", "0903"]


async def test_what_is_shown_again_is_no_news(hass: HomeAssistant, office: Office) -> None:
    told = await when(hass, "call_ringing", {"entity_id": [ALICE]})
    office.system.incoming_call(CALLER, office.alice).ring()
    await office.settled()
    told.clear()
    await office.lose_connection()
    await office.find_connection()
    await office.reopen()
    assert office.attributes(ALICE)["event_type"] == "ringing"
    assert told == []


async def test_what_happened_while_nobody_saw_it_triggers_once(
    hass: HomeAssistant, office: Office
) -> None:
    told = await when(hass, "call_answered", {"entity_id": [ALICE]})
    call = office.system.incoming_call(CALLER, office.alice)
    call.ring()
    await office.settled()
    await office.lose_connection()
    call.answer()
    await office.find_connection()
    await office.settled()
    assert tellers(told) == [ALICE]


# For some time


@pytest.mark.parametrize("duration", [{"seconds": 20}, "00:00:20", 20])
async def test_call_that_has_rung_for_some_time(
    hass: HomeAssistant, office: Office, clock: TickingDateTimeFactory, duration: object
) -> None:
    told = await when(hass, "call_ringing", ALICE, **{"for": duration})
    office.system.incoming_call(CALLER, office.alice).ring()
    await office.settled()
    await pass_time(hass, clock, 19)
    assert told == []
    await pass_time(hass, clock, 2)
    [run] = told
    assert run.data["call"]["caller_number"] == CALLER
    assert run.data["call"]["step"] == "ringing"
    assert run.data["for"] == "0:00:20"
    await pass_time(hass, clock, 60)
    assert len(told) == 1


async def test_call_that_need_not_ring_for_some_time_triggers_at_once(
    hass: HomeAssistant, office: Office
) -> None:
    told = await when(hass, "call_ringing", ALICE, **{"for": "00:00:00"})
    office.system.incoming_call(CALLER, office.alice).ring()
    await office.settled()
    assert tellers(told) == [ALICE]


@pytest.mark.parametrize("ending", ["answer", "cancel", "reject", "pick_up", "to_voicemail"])
async def test_call_that_rings_no_more_is_not_waited_for(
    hass: HomeAssistant, office: Office, clock: TickingDateTimeFactory, ending: str
) -> None:
    told = await when(hass, "call_ringing", ALICE, **{"for": 20})
    call = office.system.incoming_call(CALLER, office.alice)
    call.ring()
    await office.settled()
    await pass_time(hass, clock, 10)
    if ending == "pick_up":
        call.pick_up(office.zoe)
    else:
        getattr(call, ending)()
    await office.settled()
    await pass_time(hass, clock, 30)
    assert told == []


async def test_each_of_parallel_calls_is_followed_by_itself(
    hass: HomeAssistant, office: Office, clock: TickingDateTimeFactory
) -> None:
    told = await when(hass, "call_ringing", ALICE, **{"for": 20})
    first = office.system.incoming_call("0901", office.alice)
    first.ring()
    await office.settled()
    await pass_time(hass, clock, 10)
    office.system.incoming_call("0902", office.alice).ring()
    third = office.system.incoming_call("0903", office.alice)
    third.ring()
    third.cancel()
    await office.settled()
    await pass_time(hass, clock, 11)
    assert [run.data["call"]["caller_number"] for run in told] == ["0901"]
    first.cancel()
    await office.settled()
    await pass_time(hass, clock, 10)
    assert [run.data["call"]["caller_number"] for run in told] == ["0901", "0902"]


async def test_call_of_whom_becomes_unavailable_is_not_waited_for(
    hass: HomeAssistant, office: Office, clock: TickingDateTimeFactory
) -> None:
    told = await when(hass, "call_ringing", ALICE, **{"for": 20})
    office.system.incoming_call(CALLER, office.alice).ring()
    await office.settled()
    await office.lose_connection()
    await office.find_connection()
    await pass_time(hass, clock, 30)
    assert told == []


async def test_call_of_an_entity_that_is_removed_is_not_waited_for(
    hass: HomeAssistant, office: Office, clock: TickingDateTimeFactory
) -> None:
    told = await when(hass, "call_ringing", {"entity_id": [ALICE, ZOE]}, **{"for": 20})
    for user in (office.alice, office.zoe):
        office.system.incoming_call(CALLER, user).ring()
    await office.settled()
    er.async_get(hass).async_remove(ALICE)
    await hass.async_block_till_done()
    await pass_time(hass, clock, 30)
    assert tellers(told) == [ZOE]


async def test_call_of_whom_leaves_the_target_is_not_waited_for(
    hass: HomeAssistant, office: Office, clock: TickingDateTimeFactory
) -> None:
    er.async_get(hass).async_update_entity(ALICE, labels={"team"})
    told = await when(hass, "call_ringing", {"label_id": "team"}, **{"for": 20})
    office.system.incoming_call(CALLER, office.alice).ring()
    await office.settled()
    er.async_get(hass).async_update_entity(ALICE, labels=set())
    await hass.async_block_till_done()
    await pass_time(hass, clock, 30)
    assert told == []


@pytest.mark.parametrize("trigger", ["call_ringing", "group_waiting_too_long"])
async def test_automation_that_is_turned_off_waits_for_nothing(
    hass: HomeAssistant, office: Office, clock: TickingDateTimeFactory, trigger: str
) -> None:
    target = {"entity_id": [ALICE, "sensor.sales_oldest_call_waiting_since"]}
    told = await when(hass, trigger, target, **{"for": 20})
    office.system.incoming_call(CALLER, office.sales).ring()
    await office.settled()
    await hass.services.async_call(
        "automation", "turn_off", {"entity_id": AUTOMATION}, blocking=True
    )
    await pass_time(hass, clock, 30)
    assert told == []


async def test_call_that_waits_for_a_group_for_some_time(
    hass: HomeAssistant, office: Office, clock: TickingDateTimeFactory
) -> None:
    told = await when(hass, "group_call_entered", SALES, **{"for": 20})
    lost = office.system.incoming_call("0901", office.sales)
    office.system.incoming_call("0902", office.sales)
    taken = office.system.incoming_call("0903", office.sales)
    taken.ring(office.alice)
    taken.answer()
    await office.settled()
    await pass_time(hass, clock, 10)
    lost.cancel()
    await office.settled()
    await pass_time(hass, clock, 11)
    assert [run.data["call"]["caller_number"] for run in told] == ["0902"]


# Queues


async def test_more_calls_than_a_number_wait(hass: HomeAssistant, office: Office) -> None:
    waiting = "sensor.sales_waiting_calls"
    total = "sensor.example_basix_ne_jp_waiting_calls"
    told = await when(hass, "group_waiting_above", {"entity_id": [waiting, total]}, above=1)
    calls = [office.system.incoming_call(f"090{index}", office.sales) for index in range(3)]
    await office.settled()
    assert [(run.data["entity_id"], run.data["state"]) for run in told] == [(waiting, 2)]
    for call in calls:
        call.cancel()
    office.system.incoming_call("0901", office.sales)
    await office.settled()
    assert len(told) == 1
    office.system.incoming_call("0902", office.sales)
    await office.settled()
    assert len(told) == 2


async def test_more_calls_than_a_number_wait_for_some_time(
    hass: HomeAssistant, office: Office, clock: TickingDateTimeFactory
) -> None:
    told = await when(
        hass, "group_waiting_above", "sensor.sales_waiting_calls", above=0, **{"for": 30}
    )
    short = office.system.incoming_call("0901", office.sales)
    await office.settled()
    await pass_time(hass, clock, 20)
    short.cancel()
    office.system.incoming_call("0902", office.sales)
    await office.settled()
    await pass_time(hass, clock, 20)
    assert told == []
    await pass_time(hass, clock, 11)
    assert len(told) == 1


async def test_calls_that_wait_when_the_connection_is_back_are_no_news(
    hass: HomeAssistant, office: Office
) -> None:
    told = await when(hass, "group_waiting_above", "sensor.sales_waiting_calls", above=0)
    await office.lose_connection()
    office.system.incoming_call("0901", office.sales)
    await office.find_connection()
    assert office.state("sensor.sales_waiting_calls") == "1"
    assert told == []


OLDEST: Final = "sensor.sales_oldest_call_waiting_since"


async def wait(
    hass: HomeAssistant, office: Office, clock: TickingDateTimeFactory, seconds: float
) -> None:
    """Let the same time pass here and in the phone system."""
    office.later(seconds)
    await pass_time(hass, clock, seconds)


async def test_oldest_caller_waits_too_long_once(
    hass: HomeAssistant, office: Office, clock: TickingDateTimeFactory
) -> None:
    told = await when(hass, "group_waiting_too_long", OLDEST, **{"for": {"minutes": 1}})
    first = office.system.incoming_call("0901", office.sales)
    await office.settled()
    await wait(hass, office, clock, 40)
    second = office.system.incoming_call("0902", office.sales)
    await office.settled()
    assert told == []
    await wait(hass, office, clock, 21)
    assert [run.data["state"] for run in told] == [NINE]
    assert told[0].data["for"] == "0:01:00"
    await wait(hass, office, clock, 60)
    assert len(told) == 1

    # The next one has waited too long already when he becomes the oldest.
    first.cancel()
    await office.settled()
    assert [run.data["state"] for run in told] == [NINE, "2026-11-20T09:00:40+00:00"]
    second.cancel()
    await office.settled()
    assert office.state(OLDEST) == "unknown"
    await wait(hass, office, clock, 600)
    assert len(told) == 2


async def test_oldest_caller_of_a_group_that_gets_another_name_still_waits(
    hass: HomeAssistant, office: Office, clock: TickingDateTimeFactory
) -> None:
    told = await when(hass, "group_waiting_too_long", OLDEST, **{"for": 60})
    office.system.incoming_call("0901", office.sales)
    await office.settled()
    await wait(hass, office, clock, 30)
    er.async_get(hass).async_update_entity(OLDEST, name="Longest wait")
    await hass.async_block_till_done()
    await wait(hass, office, clock, 31)
    assert tellers(told) == [OLDEST]


async def test_oldest_caller_who_is_answered_in_time_does_not_trigger(
    hass: HomeAssistant, office: Office, clock: TickingDateTimeFactory
) -> None:
    told = await when(hass, "group_waiting_too_long", OLDEST, **{"for": 60})
    call = office.system.incoming_call("0901", office.sales)
    call.ring(office.alice)
    await office.settled()
    await wait(hass, office, clock, 50)
    call.answer()
    await office.settled()
    await wait(hass, office, clock, 60)
    assert told == []


async def test_caller_who_waits_at_the_start_triggers_when_his_time_comes(
    hass: HomeAssistant, office: Office, clock: TickingDateTimeFactory
) -> None:
    office.system.incoming_call("0901", office.sales)
    await office.settled()
    await wait(hass, office, clock, 50)
    told = await when(hass, "group_waiting_too_long", OLDEST, **{"for": 60})
    await wait(hass, office, clock, 11)
    assert tellers(told) == [OLDEST]


@pytest.mark.parametrize(("away", "runs"), [(20, [OLDEST]), (70, [])])
async def test_caller_who_waited_through_a_lost_connection(
    hass: HomeAssistant,
    office: Office,
    clock: TickingDateTimeFactory,
    away: float,
    runs: list[str],
) -> None:
    told = await when(hass, "group_waiting_too_long", OLDEST, **{"for": 60})
    office.system.incoming_call("0901", office.sales)
    await office.settled()
    await office.lose_connection()
    await wait(hass, office, clock, away)
    await office.find_connection()
    assert told == []
    await wait(hass, office, clock, 60)
    assert tellers(told) == runs
    await office.lose_connection()
    await office.find_connection()
    assert tellers(told) == runs


async def test_sensor_that_is_removed_is_not_watched(
    hass: HomeAssistant, office: Office, clock: TickingDateTimeFactory
) -> None:
    told = await when(hass, "group_waiting_too_long", {"entity_id": [OLDEST]}, **{"for": 60})
    office.system.incoming_call("0901", office.sales)
    await office.settled()
    er.async_get(hass).async_remove(OLDEST)
    await hass.async_block_till_done()
    await wait(hass, office, clock, 70)
    assert told == []


# Mailboxes


async def test_voicemail_is_received(hass: HomeAssistant, office: Office) -> None:
    alice, sales = "sensor.alice_martin_new_voicemails", "sensor.sales_new_voicemails"
    told = await when(hass, "voicemail_received", {"entity_id": [alice, sales]})
    office.system.leave_voicemail(office.alice)
    office.system.leave_voicemail(office.sales)
    await office.settled()
    assert tellers(told) == [alice, sales]
    office.system.leave_voicemail(office.alice)
    await office.settled()
    assert told[-1].data["state"] == 2
    office.system.set_mwi(office.alice, new=1, saved=1)
    await office.settled()
    assert len(told) == 3


async def test_voicemail_that_is_there_already_is_no_news(
    hass: HomeAssistant, office: Office
) -> None:
    told = await when(hass, "voicemail_received", "sensor.alice_martin_new_voicemails")
    await office.lose_connection()
    office.system.leave_voicemail(office.alice)
    await office.find_connection()
    assert office.state("sensor.alice_martin_new_voicemails") == "1"
    assert told == []
