"""Show what a user does in his calls, and which of them decides his state."""

from typing import Final

from .call import Call, Part, is_answered
from .model import Channel, Parked
from .peers import Picture, other_end
from .story import CallState, UserCall
from .words import INBOUND, OUTBOUND, StateName

_DIALING: Final = frozenset(
    {StateName.CALLING, StateName.CALLING_SIPTERMINATION, StateName.CALLING_EXTERNAL}
)

_MACHINES: Final = frozenset({StateName.VOICEMAIL, StateName.IVR, StateName.XML_IVR})
"""States of a channel in which no person answered, but something that speaks."""

_STRENGTH: Final = {state: rank for rank, state in enumerate(CallState)}


def user_call(picture: Picture, call: Call, part: Part) -> UserCall | None:
    """Return what a user does in a call, or None where his phones have left it."""
    legs = part.legs
    if not legs:
        return None
    if len(legs) == 1:
        [leg] = legs.values()
    else:
        leg = _strongest_leg(picture, call, part)
    state = _leg_state(picture, call, part, leg)
    return UserCall(
        call_id=call.id,
        state=state,
        direction=part.direction,
        other=other_end(picture, call, part, leg),
        since=_since(picture, part, state, leg),
        group_id=part.group_id,
    )


def _strongest_leg(picture: Picture, call: Call, part: Part) -> Channel:
    """Return which of several phones decides what their user does in a call."""
    return min(part.legs.values(), key=lambda one: _STRENGTH[_leg_state(picture, call, part, one)])


def strongest(calls: list[UserCall]) -> UserCall | None:
    """Return the call that decides a user's state; among equals the oldest."""
    return min(calls, key=lambda one: (_STRENGTH[one.state], one.since or 0), default=None)


def _leg_state(picture: Picture, call: Call, part: Part, leg: Channel) -> CallState:
    if picture.parked and _parked(picture, leg) is not None:
        return CallState.ON_HOLD
    name = leg.state.name if leg.state is not None else None
    if name in _DIALING and (part.is_caller or leg.answered_at is not None):
        return CallState.DIALING  # whoever was called, too, once he is handed on
    if part.is_caller:
        if leg.uuid == call.root_id and leg.direction == OUTBOUND:
            # His own phone had to answer first, which is not yet a conversation.
            talking = part.answered or name in _MACHINES
            return CallState.TALKING if talking else CallState.DIALING
        # An IVR or a mailbox holds the line like a person does.
        talking = part.answered or leg.answered_at is not None
        return CallState.TALKING if talking else CallState.DIALING
    if is_answered(call, leg) or (part.answered and leg.uuid == call.root_id):
        return CallState.TALKING
    # A phone that dials itself into a ringing call is not rung.
    dialled_in = leg.direction == INBOUND and leg.uuid != call.root_id
    return CallState.DIALING if dialled_in else CallState.RINGING


def _parked(picture: Picture, leg: Channel) -> Parked | None:
    """Return the park state of a leg, or of the one that it is bridged to."""
    return picture.parked.get(leg.uuid) or picture.parked.get(leg.other_uuid or "")


def _since(picture: Picture, part: Part, state: CallState, leg: Channel) -> int | None:
    if state is CallState.TALKING:
        return part.answered_at or leg.answered_at
    if state is CallState.ON_HOLD:
        parked = _parked(picture, leg)
        return parked.since if parked is not None else None
    if part.answered and state is CallState.DIALING and leg.state is not None:
        return leg.state.since  # when he was handed on
    return leg.offered_at
