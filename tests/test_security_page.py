"""Hold SECURITY.md and the page of troubles to what there is."""

import ast
import json
from pathlib import Path
import re
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
TROUBLES: Final = (ROOT / "docs" / "troubleshooting.md").read_text(encoding="utf-8")
ENGLISH: Final = ROOT / "custom_components" / "ws_cti" / "translations" / "en.json"


def rows_of(page: str) -> list[list[str]]:
    """Return the cells of all tables, without their heads."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in page.splitlines()
        if line.startswith("|")
    ]
    heads = {index - 1 for index, row in enumerate(rows) if set(row[0]) == {"-"}}
    return [row for index, row in enumerate(rows) if index not in heads and set(row[0]) != {"-"}]


def texts_in(told: Any) -> list[str]:  # noqa: ANN401 - whatever JSON there is
    """Return all English texts."""
    if isinstance(told, str):
        return [told]
    return [text for value in told.values() for text in texts_in(value)]


TEXTS: Final = texts_in(json.loads(ENGLISH.read_text(encoding="utf-8")))
TESTS: Final = sorted(set(re.findall(r"`(tests/\S+\.py)::(\w+)`", PAGE)))


@pytest.mark.parametrize(("path", "name"), TESTS)
def test_the_test_that_holds_a_promise_is_there(path: str, name: str) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    functions = (ast.FunctionDef, ast.AsyncFunctionDef)
    assert name in {node.name for node in tree.body if isinstance(node, functions)}


@pytest.mark.parametrize(("promise", "held_by"), rows_of(PAGE))
def test_every_promise_is_held_by_a_test(promise: str, held_by: str) -> None:
    assert promise.endswith(".")
    named = {f"`{path}::{name}`" for path, name in TESTS}
    assert set(held_by.split(", ")) <= named


@pytest.mark.parametrize(
    "shown", sorted(set(re.findall(r"(?<![*\w])\*([^*|\n]+)\*(?![*\w])", TROUBLES)) - {"PBX CTI"})
)
def test_words_in_italics_are_those_that_home_assistant_shows(shown: str) -> None:
    words = re.escape(shown).replace("…", "{\\w+}")
    assert any(re.match(words, text) for text in TEXTS), shown


def test_every_trouble_has_a_cause_and_a_remedy() -> None:
    rows = rows_of(TROUBLES)
    assert len(rows) > 20
    assert all(len(row) == 3 and all(row) for row in rows)


def test_every_problem_of_the_first_form_is_among_the_troubles() -> None:
    texts = json.loads(ENGLISH.read_text(encoding="utf-8"))
    obvious = {"domain_with_colon", "empty", "invalid_domain", "invalid_server", "unknown"}
    for problem in texts["config"]["error"].keys() - obvious:
        begins = re.split(r"[,.;]", texts["config"]["error"][problem])[0]
        assert begins in TROUBLES, problem


def test_every_repair_is_among_the_troubles() -> None:
    texts = json.loads(ENGLISH.read_text(encoding="utf-8"))
    for issue in texts["issues"].values():
        assert issue["title"].replace("{title}", "…") in TROUBLES
