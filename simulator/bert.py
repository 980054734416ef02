"""Write terms as Erlang's term_to_binary writes them.

This is an encoder only, and it shares no code with the decoder of the integration: what both agree
on is the external term format itself, so a mistake made in one of them shows.
"""

from collections.abc import Sequence
import struct
from typing import override

VERSION = 131

_NEW_FLOAT = 70
_SMALL_INTEGER = 97
_INTEGER = 98
_ATOM = 100
_SMALL_TUPLE = 104
_LARGE_TUPLE = 105
_NIL = 106
_STRING = 107
_LIST = 108
_BINARY = 109
_SMALL_BIG = 110
_LARGE_BIG = 111
_MAP = 116
_ATOM_UTF8 = 118
_SMALL_ATOM_UTF8 = 119

_BYTE = 0xFF
_WORD = 0xFFFF
_INTEGER_LIMIT = 1 << 31

_pack_word = struct.Struct(">BH").pack
_pack_long = struct.Struct(">BI").pack
_pack_integer = struct.Struct(">Bi").pack
_pack_float = struct.Struct(">Bd").pack


class Atom(str):
    """Stand for an Erlang atom."""

    __slots__ = ()

    @override
    def __repr__(self) -> str:
        return f"Atom({str(self)!r})"


class Charlist(str):
    """Stand for an Erlang string, which is a list of characters."""

    __slots__ = ()

    @override
    def __repr__(self) -> str:
        return f"Charlist({str(self)!r})"


type Term = (
    Atom | Charlist | bytes | int | float | tuple[Term, ...] | list[Term] | dict[Term, Term] | None
)

#: How bert.erl writes an empty list; the PBX sends it for an element of which there is nothing.
BERT_NIL: Term = (Atom("bert"), Atom("nil"))


class Encoder:
    """Encode terms with the atoms of one Erlang release."""

    def __init__(self, *, utf8_atoms: bool = False) -> None:
        """Choose the atoms of Erlang/OTP 25 and before (latin-1) or of 26 and after (UTF-8)."""
        self._atom_bytes = _utf8_atom if utf8_atoms else _latin1_atom
        # Atoms are few (field names and the words of the wire), so their bytes are kept for good.
        self._atoms: dict[str, bytes] = {}

    def encode(self, term: Term) -> bytes:
        """Return the whole external form of a term, version byte first.

        Raises TypeError for what is no term; a bare str is none, as it could be an atom, a binary
        or a charlist.
        """
        out = bytearray((VERSION,))
        self._write(out, term)
        return bytes(out)

    def _write(self, out: bytearray, term: Term) -> None:
        # In the order of how often each occurs in a row: this is the hot path of a flood of events.
        if term is None:
            self._write_atom(out, "undefined")
        elif isinstance(term, bytes):
            out += _pack_long(_BINARY, len(term))
            out += term
        elif isinstance(term, Atom):
            self._write_atom(out, term)
        elif isinstance(term, bool):
            self._write_atom(out, "true" if term else "false")
        elif isinstance(term, int):
            out += _integer(term)
        elif isinstance(term, tuple):
            out += (
                bytes((_SMALL_TUPLE, len(term)))
                if len(term) <= _BYTE
                else _pack_long(_LARGE_TUPLE, len(term))
            )
            for item in term:
                self._write(out, item)
        else:
            self._write_rare(out, term)

    def _write_rare(
        self, out: bytearray, term: Charlist | list[Term] | dict[Term, Term] | float
    ) -> None:
        if isinstance(term, Charlist):
            self._write_list(out, [ord(character) for character in term])
        elif isinstance(term, list):
            self._write_list(out, term)
        elif isinstance(term, float):
            out += _pack_float(_NEW_FLOAT, term)
        elif isinstance(term, dict):
            out += _pack_long(_MAP, len(term))
            for key, value in term.items():
                self._write(out, key)
                self._write(out, value)
        else:
            raise TypeError(f"{type(term).__name__} is not an Erlang term: {term!r}")

    def _write_atom(self, out: bytearray, name: str) -> None:
        written = self._atoms.get(name)
        if written is None:
            written = self._atoms[name] = self._atom_bytes(name)
        out += written

    def _write_list(self, out: bytearray, items: Sequence[Term]) -> None:
        if not items:
            out.append(_NIL)
            return
        # Erlang cannot tell a list of small integers from text, and neither can who reads it.
        text = _characters(items) if len(items) <= _WORD else None
        if text is not None:
            out += _pack_word(_STRING, len(text))
            out += text
            return
        out += _pack_long(_LIST, len(items))
        for item in items:
            self._write(out, item)
        out.append(_NIL)


def term_to_binary(term: Term, *, utf8_atoms: bool = False) -> bytes:
    """Encode one term."""
    return Encoder(utf8_atoms=utf8_atoms).encode(term)


def _characters(items: Sequence[Term]) -> bytes | None:
    characters = bytearray()
    for item in items:
        if type(item) is not int or not 0 <= item <= _BYTE:
            return None
        characters.append(item)
    return bytes(characters)


def _integer(number: int) -> bytes:
    if 0 <= number <= _BYTE:
        return bytes((_SMALL_INTEGER, number))
    if -_INTEGER_LIMIT <= number < _INTEGER_LIMIT:
        return _pack_integer(_INTEGER, number)
    magnitude = abs(number)
    digits = magnitude.to_bytes((magnitude.bit_length() + 7) // 8, "little")
    sign = 1 if number < 0 else 0
    if len(digits) <= _BYTE:
        return bytes((_SMALL_BIG, len(digits), sign)) + digits
    return _pack_long(_LARGE_BIG, len(digits)) + bytes((sign,)) + digits


def _latin1_atom(name: str) -> bytes:
    try:
        written = name.encode("latin-1")
    except UnicodeEncodeError:
        return _utf8_atom(name)
    return _pack_word(_ATOM, len(written)) + written


def _utf8_atom(name: str) -> bytes:
    written = name.encode()
    if len(written) <= _BYTE:
        return bytes((_SMALL_ATOM_UTF8, len(written))) + written
    return _pack_word(_ATOM_UTF8, len(written)) + written
