"""Lie between clients and a phone system, and let the line misbehave as lines in life do."""

import asyncio
from base64 import b64encode
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha1
import re
import socket
from ssl import SSLContext
import struct
from types import TracebackType
from typing import Final, Self

_LOOPBACK: Final = "127.0.0.1"
_CHUNK: Final = 1 << 16
_KEY: Final = re.compile(rb"sec-websocket-key:\s*(\S+)", re.IGNORECASE)
_SUFFIX: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
"""What RFC 6455 has a server append to the key that a client offers."""

#: To close a socket that lingers for no time is to reset its connection.
_RESET: Final = struct.pack("ii", 1, 0)

type _Welcome = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@dataclass(slots=True, eq=False)
class _Pair:
    """Be a client's connection and ours to the server, as long as both last."""

    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    is_hushed: bool = False
    is_cut_in_the_next_chunk: bool = False

    def close(self) -> None:
        for writer in (self.client, self.server):
            writer.close()

    def reset(self) -> None:
        raw = self.client.get_extra_info("socket")
        # Through TLS nothing is reset but what carries it.
        with suppress(OSError):
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        for writer in (self.client, self.server):
            writer.transport.abort()


class Line:
    """Carry everything to a server on this computer, until told to misbehave.

    What is done to the line concerns the connections that it carries (`reset`, `close`, `hush`,
    `cut_in_the_next_frame`) or those that come (`answer`, `say_nothing`, `upgrade_only`, `shut`);
    `heal` lets those that come pass again. It is an asynchronous context manager.
    """

    def __init__(self, port: int, *, ssl: SSLContext | None = None) -> None:
        """Prepare a line to a port of this computer; with `ssl` clients find TLS at its end."""
        self.port = 0
        self.requests: list[bytes] = []
        self._far_port = port
        self._ssl = ssl
        self._reserved: socket.socket | None = None
        self._listening: asyncio.Server | None = None
        self._pairs: set[_Pair] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._welcome: _Welcome = self._carry

    async def __aenter__(self) -> Self:
        """Begin to listen."""
        self._reserve()
        await self.open()
        return self

    async def __aexit__(
        self,
        exception_type: type[BaseException] | None,
        exception: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Break everything off and listen no more."""
        await self.shut()
        if self._reserved is not None:
            self._reserved.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    @property
    def host(self) -> str:
        """Return where the line begins."""
        return _LOOPBACK

    # What is done to the connections that the line carries

    def reset(self) -> None:
        """Reset every connection (TCP RST), as a router does that was restarted."""
        for pair in self._pairs:
            pair.reset()

    def close(self) -> None:
        """Close every connection (TCP FIN) without the goodbye of a websocket."""
        for pair in self._pairs:
            pair.close()

    def cut_in_the_next_frame(self) -> None:
        """Let half of what the server sends next pass, and close then."""
        for pair in self._pairs:
            pair.is_cut_in_the_next_chunk = True

    def hush(self) -> None:
        """Carry nothing more on the connections that there are, and close none of them."""
        for pair in self._pairs:
            pair.is_hushed = True

    # What is done to the connections that come

    def heal(self) -> None:
        """Carry the connections that come."""
        self._welcome = self._carry

    def answer(self, response: bytes) -> None:
        """Answer each request with the same bytes, and hang up."""

        async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.requests.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(response)
            await writer.drain()

        self._welcome = answer

    def say_nothing(self) -> None:
        """Accept connections, and never answer."""

        async def listen(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
            await _drain(reader)

        self._welcome = listen

    def upgrade_only(self) -> None:
        """Make websockets of connections, on which nothing is ever said."""

        async def upgrade(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(_upgraded(await reader.readuntil(b"\r\n\r\n")))
            await _drain(reader)

        self._welcome = upgrade

    def show(self, ssl: SSLContext | None) -> None:
        """Let those who come find another certificate, or no TLS."""
        self._ssl = ssl

    async def shut(self) -> None:
        """Break everything off, and let nobody connect."""
        if self._listening is not None:
            self._listening.close()
            # A connection that was accepted a moment ago has no pair yet.
            self._listening.abort_clients()
            self.reset()
            await self._listening.wait_closed()
            self._listening = None
            self._reserve()

    async def open(self) -> None:
        """Let connect again after `shut`, where before."""
        if self._listening is None:
            self._listening = await asyncio.start_server(self._serve, sock=self._reserved)

    # How a connection goes

    def _reserve(self) -> None:
        """Keep the port for us, while nobody listens to it."""
        reserved = self._reserved = socket.socket()
        reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        reserved.bind((_LOOPBACK, self.port))
        self.port = reserved.getsockname()[1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("outside of any task")
        self._tasks.add(task)
        try:
            with suppress(OSError, asyncio.IncompleteReadError):
                if self._ssl is not None:
                    await writer.start_tls(self._ssl)
                await self._welcome(reader, writer)
        finally:
            writer.close()
            self._tasks.discard(task)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(_LOOPBACK, self._far_port)
        pair = _Pair(writer, far_writer)
        self._pairs.add(pair)
        try:
            await asyncio.gather(
                _pump(pair, reader, far_writer), self._pump_down(pair, far_reader, writer)
            )
        finally:
            self._pairs.discard(pair)
            far_writer.close()

    async def _pump_down(
        self, pair: _Pair, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while data := await reader.read(_CHUNK):
            if pair.is_cut_in_the_next_chunk:
                writer.write(data[: len(data) // 2])
                break
            if not pair.is_hushed:
                writer.write(data)
                await writer.drain()
        if not pair.is_hushed:
            pair.close()


async def _pump(pair: _Pair, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(_CHUNK):
        if not pair.is_hushed:
            writer.write(data)
            await writer.drain()
    pair.close()


async def _drain(reader: asyncio.StreamReader) -> None:
    while await reader.read(_CHUNK):
        pass


def http_response(status: str, body: str = "", **headers: str) -> bytes:
    """Return an HTTP response; an underscore in the name of a header stands for a hyphen."""
    encoded = body.encode()
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(encoded)}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + encoded


def _upgraded(request: bytes) -> bytes:
    key = _KEY.search(request)
    if key is None:
        return http_response("400 Bad Request")
    accept = b64encode(sha1(key[1] + _SUFFIX, usedforsecurity=False).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
