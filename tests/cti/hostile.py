"""Make frames that no honest phone system sends: recorded ones, damaged, and terms of any shape."""

from collections.abc import Callable
from typing import Final

from hypothesis import settings, strategies as st

from . import erlang, recorded


def steadily(examples: int = 100) -> settings:
    """Demand the same examples in every run, however slow the machine is."""
    return settings(max_examples=examples, derandomize=True, deadline=None, database=None)


_TELLING: Final = st.sampled_from((0, 1, 255, *b"FMXYZabcdefghijklmnopqrstvwx"))
"""Bytes that are tags or make good lengths."""


def _flip(draw: st.DrawFn, frame: bytes) -> bytes:
    at = draw(st.integers(1, max(1, len(frame) - 1)))
    return frame[:at] + bytes((draw(_TELLING | st.integers(0, 255)),)) + frame[at + 1 :]


def _cut(draw: st.DrawFn, frame: bytes) -> bytes:
    start, end = _slice(draw, frame)
    return frame[:start] + frame[end:]


def _cut_off(draw: st.DrawFn, frame: bytes) -> bytes:
    return frame[: draw(st.integers(0, len(frame)))]


def _splice(draw: st.DrawFn, frame: bytes) -> bytes:
    other = draw(st.sampled_from(recorded.ALL_FRAMES))
    start, end = _slice(draw, other)
    at = draw(st.integers(0, len(frame)))
    return frame[:at] + other[start:end] + frame[at:]


def _repeat(draw: st.DrawFn, frame: bytes) -> bytes:
    start, end = _slice(draw, frame)
    return frame[:start] + frame[start:end] * draw(st.integers(2, 9)) + frame[end:]


def _nest(draw: st.DrawFn, frame: bytes) -> bytes:
    term, depth = frame[1:], draw(st.integers(1, 100))
    opening, closing = draw(
        st.sampled_from(
            ((b"h\1", b""), (b"i\0\0\0\1", b""), (b"l\0\0\0\1", b"j"), (b"t\0\0\0\1j", b""))
        )
    )
    return erlang.frame(opening * depth + term + closing * depth)


def _compress(_: st.DrawFn, frame: bytes) -> bytes:
    return erlang.compressed(frame[1:])


def _slice(draw: st.DrawFn, frame: bytes) -> tuple[int, int]:
    start = draw(st.integers(0, len(frame)))
    return start, draw(st.integers(start, len(frame)))


_DAMAGE: Final[tuple[Callable[[st.DrawFn, bytes], bytes], ...]] = (
    _flip, _flip, _flip, _cut, _cut_off, _splice, _repeat, _nest, _compress,
)  # fmt: skip


@st.composite
def damaged_frames(draw: st.DrawFn) -> bytes:
    """Return recorded frames, damaged in one to four ways."""
    frame = draw(st.sampled_from(recorded.ALL_FRAMES))
    for damage in draw(st.lists(st.sampled_from(_DAMAGE), min_size=1, max_size=4)):
        frame = damage(draw, frame)
    return frame


arbitrary_frames: Final = st.one_of(
    damaged_frames(),
    damaged_frames(),
    st.binary(max_size=200),
    st.binary(max_size=200).map(erlang.frame),
)
"""Any bytes, those that nearly make sense above all."""
