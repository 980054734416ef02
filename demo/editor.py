"""Build an automation in the visual editor, by clicking."""

import re
from typing import Final

from playwright.async_api import Locator, Page, expect

from .words import Words

_AUTOMATION: Final = "ui.panel.config.automation"
_EDITOR: Final = f"{_AUTOMATION}.editor"
_HAS_ARRIVED_OR_NOT: Final = """() => {
    if (goesBack) return null;
    if (wasUndone) return "undone";
    return location.pathname.endsWith("/edit/new") ? "arrived" : null;
}"""
"""Look at what `demo.browser` notes, since a way back may still be under way."""


class AutomationEditor:
    """Be the page on which an automation is made."""

    def __init__(self, page: Page, words: Words) -> None:
        """Look at a page that shows the automations."""
        self._page = page
        self._words = words
        self._picker = page.locator("add-automation-element-dialog")
        self.sidebar = page.locator("ha-automation-sidebar")

    async def begin(self) -> None:
        """Begin with an empty automation.

        A dialog that closes goes back one page. The frontend waits for that, but for half a
        second only; on a busy computer it then undoes the way to the editor.
        """
        while not await self._comes_to_new():
            pass
        await expect(self._button(self._words(f"{_EDITOR}.triggers.add"))).to_be_visible()

    async def _comes_to_new(self) -> bool:
        """Choose the empty automation, and return whether that led to the editor."""
        await self._button(self._words(f"{_AUTOMATION}.picker.add_automation")).first.click()
        dialog = self._page.locator("ha-dialog-new-automation")
        empty = self._words(f"{_AUTOMATION}.dialog_new.create_empty")
        await dialog.locator("ha-list-item", has_text=empty).click()
        # Once it is gone, it has gone back if it ever does.
        await expect(dialog.locator("ha-adaptive-dialog")).to_have_count(0)
        outcome = await self._page.wait_for_function(_HAS_ARRIVED_OR_NOT)
        return bool(await outcome.evaluate("outcome => outcome === 'arrived'"))

    async def open_triggers_of(self, device: str) -> None:
        """Ask for a trigger, and look at those of a device."""
        await self._button(self._words(f"{_EDITOR}.triggers.add")).click()
        devices = self._words("ui.components.target-picker.type.devices")
        await self._picker.get_by_role("treeitem", name=devices, exact=True).click()
        await self._picker.get_by_role("treeitem", name=device, exact=True).click()

    def offered(self, name: str) -> Locator:
        """Return what the picker offers by a name."""
        return self._picker.get_by_text(name)

    async def choose(self, name: str) -> None:
        """Take what the picker offers, and wait until it is open beside the automation."""
        await self.offered(name).click()
        await expect(self._picker.get_by_role("dialog")).to_be_hidden()
        await expect(self.sidebar.get_by_text(name).first).to_be_visible()

    async def notify(self, message: str) -> None:
        """Add the action that shows a notification."""
        await self._button(self._words(f"{_EDITOR}.actions.add")).click()
        create = self._words.of("persistent_notification", "services.create.name")
        await self._picker.get_by_role("textbox").fill(create)
        await self.choose(create)
        await self.sidebar.get_by_role("textbox").first.fill(message)
        # A template turns the field into an editor of code.
        await expect(self.sidebar.get_by_text(message)).to_be_visible()

    async def save(self, name: str) -> None:
        """Save the automation under a name."""
        save = self._words("ui.common.save")
        await self._button(save).click()
        dialog = self._page.locator("ha-dialog-automation-save")
        await dialog.get_by_role("textbox").first.fill(name)
        await dialog.get_by_role("button", name=save, exact=True).click()
        await expect(dialog.get_by_role("dialog")).to_be_hidden()
        # Then the page gets an address of its own, which closes whatever was opened meanwhile.
        await expect(self._page).not_to_have_url(re.compile("/new$"))

    def _button(self, name: str) -> Locator:
        return self._page.get_by_role("button", name=name, exact=True)
