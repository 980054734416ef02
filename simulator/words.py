"""Name the words of the wire."""

from enum import IntEnum, StrEnum


class Element(StrEnum):
    """Name what the PBX tells about."""

    DOMAIN = "domain"
    USER = "user"
    GROUP = "group"
    GROUP_MEMBER = "group_member"
    TERMINAL = "terminal"
    CHANNEL = "channel"
    CHANNEL_WAITING = "channel_waiting"
    QUEUED_CHANNEL = "queued_channel"
    PARKED_CHANNEL = "parked_channel"


class EventName(StrEnum):
    """Name what happened to a row."""

    ADDED = "added"
    UPDATED = "updated"
    REMOVED = "removed"


class Direction(StrEnum):
    """Tell who offered a channel: the peer (inbound) or the PBX (outbound)."""

    INBOUND = "inbound"
    OUTBOUND = "outbound"


class PeerLocation(StrEnum):
    """Tell on which side of the PBX a peer is."""

    INTERNAL = "internal"
    EXTERNAL = "external"


class LastEvent(StrEnum):
    """Name what made the PBX send a channel."""

    NEW_CHANNEL = "NEW_CHANNEL"
    STATE_CHANGE = "STATE_CHANGE"
    CHANNEL_APPLICATION = "CHANNEL_APPLICATION"
    CHANNEL_ORIGINATE = "CHANNEL_ORIGINATE"
    CHANNEL_ANSWER = "CHANNEL_ANSWER"
    CHANNEL_BRIDGE = "CHANNEL_BRIDGE"
    CHANNEL_PARK = "CHANNEL_PARK"
    CHANNEL_HANGUP = "CHANNEL_HANGUP"


class Signal(StrEnum):
    """Name the message that ended a channel, and who sent it: the peer (recv) or the PBX (send)."""

    RECV_BYE = "recv_bye"
    SEND_BYE = "send_bye"
    RECV_CANCEL = "recv_cancel"
    SEND_CANCEL = "send_cancel"
    RECV_REFUSE = "recv_refuse"
    SEND_REFUSE = "send_refuse"


class Cause(StrEnum):
    """Name why a channel ended, in FreeSWITCH's words."""

    NORMAL_CLEARING = "NORMAL_CLEARING"
    ORIGINATOR_CANCEL = "ORIGINATOR_CANCEL"
    LOSE_RACE = "LOSE_RACE"
    NO_ANSWER = "NO_ANSWER"
    PICKED_OFF = "PICKED_OFF"
    USER_BUSY = "USER_BUSY"
    CALL_REJECTED = "CALL_REJECTED"
    NO_USER_RESPONSE = "NO_USER_RESPONSE"
    ALLOTTED_TIMEOUT = "ALLOTTED_TIMEOUT"


class GroupType(IntEnum):
    """Tell how a group calls its members: all at once (ring) or one after the other (hunt)."""

    RING = 0
    HUNT = 1
