"""Write Erlang's external term format byte by byte: a function for each tag, and no cleverness.

The layouts are those of the Erlang documentation (erts, External Term Format). Nothing here is
shared with the decoder of the integration or with the encoder of the simulator.
"""

import struct
import zlib

VERSION = b"\x83"
NIL = b"j"


def frame(term: bytes) -> bytes:
    """Make a frame of a term."""
    return VERSION + term


def compressed(term: bytes, size: int | None = None) -> bytes:
    """Make a frame of a compressed term that announces its size, or the size given."""
    announced = len(term) if size is None else size
    return VERSION + struct.pack(">BI", 80, announced) + zlib.compress(term, 9)


# Numbers


def small_integer(value: int) -> bytes:
    return struct.pack(">BB", 97, value)


def integer(value: int) -> bytes:
    return struct.pack(">Bi", 98, value)


def small_big(value: int, padding: int = 0) -> bytes:
    digits = _digits(value, padding)
    return struct.pack(">BBB", 110, len(digits), value < 0) + digits


def large_big(value: int, padding: int = 0) -> bytes:
    digits = _digits(value, padding)
    return struct.pack(">BIB", 111, len(digits), value < 0) + digits


def _digits(value: int, padding: int) -> bytes:
    return abs(value).to_bytes((value.bit_length() + 7) // 8, "little") + bytes(padding)


def new_float(value: float) -> bytes:
    return struct.pack(">Bd", 70, value)


def float_text(value: float | bytes) -> bytes:
    digits = value if isinstance(value, bytes) else b"%.20e" % value
    return b"c" + digits.ljust(31, b"\0")


# Text


def atom(name: str | bytes) -> bytes:
    return struct.pack(">BH", 100, len(_raw(name))) + _raw(name)


def small_atom(name: str | bytes) -> bytes:
    return struct.pack(">BB", 115, len(_raw(name))) + _raw(name)


def utf8_atom(name: str | bytes) -> bytes:
    return struct.pack(">BH", 118, len(_raw(name))) + _raw(name)


def small_utf8_atom(name: str | bytes) -> bytes:
    return struct.pack(">BB", 119, len(_raw(name))) + _raw(name)


def string(text: str | bytes) -> bytes:
    return struct.pack(">BH", 107, len(_raw(text))) + _raw(text)


def binary(text: str | bytes) -> bytes:
    return struct.pack(">BI", 109, len(_raw(text))) + _raw(text)


def _raw(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


# Containers


def small_tuple(*items: bytes) -> bytes:
    return struct.pack(">BB", 104, len(items)) + b"".join(items)


def large_tuple(*items: bytes) -> bytes:
    return struct.pack(">BI", 105, len(items)) + b"".join(items)


def list_of(*items: bytes, tail: bytes = NIL) -> bytes:
    return struct.pack(">BI", 108, len(items)) + b"".join(items) + tail


def map_of(*pairs: tuple[bytes, bytes]) -> bytes:
    return struct.pack(">BI", 116, len(pairs)) + b"".join(key + value for key, value in pairs)


BERT = atom("bert")
BERT_NIL = small_tuple(BERT, atom("nil"))
BERT_TRUE = small_tuple(BERT, atom("true"))
BERT_FALSE = small_tuple(BERT, atom("false"))


def bert_dict(*pairs: tuple[bytes, bytes]) -> bytes:
    return small_tuple(BERT, atom("dict"), list_of(*(small_tuple(*pair) for pair in pairs)))


# Terms that mean something only inside Erlang

NODE = atom("pbx@node1")

OPAQUE = {
    "bit string": struct.pack(">BIB", 77, 3, 5) + b"abc",
    "new pid": b"X" + NODE + struct.pack(">III", 1, 2, 3),
    "new port": b"Y" + NODE + struct.pack(">II", 1, 2),
    "newer reference": struct.pack(">BH", 90, 3) + NODE + struct.pack(">IIII", 7, 1, 2, 3),
    "reference": b"e" + NODE + struct.pack(">IB", 1, 2),
    "port": b"f" + NODE + struct.pack(">IB", 1, 2),
    "pid": b"g" + NODE + struct.pack(">IIB", 1, 2, 3),
    "fun": struct.pack(">BI", 112, 4 + 9) + b"some code",
    "external fun": b"q" + atom("lists") + atom("map") + small_integer(2),
    "new reference": struct.pack(">BH", 114, 2) + NODE + struct.pack(">BII", 7, 1, 2),
    "port of OTP 24": b"x" + NODE + struct.pack(">QI", 1, 2),
}
"""A term of each kind, as Erlang writes it."""
