"""Tests of the examples of triggers and conditions: each is run as it stands there."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

from freezegun.api import TickingDateTimeFactory
from homeassistant.components import persistent_notification
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    label_registry as lr,
)
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import async_mock_service

from custom_components.ws_cti.condition import CONDITIONS
from custom_components.ws_cti.cti import link
from custom_components.ws_cti.trigger import TRIGGERS
from tests.integration.automations import Told, clock_that_can_be_put_forward, pass_time
from tests.integration.office import NINE, Office
from tests.integration.test_readme import BLOCK, EXAMPLES, ROOT, install, notices

PAGES: Final = (ROOT / "docs" / "triggers.md", ROOT / "docs" / "conditions.md")
OLIVE: Final = "0312345678"
POPEYE: Final = "0612345678"


@pytest.fixture
def clock() -> Iterator[TickingDateTimeFactory]:
    """Return a clock that is right, and shows the morning."""
    with clock_that_can_be_put_forward(NINE) as clock:
        yield clock


@pytest.fixture(autouse=True)
async def open_office(
    hass: HomeAssistant,
    clock: TickingDateTimeFactory,
    office: Office,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Open an office that is an area, where Alice and Zoë are a team."""
    monkeypatch.setattr(link, "PING_SECONDS", None)
    assert await async_setup_component(hass, "persistent_notification", {})
    await office.open()
    area = ar.async_get(hass).async_create("Office")
    label = lr.async_get(hass).async_create("Team")
    devices = dr.async_get(hass)
    for device in dr.async_entries_for_config_entry(devices, office.entry.entry_id):
        team = {label.label_id} if device.name in ("Alice Martin", "Zoë") else set()
        devices.async_update_device(device.id, area_id=area.id, labels=team)


def targets(told: Told) -> list[str]:
    """Return what actions were done to."""
    return [entity_id for action in told for entity_id in action.data["entity_id"]]


def messages(hass: HomeAssistant) -> list[str]:
    """Return the texts of the notifications that a person sees, and take them away."""
    texts = [text for _, text in notices(hass)]
    persistent_notification.async_dismiss_all(hass)
    return texts


# Triggers


async def test_flash_the_hall_light_when_nobody_answers(
    hass: HomeAssistant, office: Office, clock: TickingDateTimeFactory
) -> None:
    """When a call for the office has rung for 20 seconds and nobody is on the phone."""
    lit = async_mock_service(hass, "light", "turn_on")
    sent = async_mock_service(hass, "notify", "send_message")
    await install(hass, "Flash the hall light when nobody answers for Sales")
    call = office.system.incoming_call(OLIVE, office.sales)
    assert office.alice in call.ring()
    await office.settled()
    await pass_time(hass, clock, 19)
    assert not lit
    await pass_time(hass, clock, 2)
    assert [(one.data["entity_id"], one.data["flash"]) for one in lit] == [(["light.hall"], "long")]
    assert [one.data["message"] for one in sent] == [f"{OLIVE} waits for Sales"]
    await pass_time(hass, clock, 60)
    assert len(lit) == 1
    call.cancel()

    # Somebody is on the phone.
    talk = office.system.incoming_call(POPEYE, office.zoe)
    talk.ring()
    talk.answer()
    office.system.incoming_call(OLIVE, office.sales).ring()
    await office.settled()
    await pass_time(hass, clock, 30)
    assert len(lit) == 1
    talk.hang_up()

    # Somebody answers in time.
    answered = office.system.incoming_call(OLIVE, office.sales)
    answered.ring(office.alice)
    await office.settled()
    await pass_time(hass, clock, 15)
    answered.answer()
    answered.hang_up()
    await office.settled()
    await pass_time(hass, clock, 15)
    assert len(lit) == 1


async def test_announce_calls_from_tokyo(hass: HomeAssistant, office: Office) -> None:
    await install(hass, "Announce calls from Tokyo")
    for number in (OLIVE, "0081 3 9999 9999", POPEYE, None):
        office.system.incoming_call(number, office.alice).ring()
    office.system.internal_call(office.zoe, office.alice).ring()
    await office.settled()
    assert messages(hass) == ["Tokyo calls Alice Martin", "Tokyo calls Alice Martin"]


async def test_dim_the_light(hass: HomeAssistant, office: Office) -> None:
    lit = async_mock_service(hass, "light", "turn_on")
    await install(hass, "Dim the light when Alice answers")
    outgoing = office.system.outgoing_call(office.alice, OLIVE)
    outgoing.ring()
    outgoing.answer()
    outgoing.hang_up()
    call = office.system.incoming_call(OLIVE, office.alice)
    call.ring()
    await office.settled()
    assert not lit
    call.answer()
    await office.settled()
    assert targets(lit) == ["light.study"]


async def test_note_whom_the_team_has_to_call_back(hass: HomeAssistant, office: Office) -> None:
    await install(hass, "Note whom the team has to call back")
    stranger = next(user for user in office.system.users if user not in (office.alice, office.zoe))
    for user, number in ((office.zoe, OLIVE), (office.alice, None), (stranger, POPEYE)):
        call = office.system.incoming_call(number, user)
        call.ring()
        call.cancel()
    recorded = office.system.incoming_call(POPEYE, office.zoe)
    recorded.ring()
    recorded.to_voicemail()
    await office.settled()
    assert notices(hass) == [
        ("Zoë missed a call", OLIVE),
        ("Alice Martin missed a call", "Withheld"),
    ]


async def test_say_how_long_alice_talked(hass: HomeAssistant, office: Office) -> None:
    await install(hass, "Say how long Alice talked")
    missed = office.system.incoming_call(OLIVE, office.alice)
    missed.ring()
    missed.cancel()
    call = office.system.incoming_call(OLIVE, office.alice)
    call.ring()
    call.answer()
    office.later(90)
    call.hang_up()
    await office.settled()
    assert messages(hass) == ["1.5 minutes"]


async def test_light_the_way_for_the_ambulance(hass: HomeAssistant, office: Office) -> None:
    lit = async_mock_service(hass, "light", "turn_on")
    await install(hass, "Light the way for the ambulance")
    office.system.outgoing_call(office.alice, OLIVE).cancel()
    await office.settled()
    assert not lit
    office.system.outgoing_call(office.alice, "119")
    await office.settled()
    assert targets(lit) == ["light.entrance"]


async def test_show_that_there_is_voicemail(hass: HomeAssistant, office: Office) -> None:
    await install(hass, "Show that there is voicemail")
    office.system.leave_voicemail(office.sales)
    await office.settled()
    assert messages(hass) == ["Sales New voicemails: 1"]


async def test_tell_what_becomes_of_callers(hass: HomeAssistant, office: Office) -> None:
    await install(hass, "Tell what becomes of callers of Sales")
    taken = office.system.incoming_call(OLIVE, office.sales)
    lost = office.system.incoming_call(POPEYE, office.sales)
    office.system.incoming_call("0901", office.sales).to_voicemail()
    taken.ring(office.zoe)
    office.later(5)
    taken.answer()
    office.later(60)
    lost.cancel()
    await office.settled()
    assert messages(hass) == [
        f"{OLIVE}: Zoë after 5 seconds",
        f"{POPEYE}: gave up after 65 seconds",
    ]


async def test_call_for_help(
    hass: HomeAssistant, office: Office, clock: TickingDateTimeFactory
) -> None:
    await install(hass, "Call for help when three callers wait for Sales")
    for number in (OLIVE, POPEYE):
        office.system.incoming_call(number, office.sales)
    await office.settled()
    await pass_time(hass, clock, 31)
    assert messages(hass) == []
    office.system.incoming_call("0901", office.sales)
    await office.settled()
    assert messages(hass) == []
    await pass_time(hass, clock, 31)
    assert messages(hass) == ["3 callers wait"]


async def test_turn_the_light_red(
    hass: HomeAssistant, office: Office, clock: TickingDateTimeFactory
) -> None:
    lit = async_mock_service(hass, "light", "turn_on")
    await install(hass, "Turn the light red when somebody waits for Sales for two minutes")
    office.system.incoming_call(OLIVE, office.sales)
    await office.settled()
    await pass_time(hass, clock, 119)
    assert not lit
    await pass_time(hass, clock, 2)
    assert targets(lit) == ["light.sales_warning"]


# Conditions


async def test_turn_the_music_on(
    hass: HomeAssistant, office: Office, clock: TickingDateTimeFactory
) -> None:
    played = async_mock_service(hass, "media_player", "media_play")
    call = office.system.incoming_call(OLIVE, office.zoe)
    call.ring()
    await office.settled()
    await install(hass, "Turn the music on when the office has been quiet for a while")
    await pass_time(hass, clock, 301)
    assert not played
    call.cancel()
    await office.settled()
    await pass_time(hass, clock, 200)
    assert not played
    await pass_time(hass, clock, 400)
    assert targets(played) == ["media_player.office"]
    await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)


async def fire(hass: HomeAssistant, event: str) -> None:
    """Let something happen at home."""
    hass.bus.async_fire(event)
    await hass.async_block_till_done()


async def test_keep_the_vacuum_away(hass: HomeAssistant, office: Office) -> None:
    started = async_mock_service(hass, "vacuum", "start")
    await install(hass, "Keep the vacuum away while the phone of Alice rings")
    call = office.system.incoming_call(OLIVE, office.alice)
    call.ring()
    await office.settled()
    await fire(hass, "vacuum_wants_to_start")
    assert not started
    call.cancel()
    await office.settled()
    await fire(hass, "vacuum_wants_to_start")
    assert targets(started) == ["vacuum.study"]


async def test_do_not_let_the_doorbell_ring(hass: HomeAssistant, office: Office) -> None:
    lit = async_mock_service(hass, "light", "turn_on")
    await install(hass, "Do not let the doorbell ring while somebody is on the phone")
    await fire(hass, "doorbell_pressed")
    assert not lit
    call = office.system.incoming_call(OLIVE, office.zoe)
    call.ring()
    call.answer()
    await office.settled()
    await fire(hass, "doorbell_pressed")
    assert targets(lit) == ["light.hall"]


async def test_remind_alice_that_she_cannot_be_called(
    hass: HomeAssistant, office: Office, clock: TickingDateTimeFactory
) -> None:
    await install(hass, "Remind Alice that she cannot be called")
    office.system.set_do_not_disturb(office.alice, on=True)
    await office.settled()
    await fire(hass, "somebody_came_in")
    assert messages(hass) == []
    await pass_time(hass, clock, 3601)
    await fire(hass, "somebody_came_in")
    assert messages(hass) == ["Do not disturb is still on"]
    office.system.outgoing_call(office.alice, OLIVE)
    await office.settled()
    await fire(hass, "somebody_came_in")
    assert messages(hass) == []


async def test_remind_alice_of_her_voicemail(hass: HomeAssistant, office: Office) -> None:
    await install(hass, "Remind Alice of her voicemail when she comes in")
    await fire(hass, "alice_came_in")
    assert messages(hass) == []
    office.system.leave_voicemail(office.alice)
    await office.settled()
    await fire(hass, "alice_came_in")
    assert messages(hass) == ["1 new messages"]


async def test_ask_alice_to_log_in(hass: HomeAssistant, office: Office) -> None:
    await install(hass, "Ask Alice to log in while callers wait")
    office.system.incoming_call(OLIVE, office.sales)
    await office.settled()
    await fire(hass, "alice_sat_down")
    assert messages(hass) == []
    office.system.log_out(office.alice, office.sales)
    await office.settled()
    await fire(hass, "alice_sat_down")
    assert messages(hass) == ["Callers wait for Sales, and you are not logged in"]


# All of them


def used(page: Path, kind: str) -> set[Any]:
    """Return which triggers or conditions of ours the examples of a page use."""
    words = " ".join(BLOCK.findall(page.read_text())).split()
    return {
        after
        for word, after in pairwise(words)
        if word == f"{kind}:" and after.startswith("ws_cti.")
    }


def test_every_trigger_and_every_condition_has_an_example() -> None:
    triggers, conditions = PAGES
    assert {f"ws_cti.{key}" for key in TRIGGERS} == used(triggers, "trigger")
    assert {f"ws_cti.{key}" for key in CONDITIONS} <= used(conditions, "condition")


def test_every_example_of_these_pages_is_run_here() -> None:
    source = Path(__file__).read_text()
    pages = "".join(page.read_text() for page in PAGES)
    ours = [alias for alias in EXAMPLES if f"alias: {alias}\n" in pages]
    assert ours
    assert [alias for alias in ours if f'install(hass, "{alias}")' not in source] == []
