"""Put what the library knows into plain data, which every JSON writer takes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from functools import cache
from operator import attrgetter
from types import NoneType
from typing import Any, Final, get_args

from .words import Id, Json, Raw


def plain(value: object) -> Json:
    """Return model objects as plain data, without what is empty."""
    kind: type[Any] = type(value)
    if kind in _AS_THEY_ARE:
        return value  # type: ignore[return-value] # one of these kinds it is
    if (plan := _plan_of(kind)) is not None:  # type: ignore[arg-type] # a class has a hash
        told: dict[str, Json] = {}
        for name, nests, item in zip(plan.names, plan.nesting, plan.values_of(value), strict=True):
            if item:
                told[name] = plain(item) if nests else item
            elif item is not None and type(item) in NEVER_EMPTY:
                told[name] = item
        beyond = getattr(value, "told", None)  # which of who waits says more than the fields do
        return told if beyond is None else told | beyond
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    return str(value)


_AS_THEY_ARE: Final = frozenset({NoneType, bool, int, float, str})
NEVER_EMPTY: Final = frozenset({bool, int, float, list})
"""What is false or zero says something, and so does an empty list."""

_PLAIN: Final = frozenset({bool, str, int, float, Id, Raw})
"""The types of fields that are plain as they are, or without a value."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """Say how to read a class: its fields, which may be no plain values, and all values at once."""

    names: tuple[str, ...]
    nesting: tuple[bool, ...]
    values_of: Callable[[object], tuple[Any, ...]]


@cache
def _plan_of(kind: type[Any]) -> _Plan | None:
    """Return how to read a class of the model; None for any other one.

    Asked anew for each object, the fields would cost more than their values.
    """
    if not is_dataclass(kind):
        return None
    parts = [part for part in fields(kind) if part.compare]  # the others say the same once more
    names = tuple(part.name for part in parts)
    # The getter of a single name would return its bare value.
    values_of = attrgetter(*names) if len(names) > 1 else lambda value: (getattr(value, names[0]),)
    return _Plan(names, tuple(not _is_plain(part.type) for part in parts), values_of)


def _is_plain(kind: object) -> bool:
    """Return whether values of a type are plain data, if there are any."""
    return {kind, *get_args(kind)} - {NoneType, kind if get_args(kind) else None} <= _PLAIN
