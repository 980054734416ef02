"""Start the programs of the demo, keep their output in files, and stop them again."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
import os
from pathlib import Path
import signal
import socket
from typing import Final

from .errors import DemoError

_STOP_SECONDS: Final = 30
_TAIL_LINES: Final = 15


def free_port(wanted: int) -> int:
    """Return the wanted port of the loopback address, or another if it is taken."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise DemoError("No port of 127.0.0.1 is free. Stop other programs and try again.")


class Program:
    """Be one running program of the demo."""

    def __init__(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        """Hold a program that was just started."""
        self._name = name
        self._process = process
        self._log = log

    def check(self) -> None:
        """Raise DemoError, with the end of its output, if it has stopped by itself."""
        if self._process.returncode is None:
            return
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        tail = "\n".join(f"    {line}" for line in lines[-_TAIL_LINES:])
        raise DemoError(
            f"{self._name} stopped with status {self._process.returncode}. Its last words:\n"
            f"{tail}\nThe rest is in {self._log}."
        )

    async def wait(self) -> None:
        """Wait until it stops by itself."""
        await self._process.wait()
        self.check()

    async def stop(self) -> None:
        """Ask it to stop, and insist if it does not."""
        for sign in (signal.SIGTERM, signal.SIGKILL):
            if self._process.returncode is not None:
                return
            self._process.send_signal(sign)
            try:
                async with asyncio.timeout(_STOP_SECONDS):
                    await self._process.wait()
            except TimeoutError:
                continue


@asynccontextmanager
async def running(
    name: str,
    command: Sequence[str | Path],
    log: Path,
    environment: Mapping[str, str] | None = None,
) -> AsyncIterator[Program]:
    """Run a program for the time of the context; its output goes to a file."""
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *map(str, command),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=asyncio.subprocess.STDOUT,
            env=os.environ | (environment or {}),
            # Ctrl+C is for the demo, which then stops its programs in order.
            start_new_session=True,
        )
    program = Program(name, process, log)
    try:
        yield program
    finally:
        await program.stop()
