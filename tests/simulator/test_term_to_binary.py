"""Terms become the bytes that Erlang makes of them."""

from typing import cast

import erlastic
import pytest

from simulator.bert import BERT_NIL, Atom, Charlist, Term, term_to_binary


@pytest.mark.parametrize(
    ("term", "written"),
    [
        # As Erlang/OTP 25 writes a timestamp, and as bert.erl writes an empty list.
        (1_546_839_040_024_071, "6e 07 00 07 5e 81 87 d7 7e 05"),
        (BERT_NIL, "68 02 64 00 04 62 65 72 74 64 00 03 6e 69 6c"),
        (0, "61 00"),
        (255, "61 ff"),
        (256, "62 00 00 01 00"),
        (-1, "62 ff ff ff ff"),
        (2**31 - 1, "62 7f ff ff ff"),
        (2**31, "6e 04 00 00 00 00 80"),
        (-(2**31), "62 80 00 00 00"),
        (-(2**31) - 1, "6e 04 01 01 00 00 80"),
        (None, "64 00 09 75 6e 64 65 66 69 6e 65 64"),
        (True, "64 00 04 74 72 75 65"),
        (b"", "6d 00 00 00 00"),
        ([], "6a"),
        (Charlist(""), "6a"),
        (Charlist("user"), "6b 00 04 75 73 65 72"),
        # Erlang cannot tell a list of bytes from text.
        ([1, 2], "6b 00 02 01 02"),
        ([256], "6c 00 00 00 01 62 00 00 01 00 6a"),
        (Charlist("山"), "6c 00 00 00 01 62 00 00 5c 71 6a"),
        ([True], "6c 00 00 00 01 64 00 04 74 72 75 65 6a"),
        (1.5, "46 3f f8 00 00 00 00 00 00"),
        ({Atom("a"): 1}, "74 00 00 00 01 64 00 01 61 61 01"),
    ],
)
def test_term_is_written_as_by_erlang(term: Term, written: str) -> None:
    assert term_to_binary(term) == b"\x83" + bytes.fromhex(written)


@pytest.mark.parametrize(
    ("atom", "written"),
    [
        (Atom("ok"), "77 02 6f 6b"),
        (Atom("é"), "77 02 c3 a9"),
        (Atom("é" * 200), "76 01 90" + "c3 a9" * 200),
    ],
)
def test_newer_erlang_writes_atoms_as_utf8(atom: Atom, written: str) -> None:
    assert term_to_binary(atom, utf8_atoms=True) == b"\x83" + bytes.fromhex(written)


def test_older_erlang_writes_atoms_as_latin1_where_it_can() -> None:
    assert term_to_binary(Atom("é")) == b"\x83\x64\x00\x01\xe9"
    assert term_to_binary(Atom("山")) == b"\x83\x77\x03\xe5\xb1\xb1"


@pytest.mark.parametrize(
    "term",
    [
        2**2048,
        -(2**2048),
        tuple(range(300)),
        list(range(70_000)),
        (Atom("a"), (b"b", [(1,), (2,)], 10**15)),
    ],
)
def test_another_library_reads_the_same_term(term: Term) -> None:
    assert erlastic.decode(term_to_binary(term)) == term


def test_plain_text_is_no_term() -> None:
    with pytest.raises(TypeError, match="str is not an Erlang term"):
        term_to_binary(cast("Term", "text"))
