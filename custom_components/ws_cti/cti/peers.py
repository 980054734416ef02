"""Say who is at which end of a call, as far as its channels tell."""

from collections.abc import Mapping
from typing import Final, Protocol

from .call import Call, Part, is_placed_by_user
from .model import (
    Calling,
    Channel,
    ChannelState,
    EndUsers,
    Group,
    OtherChannel,
    Parked,
    Peer,
    User,
)
from .words import EXTERNAL, INTERNAL, OUTBOUND, Id, StateName, TargetType

_WITHHELD: Final = frozenset({"", "anonymous"})
"""Caller ids that name nobody; `anonymous` is SIP's word for it (RFC 3323)."""

_UNTOLD: Final = OtherChannel()

_USER: Final = TargetType.USER
_BRIDGED: Final = StateName.BRIDGED

_WAITING_PLACES: Final = ("RINGING_PARK", "LOCAL_PARK")
"""Where a call stands that rings at the vendor's web phone, in place of a number."""


class Picture(Protocol):
    """What a call asks of the live picture that it is part of."""

    channels: Mapping[Id, Channel]
    """The living channels by uuid."""

    users: Mapping[Id, User]
    """The users by id."""

    groups: Mapping[Id, Group]
    """The groups by id."""

    parked: Mapping[Id, Parked]
    """The parked channels, and in which slot each is."""


def end_users(call: Call, leg: Channel | None) -> EndUsers | None:
    """Return the customers that the CRM sees in a call, as its root or a leg tells."""
    for channel in (call.root, leg):
        if channel is None:
            continue
        if channel.end_user is not None:
            return channel.end_user
        if channel.other is not None and channel.other.end_user is not None:
            return channel.other.end_user
    return None


def far_end(picture: Picture, channel: Channel) -> Peer:
    """Return who is at the far end of a channel."""
    known = channel.far_end
    if known is not None:  # as with most: each event of a call and each look at it asks
        return known
    inbound = channel.direction != OUTBOUND
    number = channel.calling_number if inbound else channel.called_number
    customers = channel.end_user
    name = _customer_name(customers) if customers is not None else None
    location, user_id = channel.peer_location, None
    if location != EXTERNAL:
        user_id = channel.user_id
        if user_id is not None and (user := picture.users.get(user_id)) is not None:
            number = user.main_extension or number
            name = name or user.title
    if name is None and inbound:
        name = _calling_name(channel)
    peer = Peer(_number(number), name, user_id, location)
    if location == EXTERNAL:  # who is inside may be given another name meanwhile
        object.__setattr__(channel, "far_end", peer)
    return peer


def ends(picture: Picture, call: Call, leg: Channel | None) -> tuple[Peer, Peer]:
    """Return who makes the call and whom it is for, as the user on a leg sees it."""
    return caller(picture, call, leg), called(picture, call, leg)


def caller(picture: Picture, call: Call, leg: Channel | None) -> Peer:
    """Return who makes the call; where his channel is hidden from us, a leg tells."""
    root = call.seen_by(leg)
    if root is not None and (leg is None or not _is_rung_by_api(call, leg)):
        return far_end(picture, root)
    if leg is None:
        return Peer()
    other = leg.other or _UNTOLD
    name = _customer_name(other.end_user)
    user = picture.users.get(other.user_id) if other.user_id is not None else None
    if name is None and user is not None:
        name = user.title
    return Peer(
        _number(leg.calling_number), name or _calling_name(leg), other.user_id, other.peer_location
    )


def _is_rung_by_api(call: Call, leg: Channel) -> bool:
    """Return whether an API client rang this phone for somebody else's sake."""
    return (
        leg.direction == OUTBOUND
        and (leg.uuid == call.first_id or call.rings_along(leg))
        and not is_placed_by_user(call, leg)
    )


def called(picture: Picture, call: Call, leg: Channel | None) -> Peer:
    """Return whom the call is for: what was dialled, and whom that names."""
    root = call.seen_by(leg)
    if root is not None:
        return _called_from(picture, call, root)
    return far_end(picture, leg) if leg is not None else Peer()


def _called_from(picture: Picture, call: Call, root: Channel) -> Peer:
    """Return whom a root calls or was to reach, with his own number where he is known."""
    state = root.state
    if isinstance(state, Calling):
        location = EXTERNAL if state.target_location == "ext" else _location_called(call, root)
        if state.address is not None and call.answers:
            return Peer(state.address, None, None, location)  # somebody handed him on to there
        kind, item_id, name = state.target_type, state.target_id, state.target_name
    elif root.direction != OUTBOUND:
        location = _location_called(call, root)
        kind = item_id = name = None
    else:
        return _partner(picture, call, root)
    if item_id is None:
        target = root.target
        if target is None or target.id is None:
            return Peer(_dialled(root), None, None, location)
        kind, item_id, name = target.type, target.id, target.name
    user_id = item_id if kind == _USER else None
    known = (picture.users if user_id is not None else picture.groups).get(item_id)
    if known is None:
        return Peer(_dialled(root), name, user_id, location)
    number = known.main_extension or _dialled(root)
    return Peer(number, known.title or name, user_id, location)


def _dialled(root: Channel) -> str | None:
    """Return what was dialled, or where a channel that nobody dialled on is to lead."""
    if root.direction != OUTBOUND:
        return _number(root.called_number)
    # An API client began it, or who was called is handed on.
    return root.state.address if isinstance(root.state, Calling) else None


def _location_called(call: Call, root: Channel) -> str | None:
    """Return where a call leads, or None where the phone system has yet to find out."""
    other = root.other
    if other is not None and other.peer_location == EXTERNAL:
        return EXTERNAL
    location = None if root.target is None and _is_undecided(root.state) else INTERNAL
    for leg in call.channels.values():
        if leg is not root:
            if leg.peer_location == EXTERNAL:
                return EXTERNAL
            location = INTERNAL
    return location


def _is_undecided(state: ChannelState | None) -> bool:
    return state is None or state.name == StateName.SYSTEM_OPERATION


def _partner(picture: Picture, call: Call, root: Channel) -> Peer:
    """Return who is at the other end of a call that nobody dialled."""
    legs = [leg for leg in call.channels.values() if leg is not root]
    if legs:
        return far_end(picture, legs[-1])
    partner = root.other or _UNTOLD
    name, number = _customer_name(partner.end_user), partner.address
    user = picture.users.get(partner.user_id) if partner.user_id is not None else None
    if user is not None:
        name, number = user.title or name, user.main_extension or number
    return Peer(number, name, partner.user_id, partner.peer_location)


def other_end(picture: Picture, call: Call, part: Part, leg: Channel) -> Peer:
    """Return with whom a user is in this call, or would be when it is answered."""
    state = leg.state
    if state is not None and state.name == _BRIDGED:
        partner = picture.channels.get(leg.other_uuid or "")
        if partner is not None:
            return far_end(picture, partner)
    if part.is_caller:
        return called(picture, call, leg)
    is_his_own = leg.uuid == call.root_id and leg.peer_location != EXTERNAL
    if is_his_own and isinstance(state, Calling):
        return _called_from(picture, call, leg)  # he was called, and is handed on
    return caller(picture, call, leg)


def _customer_name(customers: EndUsers | None) -> str | None:
    """Return the customer's name where the CRM is sure of him."""
    if customers is None or customers.count != 1 or not customers.items:
        return None
    return customers.items[0].name or None


def _calling_name(channel: Channel) -> str | None:
    """Return the caller's name where it says more than his number."""
    name = channel.calling_name.strip()
    return None if name == channel.calling_number else _number(name)


def _number(said: str) -> str | None:
    if said.isdecimal():
        return said  # as nearly always
    is_nobodys = said.strip().casefold() in _WITHHELD or said.startswith(_WAITING_PLACES)
    return None if is_nobodys else said
