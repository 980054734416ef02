"""Be the other end of a line: servers that misbehave, and somebody who hears what a link tells."""

import asyncio
from collections.abc import AsyncIterator, Callable, Collection, Coroutine
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
import ssl as tls

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from custom_components.ws_cti.cti.basix.driver import BasixDriver
from custom_components.ws_cti.cti.errors import CtiError
from custom_components.ws_cti.cti.link import Link
from custom_components.ws_cti.cti.model import Notice, Snapshot, Update
from custom_components.ws_cti.cti.patience import Patience
from custom_components.ws_cti.cti.pbx import Pbx
from custom_components.ws_cti.cti.words import Element

from .sentences import sentence

TOKEN = "s3cret-Töken/+=="
PATIENCE = 5.0


def driver(port: int, *, token: str = TOKEN, use_tls: bool = False) -> BasixDriver:
    """Return how to speak with a phone system on this computer."""
    return BasixDriver(
        server=f"127.0.0.1:{port}",
        domain="test1.com",
        token=token,
        app_name="tests",
        use_tls=use_tls,
    )


async def eventually(condition: Callable[[], object]) -> None:
    """Wait until something is the case of which nobody is told."""
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - there is no event to wait for
            await asyncio.sleep(0.005)


class Host:
    """Be told by a link, keep the picture, and let a test wait for what comes."""

    def __init__(self) -> None:
        self.pbx = Pbx()
        self.diary: list[str] = []
        self.told: list[str] = []
        self.notices: list[Notice] = []
        self.errors: list[CtiError] = []
        self.reported: Collection[Element] = ()
        self._changed = asyncio.Condition()
        self._tasks: set[asyncio.Task[None]] = set()

    def received(self, told: Update | Notice) -> None:
        if isinstance(told, Notice):
            self.notices.append(told)
        else:
            effect = self.pbx.apply(told)
            self.told += [sentence(self.pbx, event) for event in effect.events]
        self._note("received")

    async def restored(self, snapshot: Snapshot) -> None:
        self.received(snapshot)

    async def synchronised(self, reported: Collection[Element]) -> None:
        self.reported = set(reported)
        effect = self.pbx.reset_unreported(reported)
        self.told += [sentence(self.pbx, event) for event in effect.events]
        self._note("synchronised")

    async def lost(self, error: CtiError) -> None:
        self.errors.append(error)
        self._note(f"lost: {type(error).__name__}")

    def _note(self, what: str) -> None:
        self.diary.append(what)
        task = asyncio.create_task(self._wake())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _wake(self) -> None:
        async with self._changed:
            self._changed.notify_all()

    async def sees(self, condition: Callable[[], object]) -> None:
        """Wait until something is the case."""
        async with asyncio.timeout(PATIENCE), self._changed:
            await self._changed.wait_for(lambda: bool(condition()))

    async def whole(self, times: int = 1) -> None:
        """Wait until the picture was whole so many times."""
        await self.sees(lambda: self.diary.count("synchronised") >= times)

    async def loses(self, times: int = 1) -> CtiError:
        """Wait until so many connections were lost, and return the last error."""
        await self.sees(lambda: len(self.errors) >= times)
        return self.errors[times - 1]


@asynccontextmanager
async def linked(
    phone_system: BasixDriver,
    *,
    ssl: tls.SSLContext | None = None,
    jitter: Callable[[], float] = lambda: 0.0,
) -> AsyncIterator[tuple[Link, Host]]:
    """Keep a link for a while."""
    host = Host()
    link = Link(phone_system, host, ssl=ssl, patience=Patience(jitter))
    task = asyncio.create_task(link.run())
    try:
        yield link, host
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError, CtiError):
            await task


type Conversation = Callable[
    [asyncio.StreamReader, asyncio.StreamWriter], Coroutine[None, None, None]
]


@dataclass
class Server:
    """Be a server of our own, and remember what was asked of it."""

    port: int
    requests: list[bytes] = field(default_factory=list)


@asynccontextmanager
async def serving(
    converse: Conversation | bytes, ssl: tls.SSLContext | None = None
) -> AsyncIterator[Server]:
    """Serve TCP; bytes are answered to every request, after which the server hangs up."""
    server = Server(0)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            if not isinstance(converse, bytes):
                await converse(reader, writer)
            else:
                server.requests.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(converse)
                await writer.drain()
        writer.close()

    listening = await asyncio.start_server(answer, "127.0.0.1", ssl=ssl)
    server.port = listening.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listening.close()
        listening.close_clients()
        await listening.wait_closed()


def http(status: str, body: str = "", **headers: str) -> bytes:
    """Return an HTTP response."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", body]).encode()


class Wire:
    """Lie between a client and a server, until it is cut without either of them knowing."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._is_cut = False

    def cut(self) -> None:
        """Let nothing through any more, and close nothing."""
        self._is_cut = True

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self._port)
        pumps = asyncio.gather(self._pump(reader, far_writer), self._pump(far_reader, writer))
        try:
            await pumps
        finally:
            far_writer.close()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            if not self._is_cut:
                writer.write(data)
        if not self._is_cut:
            writer.close()


def certify(folder: Path) -> tuple[tls.SSLContext, Path]:
    """Return a server's TLS, and the certificate that it signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "pbx.test")])
    address = x509.IPAddress(ip_address("127.0.0.1"))
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "pbx.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = tls.SSLContext(tls.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context, file
