"""Put calls, channels and messages into words for Home Assistant's event bus."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Final

from .cti.model import Change, Channel, EndUsers, Notice, WaitingChannel
from .cti.pbx import Pbx
from .cti.plain import plain
from .cti.story import CallDirection, CallEvent, Outcome, Step
from .cti.words import Json

CALLER_DATA: Final = frozenset(
    {
        "caller_number",
        "caller_name",
        "called_number",
        "called_name",
        "did",
        "end_user",
    }
)
"""The parts of a call that tell who the people are."""

CALL_DETAILS: Final = (
    "user_id",
    "user_name",
    "call_id",
    "direction",
    "location",
    "caller_number",
    "caller_name",
    "called_number",
    "called_name",
    "did",
    "group_id",
    "group_name",
    "answered_by",
    "answered_by_name",
    "outcome",
    "ring_seconds",
    "talk_seconds",
    "ended_after",
    "ended_before",
    "end_user",
    "time",
)
"""What `call_details` tells; whoever reads it elsewhere finds only what is not empty."""

_IN_VAIN: Final = frozenset({Step.MISSED, Step.ABANDONED})

type CallDetails = dict[str, Json]
"""What `call_details` tells of one step."""

_MOMENTS: Final = 256
"""How many points in time are remembered: each is told by several events and states."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_EPOCH_IN_UTC: Final = _EPOCH.replace(tzinfo=None)


@lru_cache(maxsize=_MOMENTS)
def moment(at: int | None) -> datetime | None:
    """Return a point in time as Home Assistant knows it."""
    return None if at is None else _EPOCH + at * _MICROSECOND


def isoformat(at: int | None) -> str | None:
    """Return a point in time as the data of events and attributes tell it."""
    # A time with a zone takes nearly twice as long to write.
    return None if at is None else f"{(_EPOCH_IN_UTC + at * _MICROSECOND).isoformat()}+00:00"


iso: Final = lru_cache(maxsize=_MOMENTS)(isoformat)
"""Return the same for what is being told; a file of many calls would only push it out."""


def microseconds(at: datetime) -> int:
    """Return a point in time as the library counts it."""
    return (at - _EPOCH) // _MICROSECOND


def _data(thing: Channel | WaitingChannel | EndUsers) -> Json:
    """Return plain data, which whoever read the thing mostly has at hand."""
    return plain(thing) if thing.told is None else thing.told


def call_details(pbx: Pbx, event: CallEvent) -> CallDetails:
    """Return what an automation needs to know of one step of a call."""
    user_id, group_id, answered_by = event.user_id, event.group_id, event.answered_by
    caller, called, end_user = event.caller, event.called, event.end_user
    after, before = event.ended_after, event.ended_before
    # In two parts: Python makes up to 15 entries of a dictionary at once, and more one by one.
    return {
        "user_id": user_id,
        "user_name": pbx.user_titles.get(user_id) if user_id else None,
        "call_id": event.call_id,
        "direction": str(event.direction),
        "location": event.location,
        "caller_number": caller.number,
        "caller_name": caller.name,
        "called_number": called.number,
        "called_name": called.name,
        "did": event.dialled_address,
        "group_id": group_id,
        "group_name": pbx.group_titles.get(group_id) if group_id else None,
        "answered_by": answered_by,
        "answered_by_name": pbx.user_titles.get(answered_by) if answered_by else None,
    } | {
        "outcome": str(event.outcome) if event.outcome is not None else None,
        "ring_seconds": event.ring_seconds,
        "talk_seconds": event.talk_seconds,
        "ended_after": iso(after) if after is not None else None,
        "ended_before": iso(before) if before is not None else None,
        "end_user": _data(end_user) if end_user is not None else None,
        "time": iso(event.at),
    }


def call_data(
    entry_id: str, event: CallEvent, details: CallDetails, device_id: str | None
) -> dict[str, Json]:
    """Return the data of a `ws_cti_call` event."""
    return {
        "entry_id": entry_id,
        "step": str(event.step),
        **details,
        "device_id": device_id,
    }


def belongs_in_logbook(event: CallEvent) -> bool:
    """Return whether the end of a part in a call is one that a person looks for later.

    It is the end of a call for whoever missed it, talked or placed it; not for colleagues
    whose phones rang along, nor for the group of him who answered.
    """
    if event.step is Step.ENDED:
        talked = event.outcome is Outcome.ANSWERED
        return talked or event.direction is CallDirection.OUTGOING
    return event.step in _IN_VAIN


def logbook_data(entry_id: str, step: Step, details: CallDetails) -> dict[str, Json]:
    """Return the data of a `ws_cti_logbook` event, which tells nothing of the other party."""
    group = details["group_name"]
    return {
        "entry_id": entry_id,
        "name": details["user_name"] or group,
        "step": str(step),
        "direction": details["direction"],
        "outcome": details["outcome"],
        "group_name": group if details["user_id"] else None,
        "talk_seconds": details["talk_seconds"],
    }


def other_party(event: CallEvent) -> dict[str, Json]:
    """Return who was at the other end of a call, as the logbook may tell it."""
    other = event.called if event.direction is CallDirection.OUTGOING else event.caller
    return {"other_number": other.number, "other_name": other.name}


def channel_data(
    entry_id: str, change: Change, channel: Channel | WaitingChannel
) -> dict[str, Json]:
    """Return the data of a `ws_cti_channel` event."""
    return {
        "entry_id": entry_id,
        "element": change.element,
        "event": change.event,
        "channel": _data(channel),
    }


def message_data(entry_id: str, notice: Notice) -> dict[str, Json]:
    """Return the data of a `ws_cti_message` event."""
    return {"entry_id": entry_id, "source": notice.source, "body": notice.body}
