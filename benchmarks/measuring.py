"""Measure two things in turn, so that whatever slows the machine slows both."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
import gc
from statistics import median
from time import thread_time_ns
from typing import Final

type Work = Callable[[], object]

_WARM_UP: Final = 2


@contextmanager
def spared_collection() -> Iterator[None]:
    """Keep what exists from the garbage collector meanwhile, as its size is not ours."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def medians(one: Work, other: Work, rounds: int) -> tuple[float, float]:
    """Return the median times of two works in nanoseconds, done alternately."""
    return step_medians([(one, other)], rounds)


def step_medians(steps: Sequence[tuple[Work, Work]], rounds: int) -> tuple[float, float]:
    """Return the median times of two works that alternate step by step, in nanoseconds.

    It is the thread's own time that counts: what else runs on the machine does not. What
    exists already is kept from the garbage collector: neither pays for the other's.
    """
    for _ in range(_WARM_UP):
        _round(steps)
    with spared_collection():
        times = [_round(steps) for _ in range(rounds)]
    return median(first for first, _ in times), median(second for _, second in times)


def ratio(one: Work, other: Work, rounds: int) -> float:
    """Return how many times as long as the other the one work takes."""
    first, second = medians(one, other, rounds)
    return first / second


def _round(steps: Sequence[tuple[Work, Work]]) -> tuple[int, int]:
    first = second = 0
    for one, other in steps:
        begin = thread_time_ns()
        one()
        between = thread_time_ns()
        other()
        first += between - begin
        second += thread_time_ns() - between
    return first, second
