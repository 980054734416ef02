"""Tests of the examples in the README and the documentation: each is run as it stands there."""

from datetime import timedelta
from pathlib import Path
import re
from typing import Any, Final, cast

from freezegun.api import FrozenDateTimeFactory
from homeassistant.components import persistent_notification
from homeassistant.const import STATE_UNKNOWN
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import parse_yaml
import pytest
from pytest_homeassistant_custom_component.common import (
    async_fire_time_changed,
    async_mock_service,
)

from simulator.model import EndUser
from tests.integration.office import NINE, Office

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
BLOCK: Final = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
OLIVE: Final = "0312345678"

type Automation = dict[str, Any]


def examples() -> dict[str, Automation]:
    """Return the automations of all pages by their names."""
    blocks = [block for page in PAGES for block in BLOCK.findall(page.read_text())]
    # Steps alone, which begin with a hyphen, are tested with the actions.
    wholes = [cast("Automation", parse_yaml(block)) for block in blocks if block[0] != "-"]
    # A dashboard is tested with the dashboard.
    return {whole["alias"]: whole for whole in wholes if "views" not in whole}


EXAMPLES: Final = examples()


@pytest.fixture(autouse=True)
async def open_office(hass: HomeAssistant, office: Office) -> None:
    """Open the office of the examples, and let Home Assistant show notifications."""
    assert await async_setup_component(hass, "persistent_notification", {})
    await office.open()


async def install(hass: HomeAssistant, alias: str) -> None:
    """Create the automation of an example."""
    assert await async_setup_component(hass, "automation", {"automation": [EXAMPLES[alias]]})
    await hass.async_block_till_done()
    [automation] = hass.states.async_all("automation")
    assert automation.state == "on"


def notices(hass: HomeAssistant) -> list[tuple[str | None, str]]:
    """Return titles and texts of the notifications that a person sees."""
    shown = persistent_notification._async_get_or_create_notifications(hass)  # noqa: SLF001
    return [(notice["title"], notice["message"]) for notice in shown.values()]


@pytest.mark.parametrize(
    ("number", "name", "shown"),
    [
        (OLIVE, "Olive Oyl", "Olive Oyl"),
        (OLIVE, None, OLIVE),
        (None, None, "Somebody who withholds his number"),
    ],
)
async def test_show_who_calls_alice(
    hass: HomeAssistant, office: Office, number: str | None, name: str | None, shown: str
) -> None:
    await install(hass, "Show who calls Alice")
    office.system.incoming_call(number, office.alice, name=name).ring()
    await office.settled()
    assert notices(hass) == [("Alice is called", shown)]


async def test_show_who_calls_alice_and_nobody_else(hass: HomeAssistant, office: Office) -> None:
    await install(hass, "Show who calls Alice")
    office.system.incoming_call(OLIVE, office.zoe, name="Olive Oyl").ring()
    await office.settled()
    assert notices(hass) == []


async def test_note_missed_calls(hass: HomeAssistant, office: Office) -> None:
    await install(hass, "Note missed calls")
    call = office.system.incoming_call(OLIVE, office.zoe, name="Olive Oyl")
    call.ring()
    office.later(7)
    call.cancel()
    await office.settled()
    assert notices(hass) == [("Zoë missed a call", f"Olive Oyl ({OLIVE}) rang for 7 seconds.")]


async def test_answered_calls_are_no_missed_calls(hass: HomeAssistant, office: Office) -> None:
    await install(hass, "Note missed calls")
    call = office.system.incoming_call(OLIVE, office.sales, name="Olive Oyl")
    call.ring()
    call.answer(office.zoe)
    call.hang_up()
    await office.settled()
    assert notices(hass) == []


async def test_pause_the_music_while_alice_talks(hass: HomeAssistant, office: Office) -> None:
    paused: list[ServiceCall] = async_mock_service(hass, "media_player", "media_pause")
    await install(hass, "Pause the music while Alice talks")
    call = office.system.incoming_call(OLIVE, office.alice)
    call.ring()
    await office.settled()
    assert not paused
    call.answer()
    await office.settled()
    assert [service.data["entity_id"] for service in paused] == [["media_player.study"]]


async def test_warn_when_three_callers_wait(hass: HomeAssistant, office: Office) -> None:
    await install(hass, "Warn when three callers wait for Sales")
    for number in ("0901", "0902"):
        office.system.incoming_call(number, office.sales)
    await office.settled()
    assert notices(hass) == []
    office.system.incoming_call("0903", office.sales)
    await office.settled()
    assert notices(hass) == [("Sales needs help", "3 callers wait, 6 members take calls.")]


async def test_warn_when_somebody_waits_for_two_minutes(
    hass: HomeAssistant, office: Office, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to(NINE)
    lit: list[ServiceCall] = async_mock_service(hass, "light", "turn_on")
    await install(hass, "Warn when somebody waits for Sales for two minutes")
    assert office.state("sensor.sales_oldest_call_waiting_since") == STATE_UNKNOWN
    office.system.incoming_call(OLIVE, office.sales)
    await office.settled()
    assert not lit
    freezer.tick(timedelta(minutes=3))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()
    assert [service.data["entity_id"] for service in lit] == [["light.sales_warning"]]


async def test_say_which_customer_calls(hass: HomeAssistant, office: Office) -> None:
    await install(hass, "Say which customer calls Sales")
    popeye = EndUser("7", "Popeye", "Spinach Ltd")
    office.system.incoming_call(OLIVE, office.sales, end_user=popeye)
    await office.settled()
    assert notices(hass) == [("A customer calls", "Popeye of Spinach Ltd")]


async def test_say_nothing_of_a_caller_who_is_no_customer(
    hass: HomeAssistant, office: Office
) -> None:
    await install(hass, "Say which customer calls Sales")
    office.system.incoming_call(OLIVE, office.sales)
    office.system.incoming_call(
        OLIVE, office.sales, end_user=[EndUser("7", "Popeye"), EndUser("8", "Bluto")]
    )
    await office.settled()
    assert notices(hass) == []


async def test_note_callers_who_gave_up_waiting(hass: HomeAssistant, office: Office) -> None:
    await install(hass, "Note callers who gave up waiting for Sales")
    lost = office.system.incoming_call(OLIVE, office.sales)
    taken = office.system.incoming_call("0901", office.sales)
    recorded = office.system.incoming_call("0902", office.sales)
    taken.ring(office.zoe)
    taken.answer()
    recorded.to_voicemail()
    office.later(90)
    lost.cancel()
    await office.settled()
    assert notices(hass) == [("Call back", f"{OLIVE}, waited 90 seconds")]


async def test_list_the_missed_calls_of_the_day(
    hass: HomeAssistant, office: Office, freezer: FrozenDateTimeFactory
) -> None:
    freezer.move_to("2026-11-20T18:00:00+00:00")
    await hass.config.async_set_time_zone("UTC")
    await install(hass, "List the missed calls of the day")
    office.system.incoming_call(OLIVE, office.sales, name="Olive Oyl").cancel()
    office.system.incoming_call("0901", office.sales).to_voicemail()
    await office.settled()
    assert office.state("sensor.sales_missed_calls") == "2"
    await hass.services.async_call("automation", "trigger", {"entity_id": "all"}, blocking=True)
    await hass.services.async_call("automation", "turn_off", {"entity_id": "all"}, blocking=True)
    [(title, message)] = notices(hass)
    assert title == "Sales missed 2 calls"
    assert " ".join(message.split()) == "0901, voicemail Olive Oyl, cancelled"
    assert office.state("sensor.sales_missed_calls") == "0"


def test_every_example_is_tested() -> None:
    # Those of triggers and conditions are tested with these.
    tests = ("test_readme.py", "test_automation_examples.py")
    source = "".join(Path(__file__).with_name(name).read_text() for name in tests)
    assert [alias for alias in EXAMPLES if f'install(hass, "{alias}")' not in source] == []
