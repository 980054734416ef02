"""Run a phone system in a process of its own, so that what it costs is not measured.

It is asked by a line on its standard input and answers with a line of JSON.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import islice
import json
from pathlib import Path
import sys
from time import monotonic_ns
from typing import Any, Final

from simulator.server import SimulatorServer

from .frames import Office

_TURN_SECONDS: Final = 0.001
_NANOSECONDS: Final = 1_000_000_000
_ANSWER_BYTES: Final = 64 * 1024 * 1024
_AT_ONCE: Final = 20
"""How many calls go on at the same time in a flood."""


class Exchange:
    """Speak with a phone system in another process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        """Know the process."""
        self._process = process

    async def ask(self, *words: object) -> Any:  # noqa: ANN401
        """Let it do something, and return its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(words).encode() + b"\n")
        return await self.answer()

    async def answer(self) -> Any:  # noqa: ANN401
        """Return the next thing that it says."""
        assert self._process.stdout is not None
        return json.loads(await self._process.stdout.readline())


@asynccontextmanager
async def exchange(users: int) -> AsyncIterator[tuple[Exchange, str]]:
    """Run a phone system, and say where it listens."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "benchmarks.exchange", str(users)),
        cwd=Path(__file__).parents[1],
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=_ANSWER_BYTES,
    )
    try:
        there = Exchange(process)
        yield there, await there.answer()
    finally:
        assert process.stdin is not None
        process.stdin.close()
        await process.wait()


async def _serve(users: int) -> None:
    office = Office(users)
    async with SimulatorServer(office.system) as server:
        _say(f"{server.host}:{server.port}")
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            match json.loads(line):
                case ["drop"]:
                    server.drop_connections()
                    _say(None)
                case ["tell again"]:
                    for frame in office.opening():
                        server.send_raw(frame)
                    server.system_message("told again")
                    _say(None)
                case ["flood", int() as per_second, int() as seconds]:
                    _say(await _flood(office, server, per_second, seconds))


async def _flood(
    office: Office, server: SimulatorServer, per_second: int, seconds: int
) -> dict[str, Any]:
    """Send events at an even pace, and return when each was sent and of how many calls."""
    unheard, server.connections = server.connections, []  # while the calls are thought out
    frames: list[bytes] = []
    calls, courses = 0, office.calls()
    while len(frames) < per_second * seconds:
        together = list(islice(courses, _AT_ONCE))
        calls += len(together)
        frames += [frame for step in zip(*together, strict=True) for frame in step]
    server.connections = unheard
    sent: list[int] = []
    begin = monotonic_ns()
    while len(sent) < len(frames):
        due = (monotonic_ns() - begin) * per_second // _NANOSECONDS
        for frame in frames[len(sent) : due]:
            sent.append(monotonic_ns())
            server.send_raw(frame)
        await asyncio.sleep(_TURN_SECONDS)
    server.system_message("flooded")
    return {"sent": sent, "calls": calls}


def _say(answer: object) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
