"""Read past the terms that mean something only inside Erlang: pids, ports, funs and such.

Nothing on this wire needs what they say, so that each is kept as its tag and its bytes.
"""

from collections.abc import Callable
from dataclasses import dataclass
import struct
from typing import Final

from ..errors import MalformedError

_U16: Final = struct.Struct(">H").unpack_from
_U32: Final = struct.Struct(">I").unpack_from


@dataclass(frozen=True, slots=True)
class Opaque:
    """Hold a term that means nothing outside its Erlang node, as tag and bytes."""

    tag: int
    raw: bytes


def _behind_atom(buf: bytes, offset: int) -> int:
    """Return the offset behind an atom; other terms could nest copies of the frame."""
    match buf[offset]:
        case 100 | 118:  # ATOM_EXT, ATOM_UTF8_EXT
            return offset + 3 + int(_U16(buf, offset + 1)[0])
        case 115 | 119:  # SMALL_ATOM_EXT, SMALL_ATOM_UTF8_EXT
            return offset + 2 + buf[offset + 1]
        case _:
            raise MalformedError("no atom where one must be", offset)


def _named(rest: int) -> Callable[[bytes, int], int]:
    """Return what reads past a node's name and a number of bytes."""
    return lambda buf, offset: _behind_atom(buf, offset) + rest


def _reference(fixed: int) -> Callable[[bytes, int], int]:
    """Return what reads past a count of words, a node's name, some bytes and those words."""
    return lambda buf, offset: _behind_atom(buf, offset + 2) + fixed + 4 * _U16(buf, offset)[0]


def _behind_export(buf: bytes, offset: int) -> int:
    """Return the offset behind module, function and arity."""
    return _behind_atom(buf, _behind_atom(buf, offset)) + 2


def _behind_fun(buf: bytes, offset: int) -> int:
    """Return the offset behind code, whose size counts its own four bytes."""
    return offset + max(int(_U32(buf, offset)[0]), 4)


def _behind_bits(buf: bytes, offset: int) -> int:
    """Return the offset behind a size, the bits used of the last byte, and the bytes."""
    return offset + 5 + int(_U32(buf, offset)[0])


_BEHIND: Final[dict[int, Callable[[bytes, int], int]]] = {
    77: _behind_bits,  # BIT_BINARY_EXT
    88: _named(12),  # NEW_PID_EXT
    89: _named(8),  # NEW_PORT_EXT
    90: _reference(4),  # NEWER_REFERENCE_EXT
    101: _named(5),  # REFERENCE_EXT
    102: _named(5),  # PORT_EXT
    103: _named(9),  # PID_EXT
    112: _behind_fun,  # NEW_FUN_EXT
    113: _behind_export,  # EXPORT_EXT
    114: _reference(1),  # NEW_REFERENCE_EXT
    120: _named(12),  # V4_PORT_EXT
}
"""How to find the end of a term from the offset behind its tag."""


def opaque(buf: bytes, offset: int) -> tuple[Opaque, int]:
    """Return the term whose tag stands at the offset, and the offset behind it."""
    tag = buf[offset]
    behind = _BEHIND.get(tag)
    if behind is None:
        raise MalformedError(f"unknown tag {tag}", offset)
    end = behind(buf, offset + 1)
    if end > len(buf):
        raise MalformedError("length beyond the end of the frame", len(buf))
    return Opaque(tag, buf[offset + 1 : end]), end
