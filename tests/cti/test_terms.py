"""Single values are read whatever shape they came in, and nonsense is never an error."""

import json
from reprlib import repr as shortened

from hypothesis import given
import orjson
import pytest

from custom_components.ws_cti.cti.basix import terms
from custom_components.ws_cti.cti.basix.bert import Term
from custom_components.ws_cti.cti.basix.opaque import Opaque
from custom_components.ws_cti.cti.model import MessageWaiting
from custom_components.ws_cti.cti.words import Id, Json, Raw

from .any_term import Written, terms as any_terms
from .hostile import steadily

PID = Opaque(103, b"")
A_MICROSECOND_OF_2026 = 1_790_000_000_000_001


@pytest.mark.parametrize(
    ("term", "said"),
    [
        ("user0", "user0"),
        ("", ""),
        (1000, "1000"),
        (True, "true"),
        (False, "false"),
        (1.5, "1.5"),
        ([0x5C71, 0x7530], "山田"),
        ([ord("1"), 0x30E6], "1ユ"),
        (None, ""),
        ([], ""),
        ((1, 2), ""),
        ([1, 2], ""),
        ([True, 65], ""),
        ([0xD800, 65], ""),
        ([0x110000], ""),
        ([65, "b"], ""),
        ({"a": 1}, ""),
        (PID, ""),
    ],
    ids=shortened,
)
def test_text_may_be_an_atom_a_binary_a_charlist_or_a_number(term: Term, said: str) -> None:
    assert terms.text(term) == said
    assert terms.optional_text(term) == (said or None)


@pytest.mark.parametrize(
    ("term", "item_id"),
    [
        (10_001_000, "10001000"),
        ("10001000", "10001000"),
        (0, "0"),
        (1 << 200, str(1 << 200)),
        ("96174eec-7a5d", "96174eec-7a5d"),
        (None, None),
        ("", None),
        ([], None),
        (True, None),
        ((1,), None),
        (PID, None),
    ],
    ids=shortened,
)
def test_numbers_and_texts_are_ids_and_nothing_else_is(term: Term, item_id: Id | None) -> None:
    assert terms.identifier(term) == item_id


@pytest.mark.parametrize(
    ("term", "at"),
    [
        (A_MICROSECOND_OF_2026, A_MICROSECOND_OF_2026),
        (str(A_MICROSECOND_OF_2026), A_MICROSECOND_OF_2026),
        (None, None),
        (0, None),
        (-1, None),
        (True, None),
        (1 << 64, None),
        ("9" * 17, None),
        ("9" * 5000, None),
        ("", None),
        ("soon", None),
        ("1.5", None),
        ("²", None),
        (1.5, None),
        ([], None),
        (PID, None),
    ],
    ids=shortened,
)
def test_times_are_microseconds_in_a_number_or_in_a_text(term: Term, at: int | None) -> None:
    assert terms.timestamp(term) == at


@pytest.mark.parametrize(
    ("term", "value"),
    [
        (3, 3),
        (0, 0),
        (-1, -1),
        (1.5, 1.5),
        (True, True),
        ("away", "away"),
        ("", ""),
        (None, None),
        ([], ""),
        (1 << 63, str(1 << 63)),
        ([0x5C71], "山"),
        ((1, "two"), '[1, "two"]'),
        ({"a": 1}, '{"a": 1}'),
        (PID, "opaque term 103"),
    ],
    ids=shortened,
)
def test_codes_without_a_known_meaning_stay_as_they_came(term: Term, value: Raw) -> None:
    assert terms.raw(term) == value
    assert type(terms.raw(term)) is type(value)


@pytest.mark.parametrize(
    ("term", "value"),
    [
        ((1, [2, ("three",)]), [1, [2, ["three"]]]),
        ({"a": {1: None}, None: (), True: 1.5}, {"a": {"1": None}, "": [], "true": 1.5}),
        ((1 << 63) - 1, (1 << 63) - 1),
        (1 << 63, "9223372036854775808"),
        (-(1 << 64), "-18446744073709551616"),
        (float("inf"), None),
        (PID, "opaque term 103"),
    ],
    ids=shortened,
)
def test_any_term_becomes_plain_data(term: Term, value: Json) -> None:
    assert terms.to_json(term) == value


@steadily(300)
@given(any_terms)
def test_every_json_writer_takes_what_became_of_any_term(term: Written) -> None:
    read = (
        terms.to_json,
        terms.raw,
        terms.text,
        terms.identifier,
        terms.timestamp,
        terms.whoscall,
    )
    for value in [reader(term.value) for reader in read]:
        assert orjson.loads(orjson.dumps(value)) == value
        json.dumps(value, allow_nan=False)
    waiting = terms.message_waiting(term.value)
    orjson.dumps([waiting.raw, waiting.new, waiting.saved])


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("Olive%20Oyl", "Olive Oyl"),
        ("%E6%9D%B1%E4%BA%AC", "東京"),
        ("M%FCller", "Müller"),
        ("山田", "山田"),
        ("100%", "100%"),
        ("%zz%4", "%zz%4"),
        ("a+b", "a+b"),
        ("", ""),
    ],
    ids=shortened,
)
def test_percent_encoded_text_is_decoded_as_far_as_it_can_be(said: str, meant: str) -> None:
    assert terms.percent_decoded(said) == meant


@pytest.mark.parametrize(
    ("term", "raw", "new", "saved"),
    [
        ("", "", 0, 0),
        (None, "", 0, 0),
        ([], "", 0, 0),
        ("2/5", "2/5", 2, 5),
        ("1/0", "1/0", 1, 0),
        ("12, 3", "12, 3", 12, 3),
        ("new: 2 saved: 5 (0/0)", "new: 2 saved: 5 (0/0)", 2, 5),
        ("3", "3", 3, None),
        (3, "3", 3, None),
        ((2, 5), "2/5", 2, 5),
        ((50, 60), "50/60", 50, 60),
        (("2", "5"), "2/5", 2, 5),
        ([300, "5"], "300/5", 300, 5),
        ([0x661F, ord("2"), ord("/"), ord("5")], "星2/5", 2, 5),
        ("yes", "yes", None, None),
        (True, "true", None, None),
        ("12345678901/2", "12345678901/2", None, None),
        ("9" * 5000, "9" * 5000, None, None),
        ({"saved": 5}, '{"saved": 5}', None, None),
        (PID, "opaque term 103", None, None),
    ],
    ids=shortened,
)
def test_mailbox_counters_are_read_leniently_and_kept_raw(
    term: Term, raw: str, new: int | None, saved: int | None
) -> None:
    assert terms.message_waiting(term) == MessageWaiting(raw, new, saved)


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("%7B%22name%22%3A%22%E5%B1%B1%E7%94%B0%22%7D", {"name": "山田"}),
        ('{"score": 1.5, "list": [1, null]}', {"score": 1.5, "list": [1, None]}),
        ("%22Popeye%22", "Popeye"),
        ("Popeye", "Popeye"),
        ("%7Bbroken", "%7Bbroken"),
        ("", None),
        (None, None),
        ([], None),
        ("NaN", "NaN"),
        ("1e999", None),
        (str(1 << 70), str(1 << 70)),
        ("9" * 5000, "9" * 5000),
        ('"\\ud800"', '"\\ud800"'),
        ('{"\\udfff": 1}', '{"\\udfff": 1}'),
        ('"\\ud83d\\ude00"', "\N{GRINNING FACE}"),
    ],
    ids=shortened,
)
def test_a_caller_look_up_is_percent_encoded_json(term: Term, found: Json) -> None:
    assert terms.whoscall(term) == found


@pytest.mark.parametrize("depth", [100, 400, 900, 30_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_a_caller_look_up_that_nests_too_deeply_stays_text(
    depth: int, opening: str, closing: str
) -> None:
    said = opening * depth + "1" + closing * depth
    assert terms.whoscall(said) == said


def test_a_caller_look_up_may_nest() -> None:
    assert terms.whoscall("[" * 20 + "]" * 20) != "[" * 20 + "]" * 20


def test_a_caller_look_up_without_measure_stays_text() -> None:
    said = "[" + "1," * 100_000 + "1]"
    assert terms.whoscall(said) == said
