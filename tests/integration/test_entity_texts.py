"""Tests that every entity has its texts, its icons and its place in the budget."""

from collections import Counter
from dataclasses import replace
import json
from pathlib import Path
import re
from typing import Any, Final

import hass_frontend
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.entity import EntityDescription
import pytest

from custom_components.ws_cti import binary_sensor, button, event, roster, sensor
from custom_components.ws_cti.bus import call_details
from custom_components.ws_cti.cti.model import Change, MessageWaiting
from custom_components.ws_cti.cti.pbx import Pbx
from custom_components.ws_cti.cti.story import CallDirection, CallEvent, CallState, Outcome, Step
from custom_components.ws_cti.cti.words import ChangeKind, Element, Location
from tests.integration.office import Office

type Icons = str | dict[str, Icons]

INTEGRATION: Final = Path(sensor.__file__).parent
TEXTS: Final[dict[str, Any]] = json.loads(
    (INTEGRATION / "translations" / "en.json").read_text(encoding="utf-8")
)
ICONS: Final[dict[str, Any]] = json.loads((INTEGRATION / "icons.json").read_text(encoding="utf-8"))[
    "entity"
]

DESCRIPTIONS: Final[dict[str, tuple[EntityDescription, ...]]] = {
    "binary_sensor": (
        binary_sensor.CONNECTION,
        *binary_sensor.USER_BINARY_SENSORS,
        binary_sensor.PHONE_REGISTERED,
    ),
    "button": (button.RESET_MISSED_CALLS,),
    "event": (event.USER_CALL, event.GROUP_CALL),
    "sensor": (*sensor.PBX_SENSORS, *sensor.USER_SENSORS, *sensor.GROUP_SENSORS),
}


def keys(platform: str) -> set[str | None]:
    """Return the translation keys that a platform uses."""
    return {description.translation_key for description in DESCRIPTIONS[platform]}


def icons_in(part: Icons) -> set[str]:
    """Return all icons that a part of icons.json names."""
    if isinstance(part, str):
        return {part}
    return {icon for inner in part.values() for icon in icons_in(inner)}


# Names


def test_every_platform_has_texts_and_icons() -> None:
    assert TEXTS["entity"].keys() == DESCRIPTIONS.keys()
    assert ICONS.keys() == DESCRIPTIONS.keys()


@pytest.mark.parametrize("platform", DESCRIPTIONS)
def test_every_entity_has_a_name_and_an_icon_and_none_is_left_over(platform: str) -> None:
    assert TEXTS["entity"][platform].keys() == keys(platform)
    assert ICONS[platform].keys() == keys(platform)
    assert all(text["name"] for text in TEXTS["entity"][platform].values())
    assert all(icon["default"] for icon in ICONS[platform].values())


def test_every_call_state_has_a_name() -> None:
    assert TEXTS["entity"]["sensor"]["call_state"]["state"].keys() == set(CallState)
    assert ICONS["sensor"]["call_state"]["state"].keys() == set(CallState) - {CallState.IDLE}


def test_every_step_outcome_direction_and_location_has_a_name() -> None:
    call = TEXTS["entity"]["event"]["call"]["state_attributes"]
    assert call["event_type"]["state"].keys() == set(Step)
    assert call["outcome"]["state"].keys() == set(Outcome)
    state = TEXTS["entity"]["sensor"]["call_state"]["state_attributes"]
    for attributes in (call, state):
        assert attributes["direction"]["state"].keys() == set(CallDirection)
        assert attributes["location"]["state"].keys() == set(Location)
    assert ICONS["event"]["call"]["state_attributes"]["event_type"]["state"].keys() == set(Step)


def test_users_and_groups_together_tell_every_step() -> None:
    told = {*(event.USER_CALL.event_types or ()), *(event.GROUP_CALL.event_types or ())}
    assert told == set(Step)


def test_every_detail_of_a_call_has_a_name() -> None:
    step = CallEvent(call_id="1", step=Step.RINGING, direction=CallDirection.INCOMING, at=None)
    named = TEXTS["entity"]["event"]["call"]["state_attributes"]
    assert named.keys() == {"event_type", *call_details(Pbx(), step)}


async def test_every_attribute_that_is_shown_has_a_name(
    hass: HomeAssistant, entity_registry: er.EntityRegistry, office: Office
) -> None:
    await office.open()
    entity_registry.async_update_entity(
        "binary_sensor.alice_martin_phone_registration", disabled_by=None
    )
    entity_registry.async_update_entity("sensor.alice_martin_saved_voicemails", disabled_by=None)
    await office.reopen()
    office.system.incoming_call("0312345678", office.alice).ring()
    await office.settled()
    user = office.entry.runtime_data.pbx.users[str(office.alice.id)]
    unreadable = replace(user, mwi=MessageWaiting("many", None, None))
    change = Change(Element.USER, ChangeKind.UPDATED, unreadable, "updated")
    office.entry.runtime_data.received(change)

    of_home_assistant = {
        "device_class",
        "friendly_name",
        "last_reset",
        "options",
        "state_class",
        "unit_of_measurement",
    }
    for platform in ("binary_sensor", "sensor"):
        shown: dict[str | None, set[str]] = {key: set() for key in keys(platform)}
        for entry in entity_registry.entities.values():
            if entry.domain == platform and entry.disabled_by is None:
                told = office.attributes(entry.entity_id).keys()
                shown[entry.translation_key] |= {str(name) for name in told} - of_home_assistant
        texts = TEXTS["entity"][platform]
        named = {key: set(text.get("state_attributes", ())) for key, text in texts.items()}
        assert named == shown


# Icons


def test_every_icon_is_one_that_home_assistant_has() -> None:
    listed = json.loads(
        (hass_frontend.where() / "static/mdi/iconList.json").read_text(encoding="utf-8")
    )
    assert icons_in(ICONS) <= {f"mdi:{icon['name']}" for icon in listed}


@pytest.mark.parametrize("platform", DESCRIPTIONS)
def test_icon_of_a_state_differs_from_the_default(platform: str) -> None:
    for icon in ICONS[platform].values():
        assert icon["default"] not in icons_in(icon.get("state", {}))


# The budget


async def test_as_many_entities_are_enabled_by_default_as_the_budget_counts(
    device_registry: dr.DeviceRegistry, entity_registry: er.EntityRegistry, office: Office
) -> None:
    await office.open()
    enabled = Counter(
        entry.device_id for entry in entity_registry.entities.values() if entry.disabled_by is None
    )
    counted = {
        None: roster.ENTITIES_PER_PBX,
        "Basix user": roster.ENTITIES_PER_USER,
        "Basix group": roster.ENTITIES_PER_GROUP,
    }
    devices = dr.async_entries_for_config_entry(device_registry, office.entry.entry_id)
    assert len(devices) == 1 + 12 + 2
    for device in devices:
        model = None if device.model == "Basix" else device.model
        assert enabled[device.id] == counted[model], device.name


async def test_what_few_need_is_disabled_by_default(
    entity_registry: er.EntityRegistry, office: Office
) -> None:
    await office.open()
    disabled = {
        entry.translation_key
        for entry in entity_registry.entities.values()
        if entry.disabled_by is er.RegistryEntryDisabler.INTEGRATION
    }
    assert disabled == {"saved_voicemails", "phone_registered"}


# Repairs


def test_repair_names_the_options_that_help() -> None:
    issue = TEXTS["issues"]["too_many_entities"]
    placeholders = re.findall(r"{(\w+)}", issue["title"] + issue["description"])
    assert set(placeholders) == {"title", "left_out"}
    options = TEXTS["options"]["step"]["init"]["data"]
    for option in ("all_users", "all_groups"):
        assert f'"{options[option]}"' in issue["description"]
