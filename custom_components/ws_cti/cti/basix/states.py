"""Read the tuples inside a channel's row: states, targets, customers, the other leg.

Positions are those of section 4 of the protocol document, which took them from the
official client; layouts of 2016 to 2018 are told apart by their second word.
"""

from dataclasses import replace
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
from ..words import LastEvent, StateName, TargetType
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


def _at(parts: tuple[Term, ...] | list[Term], index: int) -> Term:
    return parts[index] if index < len(parts) else None


def state_of(term: Term) -> ChannelState | None:
    """Return the state that `{Ts, Name, ...}` says, or None where there is none."""
    if not isinstance(term, (tuple, list)) or len(term) < 2:  # noqa: PLR2004
        return None
    since, name, rest = timestamp(term[0]), text(term[1]), tuple(term[2:])
    match name:
        case StateName.CALLING:
            return _calling(since, rest)
        case StateName.CALLING_EXTERNAL:
            return Calling(
                since,
                name,
                target_location="ext",
                target_type=TargetType.PSTN,
                address=optional_text(_at(rest, 0)),
            )
        case StateName.PARK:
            return Parked(
                since,
                name,
                slot=optional_text(_at(rest, 0)),
                terminal_name=optional_text(_at(rest, 1)),
                parker_id=identifier(_at(rest, 2)),
                parker_name=optional_text(_at(rest, 3)),
            )
        case StateName.VOICEMAIL:
            return InVoicemail(
                since,
                name,
                target_type=optional_text(_at(rest, 0)),
                target_id=identifier(_at(rest, 1)),
                target_name=optional_text(_at(rest, 2)),
            )
        case StateName.CHECKING_VOICEMAIL:
            return InVoicemail(since, name, target_name=optional_text(_at(rest, 0)))
        case StateName.CALLING_SIPTERMINATION:
            return InSystem(since, name, url=optional_text(_at(rest, 0)))
        case StateName.IVR:
            return InSystem(since, name, ivr_id=raw(_at(rest, 0)))
        case StateName.SYSTEM_OPERATION:
            return InSystem(since, name, operation=raw(_at(rest, 0)))
        case StateName.CONFERENCE:
            return InSystem(since, name, room_id=raw(_at(rest, 0)))
        case StateName.EAVESDROP:
            return Eavesdropping(
                since, name, uuid=optional_text(_at(rest, 0)), eavesdrop_state=raw(_at(rest, 1))
            )
        case "plivo":  # what xml_ivr was called until 2019
            return InSystem(since, StateName.XML_IVR)
        case _:
            return ChannelState(since, name, tuple(to_json(part) for part in rest))


def _calling(since: int | None, rest: tuple[Term, ...]) -> Calling:
    first, kind, target = text(_at(rest, 0)), text(_at(rest, 1)), _at(rest, 2)
    if first not in _LOCATIONS and not isinstance(target, tuple):
        # Until 2019: {Ts, calling, Type, Id, Name}.
        return Calling(
            since,
            StateName.CALLING,
            target_type=first or None,
            target_id=identifier(_at(rest, 1)),
            target_name=optional_text(_at(rest, 2)),
        )
    data = tuple(target) if isinstance(target, (tuple, list)) else (target,)
    match kind:
        case TargetType.USER:
            named = Calling(since, StateName.CALLING, target_id=identifier(_at(data, 0)))
        case TargetType.GROUP:
            group_type = optional_text(_at(data, 0))
            named = Calling(
                since,
                StateName.CALLING,
                group_type=group_type,
                target_id=identifier(_at(data, 1)),
                group_queue_id=optional_text(_at(data, 4)) if group_type == "ring" else None,
            )
        case TargetType.PSTN:
            named = Calling(since, StateName.CALLING, address=optional_text(_at(data, 0)))
        case TargetType.BRIDGED_ENDPOINT:
            address = "@".join(filter(None, map(text, data[:2])))
            named = Calling(since, StateName.CALLING, address=address or None)
        case _:
            named = Calling(since, StateName.CALLING, tuple(to_json(part) for part in rest))
    return replace(named, target_location=first or None, target_type=kind or None)


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
    if not said.strip("*"):
        return None
    if not said.startswith(_MANY):
        return EndUsers(1, (_end_user(said),))
    count, *items = said.removeprefix(_MANY).split("|")
    listed = tuple(_end_user(item) for item in items if item.strip("*"))
    total = int(count) if count.isdecimal() and len(count) < 10 else 0  # noqa: PLR2004
    return EndUsers(max(total, len(listed)), listed)


def _end_user(said: str) -> EndUser:
    parts = [percent_decoded(part.replace("+", " ")) for part in said.split("*")]
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
    seventh = _at(term, 7)
    answered = timestamp(seventh)
    is_time = answered is not None or isinstance(seventh, int)
    return OtherChannel(
        type=kind,
        user_id=identifier(_at(term, 1)) if is_user else None,
        end_user=None if is_user else end_users_of(_at(term, 1)),
        direction=optional_text(_at(term, 2)),
        peer_location=optional_text(_at(term, 3)),
        address=optional_text(_at(term, 4)),
        offered_at=timestamp(_at(term, 5)),
        answered_at=answered,
        group_id=identifier(_at(term, 6)) if is_user else None,
        whoscall=None if is_time else whoscall(seventh),
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
