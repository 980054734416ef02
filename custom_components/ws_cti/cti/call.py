"""Follow one call: its legs, and each user's part in it."""

from dataclasses import dataclass, field
from typing import Final

from .model import Calling, Channel, Hangup
from .story import CallDirection, Outcome
from .words import (
    Direction,
    HangupCause,
    Id,
    Location,
    StateName,
)

_ANSWERING: Final = frozenset(
    {
        StateName.BRIDGED,
        StateName.CONFERENCE,
        StateName.EAVESDROP,
        StateName.CHECKING_VOICEMAIL,
    }
)
"""States of a caller's channel in which somebody, or what he dialled, has answered."""

_OUTCOMES: Final[dict[str, Outcome]] = {
    HangupCause.USER_BUSY: Outcome.BUSY,
    HangupCause.CALL_REJECTED: Outcome.REJECTED,
    HangupCause.ORIGINATOR_CANCEL: Outcome.CANCELLED,
    HangupCause.NO_ANSWER: Outcome.NO_ANSWER,
    HangupCause.NO_USER_RESPONSE: Outcome.NO_ANSWER,
    HangupCause.LOSE_RACE: Outcome.ANSWERED_ELSEWHERE,
    HangupCause.PICKED_OFF: Outcome.PICKED_UP,
}


@dataclass(slots=True)
class Part:
    """Follow one user through one call.

    `announced` tells whether a step was told that asks for an end; `answers_before` is
    how often the call had been answered when his part began; `last_leg` is the latest
    row of his phones, which outlives `legs`.
    """

    user_id: Id
    is_caller: bool
    began_at: int | None
    answers_before: int
    last_leg: Channel
    group_id: Id | None = None
    announced: bool = False
    answered: bool = False
    answered_at: int | None = None
    left_at: int | None = None
    hangup: Hangup | None = None
    unseen_end: bool = False
    legs: dict[Id, Channel] = field(default_factory=dict)

    @property
    def direction(self) -> CallDirection:
        """Return which way the call goes for this user."""
        return CallDirection.OUTGOING if self.is_caller else CallDirection.INCOMING


@dataclass(slots=True)
class Call:
    """Follow one call.

    `first` is the channel that began it and `root` the one whose call it is: the first
    until it leaves, then who was handed on to others. Both are living or as they were
    last seen, and their ids are known before they are told; `went_unseen` tells that the
    root left while no connection was there to see it. `visits` holds the groups in whose
    queue it is, and since when.
    """

    id: Id
    first_id: Id
    root_id: Id
    first: Channel | None = None
    root: Channel | None = None
    channels: dict[Id, Channel] = field(default_factory=dict)
    parts: dict[Id, Part] = field(default_factory=dict)
    visits: dict[Id, int | None] = field(default_factory=dict)
    group_ids: frozenset[Id] = frozenset()
    answers: int = 0
    answered_by: Id | None = None
    in_voicemail: bool = False
    went_unseen: bool = False
    leg_hangup: Hangup | None = None

    @property
    def root_is_gone(self) -> bool:
        """Return whether the channel whose call it is is known to have ended."""
        return self.root is not None and self.root.uuid not in self.channels

    @property
    def ended_unseen(self) -> bool:
        """Return whether the channel whose call it is ended without our seeing it."""
        return self.root_is_gone and self.went_unseen

    def is_first(self, channel: Channel) -> bool:
        """Return whether a channel is the one that began the call."""
        return channel.uuid == self.first_id

    def is_root(self, channel: Channel) -> bool:
        """Return whether a channel is the one whose call it is."""
        return channel.uuid == self.root_id

    def rings_along(self, channel: Channel) -> bool:
        """Return whether an API client rings this phone together with the root's.

        Only `origination` ties phones together before one is answered (inferred).
        """
        root = self.root
        return (
            bool(channel.origination)
            and root is not None
            and root.uuid != channel.uuid
            and (channel.origination, channel.direction) == (root.origination, root.direction)
            and channel.other_uuid is None
        )

    def seen_by(self, leg: Channel | None) -> Channel | None:
        """Return whose call it is as the user on a leg sees it.

        Who was handed on calls those who ring since then, but was called himself before.
        """
        if leg is None or leg.uuid not in (self.first_id, self.root_id):
            return self.root
        return self.first

    def put(self, channel: Channel) -> None:
        """Take a channel in, or its new row, and learn whose call it is."""
        uuid = channel.uuid
        self.channels[uuid] = channel
        if uuid == self.first_id:
            self.first = channel
        elif (
            channel.answered_at is not None
            and self.rings_along(channel)
            and not (self.root and self.root.answered_at)
        ):
            self._begin_with(channel)
        if uuid == self.root_id or (self.root_is_gone and _is_handed_on(channel)):
            self._lead(channel)

    def remove(self, last: Channel) -> None:
        """Let a channel go, of which this is the last row, and learn whose call it is."""
        self.channels.pop(last.uuid, None)
        if self.is_first(last):
            self.first = last
        if not self.is_root(last):
            self.leg_hangup = last.hangup or self.leg_hangup
            return
        self.root = last
        for channel in self.channels.values():
            if self.rings_along(channel):
                self._begin_with(channel)
                return
            if _is_handed_on(channel):
                self._lead(channel)
                return

    def _begin_with(self, channel: Channel) -> None:
        self.first = self.root = channel
        self.first_id = self.root_id = channel.uuid

    def _lead(self, channel: Channel) -> None:
        self.root, self.root_id = channel, channel.uuid
        self.in_voicemail = channel.state is not None and channel.state.name == StateName.VOICEMAIL

    def serving_groups(self) -> frozenset[Id]:
        """Return the groups that the call now waits in or is served by."""
        found: set[Id | None] = set(self.visits)
        for channel in self.channels.values():
            found.update(groups_of(channel))
        return frozenset([group_id for group_id in found if group_id is not None])


def groups_of(channel: Channel | None) -> tuple[Id | None, Id | None]:
    """Return by which group a channel is served, and which one it calls."""
    if channel is None:
        return None, None
    state = channel.state
    return channel.group_id, state.group_id if isinstance(state, Calling) else None


def _is_handed_on(channel: Channel) -> bool:
    """Return whether a channel that was answered talks to nobody: it is called for, or waits."""
    return (
        channel.answered_at is not None
        and channel.state is not None
        and channel.state.name not in _ANSWERING
    )


def is_placed_by_user(call: Call, channel: Channel) -> bool:
    """Return whether the channel's user is the one who makes this call.

    He is on the phone that offered the call to the PBX, or on the phone that the PBX
    rang first at the request of an API client. A channel from outside bears the id of
    the user who is called (seen in the recording of 2016's grammar).
    """
    began = call.is_first(channel) or call.rings_along(channel)
    if not began or channel.user_id is None:
        return False
    if channel.direction == Direction.OUTBOUND:
        return bool(channel.origination) and channel.group_id is None
    return channel.peer_location != Location.EXTERNAL


def is_answered(call: Call, channel: Channel) -> bool:
    """Return whether somebody at the far end of a channel's call has answered.

    A root channel's own answer proves nothing: an IVR or a queue answers it, too.
    """
    state = channel.state
    if state is not None and state.name in _ANSWERING:
        return True
    if channel.answered_at is None:
        return False
    if channel.uuid == call.root_id or call.rings_along(channel):
        return channel.direction == Direction.OUTBOUND and not is_placed_by_user(call, channel)
    return True


def was_answered(call: Call, last: Channel, now: Channel) -> bool:
    """Return whether a channel's call was answered before the channel's row changed.

    Who had answered himself and was handed on calls others since then.
    """
    if not is_answered(call, last):
        return False
    calls_others = call.is_root(now) and not call.is_first(now) and _is_handed_on(last)
    return not (calls_others and now.state is not None and now.state.name in _ANSWERING)


def outcome_of(hangup: Hangup | None) -> Outcome:
    """Return what a leg's end says of a call that nobody answered on it."""
    if hangup is None:
        return Outcome.UNKNOWN
    if hangup.cause in _OUTCOMES:
        return _OUTCOMES[hangup.cause]
    # The far end left by itself before anybody answered (inferred for other causes).
    if hangup.disposition in ("recv_bye", "recv_cancel"):
        return Outcome.CANCELLED
    # An IVR or a queue had answered, and then the phone system gave up (inferred).
    return Outcome.NO_ANSWER if hangup.cause == HangupCause.NORMAL_CLEARING else Outcome.UNKNOWN


def outcome_for(call: Call, part: Part) -> Outcome | None:
    """Return how a part ended that has no phone left, or None while others may answer."""
    if part.answered:
        return Outcome.ANSWERED
    own = outcome_of(part.hangup)
    if part.is_caller:
        if call.in_voicemail:
            return Outcome.VOICEMAIL
        return own if own != Outcome.UNKNOWN or part.unseen_end else outcome_of(call.leg_hangup)
    if own in (Outcome.PICKED_UP, Outcome.ANSWERED_ELSEWHERE):
        return own
    if call.answers > part.answers_before:
        return Outcome.ANSWERED_ELSEWHERE
    if call.in_voicemail:
        return Outcome.VOICEMAIL
    if call.channels and not call.root_is_gone:
        return None
    # Somebody may have answered in the meantime.
    return Outcome.UNKNOWN if call.ended_unseen else own
