"""Draw terms of every tag, each as its bytes beside the Python value that it stands for."""

from collections.abc import Callable
from typing import Any, Final, NamedTuple

from hypothesis import strategies as st

from custom_components.ws_cti.cti.basix.opaque import Opaque

from . import erlang


class Written(NamedTuple):
    """Be a term: its bytes, and what it is in Python."""

    raw: bytes
    value: Any


type Drawn = st.SearchStrategy[Written]

_WORDS_WITH_A_MEANING: Final = {"undefined": None, "true": True, "false": False}
_MAX_BIG: Final = 1 << 2039


def _as(write: Callable[[Any], bytes], values: st.SearchStrategy[Any]) -> Drawn:
    return values.map(lambda value: Written(write(value), value))


def _texts(limit: int) -> st.SearchStrategy[str]:
    return st.text(max_size=12).filter(lambda text: len(text.encode()) <= limit)


def _atoms(write: Callable[[str], bytes]) -> Drawn:
    # In a tuple of BERT, the atom `bert` has a meaning that is tested by itself.
    names = st.one_of(st.sampled_from(sorted(_WORDS_WITH_A_MEANING)), _texts(255)).filter(
        lambda name: name != "bert"
    )
    return names.map(lambda name: Written(write(name), _WORDS_WITH_A_MEANING.get(name, name)))


def _latin1(write: Callable[[bytes], bytes]) -> Drawn:
    """Return text that is no UTF-8, because a letter of latin-1 stands alone in it."""
    letters = st.integers(0xC0, 0xFF).map(lambda code: f"M{chr(code)}ller")
    return letters.map(lambda text: Written(write(text.encode("latin-1")), text))


numbers: Final = st.one_of(
    _as(erlang.small_integer, st.integers(0, 255)),
    _as(erlang.integer, st.integers(-(1 << 31), (1 << 31) - 1)),
    _as(erlang.small_big, st.integers(-_MAX_BIG, _MAX_BIG)),
    _as(erlang.small_big, st.integers(1_500_000_000_000_000, 1_900_000_000_000_000)),
    _as(lambda value: erlang.small_big(value, 3), st.integers(-(1 << 64), 1 << 64)),
    _as(erlang.large_big, st.integers(-_MAX_BIG, _MAX_BIG)),
    _as(erlang.new_float, st.floats(allow_nan=False, allow_infinity=False)),
    _as(erlang.float_text, st.floats(allow_nan=False, allow_infinity=False)),
)

texts: Final = st.one_of(
    _atoms(erlang.atom),
    _atoms(erlang.small_atom),
    _atoms(erlang.utf8_atom),
    _atoms(erlang.small_utf8_atom),
    _as(erlang.string, _texts(65_535)),
    _as(erlang.binary, _texts(65_535)),
    _latin1(erlang.atom),
    _latin1(erlang.small_atom),
    _latin1(erlang.string),
    _latin1(erlang.binary),
)

_constants: Final = st.sampled_from(
    (
        Written(erlang.NIL, []),
        Written(erlang.BERT_NIL, []),
        Written(erlang.BERT_TRUE, True),  # noqa: FBT003 - an Erlang term, no flag
        Written(erlang.BERT_FALSE, False),  # noqa: FBT003
        *(Written(raw, Opaque(raw[0], raw[1:])) for raw in erlang.OPAQUE.values()),
    )
)


def _tuple(items: list[Written]) -> Written:
    return Written(
        erlang.small_tuple(*(item.raw for item in items)), tuple(item.value for item in items)
    )


def _large_tuple(items: list[Written]) -> Written:
    return Written(
        erlang.large_tuple(*(item.raw for item in items)), tuple(item.value for item in items)
    )


def _list(items: list[Written]) -> Written:
    return Written(erlang.list_of(*(item.raw for item in items)), [item.value for item in items])


def _map(pairs: list[tuple[Written, Written]]) -> Written:
    return Written(
        erlang.map_of(*((key.raw, item.raw) for key, item in pairs)),
        {key.value: item.value for key, item in pairs},
    )


def _bert_dict(pairs: list[tuple[Written, Written]]) -> Written:
    return Written(
        erlang.bert_dict(*((key.raw, item.raw) for key, item in pairs)),
        {key.value: item.value for key, item in pairs},
    )


_leaves: Final = st.one_of(numbers, texts, _constants)
_keys: Final = st.one_of(texts, numbers.filter(lambda key: -(1 << 63) < key.value < 1 << 63))


def _containers(inner: Drawn) -> Drawn:
    several = st.lists(inner, max_size=6)
    pairs = st.lists(st.tuples(_keys, inner), max_size=4)
    return st.one_of(
        several.map(_tuple),
        several.map(_large_tuple),
        several.map(_list),
        pairs.map(_map),
        pairs.map(_bert_dict),
    )


terms: Final[Drawn] = st.recursive(_leaves, _containers, max_leaves=25)
"""Any term that the decoder accepts."""


terms_of_old: Final[Drawn] = st.recursive(
    st.one_of(
        numbers,
        _atoms(erlang.atom),
        _atoms(erlang.small_atom),
        _as(erlang.string, _texts(65_535)),
        _as(erlang.binary, _texts(65_535)),
        st.sampled_from(("reference", "port", "pid", "new reference")).map(
            lambda kind: Written(erlang.OPAQUE[kind], kind)
        ),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=6).map(_tuple),
        st.lists(inner, max_size=6).map(_large_tuple),
        st.lists(inner, max_size=6).map(_list),
    ),
    max_leaves=25,
)
"""Terms that erlastic reads as well, which knows no maps and nothing of later releases."""
