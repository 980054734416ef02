"""Look at web pages with the Chromium of this computer, or with the one that Playwright brings.

Run as a program, it tells which one starts.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
import os
import shutil
import sys
from typing import Final

from playwright.async_api import (
    Browser,
    BrowserContext,
    Error,
    ViewportSize,
    async_playwright,
    expect,
)

from .errors import DemoError

_NAMES: Final = (
    "chromium",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
_ARGUMENTS: Final = (
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
)
_PATIENCE: Final = 30_000.0
"""How long a person waits for something to appear, in milliseconds."""

# Going back takes time, and nothing else tells that it is under way.
_NOTE_WAYS_BACK: Final = """
    const back = history.back.bind(history);
    const push = history.pushState.bind(history);
    window.goesBack = false;
    window.wasUndone = false;
    history.back = () => {
        window.goesBack = true;
        back();
    };
    history.pushState = (...page) => {
        window.wasUndone = window.goesBack;
        push(...page);
    };
    addEventListener("popstate", () => {
        window.goesBack = false;
    });
"""


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Run Chromium, without a window, for the time of the context."""
    expect.set_options(timeout=_PATIENCE)
    # Its sandbox does not start for root.
    alone = ("--no-sandbox",) if os.geteuid() == 0 else ()
    async with async_playwright() as playwright:
        try:
            browser = await playwright.chromium.launch(
                executable_path=next(filter(None, map(shutil.which, _NAMES)), None),
                args=[*_ARGUMENTS, *alone],
            )
        except Error as err:
            reason = err.message.partition("\n")[0]
            raise DemoError(f"No browser starts; run scripts/browser. ({reason})") from err
        try:
            yield browser
        finally:
            await browser.close()


async def window(browser: Browser, language: str, size: ViewportSize) -> BrowserContext:
    """Open a fresh window of somebody in the office who reads a language and likes no motion."""
    context = await browser.new_context(
        locale=language, timezone_id="Asia/Tokyo", viewport=size, reduced_motion="reduce"
    )
    await context.add_init_script(_NOTE_WAYS_BACK)
    context.set_default_timeout(_PATIENCE)
    return context


async def _tell() -> None:
    async with chromium() as browser:
        print(f"> Chromium {browser.version} is ready")


if __name__ == "__main__":
    try:
        asyncio.run(_tell())
    except DemoError as error:
        sys.exit(str(error))
