"""Tests that every action and failure has its words, and that every example of one works."""

import ast
from collections.abc import Iterator
import json
from pathlib import Path
import re
from typing import Any, Final, cast

from homeassistant.components import persistent_notification
from homeassistant.core import HomeAssistant
from homeassistant.helpers.service import async_get_all_descriptions
from homeassistant.setup import async_setup_component
from homeassistant.util.yaml import load_yaml_dict, parse_yaml
import probatio
import pytest

from custom_components.ws_cti import services
from custom_components.ws_cti.const import DOMAIN
from custom_components.ws_cti.cti.overview import CallStage, CallWay
from custom_components.ws_cti.cti.placed import CallResult
from simulator.attendant import Attendant
from simulator.stage import Stage
from tests.integration.office import Office

ROOT: Final = Path(__file__).parents[2]
INTEGRATION: Final = Path(services.__file__).parent
TEXTS: Final[dict[str, Any]] = json.loads((INTEGRATION / "translations" / "en.json").read_text())
ICONS: Final[dict[str, Any]] = json.loads((INTEGRATION / "icons.json").read_text())
DESCRIPTIONS: Final = cast("dict[str, Any]", load_yaml_dict(INTEGRATION / "services.yaml"))
PAGES: Final = "\n".join(page.read_text() for page in sorted((ROOT / "docs").glob("*.md")))
EXAMPLES: Final = [
    cast("list[dict[str, Any]]", parse_yaml(block))
    for block in re.findall(r"^```yaml\n(- action: .*?)^```", PAGES, re.MULTILINE | re.DOTALL)
]


def fields_of(action: str) -> dict[str, Any]:
    """Return the fields of an action as the form shows them, those of sections included."""
    fields: dict[str, Any] = {}
    for name, field in DESCRIPTIONS[action].get("fields", {}).items():
        fields |= field.get("fields", {name: field})
    return fields


def sections_of(action: str) -> set[str]:
    """Return the sections of an action's form."""
    fields = DESCRIPTIONS[action].get("fields", {})
    return {name for name, field in fields.items() if "fields" in field}


# Words


async def test_every_action_is_described_and_none_is_left_over(
    hass: HomeAssistant, office: Office
) -> None:
    await office.open()
    registered = hass.services.async_services_for_domain(DOMAIN).keys()
    assert DESCRIPTIONS.keys() == registered
    assert TEXTS["services"].keys() == registered
    assert ICONS["services"].keys() == registered
    described = (await async_get_all_descriptions(hass))[DOMAIN]
    assert all("target" in described[name] for name in services.ACTIONS)


@pytest.mark.parametrize("action", services.ACTIONS)
def test_every_field_is_in_the_form_and_has_its_words(action: str) -> None:
    taken = {str(field) for field in services.ACTIONS[action].fields}
    assert fields_of(action).keys() == taken
    texts = TEXTS["services"][action]
    assert texts["fields"].keys() == taken
    assert set(texts.get("sections", ())) == sections_of(action)
    assert all(text["name"] and text["description"] for text in texts["fields"].values())


@pytest.mark.parametrize("action", services.ACTIONS)
def test_the_form_asks_for_what_the_action_needs(action: str) -> None:
    shown = fields_of(action)
    for field in services.ACTIONS[action].fields:
        required = isinstance(field, probatio.Required)
        assert shown[str(field)].get("required", False) is required
        default = field.default() if callable(getattr(field, "default", None)) else None
        assert shown[str(field)].get("default") == default


def test_every_choice_has_its_words() -> None:
    fields = fields_of("get_calls")
    for field, words in {"state": CallStage, "direction": CallWay}.items():
        selector = fields[field]["selector"]["select"]
        assert selector["options"] == [word.value for word in words]
        assert TEXTS["selector"][selector["translation_key"]]["options"].keys() == set(words)
    customer = fields_of("call")["end_user"]["selector"]["object"]
    named = TEXTS["selector"][customer["translation_key"]]["fields"]
    assert named.keys() == customer["fields"].keys()


# Failures


def calls_of(tree: ast.AST, names: set[str]) -> Iterator[ast.Call]:
    """Return the calls of functions of these names."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            yield node


def failures() -> Iterator[tuple[str, set[str]]]:
    """Return the sentences that the code refers to, each with what it fills in."""
    for path in INTEGRATION.glob("*.py"):
        tree = ast.parse(path.read_text())
        for call in calls_of(tree, {"failed", "refused"}):
            if isinstance(first := call.args[0], ast.Constant):
                yield str(first.value), {str(keyword.arg) for keyword in call.keywords}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                given = {one.arg: one.value for one in node.keywords}
                key = given.get("translation_key")
                if "translation_domain" not in given or not isinstance(key, ast.Constant):
                    continue
                filled = given.get("translation_placeholders")
                names = filled.keys if isinstance(filled, ast.Dict) else []
                yield (
                    str(key.value),
                    {str(one.value) for one in names if isinstance(one, ast.Constant)},
                )


def test_every_failure_has_its_sentence_and_none_is_left_over() -> None:
    # Those for the wrong kind of target are chosen from a table.
    chosen = {"user_needed", "group_needed", "pbx_needed"}
    assert {key for key, _ in failures()} | chosen == TEXTS["exceptions"].keys()


def test_every_failure_fills_its_sentence() -> None:
    for key, filled in failures():
        message = TEXTS["exceptions"][key]["message"]
        assert set(re.findall(r"{(\w+)}", message)) <= filled, key


# The pages


@pytest.mark.parametrize("action", services.ACTIONS)
def test_the_pages_have_every_action_and_field_by_its_names(action: str) -> None:
    texts = TEXTS["services"][action]
    assert f"| `{DOMAIN}.{action}` | {texts['name']} |" in PAGES
    for field, text in texts["fields"].items():
        assert f"| `{field}` | {text['name']} |" in PAGES


def test_the_pages_explain_every_outcome_and_state() -> None:
    for word in (*CallResult, *CallStage, *CallWay):
        assert f"`{word.value}`" in PAGES


def test_the_pages_explain_every_field_of_a_response() -> None:
    told = {"call_id", "channel_ids", "outcome", "cause", "slot", "destination", "calls"}
    assert all(f"`{name}`" in PAGES for name in told)


def test_every_action_has_an_example() -> None:
    shown = set(re.findall(rf"^ *- action: {DOMAIN}\.(\w+)$", PAGES, re.MULTILINE))
    assert shown == services.ACTIONS.keys()


@pytest.mark.parametrize(
    "example",
    [pytest.param(steps, id=f"{n} {steps[0]['action']}") for n, steps in enumerate(EXAMPLES)],
)
async def test_an_example_works(
    hass: HomeAssistant, office: Office, example: list[dict[str, Any]]
) -> None:
    assert await async_setup_component(hass, "persistent_notification", {})
    await office.open()
    action = example[0]["action"].removeprefix(f"{DOMAIN}.")
    if not action.startswith("call"):
        call = office.system.incoming_call("0312345678", office.alice, name="Olive Oyl")
        call.ring()
        call.answer()
        await office.settled()
    attendant = Attendant(Stage(office.system, pace=0))
    sequence = {"sequence": example}
    assert await async_setup_component(hass, "script", {"script": {"example": sequence}})
    await hass.services.async_call("script", "example", blocking=True)
    await attendant.stop()
    office.system.end_all_calls()
    await office.settled()

    shown = persistent_notification._async_get_or_create_notifications(hass)  # noqa: SLF001
    notices = [(notice["title"], notice["message"]) for notice in shown.values()]
    asked = [name for name, _ in office.server.requests_received]
    commands = [str(cast("dict[str, Any]", one)["cmd"]) for one in office.server.commands_received]
    words = {"call": "call_user", "hang_up": "hangup"}
    assert (asked or commands or [action]) == [words.get(action, action)]
    assert notices == {
        "park": [("Parked", "Slot 901")],
        "get_calls": [("1 calls", "Olive Oyl")],
    }.get(action, [])
