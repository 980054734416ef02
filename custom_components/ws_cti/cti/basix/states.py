"""Read the tuples inside a channel's row: states, targets, customers, the other leg.

Positions are those of section 4 of the protocol document, which took them from the
official client; layouts of 2016 to 2018 are told apart by their second word.
"""

from functools import lru_cache
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
from ..words import Json, LastEvent, StateName, TargetType
from .bert import Term
from .terms import (
    identifier,
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

_PLAIN: Final = frozenset({StateName.BRIDGED, StateName.RINGING})
"""States that bear nothing but their name."""

_MAX_CUSTOMERS: Final = 256
"""How many texts are remembered with the customers that they name."""

type _Parts = tuple[Term, ...] | list[Term]


def _at(parts: _Parts, index: int) -> Term:
    return parts[index] if index < len(parts) else None


def state_of(term: Term) -> ChannelState | None:
    """Return the state that `{Ts, Name, ...}` says, or None where there is none."""
    if not isinstance(term, (tuple, list)) or len(term) < 2:  # noqa: PLR2004
        return None
    since, name, rest = timestamp(term[0]), text(term[1]), term[2:]
    if name in _PLAIN and not rest:
        return ChannelState(since, name)
    if name == StateName.CALLING:
        return _calling(since, name, rest)
    return _state(since, name, rest)


def _state(since: int | None, name: str, rest: _Parts) -> ChannelState:
    first = _at(rest, 0)
    match name:
        case StateName.CALLING_EXTERNAL:
            return Calling(
                since,
                name,
                target_location="ext",
                target_type=str(TargetType.PSTN),
                address=optional_text(first),
            )
        case StateName.PARK:
            return Parked(
                since,
                name,
                slot=optional_text(first),
                terminal_name=optional_text(_at(rest, 1)),
                parker_id=identifier(_at(rest, 2)),
                parker_name=optional_text(_at(rest, 3)),
            )
        case StateName.VOICEMAIL:
            return InVoicemail(
                since,
                name,
                target_type=optional_text(first),
                target_id=identifier(_at(rest, 1)),
                target_name=optional_text(_at(rest, 2)),
            )
        case StateName.CHECKING_VOICEMAIL:
            return InVoicemail(since, name, target_name=optional_text(first))
        case StateName.CALLING_SIPTERMINATION:
            return InSystem(since, name, url=optional_text(first))
        case StateName.IVR:
            return InSystem(since, name, ivr_id=raw(first))
        case StateName.SYSTEM_OPERATION:
            return InSystem(since, name, operation=raw(first))
        case StateName.CONFERENCE:
            return InSystem(since, name, room_id=raw(first))
        case StateName.EAVESDROP:
            return Eavesdropping(
                since, name, uuid=optional_text(first), eavesdrop_state=raw(_at(rest, 1))
            )
        case "plivo":  # what xml_ivr was called until 2019
            return InSystem(since, str(StateName.XML_IVR))
        case _:
            return ChannelState(since, name, tuple(to_json(part) for part in rest))


def _calling(since: int | None, name: str, rest: _Parts) -> Calling:
    first, kind, target = text(_at(rest, 0)), text(_at(rest, 1)), _at(rest, 2)
    if first not in _LOCATIONS and not isinstance(target, tuple):
        # Until 2019: {Ts, calling, Type, Id, Name}.
        return Calling(
            since,
            name,
            target_type=first or None,
            target_id=identifier(_at(rest, 1)),
            target_name=optional_text(_at(rest, 2)),
        )
    data = target if isinstance(target, (tuple, list)) else (target,)
    item_id = address = group_type = queue_id = None
    unknown: tuple[Json, ...] = ()
    match kind:
        case TargetType.USER:
            item_id = identifier(_at(data, 0))
        case TargetType.GROUP:
            group_type, item_id = optional_text(_at(data, 0)), identifier(_at(data, 1))
            queue_id = optional_text(_at(data, 4)) if group_type == "ring" else None
        case TargetType.PSTN:
            address = optional_text(_at(data, 0))
        case TargetType.BRIDGED_ENDPOINT:
            address = "@".join(filter(None, map(text, data[:2]))) or None
        case _:
            unknown = tuple(to_json(part) for part in rest)
    return Calling(
        since,
        name,
        unknown,
        target_location=first or None,
        target_type=kind or None,
        target_id=item_id,
        group_type=group_type,
        group_queue_id=queue_id,
        address=address,
    )


def target_of(term: Term) -> Target | None:
    """Return whom an inbound channel is meant for: `{Type, Id, Name, Address}`."""
    if not isinstance(term, (tuple, list)) or not term:
        return None
    return Target(
        type=optional_text(_at(term, 0)),
        id=identifier(_at(term, 1)),
        name=optional_text(_at(term, 2)),
        address=optional_text(_at(term, 3)),
    )


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


def other_of(term: Term) -> OtherChannel | None:
    """Return the summary of the related channel.

    Position 7 held the time of the answer until 2024 and a caller look-up since: a
    number is the one, a text the other (inferred from the client's history).
    """
    if not isinstance(term, (tuple, list)) or not term:
        return None
    kind = optional_text(term[0])
    is_user = kind == TargetType.USER
    _, who, direction, location, address, offered, group, seventh, *_ = tuple(term) + _MISSING
    answered = timestamp(seventh)
    is_time = answered is not None or isinstance(seventh, int)
    return OtherChannel(
        type=kind,
        user_id=identifier(who) if is_user else None,
        end_user=None if is_user else end_users_of(who),
        direction=optional_text(direction),
        peer_location=optional_text(location),
        address=optional_text(address),
        offered_at=timestamp(offered),
        answered_at=answered,
        group_id=identifier(group) if is_user else None,
        whoscall=None if is_time or seventh is None else whoscall(seventh),
    )


def origination_of(term: Term) -> tuple[str, ...]:
    """Return the parts of `origination`, whose meaning is not documented."""
    said = text(term)
    return tuple(percent_decoded(part) for part in said.split("*")) if said else ()


def tags_of(term: Term) -> tuple[str, ...]:
    """Return the tags of a channel."""
    return tuple(tag for tag in text(term).split(";") if tag)


def hangup_of(last_event: str | None, data: str) -> Hangup | None:
    """Return `<recv|send>_<bye|cancel|refuse>,CAUSE` of a channel that ended."""
    if last_event != LastEvent.CHANNEL_HANGUP or not data:
        return None
    disposition, _, cause = data.partition(",")
    return Hangup(disposition, cause)
