"""Tests of what binary sensors show of the connection and of users."""

from dataclasses import replace

from homeassistant.const import STATE_OFF, STATE_ON, STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
import pytest

from custom_components.ws_cti.cti.model import Change, User
from custom_components.ws_cti.cti.words import ChangeKind, Element
from simulator.model import User as Colleague
from simulator.words import Element as Told
from tests.integration.office import CONNECTION, Office

ALICE = "binary_sensor.alice_martin"
PHONE = f"{ALICE}_phone_registration"

WITHOUT_TERMINALS = {"elements": [element for element in Told if element is not Told.TERMINAL]}


def tell_of_alice(office: Office, **changes: str | None) -> None:
    """Let the phone system say of Alice what this simulator never would."""
    user: User = office.entry.runtime_data.pbx.users[str(office.alice.id)]
    changed = replace(user, **changes)  # type: ignore[arg-type]  # names are the test's own
    office.entry.runtime_data.received(Change(Element.USER, ChangeKind.UPDATED, changed, "updated"))


async def enable_phone(office: Office, entity_registry: er.EntityRegistry) -> None:
    """Let somebody switch the phone's entity on, which is off by default."""
    entity_registry.async_update_entity(PHONE, disabled_by=None)
    await office.reopen()


async def test_connection_is_shown_above_all_when_it_is_lost(office: Office) -> None:
    await office.open()
    assert office.state(CONNECTION) == STATE_ON

    await office.lose_connection()
    assert office.state(CONNECTION) == STATE_OFF
    assert office.state(f"{ALICE}_do_not_disturb") == STATE_UNAVAILABLE

    await office.find_connection()
    assert office.state(CONNECTION) == STATE_ON
    assert office.state(f"{ALICE}_do_not_disturb") == STATE_OFF


async def test_connection_is_a_diagnostic_entity(
    entity_registry: er.EntityRegistry, office: Office
) -> None:
    await office.open()
    entry = entity_registry.async_get(CONNECTION)
    assert entry is not None
    assert entry.entity_category == "diagnostic"
    assert office.attributes(CONNECTION)["device_class"] == "connectivity"


async def test_do_not_disturb_follows_the_phone(office: Office) -> None:
    await office.open()
    assert office.state(f"{ALICE}_do_not_disturb") == STATE_OFF

    office.system.set_do_not_disturb(office.alice, True)  # noqa: FBT003  # the simulator's way
    await office.settled()
    assert office.state(f"{ALICE}_do_not_disturb") == STATE_ON
    assert office.attributes(f"{ALICE}_do_not_disturb")["status_code"] == 1
    assert office.state(f"{ALICE}_call_forwarding") == STATE_OFF
    assert office.state("binary_sensor.zoe_do_not_disturb") == STATE_OFF


async def test_call_forwarding_follows_the_phone(office: Office) -> None:
    await office.open()
    office.system.set_forwarding(office.alice, True)  # noqa: FBT003  # the simulator's way
    await office.settled()

    assert office.state(f"{ALICE}_call_forwarding") == STATE_ON
    assert office.state(f"{ALICE}_do_not_disturb") == STATE_OFF


@pytest.mark.parametrize(
    ("entity_id", "field"),
    [
        (f"{ALICE}_do_not_disturb", "do_not_disturb_status"),
        (f"{ALICE}_call_forwarding", "fwd_always_status"),
    ],
)
async def test_setting_that_is_not_told_is_unknown(
    office: Office, entity_id: str, field: str
) -> None:
    await office.open()
    tell_of_alice(office, **{field: None})

    assert office.state(entity_id) == STATE_UNKNOWN
    assert "status_code" not in office.attributes(entity_id)


async def test_code_that_means_more_than_on_is_there_to_be_read(office: Office) -> None:
    await office.open()
    tell_of_alice(office, fwd_always_status="2")

    assert office.state(f"{ALICE}_call_forwarding") == STATE_ON
    assert office.attributes(f"{ALICE}_call_forwarding")["status_code"] == "2"


async def test_phone_is_there_for_those_who_want_it(
    hass: HomeAssistant, entity_registry: er.EntityRegistry, office: Office
) -> None:
    await office.open()
    assert hass.states.get(PHONE) is None
    entry = entity_registry.async_get(PHONE)
    assert entry is not None
    assert entry.disabled_by is er.RegistryEntryDisabler.INTEGRATION

    await enable_phone(office, entity_registry)
    assert office.state(PHONE) == STATE_ON


async def test_phone_is_registered_as_long_as_one_terminal_is(
    entity_registry: er.EntityRegistry, office: Office
) -> None:
    await office.open()
    await enable_phone(office, entity_registry)
    desk = office.alice.terminals[0]
    mobile = office.system.register_terminal(office.alice, user_agent="Softphone")
    office.system.set_registered(desk, False)  # noqa: FBT003  # the simulator's way
    await office.settled()
    assert office.state(PHONE) == STATE_ON
    assert office.attributes(PHONE)["terminals"] == [
        {"name": desk.name, "user_agent": desk.user_agent, "registered": False},
        {"name": mobile.name, "user_agent": "Softphone", "registered": True},
    ]

    office.system.set_registered(mobile, False)  # noqa: FBT003  # the simulator's way
    await office.settled()
    assert office.state(PHONE) == STATE_OFF

    office.system.remove_terminal(desk)
    office.system.remove_terminal(mobile)
    await office.settled()
    assert office.state(PHONE) == STATE_UNKNOWN


@pytest.mark.parametrize("dialect", [WITHOUT_TERMINALS])
async def test_phone_does_not_exist_where_no_terminals_are_told(office: Office) -> None:
    await office.open()
    assert not [
        entity_id for entity_id in office.entity_ids if entity_id.endswith("_phone_registration")
    ]


async def new_colleague(office: Office) -> Colleague:
    """Let somebody join who has no phone yet."""
    bob = office.system.add_user("Bob", extension="1050", terminals=0)
    await office.settled()
    return bob


async def test_phone_comes_with_the_first_terminal(office: Office) -> None:
    await office.open()
    bob = await new_colleague(office)
    assert "binary_sensor.bob_do_not_disturb" in office.entity_ids
    assert "binary_sensor.bob_phone_registration" not in office.entity_ids

    office.system.set_presence(bob, 1)
    await office.settled()
    assert "binary_sensor.bob_phone_registration" not in office.entity_ids

    office.system.register_terminal(bob)
    office.system.register_terminal(bob)
    await office.settled()
    assert "binary_sensor.bob_phone_registration" in office.entity_ids


async def test_phone_comes_once_to_somebody_who_left_and_is_back(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    await office.open()
    bob = await new_colleague(office)
    office.system.remove_user(bob)
    await office.settled()

    office.system.register_terminal(await new_colleague(office))
    await office.settled()
    assert "binary_sensor.bob_phone_registration" in office.entity_ids
    assert "does not generate unique IDs" not in caplog.text


async def test_terminal_of_somebody_who_left_makes_no_phone(office: Office) -> None:
    await office.open()
    entity_ids, device_names = office.entity_ids, office.device_names
    bob = await new_colleague(office)
    office.system.remove_user(bob)
    await office.settled()
    office.system.register_terminal(bob)
    await office.settled()

    assert office.entity_ids == entity_ids
    assert office.device_names == device_names
