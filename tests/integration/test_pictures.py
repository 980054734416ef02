"""Tests of the pictures that Home Assistant shows of users."""

from homeassistant.const import ATTR_ENTITY_PICTURE
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import async_capture_events

from simulator.words import Element, EventName
from tests.integration.office import Office

ALICE = "sensor.alice_martin_call_state"
ZOE = "sensor.zoe_call_state"


def change_avatar(office: Office, avatar: str | None) -> None:
    """Let Alice change her avatar in the phone system."""
    office.alice.avatar = avatar
    office.system.publish(Element.USER, office.alice, EventName.UPDATED)


def picture(office: Office, entity_id: str) -> str | None:
    """Return the address of the picture that is shown with an entity."""
    return office.attributes(entity_id).get(ATTR_ENTITY_PICTURE)


def address(office: Office, name: str) -> str:
    """Return the address of an avatar at the simulator."""
    return f"http://{office.server.host}:{office.server.port}/basix/avatars/users/{name}"


async def test_a_user_is_shown_with_his_avatar(office: Office) -> None:
    office.alice.avatar = "alice.png"
    await office.open()
    assert picture(office, ALICE) == address(office, "alice.png")
    assert picture(office, ZOE) is None


async def test_a_picture_follows_the_avatar(hass: HomeAssistant, office: Office) -> None:
    await office.open()
    assert picture(office, ALICE) is None
    change_avatar(office, "alice.png")
    await office.settled()
    assert picture(office, ALICE) == address(office, "alice.png")
    change_avatar(office, None)
    await office.settled()
    assert picture(office, ALICE) is None


async def test_a_picture_stays_through_a_call_and_may_change_in_it(office: Office) -> None:
    office.alice.avatar = "alice.png"
    await office.open()
    call = office.system.incoming_call("0312345678", office.alice)
    call.ring()
    await office.settled()
    assert office.state(ALICE) == "ringing"
    assert picture(office, ALICE) == address(office, "alice.png")
    change_avatar(office, "another.png")
    await office.settled()
    assert office.state(ALICE) == "ringing"
    assert picture(office, ALICE) == address(office, "another.png")
    call.cancel()
    await office.settled()
    assert office.state(ALICE) == "idle"
    assert picture(office, ALICE) == address(office, "another.png")


async def test_a_picture_that_changes_unseen_is_found_with_the_connection(office: Office) -> None:
    office.alice.avatar = "alice.png"
    await office.open()
    await office.lose_connection()
    change_avatar(office, "another.png")
    await office.find_connection()
    assert office.state(ALICE) == "idle"
    assert picture(office, ALICE) == address(office, "another.png")


async def test_an_avatar_elsewhere_is_not_shown(office: Office) -> None:
    office.alice.avatar = "https://pictures.example/alice.png"
    await office.open()
    assert picture(office, ALICE) is None


async def test_other_entities_keep_the_icons_that_follow_their_state(office: Office) -> None:
    office.alice.avatar = "alice.png"
    await office.open()
    pictured = {one for one in office.hass.states.async_entity_ids() if picture(office, one)}
    assert pictured == {ALICE}


async def test_an_unchanged_avatar_writes_nothing(hass: HomeAssistant, office: Office) -> None:
    office.alice.avatar = "alice.png"
    await office.open()
    written = async_capture_events(hass, "state_changed")
    change_avatar(office, "alice.png")
    await office.settled()
    assert [event for event in written if event.data["entity_id"] == ALICE] == []
