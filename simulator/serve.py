"""Run the simulator until somebody stops it, and leave a note of where it is."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
import json
from os import O_CREAT, O_TRUNC, O_WRONLY, fdopen, open as os_open
from pathlib import Path
import signal

from .attendant import Attendant
from .autoplay import Day
from .control import Control
from .orders import Orders
from .phone_system import PhoneSystem
from .server import SimulatorServer

_PRIVATE = 0o600
_STOPS = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True, slots=True)
class Settings:
    """Tell how the simulator is run."""

    domain: str
    token: str
    port: int
    users: int
    groups: int
    note: Path
    busyness: float | None = None
    seed: int | None = None


async def serve(settings: Settings) -> None:
    """Serve until SIGINT or SIGTERM; raises OSError if the port is taken."""
    system = PhoneSystem.office(
        settings.users,
        settings.groups,
        domain=settings.domain,
        token=settings.token,
        seed=settings.seed,
    )
    orders = Orders(system)
    server = SimulatorServer(system, settings.port)
    Control(orders, settings.token).add_routes(server.application)
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in _STOPS:
        loop.add_signal_handler(number, stopped.set)
    try:
        async with server:
            with note_of(settings.note, server.port, settings.token):
                print(
                    f"{settings.users} users and {settings.groups} groups of {settings.domain} "
                    f"at {server.host}:{server.port}, without TLS.",
                    flush=True,
                )
                await _run(orders, settings, stopped)
    finally:
        for number in _STOPS:
            loop.remove_signal_handler(number)


async def _run(orders: Orders, settings: Settings, stopped: asyncio.Event) -> None:
    attendant = Attendant(orders.stage)
    if settings.busyness is not None:
        orders.start_day(Day(busyness=settings.busyness))
    try:
        await stopped.wait()
    finally:
        await attendant.stop()
        await orders.stop()


@contextmanager
def note_of(path: Path, port: int, token: str) -> Iterator[None]:
    """Leave a note for scripts/pbx while the simulator runs, which only its owner can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Whoever may read it was decided when it was made, so an older one must go first.
    path.unlink(missing_ok=True)
    with fdopen(os_open(path, O_WRONLY | O_CREAT | O_TRUNC, _PRIVATE), "w") as file:
        json.dump({"port": port, "token": token}, file)
    try:
        yield
    finally:
        # Another simulator may have left its own note since.
        with suppress(OSError, ValueError):
            if json.loads(path.read_text())["port"] == port:
                path.unlink()
