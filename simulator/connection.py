"""Be one client's connection: a queue of frames, so that nobody waits for a slow client."""

import asyncio
from collections import deque
from contextlib import suppress

from aiohttp import web

from .admission import Admission


class Connection:
    """Send frames in order to one client."""

    def __init__(
        self, request: web.Request, socket: web.WebSocketResponse, admission: Admission
    ) -> None:
        """Begin with nothing to send."""
        self.admission = admission
        self.muted = False
        self._request = request
        self._socket = socket
        self._frames: deque[bytes | str] = deque()
        self._wakened = asyncio.Event()
        self._closing: int | None = None

    def send(self, frame: bytes | str) -> None:
        """Send a frame once those before it are sent; bytes go as binary, text as text."""
        if self._closing is None and not self.muted:
            self._frames.append(frame)
            self._wakened.set()

    def close(self, code: int = 1000) -> None:
        """Close once everything is sent."""
        if self._closing is None:
            self._closing = code
            self._wakened.set()

    def drop(self) -> None:
        """Break the connection off without a word, as a power cut does."""
        if self._request.transport is not None:
            self._request.transport.abort()

    async def write(self) -> None:
        """Send what comes until the connection ends."""
        # Whoever reads the socket notices that it broke, so the writer need not tell.
        with suppress(ConnectionError):
            while True:
                while self._frames:
                    frame = self._frames.popleft()
                    if isinstance(frame, str):
                        await self._socket.send_str(frame)
                    else:
                        await self._socket.send_bytes(frame)
                if self._closing is not None:
                    await self._socket.close(code=self._closing)
                    return
                self._wakened.clear()
                await self._wakened.wait()
