"""Damage frames, in the ways in which lines, programs and attackers do."""

from collections.abc import Callable
from random import Random
from typing import Final

from tests.cti import erlang

MOST_BYTES: Final = 16 * 1024
"""A frame is not let grow beyond this, or its time would only tell its size."""

_TAGS: Final = b"FMXYZabcdefghijklmnopqrstvwx"
_SIZES: Final = {
    ord("h"): 1, ord("s"): 1, ord("w"): 1, ord("n"): 1,
    ord("d"): 2, ord("k"): 2, ord("v"): 2, ord("r"): 2, ord("Z"): 2,
    ord("i"): 4, ord("l"): 4, ord("m"): 4, ord("o"): 4, ord("p"): 4, ord("t"): 4, ord("M"): 4,
}  # fmt: skip
"""How many bytes of length stand behind a tag."""

_CONTAINERS: Final = (
    (b"h\1", b""),
    (b"i\0\0\0\1", b""),
    (b"l\0\0\0\1", b"j"),
    (b"t\0\0\0\1j", b""),
)

SYNTHETIC: Final = [
    erlang.frame(erlang.small_tuple(erlang.atom("msg"), term))
    for term in (
        erlang.map_of((erlang.atom("a"), erlang.integer(-5)), (erlang.binary("b"), erlang.NIL)),
        erlang.bert_dict((erlang.atom("slot"), erlang.BERT_NIL), (erlang.NIL, erlang.NIL)),
        erlang.list_of(erlang.BERT_TRUE, erlang.BERT_FALSE, erlang.BERT),
        erlang.list_of(erlang.small_big(1 << 80), erlang.small_big(-1), erlang.large_big(1 << 900)),
        erlang.list_of(erlang.new_float(-1.5), erlang.float_text(1e300)),
        erlang.list_of(erlang.utf8_atom("山"), erlang.small_utf8_atom("é"), erlang.small_atom("x")),
        erlang.large_tuple(*[erlang.small_integer(number) for number in range(40)]),
        erlang.list_of(*erlang.OPAQUE.values()),
        erlang.binary("%7B%22name%22%3A%22x%22%7D" * 20),
        b"h\1" * 50 + erlang.NIL,
        b"l\0\0\0\1" * 50 + erlang.NIL + b"j" * 50,
    )
] + [
    erlang.frame(erlang.small_tuple(erlang.atom("system_msg"), erlang.string(word)))
    for word in ("logout", "connection_replaced", "connection_limit_reached")
]
"""Good frames with what the recordings have none of."""


class Vandal:
    """Take one of the frames after the other, and damage it."""

    def __init__(self, frames: list[bytes], random: Random) -> None:
        """Choose among these frames; the same random numbers do the same damage."""
        self._frames = frames
        self._random = random
        self._ways: tuple[Callable[[bytes], bytes], ...] = (
            self._flip_bit, self._flip_bit, self._set_byte, self._set_byte, self._cut_off,
            self._insert, self._delete, self._splice, self._lie_about_length,
            self._lie_about_length, self._replace_tag, self._replace_tag, self._repeat,
            self._nest, self._compress,
        )  # fmt: skip

    def frame(self) -> bytes:
        """Return a frame that is damaged in one to three ways."""
        damaged = self._random.choice(self._frames)
        for _ in range(self._random.choice((1, 1, 2, 3))):
            damaged = self._random.choice(self._ways)(damaged)[:MOST_BYTES]
        return damaged

    def _place(self, frame: bytes) -> int:
        return self._random.randrange(len(frame) + 1)

    def _slice(self, frame: bytes) -> tuple[int, int]:
        start, end = sorted((self._place(frame), self._place(frame)))
        return start, end

    def _tag_in(self, frame: bytes, tags: bytes) -> int:
        """Return where a byte stands that may be such a tag, or -1."""
        start = self._place(frame)
        found = (frame.find(tag, start) for tag in self._random.sample(tags, len(tags)))
        return next((place for place in found if place > 0), -1)

    def _flip_bit(self, frame: bytes) -> bytes:
        at = self._place(frame)
        return _written(frame, at, bytes(byte ^ 1 << at % 8 for byte in frame[at : at + 1]))

    def _set_byte(self, frame: bytes) -> bytes:
        byte = self._random.choice((0, 1, 127, 128, 255, self._random.randrange(256)))
        return _written(frame, self._place(frame), bytes((byte,)))

    def _cut_off(self, frame: bytes) -> bytes:
        return frame[: self._place(frame)]

    def _insert(self, frame: bytes) -> bytes:
        at = self._place(frame)
        return frame[:at] + self._random.randbytes(self._random.randint(1, 8)) + frame[at:]

    def _delete(self, frame: bytes) -> bytes:
        start, end = self._slice(frame)
        return frame[:start] + frame[end:]

    def _splice(self, frame: bytes) -> bytes:
        other = self._random.choice(self._frames)
        return frame[: self._place(frame)] + other[self._place(other) :]

    def _lie_about_length(self, frame: bytes) -> bytes:
        at = self._tag_in(frame, bytes(_SIZES))
        if at < 0:
            return frame
        size = _SIZES[frame[at]]
        most = (1 << 8 * size) - 1
        told = int.from_bytes(frame[at + 1 : at + 1 + size])
        lie = self._random.choice(
            (0, 1, most, most >> 1, (most >> 1) + 1, told ^ 1, told + 1 & most, len(frame) & most)
        )
        return _written(frame, at + 1, lie.to_bytes(size))

    def _replace_tag(self, frame: bytes) -> bytes:
        at = self._tag_in(frame, _TAGS)
        return frame if at < 0 else _written(frame, at, bytes((self._random.choice(_TAGS),)))

    def _repeat(self, frame: bytes) -> bytes:
        start, end = self._slice(frame)
        return frame[:start] + frame[start:end] * self._random.randint(2, 9) + frame[end:]

    def _nest(self, frame: bytes) -> bytes:
        opening, closing = self._random.choice(_CONTAINERS)
        depth = self._random.choice((1, 2, 30, 63, 64, 65, 500))
        return erlang.frame(opening * depth + frame[1:] + closing * depth)

    def _compress(self, frame: bytes) -> bytes:
        lie = self._random.choice((0, 0, 0, 1, -1, 1 << 20))
        return erlang.compressed(frame[1:], max(0, len(frame) - 1 + lie))


def _written(frame: bytes, at: int, over: bytes) -> bytes:
    return frame[:at] + over + frame[at + len(over) :]
