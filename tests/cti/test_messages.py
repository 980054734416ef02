"""Both grammars of the wire are understood, and each message tells which one it is."""

from collections.abc import Callable
import tracemalloc
from typing import Any, Final

from hypothesis import given, strategies as st
import pytest

from custom_components.ws_cti.cti.basix.bert import Term
from custom_components.ws_cti.cti.basix.messages import (
    MAILBOX,
    MAX_FIELDS,
    MAX_NAME,
    FieldSpec,
    InfoEvent,
    InitialInfo,
    Message,
    MessageReader,
    Row,
    SystemMessage,
    UnknownMessage,
    UserMessage,
)
from custom_components.ws_cti.cti.errors import ProtocolError
from custom_components.ws_cti.cti.words import Element

from .any_term import Written, terms
from .hostile import steadily

USER_SPEC: Final[tuple[Term, ...]] = ("field_spec", "user", ["id", "name", "presence"])


class ReaderByName:
    """Read messages, and leave of their rows the fields that have both a name and a term."""

    def __init__(self) -> None:
        self._reader = MessageReader()

    def read(self, term: Term) -> Message:
        match message := self._reader.read(term):
            case InfoEvent():
                return told(message.element, row(message.by_name()), message.event)
            case InitialInfo(element, rows):
                return InitialInfo(element, tuple(row(one.by_name()) for one in rows))
            case _:
                return message


def reader(*specs: Term) -> ReaderByName:
    """Return a reader that knows some field specs."""
    made = ReaderByName()
    for spec in specs:
        made.read(spec)
    return made


def row(fields: dict[str, Term]) -> Row:
    """Return a row of these fields alone, in the order of their names."""
    return Row(tuple(sorted(fields)), tuple(fields[name] for name in sorted(fields)))


def told(element: str, row: Row, event: str) -> InfoEvent:
    """Return the event that tells of a row."""
    return InfoEvent(row.names, row.terms, element, event)


def charlist(text: str) -> Term:
    return [ord(letter) for letter in text]


# The present grammar


def test_a_row_has_terms_by_the_names_of_its_spec() -> None:
    short, long = Row(("id", "name"), (1,)), Row(("id",), (1, "unnamed"))
    assert short.by_name() == long.by_name() == {"id": 1}
    assert (short.get("id"), short.get("name"), short.get("shoe_size")) == (1, None, None)


def test_a_field_spec_defines_the_positions_of_rows() -> None:
    assert reader().read(USER_SPEC) == FieldSpec("user", ("id", "name", "presence"))


def test_initial_info_brings_all_rows_by_field_name() -> None:
    message = reader(USER_SPEC).read(
        ("initial_info", "user", [(10001000, "user0", 0), (10001001, "user1", 3)])
    )
    assert message == InitialInfo(
        "user",
        (
            row({"id": 10001000, "name": "user0", "presence": 0}),
            row({"id": 10001001, "name": "user1", "presence": 3}),
        ),
    )


def test_initial_info_may_bring_no_rows() -> None:
    assert reader(USER_SPEC).read(("initial_info", "user", [])) == InitialInfo("user", ())


def test_initial_info_without_rows_needs_no_field_spec() -> None:
    assert reader().read(("initial_info", "user", [])) == InitialInfo("user", ())


def test_an_info_event_brings_one_row_and_what_happened() -> None:
    message = reader(USER_SPEC).read(("info_event", "user", (10001000, "user0", 0), "removed"))
    assert message == told("user", row({"id": 10001000, "name": "user0", "presence": 0}), "removed")


def test_event_names_that_nobody_documented_survive() -> None:
    message = reader(USER_SPEC).read(("info_event", "user", (1,), "polished"))
    assert message == told("user", row({"id": 1}), "polished")


def test_rows_are_mapped_by_field_spec_and_never_by_position() -> None:
    reordered = reader(("field_spec", "user", ["presence", "shoe_size", "name", "id"]))
    message = reordered.read(("info_event", "user", (3, 43, "user0", 10001000), "updated"))
    assert message == told(
        "user", row({"id": 10001000, "name": "user0", "presence": 3, "shoe_size": 43}), "updated"
    )


def test_a_later_field_spec_replaces_the_earlier_one() -> None:
    replaced = reader(USER_SPEC, ("field_spec", "user", ["name", "id"]))
    message = replaced.read(("info_event", "user", ("user0", 1), "updated"))
    assert message == told("user", row({"name": "user0", "id": 1}), "updated")


def test_short_rows_lack_fields_and_long_rows_have_too_many() -> None:
    message = reader(USER_SPEC).read(
        ("initial_info", "user", [(), (1,), (2, "user2", 0, "extra", "more")])
    )
    assert message == InitialInfo(
        "user", (row({}), row({"id": 1}), row({"id": 2, "name": "user2", "presence": 0}))
    )


def test_a_row_that_is_none_does_not_cost_the_others() -> None:
    message = reader(USER_SPEC).read(("initial_info", "user", [1, (2,), "three", None, [4]]))
    assert message == InitialInfo("user", (row({"id": 2}), row({"id": 4})))


def test_elements_that_nobody_documented_survive() -> None:
    unknown = reader(("field_spec", "coffee_machine", ["id", "beans"]))
    message = unknown.read(("info_event", "coffee_machine", (1, "arabica"), "updated"))
    assert message == told("coffee_machine", row({"id": 1, "beans": "arabica"}), "updated")


@pytest.mark.parametrize("write", [str, charlist])
@pytest.mark.parametrize("container", [tuple, list])
def test_words_and_containers_may_come_in_any_shape(
    write: Callable[[str], Term], container: Callable[[Any], Any]
) -> None:
    shaped = reader(
        container((write("field_spec"), write("user"), container((write("id"), write("name")))))
    )
    message = shaped.read(
        container((write("info_event"), write("user"), container((1, "user0")), write("added")))
    )
    assert message == told("user", row({"id": 1, "name": "user0"}), "added")


def test_messages_may_grow() -> None:
    grown = reader((*USER_SPEC, "new"))
    assert grown.read(("initial_info", "user", [(1,)], "new")) == InitialInfo(
        "user", (row({"id": 1}),)
    )
    assert grown.read(("info_event", "user", (1,), "updated", 7)) == told(
        "user", row({"id": 1}), "updated"
    )
    assert grown.read(("system_msg", "logout", "new")) == SystemMessage("logout")


@pytest.mark.parametrize(
    "word", ["connection_limit_reached", "connection_replaced", "logout", "anything_else"]
)
def test_a_system_message_is_a_word(word: str) -> None:
    assert reader().read(("system_msg", word)) == SystemMessage(word)


@pytest.mark.parametrize(
    ("body", "plain"),
    [
        ("Lunch!", "Lunch!"),
        ((10001000, "Lunch!"), [10001000, "Lunch!"]),
        ({"text": "Lunch!", "to": None}, {"text": "Lunch!", "to": None}),
        (1 << 80, str(1 << 80)),
    ],
)
def test_a_users_message_has_any_shape(body: Term, plain: object) -> None:
    message = reader().read(("msg", body))
    assert message == UserMessage(plain)  # type: ignore[arg-type] # any shape


@pytest.mark.parametrize(
    ("term", "tag"),
    [
        (("fax_info", "received"), "fax_info"),
        (("fax_info",), "fax_info"),
        ((1, 2, 3), "1"),
        (((), 2), ""),
        ((), ""),
        ([], ""),
    ],
)
def test_tags_that_nobody_documented_survive(term: Term, tag: str) -> None:
    assert reader().read(term) == UnknownMessage(tag)


# The grammar of 2016 to 2018


def bare(message: Term) -> Term:
    return message


def in_a_tuple(message: Term) -> Term:
    return (message,)


def in_a_list(message: Term) -> Term:
    return [message]


each_wrapping = pytest.mark.parametrize("wrapped", [bare, in_a_tuple, in_a_list])
type Wrapping = Callable[[Term], Term]


@each_wrapping
def test_legacy_channels_come_all_at_once_and_then_each(wrapped: Wrapping) -> None:
    legacy = reader()
    assert legacy.read(wrapped(("field_spec", "chan_info", ["uuid", "state"]))) == FieldSpec(
        "chan_info", ("uuid", "state")
    )
    assert legacy.read(wrapped(("initial_chan_info", [("a", None), ("b", None)]))) == InitialInfo(
        "channel", (row({"uuid": "a", "state": None}), row({"uuid": "b", "state": None}))
    )
    assert legacy.read(wrapped(("chan_info", ("a", (1, "plivo"))))) == told(
        "channel", row({"uuid": "a", "state": (1, "plivo")}), "updated"
    )


@each_wrapping
def test_legacy_may_know_of_no_channels(wrapped: Wrapping) -> None:
    legacy = reader(wrapped(("field_spec", "chan_info", ["uuid"])))
    assert legacy.read(wrapped(("initial_chan_info", []))) == InitialInfo("channel", ())


@each_wrapping
@pytest.mark.parametrize(
    ("tag", "element", "event"),
    [
        ("park_info", "parked_channel", "added"),
        ("unpark_info", "parked_channel", "removed"),
        ("mwi_info", MAILBOX, "updated"),
    ],
)
def test_legacy_parking_and_mailboxes_have_messages_of_their_own(
    tag: str, element: str, event: str, wrapped: Wrapping
) -> None:
    legacy = reader(wrapped(("field_spec", tag, ["first", "second"])))
    message = legacy.read(wrapped((tag, (1, "two"))))
    assert message == told(element, row({"first": 1, "second": "two"}), event)


@each_wrapping
def test_messages_of_the_system_are_wrapped_as_well(wrapped: Wrapping) -> None:
    assert reader().read(wrapped(("system_msg", "logout"))) == SystemMessage("logout")


def test_one_connection_may_even_mix_the_grammars() -> None:
    mixed = reader(USER_SPEC, [("field_spec", "chan_info", ["uuid"])])
    assert mixed.read((("chan_info", ("a",)),)) == told("channel", row({"uuid": "a"}), "updated")
    assert mixed.read(("info_event", "user", (1,), "added")) == told(
        "user", row({"id": 1}), "added"
    )


# What is no message


@pytest.mark.parametrize("term", ["field_spec", 1, None, True, 1.5, {"field_spec": "user"}])
def test_what_is_no_tuple_is_no_message(term: Term) -> None:
    with pytest.raises(ProtocolError, match="no message"):
        reader().read(term)


@pytest.mark.parametrize(
    "term",
    [
        ("field_spec", "user"),
        ("field_spec", "user", "id"),
        ("initial_info", "user"),
        ("initial_info", "user", ("no", "list")),
        ("info_event", "user"),
        ("info_event", "user", "row", "updated"),
        ("info_event",),
        ("initial_chan_info",),
        ("chan_info",),
        ("chan_info", 7),
        ("mwi_info",),
        ("system_msg",),
        ("msg",),
    ],
)
def test_a_message_without_what_belongs_to_it_is_refused(term: Term) -> None:
    specs: tuple[Term, ...] = (USER_SPEC, ("field_spec", "chan_info", ["uuid"]))
    with pytest.raises(ProtocolError):
        reader(*specs).read(term)


@pytest.mark.parametrize(
    "term",
    [
        ("initial_info", "user", [(1, "user0")]),
        ("info_event", "user", (1, "user0"), "added"),
        ("initial_chan_info", [("a",)]),
        ("chan_info", ("a",)),
        ("mwi_info", ("user", 1, "2/5")),
    ],
)
def test_a_row_before_its_field_spec_is_refused(term: Term) -> None:
    with pytest.raises(ProtocolError, match="before its field spec"):
        reader(("field_spec", "group", ["id"])).read(term)


def test_field_specs_belong_to_one_connection() -> None:
    reader(USER_SPEC)
    with pytest.raises(ProtocolError):
        reader().read(("info_event", "user", (1,), "added"))


def test_a_server_that_invents_elements_is_not_remembered_for_it() -> None:
    invented = reader(USER_SPEC)
    tracemalloc.start()
    for number in range(1000):
        fields: list[Term] = [f"{number:030} {field:030}" for field in range(100)]
        invented.read(("field_spec", f"element{number}", fields))
        invented.read(("field_spec", f"{number:01000000}", ["id"]))
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 1_000_000


def test_a_server_that_invents_elements_does_not_cost_the_known_ones() -> None:
    specs: list[Term] = [("field_spec", f"element{number}", ["id"]) for number in range(1000)]
    invented = reader(*specs)
    for name in (*Element, "chan_info", "park_info", "unpark_info", "mwi_info"):
        invented.read(("field_spec", name, ["id"]))
    for name in Element:
        assert invented.read(("info_event", name, (1,), "added")) == told(
            name, row({"id": 1}), "added"
        )
    assert invented.read(("chan_info", (1,))) == told("channel", row({"id": 1}), "updated")


def test_a_field_spec_of_more_fields_than_any_row_has_is_refused() -> None:
    most = reader(("field_spec", "user", [f"field{number}" for number in range(MAX_FIELDS)]))
    with pytest.raises(ProtocolError, match="too many fields"):
        most.read(("field_spec", "user", [f"field{number}" for number in range(MAX_FIELDS + 1)]))
    assert most.read(("info_event", "user", (1,), "added")) == told(
        "user", row({"field0": 1}), "added"
    )


def test_names_of_fields_without_measure_are_refused() -> None:
    with pytest.raises(ProtocolError, match="field name too long"):
        reader(("field_spec", "user", ["id", "x" * (MAX_NAME + 1)]))


TAGS = (
    "field_spec", "initial_info", "info_event", "system_msg", "msg",
    "initial_chan_info", "chan_info", "park_info", "unpark_info", "mwi_info",
)  # fmt: skip


@steadily(250)
@given(
    st.lists(
        st.one_of(
            terms.map(lambda term: term.value),
            st.tuples(st.sampled_from(TAGS)),
            st.tuples(st.sampled_from(TAGS), st.sampled_from(("user", "chan_info"))),
        ),
        max_size=4,
    ),
    st.lists(terms, max_size=4),
)
def test_whatever_a_frame_holds_is_a_message_or_refused(
    heads: list[Any], rest: list[Written]
) -> None:
    any_reader = reader(USER_SPEC)
    for head in heads:
        whole = (*head, *(term.value for term in rest)) if isinstance(head, tuple) else head
        try:
            any_reader.read(whole)
        except ProtocolError:
            continue
