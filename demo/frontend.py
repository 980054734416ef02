"""Find one's way through Home Assistant's frontend, in any language that it speaks."""

from typing import Final

from playwright.async_api import Download, Locator, Page, expect

from .dialogs import FlowDialog, SetupForm
from .words import Words

_LOGIN: Final = "ui.panel.page-authorize.form"
_USER_FORM: Final = f"{_LOGIN}.providers.homeassistant"
_INTEGRATIONS: Final = "ui.panel.config.integrations"
_BRAND: Final = "PBX CTI"


class Frontend:
    """Be one window with Home Assistant's frontend in it."""

    def __init__(self, page: Page, words: Words, url: str) -> None:
        """Look at a page that shows nothing yet."""
        self.page = page
        self.words = words
        self.flow = FlowDialog(page, words)
        self.setup = SetupForm(page, words)
        self.entry = page.locator("ha-config-entry-row")
        self._sidebar = page.locator("ha-sidebar")
        self._url = url

    async def open(self, path: str = "") -> None:
        """Go to an address, as by a bookmark."""
        await self.page.goto(f"{self._url}/{path}")

    # The front door

    async def log_in(self, name: str, password: str) -> None:
        """Fill in the login form."""
        said = f"{_USER_FORM}.step.init.data"
        for label, value in ((f"{said}.username", name), (f"{said}.password", password)):
            await self.page.get_by_role("textbox", name=self.words(label)).fill(value)
        await self.page.get_by_role("button", name=self.words(f"{_LOGIN}.next")).click()

    async def is_refused(self) -> None:
        """Wait until the login form says that name and password do not fit."""
        complaint = self.words(f"{_USER_FORM}.error.invalid_auth")
        await expect(self.page.locator("ha-alert", has_text=complaint)).to_be_visible()

    async def is_in(self) -> None:
        """Wait until the sidebar is there."""
        await expect(self._in_sidebar("config")).to_be_visible()

    def _in_sidebar(self, panel: str) -> Locator:
        return self._sidebar.get_by_role("link", name=self.words(f"panel.{panel}"))

    # The integrations

    async def open_integrations(self) -> None:
        """Click through the settings to the integrations."""
        await self.open_settings("devices")
        await expect(self._adding).to_be_visible()

    async def open_settings(self, of: str) -> None:
        """Click on the settings and then on one of their pages."""
        await self._in_sidebar("config").click()
        name = self.words(f"ui.panel.config.dashboard.{of}.main")
        await self.page.get_by_role("link", name=name).click()

    @property
    def _adding(self) -> Locator:
        return self.page.get_by_role("button", name=self.words(f"{_INTEGRATIONS}.add_integration"))

    async def begin_setup(self) -> None:
        """Choose the integration from the list of all, which opens its form."""
        await self._adding.click()
        search = self.page.get_by_placeholder(self.words(f"{_INTEGRATIONS}.search_brand"))
        await search.fill("pbx")
        chosen = self.page.locator("dialog-add-integration").get_by_text(_BRAND, exact=True)
        await chosen.click()
        await self.setup.says(self.words.ours("config.step.user.title"))

    async def open_our_page(self) -> None:
        """Click through the integrations to our own."""
        await self.open_integrations()
        await self.page.get_by_role("link", name=_BRAND).click()
        await expect(self.entry).to_be_visible()

    async def open_devices(self) -> None:
        """Click through the settings to all devices, of which Home Assistant has some itself."""
        await self.open_integrations()
        await self.page.get_by_role(
            "tab", name=self.words("ui.panel.config.devices.caption")
        ).click()
        table = self.page.locator("ha-config-devices-dashboard").get_by_role("row")
        await expect(table.nth(1)).to_be_visible()

    async def open_device(self, name: str) -> None:
        """Open a device from our page."""
        await self.open_our_page()
        devices = self.entry.locator("ha-config-entry-device-row")
        await devices.filter(has_text=name).click()
        await expect(self.page.locator("ha-config-device-page")).to_be_visible()

    def entity(self, name: str) -> Locator:
        """Return the line of an entity on the page of a device."""
        lines = self.page.locator("ha-device-entities-card hui-generic-entity-row")
        return lines.filter(has=self.page.get_by_text(name, exact=True))

    async def choose_from_menu(self, choice: str) -> None:
        """Choose from the menu of our entry."""
        menu = self.words("ui.common.menu")
        await self.entry.get_by_role("button", name=menu).first.click()
        named = self.words(f"{_INTEGRATIONS}.config_entry.{choice}")
        await self._menu_item(named).click()

    def _menu_item(self, name: str) -> Locator:
        return self.page.locator("ha-dropdown-item").filter(has_text=name, visible=True)

    async def open_options(self) -> None:
        """Open the options of our entry."""
        configure = self.words(f"{_INTEGRATIONS}.config_entry.configure")
        await self.entry.get_by_role("button", name=configure).click()

    async def download_diagnostics(self) -> Download:
        """Download the diagnostics of our entry."""
        async with self.page.expect_download() as download:
            await self.choose_from_menu("download_diagnostics")
        return await download.value

    async def log_in_again(self) -> None:
        """Follow the card that asks for a new token."""
        card = self.page.locator("ha-config-flow-card")
        await card.get_by_role("button", name=self.words(f"{_INTEGRATIONS}.reconfigure")).click()

    async def delete_entry(self) -> None:
        """Delete our entry, and mean it."""
        await self.choose_from_menu("delete")
        sure = self.page.locator("dialog-box")
        await sure.get_by_role("button", name=self.words("ui.common.delete")).click()
        await expect(self.entry).to_be_hidden()

    async def open_repairs(self) -> None:
        """Open the settings, which begin with what is to be repaired."""
        await self._in_sidebar("config").click()
        await expect(self.page.locator("ha-config-repairs")).to_be_visible()

    def repair(self, title: str) -> Locator:
        """Return the line of something that is to be repaired."""
        return self.page.locator("ha-config-repairs").get_by_text(title, exact=True)

    # What happens

    async def open_activity(self) -> Locator:
        """Open the activity of the house and return it."""
        await self._in_sidebar("logbook").click()
        return self.page.locator("ha-logbook")

    async def open_notifications(self) -> Locator:
        """Open the notifications and return them."""
        title = self.words("ui.notification_drawer.title")
        await self._sidebar.get_by_role("button", name=title).click()
        await expect(self._closing).to_be_visible()
        return self._drawer

    async def close_notifications(self) -> None:
        """Close the notifications again."""
        await self._closing.click()
        await expect(self._closing).to_be_hidden()

    @property
    def _drawer(self) -> Locator:
        return self.page.locator("notification-drawer")

    @property
    def _closing(self) -> Locator:
        name = self.words("ui.notification_drawer.close")
        # Some languages have the same word on each notification.
        return self._drawer.get_by_role("button", name=name, exact=True).first
