"""Give stories a real Home Assistant, a phone system, and a window to look at them."""

from collections.abc import AsyncIterator
from pathlib import Path

from playwright.async_api import ConsoleMessage, Error, Page
import pytest

from demo.browser import chromium, window
from demo.frontend import Frontend
from demo.premises import Premises, premises as run_premises
from demo.words import Words
from tests.e2e.steps import Steps

_TOLD = pytest.StashKey[list[str]]()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """List the steps that were done."""
    told = config.stash.get(_TOLD, [])
    if told:
        terminalreporter.section(f"e2e: {len(told)} steps")
        for step in told:
            terminalreporter.line(step)


@pytest.fixture
def words(language: str) -> Words:
    """Return what stands on the screen."""
    return Words(language)


@pytest.fixture
async def premises(socket_enabled: None, tmp_path: Path, language: str) -> AsyncIterator[Premises]:
    """Run a phone system, and a Home Assistant that does not know it yet."""
    async with run_premises(tmp_path, language) as running:
        yield running


@pytest.fixture
async def page(socket_enabled: None, language: str) -> AsyncIterator[Page]:
    """Open a window of somebody who reads one language; nothing may go wrong in its scripts."""
    wrong: list[str] = []

    def note_error(error: Error) -> None:
        # The frontend's lists say this when they leave the screen before they are drawn.
        if error.message != "disconnected":
            wrong.append(str(error))

    def note(message: ConsoleMessage) -> None:
        # Pictures of other brands come from the internet, which need not be there.
        if message.type == "error" and "/api/brands/" not in message.location["url"]:
            wrong.append(message.text)

    async with chromium() as browser:
        context = await window(browser, language, {"width": 1280, "height": 900})
        page = await context.new_page()
        page.on("console", note)
        page.on("pageerror", note_error)
        yield page
        # A page that is closed while it waits for an answer complains, too.
        page.remove_listener("console", note)
        page.remove_listener("pageerror", note_error)
    assert wrong == []


@pytest.fixture
def frontend(premises: Premises, page: Page, words: Words) -> Frontend:
    """Return the window as somebody sees it who looks for Home Assistant."""
    return Frontend(page, words, premises.home.url)


@pytest.fixture
def step(request: pytest.FixtureRequest, page: Page, language: str) -> Steps:
    """Return what names a step."""
    return Steps(request.config.stash.setdefault(_TOLD, []), language, page)
