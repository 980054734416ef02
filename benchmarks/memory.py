"""Measure what the picture holds for a user, and whether calls leave anything behind."""

from collections.abc import Iterator
import gc
from itertools import islice
import sys
import tracemalloc
from typing import Final

from .frames import Office
from .library import Library
from .lines import Line

_USERS: Final = 5_000
_CALLS: Final = 100_000
_WARM_UP: Final = 2_000
_STAFF: Final = 100
_NOISE: Final = 64
"""How many blocks the interpreter itself may hold more or fewer from one moment to the next."""


def run(*, quick: bool) -> Iterator[Line]:
    """Tell the bytes for a user, and how many blocks of memory many calls have left behind."""
    yield Line("memory_per_user", _bytes_per_user(_USERS // 5 if quick else _USERS), "bytes")
    yield Line("memory_growth", _growth(_CALLS // 20 if quick else _CALLS), "blocks")


def _bytes_per_user(users: int) -> float:
    """Return what a user costs who has a telephone and is a member of a group."""
    frames = Office(users).opening()
    Library().take(frames)  # what is made once and shared by all is no user's
    gc.collect()
    tracemalloc.start()
    library = Library()
    library.take(frames)
    gc.collect()
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return held / len(library.pbx.users)


def _growth(calls: int) -> int:
    """Return how many blocks more are held after many calls than after some."""
    office = Office(_STAFF)
    library = Library()
    library.take(office.opening())
    # Each frame is new: its uuids, numbers and times were never told before.
    going_on = office.calls()
    _play(library, going_on, _WARM_UP)
    before = _blocks()
    _play(library, going_on, calls)
    grown = _blocks() - before
    return grown if abs(grown) > _NOISE else 0


def _play(library: Library, going_on: Iterator[list[bytes]], calls: int) -> None:
    for frames in islice(going_on, calls):
        library.take(frames)


def _blocks() -> int:
    gc.collect()
    return sys.getallocatedblocks()
