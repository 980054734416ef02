"""Serve the phone system on loopback, over the true protocol."""

import asyncio
from collections.abc import Callable, Collection, Sequence
import json
from ssl import SSLContext
from types import TracebackType
from typing import Self, TypedDict, Unpack

from aiohttp import WSMsgType, web

from .admission import SOCKET_PATH, Admission, Doorkeeper, RefusedError
from .bert import Atom, Charlist, Term
from .commands import obey
from .connection import Connection
from .methods import Interference, Methods, Parameters, refusal
from .model import Row
from .phone_system import PhoneSystem
from .wire import Dialect, Grammar, wire
from .words import Element, EventName

_LIMIT = 2
_PATIENCE = 1.0
_GOING_AWAY = 1001
_MAXIMUM_COMMAND = 1 << 16


class DialectOptions(TypedDict, total=False):
    """Choose among the ways in which a PBX may speak."""

    grammar: Grammar | str
    field_order_seed: int | None
    elements: Collection[Element | str] | None
    utf8_atoms: bool


class SimulatorServer:
    """Let clients talk to a phone system.

    It is an asynchronous context manager: `async with SimulatorServer(phone_system) as server`.
    """

    def __init__(
        self,
        phone_system: PhoneSystem,
        port: int = 0,
        host: str = "127.0.0.1",
        *,
        ssl_context: SSLContext | None = None,
        unauthorized_status: int = 401,
        **dialect: Unpack[DialectOptions],
    ) -> None:
        """Prepare; port 0 takes any free one. Raises ValueError for a host other than loopback."""
        if host not in {"127.0.0.1", "::1", "localhost"}:
            raise ValueError(f"The simulator serves this computer only, not {host}.")
        self.phone_system = phone_system
        self.host = host
        self.port = port
        self.application = web.Application()
        self.connections: list[Connection] = []
        self.commands_received: list[object] = []
        self._ssl_context = ssl_context
        self._wire = wire(_dialect(dialect))
        self._doorkeeper = Doorkeeper(phone_system, unauthorized_status)
        self._methods = Methods(phone_system, self._doorkeeper)
        self._application_runner = web.AppRunner(self.application, shutdown_timeout=_PATIENCE)
        self._writers: set[asyncio.Task[None]] = set()
        self._refusal: int | None = None
        self._muted = False
        self._obeys = True
        self._unsubscribe: Callable[[], None] = lambda: None
        self.application.router.add_get(SOCKET_PATH, self._serve_socket)
        self._methods.add_routes(self.application)

    async def __aenter__(self) -> Self:
        """Start serving."""
        await self._application_runner.setup()
        site = web.TCPSite(
            self._application_runner, self.host, self.port, ssl_context=self._ssl_context
        )
        try:
            await site.start()
        except OSError:
            await self._application_runner.cleanup()
            raise
        # With port 0 the system chose one.
        self.port = self._application_runner.addresses[0][1]
        self._unsubscribe = self.phone_system.subscribe(self._tell)
        return self

    async def __aexit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close every connection and stop serving."""
        self._unsubscribe()
        self.close_connections(_GOING_AWAY)
        if self._writers:
            await asyncio.wait(self._writers, timeout=_PATIENCE)
        self.drop_connections()
        await self._application_runner.cleanup()

    @property
    def requests_received(self) -> list[tuple[str, Parameters]]:
        """Return the HTTP methods that were called, each with its parameters."""
        return self._methods.requests_received

    @property
    def url(self) -> str:
        """Return the address of the server, without a path."""
        scheme = "https" if self._ssl_context else "http"
        return f"{scheme}://{self.host}:{self.port}"

    # What a test may do to the connections.

    def drop_connections(self) -> None:
        """Break every connection off without a word."""
        for connection in list(self.connections):
            connection.drop()

    def close_connections(self, code: int = 1000) -> None:
        """Close every connection politely."""
        for connection in list(self.connections):
            connection.close(code)

    def send_raw(self, frame: bytes) -> None:
        """Send everybody a binary message, be it nonsense."""
        for connection in self.connections:
            connection.send(frame)

    def send_text(self, text: str) -> None:
        """Send everybody a text message, which no PBX does."""
        for connection in self.connections:
            connection.send(text)

    def system_message(self, text: str) -> None:
        """Send everybody a message of the PBX itself."""
        self.send_raw(self._wire.system_message(text))

    def user_message(self, message: Term | str) -> None:
        """Send everybody a message of a user; text goes as a charlist, a term as it is."""
        if isinstance(message, str) and not isinstance(message, Atom | Charlist):
            message = Charlist(message)
        self.send_raw(self._wire.user_message(message))

    def refuse(self, status: int | None = 503) -> None:
        """Answer new connections with an HTTP status from now on; None admits them again."""
        self._refusal = status

    def mute(self) -> None:
        """Send nothing from now on, to nobody, and accept connections nevertheless."""
        self._set_muted(muted=True)

    def interfere(self, interference: Interference | None) -> None:
        """Do something else from now on than to answer the HTTP methods; None ends it."""
        self._methods.interference = interference

    def ignore_commands(self) -> None:
        """Obey no command from now on, and receive them nevertheless."""
        self._obeys = False

    def unmute(self) -> None:
        """Send again; what happened in between is lost."""
        self._set_muted(muted=False)

    def _set_muted(self, *, muted: bool) -> None:
        self._muted = muted
        for connection in self.connections:
            connection.muted = muted

    # How a connection goes.

    async def _serve_socket(self, request: web.Request) -> web.StreamResponse:
        try:
            admission = self._admit(request)
        except RefusedError as refused:
            return refusal(refused)
        socket = web.WebSocketResponse(
            compress=False, timeout=_PATIENCE, max_msg_size=_MAXIMUM_COMMAND
        )
        await socket.prepare(request)
        connection = Connection(request, socket, admission)
        connection.muted = self._muted
        self._welcome(connection)
        # The connection is kept while it lasts, so that leaving the server can wait for its end.
        writer = asyncio.create_task(connection.write())
        self._writers.add(writer)
        try:
            await self._listen(socket)
        finally:
            if connection in self.connections:
                self.connections.remove(connection)
            writer.cancel()
            await asyncio.wait([writer])
            self._writers.discard(writer)
        return socket

    def _admit(self, request: web.Request) -> Admission:
        if self._refusal is not None:
            raise RefusedError(self._refusal, "refused")
        return self._doorkeeper.admit(
            request.headers.get("Authorization"), request.raw_path, request.query
        )

    def _welcome(self, connection: Connection) -> None:
        """Let a connection in and tell it everything, or say that there are too many."""
        admission = connection.admission
        others = [
            other
            for other in self.connections
            if (other.admission.user, other.admission.app_name)
            == (admission.user, admission.app_name)
        ]
        if len(others) >= _LIMIT:
            if not admission.forced:
                connection.send(self._wire.system_message("connection_limit_reached"))
                connection.close()
                return
            others[0].send(self._wire.system_message("connection_replaced"))
            others[0].close()
            self.connections.remove(others[0])
        # Nothing is awaited from here on, so no change falls between the state and the events.
        for frame in self._wire.specifications():
            connection.send(frame)
        for frame in self._wire.initial(lambda element: self._visible(admission, element)):
            connection.send(frame)
        self.connections.append(connection)

    def _visible(self, admission: Admission, element: Element) -> Sequence[Row]:
        return [row for row in self.phone_system.rows(element) if admission.sees(element, row)]

    async def _listen(self, socket: web.WebSocketResponse) -> None:
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            try:
                command: object = json.loads(message.data)
            except json.JSONDecodeError:
                command = message.data
            self.commands_received.append(command)
            if self._obeys:
                obey(self.phone_system, command)

    def _tell(self, element: Element, row: Row, event_name: EventName) -> None:
        audience = [
            connection for connection in self.connections if connection.admission.sees(element, row)
        ]
        if not audience:
            return
        frame = self._wire.event(element, row, event_name)
        if frame is not None:
            for connection in audience:
                connection.send(frame)


def _dialect(options: DialectOptions) -> Dialect:
    elements = options.get("elements")
    return Dialect(
        grammar=Grammar(options.get("grammar", Grammar.CURRENT)),
        field_order_seed=options.get("field_order_seed"),
        elements=None if elements is None else [Element(element) for element in elements],
        utf8_atoms=options.get("utf8_atoms", False),
    )
