"""Tests of an account's life: set up, lost and found, changed, unloaded, removed."""

from datetime import timedelta
import logging
from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import CONF_API_TOKEN, STATE_UNAVAILABLE
from homeassistant.core import HomeAssistant
from homeassistant.helpers import (
    device_registry as dr,
    entity_registry as er,
    issue_registry as ir,
)
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_capture_events,
    async_fire_time_changed,
)
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.ws_cti import roster
from custom_components.ws_cti.const import (
    CONF_ALL_GROUPS,
    CONF_ALL_USERS,
    CONF_GROUPS,
    CONF_TAKE_OVER,
    CONF_USERS,
    CONF_WATCH,
    CONF_WATCHED_USER,
    DOMAIN,
    EVENT_CALL,
)
from custom_components.ws_cti.cti import link, patience
from custom_components.ws_cti.cti.basix.driver import UserNamedBy
from simulator.phone_system import PhoneSystem
from simulator.wire import Grammar
from tests.integration.office import CONNECTION, Office

ALICE = "sensor.alice_martin"
TITLE = "example.basix.ne.jp"
CALLER = "0312345678"


def device_of(office: Office, name: str) -> dr.DeviceEntry:
    """Return the device with a name."""
    registry = dr.async_get(office.hass)
    devices = dr.async_entries_for_config_entry(registry, office.entry.entry_id)
    (device,) = [device for device in devices if device.name == name]
    return device


def change_entry(office: Office, **data: object) -> None:
    """Change what the entry knows of its account."""
    office.hass.config_entries.async_update_entry(office.entry, data={**office.entry.data, **data})


def reauthentications(office: Office) -> list[Any]:
    """Return the flows that ask for a new token."""
    flows = office.hass.config_entries.flow.async_progress()
    return [flow for flow in flows if flow["context"]["source"] == SOURCE_REAUTH]


# Setting up


async def test_phone_system_its_users_and_its_groups_are_devices(office: Office) -> None:
    await office.open()

    people = {user.label for user in office.system.users}
    assert office.device_names == {TITLE, "Sales", "Support"} | people
    hub, alice, sales = (device_of(office, name) for name in (TITLE, "Alice Martin", "Sales"))
    assert hub.entry_type is dr.DeviceEntryType.SERVICE
    assert alice.via_device_id == hub.id
    assert alice.model == "Basix user"
    assert sales.via_device_id == hub.id
    assert sales.model == "Basix group"


async def test_ids_of_entities_tell_neither_server_nor_names(
    entity_registry: er.EntityRegistry, office: Office
) -> None:
    await office.open()
    entries = er.async_entries_for_config_entry(entity_registry, office.entry.entry_id)
    for entry in entries:
        assert entry.unique_id.startswith(office.entry.entry_id)
        for secret in ("127.0.0.1", str(office.server.port), TITLE, "alice", "sales", DOMAIN):
            assert secret not in entry.unique_id.casefold()


async def test_entities_are_those_of_before_after_a_restart(office: Office) -> None:
    await office.open()
    before = office.entity_ids
    await office.close()
    await office.open()

    assert office.entity_ids == before


@pytest.mark.parametrize("dialect", [{"field_order_seed": 3, "utf8_atoms": True}])
async def test_order_of_fields_and_spelling_of_atoms_do_not_matter(office: Office) -> None:
    await office.open()
    office.system.incoming_call(CALLER, office.sales).ring(office.alice)
    await office.settled()

    assert office.state(f"{ALICE}_call_state") == "ringing"
    assert office.attributes(f"{ALICE}_call_state")["other_number"] == CALLER
    assert office.state("sensor.sales_waiting_calls") == "1"


@pytest.mark.parametrize(
    "dialect", [{"grammar": Grammar.LEGACY}, {"grammar": Grammar.LEGACY_WRAPPED}]
)
async def test_old_phone_system_that_tells_no_users_shows_its_calls(
    hass: HomeAssistant, office: Office
) -> None:
    await office.open()
    assert office.device_names == {TITLE}
    steps = async_capture_events(hass, EVENT_CALL)
    call = office.system.incoming_call(CALLER, office.sales)
    call.ring(office.alice)
    await office.until(lambda: len(steps) == 2)

    assert office.state("sensor.example_basix_ne_jp_active_calls") == "1"
    assert office.state("sensor.example_basix_ne_jp_waiting_calls") == "1"
    assert [one.data["step"] for one in steps] == ["entered", "ringing"]
    assert steps[1].data["user_id"] == str(office.alice.id)
    assert steps[1].data["caller_number"] == CALLER


async def test_one_user_can_be_watched_alone(office: Office) -> None:
    change_entry(office, **{CONF_WATCH: UserNamedBy.EXTENSION, CONF_WATCHED_USER: "1000"})
    await office.open()

    assert office.device_names == {TITLE, "Alice Martin", "Sales"}
    office.system.incoming_call(CALLER, office.alice).ring()
    await office.settled()
    assert office.state(f"{ALICE}_call_state") == "ringing"
    assert office.attributes(f"{ALICE}_call_state")["other_number"] == CALLER


async def test_refused_token_is_asked_for_anew(office: Office) -> None:
    change_entry(office, **{CONF_API_TOKEN: "old"})

    assert await office.try_to_open() is ConfigEntryState.SETUP_ERROR
    assert len(reauthentications(office)) == 1
    assert office.entry.reason == "The phone system refuses the domain or the token"


async def test_phone_system_that_is_away_is_tried_again(
    hass: HomeAssistant, office: Office
) -> None:
    office.server.refuse()
    assert await office.try_to_open() is ConfigEntryState.SETUP_RETRY
    assert office.entry.reason == (
        "The phone system cannot be reached: the server answered HTTP 503"
    )
    assert reauthentications(office) == []

    office.server.refuse(None)
    async_fire_time_changed(hass, dt_util.utcnow() + timedelta(minutes=1))
    await office.until(lambda: office.entry.state is ConfigEntryState.LOADED)
    assert office.state(f"{ALICE}_call_state") == "idle"


async def test_phone_system_that_says_nothing_is_tried_again(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "FIRST_MESSAGE_SECONDS", 0.1)
    office.server.mute()

    assert await office.try_to_open() is ConfigEntryState.SETUP_RETRY


async def test_full_phone_system_is_tried_again_by_those_who_take_no_place(
    hass: HomeAssistant, office: Office
) -> None:
    await office.open()
    second, third = (
        MockConfigEntry(domain=DOMAIN, data=data)
        for data in (office.entry.data, {**office.entry.data, CONF_TAKE_OVER: False})
    )
    await hass.config_entries.async_add(second)
    await hass.config_entries.async_add(third)

    assert second.state is ConfigEntryState.LOADED
    assert third.state is ConfigEntryState.SETUP_RETRY
    assert "connection_limit_reached" in (third.reason or "")
    for entry in (second, third):
        await hass.config_entries.async_unload(entry.entry_id)


async def test_nothing_is_left_of_a_failed_set_up(office: Office) -> None:
    office.server.refuse()
    await office.try_to_open()
    await office.hass.config_entries.async_unload(office.entry.entry_id)

    office.server.refuse(None)
    assert office.server.connections == []


# Unloading and removing


async def test_unloaded_entry_lets_the_line_go(office: Office) -> None:
    await office.open()
    assert len(office.server.connections) == 1

    await office.close()
    await office.until(lambda: office.server.connections == [])
    assert office.entry.state is ConfigEntryState.NOT_LOADED
    assert office.state(f"{ALICE}_call_state") == STATE_UNAVAILABLE
    # What happens now is of no interest any more.
    office.system.incoming_call(CALLER, office.alice).ring()


async def test_entry_is_unloaded_while_the_phone_system_is_away(office: Office) -> None:
    await office.open()
    await office.lose_connection()
    await office.close()

    office.server.refuse(None)
    assert office.entry.state is ConfigEntryState.NOT_LOADED
    assert office.server.connections == []


async def test_removed_entry_leaves_nothing_behind(hass: HomeAssistant, office: Office) -> None:
    await office.open()
    await hass.config_entries.async_remove(office.entry.entry_id)
    await hass.async_block_till_done()

    assert office.device_names == set()
    assert office.entity_ids == set()
    assert hass.states.async_all() == []


# Losing and finding the connection


async def test_loss_and_return_are_one_line_each_in_the_log(
    office: Office, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for delay in ("FIRST_DELAY", "LONGEST_DELAY"):
        monkeypatch.setattr(patience, delay, 0.01)
    await office.open()
    caplog.clear()
    with caplog.at_level(logging.DEBUG, logger=link.__name__):
        await office.lose_connection()
        await office.until(lambda: caplog.text.count("Next attempt in") > 3)
    await office.find_connection()

    ours = [
        (record.levelname, record.getMessage())
        for record in caplog.records
        if record.name.startswith("custom_components.ws_cti") and record.levelno >= logging.INFO
    ]
    assert ours == [
        ("INFO", f"Connection to {TITLE} lost: the connection broke off"),
        ("INFO", f"Connection to {TITLE} restored"),
    ]


async def test_picture_is_exact_after_the_connection_was_lost(
    hass: HomeAssistant, office: Office
) -> None:
    await office.open()
    goes_on = office.system.incoming_call("0311111111", office.alice)
    goes_on.ring()
    goes_on.answer()
    ends = office.system.incoming_call("0322222222", office.zoe)
    ends.ring()
    await office.settled()
    steps = async_capture_events(hass, EVENT_CALL)

    await office.lose_connection()
    ends.cancel()
    office.system.rename(office.sales, "Sales and Service")
    newcomer = office.system.add_user("Bob", extension="1050")
    begins = office.system.incoming_call("0333333333", newcomer)
    begins.ring()
    await office.find_connection()

    assert office.state(f"{ALICE}_call_state") == "talking"
    assert office.state("sensor.zoe_call_state") == "idle"
    assert office.state("sensor.bob_call_state") == "ringing"
    assert office.state("sensor.example_basix_ne_jp_active_calls") == "2"
    assert "Sales and Service" in office.device_names
    # What went on is no news; how Zoë's call ended was not seen, so nobody missed it.
    assert [(one.data["user_name"], one.data["step"]) for one in steps] == [
        ("Zoë", "ended"),
        ("Bob", "ringing"),
    ]
    assert steps[0].data["outcome"] == "unknown"


async def test_no_step_is_told_twice_by_a_new_connection(
    hass: HomeAssistant, office: Office
) -> None:
    await office.open()
    steps = async_capture_events(hass, EVENT_CALL)
    call = office.system.incoming_call(CALLER, office.sales)
    call.ring(office.alice)
    await office.settled()
    for _ in range(3):
        await office.lose_connection()
        await office.find_connection()
    call.answer()
    call.hang_up()
    await office.settled()

    assert [(one.data["user_name"], one.data["step"]) for one in steps] == [
        (None, "entered"),
        ("Alice Martin", "ringing"),
        ("Alice Martin", "answered"),
        (None, "answered"),
        ("Alice Martin", "ended"),
    ]


async def test_asking_for_an_update_tells_nothing_new(hass: HomeAssistant, office: Office) -> None:
    assert await async_setup_component(hass, "homeassistant", {})
    await office.open()
    before = hass.states.async_all()
    ask = ("homeassistant", "update_entity", {"entity_id": f"{ALICE}_call_state"}, True)
    await hass.services.async_call(*ask)
    await hass.async_block_till_done()
    assert hass.states.async_all() == before


async def test_asking_for_an_update_makes_nobody_available_who_is_not(
    hass: HomeAssistant, office: Office
) -> None:
    assert await async_setup_component(hass, "homeassistant", {})
    await office.open()
    await office.lose_connection()
    ask = ("homeassistant", "update_entity", {"entity_id": f"{ALICE}_call_state"}, True)
    await hass.services.async_call(*ask)
    await hass.async_block_till_done()
    assert office.state(f"{ALICE}_call_state") == STATE_UNAVAILABLE
    assert office.state(CONNECTION) == "off"


async def test_token_that_is_revoked_later_is_asked_for_anew(office: Office) -> None:
    await office.open()
    office.system.token = "new"
    office.server.drop_connections()
    await office.until(lambda: bool(reauthentications(office)))

    assert len(reauthentications(office)) == 1
    assert office.state(CONNECTION) == "off"
    assert office.entry.state is ConfigEntryState.LOADED


async def test_nonsense_on_the_line_harms_nobody(office: Office) -> None:
    await office.open()
    office.server.send_raw(b"\x83nonsense")
    office.server.send_text("nonsense")
    office.system.set_presence(office.alice, 5)
    await office.settled()

    assert office.state(CONNECTION) == "on"
    assert office.state(f"{ALICE}_phone_presence") == "5"


# Who comes and goes


async def test_user_who_joins_is_there_at_once(office: Office) -> None:
    await office.open()
    bob = office.system.add_user("Bob", extension="1050", groups=[office.sales])
    await office.settled()

    assert "Bob" in office.device_names
    assert office.state("sensor.bob_call_state") == "idle"
    assert office.state("sensor.sales_group_members_logged_in") == "7"
    office.system.incoming_call(CALLER, bob).ring()
    await office.settled()
    assert office.state("sensor.bob_call_state") == "ringing"
    assert office.attributes("event.bob_phone_call")["event_type"] == "ringing"


async def test_user_who_leaves_takes_his_device_and_entities_along(
    hass: HomeAssistant, office: Office
) -> None:
    await office.open()
    office.system.remove_user(office.zoe)
    await office.settled()

    assert "Zoë" not in office.device_names
    assert not [entity_id for entity_id in office.entity_ids if "zoe" in entity_id]
    assert hass.states.get("sensor.zoe_call_state") is None
    assert office.state("sensor.sales_group_members_logged_in") == "5"


async def test_user_who_is_back_is_there_again(office: Office) -> None:
    await office.open()
    before = {entity_id for entity_id in office.entity_ids if "zoe" in entity_id}
    office.system.remove_user(office.zoe)
    await office.settled()
    zoe = office.system.add_user("Zoë", extension="1002", groups=[office.sales])
    await office.settled()

    assert {entity_id for entity_id in office.entity_ids if "zoe" in entity_id} == before
    office.system.incoming_call(CALLER, zoe).ring()
    await office.settled()
    assert office.state("sensor.zoe_call_state") == "ringing"


async def test_user_who_is_renamed_keeps_his_entities(office: Office) -> None:
    await office.open()
    before = office.entity_ids
    office.system.rename(office.alice, "Alice Dupont")
    await office.settled()

    assert "Alice Dupont" in office.device_names
    assert "Alice Martin" not in office.device_names
    assert office.entity_ids == before
    friendly_name = office.attributes(f"{ALICE}_call_state")["friendly_name"]
    assert friendly_name == "Alice Dupont Call state"


async def test_groups_come_and_go_as_users_do(hass: HomeAssistant, office: Office) -> None:
    await office.open()
    warehouse = office.system.add_group("Warehouse")
    await office.settled()
    assert office.state("sensor.warehouse_waiting_calls") == "0"

    office.system.remove_group(warehouse)
    await office.settled()
    assert "Warehouse" not in office.device_names
    assert hass.states.get("sensor.warehouse_waiting_calls") is None


async def test_user_who_left_while_nobody_looked_is_removed(office: Office) -> None:
    await office.open()
    await office.close()
    office.system.remove_user(office.zoe)
    await office.open()

    assert "Zoë" not in office.device_names


async def test_only_devices_of_those_who_left_can_be_removed_by_hand(
    hass: HomeAssistant, office: Office, hass_ws_client: WebSocketGenerator
) -> None:
    assert await async_setup_component(hass, "config", {})
    await office.open()
    stale = dr.async_get(hass).async_get_or_create(
        config_entry_id=office.entry.entry_id, identifiers={(DOMAIN, "somebody")}, name="Somebody"
    )
    client = await hass_ws_client(hass)

    for name in (TITLE, "Alice Martin", "Sales"):
        response = await client.remove_device(device_of(office, name).id)
        assert not response["success"]
    response = await client.remove_device(stale.id)
    assert response["success"]
    assert "Somebody" not in office.device_names


async def test_no_device_can_be_removed_while_nobody_knows_who_is_there(
    hass: HomeAssistant, office: Office, hass_ws_client: WebSocketGenerator
) -> None:
    assert await async_setup_component(hass, "config", {})
    office.server.refuse()
    assert await office.try_to_open() is ConfigEntryState.SETUP_RETRY
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=office.entry.entry_id, identifiers={(DOMAIN, "somebody")}, name="Somebody"
    )
    client = await hass_ws_client(hass)

    response = await client.remove_device(device.id)
    assert "rejected by integration" in response["error"]["message"]
    assert office.device_names == {"Somebody"}


# Who is chosen


async def test_only_chosen_users_and_groups_are_shown(office: Office) -> None:
    await office.open(
        **{
            CONF_ALL_USERS: False,
            CONF_USERS: [str(office.zoe.id), "4711"],
            CONF_ALL_GROUPS: False,
            CONF_GROUPS: [str(office.sales.id)],
        }
    )
    assert office.device_names == {TITLE, "Zoë", "Sales"}
    # Numbers of the whole phone system are those of everybody.
    office.system.incoming_call(CALLER, office.alice).ring()
    await office.settled()
    assert office.state("sensor.example_basix_ne_jp_active_calls") == "1"


async def test_newcomer_is_not_shown_where_users_are_chosen(office: Office) -> None:
    await office.open(**{CONF_ALL_USERS: False, CONF_USERS: [str(office.zoe.id)]})
    office.system.add_user("Bob", extension="1050")
    await office.settled()

    assert "Bob" not in office.device_names


async def test_who_is_no_longer_chosen_goes(office: Office) -> None:
    await office.open()
    await office.reopen(**{CONF_ALL_USERS: False, CONF_USERS: [str(office.zoe.id)]})

    assert office.device_names == {TITLE, "Zoë", "Sales", "Support"}
    assert not [entity_id for entity_id in office.entity_ids if "alice" in entity_id]


# How many there may be


@pytest.fixture
def room_for_three_users(phone_system: PhoneSystem, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let Home Assistant have room for the groups and three users."""
    room = roster.ENTITIES_PER_PBX + 2 * roster.ENTITIES_PER_GROUP + 3 * roster.ENTITIES_PER_USER
    monkeypatch.setattr(roster, "MAX_ENTITIES", room)


@pytest.mark.usefixtures("room_for_three_users")
async def test_phone_system_that_is_too_large_is_shown_in_part(
    issue_registry: ir.IssueRegistry, office: Office
) -> None:
    await office.open()

    assert len(office.device_names) == 1 + 2 + 3
    assert office.state(f"{ALICE}_call_state") == "idle"
    issue = issue_registry.async_get_issue(DOMAIN, f"too_many_entities_{office.entry.entry_id}")
    assert issue is not None
    assert issue.translation_key == "too_many_entities"
    assert issue.translation_placeholders == {"title": TITLE, "left_out": "9"}
    assert not issue.is_fixable


@pytest.mark.usefixtures("room_for_three_users")
async def test_complaint_ends_when_few_enough_are_chosen(
    issue_registry: ir.IssueRegistry, office: Office
) -> None:
    await office.open()
    chosen = [str(user.id) for user in (office.alice, office.zoe)]
    await office.reopen(**{CONF_ALL_USERS: False, CONF_USERS: chosen})

    assert issue_registry.issues == {}
    assert office.device_names == {TITLE, "Sales", "Support", "Alice Martin", "Zoë"}


@pytest.mark.usefixtures("room_for_three_users")
async def test_who_is_shown_stays_when_others_join(office: Office) -> None:
    await office.open()
    before = office.device_names
    office.system.add_user("Bob", extension="1050")
    await office.settled()
    assert office.device_names == before

    office.system.remove_user(office.alice)
    await office.settled()
    assert len(office.device_names) == len(before)
    assert "Alice Martin" not in office.device_names


@pytest.mark.usefixtures("room_for_three_users")
async def test_complaint_goes_with_its_entry(
    hass: HomeAssistant, issue_registry: ir.IssueRegistry, office: Office
) -> None:
    await office.open()
    await hass.config_entries.async_remove(office.entry.entry_id)

    assert issue_registry.issues == {}
