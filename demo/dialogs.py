"""Fill in the forms of a config flow as a person does: by what is written at each field."""

import re
from typing import Final

from playwright.async_api import Locator, Page, expect

from .words import Words

_FLOW: Final = "ui.panel.config.integrations.config_flow"


class FlowDialog:
    """Be the dialog in which a config flow, options flow or repair flow takes place."""

    def __init__(self, page: Page, words: Words) -> None:
        """Know where it will appear."""
        self._page = page
        self.words = words
        self._root = page.locator("dialog-data-entry-flow")
        self._complaint = self._root.locator("ha-alert")

    def field(self, label: str) -> Locator:
        """Return the text field with a label; a star marks those that must be filled."""
        return self._root.get_by_role("textbox", name=re.compile(rf"^{re.escape(label)}\s*\*?$"))

    async def fill(self, label: str, value: str) -> None:
        """Type into a text field."""
        await self.field(label).fill(value)

    async def choose(self, label: str, option: str) -> None:
        """Choose from a list."""
        chooser = self._root.locator("ha-selector-select").filter(has_text=label)
        await chooser.click()
        await chooser.get_by_role("menuitem", name=option, exact=True).click()
        await expect(chooser.get_by_role("menu")).to_be_hidden()

    async def open_section(self, name: str) -> None:
        """Unfold a part of the form."""
        await self._root.get_by_role("button", name=name, exact=True).click()
        await expect(self._root.get_by_role("region", name=name, exact=True)).to_be_visible()

    async def flip(self, label: str) -> None:
        """Turn a switch the other way."""
        await self._root.locator("ha-selector-boolean", has_text=label).locator("ha-switch").click()

    async def submit(self) -> None:
        """Send the form."""
        await self._root.get_by_role("button", name=self.words(f"{_FLOW}.submit")).click()

    async def complains(self, sentence: str) -> None:
        """Wait until the form says what is wrong."""
        await expect(self._complaint.filter(has_text=sentence)).to_be_visible()

    async def says(self, text: str) -> None:
        """Wait until something is to be read, paragraph by paragraph."""
        for paragraph in text.split("\n\n"):
            await expect(self._root.get_by_text(paragraph).first).to_be_visible()

    async def decide(self, option: str) -> None:
        """Choose from a menu that takes the place of a form."""
        await self._root.locator("ha-list-item", has_text=option).click()

    async def accept_risk(self, server: str) -> None:
        """Read what it means to connect without encryption, and do it all the same."""
        await self._be_warned(server, "connect_anyway")

    async def encrypt_after_all(self, server: str) -> None:
        """Read what it means to connect without encryption, and think better of it."""
        await self._be_warned(server, "connect_safely")

    async def _be_warned(self, server: str, decision: str) -> None:
        step = "config.step.not_encrypted"
        await self.says(self.words.ours(f"{step}.description", server=server))
        await self.decide(self.words.ours(f"{step}.menu_options.{decision}"))

    async def skip_and_finish(self) -> None:
        """Take the devices that were made as they are."""
        await self._end(self.words(f"{_FLOW}.finish_skip"))

    async def finish(self) -> None:
        """Leave the last page of a flow that changed something."""
        await self._end(self.words(f"{_FLOW}.finish"))

    async def close(self) -> None:
        """Leave the dialog, whatever it shows."""
        await self._end(self.words(f"{_FLOW}.close"))

    async def _end(self, button: str) -> None:
        await self._root.get_by_role("button", name=button, exact=True).last.click()
        await expect(self._root.get_by_role("dialog")).to_be_hidden()


class SetupForm(FlowDialog):
    """Be the dialog that adds a phone system."""

    async def answer(self, **answers: str) -> None:
        """Fill in fields of the first form, named as in the translations."""
        for key, value in answers.items():
            await self.fill(self.words.ours(f"config.step.user.data.{key}"), value)

    async def watch(self, option: str) -> None:
        """Choose what to watch, named as in the translations."""
        label = self.words.ours("config.step.user.data.watch")
        await self.choose(label, self.words.ours(f"selector.watch.options.{option}"))

    async def flip_detail(self, *keys: str) -> None:
        """Unfold the details of the connection and turn switches, named as in the translations."""
        section = "config.step.user.sections.connection"
        await self.open_section(self.words.ours(f"{section}.name"))
        for key in keys:
            await self.flip(self.words.ours(f"{section}.data.{key}"))

    async def complains_of(self, problem: str) -> None:
        """Wait for the sentence of an error, named as in the translations."""
        await self.complains(self.words.ours(f"config.error.{problem}"))
