"""Take the pictures of the documentation. Run as `scripts/screenshots`."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
import sys
from tempfile import TemporaryDirectory
from typing import Final

from PIL import Image
from playwright.async_api import Browser, ViewportSize, expect

from .browser import chromium, window
from .dashboard import DASHBOARD_PATH, dashboard
from .editor import AutomationEditor
from .errors import DemoError
from .frontend import Frontend
from .home import PASSWORD, USER_NAME
from .premises import TOKEN, Premises, premises
from .telephone import ROOT
from .words import Words

_PICTURES: Final = ROOT / "docs" / "images"
_WINDOW: Final[ViewportSize] = {"width": 1280, "height": 800}
_COLOURS: Final = 256
_MOST_BYTES: Final = 150_000
_ALICE: Final = "Alice Martin"
_SALES: Final = "Sales"


class Camera:
    """Take pictures of one window."""

    def __init__(self, frontend: Frontend) -> None:
        """Point at a window."""
        self._page = frontend.page

    async def take(self, name: str, of: str | None = None) -> None:
        """Keep a picture of the window, or of one element in it."""
        await self._page.mouse.move(0, 0)
        await self._is_still()
        if of is None:
            picture = await self._page.screenshot(animations="disabled")
        else:
            picture = await self._page.locator(of).first.screenshot(animations="disabled")
        path = _PICTURES / f"{name}.png"
        with Image.open(BytesIO(picture)) as image:
            few = image.convert("RGB").quantize(_COLOURS, kmeans=1, dither=Image.Dither.NONE)
            few.save(path, optimize=True)
        size = path.stat().st_size
        if size > _MOST_BYTES:
            raise DemoError(f"{path} has {size} bytes. Show less in it, or in fewer colours.")
        print(f"> {path.relative_to(ROOT)}, {size / 1000:.0f} kB")

    async def _is_still(self) -> None:
        """Wait until everything is drawn: what loads, what pops up, every icon and logo."""
        for passing in ("ha-spinner", "ha-toast"):
            await expect(self._page.locator(passing).filter(visible=True)).to_have_count(0)
        icons = self._page.locator("ha-state-icon").filter(visible=True)
        drawn = self._page.locator("path[d]")
        await expect(icons.filter(has_not=drawn)).to_have_count(0)
        await self._page.wait_for_load_state("networkidle")


@asynccontextmanager
async def _window(
    browser: Browser, place: Premises, language: str
) -> AsyncIterator[tuple[Frontend, Camera]]:
    context = await window(browser, language, _WINDOW)
    frontend = Frontend(await context.new_page(), Words(language), place.home.url)
    await frontend.open()
    await frontend.log_in(USER_NAME, PASSWORD)
    await frontend.is_in()
    yield frontend, Camera(frontend)
    await context.close()


async def _english(browser: Browser, folder: Path) -> None:
    async with (
        premises(folder, "en") as place,
        _window(browser, place, "en") as (frontend, camera),
    ):
        await _set_up(place, frontend, camera)
        await _automate(place, frontend, camera)
        await _play(place)
        await place.home.add_dashboard(DASHBOARD_PATH, "Phone system", dashboard())
        await frontend.open(DASHBOARD_PATH)
        await expect(frontend.page.get_by_text(_SALES).first).to_be_visible()
        await camera.take("dashboard", "hui-sections-view")
        await _devices(frontend, camera)


async def _set_up(place: Premises, frontend: Frontend, camera: Camera) -> None:
    await frontend.open_integrations()
    await frontend.begin_setup()
    await frontend.setup.answer(domain="example.basix.ne.jp", api_token=TOKEN)
    await camera.take("config-flow")
    await place.connect()


async def _automate(place: Premises, frontend: Frontend, camera: Camera) -> None:
    words = frontend.words
    await frontend.open()
    await frontend.open_settings("automations")
    editor = AutomationEditor(frontend.page, words)
    await editor.begin()
    await editor.open_triggers_of(_ALICE)
    await editor.choose(words.ours("triggers.call_ringing.name"))
    await camera.take("automation-editor")
    await editor.notify("{{ trigger.call.caller_name }} calls {{ trigger.call.user_name }}.")
    await editor.save("Tell who calls")
    notifications = await frontend.open_notifications()
    place.pbx("call", to="1000", from_="0312345678", name="Olive Oyl")
    await expect(notifications.get_by_text("Olive Oyl")).to_be_visible()
    place.pbx("answer", by="1000")
    await frontend.close_notifications()


async def _play(place: Premises) -> None:
    """Let somebody call in vain, somebody talk, and somebody wait."""
    for name, group in (("Wimpy", _SALES), ("Popeye", "Support"), ("Dmitri Volkov", "Support")):
        place.pbx("call", to=group, from_="0355501234", name=name, miss=True, answer=0.5)
    await place.home.state_when("sensor.support_missed_calls", lambda state: state["state"] == "2")
    await place.home.state_when("sensor.sales_missed_calls", lambda state: state["state"] == "1")
    place.pbx("voicemail", to="Support")
    place.pbx("call", to="1003", from_="0665550100", name="Bluto")
    place.pbx("answer", by="1003")
    place.pbx("dnd", user="1007")
    place.pbx("call", to=_SALES, from_="0525550177", name="Swee'Pea")


async def _devices(frontend: Frontend, camera: Camera) -> None:
    def name(key: str) -> str:
        return frontend.words.ours(f"entity.sensor.{key}.name")

    await frontend.open()
    await frontend.open_device(_ALICE)
    talking = frontend.words.ours("entity.sensor.call_state.state.talking")
    await expect(frontend.entity(name("call_state"))).to_contain_text(talking)
    await _shows_activity(frontend)
    await camera.take("user")
    await frontend.open_device(_SALES)
    await expect(frontend.entity(name("waiting_calls"))).to_contain_text("1")
    await _shows_activity(frontend)
    await camera.take("group")


async def _shows_activity(frontend: Frontend) -> None:
    """Wait until the page of a device shows what happened last."""
    await expect(frontend.page.locator("ha-logbook-entry").first).to_be_visible()


async def _japanese(browser: Browser, folder: Path) -> None:
    async with (
        premises(folder, "ja") as place,
        _window(browser, place, "ja") as (frontend, camera),
    ):
        await place.connect()
        place.pbx("call", to="1001", from_="0312345678", name="佐藤商店")
        await frontend.open_device("山田 太郎")
        state = frontend.entity(frontend.words.ours("entity.sensor.call_state.name"))
        ringing = frontend.words.ours("entity.sensor.call_state.state.ringing")
        await expect(state).to_contain_text(ringing)
        await _shows_activity(frontend)
        await camera.take("user-japanese")


async def _take_all() -> None:
    with TemporaryDirectory() as folder:
        async with chromium() as browser:
            for language, take in (("en", _english), ("ja", _japanese)):
                place = Path(folder) / language
                place.mkdir()
                await take(browser, place)


def main() -> int:
    """Take all pictures; return the exit status."""
    try:
        asyncio.run(_take_all())
    except DemoError as err:
        print(f"scripts/screenshots failed: {err}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
