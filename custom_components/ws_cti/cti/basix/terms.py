"""Read single values out of the terms of a row, whatever shape they came in.

On this wire the same text may be an atom, a binary or a charlist, a number may be
text, and an empty text may be an empty list. Everything here is total: a value that
makes no sense becomes None or empty, never an error.
"""

from collections.abc import Callable, Iterable
import json
import math
import re
from typing import Any, Final
from urllib.parse import unquote_to_bytes

from ..model import MessageWaiting
from ..plain import NEVER_EMPTY
from ..words import Id, Json, Raw
from .bert import MAX_DEPTH, Term, text_of
from .opaque import Opaque

_YEAR_3000: Final = 32_503_680_000_000_000
_MAX_TIMESTAMP_DIGITS: Final = len(str(_YEAR_3000))
_MAX_INTEGER_BITS: Final = 63  # what JSON writers and readers agree on
_MAX_CODE_POINT: Final = 0x10FFFF
_MAX_WHOSCALL: Final = 65_536
_SURROGATES: Final = range(0xD800, 0xE000)
_MAX_DIGITS: Final = 9
_NUMBERS: Final = re.compile(r"\d+")
_NONE_WAITING: Final = MessageWaiting()


def text(term: Term) -> str:
    """Return the text of an atom, binary, charlist or number; else an empty text."""
    if isinstance(term, str):
        return term
    if isinstance(term, bool):
        return "true" if term else "false"
    if isinstance(term, (int, float)):
        return str(term)
    if isinstance(term, list):
        return _charlist(term)
    return ""


def optional_text(term: Term) -> str | None:
    """Return the text, or None where there is none."""
    return (term if isinstance(term, str) else text(term)) or None


def identifier(term: Term) -> Id | None:
    """Return the id that a number or a text names; undefined names none."""
    if type(term) is int:  # as nearly all are
        return str(term)
    return None if isinstance(term, bool) else text(term) or None


def timestamp(term: Term) -> int | None:
    """Return microseconds since the epoch; numeric text counts, as in 2016."""
    if type(term) is not int:
        if not isinstance(term, str) or not term.isdecimal() or len(term) > _MAX_TIMESTAMP_DIGITS:
            return None
        term = int(term)
    return term if 0 < term < _YEAR_3000 else None


def raw(term: Term) -> Raw:
    """Return a code as it came."""
    if term is None or isinstance(term, str):
        return term
    if isinstance(term, int) and term.bit_length() <= _MAX_INTEGER_BITS:
        return term
    if term == []:
        return ""  # how an empty Erlang text arrives
    value = to_json(term)
    return text(term) or json.dumps(value) if isinstance(value, (list, dict)) else value


def to_json(term: Term) -> Json:
    """Return any term as plain data that every JSON writer takes."""
    match term:
        case None | bool() | str():
            return term
        case int():
            return term if term.bit_length() <= _MAX_INTEGER_BITS else str(term)
        case float():
            return term if math.isfinite(term) else None
        case list() | tuple():
            return [to_json(item) for item in term]
        case dict():
            return {text(name): to_json(item) for name, item in term.items()}
        case Opaque():
            return f"opaque term {term.tag}"


def nothing(_term: Term) -> None:
    """Return nothing, in the place of a term that says nothing or is read elsewhere."""


type Reader = Callable[[Term], object]

type Both[T] = tuple[T, Json]
"""What a term says, and the same as `plain` data: whoever reads it has both at hand."""

type Column = tuple[str, Reader, type | None]
"""Which attribute a term becomes, how it is read, and what type of it is taken as it is."""

_TAKE_TEXT: Final[tuple[Reader, ...]] = (text, optional_text, identifier, raw, to_json)
"""What takes any text but an empty one as it is, and need not be called then."""


def column(attribute: str, read: Reader) -> Column:
    """Return how a term is read that stands in the same place of every row or tuple."""
    return attribute, read, str if read in _TAKE_TEXT else None


def attributes(columns: tuple[Column, ...], terms: Iterable[Term]) -> dict[str, Any]:
    """Return the attributes that the terms of a row or a tuple give, one after the other.

    What is undefined, missing or empty is left to the default of its attribute. One loop
    reads rows and the tuples in them: code that runs again and again is cheap, and code
    that runs once in a frame is not.
    """
    values: dict[str, Any] = {}
    for (attribute, read, taken), term in zip(columns, terms, strict=False):
        if term is None:
            continue
        if type(term) is taken and term:
            values[attribute] = term
        elif (value := read(term)) or type(value) in NEVER_EMPTY:
            values[attribute] = value
    return values


def percent_decoded(part: str) -> str:
    """Return percent-encoded text as UTF-8, else as latin-1."""
    return text_of(unquote_to_bytes(part)) if "%" in part else part


def message_waiting(term: Term) -> MessageWaiting:
    """Return the counters of a mailbox.

    The separator is not documented: the first two numbers count as new and saved, an
    empty value as none waiting, and what bears no number is only kept raw.
    """
    if term is None or term in ("", []):
        return _NONE_WAITING
    if isinstance(term, (dict, Opaque)):
        return MessageWaiting(str(raw(term)), None, None)
    said = text(term)
    if not said and isinstance(term, (tuple, list)):
        said = "/".join(text(part) for part in term)
    numbers = _NUMBERS.findall(said)[:2]
    if any(len(number) > _MAX_DIGITS for number in numbers):
        numbers = []
    match [int(number) for number in numbers]:
        case [new, saved]:
            return MessageWaiting(said, new, saved)
        case [new]:
            return MessageWaiting(said, new, None)
        case _:
            return MessageWaiting(said, None, None)


def whoscall(term: Term) -> Json:
    """Return the percent-encoded JSON of a caller look-up, or the text as it came."""
    said = text(term)
    if not said or len(said) > _MAX_WHOSCALL:
        return said or None
    try:
        found = json.loads(percent_decoded(said), parse_constant=_no_constant)
        # JSON may escape half a surrogate pair, which no UTF-8 carries on.
        json.dumps(found, ensure_ascii=False).encode()
        return to_json(found) if _depth(found) <= MAX_DEPTH else said
    except ValueError, RecursionError:
        return said


def _no_constant(name: str) -> Json:
    raise ValueError(name)


def _depth(value: Json) -> int:
    """Return how deep lists and objects stand in each other."""
    if isinstance(value, dict):
        value = list(value.values())
    return 1 + max(map(_depth, value), default=0) if isinstance(value, list) else 0


def _charlist(items: list[Term]) -> str:
    """Return the text of a list of printable code points; empty if it is none."""
    points = [item for item in items if isinstance(item, int) and not isinstance(item, bool)]
    if len(points) != len(items) or not all(_printable(point) for point in points):
        return ""
    return "".join(map(chr, points))


def _printable(point: int) -> bool:
    return ord(" ") <= point <= _MAX_CODE_POINT and point not in _SURROGATES
