"""Read the tuples inside a channel's row: states, targets, customers, the other leg.

Positions are those of section 4 of the protocol document, which took them from the
official client; layouts of 2016 to 2018 are told apart by their second word.
"""

from functools import lru_cache
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

_MANY: Final = "_MANY_:"
_LOCATIONS: Final = ("int", "ext")

_MISSING: Final[tuple[Term, ...]] = (None,) * 7
"""What stands in place of the parts that a short tuple lacks."""

_MAX_CUSTOMERS: Final = 256
"""How many texts are remembered with the customers that they name."""

_MAX_CUSTOMER: Final = 512
"""How long a text may be to be remembered, in characters."""

_CONTAINERS: Final = (tuple, list)

_COMPOSED: Final = frozenset({"state", "target", "origination", "end_user", "tags", "other"})
"""Attributes made of several values, which are read as both the thing and plain data."""

type _Parts = tuple[Term, ...] | list[Term]


def parted(told: dict[str, Any]) -> dict[str, Any]:
    """Take what a row or tuple says out of the same as plain data, which is left behind."""
    values = told.copy()
    for name in told.keys() & _COMPOSED:
        values[name], told[name] = told[name]
    return values


def end_users_of(term: Term) -> Both[EndUsers] | None:
    """Return the customers of `id*name*…`, `_MANY_:N|…|…`, or None for `***`."""
    said = text(term)
    return _known_end_users(said) if len(said) <= _MAX_CUSTOMER else _end_users(said)


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

_FORMER_NAMES: Final[dict[str, str]] = {"plivo": StateName.XML_IVR.value}  # until 2019

_STATES: Final[dict[str, tuple[type[ChannelState], tuple[Column, ...]]]] = {
    StateName.PARK: (
        Parked,
        (
            column("slot", optional_text),
            column("terminal_name", optional_text),
            column("parker_id", identifier),
            column("parker_name", optional_text),
        ),
    ),
    StateName.VOICEMAIL: (
        InVoicemail,
        (
            column("target_type", optional_text),
            column("target_id", identifier),
            column("target_name", optional_text),
        ),
    ),
    StateName.CHECKING_VOICEMAIL: (InVoicemail, (column("target_name", optional_text),)),
    StateName.CALLING_SIPTERMINATION: (InSystem, (column("url", optional_text),)),
    StateName.IVR: (InSystem, (column("ivr_id", raw),)),
    StateName.SYSTEM_OPERATION: (InSystem, (column("operation", raw),)),
    StateName.CONFERENCE: (InSystem, (column("room_id", raw),)),
    StateName.EAVESDROP: (
        Eavesdropping,
        (column("uuid", optional_text), column("eavesdrop_state", raw)),
    ),
    "plivo": (InSystem, ()),
}
"""What a state is made of, and what the terms behind its name say."""

_AIMS: Final[dict[str, tuple[Column, ...]]] = {
    TargetType.USER: (column("target_id", identifier),),
    TargetType.GROUP: (column("group_type", optional_text), column("target_id", identifier)),
    TargetType.PSTN: (column("address", optional_text),),
}
"""What the terms say that tell whom a channel calls."""

_RING: Final = (column("group_queue_id", optional_text),)

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
    column("group_id", nothing),
    column("answered_at", timestamp),
    column("whoscall", _look_up),
)
"""What the summary says of another channel; position 6 names a group for users alone."""

_OTHER_USER: Final = (
    _OTHER[0],
    column("user_id", identifier),
    *_OTHER[2:6],
    column("group_id", identifier),
    *_OTHER[7:],
)

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
            since, name = timestamp(at), text(said)
        case _:
            return None
    if since is not None and name in _BARE and not rest:  # as most are
        return ChannelState(since, name), {"since": since, "name": name}
    make: type[ChannelState] = Calling
    if name == StateName.CALLING:
        parts = _aim(rest)
    elif name == StateName.CALLING_EXTERNAL:
        parts = _OUTSIDE | attributes(_AIMS[TargetType.PSTN], rest)
    elif (known := _STATES.get(name)) is not None:
        make, parts = known[0], attributes(known[1], rest)
        name = _FORMER_NAMES.get(name, name)
    else:
        make, parts = ChannelState, _unknown(rest)
    told = parts.copy()
    if name:
        told["name"] = name
    if since is not None:
        told["since"] = since
    if "data" in parts:
        parts["data"] = tuple(parts["data"])
    return make(since, name, **parts), told


def _unknown(rest: _Parts) -> dict[str, Any]:
    return {"data": [to_json(part) for part in rest]} if rest else {}


def _aim(rest: _Parts) -> dict[str, Any]:
    """Return what the terms behind the name say of whom a channel calls."""
    first, second, target = (*rest, *_MISSING)[:3]
    location, kind = text(first), text(second)
    if location not in _LOCATIONS and not isinstance(target, tuple):
        return attributes(_CALLING_UNTIL_2019, rest)
    parts = target if isinstance(target, _CONTAINERS) else (target,)
    if (columns := _AIMS.get(kind)) is not None:
        aim = attributes(columns, parts)
        if aim.get("group_type") == "ring":
            aim |= attributes(_RING, parts[4:])
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
    is_user = text(term[0]) == TargetType.USER
    # Position 7 is read twice.
    told = attributes(_OTHER_USER if is_user else _OTHER, [*term[:8], *term[7:8]])
    return OtherChannel(**parted(told)), told


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
    told = {"disposition": disposition, "cause": cause}
    return Hangup(**told), {name: said for name, said in told.items() if said}
