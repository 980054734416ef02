"""Keep one connection alive: connect, listen, notice silence, back off, begin again.

The link never gives up by itself. Only refused credentials end it, since trying them
again could lock an account.
"""

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
import logging
import os
import random
import socket
import ssl as tls
from typing import Any, Final, Protocol, override

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import (
    ConnectionClosed,
    InvalidMessage,
    InvalidStatus,
    WebSocketException,
)

from .driver import Driver, Session
from .errors import (
    AuthError,
    CertificateError,
    ConnectError,
    CtiError,
    LimitReachedError,
    NotAPbxError,
    ProtocolError,
    ReplacedError,
    SilenceError,
    UnavailableError,
)
from .model import Change, MailboxReport, Notice, Snapshot
from .patience import Patience
from .words import Element

_LOGGER = logging.getLogger(__name__)

# The library would write the headers, and with them the token, into a debug log.
_SILENT: Final = logging.Logger("websockets", logging.CRITICAL + 1)  # noqa: LOG001

LARGE_MESSAGE_BYTES: Final = 16 * 1024
"""From which size on a message is read in a thread, since it takes milliseconds."""

MAX_MESSAGE_BYTES: Final = 32 * 1024 * 1024
QUEUE: Final = 16
"""How many messages may wait for us before no more are read."""

OPEN_SECONDS: Final = 15.0
FIRST_MESSAGE_SECONDS: Final = 15.0
QUIET_SECONDS: Final = 2.0
"""How long no element may be told in whole before those that were count as all."""

COMPLETE_QUIET_SECONDS: Final = 0.25
SYNCHRONISE_SECONDS: Final = 20.0
PING_SECONDS: Final = 20.0
"""A dead line is noticed within two of these, and given up after one unheard goodbye."""

CLOSE_SECONDS: Final = 2.0
"""How long a goodbye may take."""

_KEEPALIVE_FAILED: Final = 1011
_TOO_BIG: Final = 1009
_NOT_AUTHENTICATED: Final = b"authentication_required"


class Listener(Protocol):
    """What the host of a link is told, always in the order of the wire."""

    def received(self, told: Change | MailboxReport | Notice) -> None:
        """Take a change of the picture, or a message to people."""

    async def restored(self, snapshot: Snapshot) -> None:
        """Take all rows of an element; nothing else is told before that is done."""

    async def synchronised(self, reported: Collection[Element]) -> None:
        """Know that the picture is whole: on this connection all of it was told."""

    async def lost(self, error: CtiError) -> None:
        """Know that there is no connection, and why."""


class Link:
    """Hold the one connection to a phone system."""

    def __init__(
        self,
        driver: Driver,
        listener: Listener,
        *,
        ssl: tls.SSLContext | None,
        patience: Patience | None = None,
    ) -> None:
        """Prepare a link.

        `ssl` is made by the host, None for an open line. `patience` is what the host has
        kept of an earlier link to the same phone system.
        """
        self._driver = driver
        self._listener = listener
        self._ssl = ssl
        self._patience = patience or Patience(random.random)
        self._connection: ClientConnection | None = None
        self._lasted = 0.0
        self.frames_received = 0
        self.frames_not_understood = 0

    async def run(self) -> None:
        """Keep connected until cancelled; raise AuthError where credentials are refused."""
        while True:
            modest = self._patience.is_disputed
            error = await self._converse(self._driver.yielding() if modest else self._driver)
            # Whoever is told of the error may end us, and keep the patience for another link.
            delay = self._patience.after(error, self._lasted)
            if modest and isinstance(error, LimitReachedError):
                # Whoever took our place over has it still, and that is what people are told.
                await self._listener.lost(ReplacedError(error.code))
            else:
                await self._listener.lost(error)
            if isinstance(error, AuthError):
                raise error
            _LOGGER.debug("Next attempt in %.1f seconds", delay)
            await asyncio.sleep(delay)

    async def send(self, text: str) -> None:
        """Send a text; raises ConnectError where there is no connection."""
        if self._connection is None:
            raise ConnectError("there is no connection")
        try:
            await self._connection.send(text)
        except ConnectionClosed as err:
            raise ConnectError("the connection was closed") from err

    async def _converse(self, driver: Driver) -> CtiError:
        """Connect once and listen; return why that came to an end."""
        session = driver.session()
        loop = asyncio.get_running_loop()
        whole_since: float | None = None
        try:
            async with await _open(driver, self._ssl) as connection:
                await self._synchronise(connection, session)
                self._connection = connection
                whole_since = loop.time()
                await self._listener.synchronised(session.reported)
                while True:
                    await self._take(session, await _receive(connection))
        except CtiError as err:
            return err
        except Exception:
            # The listener's error or ours: the picture may be torn, so it is told anew.
            _LOGGER.exception("Unexpected error, the connection begins anew")
            return CtiError("an unexpected error, see the log")
        finally:
            self._connection = None
            self._lasted = 0.0 if whole_since is None else loop.time() - whole_since

    async def _synchronise(self, connection: ClientConnection, session: Session) -> None:
        """Listen until the picture is whole.

        No message says that it is: everything announced was told and then for a while
        nothing more of that kind, or nothing of that kind for longer. Calls that were
        announced are awaited to the last: without them all would count as ended.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + SYNCHRONISE_SECONDS
        await self._take(session, await _first(connection))
        known, until = (-1, False), deadline
        while True:
            # Events do not count: a busy phone system never falls silent.
            if known != (told := (len(session.reported), session.complete)):
                quiet = COMPLETE_QUIET_SECONDS if session.complete else QUIET_SECONDS
                if session.owes_calls:
                    quiet = SYNCHRONISE_SECONDS
                known, until = told, min(loop.time() + quiet, deadline)
            if loop.time() >= until:
                return
            try:
                async with asyncio.timeout_at(until):
                    frame = await _receive(connection)
            except TimeoutError:
                return
            await self._take(session, frame)

    async def _take(self, session: Session, frame: bytes | str) -> None:
        self.frames_received += 1
        try:
            if len(frame) < LARGE_MESSAGE_BYTES:
                told = session.receive(frame)
            else:
                told = await asyncio.to_thread(session.receive, frame)
        except ProtocolError as err:
            self.frames_not_understood += 1
            _LOGGER.debug("A frame of %d bytes was not understood: %s", len(frame), err)
            return
        for one in told:
            if isinstance(one, Snapshot):
                await self._listener.restored(one)
            else:
                self._listener.received(one)


async def probe(driver: Driver, *, ssl: tls.SSLContext | None) -> None:
    """Connect once and wait until the phone system says something that makes sense.

    Raises the same typed errors as a link would report.
    """
    session = driver.session()
    # More than the first message comes, and a full queue would hold up the goodbye.
    async with await _open(driver, ssl, queue=None) as connection:
        frame = await _first(connection)
    try:
        session.receive(frame)
    except ProtocolError as err:
        raise NotAPbxError("the first message makes no sense") from err


class _Connect(connect):
    """Open a connection without ever following a redirect with our credentials."""

    @override
    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def _open(
    driver: Driver, ssl: tls.SSLContext | None, *, queue: int | None = QUEUE
) -> ClientConnection:
    address = driver.address
    # The library takes an explicit None for a contradiction.
    secured: dict[str, Any] = {} if ssl is None else {"ssl": ssl}
    try:
        return await _Connect(
            address.url,
            additional_headers=address.headers,
            compression=None,
            proxy=None,
            open_timeout=OPEN_SECONDS,
            close_timeout=CLOSE_SECONDS,
            ping_interval=PING_SECONDS,
            ping_timeout=PING_SECONDS,
            max_size=MAX_MESSAGE_BYTES,
            max_queue=queue,
            logger=_SILENT,
            **secured,
        )
    except InvalidStatus as err:
        raise _refusal(err) from err
    except tls.SSLCertVerificationError as err:
        reason = err.verify_message.rstrip(".")
        raise CertificateError(f"the server's certificate is not trusted: {reason}") from err
    except tls.SSLError as err:
        raise CertificateError(f"TLS could not be agreed on: {err.reason}") from err
    except TimeoutError as err:
        raise SilenceError("the server did not answer in time") from err
    except OSError as err:
        raise ConnectError(_reason(err)) from err
    except InvalidMessage as err:
        if isinstance(err.__cause__, EOFError):
            raise ConnectError("the server hung up at once") from err
        raise NotAPbxError("the server does not speak HTTP") from err
    except (WebSocketException, ValueError) as err:
        raise NotAPbxError("the server does not speak websocket") from err


def _reason(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return f"the server's name leads nowhere: {error.strerror}"
    # What asyncio says itself names an address, or several, and no reason.
    return os.strerror(error.errno) if error.errno else "no address of the server answers"


def _refusal(error: InvalidStatus) -> CtiError:
    response = error.response
    status = response.status_code
    if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
        return AuthError(f"the server answered HTTP {status}")
    if _NOT_AUTHENTICATED in (response.body or b""):
        return AuthError("the server asks for authentication")
    if status == HTTPStatus.TOO_MANY_REQUESTS or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return UnavailableError(status, _seconds(response.headers.get("Retry-After")))
    if HTTPStatus.MULTIPLE_CHOICES <= status < HTTPStatus.BAD_REQUEST:
        return NotAPbxError(f"the server sends us elsewhere (HTTP {status}), where we do not go")
    return NotAPbxError(f"the server answered HTTP {status}")


def _seconds(said: str | None) -> float | None:
    """Return the delay in seconds that a Retry-After asks for (RFC 9110), None for nonsense."""
    if said is None:
        return None
    if said.isascii() and said.isdecimal():
        return float(said)
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return None
    if until.tzinfo is None:
        return None
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


async def _first(connection: ClientConnection) -> bytes | str:
    try:
        async with asyncio.timeout(FIRST_MESSAGE_SECONDS):
            return await _receive(connection)
    except TimeoutError as err:
        raise SilenceError("the server accepted us and says nothing") from err


async def _receive(connection: ClientConnection) -> bytes | str:
    try:
        return await connection.recv()
    except ConnectionClosed as err:
        # A close of the server's is only echoed, whatever code it bears.
        sent = err.sent.code if err.sent is not None and not err.rcvd_then_sent else None
        if sent == _KEEPALIVE_FAILED:
            raise SilenceError("the server no longer answers") from err
        if sent == _TOO_BIG:
            raise ProtocolError("a message was larger than any can be") from err
        if err.rcvd is not None:
            raise ConnectError("the server closed the connection") from err
        raise ConnectError("the connection broke off") from err
