"""Put one step of a call into an event, as a user or a group lives it."""

from typing import Final

from .call import Call, Part
from .peers import Picture, end_users, ends
from .story import CallDirection, CallEvent, Outcome, Step
from .words import Id

_MICROSECONDS: Final = 1_000_000


def event_of_part(
    picture: Picture, call: Call, part: Part, step: Step, at: int | None, outcome: Outcome | None
) -> CallEvent:
    """Return a step of a call for one of its users; `outcome` ends his part."""
    from_peer, to_peer = ends(picture, call, part.last_leg)
    target = call.first.target if call.first is not None else None
    ring_seconds = talk_seconds = None
    if outcome is not None:
        answered_at = part.answered_at if part.answered else None
        ring_seconds = _seconds(part.began_at, answered_at or at)
        talk_seconds = _seconds(answered_at, at)
    return CallEvent(
        call_id=call.id,
        step=step,
        direction=part.direction,
        at=at,
        user_id=part.user_id,
        group_id=part.group_id,
        location=(to_peer if part.is_caller else from_peer).location,
        caller=from_peer,
        called=to_peer,
        dialled_address=target.address if target is not None else None,
        answered_by=call.answered_by,
        outcome=outcome,
        ring_seconds=ring_seconds,
        talk_seconds=talk_seconds,
        end_user=end_users(call, part.last_leg),
    )


def event_of_group(
    picture: Picture, call: Call, group_id: Id, step: Step, at: int | None, outcome: Outcome | None
) -> CallEvent:
    """Return a step of a call for a group in whose queue it is; `outcome` ends its visit."""
    from_peer, to_peer = ends(picture, call, None)
    target = call.first.target if call.first is not None else None
    return CallEvent(
        call_id=call.id,
        step=step,
        direction=CallDirection.INCOMING,
        at=at,
        group_id=group_id,
        location=from_peer.location,
        caller=from_peer,
        called=to_peer,
        dialled_address=target.address if target is not None else None,
        answered_by=call.answered_by,
        outcome=outcome,
        ring_seconds=_seconds(call.visits[group_id], at) if outcome is not None else None,
        end_user=end_users(call, None),
    )


def _seconds(begin: int | None, end: int | None) -> float | None:
    if begin is None or end is None:
        return None
    return max(0, end - begin) / _MICROSECONDS
