"""Frames that nobody can understand come between good ones, and harm nothing."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
import tracemalloc
from typing import Final
import zlib

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from custom_components.ws_cti.cti import link
from custom_components.ws_cti.cti.basix.driver import BasixSession
from custom_components.ws_cti.cti.errors import ProtocolError
from simulator.server import SimulatorServer
from simulator.words import Element
from tests.cti import erlang, recorded
from tests.cti.lines import driver, linked

from .daily_life import daily_life
from .survival import Survivor

TOO_LARGE = "a message was larger than any can be"
CALLER = "0312345678"

_DEPTH: Final = 100_000
_SNAPSHOT: Final = max(recorded.ALL_FRAMES, key=len)
_UNKNOWN: Final = erlang.small_tuple(erlang.atom("weather"), erlang.string("rain"))


def _bomb(size: int) -> bytes:
    """Return a compressed term that claims to be small, and is not."""
    zeros = erlang.binary(bytes(size))
    return b"\x83P" + (100).to_bytes(4, "big") + zlib.compress(zeros, 9)


STRANGE: Final[dict[str, list[bytes]]] = {
    "malformed": [b"", b"\x83", b"\x82h\x02", b"<html>", bytes(range(256)), b"\x83z\xff\xff"],
    "truncated": [_SNAPSHOT[:length] for length in range(1, 400, 7)],
    "trailing": [_SNAPSHOT + b"\0"],
    "deeply nested": [
        erlang.frame(b"h\1" * _DEPTH + erlang.NIL),
        erlang.frame(b"l\0\0\0\1" * _DEPTH + erlang.NIL * (_DEPTH + 1)),
        erlang.frame(b"t\0\0\0\1j" * _DEPTH + erlang.NIL),
    ],
    "claiming lengths": [
        erlang.frame(tag + b"\xff\xff\xff\xff") for tag in (b"l", b"m", b"i", b"o", b"t")
    ],
    "compressed bomb": [
        erlang.compressed(erlang.binary(bytes(64 * 1024 * 1024))),
        _bomb(64 * 1024 * 1024),
        erlang.frame(b"P\xff\xff\xff\xff" + zlib.compress(b"j")),
    ],
    "unknown": [
        erlang.frame(_UNKNOWN),
        erlang.frame(erlang.small_integer(7)),
        erlang.frame(erlang.NIL),
        erlang.frame(
            erlang.small_tuple(
                erlang.atom("initial_info"), erlang.string("fridge"), erlang.list_of()
            )
        ),
        erlang.frame(erlang.small_tuple(erlang.atom("info_event"), erlang.string("channel"))),
    ],
}


async def survive(survivor: Survivor, send: Callable[[SimulatorServer], int]) -> None:
    """Let calls go on while something strange is sent after each of their steps."""
    async with survivor.running() as survival:
        office = survival.office
        ours = office.entry.runtime_data.link
        ignored = ours.frames_not_understood
        call = office.system.incoming_call(CALLER, office.sales)
        strange = send(office.server)
        call.ring(office.alice)
        strange += send(office.server)
        call.answer()
        strange += send(office.server)
        office.system.set_presence(office.alice, 2)
        await office.settled()
        assert ours.frames_not_understood - ignored == strange
        assert office.state("sensor.alice_martin_call_state") == "talking"
        call.hang_up()


@pytest.mark.parametrize(
    "kind", [pytest.param(kind, marks=pytest.mark.fault(f"{kind} frames")) for kind in STRANGE]
)
async def test_strange_frame_is_counted_and_nothing_else(survivor: Survivor, kind: str) -> None:
    def send(server: SimulatorServer) -> int:
        for frame in STRANGE[kind]:
            server.send_raw(frame)
        return len(STRANGE[kind])

    await survive(survivor, send)


@pytest.mark.fault("text frames")
async def test_text_is_counted_and_nothing_else(survivor: Survivor) -> None:
    def send(server: SimulatorServer) -> int:
        server.send_text('{"cmd": "hangup"}')
        server.send_text("")
        return 2

    await survive(survivor, send)


@pytest.mark.fault("oversized frames")
async def test_frame_of_100_mb_is_not_taken_in(survivor: Survivor) -> None:
    async with survivor.running(TOO_LARGE) as survival, daily_life(survival) as life:
        ours = survival.office.entry.runtime_data.link
        received = ours.frames_received
        survival.office.server.send_raw(bytes(100 * 1024 * 1024))
        life.go_on()
        await survival.comes_back()
        assert ours.frames_received - received < 50


@contextmanager
def using_at_most(megabytes: int) -> Iterator[None]:
    """See that no more memory was ever taken than this, on top of what there was."""
    tracemalloc.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < megabytes << 20, peak


@pytest.mark.fault("oversized frames")
async def test_frame_of_100_mb_that_comes_in_pieces_is_never_held(socket_enabled: None) -> None:
    piece, sent = bytes(1 << 20), 0

    def pieces() -> Iterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 1
            yield piece

    async def pour(connection: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            await connection.send(pieces())

    async with serve(pour, "127.0.0.1", 0, compression=None) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        # As much as any message may have, once more when its pieces are joined, and some air.
        with using_at_most(3 * link.MAX_MESSAGE_BYTES >> 20):
            async with linked(driver(port)) as (_, host):
                error = await host.loses()
    assert str(error) == TOO_LARGE
    assert 0 < sent < 100


@pytest.mark.fault("compressed bomb frames")
@pytest.mark.parametrize("frame", STRANGE["compressed bomb"])
def test_bomb_is_never_inflated(frame: bytes) -> None:
    with using_at_most(8), pytest.raises(ProtocolError):
        BasixSession().receive(frame)


@pytest.mark.fault("frames of elements without rows")
async def test_rows_that_name_nothing_are_left_out(survivor: Survivor) -> None:
    row = erlang.small_tuple(*[erlang.NIL] * 3)
    frames = [
        erlang.frame(
            erlang.small_tuple(
                erlang.atom("info_event"),
                erlang.string(element.value),
                row,
                erlang.string("updated"),
            )
        )
        for element in (Element.CHANNEL, Element.USER, Element.GROUP_MEMBER)
    ]

    def send(server: SimulatorServer) -> int:
        for frame in frames:
            server.send_raw(frame)
        return len(frames)

    await survive(survivor, send)
