"""Turn the bytes of one BERT frame into Python terms.

BERT is Erlang's external term format with a few conventions on top. Nothing is believed
that the frame itself does not bear out.

| Erlang | Python |
|---|---|
| integer, float | int, float |
| atom `undefined`, `true`, `false` | None, True, False |
| other atom, binary, charlist of bytes | str (UTF-8, else latin-1) |
| tuple, list, map | tuple, list, dict |
| pid, port, reference, fun, bit string | Opaque |
| `{bert, nil}`, `{bert, true}`, `{bert, dict, …}` | [], True, dict |
"""

import math
import struct
from typing import Final
import zlib

from ..errors import MalformedError
from .opaque import Opaque, opaque

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
_NIL_EXT: Final = 106

# Each skips the tag at its offset, which is cheaper than to add one to the offset.
_U16: Final = struct.Struct(">xH").unpack_from
_U32: Final = struct.Struct(">xI").unpack_from
_I32: Final = struct.Struct(">xi").unpack_from
_F64: Final = struct.Struct(">xd").unpack_from
_U64: Final = struct.Struct("<xxQ").unpack_from  # skips a length of one byte as well

_TIMES: Final = [range(count) for count in range(256)]
"""Ranges ready made, as to make one costs more than to read a number."""

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

EVENT: Final = b"\x83h\x04d\x00\x0ainfo_event"
"""How nearly all frames begin: a tuple of four whose first term is known, and no form of BERT."""

_BEHIND_TAG: Final = len(EVENT)
_REST: Final = range(3)
_ROOM: Final = MAX_DEPTH - 1  # for what stands in the tuple of an event

_UNDEFINED: Final = b"d\x00\x09undefined"
"""The whole term that stands in most fields of a row: one comparison tells it."""

_MOMENT: Final = b"n\7\0"
"""How points in time begin: a positive integer of seven bytes, the least one first."""


def text_of(raw: bytes) -> str:
    """Return text that is UTF-8 where it can be, latin-1 otherwise."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


class BertDecoder:
    """Decode frames of one connection."""

    def __init__(self) -> None:
        """Start with the atoms that have a meaning of their own."""
        self._atoms = dict(_ATOMS)
        self._nil: list[Term] = []

    def decode(self, frame: bytes) -> Term:
        """Return the one term of a frame.

        Raises MalformedError for anything that is not exactly one term, that goes
        beyond the limits of this module, or that Erlang itself could not have sent.
        """
        if frame.startswith(EVENT):
            return ("info_event", *self.behind(frame))
        if len(frame) > MAX_FRAME_BYTES:
            raise MalformedError("frame too large")
        try:
            frame, start = _opened(frame)
        except (IndexError, struct.error) as err:
            raise MalformedError("frame cut short") from err
        return self.behind(frame, start, _TIMES[1], MAX_DEPTH)[0]

    def behind(
        self, frame: bytes, at: int = _BEHIND_TAG, times: range = _REST, room: int = _ROOM
    ) -> list[Term]:
        """Return all terms behind an offset: in an event those of the element, row and word.

        Raises MalformedError where they are not so many, and as `decode` does.
        """
        size = len(frame)
        if size > MAX_FRAME_BYTES:
            raise MalformedError("frame too large")
        # One empty list for the whole frame: 56 bytes for each of its byte would be many.
        self._nil = []
        try:
            terms, end = self._terms(frame, at, times, room)
        except (IndexError, struct.error) as err:
            raise MalformedError("frame cut short") from err
        if end != size:
            if end > size:
                raise MalformedError("frame cut short")
            raise MalformedError("bytes left over", end)
        return terms

    def _terms(self, buf: bytes, at: int, times: range, room: int) -> _Read[list[Term]]:
        """Return so many terms from an offset on, and the offset behind them.

        `room` is how many containers may stand in each other from here on.

        This loop is the cost of a frame, so the tags that fill frames are read in place,
        the most frequent first. A length beyond the end of the frame brings the offset
        beyond it too, where the next byte, or `decode` after the last one, finds nothing.
        Nothing is made ready for an announced number of terms, as it may be a lie.
        """
        if room < 0:
            raise MalformedError("nested too deeply", at)
        terms: list[Term] = []
        for _ in times:
            match buf[at]:
                case 100:  # ATOM_EXT
                    if buf.startswith(_UNDEFINED, at):
                        terms.append(None)
                        at += 12
                        continue
                    start = at + 3
                    at = start + _U16(buf, at)[0]
                    try:
                        terms.append(self._atoms[buf[start:at]])
                    except KeyError:
                        terms.append(self._new_atom(buf[start:at]))
                    continue
                case 109:  # BINARY_EXT, read below
                    start = at + 5
                    at = start + _U32(buf, at)[0]
                case 97:  # SMALL_INTEGER_EXT
                    terms.append(buf[at + 1])
                    at += 2
                    continue
                case 98:  # INTEGER_EXT
                    terms.append(_I32(buf, at)[0])
                    at += 5
                    continue
                case 104:  # SMALL_TUPLE_EXT
                    items, at = self._terms(buf, at + 2, _TIMES[buf[at + 1]], room - 1)
                    terms.append(
                        _bert_form(items, at) if items and items[0] is _BERT else tuple(items)
                    )
                    continue
                case 110 if buf.startswith(_MOMENT, at):  # SMALL_BIG_EXT, its sign read along
                    terms.append(_U64(buf, at)[0] >> 8)
                    at += 10
                    continue
                case 107:  # STRING_EXT, a list of small integers: a charlist, read below
                    start = at + 3
                    at = start + _U16(buf, at)[0]
                case _:
                    term, at = self._rare(buf, at, room)
                    terms.append(term)
                    continue
            try:
                terms.append(buf[start:at].decode())
            except UnicodeDecodeError:
                terms.append(buf[start:at].decode("latin-1"))
        return terms, at

    def _rare(self, buf: bytes, at: int, room: int) -> _Read[Term]:
        """Return the term of a rarer tag at an offset, and the offset behind it."""
        match buf[at]:
            case 106:  # NIL_EXT
                return self._nil, at + 1
            case 108:  # LIST_EXT; an improper list has no meaning on this wire
                items, end = self._many(buf, at, 1, room)
                if buf[end] != _NIL_EXT:
                    raise MalformedError("improper list", end)
                return items, end + 1
            case 119 | 115:  # SMALL_ATOM_UTF8_EXT, SMALL_ATOM_EXT
                end = at + 2 + buf[at + 1]
                return self._atom(buf[at + 2 : end]), end
            case 118:  # ATOM_UTF8_EXT
                end = at + 3 + _U16(buf, at)[0]
                return self._atom(buf[at + 3 : end]), end
            case 116:  # MAP_EXT
                if _U32(buf, at)[0] > MAX_MAP_KEYS:
                    raise MalformedError("map too large", at)
                items, end = self._many(buf, at, 2, room)
                return _mapping(list(zip(items[::2], items[1::2], strict=True)), at), end
            case 105:  # LARGE_TUPLE_EXT
                items, end = self._many(buf, at, 1, room)
                return (_bert_form(items, at) if items and items[0] is _BERT else tuple(items)), end
            case 110:  # SMALL_BIG_EXT
                return _integer(buf, at + 2, buf[at + 1])
            case 111:  # LARGE_BIG_EXT
                return _integer(buf, at + 5, _U32(buf, at)[0])
            case 70:  # NEW_FLOAT_EXT
                return _finite(_F64(buf, at)[0], at), at + 9
            case 99:  # FLOAT_EXT
                return _float_text(buf[at + 1 : at + 32], at), at + 32
            case _:
                return opaque(buf, at)

    def _many(self, buf: bytes, at: int, each: int, room: int) -> _Read[list[Term]]:
        """Return `each` terms for every one that four bytes behind a tag announce."""
        count = each * _U32(buf, at)[0]
        if count > len(buf) - at:  # every term takes a byte at least
            raise MalformedError("more elements announced than bytes left", at)
        return self._terms(buf, at + 5, range(count), room - 1)

    def _atom(self, raw: bytes) -> Term:
        return self._atoms[raw] if raw in self._atoms else self._new_atom(raw)

    def _new_atom(self, raw: bytes) -> Term:
        atom = text_of(raw)
        # The cache is a matter of speed; a server that invents atoms fills it once.
        if len(raw) <= _MAX_CACHED_ATOM_BYTES and len(self._atoms) < _MAX_CACHED_ATOMS:
            self._atoms[raw] = atom
        return atom


def _integer(buf: bytes, at: int, size: int) -> _Read[int]:
    """Read a sign and so many bytes, the least significant first."""
    if size > MAX_INTEGER_BYTES:
        raise MalformedError("integer too large", at)
    end = at + 1 + size
    value = int.from_bytes(buf[at + 1 : end], "little")
    return (-value if buf[at] else value), end


def _float_text(padded: bytes, at: int) -> float:
    try:
        return _finite(float(padded.rstrip(b"\0")), at)
    except ValueError as err:
        raise MalformedError("no number in a float", at) from err


def _finite(value: float, at: int) -> float:
    # Erlang has neither infinity nor NaN, and JSON could not carry them on.
    if not math.isfinite(value):
        raise MalformedError("float out of range", at)
    return value


def _opened(frame: bytes) -> tuple[bytes, int]:
    """Return what bears the term of a frame, and the offset at which that begins."""
    if frame[0] != _VERSION:
        raise MalformedError("no term of a known version", 0)
    return (_inflate(frame), 0) if frame[1] == _COMPRESSED else (frame, 1)


def _inflate(frame: bytes) -> bytes:
    size = _U32(frame, 1)[0]
    packed = frame[6:]
    if size > min(MAX_FRAME_BYTES, MAX_INFLATION * len(packed)):
        raise MalformedError("compressed term too large", 2)
    inflater = zlib.decompressobj()
    try:
        # One byte more than announced would be a lie; a limit of 0 would mean none.
        plain = inflater.decompress(packed, size + 1)
    except zlib.error as err:
        raise MalformedError("compressed term damaged", 2) from err
    if len(plain) != size or not inflater.eof or inflater.unused_data:
        raise MalformedError("compressed term of another size than announced", 2)
    return plain


def _bert_form(items: list[Term], at: int) -> Term:
    """Return what a tuple stands for that the atom `bert` begins."""
    match items[1:]:
        case ["nil"]:
            return []
        case [bool() as value]:
            return value
        case ["dict", list() as pairs]:
            if len(pairs) > MAX_MAP_KEYS:
                raise MalformedError("map too large", at)
            if all(isinstance(pair, (tuple, list)) and len(pair) == 2 for pair in pairs):  # noqa: PLR2004
                return _mapping(pairs, at)
            raise MalformedError("dictionary without pairs", at)
        case _:
            # Other BERT forms (time, regex) have no use here; kept as they are.
            return tuple(items)


def _mapping(pairs: list[tuple[Term, Term]], at: int) -> dict[Term, Term]:
    for key, _ in pairs:
        if isinstance(key, (list, tuple, dict, Opaque)):
            raise MalformedError("map key is no plain value", at)
        # Python does not salt the hashes of integers: large ones could be made to collide.
        if isinstance(key, int) and key.bit_length() > _MAX_KEY_BITS:
            raise MalformedError("map key too large", at)
    return dict(pairs)
