"""Trouble the line between Home Assistant and a phone system, at random."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from random import Random
from typing import Final, override

from simulator.connection import Connection
from simulator.misbehaviour import Line, http_response
from simulator.phone_system import PhoneSystem
from simulator.server import DialectOptions, SimulatorServer
from simulator.words import Element

_GOODBYES: Final = (1000, 1001, 1011, 1012, 4000)
_REFUSALS: Final = ("429 Too Many Requests", "500 Internal Server Error", "503 Unavailable")
_GARBAGE: Final = (b"", b"\x83", b"\x83h\x7f", b"<html>", bytes(range(256)), b"\x83" * 4096)
_MUCH: Final = 60_000
_TOO_LARGE: Final = 40 * 1024 * 1024
_LISTS: Final = (Element.QUEUED_CHANNEL, Element.PARKED_CHANNEL)
_DIALECTS: Final[Sequence[DialectOptions]] = (
    {},
    {"field_order_seed": 3},
    {"field_order_seed": 4, "utf8_atoms": True},
    {"elements": [element for element in Element if element not in _LISTS]},
)

type Trouble = Callable[[], AbstractAsyncContextManager[None]]


class WelcomingServer(SimulatorServer):
    """Tell when a client was told everything, after which it is told each change."""

    welcomed: Callable[[], None] = staticmethod(lambda: None)

    @override
    def _welcome(self, connection: Connection) -> None:
        super()._welcome(connection)
        self.welcomed()


class Troubles:
    """Let the line break, be closed, fall silent, or carry what nobody understands.

    `lost` is called when nothing can be heard any more, `meanwhile` to let life go on as long
    as nobody can connect again, and `welcomed` when all is told again.
    """

    def __init__(
        self,
        system: PhoneSystem,
        random: Random,
        *,
        lost: Callable[[], None],
        meanwhile: Callable[[], Awaitable[None]],
        welcomed: Callable[[], None],
    ) -> None:
        """Prepare a server and a line to it."""
        self.count = 0
        self.losses = 0
        self.latest = ""
        self._random = random
        self._lost = lost
        self._meanwhile = meanwhile
        self._welcomed = welcomed
        self._system = system
        self.server = self._new_server(0)
        self.line: Line | None = None

    async def open(self) -> Line:
        """Serve, and return the line."""
        await self.server.__aenter__()
        self.line = await Line(self.server.port).__aenter__()
        return self.line

    async def close(self) -> None:
        """Serve no more."""
        if self.line is not None:
            await self.line.__aexit__(None, None, None)
        await self.server.__aexit__(None, None, None)

    async def happen(self) -> bool:
        """Let something happen, and return whether the connection is lost by it."""
        self.count += 1
        trouble: Trouble | None = self._random.choice(
            (
                self._reset,
                self._close,
                self._say_goodbye,
                self._hush,
                self._cut,
                None,
                None,
                self._exceed,
                self._refuse,
                self._shut,
                self._restart,
            )
        )
        if trouble is None:
            self._garble()
            return False
        self.losses += 1
        self.latest = trouble.__name__.strip("_")
        self._lost()
        # Whoever were welcomed before the trouble is over might hear some of what is lost.
        self.server.refuse()
        async with trouble():
            await self._meanwhile()
        self.server.refuse(None)
        return True

    def _new_server(self, port: int) -> WelcomingServer:
        server = WelcomingServer(self._system, port, **self._random.choice(_DIALECTS))
        server.welcomed = self._welcomed
        return server

    @property
    def _cable(self) -> Line:
        if self.line is None:
            raise RuntimeError("the line was not opened")
        return self.line

    def _garble(self) -> None:
        for _ in range(self._random.randrange(1, 6)):
            self.server.send_raw(self._random.choice(_GARBAGE))
            self.server.send_text("garbage")

    @asynccontextmanager
    async def _reset(self) -> AsyncIterator[None]:
        self._cable.reset()
        yield

    @asynccontextmanager
    async def _close(self) -> AsyncIterator[None]:
        self._cable.close()
        yield

    @asynccontextmanager
    async def _say_goodbye(self) -> AsyncIterator[None]:
        self.server.close_connections(self._random.choice(_GOODBYES))
        yield

    @asynccontextmanager
    async def _hush(self) -> AsyncIterator[None]:
        self._cable.hush()
        yield

    @asynccontextmanager
    async def _cut(self) -> AsyncIterator[None]:
        self._cable.cut_in_the_next_frame()
        # What is cut holds nothing else, so nobody wonders how much of it was heard.
        self.server.send_raw(bytes(_MUCH))
        yield

    @asynccontextmanager
    async def _exceed(self) -> AsyncIterator[None]:
        self.server.send_raw(bytes(_TOO_LARGE))
        yield

    @asynccontextmanager
    async def _refuse(self) -> AsyncIterator[None]:
        self._cable.answer(http_response(self._random.choice(_REFUSALS)))
        self._cable.reset()
        yield
        self._cable.heal()

    @asynccontextmanager
    async def _shut(self) -> AsyncIterator[None]:
        await self._cable.shut()
        yield
        await self._cable.open()

    @asynccontextmanager
    async def _restart(self) -> AsyncIterator[None]:
        port = self.server.port
        await self.server.__aexit__(None, None, None)
        yield
        self.server = self._new_server(port)
        await self.server.__aenter__()
