"""Tests that text of the phone system is shown as it is: never run, never read as markup."""

from datetime import timedelta
import re
from typing import Any, Final, cast

from homeassistant.components.recorder.core import Recorder
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.ws_cti.const import (
    CONF_RECORD_CALLER_DATA,
    DOMAIN,
    EVENT_CALL,
    EVENT_MESSAGE,
)
from simulator.bert import Charlist
from simulator.model import Group, User
from tests.integration.office import Office

HOSTILE: Final = [
    "{{ 1 }}<script>alert(1)</script>",
    "['a list', 'or two'] %s %(x)s {title} {0.__class__}",
    "[click](javascript:alert(1)) **bold** {% raw %}",
]
NUMBER: Final = "0312345678"


@pytest.fixture(autouse=True)
def integration(recorder_mock: Recorder, enable_custom_integrations: None) -> None:
    """Let the recorder be there before Home Assistant, as its tests demand."""


@pytest.fixture(params=HOSTILE)
def text(request: pytest.FixtureRequest) -> str:
    """Return what somebody calls himself who means harm."""
    return cast("str", request.param)


@pytest.fixture
def group(office: Office, text: str) -> Group:
    """Return a group of that name."""
    return office.system.add_group(text, extension="1190")


@pytest.fixture
async def user(office: Office, group: Group, text: str) -> User:
    """Return a user of that name, in a group of that name, once Home Assistant knows both."""
    user = office.system.add_user(text, extension="1090", groups=[group])
    await office.open(**{CONF_RECORD_CALLER_DATA: True})
    return user


def entities_of(hass: HomeAssistant, office: Office, name: str) -> list[str]:
    """Return the entities of all devices of a name."""
    registry = dr.async_get(hass)
    devices = dr.async_entries_for_config_entry(registry, office.entry.entry_id)
    return [
        entry.entity_id
        for device in devices
        if device.name == name
        for entry in er.async_entries_for_device(er.async_get(hass), device.id)
    ]


@pytest.mark.usefixtures("user")
async def test_devices_bear_the_name_and_entity_ids_stay_slugs(
    hass: HomeAssistant, office: Office, text: str
) -> None:
    entity_ids = entities_of(hass, office, text)
    assert len(entity_ids) >= 2 * 8
    for entity_id in entity_ids:
        assert re.fullmatch(r"[a-z_]+\.[a-z0-9_]+", entity_id)
    names = [state.name for state in map(hass.states.get, entity_ids) if state is not None]
    assert names
    assert all(name.startswith(text) for name in names)


async def test_states_and_events_tell_the_name_as_it_is(
    hass: HomeAssistant, office: Office, user: User, text: str
) -> None:
    events = async_capture_events(hass, EVENT_CALL)
    office.system.incoming_call(NUMBER, user, name=text).ring()
    await office.settled()

    [call_state] = [one for one in entities_of(hass, office, text) if one.endswith("_call_state")]
    assert office.state(call_state) == "ringing"
    assert office.attributes(call_state)["other_name"] == text
    [told] = [event.data for event in events if event.data.get("step", "ringing") == "ringing"]
    assert told["caller_name"] == text
    assert told["user_name"] == text


async def test_the_calls_that_an_action_lists_tell_the_name_as_it_is(
    hass: HomeAssistant, office: Office, user: User, text: str
) -> None:
    call = office.system.incoming_call(NUMBER, user, name=text)
    call.ring()
    call.cancel()
    await office.settled()
    answer = await hass.services.async_call(
        DOMAIN, "get_call_log", {}, blocking=True, return_response=True
    )

    [row] = cast("list[dict[str, Any]]", (answer or {})["calls"])
    assert row["caller_name"] == text


@pytest.mark.usefixtures("user")
async def test_messages_are_told_as_they_are(
    hass: HomeAssistant, office: Office, text: str
) -> None:
    events = async_capture_events(hass, EVENT_MESSAGE)
    office.server.user_message(text)
    await office.settled()

    assert events[0].data["body"] == text


async def test_the_logbook_tells_the_names_as_they_are(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    office: Office,
    user: User,
    text: str,
) -> None:
    assert await async_setup_component(hass, "logbook", {})
    call = office.system.incoming_call(NUMBER, user, name=text)
    call.ring()
    call.cancel()
    await office.settled()
    await async_wait_recording_done(hass)
    connection = await hass_ws_client()
    start = (dt_util.utcnow() - timedelta(hours=1)).isoformat()
    await connection.send_json_auto_id({"type": "logbook/get_events", "start_time": start})

    answer = await connection.receive_json()
    [line] = [one for one in answer["result"] if one.get("domain") == DOMAIN]
    assert line["name"] == text
    assert line["message"] == f"missed a call from {text} ({NUMBER})"


async def test_a_presence_is_quoted_where_the_frontend_reads_markdown(
    hass: HomeAssistant, office: Office, user: User, text: str
) -> None:
    office.system.set_presence(user, cast("int", Charlist(f"`{text}")))
    await office.settled()
    assert office.entry.runtime_data.pbx.users[str(user.id)].presence == f"`{text}"

    shown = await hass.config_entries.options.async_init(office.entry.entry_id)

    codes = (shown["description_placeholders"] or {})["presence_codes"]
    assert f"`'{text}`" in codes
    assert codes.count("`") % 2 == 0
