"""Read the tuples inside a channel's row: states, targets, customers, the other leg.

Positions are those of section 4 of the protocol document, which took them from the
official client; layouts of 2016 to 2018 are told apart by their second word.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Final

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
from ..words import StateName, TargetType
from .bert import Term
from .terms import (
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

type _Parts = tuple[Term, ...] | list[Term]


def end_users_of(term: Term) -> EndUsers | None:
    """Return the customers of `id*name*…`, `_MANY_:N|…|…`, or None for `***`."""
    said = text(term)
    return _end_users(said) if said.strip("*") else None


@lru_cache(maxsize=_MAX_CUSTOMERS)
def _end_users(said: str) -> EndUsers:
    """Return the customers that a text names, which stands in each row of their call."""
    if not said.startswith(_MANY):
        return EndUsers(1, (_end_user(said),))
    count, *items = said.removeprefix(_MANY).split("|")
    listed = tuple(_end_user(item) for item in items if item.strip("*"))
    total = int(count) if count.isdecimal() and len(count) < 10 else 0  # noqa: PLR2004
    return EndUsers(max(total, len(listed)), listed)


def _end_user(said: str) -> EndUser:
    parts = [percent_decoded(part) for part in said.replace("+", " ").split("*")]
    return EndUser(*parts[:5])


def _former_ivr(since: int | None, _name: str) -> InSystem:
    return InSystem(since, str(StateName.XML_IVR))


_STATES: Final[dict[str, tuple[Callable[..., ChannelState], tuple[Column, ...]]]] = {
    StateName.CALLING_EXTERNAL: (
        partial(Calling, target_location="ext", target_type=str(TargetType.PSTN)),
        (column("address", optional_text),),
    ),
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
    "plivo": (_former_ivr, ()),  # what xml_ivr was called until 2019
}
"""What a state is made of, and what the terms behind its name say."""

_AIMS: Final[dict[str, tuple[Column, ...]]] = {
    TargetType.USER: (column("target_id", identifier),),
    TargetType.GROUP: (column("group_type", optional_text), column("target_id", identifier)),
    TargetType.PSTN: (column("address", optional_text),),
}
"""What the terms say that tell whom a channel calls."""

_TARGET: Final = (
    column("type", optional_text),
    column("id", identifier),
    column("name", optional_text),
    column("address", optional_text),
)

_OTHER: Final = (
    column("type", optional_text),
    column("end_user", end_users_of),
    column("direction", optional_text),
    column("peer_location", optional_text),
    column("address", optional_text),
    column("offered_at", timestamp),
    column("group_id", nothing),
    column("answered_at", timestamp),
)
"""What the summary says of another channel; position 6 names a group for users alone."""

_OTHER_USER: Final = (
    _OTHER[0],
    column("user_id", identifier),
    *_OTHER[2:6],
    column("group_id", identifier),
    _OTHER[7],
)


def state_of(term: Term) -> ChannelState | None:
    """Return the state that `{Ts, Name, ...}` says, or None where there is none."""
    if not isinstance(term, (tuple, list)) or len(term) < 2:  # noqa: PLR2004
        return None
    since, name, rest = timestamp(term[0]), text(term[1]), term[2:]
    if name == StateName.CALLING:
        return _calling(since, name, rest)
    known = _STATES.get(name)
    if known is None:
        return ChannelState(since, name, tuple(map(to_json, rest)))
    make, columns = known
    return make(since, name, **attributes(columns, rest))


def _calling(since: int | None, name: str, rest: _Parts) -> Calling:
    first, second, target = (*rest, *_MISSING)[:3]
    location, kind = text(first), text(second)
    if location not in _LOCATIONS and not isinstance(target, tuple):
        # Until 2019: {Ts, calling, Type, Id, Name}.
        return Calling(
            since,
            name,
            target_type=location or None,
            target_id=identifier(second),
            target_name=optional_text(target),
        )
    parts = target if isinstance(target, (tuple, list)) else (target,)
    if (columns := _AIMS.get(kind)) is not None:
        aim = attributes(columns, parts)
        if aim.get("group_type") == "ring":
            aim["group_queue_id"] = optional_text(parts[4] if len(parts) > 4 else None)  # noqa: PLR2004
    elif kind == TargetType.BRIDGED_ENDPOINT:
        aim = {"address": "@".join(filter(None, map(text, parts[:2]))) or None}
    else:
        aim = {"data": tuple(map(to_json, rest))}
    return Calling(since, name, target_location=location or None, target_type=kind or None, **aim)


def target_of(term: Term) -> Target | None:
    """Return whom an inbound channel is meant for: `{Type, Id, Name, Address}`."""
    if not isinstance(term, (tuple, list)) or not term:
        return None
    return Target(**attributes(_TARGET, term))


def other_of(term: Term) -> OtherChannel | None:
    """Return the summary of the related channel.

    Position 7 held the time of the answer until 2024 and a caller look-up since: a
    number is the one, a text the other (inferred from the client's history).
    """
    if not isinstance(term, (tuple, list)) or not term:
        return None
    is_user = text(term[0]) == TargetType.USER
    summary = attributes(_OTHER_USER if is_user else _OTHER, term)
    seventh = term[7] if len(term) > 7 else None  # noqa: PLR2004
    if seventh is not None and summary["answered_at"] is None and not isinstance(seventh, int):
        summary["whoscall"] = whoscall(seventh)
    return OtherChannel(**summary)


def origination_of(term: Term) -> tuple[str, ...]:
    """Return the parts of `origination`, whose meaning is not documented."""
    said = text(term)
    return tuple(percent_decoded(part) for part in said.split("*")) if said else ()


def tags_of(term: Term) -> tuple[str, ...]:
    """Return the tags of a channel."""
    return tuple(tag for tag in text(term).split(";") if tag)


def hangup_of(data: str) -> Hangup | None:
    """Return `<recv|send>_<bye|cancel|refuse>,CAUSE` of a channel that ended."""
    if not data:
        return None
    disposition, _, cause = data.partition(",")
    return Hangup(disposition, cause)
