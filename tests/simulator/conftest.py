"""Serve a phone system, and connect to it with a websocket of aiohttp."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import aiohttp
import pytest

from simulator.phone_system import PhoneSystem
from simulator.server import SimulatorServer
from tests.simulator import recording

type Message = tuple[object, ...]
FULL = "app_name=test&full_events=true"
_PATIENCE = 2.0
_ELEMENTS = 9


@dataclass
class Client:
    """Read what the server sends."""

    socket: aiohttp.ClientWebSocketResponse

    async def message(self) -> Message:
        """Return the next message, decoded."""
        return recording.decoded(await self.socket.receive_bytes(timeout=_PATIENCE))

    async def messages(self, count: int) -> list[Message]:
        """Return the next messages, decoded."""
        return [await self.message() for _ in range(count)]

    async def begin(self, elements: int = _ELEMENTS) -> dict[object, list[Message]]:
        """Read field specs and initial state; return the rows by element."""
        first = await self.messages(2 * elements)
        assert [message[0] for message in first] == (
            ["field_spec"] * elements + ["initial_info"] * elements
        )
        rows: dict[object, list[Message]] = {}
        for _, element, payload in first[elements:]:
            rows[element] = payload if isinstance(payload, list) else []
        return rows

    async def end(self) -> int | None:
        """Read until the connection ends; return the close code."""
        while True:
            message = await self.socket.receive(timeout=_PATIENCE)
            if message.type not in {aiohttp.WSMsgType.BINARY, aiohttp.WSMsgType.TEXT}:
                return self.socket.close_code


class Connect:
    """Open websockets, and close them when the test is over."""

    def __init__(self, session: aiohttp.ClientSession, server: SimulatorServer) -> None:
        self._session = session
        self._server = server
        self._opened: list[aiohttp.ClientWebSocketResponse] = []

    async def __call__(
        self, query: str = FULL, *, to: SimulatorServer | None = None, **login: str
    ) -> Client:
        url = f"{(to or self._server).url}/basix/api/ws_cti?{query}"
        headers = credentials(**login) if login else None
        socket = await self._session.ws_connect(url, headers=headers)
        self._opened.append(socket)
        return Client(socket)

    async def close(self) -> None:
        for socket in self._opened:
            await socket.close()


@pytest.fixture
def system() -> PhoneSystem:
    return PhoneSystem.office()


@pytest.fixture
async def server(socket_enabled: None, system: PhoneSystem) -> AsyncIterator[SimulatorServer]:
    async with SimulatorServer(system) as serving:
        yield serving


async def until(system: PhoneSystem, condition: Callable[[], object]) -> None:
    """Wait for what the phone system will tell of."""
    told = asyncio.Event()
    unsubscribe = system.subscribe(lambda *_: told.set())
    async with asyncio.timeout(_PATIENCE):
        while not condition():
            told.clear()
            await told.wait()
    unsubscribe()


def credentials(name: str = "test1.com", password: str = "token") -> dict[str, str]:
    """Return the header of HTTP Basic."""
    return {"Authorization": aiohttp.encode_basic_auth(name, password)}


@pytest.fixture
async def session(socket_enabled: None) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(headers=credentials()) as opened:
        yield opened


@pytest.fixture
async def connect(
    server: SimulatorServer, session: aiohttp.ClientSession
) -> AsyncIterator[Connect]:
    connecting = Connect(session, server)
    yield connecting
    await connecting.close()
