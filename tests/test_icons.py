"""Hold the icons to what they stand for, and to the icons that Home Assistant has."""

from collections.abc import Iterator
import json
from pathlib import Path
import re
from typing import Any, Final, cast

import hass_frontend
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity import EntityDescription
from homeassistant.util.yaml import load_yaml_dict
import pytest

from custom_components.ws_cti import binary_sensor, button, event, sensor
from custom_components.ws_cti.condition import async_get_conditions
from custom_components.ws_cti.cti.story import CallState
from custom_components.ws_cti.trigger import async_get_triggers

INTEGRATION: Final = Path(__file__).parents[1] / "custom_components" / "ws_cti"
ICONS: Final[dict[str, Any]] = json.loads((INTEGRATION / "icons.json").read_text())
COUNTERS: Final = {
    description.key
    for description in (*sensor.PBX_SENSORS, *sensor.USER_SENSORS, *sensor.GROUP_SENSORS)
    if description.state_class is not None
}
ENTITIES: Final[dict[str, tuple[EntityDescription, ...]]] = {
    "binary_sensor": (
        binary_sensor.CONNECTION,
        *binary_sensor.USER_BINARY_SENSORS,
        binary_sensor.PHONE_REGISTERED,
    ),
    "button": (button.RESET_MISSED_CALLS,),
    "event": (event.USER_CALL, event.GROUP_CALL),
    "sensor": (*sensor.PBX_SENSORS, *sensor.USER_SENSORS, *sensor.GROUP_SENSORS),
}


def known_icons() -> set[str]:
    """Return the names of the icons that the frontend brings."""
    folder = hass_frontend.where() / "static" / "mdi"
    parts = [json.loads(path.read_text()) for path in folder.glob("*.json")]
    return {f"mdi:{name}" for part in parts if "parts" not in part for name in part}


def icons_in(node: object) -> Iterator[str]:
    """Yield every icon below a place in the file."""
    if isinstance(node, dict):
        for value in node.values():
            yield from icons_in(value)
    else:
        yield cast("str", node)


def of(platform: str, key: str) -> dict[str, Any]:
    """Return the icons of an entity."""
    return cast("dict[str, Any]", ICONS["entity"][platform][key])


def test_every_icon_is_one_that_home_assistant_has() -> None:
    assert set(icons_in(ICONS)) - known_icons() == set()


@pytest.mark.parametrize("platform", ENTITIES)
def test_every_entity_has_its_icon(platform: str) -> None:
    keys = {description.translation_key for description in ENTITIES[platform]}
    assert ICONS["entity"][platform].keys() == keys


def test_the_icon_of_a_user_tells_his_call_state() -> None:
    icons = of("sensor", "call_state")
    assert icons["state"].keys() == {state.value for state in CallState} - {CallState.IDLE}
    assert len({icons["default"], *icons["state"].values()}) == len(CallState)


@pytest.mark.parametrize("key", [one.key for one in ENTITIES["binary_sensor"]])
def test_the_icon_tells_on_from_off(key: str) -> None:
    icons = of("binary_sensor", key)
    assert icons["state"].keys() == {"on"}
    assert icons["state"]["on"] != icons["default"]


@pytest.mark.parametrize("key", sorted(COUNTERS))
def test_the_icon_of_a_number_tells_whether_there_is_anything(key: str) -> None:
    steps = of("sensor", key)["range"]
    assert list(steps)[:2] == ["0", "1"]
    assert list(map(int, steps)) == sorted(map(int, steps))
    assert len(set(steps.values())) == len(steps)


def test_the_icon_of_an_event_tells_which_step_it_was() -> None:
    steps = {step for one in (event.USER_CALL, event.GROUP_CALL) for step in one.event_types or ()}
    assert of("event", "call")["state_attributes"]["event_type"]["state"].keys() == steps


async def test_every_trigger_and_every_condition_has_its_icon(hass: HomeAssistant) -> None:
    assert ICONS["triggers"].keys() == (await async_get_triggers(hass)).keys()
    assert ICONS["conditions"].keys() == (await async_get_conditions(hass)).keys()


def test_every_action_and_each_section_of_its_form_have_icons() -> None:
    actions = load_yaml_dict(INTEGRATION / "services.yaml")
    assert ICONS["services"].keys() == actions.keys()
    for name, action in actions.items():
        fields = cast("dict[str, Any]", (action or {}).get("fields", {}))
        folded = {key for key, field in fields.items() if "fields" in field}
        assert ICONS["services"][name].get("sections", {}).keys() == folded


def test_icons_are_named_in_full() -> None:
    assert [icon for icon in icons_in(ICONS) if not re.fullmatch(r"mdi:[a-z0-9-]+", icon)] == []


def test_no_state_repeats_the_default() -> None:
    entities = [icons for platform in ICONS["entity"].values() for icons in platform.values()]
    parts = [
        part for icons in entities for part in (icons, *icons.get("state_attributes", {}).values())
    ]
    assert [part for part in parts if part["default"] in part.get("state", {}).values()] == []
