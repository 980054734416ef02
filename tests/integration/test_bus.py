"""Tests of what is said on the event bus, and of what the history keeps of it."""

from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.ws_cti.const import (
    CONF_CHANNEL_EVENTS,
    DOMAIN,
    EVENT_CALL,
    EVENT_CHANNEL,
    EVENT_MESSAGE,
)
from simulator.model import Group, User
from tests.integration.office import Office

CALLER = "0312345678"


def device_id(hass: HomeAssistant, office: Office, whom: User | Group) -> str:
    """Return the id of somebody's device."""
    element = "user" if isinstance(whom, User) else "group"
    identifier = (DOMAIN, f"{office.entry.entry_id}_{element}_{whom.id}")
    registry = dr.async_get(hass)
    device = registry.async_get_device_by_identifier(identifier, office.entry.entry_id)
    assert device is not None
    return device.id


async def test_step_of_a_call_says_all_that_an_automation_needs(
    hass: HomeAssistant, office: Office
) -> None:
    await office.open()
    calls = async_capture_events(hass, EVENT_CALL)
    call = office.system.incoming_call(CALLER, office.sales, name="Shimizu", did="0356781234")
    call.ring(office.alice)
    office.later(4)
    call.answer()
    office.later(30)
    call.hang_up()
    await office.settled()

    assert [(one.data["step"], one.data["user_name"]) for one in calls] == [
        ("entered", None),
        ("ringing", "Alice Martin"),
        ("answered", "Alice Martin"),
        ("answered", None),
        ("ended", "Alice Martin"),
    ]
    assert len({one.data["call_id"] for one in calls}) == 1
    entered, ended = calls[0].data, calls[-1].data
    assert entered["device_id"] == device_id(hass, office, office.sales)
    assert ended == {
        "entry_id": office.entry.entry_id,
        "device_id": device_id(hass, office, office.alice),
        "call_id": ended["call_id"],
        "step": "ended",
        "user_id": str(office.alice.id),
        "user_name": "Alice Martin",
        "group_id": str(office.sales.id),
        "group_name": "Sales",
        "direction": "incoming",
        "location": "external",
        "caller_number": CALLER,
        "caller_name": "Shimizu",
        "called_number": office.sales.main_extension,
        "called_name": "Sales",
        "did": "0356781234",
        "answered_by": str(office.alice.id),
        "answered_by_name": "Alice Martin",
        "outcome": "answered",
        "ring_seconds": 4.0,
        "talk_seconds": 30.0,
        "ended_after": None,
        "ended_before": None,
        "end_user": None,
        "time": "2026-11-20T09:00:34+00:00",
    }


async def test_caller_who_hides_is_told_as_nobody(hass: HomeAssistant, office: Office) -> None:
    await office.open()
    calls = async_capture_events(hass, EVENT_CALL)
    office.system.incoming_call(None, office.alice).ring()
    await office.settled()

    assert calls[0].data["caller_number"] is None
    assert calls[0].data["caller_name"] is None


async def test_call_of_somebody_without_a_device_is_told_all_the_same(
    hass: HomeAssistant, office: Office
) -> None:
    await office.open(all_users=False, users=[str(office.zoe.id)])
    calls = async_capture_events(hass, EVENT_CALL)
    office.system.incoming_call(CALLER, office.alice).ring()
    await office.settled()

    assert calls[0].data["user_name"] == "Alice Martin"
    assert calls[0].data["device_id"] is None


async def test_each_change_of_a_channel_is_told(hass: HomeAssistant, office: Office) -> None:
    await office.open()
    channels = async_capture_events(hass, EVENT_CHANNEL)
    call = office.system.incoming_call(CALLER, office.alice)
    call.ring()
    await office.settled()

    first = channels[0].data
    assert first["entry_id"] == office.entry.entry_id
    assert first["element"] == "channel"
    assert first["event"] == "added"
    assert first["channel"]["uuid"] == call.id
    assert first["channel"]["calling_number"] == CALLER
    assert first["channel"]["state"]["name"] == "system_operation"
    assert {one.data["element"] for one in channels} == {"channel"}

    call.answer()
    call.park(office.alice)
    await office.settled()
    assert "parked_channel" in {one.data["element"] for one in channels}


async def test_who_is_there_is_no_news_of_channels(hass: HomeAssistant, office: Office) -> None:
    await office.open()
    channels = async_capture_events(hass, EVENT_CHANNEL)
    office.system.set_presence(office.alice, 1)
    await office.settled()

    assert channels == []


async def test_channels_are_silent_where_nobody_wants_them(
    hass: HomeAssistant, office: Office
) -> None:
    await office.open(**{CONF_CHANNEL_EVENTS: False})
    channels = async_capture_events(hass, EVENT_CHANNEL)
    calls = async_capture_events(hass, EVENT_CALL)
    office.system.incoming_call(CALLER, office.alice).ring()
    await office.settled()

    assert channels == []
    assert len(calls) == 1


async def test_messages_of_people_and_of_the_phone_system_are_told(
    hass: HomeAssistant, office: Office
) -> None:
    await office.open()
    messages = async_capture_events(hass, EVENT_MESSAGE)
    office.server.user_message("Lunch is ready")
    office.server.system_message("maintenance_tonight")
    await office.settled()

    assert [one.data for one in messages[:2]] == [
        {"entry_id": office.entry.entry_id, "source": "user", "body": "Lunch is ready"},
        {"entry_id": office.entry.entry_id, "source": "system", "body": "maintenance_tonight"},
    ]
