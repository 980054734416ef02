"""Write what the phone system tells as the frames of the wire."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol, override

from .bert import BERT_NIL, Atom, Charlist, Encoder, Term
from .legacy import CHANNEL_FIELDS, MWI_FIELDS, chan_info_row, mwi_info_row
from .model import Channel, Group, Row, User
from .rows import RowOrder, RowTuple
from .words import Element, EventName

type Rows = Callable[[Element], Sequence[Row]]


class Grammar(StrEnum):
    """Choose how messages are built: as since 2019, or as before, bare or wrapped."""

    CURRENT = "current"
    LEGACY = "legacy"
    LEGACY_WRAPPED = "legacy_wrapped"


@dataclass(frozen=True, slots=True)
class Dialect:
    """Tell in which of its possible ways a PBX speaks."""

    grammar: Grammar = Grammar.CURRENT
    #: Shuffles the order of the fields; None keeps the recorded order.
    field_order_seed: int | None = None
    #: Elements that the PBX knows; None stands for all.
    elements: Collection[Element] | None = None
    #: Atoms as Erlang/OTP 26 writes them.
    utf8_atoms: bool = False


class Wire(Protocol):
    """Turn rows into frames."""

    def specifications(self) -> list[bytes]:
        """Return the frames that name the fields."""
        ...

    def initial(self, rows: Rows) -> list[bytes]:
        """Return the frames that tell how everything stands."""
        ...

    def event(self, element: Element, row: Row, event_name: EventName) -> bytes | None:
        """Return the frame of a changed row, if this dialect tells of it."""
        ...

    def system_message(self, text: str) -> bytes:
        """Return the frame of a message of the PBX itself."""
        ...

    def user_message(self, term: Term) -> bytes:
        """Return the frame of a message of a user; its shape is not documented."""
        ...


def wire(dialect: Dialect) -> Wire:
    """Return what speaks a dialect."""
    if dialect.grammar is Grammar.CURRENT:
        return CurrentWire(dialect)
    return LegacyWire(dialect)


class CurrentWire(Wire):
    """Speak as since 2019."""

    def __init__(self, dialect: Dialect) -> None:
        """Learn the dialect."""
        self._encoder = Encoder(utf8_atoms=dialect.utf8_atoms)
        self._order = RowOrder(dialect.field_order_seed)
        known = Element if dialect.elements is None else dialect.elements
        # In the order of the words, which is that of the recorded session.
        self._elements = [element for element in Element if element in known]

    @override
    def specifications(self) -> list[bytes]:
        return [
            self._frame("field_spec", element, [Atom(name) for name in self._order.fields[element]])
            for element in self._elements
        ]

    @override
    def initial(self, rows: Rows) -> list[bytes]:
        frames = []
        for element in self._elements:
            written: list[Term] = [self._order.row(element, row) for row in rows(element)]
            if element is Element.CHANNEL_WAITING and not self._tells(Element.QUEUED_CHANNEL):
                waiters = rows(Element.QUEUED_CHANNEL)
                written += [self._order.row(element, row) for row in waiters]
            frames.append(self._frame("initial_info", element, written or BERT_NIL))
        return frames

    @override
    def event(self, element: Element, row: Row, event_name: EventName) -> bytes | None:
        told = element
        if element is Element.QUEUED_CHANNEL and not self._tells(element):
            # What tells of waiting callers where queued_channel is gone is inferred, not known.
            told = Element.CHANNEL_WAITING
        if not self._tells(told):
            return None
        return self._frame(
            "info_event", told, self._order.row(told, row), Charlist(event_name.value)
        )

    @override
    def system_message(self, text: str) -> bytes:
        return self._encoder.encode((Atom("system_msg"), Charlist(text)))

    @override
    def user_message(self, term: Term) -> bytes:
        return self._encoder.encode((Atom("msg"), term))

    def _tells(self, element: Element) -> bool:
        return element in self._elements

    def _frame(self, tag: str, element: Element, *rest: Term) -> bytes:
        return self._encoder.encode((Atom(tag), Charlist(element.value), *rest))


class LegacyWire(Wire):
    """Speak as from 2016 to 2018: channels and mailboxes only, and no names of events."""

    def __init__(self, dialect: Dialect) -> None:
        """Learn the dialect."""
        self._encoder = Encoder(utf8_atoms=dialect.utf8_atoms)
        self._wrapped = dialect.grammar is Grammar.LEGACY_WRAPPED
        self._mailboxes: dict[int, str] = {}

    @override
    def specifications(self) -> list[bytes]:
        return [
            self._frame(Atom("field_spec"), Atom(name), [Atom(field) for field in fields])
            for name, fields in (("chan_info", CHANNEL_FIELDS), ("mwi_info", MWI_FIELDS))
        ]

    @override
    def initial(self, rows: Rows) -> list[bytes]:
        for element in (Element.USER, Element.GROUP):
            for row in rows(element):
                self._news_of_mailbox(row)
        written: list[Term] = [
            chan_info_row(row) for row in rows(Element.CHANNEL) if isinstance(row, Channel)
        ]
        return [self._frame(Atom("initial_chan_info"), written or BERT_NIL)]

    @override
    def event(self, element: Element, row: Row, event_name: EventName) -> bytes | None:
        if element is Element.CHANNEL and isinstance(row, Channel):
            return self._frame(Atom("chan_info"), chan_info_row(row))
        news = self._news_of_mailbox(row)
        return None if news is None else self._frame(Atom("mwi_info"), news)

    @override
    def system_message(self, text: str) -> bytes:
        return self._frame(Atom("system_msg"), Charlist(text))

    @override
    def user_message(self, term: Term) -> bytes:
        return self._frame(Atom("msg"), term)

    def _news_of_mailbox(self, row: Row) -> RowTuple | None:
        # That grammar has no rows of users and groups, so their mailboxes are told of by change.
        if not isinstance(row, User | Group):
            return None
        text = row.mailbox.text
        if self._mailboxes.get(row.id, "") == text:
            return None
        self._mailboxes[row.id] = text
        return mwi_info_row(row)

    def _frame(self, *term: Term) -> bytes:
        return self._encoder.encode((term,) if self._wrapped else term)
