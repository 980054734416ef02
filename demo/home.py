"""Drive a real Home Assistant over its own API, as its frontend does."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from importlib.util import find_spec
import json
from pathlib import Path
import shutil
import sys
from typing import Any, Final
from urllib.parse import quote

import aiohttp
from homeassistant.components.http.config import HTTP_STORAGE_SCHEMA

from .errors import DemoError
from .processes import Program, running

USER_NAME: Final = "demo"
PASSWORD: Final = "demo"  # noqa: S105 - printed for everybody to log in
_STAND_INS: Final = Path(__file__).parent / "stand_ins"
_START_SECONDS: Final = 180
_REQUEST_SECONDS: Final = 60
_RECORD_SECONDS: Final = 30

# What a phone system needs to be seen; `default_config` would look for hardware.
_CONFIGURATION: Final = """\
api:
automation: !include automations.yaml
blueprint:
config:
diagnostics:
frontend:
history:
homeassistant:
  name: Office
  country: JP
  language: {language}
  time_zone: Asia/Tokyo
logbook:
my:
recorder:
  commit_interval: 1
search:
script: !include scripts.yaml
system_health:
"""

# These steps of a first start would also set up a weather forecast, a voice and radio
# stations, which need the internet; only the user is left to be asked for.
_ONBOARDED: Final = {"done": ["core_config", "analytics", "integration"]}


def prepare_config(folder: Path, integration: Path, port: int, language: str = "en") -> None:
    """Make a configuration folder from nothing, with the integration of this checkout."""
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "custom_components").mkdir(parents=True)
    (folder / "custom_components" / integration.name).symlink_to(integration)
    (folder / "configuration.yaml").write_text(_CONFIGURATION.format(language=language))
    (folder / "automations.yaml").write_text("[]\n")
    (folder / "scripts.yaml").write_text("{}\n")
    _store(folder, "onboarding", 4, 1, _ONBOARDED)
    # Given as YAML, these would be tried for five minutes until somebody confirms them.
    http = HTTP_STORAGE_SCHEMA({"server_host": "127.0.0.1", "server_port": port})
    _store(folder, "http", 2, 2, {"stable": http, "pending": None, "yaml_migration_done": True})


def _store(folder: Path, key: str, version: int, minor: int, data: Mapping[str, Any]) -> None:
    """Leave something in Home Assistant's own storage, as if it had run before."""
    stored = {"version": version, "minor_version": minor, "key": key, "data": data}
    path = folder / ".storage" / key
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(stored))


@asynccontextmanager
async def home_assistant(config: Path, log: Path, port: int) -> AsyncIterator[Home]:
    """Run Home Assistant for the time of the context, with a user who is logged in."""
    hass = Path(sys.executable).parent / "hass"
    # What it would install while it starts is there already, from requirements_test.txt.
    command = (hass, "--skip-pip", "--config", config)
    async with (
        running("Home Assistant", command, log, _stand_ins()) as program,
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(_REQUEST_SECONDS)) as session,
    ):
        home = Home(session, f"http://127.0.0.1:{port}", program)
        await home.wait_until_up()
        await home.onboard()
        yield home


def _stand_ins() -> dict[str, str]:
    """Return the environment that lends Home Assistant the voice libraries it misses."""
    if all(map(find_spec, (one.stem for one in _STAND_INS.glob("*.py")))):
        return {}
    return {"PYTHONPATH": str(_STAND_INS)}


class Home:
    """Speak with one Home Assistant."""

    def __init__(self, session: aiohttp.ClientSession, url: str, program: Program) -> None:
        """Know where it is."""
        self._session = session
        self.url = url
        self.program = program
        self._headers: dict[str, str] = {}

    async def wait_until_up(self) -> None:
        """Wait until it answers."""
        async with asyncio.timeout(_START_SECONDS):
            while True:
                self.program.check()
                try:
                    async with self._session.get(f"{self.url}/api/onboarding") as response:
                        if response.ok:
                            return
                except aiohttp.ClientError:
                    pass
                await asyncio.sleep(0.3)

    async def onboard(self) -> None:
        """Create the user, and log in as he does."""
        client = f"{self.url}/"
        created = await self.post(
            "/api/onboarding/users",
            {
                "client_id": client,
                "name": "Demo",
                "username": USER_NAME,
                "password": PASSWORD,
                "language": "en",
            },
        )
        await self._log_in(client, created["auth_code"])

    async def _log_in(self, client: str, code: str) -> None:
        form = {"client_id": client, "grant_type": "authorization_code", "code": code}
        async with self._session.post(f"{self.url}/auth/token", data=form) as response:
            token = (await _checked(response))["access_token"]
        self._headers = {"Authorization": f"Bearer {token}"}

    async def get(self, path: str) -> Any:  # noqa: ANN401 - whatever JSON there is
        """Return what a path of the API answers."""
        async with self._session.get(self.url + path, headers=self._headers) as response:
            return await _checked(response)

    async def post(self, path: str, body: Mapping[str, Any]) -> Any:  # noqa: ANN401
        """Post to a path of the API and return what it answers."""
        async with self._session.post(
            self.url + path, json=body, headers=self._headers
        ) as response:
            return await _checked(response)

    async def act(self, domain: str, action: str, data: Mapping[str, Any]) -> dict[str, Any]:
        """Run an action and return its response."""
        answer = await self.post(f"/api/services/{domain}/{action}?return_response", data)
        response: dict[str, Any] = answer["service_response"]
        return response

    async def add_integration(self, domain: str, answers: Mapping[str, Any]) -> str:
        """Go through a config flow as a person would; return the title of the entry.

        Fields of folded sections keep their defaults unless they are answered; in menus the
        answer of the name `choice` is chosen.
        """
        step = await self.post("/api/config/config_entries/flow", {"handler": domain})
        for _ in range(5):
            if step["type"] not in ("form", "menu"):
                break
            if step.get("errors"):
                raise DemoError(f"The config flow complains: {step['errors']}.")
            if step["type"] == "menu":
                reply = {"next_step_id": answers["choice"]}
            else:
                reply = _filled(step["data_schema"], answers)
            step = await self.post(f"/api/config/config_entries/flow/{step['flow_id']}", reply)
        if step["type"] != "create_entry":
            raise DemoError(f"The config flow ended with {step.get('reason', step['type'])}.")
        return str(step["title"])

    async def add_automation(self, automation_id: str, automation: Mapping[str, Any]) -> None:
        """Save an automation as the visual editor does."""
        await self.post(f"/api/config/automation/config/{automation_id}", automation)

    async def add_dashboard(self, path: str, title: str, config: Mapping[str, Any]) -> None:
        """Add a dashboard to the sidebar."""
        await self.command(
            "lovelace/dashboards/create",
            url_path=path,
            title=title,
            icon="mdi:phone",
            mode="storage",
            show_in_sidebar=True,
            require_admin=False,
        )
        await self.command("lovelace/config/save", url_path=path, config=config)

    async def states(self) -> dict[str, dict[str, Any]]:
        """Return all states by entity id."""
        return {state["entity_id"]: state for state in await self.get("/api/states")}

    async def state_when(
        self, entity_id: str, satisfied: Callable[[dict[str, Any]], bool], seconds: float = 10
    ) -> dict[str, Any]:
        """Return the state of an entity once it satisfies, or as it is at the end."""
        deadline = asyncio.get_running_loop().time() + seconds
        while True:
            self.program.check()
            state = (await self.states()).get(entity_id, {"state": "missing", "attributes": {}})
            if satisfied(state) or asyncio.get_running_loop().time() > deadline:
                return state
            await asyncio.sleep(0.1)

    async def wait_until_recorded(self, name: str) -> None:
        """Wait until the logbook tells something under a name, which takes a second.

        Whoever opens the logbook while a kind of event is recorded for the first time may
        never be shown it.
        """
        since = datetime.now(UTC) - timedelta(hours=1)
        path = f"/api/logbook/{quote(since.isoformat())}"
        async with asyncio.timeout(_RECORD_SECONDS):
            while name not in {entry.get("name") for entry in await self.get(path)}:
                self.program.check()
                await asyncio.sleep(0.1)

    async def command(self, kind: str, **arguments: object) -> Any:  # noqa: ANN401
        """Send one command over the websocket API and return its result."""
        async with self._session.ws_connect(f"{self.url}/api/websocket") as socket:
            await socket.receive_json()
            token = self._headers["Authorization"].removeprefix("Bearer ")
            await socket.send_json({"type": "auth", "access_token": token})
            await socket.receive_json()
            await socket.send_json({"id": 1, "type": kind, **arguments})
            answer = await socket.receive_json()
        if not answer["success"]:
            raise DemoError(f"Home Assistant refuses {kind}: {answer['error']['message']}.")
        return answer["result"]

    async def notifications(self) -> list[dict[str, Any]]:
        """Return the notifications that stand in the sidebar."""
        notifications: list[dict[str, Any]] = await self.command("persistent_notification/get")
        return notifications


def _filled(fields: list[dict[str, Any]], answers: Mapping[str, Any]) -> dict[str, Any]:
    filled: dict[str, Any] = {}
    for one in fields:
        name = one["name"]
        if one.get("type") == "expandable":
            filled[name] = _filled(one["schema"], answers)
        elif name in answers:
            filled[name] = answers[name]
        elif "default" in one:
            filled[name] = one["default"]
    return filled


async def _checked(response: aiohttp.ClientResponse) -> Any:  # noqa: ANN401
    text = await response.text()
    if not response.ok:
        raise DemoError(f"{response.url.path} answered {response.status}: {text[:300]}")
    return json.loads(text) if text else None
