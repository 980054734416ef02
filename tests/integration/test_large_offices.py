"""A large phone system is taken in turn by turn, and no more is written than has changed.

Every turn ends here after one step, as if each user were a thousand.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
import logging

from homeassistant.config_entries import ConfigEntryState
from homeassistant.const import EVENT_STATE_CHANGED, MATCH_ALL, STATE_UNAVAILABLE
from homeassistant.core import Event, EventStateChangedData, HomeAssistant, callback
from homeassistant.helpers import entity_registry as er
import pytest
from pytest_homeassistant_custom_component.common import async_capture_events

from custom_components.ws_cti import entity
from custom_components.ws_cti.const import DOMAIN, EVENT_MESSAGE
from custom_components.ws_cti.cti import link, turns
from custom_components.ws_cti.cti.words import user_key
from custom_components.ws_cti.roster import ENTITIES_PER_PBX
from simulator.bert import Atom, Charlist, Term, term_to_binary
from simulator.wire import Dialect, wire
from tests.integration.office import CONNECTION, Office

ALICE = "sensor.alice_martin_call_state"
CALLER = "0312345678"


@pytest.fixture(autouse=True)
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """End each turn after one step, and read each message in a thread."""
    monkeypatch.setattr(turns, "TURN_SECONDS", 0.0)
    monkeypatch.setattr(entity, "ADDED_AT_ONCE", 1)
    monkeypatch.setattr(link, "LARGE_MESSAGE_BYTES", 0)


def tell_everything_again(office: Office) -> None:
    """Let the phone system tell all its rows on a connection that is there already."""
    for frame in wire(Dialect()).initial(office.system.rows):
        office.server.send_raw(frame)


async def in_the_middle(office: Office, is_so: Callable[[], bool]) -> None:
    """Wait until something is so, and not for what is still going on."""
    async with asyncio.timeout(5):
        while not is_so():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0)


def known(office: Office) -> int:
    """Return how many entities show a state."""
    return sum(state.state != STATE_UNAVAILABLE for state in office.hass.states.async_all())


def last_of(written: list[Event[EventStateChangedData]]) -> set[str]:
    """Return the entities that were written last, those of the phone system itself."""
    return {event.data["entity_id"] for event in written[-ENTITIES_PER_PBX:]}


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what Home Assistant or we complain about in the log."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


# Told again


async def test_picture_that_is_told_again_and_is_the_same_writes_and_fires_nothing(
    hass: HomeAssistant, office: Office
) -> None:
    office.system.incoming_call(CALLER, office.alice).ring()
    office.system.incoming_call(CALLER, office.sales).ring()
    await office.open()
    happened: list[str] = []

    @callback
    def note(event: Event) -> None:
        happened.append(str(event.event_type))

    hass.bus.async_listen(MATCH_ALL, note)
    tell_everything_again(office)
    await office.settled()

    assert happened == [EVENT_MESSAGE]  # by which the test knows that all was taken in


async def test_picture_that_is_told_again_and_has_changed_writes_what_has_changed(
    hass: HomeAssistant, office: Office
) -> None:
    await office.open()
    written = async_capture_events(hass, EVENT_STATE_CHANGED)
    office.server.mute()
    office.system.set_presence(office.alice, 5)
    office.server.unmute()
    tell_everything_again(office)
    await office.settled()

    assert [event.data["entity_id"] for event in written] == ["sensor.alice_martin_phone_presence"]


async def test_users_of_whom_none_can_be_read_are_still_there(office: Office) -> None:
    await office.open()
    before = office.device_names
    rows: list[Term] = [(Atom("undefined"),), (Atom("undefined"),)]
    office.server.send_raw(term_to_binary((Atom("initial_info"), Charlist("user"), rows)))
    await office.settled()

    assert office.device_names == before
    assert office.state(ALICE) == "idle"


# Lost and found


async def test_loss_and_return_write_each_entity_once_each_and_tell_nobody_of_calls(
    hass: HomeAssistant, office: Office
) -> None:
    office.system.incoming_call(CALLER, office.alice).ring()
    await office.open()
    told: list[str] = []

    @callback
    def note(event: Event) -> None:
        if str(event.event_type).startswith(DOMAIN):
            told.append(str(event.event_type))

    hass.bus.async_listen(MATCH_ALL, note)
    everybody = {state.entity_id for state in hass.states.async_all()}
    before = hass.states.async_all()
    written = async_capture_events(hass, EVENT_STATE_CHANGED)

    await office.lose_connection()
    assert Counter(event.data["entity_id"] for event in written) == dict.fromkeys(everybody, 1)
    assert known(office) == 1  # the connection itself
    assert CONNECTION in last_of(written)
    written.clear()
    await office.find_connection()
    assert Counter(event.data["entity_id"] for event in written) == dict.fromkeys(everybody, 1)
    assert CONNECTION in last_of(written)
    assert {(state.entity_id, state.state) for state in hass.states.async_all()} == {
        (state.entity_id, state.state) for state in before
    }
    assert told == []


async def test_connection_that_is_lost_while_everybody_is_told_of_its_return(
    office: Office,
) -> None:
    await office.open()
    await office.lose_connection()
    office.server.refuse(None)
    await in_the_middle(office, lambda: known(office) > 3)
    office.server.refuse()
    office.server.drop_connections()
    # The connection itself is told last.
    await office.until(lambda: known(office) == 1 and office.state(CONNECTION) == "off")
    await office.find_connection()
    assert known(office) == len(office.hass.states.async_all())
    assert office.state(ALICE) == "idle"


@pytest.mark.parametrize("turns_taken", [1, 5, 40])
async def test_entry_that_is_unloaded_while_everybody_is_told_of_a_loss(
    hass: HomeAssistant, office: Office, caplog: pytest.LogCaptureFixture, turns_taken: int
) -> None:
    await office.open()
    all_of_them = known(office)
    office.server.refuse()
    office.server.drop_connections()
    await in_the_middle(office, lambda: known(office) <= all_of_them - turns_taken)
    await office.close()

    assert complaints(caplog) == []
    assert all(state.state == STATE_UNAVAILABLE for state in hass.states.async_all())


# Who comes and goes meanwhile


async def test_who_joins_or_leaves_while_entities_are_added_is_there_or_is_not(
    hass: HomeAssistant, office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    opening = asyncio.create_task(office.try_to_open())
    await in_the_middle(office, lambda: len(hass.states.async_all()) > 3)
    bob = office.system.add_user("Bob", extension="1050", groups=[office.sales])
    office.system.remove_user(office.zoe)
    office.system.incoming_call(CALLER, bob).ring()
    assert await opening is ConfigEntryState.LOADED
    await office.settled()

    assert hass.states.get("sensor.zoe_call_state") is None
    assert "Zoë" not in office.device_names
    assert office.state("sensor.bob_call_state") == "ringing"
    assert office.attributes("event.bob_phone_call")["event_type"] == "ringing"
    ids = [entry.entity_id for entry in er.async_get(hass).entities.values()]
    assert not [entity_id for entity_id in ids if "zoe" in entity_id]
    assert complaints(caplog) == []


async def test_call_of_somebody_who_joined_while_nobody_listened_is_told_by_his_own_event(
    office: Office,
) -> None:
    await office.open()
    await office.lose_connection()
    bob = office.system.add_user("Bob", extension="1050")
    office.system.incoming_call(CALLER, bob).ring()
    await office.find_connection()
    await office.settled()

    assert office.attributes("event.bob_phone_call")["event_type"] == "ringing"


async def test_nobody_is_woken_for_who_has_left(office: Office) -> None:
    await office.open()
    coordinator = office.entry.runtime_data
    key = user_key(str(office.zoe.id))
    assert key in coordinator.listened_to
    office.system.remove_user(office.zoe)
    await office.settled()
    assert key not in coordinator.listened_to
