"""Tests of our conditions, as automations look at them."""

from collections.abc import Iterator
from typing import Any, Final

from freezegun.api import TickingDateTimeFactory
from homeassistant.core import HomeAssistant
from homeassistant.helpers import area_registry as ar, device_registry as dr
import probatio
import pytest

from custom_components.ws_cti.condition import CONDITIONS
from custom_components.ws_cti.const import DOMAIN
from custom_components.ws_cti.cti import link
from simulator.model import Group
from tests.integration.automations import (
    checker_of,
    clock_that_can_be_put_forward,
    holds,
    pass_time,
)
from tests.integration.office import NINE, Office

ALICE: Final = "sensor.alice_martin_call_state"
ZOE: Final = "sensor.zoe_call_state"
BOTH: Final = {"entity_id": [ALICE, ZOE]}
CALLER: Final = "0312345678"


@pytest.fixture
def clock() -> Iterator[TickingDateTimeFactory]:
    """Return a clock that is right, and shows the morning."""
    with clock_that_can_be_put_forward(NINE) as clock:
        yield clock


@pytest.fixture(autouse=True)
async def open_office(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Open the office; when time flies, no answer to a ping is late."""
    monkeypatch.setattr(link, "PING_SECONDS", None)
    await office.open()


async def held(hass: HomeAssistant, target: str) -> set[str]:
    """Return which conditions of a call state hold."""
    names = ("is_idle", "is_ringing", "is_on_call", "is_not_on_call")
    return {name for name in names if await holds(hass, name, target)}


# What a user does


async def test_user_without_a_call_is_idle(hass: HomeAssistant, office: Office) -> None:
    assert await held(hass, ALICE) == {"is_idle", "is_not_on_call"}


async def test_user_whose_phone_rings(hass: HomeAssistant, office: Office) -> None:
    office.system.incoming_call(CALLER, office.alice).ring()
    await office.settled()
    assert await held(hass, ALICE) == {"is_ringing", "is_not_on_call"}
    assert await held(hass, ZOE) == {"is_idle", "is_not_on_call"}


async def test_user_who_talks_holds_or_dials_is_on_a_call(
    hass: HomeAssistant, office: Office
) -> None:
    call = office.system.outgoing_call(office.alice, "0901234567")
    await office.settled()
    assert office.state(ALICE) == "dialing"
    assert await held(hass, ALICE) == {"is_on_call"}
    call.ring()
    call.answer()
    await office.settled()
    assert office.state(ALICE) == "talking"
    assert await held(hass, ALICE) == {"is_on_call"}
    call.hold(office.alice)
    await office.settled()
    assert office.state(ALICE) == "on_hold"
    assert await held(hass, ALICE) == {"is_on_call"}
    call.resume()
    call.hang_up()
    await office.settled()
    assert await held(hass, ALICE) == {"is_idle", "is_not_on_call"}


async def test_one_of_the_targets_is_enough_or_all_are_needed(
    hass: HomeAssistant, office: Office
) -> None:
    call = office.system.incoming_call(CALLER, office.alice)
    call.ring()
    call.answer()
    await office.settled()
    for name in ("is_on_call", "is_not_on_call", "is_idle"):
        assert await holds(hass, name, BOTH)
        assert await holds(hass, name, BOTH, behavior="any")
        assert not await holds(hass, name, BOTH, behavior="all")
    call.hang_up()
    await office.settled()
    assert await holds(hass, "is_not_on_call", BOTH, behavior="all")


async def test_whole_area_can_be_the_target(hass: HomeAssistant, office: Office) -> None:
    area = ar.async_get(hass).async_create("Office")
    devices = dr.async_get(hass)
    for device in dr.async_entries_for_config_entry(devices, office.entry.entry_id):
        devices.async_update_device(device.id, area_id=area.id)
    target = {"area_id": area.id}
    options: dict[str, Any] = {"behavior": "all"}
    assert await holds(hass, "is_idle", target, **options)
    assert not await holds(hass, "is_ringing", target)
    office.system.incoming_call(CALLER, office.alice).ring()
    await office.settled()
    assert await holds(hass, "is_ringing", target)
    assert not await holds(hass, "is_idle", target, **options)


async def test_user_who_does_not_want_to_be_disturbed(hass: HomeAssistant, office: Office) -> None:
    target = {"entity_id": ["binary_sensor.alice_martin_do_not_disturb"]}
    forwarding = {"entity_id": ["binary_sensor.alice_martin_call_forwarding"]}
    assert not await holds(hass, "is_in_do_not_disturb", target)
    office.system.set_do_not_disturb(office.alice, on=True)
    office.system.set_forwarding(office.alice, on=True)
    await office.settled()
    assert await holds(hass, "is_in_do_not_disturb", target)
    assert not await holds(hass, "is_in_do_not_disturb", forwarding)


async def test_nothing_holds_of_whom_nothing_is_known(hass: HomeAssistant, office: Office) -> None:
    office.system.log_in(office.alice, office.sales)
    await office.lose_connection()
    assert await held(hass, ALICE) == set()
    assert not await holds(hass, "is_logged_in", ALICE)


# Mailboxes


@pytest.mark.parametrize("owner", ["alice", "sales"])
async def test_new_voicemail(hass: HomeAssistant, office: Office, owner: str) -> None:
    target = {
        "entity_id": ["sensor.alice_martin_new_voicemails", "sensor.sales_new_voicemails"],
    }
    assert not await holds(hass, "has_voicemail", target)
    office.system.set_mwi(getattr(office, owner), new=0, saved=2)
    await office.settled()
    assert not await holds(hass, "has_voicemail", target)
    office.system.leave_voicemail(getattr(office, owner))
    await office.settled()
    assert await holds(hass, "has_voicemail", target)
    assert not await holds(hass, "has_voicemail", target, behavior="all")


# Groups


async def test_more_calls_than_a_number_wait(hass: HomeAssistant, office: Office) -> None:
    waiting = "sensor.sales_waiting_calls"
    total = "sensor.example_basix_ne_jp_waiting_calls"
    assert not await holds(hass, "group_waiting_above", waiting, above=0)
    for number in ("0901", "0902"):
        office.system.incoming_call(number, office.sales)
    await office.settled()
    assert await holds(hass, "group_waiting_above", waiting, above=1)
    assert not await holds(hass, "group_waiting_above", waiting, above=2)
    assert not await holds(hass, "group_waiting_above", total, above=0)


def device_of(hass: HomeAssistant, office: Office, group: Group) -> str:
    """Return the id of a group's device."""
    identifier = (DOMAIN, f"{office.entry.entry_id}_group_{group.id}")
    device = dr.async_get(hass).async_get_device_by_identifier(identifier, office.entry.entry_id)
    assert device is not None
    return device.id


async def test_user_who_is_logged_in_to_a_group(hass: HomeAssistant, office: Office) -> None:
    support = next(group for group in office.system.groups if group is not office.sales)
    sales_id, support_id = (device_of(hass, office, group) for group in (office.sales, support))
    assert office.alice.id in office.sales.members
    assert await holds(hass, "is_logged_in", ALICE)
    assert await holds(hass, "is_logged_in", ALICE, group=[sales_id])
    assert await holds(hass, "is_logged_in", ALICE, group=sales_id)
    assert await holds(hass, "is_logged_in", ALICE, group=[support_id, sales_id])
    assert not await holds(hass, "is_logged_in", ALICE, group=[support_id])

    office.system.log_out(office.alice, office.sales)
    await office.settled()
    assert not await holds(hass, "is_logged_in", ALICE)
    assert not await holds(hass, "is_logged_in", ALICE, group=[sales_id])
    assert await holds(hass, "is_logged_in", BOTH, group=[sales_id])
    assert not await holds(hass, "is_logged_in", BOTH, behavior="all", group=[sales_id])


async def test_login_is_looked_up_when_it_is_asked(hass: HomeAssistant, office: Office) -> None:
    checker = await checker_of(hass, "is_logged_in", ALICE)
    assert checker.needs_polling
    assert checker.async_check()
    office.system.log_out(office.alice, office.sales)
    await office.settled()
    assert not checker.async_check()
    checker.async_unload()


# For some time


@pytest.mark.parametrize(
    ("name", "target", "options"),
    [
        ("is_ringing", ALICE, {}),
        ("is_on_call", ZOE, {}),
        ("is_not_on_call", ALICE, {}),
        ("is_in_do_not_disturb", "binary_sensor.alice_martin_do_not_disturb", {}),
        ("has_voicemail", "sensor.alice_martin_new_voicemails", {}),
        ("group_waiting_above", "sensor.sales_waiting_calls", {"above": 0}),
    ],
)
async def test_condition_can_ask_since_when(
    hass: HomeAssistant,
    office: Office,
    clock: TickingDateTimeFactory,
    name: str,
    target: str,
    options: dict[str, Any],
) -> None:
    talk = office.system.incoming_call(CALLER, office.alice)
    talk.ring()
    talk.answer()
    await office.settled()
    checker = await checker_of(hass, name, target, **options, **{"for": 30})
    assert not checker.async_check()

    talk.hang_up()
    office.system.incoming_call(CALLER, office.alice).ring()
    office.system.incoming_call(CALLER, office.sales)
    office.system.outgoing_call(office.zoe, CALLER)
    office.system.set_do_not_disturb(office.alice, on=True)
    office.system.leave_voicemail(office.alice)
    await office.settled()
    await pass_time(hass, clock, 20)
    assert not checker.async_check()
    office.system.leave_voicemail(office.alice)
    office.system.incoming_call(CALLER, office.sales)
    await office.settled()
    await pass_time(hass, clock, 11)
    assert checker.async_check()
    checker.async_unload()


# Choices


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("group_waiting_above", {}),
        ("group_waiting_above", {"above": "many"}),
        ("is_logged_in", {"for": 30}),
        ("is_idle", {"behavior": "each"}),
        ("is_idle", {"above": 1}),
    ],
)
async def test_choice_that_makes_no_sense_is_refused(
    hass: HomeAssistant, name: str, options: dict[str, Any]
) -> None:
    config = {"target": {"entity_id": [ALICE]}, "options": options}
    with pytest.raises(probatio.Invalid):
        await CONDITIONS[name].async_validate_config(hass, config)
