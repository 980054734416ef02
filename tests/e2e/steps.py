"""Name the steps of a story, picture each, and say in which one a story broke off."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
import re
from typing import Final

from playwright.async_api import Error, Page

PICTURES: Final = Path(__file__).parents[2] / ".screenshots"


class Steps:
    """Tell a story in one browser window step by step."""

    def __init__(self, told: list[str], language: str, page: Page) -> None:
        """Begin; each step that was done is added to what is told."""
        self._told = told
        self._language = language
        self._page = page
        self._count = 0
        for old in PICTURES.glob(f"*{language}-[0-9]*.png"):
            old.unlink()

    @asynccontextmanager
    async def __call__(self, name: str) -> AsyncIterator[None]:
        """Do one step; leave a picture of what it ended with."""
        self._count += 1
        title = f"{self._language} {self._count:02} {name}"
        try:
            yield
        except BaseException as err:
            picture = await self._picture(f"FAILED {title}")
            err.add_note(f"This was the step {title!r}; see {picture}.")
            raise
        await self._picture(title)
        self._told.append(title)

    async def _picture(self, title: str) -> str:
        path = PICTURES / f"{re.sub(r'[^A-Za-z0-9]+', '-', title)}.png"
        try:
            await self._page.screenshot(path=path, animations="disabled")
        except Error as err:
            return f"no picture ({err.message})"
        return str(path.relative_to(PICTURES.parent))
