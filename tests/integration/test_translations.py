"""Tests that all languages say the same, and that every text is of something that is there.

The texts of entities, actions, triggers, conditions, flows and failures are compared with
the code next to the other tests of these.
"""

from collections.abc import Iterator
import json
from pathlib import Path
import re
from typing import Any, Final, cast

import hass_frontend
from homeassistant.components.repairs import RepairsFlow, RepairsFlowContext, RepairsFlowResult
from homeassistant.components.sensor import SensorDeviceClass, SensorEntityDescription
from homeassistant.config_entries import ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
from homeassistant.helpers.selector import ObjectSelector, Selector, SelectSelector, selector
from homeassistant.util.yaml import load_yaml_dict
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.ws_cti import config_flow, options_flow, repairs, sensor
from custom_components.ws_cti.const import CONF_APP_NAME, CONF_TAKE_OVER
from custom_components.ws_cti.cti.errors import (
    CertificateError,
    ConnectError,
    CtiError,
    LimitReachedError,
)
from custom_components.ws_cti.issues import FIXABLE, Issue
from tests.integration.flow_texts import ENGLISH, FlowTexts
from tests.test_repository import language

INTEGRATION: Final = ENGLISH.parents[1]
TEXTS: Final[dict[str, Any]] = json.loads(ENGLISH.read_text(encoding="utf-8"))
IN_ENGLISH: Final = language(ENGLISH)
OTHERS: Final = sorted(path for path in ENGLISH.parent.glob("*.json") if path != ENGLISH)
LANGUAGES: Final = [ENGLISH, *OTHERS]
PROMISED: Final = {"de", "en", "fr", "ja", "ru"}

BACKTICKED: Final = re.compile(r"`[^`]*`")
LABEL_OF_OURS: Final = re.compile(r'"([^"]+)"|the action ([A-Z][\w ]+)')
SWALLOWED_BRACE: Final = re.compile(r"'[{}]")


def code_of(path: Path) -> str:
    """Return the code of the language that a file is in."""
    return path.stem


def words_of_home_assistant(path: Path, folder: str) -> dict[str, str]:
    """Return what the frontend says in the language of a file, in one of its folders."""
    [told] = (hass_frontend.where() / "static/translations" / folder).glob(
        f"{code_of(path)}-{'[0-9a-f]' * 32}.json"
    )
    return cast("dict[str, str]", json.loads(told.read_text(encoding="utf-8")))


# Languages


def test_the_promised_languages_are_there() -> None:
    assert {code_of(path) for path in LANGUAGES} >= PROMISED


@pytest.mark.parametrize("path", LANGUAGES, ids=code_of)
def test_a_language_is_written_as_people_can_compare_it(path: Path) -> None:
    told = path.read_text(encoding="utf-8")
    assert told == json.dumps(json.loads(told), ensure_ascii=False, indent=2) + "\n"


@pytest.mark.parametrize("path", OTHERS, ids=code_of)
def test_a_language_has_the_texts_of_english_in_their_order(path: Path) -> None:
    assert list(language(path)) == list(IN_ENGLISH)


@pytest.mark.parametrize("path", OTHERS, ids=code_of)
def test_a_language_leaves_alone_what_computers_read(path: Path) -> None:
    for where, text in language(path).items():
        assert sorted(BACKTICKED.findall(text)) == sorted(BACKTICKED.findall(IN_ENGLISH[where]))


@pytest.mark.parametrize("path", OTHERS, ids=code_of)
def test_a_language_has_the_paragraphs_of_english(path: Path) -> None:
    for where, text in language(path).items():
        assert text.count("\n\n") == IN_ENGLISH[where].count("\n\n"), where


@pytest.mark.parametrize("path", OTHERS, ids=code_of)
def test_no_sentence_is_left_in_english(path: Path) -> None:
    left = language(path).items() & IN_ENGLISH.items()
    assert [where for where, text in left if text.endswith((".", "?"))] == []


@pytest.mark.parametrize("path", LANGUAGES, ids=code_of)
def test_no_apostrophe_hides_what_is_to_be_filled_in(path: Path) -> None:
    # The frontend takes what follows an apostrophe and a brace literally.
    swallowed = [where for where, text in language(path).items() if SWALLOWED_BRACE.search(text)]
    assert swallowed == []


@pytest.mark.parametrize("path", LANGUAGES, ids=code_of)
def test_a_text_that_names_another_uses_its_words(path: Path) -> None:
    told = language(path)
    naming = [
        (where, label)
        for where, text in IN_ENGLISH.items()
        for quoted, action in LABEL_OF_OURS.findall(text)
        if (label := quoted or action)
    ]
    assert {label for _, label in naming} >= {"All users", "What to watch", "Get calls"}
    for where, label in naming:
        words = {told[other] for other, text in IN_ENGLISH.items() if text == label}
        assert any(word in told[where] for word in words), (where, label)


@pytest.mark.parametrize("path", LANGUAGES, ids=code_of)
def test_the_way_through_home_assistant_is_told_in_its_own_words(path: Path) -> None:
    config = words_of_home_assistant(path, "config")
    settings = words_of_home_assistant(path, ".")["panel.config"]
    devices = config["ui.panel.config.dashboard.devices.main"]
    reconfigure = config["ui.panel.config.integrations.config_entry.reconfigure"]
    for where, text in language(path).items():
        if "Settings > Devices & services" in IN_ENGLISH[where]:
            assert f"{settings} > {devices}" in text, where
        if "Reconfigure" in IN_ENGLISH[where]:
            assert reconfigure in text, where


@pytest.mark.parametrize("path", LANGUAGES, ids=code_of)
def test_a_call_is_told_in_the_same_words_everywhere(path: Path) -> None:
    texts = json.loads(path.read_text(encoding="utf-8"))
    attributes = texts["entity"]["event"]["call"]["state_attributes"]
    for name in ("outcome", "direction", "location"):
        assert texts["selector"][f"call_{name}"]["options"] == attributes[name]["state"]


# Kinds of texts


def test_there_are_no_texts_of_other_kinds() -> None:
    assert TEXTS.keys() == {
        "conditions",
        "config",
        "entity",
        "exceptions",
        "issues",
        "options",
        "selector",
        "services",
        "system_health",
        "triggers",
    }


# Selectors


def selectors_in(node: object) -> Iterator[Selector[Any]]:
    """Return the selectors in a part of a YAML file, those inside of others included."""
    if isinstance(node, list):
        for one in node:
            yield from selectors_in(one)
    elif isinstance(node, dict):
        if isinstance(told := node.get("selector"), dict):
            yield selector(told)
        for one in node.values():
            yield from selectors_in(one)


def selectors() -> Iterator[Selector[Any]]:
    """Return all selectors that we show."""
    for name in ("services", "triggers", "conditions"):
        yield from selectors_in(load_yaml_dict(INTEGRATION / f"{name}.yaml"))
    for flow in (config_flow, options_flow):
        yield from (one for one in vars(flow).values() if isinstance(one, Selector))


def choices_of(one: Selector[Any]) -> tuple[str, set[str]]:
    """Return what a selector offers, and the kind of texts that it needs for that."""
    match one:
        case SelectSelector():
            return "options", set(cast("list[str]", one.config["options"]))
        case ObjectSelector():
            return "fields", set(one.config["fields"])
        case _:
            pytest.fail(f"no selector of this kind has texts: {one}")


def test_every_choice_has_its_words_and_no_words_are_left_over() -> None:
    offered: dict[str, dict[str, set[str]]] = {}
    for one in selectors():
        if (key := one.config.get("translation_key")) is not None:
            kind, choices = choices_of(one)
            offered.setdefault(key, {}).setdefault(kind, set()).update(choices)
    assert offered == {
        key: {kind: set(texts) for kind, texts in kinds.items()}
        for key, kinds in TEXTS["selector"].items()
    }


def test_every_list_of_words_is_translated() -> None:
    assert [
        one.config["options"]
        for one in selectors()
        if isinstance(one, SelectSelector) and one.config.get("translation_key") is None
    ] == []


# Sensors

SENSORS: Final[tuple[SensorEntityDescription, ...]] = (
    *sensor.PBX_SENSORS,
    *sensor.USER_SENSORS,
    *sensor.GROUP_SENSORS,
)


def test_what_is_counted_has_its_unit_and_nothing_else_has_one() -> None:
    texts = TEXTS["entity"]["sensor"]
    assert {key for key, text in texts.items() if "unit_of_measurement" in text} == {
        one.translation_key
        for one in SENSORS
        if one.state_class is not None and one.native_unit_of_measurement is None
    }


def test_every_state_that_is_a_word_has_its_name_and_no_other_state_has_one() -> None:
    texts = TEXTS["entity"]["sensor"]
    assert {key: set(text["state"]) for key, text in texts.items() if "state" in text} == {
        one.translation_key: set(one.options or ())
        for one in SENSORS
        if one.device_class is SensorDeviceClass.ENUM
    }
    for text in TEXTS["entity"]["binary_sensor"].values():
        assert text.get("state", {}).keys() in ({"on", "off"}, set())


# Repairs


class FixFlow:
    """Go every way through the repair of an issue that succeeds in nothing."""

    def __init__(self, flow: RepairsFlow, app_name: str, texts: FlowTexts) -> None:
        """Know the flow, the present app name, and who notes what is shown."""
        self._flow = flow
        self._names = ("", app_name, f"{app_name}_2")
        self._texts = texts

    async def show(self, issue: Issue) -> None:
        """Begin the repair of an issue, and go on wherever it leads."""
        self._flow.context = RepairsFlowContext(issue_id=str(issue))
        await self._follow(issue, await self._step("init", None))

    async def _follow(self, issue: Issue, result: RepairsFlowResult) -> None:
        self._note(issue, result)
        match result["type"]:
            case FlowResultType.MENU:
                for option in cast("list[str]", result["menu_options"]):
                    await self._follow(issue, await self._step(option, None))
            case FlowResultType.FORM:
                for name in self._names:
                    answers = {CONF_APP_NAME: name}
                    self._note(issue, await self._step(result["step_id"], answers))

    async def _step(self, step_id: str, answers: dict[str, str] | None) -> RepairsFlowResult:
        step = getattr(self._flow, f"async_step_{step_id}")
        return cast("RepairsFlowResult", await step(answers))

    def _note(self, issue: Issue, result: RepairsFlowResult) -> None:
        self._texts.note(f"issues.{issue}.fix_flow", cast("ConfigFlowResult", result))


async def test_the_repairs_have_no_text_that_nobody_sees(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    texts = FlowTexts()
    careful = {**entry.data, CONF_TAKE_OVER: False}
    hass.config_entries.async_update_entry(entry, data=careful)
    for issue in Issue:
        texts.need(f"issues.{issue}.title")
        if issue not in FIXABLE:
            texts.need(f"issues.{issue}.description")
            continue
        for error in (CertificateError("no"), ConnectError("no"), LimitReachedError("no")):

            async def fail(_account: object, error: CtiError = error) -> CtiError:
                return error

            monkeypatch.setattr(repairs, "async_try", fail)
            about = {"entry_id": entry.entry_id, "issue": issue.value}
            flow = await repairs.async_create_fix_flow(hass, issue, {**about})
            flow.hass = hass
            await FixFlow(flow, entry.data[CONF_APP_NAME], texts).show(issue)

    assert not texts.unused("issues.")
