"""Tests that triggers and conditions are described as they are, in the editor and on paper."""

import json
from pathlib import Path
import re
from typing import Any, Final, cast

import hass_frontend
from homeassistant.const import CONF_OPTIONS
from homeassistant.core import HomeAssistant
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.condition import ConditionConfig, EntityConditionBase
from homeassistant.helpers.trigger import EntityTriggerBase, TriggerConfig
from homeassistant.util.yaml import load_yaml_dict
import probatio
import pytest
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.ws_cti import trigger
from custom_components.ws_cti.bus import CALL_DETAILS, call_details
from custom_components.ws_cti.call_filter import CONF_OUTCOME
from custom_components.ws_cti.condition import CONDITIONS
from custom_components.ws_cti.const import DOMAIN
from custom_components.ws_cti.cti.pbx import Pbx
from custom_components.ws_cti.cti.story import CallDirection, CallEvent, Step
from custom_components.ws_cti.trigger import TRIGGERS
from tests.integration.office import Office

INTEGRATION: Final = Path(trigger.__file__).parent
DOCS: Final = INTEGRATION.parents[1] / "docs"
KINDS: Final[dict[str, Any]] = {"triggers": TRIGGERS, "conditions": CONDITIONS}
ALL: Final = [(kind, key) for kind, offered in KINDS.items() for key in offered]
ICONS: Final[dict[str, Any]] = json.loads((INTEGRATION / "icons.json").read_text())
TEXTS: Final[dict[str, Any]] = json.loads((INTEGRATION / "translations" / "en.json").read_text())

LEAST: Final[dict[str, dict[str, object]]] = {
    "group_waiting_above": {"above": 1},
    "group_waiting_too_long": {"for": 1},
}
"""What is required of the options."""


def described(kind: str) -> dict[str, Any]:
    """Return what the editor is told."""
    told = load_yaml_dict(INTEGRATION / f"{kind}.yaml")
    return {key: says for key, says in told.items() if not key.startswith(".")}


def fields_of(kind: str, key: str) -> dict[str, Any]:
    """Return the fields that the editor shows."""
    fields: dict[str, Any] = described(kind)[key].get("fields", {})
    return fields


def taken_by(validator: Any) -> set[str]:  # noqa: ANN401
    """Return the options that a part of a schema takes."""
    if isinstance(validator, probatio.Schema):
        return taken_by(validator.schema)
    if isinstance(validator, dict):
        return {str(marker) for marker in validator}
    return {option for part in getattr(validator, "validators", ()) for option in taken_by(part)}


def options_of(kind: str, key: str) -> set[str]:
    """Return the options that the code takes."""
    schema = KINDS[kind][key]._schema.schema  # noqa: SLF001
    [options] = [taken for marker, taken in schema.items() if str(marker) == CONF_OPTIONS]
    return taken_by(options)


@pytest.mark.parametrize("kind", KINDS)
def test_everything_is_described_in_order(kind: str) -> None:
    assert list(KINDS[kind]) == sorted(KINDS[kind])
    assert list(described(kind)) == list(KINDS[kind])
    assert list(TEXTS[kind]) == list(KINDS[kind])
    assert ICONS[kind] == {key: {kind.removesuffix("s"): says} for key, says in icons(kind).items()}
    assert list(ICONS[kind]) == list(KINDS[kind])


def icons(kind: str) -> dict[str, str]:
    """Return the icons of triggers or conditions."""
    return {key: icon for key, says in ICONS[kind].items() for icon in says.values()}


@pytest.mark.parametrize("kind", KINDS)
def test_every_icon_is_one_that_home_assistant_has(kind: str) -> None:
    path = hass_frontend.where() / "static/mdi/iconList.json"
    listed = {f"mdi:{icon['name']}" for icon in json.loads(path.read_text(encoding="utf-8"))}
    assert set(icons(kind).values()) <= listed


@pytest.mark.parametrize(("kind", "key"), ALL)
def test_the_editor_shows_the_options_that_the_code_takes(kind: str, key: str) -> None:
    shown = fields_of(kind, key)
    assert set(shown) == options_of(kind, key)
    named = TEXTS[kind][key].get("fields", {})
    assert named.keys() == shown.keys()
    assert all(text["name"] and text["description"] for text in named.values())


@pytest.mark.parametrize(("kind", "key"), ALL)
async def test_the_editor_offers_the_devices_that_the_code_takes(
    hass: HomeAssistant, office: Office, kind: str, key: str
) -> None:
    await office.open()
    target = described(kind)[key]["target"]
    entry_id = office.entry.entry_id
    offered = {
        device.id
        for device in dr.async_entries_for_config_entry(dr.async_get(hass), entry_id)
        if {"integration": DOMAIN, "model": device.model} in target["device"]
    }
    entities = er.async_entries_for_config_entry(er.async_get(hass), entry_id)
    domains = {one["domain"] for one in target["entity"]}
    picked = (await made(hass, kind, key)).entity_filter({one.entity_id for one in entities})
    assert picked
    taken = {one.device_id for one in entities if one.entity_id in picked}
    assert {one.domain for one in entities if one.entity_id in picked} <= domains
    assert taken == offered


async def made(hass: HomeAssistant, kind: str, key: str) -> EntityTriggerBase | EntityConditionBase:
    """Return a trigger or a condition that nobody starts."""
    target = {"entity_id": ["sensor.any"]}
    config = {"target": target, "options": LEAST.get(key, {})}
    valid = await KINDS[kind][key].async_validate_config(hass, config)
    settings: TriggerConfig | ConditionConfig
    if kind == "triggers":
        settings = TriggerConfig(key, target, valid["options"])
    else:
        settings = ConditionConfig(valid["options"], target)
    return cast("EntityTriggerBase | EntityConditionBase", KINDS[kind][key](hass, settings))


@pytest.mark.parametrize(("kind", "key"), ALL)
def test_texts_are_worded_as_those_of_home_assistant(kind: str, key: str) -> None:
    text = TEXTS[kind][key]
    begin = {"triggers": "Triggers when ", "conditions": "Tests if "}[kind]
    assert text["description"].startswith(begin)
    assert text["description"].endswith(".")
    assert text["name"][0].isupper()
    assert not text["name"].endswith(".")


@pytest.mark.parametrize(("kind", "key"), ALL)
async def test_what_the_editor_offers_first_is_accepted(
    hass: HomeAssistant, kind: str, key: str
) -> None:
    options = {
        field: says["default"]
        for field, says in fields_of(kind, key).items()
        if says.get("default") is not None
    }
    config = {"target": {"entity_id": ["sensor.any"]}, "options": options}
    await KINDS[kind][key].async_validate_config(hass, config)
    required = {field for field, says in fields_of(kind, key).items() if says["required"]}
    assert required <= options.keys()


@pytest.mark.parametrize(("kind", "key"), ALL)
async def test_every_choice_that_the_editor_offers_is_accepted_and_has_a_name(
    hass: HomeAssistant, kind: str, key: str
) -> None:
    for field, says in fields_of(kind, key).items():
        if (select := says["selector"].get("select")) is None:
            continue
        names = TEXTS["selector"][select["translation_key"]]["options"]
        assert set(select["options"]) <= names.keys()
        for choice in select["options"]:
            options = LEAST.get(key, {}) | {field: choice}
            if field == CONF_OUTCOME and key == "call_missed":
                options |= {"only_unanswered": False}
            config = {"target": {"entity_id": ["sensor.any"]}, "options": options}
            await KINDS[kind][key].async_validate_config(hass, config)


@pytest.mark.parametrize(
    ("key", "outcomes"),
    [
        ("call_missed", trigger.MISSED_OUTCOMES),
        ("call_ended", trigger.ENDED_OUTCOMES),
        ("group_call_abandoned", trigger.ABANDONED_OUTCOMES),
    ],
)
def test_the_editor_offers_every_outcome(key: str, outcomes: tuple[str, ...]) -> None:
    assert fields_of("triggers", key)["outcome"]["selector"]["select"]["options"] == [*outcomes]


def test_every_outcome_is_called_as_it_is_called_in_the_event() -> None:
    attributes = TEXTS["entity"]["event"]["call"]["state_attributes"]
    for name in ("outcome", "direction", "location"):
        assert TEXTS["selector"][f"call_{name}"]["options"] == attributes[name]["state"]


@pytest.mark.parametrize("kind", KINDS)
async def test_home_assistant_lists_all_of_ours(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, office: Office, kind: str
) -> None:
    await office.open()
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": f"{kind.removesuffix('s')}_platforms/subscribe"})
    assert (await client.receive_json())["success"]
    listed = (await client.receive_json())["event"]
    ours = {key.removeprefix("ws_cti."): says for key, says in listed.items() if "ws_cti" in key}
    assert ours.keys() == KINDS[kind].keys()
    for key, says in ours.items():
        assert says["fields"].keys() == fields_of(kind, key).keys()
        [entities] = says["target"]["entity"]
        assert entities["integration"] == "ws_cti"


@pytest.mark.parametrize(
    ("target", "offered"),
    [
        ("event.alice_martin_phone_call", {"call_ringing", "call_missed", "group_call_entered"}),
        ("sensor.sales_waiting_calls", {"group_waiting_above", "voicemail_received"}),
        (
            "sensor.sales_oldest_call_waiting_since",
            {"group_waiting_too_long", "group_waiting_above"},
        ),
    ],
)
async def test_the_editor_offers_triggers_for_a_target(
    hass: HomeAssistant,
    hass_ws_client: WebSocketGenerator,
    office: Office,
    target: str,
    offered: set[str],
) -> None:
    await office.open()
    client = await hass_ws_client(hass)
    await client.send_json_auto_id(
        {"type": "get_triggers_for_target", "target": {"entity_id": [target]}}
    )
    found = (await client.receive_json())["result"]
    assert {f"ws_cti.{key}" for key in offered} <= set(found)


def test_a_call_is_told_with_all_its_details() -> None:
    step = CallEvent(call_id="1", step=Step.RINGING, direction=CallDirection.INCOMING, at=None)
    assert list(call_details(Pbx(), step)) == list(CALL_DETAILS)


# On paper


def rows_of(page: str) -> list[list[str]]:
    """Return the cells of the rows of all tables of a page."""
    lines = [line for line in page.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


@pytest.mark.parametrize(("kind", "key"), ALL)
def test_docs_have_a_row_for_each_with_its_name_and_its_options(kind: str, key: str) -> None:
    rows = rows_of((DOCS / f"{kind}.md").read_text())
    [row] = [row for row in rows if row[0] == f"`ws_cti.{key}`"]
    assert row[1] == TEXTS[kind][key]["name"]
    named = set(re.findall(r"`(\w+)`", row[3])) if len(row) > 3 else set()
    party = {"location", "number", "number_match"}
    shown = set(fields_of(kind, key))
    assert named == shown - party
    assert ("which calls" in row[-1]) == (party <= shown)


@pytest.mark.parametrize("kind", KINDS)
def test_docs_have_a_row_for_each_option_with_its_names_and_examples(kind: str) -> None:
    page = (DOCS / f"{kind}.md").read_text()
    rows = [row for row in rows_of(page) if len(row) == 5 and row[0].startswith("`")]
    explained = {option for row in rows for option in re.findall(r"^`(\w+)`", row[0])}
    shown = {field for key in KINDS[kind] for field in fields_of(kind, key)}
    assert explained == shown
    labels = ", ".join(row[1] for row in rows)
    texts = [TEXTS[kind][key].get("fields", {}) for key in KINDS[kind]]
    assert all(text["name"] in labels for fields in texts for text in fields.values())
    for option, _, _, in_editor, in_yaml in rows:
        assert in_editor
        [name] = re.findall(r"^`(\w+)`", option)
        assert in_yaml.startswith(f"`{name}: ")
