"""Tests of what the logbook says of calls, at once and later."""

from datetime import timedelta
from typing import Any, cast

from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.ws_cti.const import (
    CONF_ALL_USERS,
    CONF_RECORD_CALLER_DATA,
    CONF_USERS,
    EVENT_LOGBOOK,
)
from custom_components.ws_cti.logbook import sentence
from tests.integration.office import Office

OLIVE = "03 1234 5678"
PERMITTED = {CONF_RECORD_CALLER_DATA: True}

type Line = dict[str, Any]


@pytest.fixture(autouse=True)
def integration(recorder_mock: Recorder, enable_custom_integrations: None) -> None:
    """Let the recorder be there before Home Assistant, as its tests demand."""


@pytest.fixture
async def logbook(hass: HomeAssistant) -> None:
    """Set the logbook up."""
    assert await async_setup_component(hass, "logbook", {})
    await hass.async_block_till_done()


async def lines(hass: HomeAssistant, client: WebSocketGenerator, **wanted: list[str]) -> list[Line]:
    """Return our lines of the logbook as a person finds them later."""
    await async_wait_recording_done(hass)
    connection = await client()
    start = (dt_util.utcnow() - timedelta(hours=1)).isoformat()
    await connection.send_json_auto_id(
        {"type": "logbook/get_events", "start_time": start, **wanted}
    )
    answer = await connection.receive_json()
    assert answer["success"]
    return [line for line in cast("list[Line]", answer["result"]) if line.get("domain") == "ws_cti"]


async def missed_call(office: Office, name: str | None = "Olive Oyl") -> None:
    """Let Alice miss a call."""
    call = office.system.incoming_call(OLIVE, office.alice, name=name)
    call.ring()
    office.later(7)
    call.cancel()
    await office.settled()


@pytest.mark.usefixtures("logbook")
async def test_missed_call_is_told_with_its_caller_where_that_is_wanted(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, office: Office
) -> None:
    await office.open(**PERMITTED)
    await missed_call(office)

    [line] = await lines(hass, hass_ws_client)
    assert line["name"] == "Alice Martin"
    assert line["message"] == "missed a call from Olive Oyl (03 1234 5678)"
    assert line["icon"] == "mdi:phone-missed"
    # The frontend would put the entity's name, which is "Phone call", in place of hers.
    assert "entity_id" not in line


@pytest.mark.usefixtures("logbook")
async def test_missed_call_is_told_without_its_caller_unless_that_is_wanted(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, office: Office
) -> None:
    await office.open()
    told = async_capture_events(hass, EVENT_LOGBOOK)
    await missed_call(office)

    [line] = await lines(hass, hass_ws_client)
    assert (line["name"], line["message"]) == ("Alice Martin", "missed a call")
    assert OLIVE not in str(told[0].data)
    assert "Olive" not in str(told[0].data)


@pytest.mark.usefixtures("logbook")
async def test_page_of_a_user_shows_his_calls_only(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, office: Office
) -> None:
    await office.open()
    await missed_call(office)
    roster = office.entry.runtime_data.roster
    alice = roster.device_id(("user", str(office.alice.id)))
    zoe = roster.device_id(("user", str(office.zoe.id)))

    assert len(await lines(hass, hass_ws_client, device_ids=[alice])) == 1
    assert await lines(hass, hass_ws_client, device_ids=[zoe]) == []
    assert len(await lines(hass, hass_ws_client, entity_ids=["event.alice_martin_phone_call"])) == 1
    assert await lines(hass, hass_ws_client, entity_ids=["event.zoe_phone_call"]) == []


@pytest.mark.usefixtures("logbook")
async def test_logbook_that_is_open_shows_a_call_at_once(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, office: Office
) -> None:
    await office.open(**PERMITTED)
    connection = await hass_ws_client()
    start = dt_util.utcnow().isoformat()
    await connection.send_json_auto_id({"type": "logbook/event_stream", "start_time": start})
    assert (await connection.receive_json())["success"]
    await missed_call(office)

    seen: list[Line] = []
    while not seen:
        told = (await connection.receive_json())["event"]["events"]
        seen = [line for line in told if line.get("domain") == "ws_cti"]
    assert seen[0]["message"] == "missed a call from Olive Oyl (03 1234 5678)"


async def told(office: Office, **options: object) -> list[str]:
    """Return what is said of a day on which all kinds of calls happen."""
    await office.open(**options)
    events = async_capture_events(office.hass, EVENT_LOGBOOK)
    system = office.system

    rung = system.incoming_call("0901", office.sales, name="Popeye")
    rung.ring(office.alice)
    rung.ring(office.zoe)
    rung.answer(office.zoe)
    office.later(90)
    rung.hang_up()
    await office.settled()

    lost = system.incoming_call("0902", office.sales)
    lost.ring(office.alice)
    lost.cancel()
    await office.settled()

    system.incoming_call("0903", office.sales).to_voicemail()
    sent_on = system.incoming_call("0904", office.sales)
    sent_on.overflow(next(group for group in system.groups if group is not office.sales))
    await office.settled()

    vain = system.outgoing_call(office.zoe, "0905")
    vain.ring()
    vain.cancel()
    await office.settled()

    hidden = system.incoming_call(None, office.zoe)
    hidden.ring()
    hidden.cancel()
    await office.settled()

    inside = system.internal_call(office.alice, office.zoe)
    inside.ring()
    inside.answer()
    office.later(5)
    inside.hang_up()
    await office.settled()
    return [f"{one.data['name']} {sentence(one.data)}" for one in events]


async def test_day_is_told_with_callers_where_that_is_wanted(office: Office) -> None:
    assert await told(office, **PERMITTED) == [
        "Zoë talked with Popeye (0901) for 1 minute and 30 seconds",
        "Sales missed a call from 0902",
        "Alice Martin missed a call from 0902 to Sales",
        "Sales left a call from 0903 to voicemail",
        "Sales passed on a call from 0904",
        "Zoë called 0905 in vain",
        "Zoë missed a call from a withheld number",
        "Alice Martin talked with Zoë (1002) for 5 seconds",
        "Zoë talked with Alice Martin (1000) for 5 seconds",
    ]


async def test_day_is_told_without_callers_unless_that_is_wanted(office: Office) -> None:
    assert await told(office) == [
        "Zoë talked for 1 minute and 30 seconds",
        "Sales missed a call",
        "Alice Martin missed a call to Sales",
        "Sales left a call to voicemail",
        "Sales passed on a call",
        "Zoë called in vain",
        "Zoë missed a call",
        "Alice Martin talked for 5 seconds",
        "Zoë talked for 5 seconds",
    ]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "talked for a moment"),
        (0.9, "talked for 1 second"),
        (59, "talked for 59 seconds"),
        (60, "talked for 1 minute"),
        (119.7, "talked for 2 minutes"),
        (3600, "talked for 1 hour"),
        (3659, "talked for 1 hour"),
        (7500, "talked for 2 hours and 5 minutes"),
        (None, "talked"),
    ],
)
def test_time_is_told_as_people_say_it(seconds: float | None, said: str) -> None:
    assert sentence({"step": "ended", "outcome": "answered", "talk_seconds": seconds}) == said


async def test_nothing_is_told_of_those_who_are_left_out(office: Office) -> None:
    await office.open(**{CONF_ALL_USERS: False, CONF_USERS: [str(office.zoe.id)]})
    events = async_capture_events(office.hass, EVENT_LOGBOOK)
    await missed_call(office)
    assert events == []
