"""Turn the bytes of one BERT frame into Python terms.

BERT is Erlang's external term format with a few conventions on top. The decoder is
erlastic's with every reading method replaced: nothing is believed that the frame
itself does not bear out.

| Erlang | Python |
|---|---|
| integer, float | int, float |
| atom `undefined`, `true`, `false` | None, True, False |
| other atom, binary, charlist of bytes | str (UTF-8, else latin-1) |
| tuple, list, map | tuple, list, dict |
| pid, port, reference, fun, bit string | Opaque |
| `{bert, nil}`, `{bert, true}`, `{bert, dict, …}` | [], True, dict |
"""

from collections.abc import Callable
from dataclasses import dataclass
import math
import struct
from typing import Final, override
import zlib

from erlastic import ErlangTermDecoder

from ..errors import MalformedError

MAX_FRAME_BYTES: Final = 32 * 1024 * 1024
MAX_DEPTH: Final = 64
MAX_INTEGER_BYTES: Final = 256
MAX_MAP_KEYS: Final = 4096
MAX_INFLATION: Final = 16
"""Inflated bytes per compressed byte; rows of a phone system shrink to a tenth."""

_MAX_KEY_BITS: Final = 63
_MAX_CACHED_ATOMS: Final = 2048
_MAX_CACHED_ATOM_BYTES: Final = 255
_VERSION: Final = 131
_COMPRESSED: Final = 80
_ATOM_TAGS: Final = (100, 115, 118, 119)

_U16: Final = struct.Struct(">H").unpack_from
_U32: Final = struct.Struct(">I").unpack_from
_I32: Final = struct.Struct(">i").unpack_from
_F64: Final = struct.Struct(">d").unpack_from


@dataclass(frozen=True, slots=True)
class Opaque:
    """Hold a term that means nothing outside its Erlang node, as tag and bytes."""

    tag: int
    raw: bytes


type Term = (
    bool | int | float | str | Opaque | list[Term] | tuple[Term, ...] | dict[Term, Term] | None
)
type _Read[T] = tuple[T, int]


class _BertAtom(str):
    """Be the atom `bert`, which binaries with the same text are not."""

    __slots__ = ()


_BERT: Final = _BertAtom("bert")
_ATOMS: Final[dict[bytes, Term]] = {
    b"undefined": None,
    b"true": True,
    b"false": False,
    b"bert": _BERT,
}


def text_of(raw: bytes) -> str:
    """Return text that is UTF-8 where it can be, latin-1 otherwise."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


class BertDecoder(ErlangTermDecoder):  # type: ignore[misc] # erlastic has no types
    """Decode frames of one connection.

    erlastic's constructor collects the methods named `decode_<tag>` of the class
    itself, so every tag that we accept is written out here. They take the frame and
    the offset behind the tag, and return the term and the offset behind it.
    """

    decoders: dict[int, Callable[[bytes, int], _Read[Term]]]

    def __init__(self) -> None:
        """Start with the atoms that have a meaning of their own."""
        super().__init__()
        self._atoms = dict(_ATOMS)
        self._nil: list[Term] = []
        self._depth = 0

    @override
    def decode(self, buf: bytes, offset: int = 0) -> Term:
        """Return the one term of a frame.

        Raises MalformedError for anything that is not exactly one term, that goes
        beyond the limits of this module, or that Erlang itself could not have sent.
        """
        if len(buf) - offset > MAX_FRAME_BYTES:
            raise MalformedError("frame too large")
        self._nil = []
        self._depth = 0
        try:
            if buf[offset] != _VERSION:
                raise MalformedError("no term of a known version", offset)
            if buf[offset + 1] == _COMPRESSED:
                buf, offset = _inflate(buf, offset + 2), -1
            term, end = self.decode_part(buf, offset + 1)
        except (IndexError, struct.error) as err:
            raise MalformedError("frame cut short") from err
        if end != len(buf):
            raise MalformedError("bytes left over", end)
        return term

    @override
    def decode_part(self, buf: bytes, offset: int = 0) -> _Read[Term]:
        """Return the term whose tag stands at the offset."""
        decoder = self.decoders.get(buf[offset])
        if decoder is None:
            raise MalformedError(f"unknown tag {buf[offset]}", offset)
        return decoder(buf, offset + 1)

    # Numbers

    @override
    def decode_97(self, buf: bytes, offset: int) -> _Read[Term]:
        """Read SMALL_INTEGER_EXT."""
        return buf[offset], offset + 1

    @override
    def decode_98(self, buf: bytes, offset: int) -> _Read[Term]:
        """Read INTEGER_EXT."""
        return _I32(buf, offset)[0], offset + 4

    @override
    def decode_110(self, buf: bytes, offset: int) -> _Read[Term]:
        """Read SMALL_BIG_EXT."""
        return self.decode_bigint(buf[offset], buf, offset + 1)

    @override
    def decode_111(self, buf: bytes, offset: int) -> _Read[Term]:
        """Read LARGE_BIG_EXT."""
        return self.decode_bigint(_U32(buf, offset)[0], buf, offset + 4)

    @override
    def decode_bigint(self, n: int, buf: bytes, offset: int) -> _Read[Term]:
        """Read a sign and `n` bytes, least significant first."""
        if n > MAX_INTEGER_BYTES:
            raise MalformedError("integer too large", offset)
        sign = buf[offset]
        start = offset + 1
        end = _within(buf, start + n)
        value = int.from_bytes(buf[start:end], "little")
        return (-value if sign else value), end

    @override
    def decode_70(self, buf: bytes, offset: int) -> _Read[Term]:
        """Read NEW_FLOAT_EXT."""
        return _finite(_F64(buf, offset)[0], offset), offset + 8

    @override
    def decode_99(self, buf: bytes, offset: int) -> _Read[Term]:
        """Read FLOAT_EXT, 31 characters padded with zero bytes."""
        end = _within(buf, offset + 31)
        digits = buf[offset:end].rstrip(b"\0")
        try:
            return _finite(float(digits), offset), end
        except ValueError as err:
            raise MalformedError("no number in a float", offset) from err

    # Text

    @override
    def decode_100(self, buf: bytes, offset: int) -> _Read[Term]:
        """Read ATOM_EXT."""
        return self._atom(buf, offset + 2, _U16(buf, offset)[0])

    @override
    def decode_115(self, buf: bytes, offset: int) -> _Read[Term]:
        """Read SMALL_ATOM_EXT."""
        return self._atom(buf, offset + 1, buf[offset])

    decode_118 = decode_100
    """ATOM_UTF8_EXT, which OTP 26 and later send: the same layout."""

    decode_119 = decode_115
    """SMALL_ATOM_UTF8_EXT."""

    @override
    def decode_107(self, buf: bytes, offset: int) -> _Read[Term]:
        """Read STRING_EXT, a list of small integers: a charlist on this wire."""
        start = offset + 2
        end = _within(buf, start + _U16(buf, offset)[0])
        return text_of(buf[start:end]), end

    @override
    def decode_109(self, buf: bytes, offset: int) -> _Read[Term]:
        """Read BINARY_EXT."""
        start = offset + 4
        end = _within(buf, start + _U32(buf, offset)[0])
        return text_of(buf[start:end]), end

    # Containers

    @override
    def decode_104(self, buf: bytes, offset: int) -> _Read[Term]:
        """Read SMALL_TUPLE_EXT."""
        return self._tuple(buf, offset + 1, buf[offset])

    @override
    def decode_105(self, buf: bytes, offset: int) -> _Read[Term]:
        """Read LARGE_TUPLE_EXT."""
        return self._tuple(buf, offset + 4, _U32(buf, offset)[0])

    @override
    def decode_106(self, buf: bytes, offset: int) -> _Read[Term]:
        """Read NIL_EXT, one list for the whole frame: 56 bytes for each would be many."""
        return self._nil, offset

    @override
    def decode_108(self, buf: bytes, offset: int) -> _Read[Term]:
        """Read LIST_EXT; an improper list has no meaning on this wire."""
        items, end = self._items(buf, offset + 4, _U32(buf, offset)[0])
        if buf[end] != 106:  # noqa: PLR2004 - NIL_EXT
            raise MalformedError("improper list", end)
        return items, end + 1

    def decode_116(self, buf: bytes, offset: int) -> _Read[Term]:
        """Read MAP_EXT."""
        count = _U32(buf, offset)[0]
        if count > MAX_MAP_KEYS:
            raise MalformedError("map too large", offset)
        items, end = self._items(buf, offset + 4, 2 * count)
        return _mapping(list(zip(items[::2], items[1::2], strict=True)), offset), end

    # Terms that mean something only inside Erlang

    @override
    def decode_103(self, buf: bytes, offset: int) -> _Read[Term]:
        """Read PID_EXT."""
        return self._opaque(buf, offset, 103, offset, 9)

    def decode_88(self, buf: bytes, offset: int) -> _Read[Term]:
        """Read NEW_PID_EXT."""
        return self._opaque(buf, offset, 88, offset, 12)

    @override
    def decode_102(self, buf: bytes, offset: int) -> _Read[Term]:
        """Read PORT_EXT."""
        return self._opaque(buf, offset, 102, offset, 5)

    def decode_89(self, buf: bytes, offset: int) -> _Read[Term]:
        """Read NEW_PORT_EXT."""
        return self._opaque(buf, offset, 89, offset, 8)

    def decode_120(self, buf: bytes, offset: int) -> _Read[Term]:
        """Read V4_PORT_EXT."""
        return self._opaque(buf, offset, 120, offset, 12)

    @override
    def decode_101(self, buf: bytes, offset: int) -> _Read[Term]:
        """Read REFERENCE_EXT."""
        return self._opaque(buf, offset, 101, offset, 5)

    @override
    def decode_114(self, buf: bytes, offset: int) -> _Read[Term]:
        """Read NEW_REFERENCE_EXT."""
        return self._opaque(buf, offset, 114, offset + 2, 1 + 4 * _U16(buf, offset)[0])

    def decode_90(self, buf: bytes, offset: int) -> _Read[Term]:
        """Read NEWER_REFERENCE_EXT."""
        return self._opaque(buf, offset, 90, offset + 2, 4 + 4 * _U16(buf, offset)[0])

    @override
    def decode_113(self, buf: bytes, offset: int) -> _Read[Term]:
        """Read EXPORT_EXT: module, function and arity."""
        end = _within(buf, self._behind_atom(buf, self._behind_atom(buf, offset)) + 2)
        return Opaque(113, buf[offset:end]), end

    def decode_112(self, buf: bytes, offset: int) -> _Read[Term]:
        """Read NEW_FUN_EXT, whose size counts its own four bytes."""
        size = _U32(buf, offset)[0]
        end = _within(buf, offset + max(size, 4))
        return Opaque(112, buf[offset:end]), end

    def decode_77(self, buf: bytes, offset: int) -> _Read[Term]:
        """Read BIT_BINARY_EXT."""
        end = _within(buf, offset + 5 + _U32(buf, offset)[0])
        return Opaque(77, buf[offset:end]), end

    # What the methods above share

    def _atom(self, buf: bytes, start: int, length: int) -> _Read[Term]:
        end = _within(buf, start + length)
        raw = buf[start:end]
        try:
            return self._atoms[raw], end
        except KeyError:
            atom = text_of(raw)
            # The cache is a matter of speed; a server that invents atoms fills it once.
            if length <= _MAX_CACHED_ATOM_BYTES and len(self._atoms) < _MAX_CACHED_ATOMS:
                self._atoms[raw] = atom
            return atom, end

    def _items(self, buf: bytes, offset: int, count: int) -> _Read[list[Term]]:
        if count > len(buf) - offset:  # every term takes a byte at least
            raise MalformedError("more elements announced than bytes left", offset)
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise MalformedError("nested too deeply", offset)
        items: list[Term] = []
        append = items.append
        decode_part = self.decode_part
        for _ in range(count):
            item, offset = decode_part(buf, offset)
            append(item)
        self._depth -= 1
        return items, offset

    def _tuple(self, buf: bytes, offset: int, arity: int) -> _Read[Term]:
        items, end = self._items(buf, offset, arity)
        if items and items[0] is _BERT:
            return _unwrap(items, offset), end
        return tuple(items), end

    def _opaque(self, buf: bytes, offset: int, tag: int, node: int, rest: int) -> _Read[Term]:
        end = _within(buf, self._behind_atom(buf, node) + rest)
        return Opaque(tag, buf[offset:end]), end

    def _behind_atom(self, buf: bytes, offset: int) -> int:
        """Return the offset behind an atom; other terms could nest copies of the frame."""
        if buf[offset] not in _ATOM_TAGS:
            raise MalformedError("no atom where one must be", offset)
        return self.decode_part(buf, offset)[1]


def _within(buf: bytes, end: int) -> int:
    if end > len(buf):
        raise MalformedError("length beyond the end of the frame", len(buf))
    return end


def _finite(value: float, offset: int) -> float:
    # Erlang has neither infinity nor NaN, and JSON could not carry them on.
    if not math.isfinite(value):
        raise MalformedError("float out of range", offset)
    return value


def _inflate(buf: bytes, offset: int) -> bytes:
    size = _U32(buf, offset)[0]
    packed = buf[offset + 4 :]
    if size > min(MAX_FRAME_BYTES, MAX_INFLATION * len(packed)):
        raise MalformedError("compressed term too large", offset)
    inflater = zlib.decompressobj()
    try:
        # One byte more than announced would be a lie; a limit of 0 would mean none.
        plain = inflater.decompress(packed, size + 1)
    except zlib.error as err:
        raise MalformedError("compressed term damaged", offset) from err
    if len(plain) != size or not inflater.eof or inflater.unused_data:
        raise MalformedError("compressed term of another size than announced", offset)
    return plain


def _unwrap(items: list[Term], offset: int) -> Term:
    match items[1:]:
        case ["nil"]:
            return []
        case [bool() as value]:
            return value
        case ["dict", list() as pairs]:
            if len(pairs) > MAX_MAP_KEYS:
                raise MalformedError("map too large", offset)
            if all(isinstance(pair, (tuple, list)) and len(pair) == 2 for pair in pairs):  # noqa: PLR2004
                return _mapping(pairs, offset)
            raise MalformedError("dictionary without pairs", offset)
        case _:
            # Other BERT forms (time, regex) have no use here; kept as they are.
            return tuple(items)


def _mapping(pairs: list[tuple[Term, Term]], offset: int) -> dict[Term, Term]:
    for key, _ in pairs:
        if isinstance(key, (list, tuple, dict, Opaque)):
            raise MalformedError("map key is no plain value", offset)
        # Python does not salt the hashes of integers: large ones could be made to collide.
        if isinstance(key, int) and key.bit_length() > _MAX_KEY_BITS:
            raise MalformedError("map key too large", offset)
    return dict(pairs)
