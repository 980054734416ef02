"""Show each call as a whole: its state, who is at its ends, and what users do in it."""

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from .call import Call
from .model import Channel, EndUsers, Parked, Peer
from .peers import Picture, end_users, ends
from .story import CallState, UserCall
from .user_calls import strongest, user_call
from .words import Id, Location, StateName


class CallStage(StrEnum):
    """List where a call can stand."""

    TALKING = "talking"
    ON_HOLD = "on_hold"
    PARKED = "parked"
    VOICEMAIL = "voicemail"
    MENU = "menu"
    RINGING = "ringing"
    WAITING = "waiting"
    DIALING = "dialing"


class CallWay(StrEnum):
    """List which way a call can go, as the whole phone system sees it."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    INTERNAL = "internal"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallView:
    """Show one call; times are in microseconds on the phone system's clock."""

    call_id: Id
    stage: CallStage
    way: CallWay
    caller: Peer
    called: Peer
    users: dict[Id, UserCall]
    group_ids: frozenset[Id]
    began_at: int | None
    since: int | None
    slot: str | None
    end_user: EndUsers | None


_OF_MACHINES: Final = {
    StateName.VOICEMAIL: CallStage.VOICEMAIL,
    StateName.CHECKING_VOICEMAIL: CallStage.VOICEMAIL,
    StateName.IVR: CallStage.MENU,
    StateName.XML_IVR: CallStage.MENU,
    StateName.BRIDGED: CallStage.TALKING,
    StateName.CONFERENCE: CallStage.TALKING,
}
"""What the channel says whose call it is, where no user's phone is in it."""


def view(picture: Picture, call: Call) -> CallView:
    """Return how a call looks now."""
    shown = {part.user_id: user_call(picture, call, part) for part in call.parts.values()}
    users = {user_id: one for user_id, one in shown.items() if one is not None}
    leg = next((part.last_leg for part in call.parts.values()), None)
    leg = leg if call.root is None else None  # a leg tells where the caller is hidden
    from_peer, to_peer = ends(picture, call, leg)
    parked = _parked(picture, call)
    stage, since = _stage(call, users, parked)
    first = call.first or next(iter(call.channels.values()), None)
    return CallView(
        call_id=call.id,
        stage=stage,
        way=_way(from_peer, to_peer),
        caller=from_peer,
        called=to_peer,
        users=users,
        group_ids=call.group_ids,
        began_at=first.offered_at if first is not None else None,
        since=since,
        slot=parked.slot if parked is not None else None,
        end_user=end_users(call, leg),
    )


def _parked(picture: Picture, call: Call) -> Parked | None:
    """Return the park slot of a call; on hold is the same state without a slot."""
    states = (picture.parked.get(uuid) for uuid in call.channels)
    return next((one for one in states if one is not None and one.slot is not None), None)


def _stage(
    call: Call, users: dict[Id, UserCall], parked: Parked | None
) -> tuple[CallStage, int | None]:
    lead = strongest([*users.values()])
    root = call.root if not call.root_is_gone else None
    of_machine = _machine(root)
    if parked is not None:
        return CallStage.PARKED, parked.since
    if of_machine in (CallStage.VOICEMAIL, CallStage.MENU) or (lead is None and of_machine):
        return of_machine or CallStage.DIALING, _since(root)
    if lead is not None and lead.state in (CallState.TALKING, CallState.ON_HOLD, CallState.RINGING):
        return CallStage(lead.state.value), lead.since
    if call.visits:
        return CallStage.WAITING, min(filter(None, call.visits.values()), default=None)
    return CallStage.DIALING, lead.since if lead is not None else _since(root)


def _machine(root: Channel | None) -> CallStage | None:
    state = root.state if root is not None else None
    return next(
        (stage for name, stage in _OF_MACHINES.items() if state and state.name == name), None
    )


def _since(root: Channel | None) -> int | None:
    return root.state.since if root is not None and root.state is not None else None


def _way(from_peer: Peer, to_peer: Peer) -> CallWay:
    if from_peer.location == Location.EXTERNAL:
        return CallWay.INCOMING
    return CallWay.OUTGOING if to_peer.location == Location.EXTERNAL else CallWay.INTERNAL


def among(
    views: Collection[CallView], user_ids: Collection[Id], group_ids: Collection[Id]
) -> list[CallView]:
    """Return the calls that any of these users or groups is in."""
    return [
        one
        for one in views
        if not one.users.keys().isdisjoint(user_ids) or not one.group_ids.isdisjoint(group_ids)
    ]
