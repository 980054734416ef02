"""Frames become terms, and whatever is wrong with a frame is said in one way."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from random import Random
import struct
import tracemalloc
from typing import Any, Final, override
from unittest.mock import patch

import erlastic
from hypothesis import given, strategies as st
import pytest

from custom_components.ws_cti.cti.basix import bert
from custom_components.ws_cti.cti.basix.bert import (
    MAX_DEPTH,
    MAX_FRAME_BYTES,
    MAX_INTEGER_BYTES,
    MAX_MAP_KEYS,
    BertDecoder,
    Term,
)
from custom_components.ws_cti.cti.basix.opaque import Opaque
from custom_components.ws_cti.cti.errors import MalformedError
from simulator.bert import Atom, Charlist, term_to_binary
from simulator.phone_system import PhoneSystem
from simulator.wire import Dialect, wire

from . import erlang, recorded
from .any_term import Written, terms, terms_of_old
from .erlang import frame
from .hostile import arbitrary_frames, steadily

ACCEPTED_TAGS: Final = {
    70, 77, 88, 89, 90, 97, 98, 99, 100, 101, 102, 103, 104, 105, 106, 107, 108, 109, 110, 111,
    112, 113, 114, 115, 116, 118, 119, 120,
}  # fmt: skip
BYTES_PER_BYTE: Final = 32
"""How much memory a byte of a frame may take while it is decoded."""

CONSTANT_BYTES: Final = 64 * 1024


def decoded(raw: bytes) -> Term:
    return BertDecoder().decode(raw)


def exactly(value: Term) -> tuple[Term, str]:
    """Return what tells True from 1, and 0.0 from -0.0, too."""
    return value, repr(value)


@contextmanager
def refused(reason: str | None = None) -> Iterator[None]:
    with pytest.raises(MalformedError, match=reason):
        yield


# What terms mean


@steadily(300)
@given(terms)
def test_what_erlang_wrote_is_what_python_reads(term: Written) -> None:
    assert exactly(decoded(frame(term.raw))) == exactly(term.value)


@steadily()
@given(st.lists(terms, min_size=2, max_size=5))
def test_one_decoder_reads_all_frames_of_a_connection(several: list[Written]) -> None:
    decoder = BertDecoder()
    for term in several:
        assert exactly(decoder.decode(frame(term.raw))) == exactly(term.value)


def _simulated() -> st.SearchStrategy[Any]:
    """Return terms as the simulator writes them, and what they are in Python."""
    words = st.sampled_from(("channel", "ringing", "Łukasz", "山田 太郎", "x" * 300))
    leaves = st.one_of(
        words.map(lambda word: (Atom(word), word)),
        words.map(lambda word: (word.encode(), word)),
        st.sampled_from(("updated", "added")).map(lambda word: (Charlist(word), word)),
        st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False)).map(
            lambda number: (number, number)
        ),
        st.sampled_from((None, True, False)).map(lambda word: (word, word)),
    )
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner, max_size=300).map(
            lambda items: (tuple(item[0] for item in items), tuple(item[1] for item in items))
        ),
        max_leaves=20,
    )


@pytest.mark.parametrize("utf8_atoms", [False, True])
def test_what_the_simulator_wrote_is_what_python_reads(utf8_atoms: bool) -> None:  # noqa: FBT001
    @steadily()
    @given(_simulated())
    def reads(pair: tuple[Any, Term]) -> None:
        written, value = pair
        assert exactly(decoded(term_to_binary(written, utf8_atoms=utf8_atoms))) == exactly(value)

    reads()


@pytest.mark.parametrize(
    ("raw", "value"),
    [
        pytest.param("610a", 10, id="small integer"),
        pytest.param("61c8", 200, id="small integers have no sign"),
        pytest.param("6200989a68", 10_001_000, id="integer"),
        pytest.param("6280000000", -2_147_483_648, id="most negative integer"),
        pytest.param("62ffffffff", -1, id="negative integer"),
        pytest.param("6e0700075e8187d77e05", 1_546_839_040_024_071, id="timestamp"),
        pytest.param("6e0000", 0, id="big integer without digits"),
        pytest.param("6e010105", -5, id="negative big integer"),
        pytest.param("6e0700" + 7 * "ff", (1 << 56) - 1, id="big integer of seven bytes"),
        pytest.param("6e0701" + 7 * "ff", 1 - (1 << 56), id="negative one of seven bytes"),
        pytest.param("6f00000001000a", 10, id="large big integer"),
        pytest.param("46bff8000000000000", -1.5, id="new float"),
        pytest.param("640009756e646566696e6564", None, id="atom undefined"),
        pytest.param("640004" + b"true".hex(), True, id="atom true"),
        pytest.param("7705" + b"false".hex(), False, id="atom false of OTP 26"),
        pytest.param("640006" + b"update".hex(), "update", id="atom"),
        pytest.param("640002c3a9", "é", id="atom in UTF-8"),
        pytest.param("640001e9", "é", id="atom in latin-1"),
        pytest.param("6b0003" + b"abc".hex(), "abc", id="charlist"),
        pytest.param("6d00000003" + b"abc".hex(), "abc", id="binary"),
        pytest.param("6d00000000", "", id="empty binary"),
        pytest.param("6a", [], id="empty list"),
        pytest.param("6800", (), id="empty tuple"),
        pytest.param("68026400046265727464" + "00036e696c", [], id="bert nil"),
        pytest.param("7400000000", {}, id="empty map"),
    ],
)
def test_the_wires_own_bytes(raw: str, value: Term) -> None:
    assert exactly(decoded(bytes.fromhex("83" + raw))) == exactly(value)


@pytest.mark.parametrize("length", [33_023, 33_024, 65_535])
def test_lengths_have_no_sign(length: int) -> None:
    text = "x" * length
    assert decoded(frame(erlang.string(text))) == text
    assert decoded(frame(erlang.atom(text))) == text


def test_floats_in_text_have_the_form_of_old_releases() -> None:
    assert decoded(frame(b"c1.50000000000000000000e+00\0\0\0\0\0")) == 1.5


def test_large_tuples_are_tuples() -> None:
    assert decoded(frame(erlang.large_tuple(*[erlang.small_integer(7)] * 300))) == (7,) * 300


@pytest.mark.parametrize("write", [erlang.atom, erlang.utf8_atom, erlang.string, erlang.binary])
def test_text_that_is_no_utf8_is_latin1(write: Callable[[str | bytes], bytes]) -> None:
    assert decoded(frame(write("Łukasz".encode()))) == "Łukasz"
    assert decoded(frame(write(b"M\xfcller"))) == "Müller"


def test_berts_own_forms_are_unwrapped_at_any_depth() -> None:
    term = erlang.list_of(
        erlang.small_tuple(erlang.BERT_TRUE, erlang.BERT_NIL),
        erlang.bert_dict((erlang.atom("slot"), erlang.bert_dict((erlang.BERT, erlang.BERT_NIL)))),
        erlang.map_of((erlang.atom("on"), erlang.BERT_FALSE)),
    )
    value: Term = [(True, []), {"slot": {"bert": []}}, {"on": False}]
    assert exactly(decoded(frame(term))) == exactly(value)


def test_an_empty_dictionary_may_hold_an_empty_list_in_either_form() -> None:
    for empty in (erlang.NIL, erlang.BERT_NIL):
        assert decoded(frame(erlang.small_tuple(erlang.BERT, erlang.atom("dict"), empty))) == {}


def test_only_the_atom_begins_a_form_of_bert() -> None:
    pair = erlang.small_tuple(erlang.binary("bert"), erlang.atom("nil"))
    assert decoded(frame(pair)) == ("bert", "nil")


def test_forms_of_bert_without_use_here_stay_as_they_are() -> None:
    time = erlang.small_tuple(erlang.BERT, erlang.atom("time"), *[erlang.small_integer(1)] * 3)
    assert decoded(frame(time)) == ("bert", "time", 1, 1, 1)


@pytest.mark.parametrize("raw", [pytest.param(raw, id=kind) for kind, raw in erlang.OPAQUE.items()])
def test_what_means_something_only_inside_erlang_does_not_cost_the_row(raw: bytes) -> None:
    row = erlang.small_tuple(erlang.binary("before"), raw, erlang.binary("after"))
    assert decoded(frame(row)) == ("before", Opaque(raw[0], raw[1:]), "after")


@pytest.mark.parametrize("name", recorded.SESSIONS)
def test_all_recorded_frames_are_terms(name: str) -> None:
    decoder = BertDecoder()
    assert all(isinstance(decoder.decode(raw), tuple) for raw in recorded.frames(name))


@steadily()
@given(terms)
def test_a_compressed_term_is_the_term(term: Written) -> None:
    # What hardly shrinks is never refused.
    assert exactly(decoded(erlang.compressed(term.raw))) == exactly(term.value)


def as_erlastic_says(term: Term) -> object:
    """Return a term with the differences undone that are known and wanted.

    erlastic leaves text that is no atom as bytes, knows `none` and not `undefined`, and has
    a class of its own for each term that means something only inside Erlang.
    """
    match term:
        case str():
            return term.encode()
        case tuple():
            return tuple(map(as_erlastic_says, term))
        case list():
            return list(map(as_erlastic_says, term))
        case Opaque():
            return "a term of Erlang's own"
        case _:
            return term


def as_we_say(term: object) -> object:
    match term:
        case erlastic.Atom():
            # Its atoms are latin-1 always, so that this gives their bytes back.
            return None if term == "undefined" else term.encode("latin-1")
        case (erlastic.Atom("bert"), erlastic.Atom("nil")):
            return []
        case tuple():
            return tuple(map(as_we_say, term))
        case list():
            return list(map(as_we_say, term))
        case erlastic.Reference() | erlastic.Port() | erlastic.PID() | erlastic.Export():
            return "a term of Erlang's own"
        case _:
            return term


@steadily(300)
@given(terms_of_old)
def test_a_library_that_knows_nothing_of_us_reads_the_same(term: Written) -> None:
    raw = frame(term.raw)
    assert repr(as_erlastic_says(decoded(raw))) == repr(as_we_say(erlastic.decode(raw)))


@pytest.mark.parametrize("name", recorded.SESSIONS)
def test_the_same_library_reads_the_recorded_frames_the_same(name: str) -> None:
    for raw in recorded.frames(name):
        assert as_erlastic_says(decoded(raw)) == as_we_say(erlastic.decode(raw))


# What is wrong with frames


@steadily(1200)
@given(arbitrary_frames)
def test_no_bytes_at_all_raise_anything_but_malformed(raw: bytes) -> None:
    with suppress(MalformedError):
        decoded(raw)


class CountedReads(bytes):
    """Count how often bytes are asked for one of them, or for a slice."""

    reads = 0

    @override
    def __getitem__(self, place: Any) -> Any:
        self.reads += 1
        return super().__getitem__(place)


@steadily(600)
@given(arbitrary_frames)
def test_no_bytes_at_all_take_more_reads_than_two_for_each(raw: bytes) -> None:
    counted = CountedReads(raw)
    with suppress(MalformedError):
        decoded(counted)
    assert counted.reads <= 2 * len(raw) + 2


@steadily(600)
@given(arbitrary_frames)
def test_no_compressed_bytes_take_more_reads_than_two_for_each(raw: bytes) -> None:
    counted = CountedReads(raw[1:])
    with suppress(MalformedError), patch.object(bert, "_inflate", return_value=counted):
        decoded(erlang.compressed(raw[1:]))
    assert counted.reads <= 2 * len(raw) + 2


@steadily()
@given(terms, st.data())
def test_a_frame_cut_short_is_malformed(term: Written, data: st.DataObject) -> None:
    whole = frame(term.raw)
    with refused():
        decoded(whole[: data.draw(st.integers(0, len(whole) - 1))])


@steadily()
@given(terms, st.binary(min_size=1, max_size=5))
def test_bytes_behind_the_term_are_malformed(term: Written, rest: bytes) -> None:
    with refused("bytes left over"):
        decoded(frame(term.raw) + rest)


@pytest.mark.parametrize("version", [0, 104, 130, 132, 255])
def test_another_version_is_malformed(version: int) -> None:
    with refused("version"):
        decoded(bytes((version,)) + erlang.NIL)


def test_unknown_tags_are_malformed() -> None:
    for tag in set(range(256)) - ACCEPTED_TAGS - {80}:
        with refused(f"unknown tag {tag} "):
            decoded(frame(bytes((tag,)) + bytes(40)))


def test_every_known_tag_needs_its_bytes() -> None:
    for tag in ACCEPTED_TAGS:
        with refused():
            decoded(frame(erlang.list_of(bytes((tag,)), tail=b"")))


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(b"i\xff\xff\xff\xff", id="tuple"),
        pytest.param(b"h\xff", id="small tuple"),
        pytest.param(b"l\xff\xff\xff\xff", id="list"),
        pytest.param(b"t\xff\xff\xff\xff", id="map"),
        pytest.param(b"t\0\0\x0f\xff", id="map of as many keys as allowed"),
        pytest.param(b"m\xff\xff\xff\xff", id="binary"),
        pytest.param(b"k\xff\xff", id="charlist"),
        pytest.param(b"d\xff\xff", id="atom"),
        pytest.param(b"s\xff", id="small atom"),
        pytest.param(b"v\xff\xff", id="atom of OTP 26"),
        pytest.param(b"w\xff", id="small atom of OTP 26"),
        pytest.param(b"n\xff\0", id="big integer"),
        pytest.param(b"o\xff\xff\xff\xff\0", id="large big integer"),
        pytest.param(b"M\xff\xff\xff\xff\x08", id="bit string"),
        pytest.param(b"p\xff\xff\xff\xff", id="fun"),
        pytest.param(b"r\xff\xff" + erlang.NODE, id="reference"),
        pytest.param(b"Z\xff\xff" + erlang.NODE, id="newer reference"),
        pytest.param(b"P\xff\xff\xff\xff", id="compressed term"),
    ],
)
def test_a_length_beyond_the_frame_is_malformed_and_takes_no_memory(header: bytes) -> None:
    raw = frame(header + bytes(20))
    with refused(), little_memory(0):
        decoded(raw)


def test_nesting_is_bounded() -> None:
    opening = b"h\1" * MAX_DEPTH
    assert decoded(frame(opening + erlang.NIL))
    for deeper in (1, 1_000_000):
        with refused("nested too deeply"):
            decoded(frame(opening + b"h\1" * deeper + erlang.NIL))


def test_what_was_nested_too_deeply_does_not_count_against_the_next_frame() -> None:
    decoder = BertDecoder()
    with refused():
        decoder.decode(frame(b"h\1" * (MAX_DEPTH + 1) + erlang.NIL))
    assert decoder.decode(frame(b"h\1" * MAX_DEPTH + erlang.NIL))


def test_siblings_do_not_count_as_depth() -> None:
    flat = erlang.list_of(*[erlang.small_tuple(erlang.NIL)] * (10 * MAX_DEPTH))
    assert decoded(frame(flat)) == [([],)] * (10 * MAX_DEPTH)


def test_integers_are_bounded() -> None:
    largest = (1 << 8 * MAX_INTEGER_BYTES) - 1
    assert decoded(frame(erlang.large_big(-largest))) == -largest
    with refused("integer too large"):
        decoded(frame(erlang.large_big(largest + 1)))


def test_an_integer_of_a_megabyte_is_refused_unread() -> None:
    raw = frame(struct.pack(">BIB", 111, 1 << 20, 0) + bytes(1 << 20))
    with refused("integer too large"), little_memory(0):
        decoded(raw)


@pytest.mark.parametrize("digits", [b"nan", b"inf", b"-inf", b"1e999", b"", b"one", b"\xff" * 31])
def test_floats_are_finite_numbers(digits: bytes) -> None:
    with refused("float"):
        decoded(frame(erlang.float_text(digits)))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf")])
def test_new_floats_are_finite_numbers(value: float) -> None:
    with refused("float"):
        decoded(frame(erlang.new_float(value)))


@pytest.mark.parametrize("tail", [erlang.small_integer(1), erlang.atom("tail"), b"l\0\0\0\0j"])
def test_improper_lists_are_refused(tail: bytes) -> None:
    with refused("improper list"):
        decoded(frame(erlang.list_of(erlang.NIL, tail=tail)))


@pytest.mark.parametrize(
    "key",
    [
        erlang.NIL,
        erlang.small_tuple(),
        erlang.map_of(),
        erlang.OPAQUE["pid"],
        erlang.small_big(1 << 63),
        erlang.small_big(-(1 << 63)),
    ],
)
def test_map_keys_are_plain_values(key: bytes) -> None:
    for write in (erlang.map_of, erlang.bert_dict):
        with refused("map key"):
            decoded(frame(write((key, erlang.NIL))))


def test_maps_are_bounded() -> None:
    pairs = [(erlang.integer(number), erlang.NIL) for number in range(MAX_MAP_KEYS + 1)]
    for write in (erlang.map_of, erlang.bert_dict):
        value = decoded(frame(write(*pairs[:-1])))
        assert isinstance(value, dict)
        assert len(value) == MAX_MAP_KEYS
        with refused("map too large"):
            decoded(frame(write(*pairs)))


def test_a_dictionary_consists_of_pairs() -> None:
    for item in (erlang.NIL, erlang.binary("ab"), erlang.small_tuple(*[erlang.NIL] * 3)):
        odd = erlang.small_tuple(erlang.BERT, erlang.atom("dict"), erlang.list_of(item))
        with refused("dictionary without pairs"):
            decoded(frame(odd))


@pytest.mark.parametrize("kind", sorted(erlang.OPAQUE.keys() - {"bit string", "fun"}))
def test_a_node_is_named_by_an_atom(kind: str) -> None:
    # Else a term within a term within a term could make us copy a frame over and over.
    raw = erlang.OPAQUE[kind]
    name = erlang.atom("lists") if kind == "external fun" else erlang.NODE
    for odd in (erlang.small_integer(1), erlang.binary("pbx"), raw):
        with refused("no atom"):
            decoded(frame(raw.replace(name, odd)))


def test_frames_are_bounded() -> None:
    with refused("frame too large"):
        decoded(bytes(MAX_FRAME_BYTES + 1))


@pytest.mark.parametrize("size", [0, 9, 11, 500])
def test_a_compressed_term_has_the_size_that_it_announces(size: int) -> None:
    term = erlang.binary("12345")
    assert len(term) == 10
    with refused("compressed term"):
        decoded(erlang.compressed(term, size))


def test_a_damaged_compressed_term_is_malformed() -> None:
    good = erlang.compressed(erlang.binary("12345" * 10))
    damaged = [good[:-1], good + b"x", good[:10] + b"\xff" + good[11:], good[:6] + b"no zlib"]
    for raw in damaged:
        with refused("compressed term"):
            decoded(raw)


def test_a_compressed_term_may_hold_nothing_but_its_term() -> None:
    for term in (erlang.NIL * 2, b"", erlang.compressed(erlang.NIL)[1:], frame(erlang.NIL)):
        with refused():
            decoded(erlang.compressed(term))


def test_what_inflates_out_of_proportion_is_refused_before_it_does() -> None:
    bomb = erlang.compressed(erlang.binary(bytes(20_000_000)))
    with refused("compressed term too large"), little_memory(len(bomb)):
        decoded(bomb)
    liar = bomb[:2] + struct.pack(">I", 1000) + bomb[6:]
    with refused("another size"), little_memory(len(liar)):
        decoded(liar)


def test_rows_of_a_large_phone_system_may_be_compressed() -> None:
    office = PhoneSystem.office(users=500, groups=20)
    for raw in wire(Dialect()).initial(office.rows):
        assert decoded(erlang.compressed(raw[1:])) == decoded(raw)


def test_reasons_never_quote_a_frame() -> None:
    secret = b"0312345678"
    frames = [
        frame(erlang.binary(secret) + secret),
        frame(erlang.list_of(erlang.binary(secret), tail=erlang.binary(secret))),
        frame(erlang.float_text(secret + b"x")),
        frame(erlang.map_of((erlang.small_tuple(erlang.binary(secret)), erlang.NIL))),
        frame(erlang.binary(secret))[:-1],
    ]
    for raw in frames:
        with pytest.raises(MalformedError) as caught:
            decoded(raw)
        assert secret.decode() not in str(caught.value)


# Memory


@contextmanager
def little_memory(frame_bytes: int) -> Iterator[None]:
    """Demand that no more memory is taken than a frame of this length may take."""
    tracemalloc.start()
    try:
        yield
    finally:
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak <= BYTES_PER_BYTE * frame_bytes + CONSTANT_BYTES


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(erlang.NIL, id="empty lists"),
        pytest.param(erlang.BERT_NIL, id="empty lists of BERT"),
        pytest.param(erlang.small_tuple(), id="empty tuples"),
        pytest.param(erlang.small_tuple(erlang.NIL), id="tuples of an empty list"),
        pytest.param(erlang.small_tuple(erlang.small_tuple(erlang.NIL)), id="tuples in tuples"),
        pytest.param(erlang.list_of(erlang.NIL), id="lists of an empty list"),
        pytest.param(erlang.list_of(), id="empty lists in the long form"),
        pytest.param(erlang.map_of(), id="empty maps"),
        pytest.param(erlang.map_of((erlang.small_atom(""), erlang.NIL)), id="maps of one key"),
        pytest.param(erlang.string("ab"), id="charlists"),
        pytest.param(erlang.binary("Ł"), id="binaries"),
        pytest.param(erlang.small_big(1 << 40), id="big integers"),
        pytest.param(erlang.new_float(1.5), id="floats"),
        *(pytest.param(raw, id=f"{kind}s") for kind, raw in erlang.OPAQUE.items()),
    ],
)
def test_memory_is_in_proportion_to_the_frame(item: bytes) -> None:
    raw = frame(erlang.list_of(*[item] * (200_000 // len(item))))
    decoder = BertDecoder()
    with little_memory(len(raw)):
        decoder.decode(raw)


def test_memory_is_in_proportion_for_text_of_which_one_letter_is_wide() -> None:
    raw = frame(erlang.binary("\N{TELEPHONE RECEIVER}" + "x" * 200_000))
    with little_memory(len(raw)):
        decoded(raw)


def test_memory_is_in_proportion_for_a_map_that_is_too_large() -> None:
    pair = (erlang.small_integer(1), erlang.NIL)
    raw = frame(erlang.map_of(*[pair] * 100_000))
    with refused("map too large"), little_memory(0):
        decoded(raw)


def test_a_server_that_invents_atoms_is_not_remembered_for_it() -> None:
    decoder = BertDecoder()
    tracemalloc.start()
    for number in range(500):
        decoder.decode(frame(erlang.atom(f"{number:065000}")))
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 1 << 20


def test_memory_is_in_proportion_for_damaged_frames() -> None:
    # Not hypothesis, whose own memory would be counted.
    random = Random(1)
    for _ in range(1000):
        raw = bytearray(random.choice(recorded.ALL_FRAMES))
        for _ in range(random.randint(1, 5)):
            raw[random.randrange(1, len(raw))] = random.choice((0, 97, 104, 106, 108, 116, 255))
        with little_memory(len(raw)), suppress(MalformedError):
            decoded(bytes(raw))
