"""Hold the documentation to the code: nothing left out, nothing by another name."""

from dataclasses import fields
import json
from pathlib import Path
import re
from typing import Any, Final

import pytest

from custom_components.ws_cti.bus import (
    CALLER_DATA,
    call_data,
    call_details,
    channel_data,
    message_data,
)
from custom_components.ws_cti.const import (
    DEFAULT_CALL_LOG_DAYS,
    DEFAULT_CALL_LOG_SIZE,
    EVENT_CALL,
    EVENT_CHANNEL,
    EVENT_MESSAGE,
)
from custom_components.ws_cti.cti.basix.driver import DEFAULT_SERVER
from custom_components.ws_cti.cti.link import PING_SECONDS
from custom_components.ws_cti.cti.model import Change, Channel, Notice
from custom_components.ws_cti.cti.patience import LONGEST_DELAY
from custom_components.ws_cti.cti.pbx import Pbx
from custom_components.ws_cti.cti.story import (
    CallDirection,
    CallEvent,
    CallState,
    Outcome,
    Step,
)
from custom_components.ws_cti.cti.words import ChangeKind, Element

ROOT: Final = Path(__file__).parents[1]
README: Final = (ROOT / "README.md").read_text()
DOCS: Final = ROOT / "docs"
ENTITIES: Final = (DOCS / "entities.md").read_text()
EVENTS: Final = (DOCS / "events.md").read_text()
INSTALLATION: Final = (DOCS / "installation.md").read_text()
LIMITATIONS: Final = (DOCS / "limitations.md").read_text()
OPTIONS: Final = (DOCS / "options.md").read_text()
TEXTS: Final[dict[str, Any]] = json.loads(
    (ROOT / "custom_components" / "ws_cti" / "translations" / "en.json").read_text()
)
CALL: Final = CallEvent(
    call_id="1", step=Step.RINGING, direction=CallDirection.INCOMING, at=1, user_id="1"
)


def named_in(page: str) -> set[str]:
    """Return what a page names in the type of code."""
    return set(re.findall(r"`([^`\n]+)`", page))


def section_of(page: str, heading: str) -> str:
    """Return the part of a page below a heading."""
    return page.partition(f"\n## {heading}\n")[2].partition("\n## ")[0]


def entities() -> list[tuple[str, dict[str, Any]]]:
    """Return the entities that have a name, each with its platform."""
    return [
        (platform, texts) for platform, known in TEXTS["entity"].items() for texts in known.values()
    ]


def test_every_entity_is_listed_by_its_name() -> None:
    table = "\n".join(line for line in ENTITIES.splitlines() if line.startswith("| "))
    assert [texts["name"] for _, texts in entities() if texts["name"] not in table] == []


def test_every_attribute_of_an_entity_is_explained() -> None:
    # Those of the events are the fields of the bus event.
    attributes = {
        attribute
        for platform, texts in entities()
        for attribute in texts.get("state_attributes", {})
        if platform != "event"
    }
    assert attributes - named_in(ENTITIES) == set()


def test_every_state_of_a_call_is_explained() -> None:
    assert {state.value for state in CallState} <= named_in(ENTITIES)


def test_every_step_of_a_call_is_explained() -> None:
    steps = {step.value for step in Step}
    assert steps <= named_in(section_of(ENTITIES, "The steps of a call"))
    assert steps <= named_in(section_of(EVENTS, EVENT_CALL))


def test_every_outcome_of_a_call_is_explained() -> None:
    assert {outcome.value for outcome in Outcome} <= named_in(section_of(EVENTS, EVENT_CALL))


def test_every_field_of_a_call_event_is_explained() -> None:
    told = call_data("entry", CALL, call_details(Pbx(), CALL), "device").keys()
    assert told - named_in(section_of(EVENTS, EVENT_CALL)) == set()


def test_every_field_of_a_channel_event_is_explained() -> None:
    channel = Channel(uuid="1")
    change = Change(Element.CHANNEL, ChangeKind.ADDED, channel, "added")
    # What is left out of comparisons is the same once more.
    told = channel_data("entry", change, channel).keys() | {
        part.name for part in fields(Channel) if part.compare
    }
    assert told - named_in(section_of(EVENTS, EVENT_CHANNEL)) == set()


def test_every_field_of_a_message_event_is_explained() -> None:
    told = message_data("entry", Notice("user", "Hello")).keys()
    assert told - named_in(section_of(EVENTS, EVENT_MESSAGE)) == set()


def test_what_is_not_recorded_is_named() -> None:
    assert named_in(section_of(ENTITIES, "What is recorded")) >= CALLER_DATA


def test_every_field_of_the_setup_is_explained() -> None:
    section = section_of(INSTALLATION, "Configuration")
    form = TEXTS["config"]["step"]["user"]
    labels = [*form["data"].values(), *form["sections"]["connection"]["data"].values()]
    assert [label for label in labels if label.removesuffix(" (TLS)") not in section] == []


def test_every_option_is_explained() -> None:
    section = section_of(OPTIONS, "What can be chosen")
    labels = TEXTS["options"]["step"]["init"]["data"].values()
    assert [label for label in labels if label not in section] == []


def test_the_defaults_of_the_call_log_are_true() -> None:
    assert f"| Calls in the call log | {DEFAULT_CALL_LOG_SIZE} |" in OPTIONS
    assert f"| Days in the call log | {DEFAULT_CALL_LOG_DAYS} |" in OPTIONS


@pytest.mark.parametrize("page", [README, INSTALLATION], ids=["README", "installation"])
def test_the_oldest_home_assistant_is_named(page: str) -> None:
    hacs = json.loads((ROOT / "hacs.json").read_text())
    assert f"Home Assistant {hacs['homeassistant']} or newer" in page


def test_the_server_to_be_reached_is_named() -> None:
    assert INSTALLATION.count(DEFAULT_SERVER) == 2


def test_it_is_true_how_soon_a_dead_line_is_noticed_and_tried_again() -> None:
    assert f"within {2 * PING_SECONDS:.0f} seconds" in LIMITATIONS
    assert LONGEST_DELAY == 60
    assert "once a minute" in LIMITATIONS


def test_the_readme_counts_what_there_is() -> None:
    blueprints = list((ROOT / "blueprints").rglob("*.yaml"))
    assert len(blueprints) == 6
    assert "Six [blueprints]" in README
