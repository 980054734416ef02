"""Tests of what Home Assistant's history keeps of callers."""

import sqlite3

from homeassistant.components.recorder.core import Recorder
from homeassistant.components.recorder.db_schema import (
    EventData,
    EventTypes,
    StateAttributes,
    States,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.recorder import get_instance, session_scope
import pytest
from pytest_homeassistant_custom_component.components.recorder.common import (
    async_wait_recording_done,
)
from sqlalchemy import select

from custom_components.ws_cti.const import (
    CONF_RECORD_CALLER_DATA,
    EVENT_CALL,
    EVENT_CHANNEL,
    EVENT_LOGBOOK,
    EVENT_MESSAGE,
)
from tests.integration.office import Office

CALLER = "0312345678"


@pytest.fixture(autouse=True)
def integration(recorder_mock: Recorder, enable_custom_integrations: None) -> None:
    """Let the recorder be there before Home Assistant, as its tests demand."""


async def recorded(hass: HomeAssistant) -> dict[str, str]:
    """Return all that the database holds, as text."""
    await async_wait_recording_done(hass)

    columns = {
        "states": States.state,
        "attributes": StateAttributes.shared_attrs,
        "event types": EventTypes.event_type,
        "event data": EventData.shared_data,
    }

    def read() -> dict[str, str]:
        with session_scope(hass=hass, read_only=True) as session:
            return {
                name: " ".join(map(str, session.scalars(select(column))))
                for name, column in columns.items()
            }

    return await get_instance(hass).async_add_executor_job(read)


async def file_of(hass: HomeAssistant) -> bytes:
    """Return the database as it lies on the disk, in which nothing is overlooked."""
    await async_wait_recording_done(hass)

    def read() -> bytes:
        with session_scope(hass=hass, read_only=True) as session:
            raw = session.connection().connection.driver_connection
            assert isinstance(raw, sqlite3.Connection)
            return raw.serialize()

    return await get_instance(hass).async_add_executor_job(read)


async def busy_morning(office: Office) -> None:
    """Let a call be in all places that tell of callers."""
    call = office.system.incoming_call(CALLER, office.sales, name="Shimizu")
    call.ring()
    await office.settled()
    call.answer(office.alice)
    await office.settled()
    call.park(office.alice)
    await office.settled()
    call.hang_up()
    missed = office.system.incoming_call(CALLER, office.zoe, name="Shimizu")
    missed.ring()
    await office.settled()
    missed.cancel()
    await office.settled()


async def test_history_keeps_what_happened_and_not_who_called(
    hass: HomeAssistant, office: Office
) -> None:
    await office.open()
    await busy_morning(office)

    kept = await recorded(hass)
    for table, content in kept.items():
        assert CALLER not in content, table
        assert "Shimizu" not in content, table
    assert "ringing" in kept["states"]
    assert "missed" in kept["attributes"]
    assert EVENT_CALL not in kept["event types"]
    assert EVENT_LOGBOOK in kept["event types"]
    # What automations see is whole all the same.
    assert office.attributes("event.zoe_phone_call")["caller_number"] == CALLER


async def test_file_of_the_history_names_no_caller_unless_that_is_wanted(
    hass: HomeAssistant, office: Office
) -> None:
    await office.open()
    await busy_morning(office)
    kept = await file_of(hass)
    assert b"ringing" in kept
    assert CALLER.encode() not in kept
    assert b"Shimizu" not in kept

    await office.reopen(**{CONF_RECORD_CALLER_DATA: True})
    await busy_morning(office)
    kept = await file_of(hass)
    assert CALLER.encode() in kept
    assert b"Shimizu" in kept


async def test_history_keeps_who_called_where_that_is_wanted(
    hass: HomeAssistant, office: Office
) -> None:
    await office.open(**{CONF_RECORD_CALLER_DATA: True})
    await busy_morning(office)

    kept = await recorded(hass)
    assert CALLER in kept["attributes"]
    assert CALLER in kept["event data"]
    # The list of missed calls is written anew with each call, and is in the log besides.
    assert '"latest"' not in kept["attributes"]
    for event_type in (EVENT_CALL, EVENT_CHANNEL, EVENT_MESSAGE):
        assert event_type in kept["event types"]


async def test_events_are_kept_again_once_all_accounts_allow_it(
    recorder_mock: Recorder, hass: HomeAssistant, office: Office
) -> None:
    recorder_mock.exclude_event_types.add(EVENT_MESSAGE)
    await office.open()
    await office.reopen(**{CONF_RECORD_CALLER_DATA: True})
    await busy_morning(office)

    kept = await recorded(hass)
    assert EVENT_CALL in kept["event types"]
    # What somebody excluded by himself stays out.
    assert EVENT_MESSAGE not in kept["event types"]
