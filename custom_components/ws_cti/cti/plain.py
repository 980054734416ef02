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
    if (plan := _plan_of(kind)) is not None:  # type: ignore[arg-type] # a class has a hash
        told: dict[str, Json] = {
            name: item
            for name, item in zip(plan.names, plan.values_of(value), strict=True)
            # What is false or zero says something, and so does an empty list.
            if item or type(item) in _NEVER_EMPTY
        }
        for name in plan.nesting & told.keys():
            told[name] = plain(told[name])
        return told
    if value is None or isinstance(value, (bool, int, float)):
        return value
    if isinstance(value, str):
        return str(value)
    if isinstance(value, Mapping):
        return {str(name): plain(item) for name, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [plain(item) for item in value]
    return str(value)


_NEVER_EMPTY: Final = frozenset({bool, int, float, list})
_PLAIN: Final = frozenset({bool, str, int, float, Id, Raw})
"""The types of values that are plain as they are, or without a value."""


@dataclass(frozen=True, slots=True)
class _Plan:
    """Say how to read a class: its fields, all their values at once, and who is not plain."""

    names: tuple[str, ...]
    values_of: Callable[[object], tuple[Any, ...]]
    nesting: frozenset[str]


@cache
def _plan_of(kind: type[Any]) -> _Plan | None:
    """Return how to read a class of the model; None for any other one.

    Asked anew for each object, the fields would cost more than their values.
    """
    if not is_dataclass(kind):
        return None
    names = tuple(part.name for part in fields(kind))
    # The getter of a single name would return its bare value.
    values_of = attrgetter(*names) if len(names) > 1 else lambda value: (getattr(value, names[0]),)
    nesting = (part.name for part in fields(kind) if not _is_plain(part.type))
    return _Plan(names, values_of, frozenset(nesting))


def _is_plain(kind: object) -> bool:
    """Return whether values of a type are plain data, if there are any."""
    return {kind, *get_args(kind)} - {NoneType, kind if get_args(kind) else None} <= _PLAIN
