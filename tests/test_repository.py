"""Hold the repository to what HACS, hassfest and its own pages promise."""

import ast
from collections.abc import Iterator
import json
import os
from pathlib import Path
import re
import struct
from typing import Any, Final, cast

from homeassistant.util.yaml import load_yaml_dict
from packaging.requirements import Requirement
from packaging.version import Version
import pytest

ROOT: Final = Path(__file__).parents[1]
INTEGRATION: Final = ROOT / "custom_components" / "ws_cti"
SIMULATOR: Final = ROOT / "simulator"
README: Final = ROOT / "README.md"
MOST_LINES: Final = 400
LARGER_ROOMS: Final[dict[str, str]] = {}
"""Files with more lines than that, and why one purpose takes so many."""

type Texts = dict[str, str]


def read_json(path: Path) -> dict[str, Any]:
    """Return a JSON object of the repository."""
    return cast("dict[str, Any]", json.loads(path.read_text()))


def named(path: Path) -> str:
    """Return a name for a file that no other file has."""
    return str(path.relative_to(ROOT))


# Manifest and HACS


def test_the_manifest_is_in_the_order_that_hassfest_wants() -> None:
    keys = list(read_json(INTEGRATION / "manifest.json"))
    assert keys == ["domain", "name", *sorted(set(keys) - {"domain", "name"})]


def test_the_manifest_says_what_is_promised() -> None:
    manifest = read_json(INTEGRATION / "manifest.json")
    assert Version(manifest.pop("version")).release >= (0, 1)
    assert manifest == {
        "domain": "ws_cti",
        "name": "PBX CTI",
        "codeowners": ["@ws-cti"],
        "config_flow": True,
        "dependencies": [],
        "documentation": "https://github.com/ws-cti/ha-ws-cti",
        "integration_type": "hub",
        "iot_class": "cloud_push",
        "issue_tracker": "https://github.com/ws-cti/ha-ws-cti/issues",
        "requirements": ["websockets>=15.0.1"],
    }


def test_the_folder_bears_the_domain() -> None:
    assert read_json(INTEGRATION / "manifest.json")["domain"] == INTEGRATION.name


@pytest.mark.parametrize("wanted", read_json(INTEGRATION / "manifest.json")["requirements"])
def test_what_the_integration_requires_is_tested_in_one_version(wanted: str) -> None:
    lines = (ROOT / "requirements_test.txt").read_text().splitlines()
    pinned = [Requirement(line) for line in lines if line and not line.startswith("#")]
    requirement = Requirement(wanted)
    [version] = [
        specifier.version
        for one in pinned
        if one.name == requirement.name
        for specifier in one.specifier
        if specifier.operator == "=="
    ]
    assert version in requirement.specifier


def test_every_test_requirement_is_pinned() -> None:
    lines = (ROOT / "requirements_test.txt").read_text().splitlines()
    loose = [line for line in lines if line and not line.startswith("#") and "==" not in line]
    assert loose == []


def test_hacs_finds_nothing_that_it_does_not_know() -> None:
    hacs = read_json(ROOT / "hacs.json")
    assert hacs.keys() <= {
        "content_in_root",
        "country",
        "filename",
        "hacs",
        "hide_default_branch",
        "homeassistant",
        "name",
        "persistent_directory",
        "render_readme",
        "zip_release",
    }
    assert hacs["name"] == read_json(INTEGRATION / "manifest.json")["name"]
    assert hacs["homeassistant"] == "2026.9.0"


def test_hacs_offers_only_what_was_released() -> None:
    # Its archive exists for releases alone.
    hacs = read_json(ROOT / "hacs.json")
    assert hacs["zip_release"] is True
    assert hacs["filename"] == f"{INTEGRATION.name}.zip"
    assert hacs["hide_default_branch"] is True


def test_one_integration_is_in_the_repository() -> None:
    assert [path.parent for path in ROOT.glob("custom_components/*/manifest.json")] == [INTEGRATION]


def test_the_licence_is_there() -> None:
    assert (ROOT / "LICENSE").read_text().startswith("MIT License")


# Brand


def picture_of(path: Path) -> tuple[int, int, bool]:
    """Return width, height and whether a PNG can be transparent, as its header says."""
    head = path.read_bytes()[:26]
    assert head[:8] == b"\x89PNG\r\n\x1a\n"
    assert head[12:16] == b"IHDR"
    width, height, _, colour_type = struct.unpack(">IIBB", head[16:26])
    return width, height, colour_type in (4, 6)


@pytest.mark.parametrize("shade", ["", "dark_"])
def test_icons_are_squares_of_the_sizes_that_home_assistant_shows(shade: str) -> None:
    brand = INTEGRATION / "brand"
    assert picture_of(brand / f"{shade}icon.png") == (256, 256, True)
    assert picture_of(brand / f"{shade}icon@2x.png") == (512, 512, True)


@pytest.mark.parametrize("shade", ["", "dark_"])
def test_logos_are_as_high_as_home_assistant_shows_them(shade: str) -> None:
    brand = INTEGRATION / "brand"
    width, height, transparent = picture_of(brand / f"{shade}logo.png")
    assert 128 <= min(width, height) <= 256
    assert transparent
    assert picture_of(brand / f"{shade}logo@2x.png") == (2 * width, 2 * height, True)


def test_there_are_no_other_pictures_in_the_brand() -> None:
    assert len(list((INTEGRATION / "brand").iterdir())) == 8


# Translations

LANGUAGES: Final = sorted((INTEGRATION / "translations").glob("*.json"))
ENGLISH: Final = INTEGRATION / "translations" / "en.json"
PLACEHOLDER: Final = re.compile(r"\{(\w+)\}")
FORBIDDEN: Final = {
    "HTML": re.compile(r"<[a-zA-Z/!]"),
    "an address": re.compile(r"\w+://|www\."),
    "a quoted placeholder": re.compile(r"""["'`]\{\w+\}["'`]"""),
    "a reference that custom integrations cannot use": re.compile(r"\[%"),
    "spaces outside": re.compile(r"^\s|\s$"),
}


def texts_of(node: dict[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every text of a translation file with its path."""
    for key, value in node.items():
        where = f"{path}.{key}".lstrip(".")
        if isinstance(value, dict):
            yield from texts_of(value, where)
        else:
            yield where, value


def language(path: Path) -> Texts:
    """Return the texts of a language by their paths."""
    return dict(texts_of(read_json(path)))


@pytest.mark.parametrize("path", LANGUAGES, ids=named)
def test_every_language_says_the_same(path: Path) -> None:
    assert language(path).keys() == language(ENGLISH).keys()


@pytest.mark.parametrize("path", LANGUAGES, ids=named)
def test_every_language_fills_in_the_same(path: Path) -> None:
    def placeholders(texts: Texts) -> dict[str, set[str]]:
        return {where: set(PLACEHOLDER.findall(text)) for where, text in texts.items()}

    assert placeholders(language(path)) == placeholders(language(ENGLISH))


@pytest.mark.parametrize("path", LANGUAGES, ids=named)
def test_texts_are_plain(path: Path) -> None:
    faults = [
        f"{where} holds {what}"
        for where, text in language(path).items()
        for what, pattern in FORBIDDEN.items()
        if not text or pattern.search(text)
    ]
    assert faults == []


@pytest.mark.parametrize("path", LANGUAGES, ids=named)
def test_every_field_of_a_form_is_explained(path: Path) -> None:
    texts = language(path)
    fields = {where for where in texts if ".data." in where}
    assert fields
    assert {where.replace(".data.", ".data_description.") for where in fields} <= texts.keys()


def test_every_icon_is_of_something_that_has_a_name() -> None:
    icons = read_json(INTEGRATION / "icons.json")["entity"]
    names = read_json(ENGLISH)["entity"]
    assert {(platform, key) for platform in icons for key in icons[platform]} == {
        (platform, key) for platform in names for key in names[platform]
    }


# Code

SOURCES: Final = sorted([*INTEGRATION.rglob("*.py"), *SIMULATOR.rglob("*.py")])


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_a_file_tells_its_purpose_in_its_first_line(path: Path) -> None:
    purpose = ast.get_docstring(ast.parse(path.read_text()))
    assert purpose is not None
    assert purpose.splitlines()[0].endswith((".", ":"))


def test_no_room_has_grown_too_large() -> None:
    sizes = {named(path): len(path.read_text().splitlines()) for path in INTEGRATION.rglob("*.py")}
    large = {path for path, lines in sizes.items() if lines > MOST_LINES}
    assert large == LARGER_ROOMS.keys()


# README

COMMAND: Final = re.compile(r"^(scripts/\w+|\.ci/\w+)", re.MULTILINE)
CODE: Final = re.compile(r"^```(?:sh|bash|console)?\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands_of(page: Path) -> list[str]:
    """Return the scripts that the code blocks of a page run."""
    blocks = CODE.findall(page.read_text())
    return [command for block in blocks for command in COMMAND.findall(block)]


PAGES: Final = [
    README,
    *sorted(path for path in ROOT.glob("*.md") if path != README),
    *sorted((ROOT / "docs").glob("*.md")),
]


def test_the_readme_begins_with_the_commands_that_show_and_check_everything() -> None:
    assert commands_of(README)[:2] == ["scripts/demo", "scripts/test"]


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_command_of_a_page_can_be_run(page: Path) -> None:
    missing = [command for command in commands_of(page) if not os.access(ROOT / command, os.X_OK)]
    assert missing == []


def test_the_ci_runs_what_the_readme_says() -> None:
    assert os.access(ROOT / ".ci" / "run", os.X_OK)
    assert "scripts/test" in (ROOT / ".ci" / "run").read_text()


def test_the_readme_begins_with_a_picture() -> None:
    _, _, rest = README.read_text().partition("\n")
    assert rest.lstrip().startswith("![")


def test_the_readme_can_be_read_in_one_go() -> None:
    assert len(README.read_text().splitlines()) < 150


# Quality scale

RULES: Final = [
    # Bronze
    "action-setup",
    "appropriate-polling",
    "brands",
    "common-modules",
    "config-flow-test-coverage",
    "config-flow",
    "dependency-transparency",
    "docs-actions",
    "docs-conditions",
    "docs-high-level-description",
    "docs-installation-instructions",
    "docs-removal-instructions",
    "docs-triggers",
    "entity-event-setup",
    "entity-unique-id",
    "has-entity-name",
    "runtime-data",
    "test-before-configure",
    "test-before-setup",
    "unique-config-entry",
    # Silver
    "action-exceptions",
    "config-entry-unloading",
    "docs-configuration-parameters",
    "docs-installation-parameters",
    "entity-unavailable",
    "integration-owner",
    "log-when-unavailable",
    "parallel-updates",
    "reauthentication-flow",
    "test-coverage",
    # Gold
    "devices",
    "diagnostics",
    "discovery",
    "discovery-update-info",
    "docs-data-update",
    "docs-examples",
    "docs-known-limitations",
    "docs-supported-devices",
    "docs-supported-functions",
    "docs-troubleshooting",
    "docs-use-cases",
    "dynamic-devices",
    "entity-category",
    "entity-device-class",
    "entity-disabled-by-default",
    "entity-translations",
    "exception-translations",
    "icon-translations",
    "reconfiguration-flow",
    "repair-issues",
    "stale-devices",
    # Platinum
    "async-dependency",
    "inject-websession",
    "strict-typing",
]

PROMISES: Final = {
    # Where a rule that is called done is kept: the page, and its heading.
    "docs-actions": ("docs/actions.md", "Actions"),
    "docs-conditions": ("docs/conditions.md", "Conditions"),
    "docs-configuration-parameters": ("docs/options.md", "What can be chosen"),
    "docs-data-update": ("docs/limitations.md", "How it stays up to date"),
    "docs-examples": ("docs/examples.md", "Examples"),
    "docs-high-level-description": ("README.md", "PBX CTI"),
    "docs-installation-instructions": ("README.md", "Install it"),
    "docs-installation-parameters": ("docs/installation.md", "Configuration"),
    "docs-known-limitations": ("docs/limitations.md", "Known limitations"),
    "docs-removal-instructions": ("docs/installation.md", "Removal"),
    "docs-supported-devices": ("docs/limitations.md", "Supported phone systems"),
    "docs-supported-functions": ("README.md", "What you get"),
    "docs-triggers": ("docs/triggers.md", "Triggers"),
    "docs-troubleshooting": ("docs/troubleshooting.md", "Troubleshooting"),
    "docs-use-cases": ("README.md", "What it is good for"),
}


def claims() -> dict[str, Any]:
    """Return what we claim of each rule of the quality scale."""
    return cast("dict[str, Any]", load_yaml_dict(INTEGRATION / "quality_scale.yaml")["rules"])


def status_of(claim: object) -> str:
    """Return the status of a claim, which is one word or has a comment."""
    return cast("str", claim["status"] if isinstance(claim, dict) else claim)


def test_the_quality_scale_has_all_its_rules_in_order() -> None:
    assert len(RULES) == 54
    assert list(claims()) == RULES


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_done_or_its_absence_is_explained(rule: str) -> None:
    claim = claims()[rule]
    if claim == "done":
        return
    assert isinstance(claim, dict)
    assert claim.keys() == {"status", "comment"}
    assert claim["status"] in ("done", "exempt", "todo")
    assert claim["comment"].strip().endswith(".")


def test_what_is_called_documented_has_its_place() -> None:
    done = {rule for rule, claim in claims().items() if status_of(claim) == "done"}
    assert {rule for rule in done if rule.startswith("docs-")} == PROMISES.keys()


@pytest.mark.parametrize("rule", PROMISES)
def test_a_promise_is_kept_on_a_page_that_the_readme_leads_to(rule: str) -> None:
    page, heading = PROMISES[rule]
    assert heading in re.findall(r"^#+ (.+)$", (ROOT / page).read_text(), re.MULTILINE)
    assert page == "README.md" or f"({page})" in README.read_text()


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=named)
def test_the_readme_leads_to_every_page(page: Path) -> None:
    assert f"({page.relative_to(ROOT)})" in README.read_text()
