"""The integration alone, installed as HACS does it, works in a fresh Home Assistant."""

import ast
from collections.abc import AsyncIterator, Iterator
from importlib.metadata import requires
import json
from pathlib import Path
import subprocess
import sys
from typing import Any, Final
from zipfile import ZipFile

import aiohttp
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
import pytest

from demo.home import Home, prepare_config
from demo.processes import free_port, running
from simulator.phone_system import PhoneSystem
from simulator.server import SimulatorServer
from tests.packaging.bare import absent_packages

ROOT: Final = Path(__file__).parents[2]
INTEGRATION: Final = ROOT / "custom_components" / "ws_cti"
MANIFEST: Final[dict[str, Any]] = json.loads((INTEGRATION / "manifest.json").read_text())
TOKEN: Final = "0123456789abcdef"
ALICE: Final = "sensor.alice_martin_call_state"


@pytest.fixture
async def phone_system(socket_enabled: None) -> AsyncIterator[SimulatorServer]:
    """Serve a phone system."""
    system = PhoneSystem.office(domain="office.example", token=TOKEN)
    async with SimulatorServer(system) as server:
        yield server


def unpack_release(config: Path, folder: Path) -> None:
    """Put into a configuration folder what HACS downloads, where HACS puts it."""
    subprocess.run(  # noqa: S603 - our own script
        [sys.executable, ROOT / "scripts" / "release", f"v{MANIFEST['version']}", "--to", folder],
        check=True,
        capture_output=True,
    )
    place = config / "custom_components" / "ws_cti"
    place.unlink()  # the link to this checkout, which the demo works with
    with ZipFile(folder / "ws_cti.zip") as archive:
        archive.extractall(place)


async def test_a_fresh_home_assistant_shows_a_call_with_nothing_else_installed(
    phone_system: SimulatorServer, tmp_path: Path
) -> None:
    config, log, port = tmp_path / "config", tmp_path / "log", free_port(0)
    prepare_config(config, INTEGRATION, port)
    unpack_release(config, tmp_path / "release")
    bare, stand_ins = Path(__file__).with_name("bare.py"), ROOT / "demo" / "stand_ins"
    command = (sys.executable, "-I", bare, stand_ins, "--skip-pip", "--config", config)
    async with (
        running("Home Assistant", command, log) as program,
        aiohttp.ClientSession() as session,
    ):
        home = Home(session, f"http://127.0.0.1:{port}", program)
        await home.wait_until_up()
        await home.onboard()
        account = {
            "server": f"{phone_system.host}:{phone_system.port}",
            "domain": "office.example",
            "api_token": TOKEN,
            "ssl": False,
            "choice": "connect_anyway",
        }
        assert await home.add_integration("ws_cti", account) == "office.example"
        state = await home.state_when(ALICE, lambda one: one["state"] == "idle")
        assert state["state"] == "idle"

        system = phone_system.phone_system
        alice = system.users.by_extension("1000")
        assert alice is not None
        system.incoming_call("0312345678", alice, name="Olive Oyl").ring()
        state = await home.state_when(ALICE, lambda one: one["state"] == "ringing")
        assert (state["state"], state["attributes"]["other_name"]) == ("ringing", "Olive Oyl")

    told = [line for line in log.read_text().splitlines() if "ws_cti" in line]
    # It says so of every integration that is not its own.
    assert [line for line in told if "has not been tested by Home Assistant" not in line] == []


def test_what_is_for_development_alone_is_out_of_its_reach() -> None:
    absent = absent_packages(MANIFEST["requirements"])
    assert absent >= {
        "erlastic",
        "hypothesis",
        "mypy",
        "pytest",
        "pytest_homeassistant_custom_component",
        "resvg_py",
        "syrupy",
    }
    assert absent.isdisjoint({"aiohttp", "homeassistant", "websockets"})


def test_what_a_manifest_requires_is_within_its_reach() -> None:
    assert "erlastic" not in absent_packages(("erlastic==2.0.0",))


# Imports


def imported() -> Iterator[str]:
    """Yield the packages that the integration imports from elsewhere."""
    for path in INTEGRATION.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Import(names):
                    yield from (name.name.partition(".")[0] for name in names)
                case ast.ImportFrom(module=str(module), level=0):
                    yield module.partition(".")[0]


def required_by_home_assistant() -> set[str]:
    """Return the packages that Home Assistant itself cannot be installed without."""
    return {canonicalize_name(Requirement(line).name) for line in requires("homeassistant") or ()}


def test_only_what_home_assistant_or_the_manifest_brings_is_imported() -> None:
    ours = {Requirement(line).name for line in MANIFEST["requirements"]}
    brought = required_by_home_assistant() | ours | {"homeassistant", *sys.stdlib_module_names}
    assert set(imported()) - brought == set()
