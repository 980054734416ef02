"""Start the simulated phone system and Home Assistant, connect them, and make calls.

Run as `scripts/demo`; with `--check` it takes a call and places one, says what it saw, and stops.
"""

import argparse
import asyncio
from collections.abc import Coroutine
from contextlib import suppress
import secrets
import signal
import sys
from typing import Final

from .automation import AUTOMATION, AUTOMATION_ID
from .check import check
from .dashboard import DASHBOARD_PATH, dashboard
from .errors import DemoError
from .home import PASSWORD, USER_NAME, Home, home_assistant, prepare_config
from .processes import Program, free_port, running
from .telephone import PBX_DOMAIN, ROOT, pbx

_FOLDER: Final = ROOT / ".demo"
_INTEGRATION: Final = ROOT / "custom_components" / "ws_cti"
_PBX_TOKEN: Final = "PBX_TOKEN"  # noqa: S105 - the name of a variable


def main() -> int:
    """Run the demo; return the exit status."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--check", action="store_true", help="make two calls, verify them, stop")
    parser.add_argument("--port", type=int, default=8123, help="of Home Assistant (8123)")
    options = parser.parse_args()
    try:
        return asyncio.run(_until_interrupted(_demonstrate(options.port, checks=options.check)))
    except DemoError as err:
        print(f"scripts/demo failed: {err}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 0


async def _until_interrupted(demonstration: Coroutine[None, None, int]) -> int:
    """Run the demonstration; Ctrl+C or a polite kill ends it in order."""
    task = asyncio.ensure_future(demonstration)
    for sign in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(sign, task.cancel)
    with suppress(asyncio.CancelledError):
        return await task
    print("\nStopped.")
    return 0


async def _demonstrate(wanted_port: int, *, checks: bool) -> int:
    _FOLDER.mkdir(exist_ok=True)
    config = _FOLDER / "config"
    pbx_port, port, token = free_port(8600), free_port(wanted_port), secrets.token_hex(16)
    prepare_config(config, _INTEGRATION, port)

    print("> Starting the phone system")
    serve = [sys.executable, "-m", "simulator", "serve", "--port", str(pbx_port)]
    serve += ["--domain", PBX_DOMAIN, "--note", str(_FOLDER / "simulator.json")]
    log = _FOLDER / "simulator.log"
    async with running("The simulator", serve, log, {_PBX_TOKEN: token}) as simulator:
        print("> Starting Home Assistant, which takes a while")
        async with home_assistant(config, _FOLDER / "home-assistant.log", port) as home:
            await _connect(home, pbx_port, token)
            if checks:
                print("> Taking a call, and placing one")
                return 0 if await check(home) else 1
            await pbx("autoplay")
            await _invite(home, simulator)
    return 0


async def _connect(home: Home, pbx_port: int, token: str) -> None:
    """Add the phone system as a person would, and the automation that tells who calls."""
    print("> Adding the phone system through its config flow")
    answers = {
        "server": f"127.0.0.1:{pbx_port}",
        "domain": PBX_DOMAIN,
        "api_token": token,
        "ssl": False,
        "choice": "connect_anyway",  # nobody can listen in on this computer
    }
    title = await home.add_integration("ws_cti", answers)
    print(f"> Added {title}; adding an automation and a dashboard")
    await home.add_automation(AUTOMATION_ID, AUTOMATION)
    await home.add_dashboard(DASHBOARD_PATH, "Phone system", dashboard())


async def _invite(home: Home, simulator: Program) -> None:
    """Say where to look, and wait until either program stops or the person does."""
    print(f"""
    {home.url}/{DASHBOARD_PATH}    user: {USER_NAME}    password: {PASSWORD}

    An office day is being played. Make calls of your own in another terminal:

        scripts/pbx call --to 1000 --from 0312345678 --name Olive Oyl
        scripts/pbx --help

    Ctrl+C stops everything.
""")
    programs = (home.program, simulator)
    waiting = [asyncio.create_task(program.wait()) for program in programs]
    try:
        done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        for one in done:
            one.result()
    finally:
        for one in waiting:
            one.cancel()


if __name__ == "__main__":
    sys.exit(main())
