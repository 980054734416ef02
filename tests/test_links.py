"""Every link of the pages leads somewhere: to a file, to a heading, or out by a safe road."""

from collections import Counter
from functools import cache
from pathlib import Path
import re
from typing import Final
from urllib.parse import unquote, urlsplit

import pytest

ROOT: Final = Path(__file__).parents[1]
PAGES: Final = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
FENCE: Final = re.compile(r"^( *)(`{3,})[^\n]*\n.*?^\1\2 *$", re.MULTILINE | re.DOTALL)
SPAN: Final = re.compile(r"`[^`\n]+`")
TARGET: Final = re.compile(r"\]\(([^)\s]*)\)")
IMAGE: Final = re.compile(r"!\[([^\]]*)\]\(([^)\s]*)\)")
HEADING: Final = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)
SEARCHED: Final = ("CHANGELOG.md", "CONTRIBUTING.md", "README.md")


def named(page: Path) -> str:
    """Return a name for a page that no other page has."""
    return str(page.relative_to(ROOT))


@cache
def prose(page: Path) -> str:
    """Return a page without its blocks of code."""
    return FENCE.sub("", page.read_text())


def targets(page: Path) -> list[str]:
    """Return where the links and pictures of a page lead."""
    return TARGET.findall(SPAN.sub("", prose(page)))


def is_outside(target: str) -> bool:
    """Return whether a link leaves the repository."""
    return bool(urlsplit(target).scheme or urlsplit(target).netloc)


@cache
def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub gives to the headings of a page."""
    seen: Counter[str] = Counter()
    found = set()
    for heading in HEADING.findall(prose(page)):
        words = re.sub(r"\]\([^)]*\)", "", heading).casefold()
        slug = re.sub(r"[^\w -]", "", words).replace(" ", "-")
        found.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return found


def test_all_pages_are_looked_at() -> None:
    assert {named(page) for page in PAGES} >= {*SEARCHED, "docs/entities.md"}


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_file_that_is_linked_to_is_there(page: Path) -> None:
    paths = {target.partition("#")[0] for target in targets(page) if not is_outside(target)} - {""}
    found = {path: (page.parent / unquote(path)).resolve() for path in paths}
    assert [path for path, place in found.items() if not place.is_file()] == []
    assert [path for path, place in found.items() if not place.is_relative_to(ROOT)] == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_anchor_is_that_of_a_heading(page: Path) -> None:
    wrong = []
    for target in targets(page):
        path, _, anchor = target.partition("#")
        place = (page.parent / unquote(path)).resolve() if path else page
        if is_outside(target) or not anchor or place.suffix != ".md" or not place.is_file():
            continue  # whether the file is there is the other test's question
        if unquote(anchor) not in anchors(place):
            wrong.append(target)
    assert wrong == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_way_out_is_a_safe_address(page: Path) -> None:
    outside = [target for target in targets(page) if is_outside(target)]
    parts = [urlsplit(target) for target in outside]
    assert [part.geturl() for part in parts if part.scheme != "https"] == []
    assert [
        part.geturl() for part in parts if not re.fullmatch(r"[\w-]+(\.[\w-]+)+", part.netloc)
    ] == []


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_picture_says_what_it_shows(page: Path) -> None:
    assert [target for words, target in IMAGE.findall(prose(page)) if not words.strip()] == []


def test_no_link_is_left_open() -> None:
    # A blank in the address, or a missing bracket: it would be shown as text.
    broken = re.compile(r"\]\([^)\n]*(?:\s[^)\n]*\)|$)", re.MULTILINE)
    assert [named(page) for page in PAGES if broken.search(SPAN.sub("", prose(page)))] == []
