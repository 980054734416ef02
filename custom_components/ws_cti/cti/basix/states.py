"""Read the tuples inside a channel's row: states, targets, customers, the other leg.

Positions are those of section 4 of the protocol document, which took them from the
official client; layouts of 2016 to 2018 are told apart by their second word.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from typing import Any, Final

from ..model import (
    Calling,
    ChannelState,
    Eavesdropping,
    EndUser,
    EndUsers,
    Hangup,
    InSystem,
    InVoicemail,
    OtherChannel,
    Parked,
    Target,
)
from ..words import Json, StateName, TargetType
from .bert import Term
from .terms import (
    Both,
    Column,
    attributes,
    column,
    identifier,
    nothing,
    optional_text,
    percent_decoded,
    raw,
    text,
    timestamp,
    to_json,
    whoscall,
)

_NOBODY: Final = "***"
"""What stands where the CRM knows no customer."""

_MANY: Final = "_MANY_:"
_LOCATIONS: Final = ("int", "ext")

_MISSING: Final[tuple[Term, ...]] = (None,) * 7
"""What stands in place of the parts that a short tuple lacks."""

_OF_AIM: Final = 3
"""How many parts tell whom a channel calls."""

_MAX_CUSTOMERS: Final = 256
"""How many texts are remembered with the customers that they name."""

_MAX_CUSTOMER: Final = 512
"""How long a text may be to be remembered, in characters."""

_CONTAINERS: Final = (tuple, list)

type _Parts = tuple[Term, ...] | list[Term]
type _PartsOf = Callable[[_Parts], dict[str, Any]]


def end_users_of(term: Term) -> Both[EndUsers] | None:
    """Return the customers of `id*name*…`, `_MANY_:N|…|…`, or None for `***`."""
    if term == _NOBODY:  # as most rows say
        return None
    said = term if type(term) is str else text(term)
    return _known_end_users(said) if len(said) <= _MAX_CUSTOMER else _end_users(said)


def plain_end_users_of(term: Term) -> Json:
    """Return the customers as plain data alone."""
    customers = end_users_of(term)
    return None if customers is None else customers[1]


def _end_users(said: str) -> Both[EndUsers] | None:
    """Return the customers that a text names, which stands in each row of their call."""
    if not said.strip("*"):
        return None
    total, items = 1, [said]
    if said.startswith(_MANY):
        count, *parts = said.removeprefix(_MANY).split("|")
        items = [part for part in parts if part.strip("*")]
        total = int(count) if count.isdecimal() and len(count) < 10 else 0  # noqa: PLR2004
    named = [dict(zip(_OF_CUSTOMER, _parts_of(item), strict=False)) for item in items]
    told: dict[str, Json] = {"count": max(total, len(named))}
    if named:
        told["items"] = [{name: part for name, part in one.items() if part} for one in named]
    listed = tuple(EndUser(**one) for one in named)
    return EndUsers(max(total, len(named)), listed, told), told


_known_end_users = lru_cache(maxsize=_MAX_CUSTOMERS)(_end_users)


def _parts_of(said: str) -> list[str]:
    return [percent_decoded(part) for part in said.replace("+", " ").split("*")]


_OF_CUSTOMER: Final = ("id", "name", "organization", "avatar", "prefecture")

_BARE: Final = frozenset({StateName.BRIDGED, StateName.RINGING})
"""States that bear nothing but their name."""

_UNREAD: Final = (column("", nothing), column("", nothing))
"""What stands between a group's id and its queue's, and says nothing of either."""

_AIMS: Final[dict[str, tuple[Column, ...]]] = {
    TargetType.USER: (column("target_id", identifier),),
    TargetType.GROUP: (
        column("group_type", optional_text),
        column("target_id", identifier),
        *_UNREAD,
        column("group_queue_id", optional_text),
    ),
    TargetType.PSTN: (column("address", optional_text),),
}
"""What the terms say that tell whom a channel calls."""

_TARGET: Final = (
    column("type", optional_text),
    column("id", identifier),
    column("name", optional_text),
    column("address", optional_text),
)


def _look_up(term: Term) -> Json:
    """Return the caller look-up that stands where until 2024 the time of the answer did."""
    return None if isinstance(term, int) or timestamp(term) is not None else whoscall(term)


_OTHER: Final = (
    column("type", optional_text),
    column("end_user", end_users_of),
    column("direction", optional_text),
    column("peer_location", optional_text),
    column("address", optional_text),
    column("offered_at", timestamp),
)
"""What the summary says of another channel."""

_OTHER_USER: Final = (
    _OTHER[0],
    column("user_id", identifier),
    *_OTHER[2:],
    column("group_id", identifier),
)
"""What it says of a user's channel; position 6 names a group for users alone."""

_ANSWER_OR_LOOK_UP: Final = (column("answered_at", timestamp), column("whoscall", _look_up))
"""What position 7 says, which is the one or the other."""

_USER: Final = TargetType.USER.value
_OUTSIDE: Final = {"target_location": "ext", "target_type": TargetType.PSTN.value}

_CALLING_UNTIL_2019: Final = (
    column("target_type", optional_text),
    column("target_id", identifier),
    column("target_name", optional_text),
)


def state_of(term: Term) -> Both[ChannelState] | None:
    """Return the state that `{Ts, Name, ...}` says, or None where there is none."""
    match term:
        case [at, said, *rest]:
            since, name = timestamp(at), said if type(said) is str else text(said)
            if not rest and since is not None and name in _BARE:  # as many are
                return ChannelState(since, name), {"since": since, "name": name}
            known = _STATES.get(name)
            if known is None:
                return _unknown_state(since, name, rest)
            make, name, parts_of = known
            told = parts_of(rest)
            state = make(since, name, **told)
            told["name"] = name
            if since is not None:
                told["since"] = since
            return state, told
        case _:
            return None


def _unknown_state(since: int | None, name: str, rest: _Parts) -> Both[ChannelState]:
    told = _unknown(rest) | ({"name": name} if name else {})
    if since is not None:
        told["since"] = since
    return ChannelState(since, name, told.get("data", ())), told


def _unknown(rest: _Parts) -> dict[str, Any]:
    return {"data": [to_json(part) for part in rest]} if rest else {}


def _aim(rest: _Parts) -> dict[str, Any]:
    """Return what the terms behind the name say of whom a channel calls."""
    first, second, target = rest if len(rest) == _OF_AIM else (*rest, *_MISSING)[:_OF_AIM]
    location = first if type(first) is str else text(first)
    kind = second if type(second) is str else text(second)
    if location not in _LOCATIONS and not isinstance(target, tuple):
        return attributes(_CALLING_UNTIL_2019, rest)
    parts = target if isinstance(target, _CONTAINERS) else (target,)
    if (columns := _AIMS.get(kind)) is not None:
        aim = attributes(columns, parts)
        if aim.get("group_type") != "ring":
            aim.pop("group_queue_id", None)  # what stands there has no meaning with others
    elif kind == TargetType.BRIDGED_ENDPOINT:
        address = "@".join(filter(None, map(text, parts[:2])))
        aim = {"address": address} if address else {}
    else:
        aim = _unknown(rest)
    if location:
        aim["target_location"] = location
    if kind:
        aim["target_type"] = kind
    return aim


def _outside(rest: _Parts) -> dict[str, Any]:
    return _OUTSIDE | attributes(_AIMS[TargetType.PSTN], rest)


def _read(*columns: Column) -> _PartsOf:
    """Return what reads the terms behind the name of a state, one after the other."""
    return partial(attributes, columns)


_STATES: Final[Mapping[str, tuple[type[ChannelState], str, _PartsOf]]] = {
    name.value: (make, name.value, parts_of)
    for name, make, parts_of in (
        (StateName.CALLING, Calling, _aim),
        (StateName.CALLING_EXTERNAL, Calling, _outside),
        (
            StateName.PARK,
            Parked,
            _read(
                column("slot", optional_text),
                column("terminal_name", optional_text),
                column("parker_id", identifier),
                column("parker_name", optional_text),
            ),
        ),
        (
            StateName.VOICEMAIL,
            InVoicemail,
            _read(
                column("target_type", optional_text),
                column("target_id", identifier),
                column("target_name", optional_text),
            ),
        ),
        (
            StateName.CHECKING_VOICEMAIL,
            InVoicemail,
            _read(column("target_name", optional_text)),
        ),
        (
            StateName.CALLING_SIPTERMINATION,
            InSystem,
            _read(column("url", optional_text)),
        ),
        (StateName.IVR, InSystem, _read(column("ivr_id", raw))),
        (StateName.SYSTEM_OPERATION, InSystem, _read(column("operation", raw))),
        (StateName.CONFERENCE, InSystem, _read(column("room_id", raw))),
        (
            StateName.EAVESDROP,
            Eavesdropping,
            _read(column("uuid", optional_text), column("eavesdrop_state", raw)),
        ),
    )
} | {"plivo": (InSystem, StateName.XML_IVR.value, _read())}  # its name until 2019
"""What a state is, its name of today, and what reads the terms behind its name."""


def target_of(term: Term) -> Both[Target] | None:
    """Return whom an inbound channel is meant for: `{Type, Id, Name, Address}`."""
    if not term or not isinstance(term, _CONTAINERS):
        return None
    told = attributes(_TARGET, term)
    return Target(**told), told


def other_of(term: Term) -> Both[OtherChannel] | None:
    """Return the summary of the related channel.

    Position 7 held the time of the answer until 2024 and a caller look-up since: a
    number is the one, a text the other (inferred from the client's history).
    """
    if not term or not isinstance(term, _CONTAINERS):
        return None
    kind = term[0]
    is_user = (kind if type(kind) is str else text(kind)) == _USER
    told = attributes(_OTHER_USER if is_user else _OTHER, term)
    said = term[7:8]
    if said != (None,):  # as few tell
        told |= attributes(_ANSWER_OR_LOOK_UP, (*said, *said))
    if "end_user" not in told:
        return OtherChannel(**told), told
    values = told.copy()
    values["end_user"], told["end_user"] = told["end_user"]
    return OtherChannel(**values), told


def origination_of(term: Term) -> Both[tuple[str, ...]] | None:
    """Return the parts of `origination`, whose meaning is not documented."""
    said = text(term)
    parts = [percent_decoded(part) for part in said.split("*")]
    return (tuple(parts), [*parts]) if said else None


def tags_of(term: Term) -> Both[tuple[str, ...]] | None:
    """Return the tags of a channel."""
    tags = [tag for tag in text(term).split(";") if tag]
    return (tuple(tags), [*tags]) if tags else None


def hangup_of(data: str) -> Both[Hangup] | None:
    """Return `<recv|send>_<bye|cancel|refuse>,CAUSE` of a channel that ended."""
    if not data:
        return None
    disposition, _, cause = data.partition(",")
    told: dict[str, Json] = {"disposition": disposition, "cause": cause}
    if not disposition or not cause:  # as hardly ever
        told = {name: said for name, said in told.items() if said}
    return Hangup(disposition, cause), told
