"""Say who is at which end of a call, as far as its channels tell."""

from collections.abc import Mapping
from typing import Final, Protocol

from .call import Call, Part, is_placed_by_user
from .model import (
    Calling,
    Channel,
    EndUsers,
    OtherChannel,
    Parked,
    Target,
)
from .story import Peer
from .words import (
    Direction,
    Id,
    Location,
    StateName,
    TargetType,
)

_WITHHELD: Final = frozenset({"", "anonymous"})
"""Caller ids that name nobody; `anonymous` is SIP's word for it (RFC 3323)."""

_WAITING_PLACES: Final = ("RINGING_PARK", "LOCAL_PARK")
"""Where a call stands that rings at the vendor's web phone, in place of a number."""


class Picture(Protocol):
    """What a call asks of the live picture that it is part of."""

    @property
    def channels(self) -> Mapping[Id, Channel]:
        """Return the living channels."""

    def parked_state(self, uuid: Id) -> Parked | None:
        """Return in which slot a channel is parked, if it is."""

    def user_title(self, user_id: Id) -> str | None:
        """Return the name of a user."""

    def group_title(self, group_id: Id) -> str | None:
        """Return the name of a group."""

    def user_extension(self, user_id: Id) -> str | None:
        """Return the main extension of a user."""

    def group_extension(self, group_id: Id) -> str | None:
        """Return the main extension of a group."""


def end_users(call: Call, leg: Channel | None) -> EndUsers | None:
    """Return the customers that the CRM sees in a call, as its root or a leg tells."""
    for channel in (call.root, leg):
        if channel is not None and channel.end_user is not None:
            return channel.end_user
        if channel is not None and channel.other is not None and channel.other.end_user:
            return channel.other.end_user
    return None


def far_end(picture: Picture, channel: Channel) -> Peer:
    """Return who is at the far end of a channel."""
    user_id = channel.user_id if channel.peer_location != Location.EXTERNAL else None
    inbound = channel.direction != Direction.OUTBOUND
    number = channel.calling_number if inbound else channel.called_number
    if user_id is not None:
        number = picture.user_extension(user_id) or number
    name = _customer_name(channel.end_user)
    if name is None and user_id is not None:
        name = picture.user_title(user_id)
    if name is None and inbound:
        name = _calling_name(channel)
    return Peer(_number(number), name, user_id, channel.peer_location)


def caller(picture: Picture, call: Call, leg: Channel | None) -> Peer:
    """Return who makes the call; where his channel is hidden from us, a leg tells."""
    root = call.seen_by(leg)
    if root is not None and not (leg is not None and _is_rung_by_api(call, leg)):
        return far_end(picture, root)
    if leg is None:
        return Peer()
    other = leg.other or OtherChannel()
    name = _customer_name(other.end_user)
    if name is None and other.user_id is not None:
        name = picture.user_title(other.user_id)
    return Peer(
        _number(leg.calling_number), name or _calling_name(leg), other.user_id, other.peer_location
    )


def _is_rung_by_api(call: Call, leg: Channel) -> bool:
    """Return whether an API client rang this phone for somebody else's sake."""
    return (
        leg.direction == Direction.OUTBOUND
        and (call.is_first(leg) or call.rings_along(leg))
        and not is_placed_by_user(call, leg)
    )


def called(picture: Picture, call: Call, leg: Channel | None) -> Peer:
    """Return whom the call is for: what was dialled, and whom that names."""
    root = call.seen_by(leg)
    if root is not None:
        return _called_from(picture, call, root)
    return far_end(picture, leg) if leg is not None else Peer()


def _called_from(picture: Picture, call: Call, root: Channel) -> Peer:
    state = root.state if isinstance(root.state, Calling) else None
    others = [one for one in call.channels.values() if one.uuid != root.uuid]
    partner = root.other or OtherChannel()
    leads_out = (
        any(one.peer_location == Location.EXTERNAL for one in others)
        or partner.peer_location == Location.EXTERNAL
        or (state is not None and state.target_location == "ext")
    )
    location: str | None = Location.EXTERNAL if leads_out else Location.INTERNAL
    if not leads_out and not others and _is_undecided(root):
        location = None
    if call.answers and state is not None and state.address is not None:
        return Peer(state.address, location=location)  # somebody handed him on to there
    number, name, user_id = _aim(picture, root)
    if root.direction != Direction.OUTBOUND:
        return Peer(number or _number(root.called_number), name, user_id, location)
    # Nobody dialled: an API client began it, or who was called is handed on.
    if state is not None:
        return Peer(number or state.address, name, user_id, location)
    if others:
        return far_end(picture, others[-1])
    name, number = _customer_name(partner.end_user), partner.address
    if partner.user_id is not None:
        name = picture.user_title(partner.user_id) or name
        number = picture.user_extension(partner.user_id) or number
    return Peer(number, name, partner.user_id, partner.peer_location)


def _is_undecided(root: Channel) -> bool:
    """Return whether the phone system has yet to find out where a call leads."""
    name = root.state.name if root.state is not None else None
    return name in (None, StateName.SYSTEM_OPERATION) and root.target is None


def _aim(picture: Picture, root: Channel) -> tuple[str | None, str | None, Id | None]:
    """Return number and name of the user or group that a call is for, and the user's id."""
    match root:
        case Channel(state=Calling(target_type=kind, target_id=str() as item_id, target_name=name)):
            pass
        case Channel(target=Target(type=kind, id=str() as item_id, name=name)):
            pass
        case _:
            return None, None, None
    if kind == TargetType.USER:
        return picture.user_extension(item_id), picture.user_title(item_id) or name, item_id
    return picture.group_extension(item_id), picture.group_title(item_id) or name, None


def other_end(picture: Picture, call: Call, part: Part, leg: Channel) -> Peer:
    """Return with whom a user is in this call, or would be when it is answered."""
    partner = picture.channels.get(leg.other_uuid) if leg.other_uuid is not None else None
    if partner is not None and leg.state is not None and leg.state.name == StateName.BRIDGED:
        return far_end(picture, partner)
    if part.is_caller:
        return called(picture, call, leg)
    is_his_own = call.is_root(leg) and leg.peer_location != Location.EXTERNAL
    if is_his_own and isinstance(leg.state, Calling):
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
    is_nobodys = said.strip().casefold() in _WITHHELD or said.startswith(_WAITING_PLACES)
    return None if is_nobodys else said
