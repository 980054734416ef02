"""Name what is spoken of: the words of the wire, keys, and values without a meaning."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

type Id = str
"""Names a user, a group, … within its phone system; numbers are written out."""

type Key = tuple[Element | Concern | None, Id]
"""Names what a change touched: a user, a group, their calls, or the phone system as a whole."""

type Json = bool | int | float | str | list[Json] | dict[str, Json] | None
type Raw = bool | int | float | str | None
"""A value whose meaning is not documented, as the wire gave it."""

type Extra = Mapping[str, Json]
"""Fields that this library does not know, by their name on the wire."""


class Element(StrEnum):
    """List the kinds of rows that a phone system reports."""

    DOMAIN = "domain"
    USER = "user"
    GROUP = "group"
    GROUP_MEMBER = "group_member"
    TERMINAL = "terminal"
    CHANNEL = "channel"
    CHANNEL_WAITING = "channel_waiting"
    QUEUED_CHANNEL = "queued_channel"
    PARKED_CHANNEL = "parked_channel"


class Concern(StrEnum):
    """List what is touched apart from the rows that tell of somebody."""

    PBX_CALLS = "pbx_calls"
    PBX_QUEUES = "pbx_queues"
    PBX_PARKED = "pbx_parked"
    USER_CALLS = "user_calls"
    USER_MISSED = "user_missed"
    GROUP_CALLS = "group_calls"
    GROUP_QUEUE = "group_queue"
    GROUP_MISSED = "group_missed"


PBX: Final[Key] = (None, "")
"""The key of the phone system as a whole: whatever its channels do."""

PBX_CALLS: Final[Key] = (Concern.PBX_CALLS, "")
"""The key of how many calls there are."""

PBX_QUEUES: Final[Key] = (Concern.PBX_QUEUES, "")
"""The key of how many wait."""

PBX_PARKED: Final[Key] = (Concern.PBX_PARKED, "")
"""The key of who is parked where."""

ROSTER: Final[Key] = (None, "roster")
"""The key of who there is: users and groups that came, went or changed their names."""


def user_key(user_id: Id) -> Key:
    """Return the key of a user."""
    return (Element.USER, user_id)


def group_key(group_id: Id) -> Key:
    """Return the key of a group."""
    return (Element.GROUP, group_id)


def user_calls_key(user_id: Id) -> Key:
    """Return the key of what a user does in his calls, which changes far more often than he."""
    return (Concern.USER_CALLS, user_id)


def group_calls_key(group_id: Id) -> Key:
    """Return the key of the calls that wait for a group or are served by it."""
    return (Concern.GROUP_CALLS, group_id)


def group_queue_key(group_id: Id) -> Key:
    """Return the key of who waits for a group, and since when."""
    return (Concern.GROUP_QUEUE, group_id)


def missed_key(key: Key) -> Key:
    """Return the key of the calls that were missed by the user or the group with a key."""
    is_user = key[0] is Element.USER
    return (Concern.USER_MISSED if is_user else Concern.GROUP_MISSED, key[1])


class ChangeKind(StrEnum):
    """List what can happen to a row; unknown event names count as updates."""

    ADDED = "added"
    UPDATED = "updated"
    REMOVED = "removed"


class Direction(StrEnum):
    """List who offered a channel: inbound is offered to the PBX, outbound by it."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class Location(StrEnum):
    """List where the peer of a channel is."""

    INTERNAL = "internal"
    EXTERNAL = "external"


# A frame asks for these several times: a name of a module is found sooner than a member.
INBOUND: Final = Direction.INBOUND
OUTBOUND: Final = Direction.OUTBOUND
EXTERNAL: Final = Location.EXTERNAL
INTERNAL: Final = Location.INTERNAL


class StateName(StrEnum):
    """List the states of a channel that are documented or seen."""

    CALLING = "calling"
    CALLING_SIPTERMINATION = "calling_siptermination"
    CALLING_EXTERNAL = "calling_external"
    BRIDGED = "bridged"
    PARK = "park"
    VOICEMAIL = "voicemail"
    CHECKING_VOICEMAIL = "checking_voicemail"
    IVR = "ivr"
    XML_IVR = "xml_ivr"
    SYSTEM_OPERATION = "system_operation"
    CONFERENCE = "conference"
    EAVESDROP = "eavesdrop"
    RINGING = "ringing"


class TargetType(StrEnum):
    """List what a channel can call or be meant for."""

    USER = "user"
    GROUP = "group"
    PSTN = "pstn"
    BRIDGED_ENDPOINT = "bridged_endpoint"


class LastEvent(StrEnum):
    """List the channel events whose names have a meaning for us."""

    CHANNEL_HANGUP = "CHANNEL_HANGUP"


class HangupCause(StrEnum):
    """List the hangup causes that tell outcomes apart (FreeSWITCH's names)."""

    CALL_REJECTED = "CALL_REJECTED"
    LOSE_RACE = "LOSE_RACE"
    NORMAL_CLEARING = "NORMAL_CLEARING"
    NO_ANSWER = "NO_ANSWER"
    NO_USER_RESPONSE = "NO_USER_RESPONSE"
    ORIGINATOR_CANCEL = "ORIGINATOR_CANCEL"
    PICKED_OFF = "PICKED_OFF"
    USER_BUSY = "USER_BUSY"
