"""Follow one call: its legs, and each user's part in it."""

from dataclasses import dataclass
from typing import Final

from .model import Calling, Channel, ChannelState, Hangup
from .story import CallDirection, Outcome
from .words import EXTERNAL, OUTBOUND, PBX, HangupCause, Id, Key, StateName

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


@dataclass(slots=True, init=False)
class Part:
    """Follow one user through one call.

    `direction` is which way the call goes for him; `announced` tells whether a step was
    told that asks for an end; `answers_before` is how often the call had been answered
    when his part began; `last_leg` is the latest row of his phones, which outlives `legs`.
    """

    user_id: Id
    is_caller: bool
    direction: CallDirection
    began_at: int | None
    answers_before: int
    last_leg: Channel
    group_id: Id | None
    announced: bool
    answered: bool
    answered_at: int | None
    left_at: int | None
    hangup: Hangup | None
    unseen_end: bool
    legs: dict[Id, Channel]

    def __init__(self, user_id: Id, call: Call, leg: Channel) -> None:
        """Begin with the first leg of the user in a call."""
        self.user_id = user_id
        self.is_caller = is_placed_by_user(call, leg)
        self.direction = CallDirection.OUTGOING if self.is_caller else CallDirection.INCOMING
        self.began_at = leg.offered_at
        self.answers_before = call.answers
        self.last_leg = leg
        self.group_id = self.answered_at = self.left_at = self.hangup = None
        self.announced = self.answered = self.unseen_end = False
        self.legs = {}


@dataclass(slots=True, init=False)
class Call:
    """Follow one call.

    `first` is the channel that began it and `root` the one whose call it is: the first
    until it leaves, then who was handed on to others. Both are living or as they were
    last seen, and their ids are known before they are told; `root_state` is the root's
    last state while it lived, and `went_unseen` tells that it left while no connection
    was there to see it. `visits` holds the groups in whose queue it is, and since when;
    `groups` by which groups each channel is served or which it calls, and `group_ids` all
    of these groups. A change of the call touches `concerned`: the phone system and who has a
    part. `is_open` tells that somebody's phones may have left before his outcome is
    certain.
    """

    id: Id
    first_id: Id
    root_id: Id
    first: Channel | None
    root: Channel | None
    root_state: ChannelState | None
    root_is_gone: bool
    channels: dict[Id, Channel]
    parts: dict[Id, Part]
    concerned: set[Key]
    is_open: bool
    visits: dict[Id, int | None]
    groups: dict[Id, tuple[Id, ...]]
    group_ids: frozenset[Id]
    answers: int
    answered_by: Id | None
    went_unseen: bool
    leg_hangup: Hangup | None

    def __init__(self, call_id: Id) -> None:
        """Begin with nothing known but the uuid of the channel that begins it."""
        self.id = self.first_id = self.root_id = call_id
        self.first = self.root = self.root_state = None
        self.answered_by = self.leg_hangup = None
        self.root_is_gone = self.is_open = self.went_unseen = False
        self.answers = 0
        self.channels, self.parts, self.visits, self.groups = {}, {}, {}, {}
        self.concerned = {PBX}
        self.group_ids = frozenset()

    @property
    def in_voicemail(self) -> bool:
        """Return whether a mailbox has the call, or had it when its root left."""
        return self.root_state is not None and self.root_state.name == StateName.VOICEMAIL

    @property
    def ended_unseen(self) -> bool:
        """Return whether the channel whose call it is ended without our seeing it."""
        return self.root_is_gone and self.went_unseen

    def is_root(self, channel: Channel) -> bool:
        """Return whether a channel is the one whose call it is."""
        return channel.uuid == self.root_id

    def rings_along(self, channel: Channel) -> bool:
        """Return whether an API client rings this phone together with the root's.

        Only `origination` ties phones together before one is answered (inferred).
        """
        if not channel.origination:  # as with most
            return False
        root = self.root
        return (
            root is not None
            and root.uuid != channel.uuid
            and (channel.origination, channel.direction) == (root.origination, root.direction)
            and channel.other_uuid is None
        )

    def seen_by(self, leg: Channel | None) -> Channel | None:
        """Return whose call it is as the user on a leg sees it.

        Who was handed on calls those who ring since then, but was called himself before.
        """
        if self.first is self.root or leg is None:  # as in most calls
            return self.root
        return self.first if leg.uuid in (self.first_id, self.root_id) else self.root

    def put(self, channel: Channel) -> None:
        """Take a channel in, or its new row, and learn whose call it is."""
        uuid, state, group_id = channel.uuid, channel.state, channel.group_id
        self.channels[uuid] = channel
        groups: tuple[Id, ...] = () if group_id is None else (group_id,)
        if isinstance(state, Calling) and (called := state.group_id) is not None:
            groups += (called,)
        self.groups[uuid] = groups
        if uuid == self.first_id:
            self.first = channel
        elif (
            channel.answered_at is not None
            and self.rings_along(channel)
            and not (self.root and self.root.answered_at)
        ):
            self._begin_with(channel)
        if uuid == self.root_id:
            self.root = channel
            self.root_state = state
            self.root_is_gone = False
        elif self.root_is_gone and _is_handed_on(channel):
            self._lead(channel)

    def remove(self, last: Channel) -> None:
        """Let a channel go, of which this is the last row, and learn whose call it is."""
        uuid = last.uuid
        del self.channels[uuid], self.groups[uuid]
        if uuid == self.first_id:
            self.first = last
        if uuid != self.root_id:
            self.leg_hangup = last.hangup or self.leg_hangup
            return
        self.root = last
        self.root_is_gone = True
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
        self.root_is_gone = False

    def _lead(self, channel: Channel) -> None:
        self.root, self.root_id = channel, channel.uuid
        self.root_state, self.root_is_gone = channel.state, False


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
    if channel.user_id is None:
        return False
    if channel.uuid != call.first_id and not call.rings_along(channel):
        return False
    if channel.direction == OUTBOUND:
        return bool(channel.origination) and channel.group_id is None
    return channel.peer_location != EXTERNAL


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
        return channel.direction == OUTBOUND and not is_placed_by_user(call, channel)
    return True


def calls_others(call: Call, root: Channel) -> bool:
    """Return whether the user of a call's root waits for somebody else to answer."""
    if root.uuid == call.first_id:
        return is_placed_by_user(call, root)
    # Who was rung himself before he was handed on has answered his own phone.
    return root.direction != OUTBOUND


def was_answered(call: Call, last: Channel, now: Channel) -> bool:
    """Return whether a channel's call was answered before the channel's row changed.

    Who had answered himself and was handed on calls others since then.
    """
    if not is_answered(call, last):
        return False
    was_handed_on = call.first_id != now.uuid == call.root_id and _is_handed_on(last)
    return not (was_handed_on and now.state is not None and now.state.name in _ANSWERING)


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
