"""Find the channels by which a call is taken hold of, and see whether that worked."""

from collections.abc import Collection

from .call import Call
from .model import Calling, Channel, Parked
from .peers import Picture
from .words import Direction, Id, StateName


def to_hang_up(call: Call, user_id: Id | None) -> tuple[Id, ...]:
    """Return the channels to end: those of a user or, without one, all of the call.

    The channel whose call it is comes first: mostly the others end with it.
    """
    if user_id is not None:
        return tuple(call.parts[user_id].legs)
    return tuple(sorted(call.channels, key=lambda uuid: not call.is_root(call.channels[uuid])))


def to_move(picture: Picture, call: Call, user_id: Id | None) -> Channel | None:
    """Return the channel that a transfer or a park slot is for; None where nobody is there.

    It is that of the user's other party or, without a user, the one whose call it is.
    """
    if user_id is None:
        return call.root if not call.root_is_gone else None
    legs = call.parts[user_id].legs.values()
    for leg in sorted(legs, key=lambda one: one.answered_at is None):
        other = picture.channels.get(leg.other_uuid or "")
        if other is not None and not _is_rung(other):
            return other
    own = {leg.uuid for leg in legs}
    others = [one for uuid, one in call.channels.items() if uuid not in own and one.answered_at]
    # Whom he keeps on hold may no longer be named by his own channel.
    return others[0] if len(others) == 1 else None


def is_moved(before: Channel, now: Channel, known: Collection[Id]) -> bool:
    """Return whether a channel went elsewhere; `known` is who was in the call already."""
    state = now.state
    if state is None or state == before.state or isinstance(state, Parked):
        return False
    if isinstance(state, Calling):
        return True
    if state.name == StateName.BRIDGED:
        return now.other_uuid is not None and now.other_uuid not in known
    # A menu, a mailbox or a conference answers at once.
    return before.state is None or state.name != before.state.name


def _is_rung(channel: Channel) -> bool:
    """Return whether a phone still rings, so that nobody is there who could be moved."""
    return channel.direction == Direction.OUTBOUND and channel.answered_at is None
