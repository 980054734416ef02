"""Tell the messages of the ws_cti protocol apart, in both of its grammars.

The present grammar names the element in each message; that of 2016 to 2018 has a tag
for each, sometimes inside a tuple or list of one. The message itself tells which it
is. Field specs belong to one connection: make one reader for each.
"""

from enum import StrEnum
from typing import Final

from ..errors import ProtocolError
from ..values import value
from ..words import ChangeKind, Element, Json
from .bert import Term
from .terms import text, to_json


class Tag(StrEnum):
    """List the first words of messages."""

    FIELD_SPEC = "field_spec"
    INITIAL_INFO = "initial_info"
    INFO_EVENT = "info_event"
    SYSTEM_MSG = "system_msg"
    MSG = "msg"
    INITIAL_CHAN_INFO = "initial_chan_info"
    CHAN_INFO = "chan_info"
    PARK_INFO = "park_info"
    UNPARK_INFO = "unpark_info"
    MWI_INFO = "mwi_info"


MAILBOX: Final = "mailbox"
"""Our name for the rows of `mwi_info`, which are no element of the present grammar."""


type Terms = tuple[Term, ...] | list[Term]
"""The terms of a row in their order."""


@value(frozen=True, slots=True)
class Row:
    """Hold one element as it came; the connection's field spec names its terms.

    Where it is shorter than the spec fields are missing, and what goes beyond has no name.
    """

    names: tuple[str, ...]
    terms: Terms

    def by_name(self) -> dict[str, Term]:
        """Return the terms by the names of their fields."""
        return dict(zip(self.names, self.terms, strict=False))

    def get(self, name: str) -> Term:
        """Return the term of a field; one that is missing is as undefined as others are."""
        return self.by_name().get(name)


@value(frozen=True, slots=True)
class FieldSpec:
    """Define the positions in the rows of an element from now on."""

    element: str
    fields: tuple[str, ...]


@value(frozen=True, slots=True)
class InitialInfo:
    """Bring all rows of an element."""

    element: str
    rows: tuple[Row, ...]


@value(frozen=True, slots=True)
class InfoEvent(Row):
    """Bring one whole row, and what happened to it in the wire's own word."""

    element: str
    event: str


@value(frozen=True, slots=True)
class SystemMessage:
    """Bring a word of the connection itself, such as `connection_replaced`."""

    word: str


@value(frozen=True, slots=True)
class UserMessage:
    """Bring what a user or an administrator sent; its shape is not documented."""

    body: Json


@value(frozen=True, slots=True)
class UnknownMessage:
    """Stand for a message of a kind that this library does not know."""

    tag: str


type Rarer = FieldSpec | InitialInfo | SystemMessage | UserMessage | UnknownMessage
type Message = InfoEvent | Rarer

# Which element the rows of a legacy message are, and what happened to it.
_LEGACY: Final[dict[str, tuple[str, ChangeKind]]] = {
    Tag.CHAN_INFO: (Element.CHANNEL, ChangeKind.UPDATED),
    Tag.PARK_INFO: (Element.PARKED_CHANNEL, ChangeKind.ADDED),
    Tag.UNPARK_INFO: (Element.PARKED_CHANNEL, ChangeKind.REMOVED),
    Tag.MWI_INFO: (MAILBOX, ChangeKind.UPDATED),
}

_WITH_SPEC: Final = frozenset((*Element, *_LEGACY))
"""What is known to have field specs, which are remembered whatever else a server names."""

MAX_FIELDS: Final = 128
"""Fields of an element; the most that are known are 25."""

MAX_NAME: Final = 64
_MAX_SPECS: Final = 64


class MessageReader:
    """Read the messages of one connection in their order."""

    def __init__(self) -> None:
        """Start without any field spec, as every connection does."""
        self._specs: dict[str, tuple[str, ...]] = {}

    def read(self, term: Term) -> Message:
        """Return the message that a frame's term is.

        Raises ProtocolError for what is no message at all, and for rows whose field
        spec has not come yet.
        """
        match term:
            case [tuple() | list() as inner]:
                return self._read(inner)  # the wrapper of 2016 to 2018
            case tuple() | list():
                return self._read(term)
            case _:
                raise ProtocolError("a frame holds no message")

    def _read(self, parts: tuple[Term, ...] | list[Term]) -> Message:
        tag = text(parts[0]) if parts else ""
        match tag, parts[1:]:
            case Tag.INFO_EVENT, [element, row, event, *_]:
                name = text(element)
                return _event(name, self._row(name, row), text(event))
            case Tag.INITIAL_INFO, [element, list() as rows, *_]:
                name = text(element)
                return InitialInfo(name, self._rows(name, rows))
            case Tag.FIELD_SPEC, [element, list() | tuple() as names, *_]:
                return self._learn(FieldSpec(text(element), tuple(map(text, names))))
            case Tag.SYSTEM_MSG, [word, *_]:
                return SystemMessage(text(word))
            case Tag.MSG, [body, *_]:
                return UserMessage(to_json(body))
            case Tag.INITIAL_CHAN_INFO, [list() as rows, *_]:
                return InitialInfo(Element.CHANNEL, self._rows(Tag.CHAN_INFO, rows))
            case legacy, [row, *_] if legacy in _LEGACY:
                element, kind = _LEGACY[legacy]
                return _event(element, self._row(legacy, row), kind)
            case known, _ if known in Tag:
                raise ProtocolError(f"{known} without what belongs to it")
            case _:
                return UnknownMessage(tag)

    def _learn(self, spec: FieldSpec) -> FieldSpec:
        """Remember a spec, of invented elements only as many as a connection may cost."""
        if len(spec.fields) > MAX_FIELDS:
            raise ProtocolError("a field spec with too many fields")
        if any(len(name) > MAX_NAME for name in spec.fields):
            raise ProtocolError("a field name too long")
        if (
            spec.element in _WITH_SPEC
            or spec.element in self._specs
            or (len(self._specs) < _MAX_SPECS and len(spec.element) <= MAX_NAME)
        ):
            self._specs[spec.element] = spec.fields
        return spec

    def _rows(self, spec_name: str, rows: list[Term]) -> tuple[Row, ...]:
        """Return the rows that are any; one that is none must not cost the others."""
        read = tuple(self._row(spec_name, row) for row in rows if isinstance(row, (tuple, list)))
        if rows and not read:
            raise ProtocolError("a list of which none is a row")
        return read

    def _row(self, spec_name: str, row: Term) -> Row:
        """Return a row with the names of its fields."""
        names = self._specs.get(spec_name)
        if names is None:
            raise ProtocolError("a row came before its field spec")
        if not isinstance(row, (tuple, list)):
            raise ProtocolError("a row is no tuple")
        return Row(names, row)


def _event(element: str, row: Row, event: str) -> InfoEvent:
    return InfoEvent(row.names, row.terms, element, event)
