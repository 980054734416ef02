"""Keep the live channels, and tell of each change in the rows that the recorded session shows."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from .model import Channel, Group, OutsideCaller, Row, Target, Terminal, User
from .states import Bridged, Calling, Park, State, SystemOperation
from .words import Cause, Direction, Element, EventName, LastEvent, PeerLocation, Signal

if TYPE_CHECKING:
    from .calls import Call

type Publish = Callable[[Element, Row, EventName], None]


class HangupEvents(StrEnum):
    """Choose how the end of a channel is told; the recording shows "removed" alone.

    No documentation says whether an "updated" row comes before it or in its place.
    """

    REMOVED = "removed"
    UPDATED_THEN_REMOVED = "updated, then removed"
    UPDATED = "updated"


@dataclass(frozen=True, slots=True)
class Shown:
    """Tell what a ringing phone shows of the call."""

    name: str | None
    number: str | None
    group: Group | None = None
    origination: str | None = None


class Channels:
    """Hold every channel from its offer to its end, and who waits in queues and park slots."""

    def __init__(
        self, publish: Publish, new_uuid: Callable[[], str], hangup_events: HangupEvents
    ) -> None:
        """Begin without any channel."""
        self.live: dict[str, Channel] = {}
        self.queued: dict[str, Channel] = {}
        self.slots: dict[int, Channel] = {}
        self._hangup_events = hangup_events
        self._publish = publish
        self._new_uuid = new_uuid
        self._offered = 0

    def offer_from_outside(
        self, call: Call, now: int, caller: OutsideCaller, target: Target
    ) -> Channel:
        """Let somebody outside call."""
        return self._added(
            Channel(
                uuid=self._new_uuid(),
                call=call,
                direction=Direction.INBOUND,
                peer_location=PeerLocation.EXTERNAL,
                calling_name=caller.name or caller.number,
                calling_number=caller.number,
                called_number=str(target.whom.id),
                offer_timestamp=now,
                last_event=LastEvent.NEW_CHANNEL,
                state=SystemOperation(now, "lookup"),
                target=target,
                end_user=caller.end_user,
                call_id=self._next_call_id(),
            )
        )

    def offer_from_user(
        self,
        call: Call,
        now: int,
        terminal: Terminal,
        called_number: str,
        target: Target | None = None,
    ) -> Channel:
        """Let a user dial."""
        user = terminal.user
        return self._added(
            Channel(
                uuid=self._new_uuid(),
                call=call,
                direction=Direction.INBOUND,
                peer_location=PeerLocation.INTERNAL,
                calling_name=user.label,
                calling_number=user.main_extension,
                called_number=called_number,
                offer_timestamp=now,
                last_event=LastEvent.NEW_CHANNEL,
                user=user,
                terminal=terminal,
                state=SystemOperation(now, "lookup"),
                target=target,
                call_id=self._next_call_id(),
            )
        )

    def originate(
        self,
        call: Call,
        now: int,
        whom: Terminal | str,
        shown: Shown,
        *,
        other: Channel | None = None,
    ) -> Channel:
        """Ring a terminal or a number outside."""
        terminal = whom if isinstance(whom, Terminal) else None
        return self._added(
            Channel(
                uuid=self._new_uuid(),
                call=call,
                direction=Direction.OUTBOUND,
                peer_location=PeerLocation.INTERNAL if terminal else PeerLocation.EXTERNAL,
                calling_name=shown.name,
                calling_number=shown.number,
                called_number=str(whom.user.id) if isinstance(whom, Terminal) else whom,
                offer_timestamp=now,
                last_event=LastEvent.CHANNEL_ORIGINATE,
                other_uuid=other.uuid if other else None,
                user=terminal.user if terminal else None,
                terminal=terminal,
                group=shown.group,
                origination=shown.origination,
                other_info=other.as_other() if other else None,
            )
        )

    def change_state(self, channel: Channel, state: State) -> None:
        """Let a channel, on its own now, enter another state."""
        channel.state = state
        channel.other_uuid = None
        channel.other_info = None
        self._updated(channel, LastEvent.STATE_CHANGE)

    def call(self, channel: Channel, now: int, whom: User | Group | str) -> None:
        """Let a channel call somebody; calling a group puts it into that group's queue."""
        self.change_state(channel, Calling(now, whom))
        if isinstance(whom, Group):
            self.queued[channel.uuid] = channel
            self._publish(Element.QUEUED_CHANNEL, channel, EventName.ADDED)

    def leave_queue(self, channel: Channel) -> None:
        """Take a channel out of its queue, before its state changes: the row has the old one."""
        if self.queued.pop(channel.uuid, None) is not None:
            self._publish(Element.QUEUED_CHANNEL, channel, EventName.REMOVED)

    def answer(self, channel: Channel, now: int, state: State | None) -> None:
        """Let the peer of a channel answer, or the PBX answer the peer."""
        channel.answer_timestamp = channel.answer_timestamp or now
        channel.state = state
        self._updated(channel, LastEvent.CHANNEL_ANSWER)

    def answer_to(self, leg: Channel, now: int, other: Channel) -> None:
        """Let the peer of a leg answer, who will talk to the other channel."""
        leg.other_uuid = other.uuid
        leg.other_info = other.as_other()
        _remember_user(leg, other)
        self.answer(leg, now, Bridged(now))

    def bridge(self, channel: Channel, now: int, other: Channel) -> None:
        """Connect a channel to another, which has told of the connection or will."""
        channel.answer_timestamp = channel.answer_timestamp or now
        channel.state = Bridged(now)
        channel.other_uuid = other.uuid
        channel.other_info = other.as_other()
        _remember_user(channel, other)
        self._updated(channel, LastEvent.CHANNEL_BRIDGE)

    def park(self, channel: Channel, now: int, slot: int | None, by: Channel) -> None:
        """Put a channel into a park slot or, without a slot, on hold."""
        if by.user is None:
            raise ValueError("only a user can park")
        channel.other_uuid = None
        channel.state = Park(now, slot, by.terminal, by.user)
        self._updated(channel, LastEvent.CHANNEL_PARK)
        if slot is not None:
            self.slots[slot] = channel
            self._publish(Element.PARKED_CHANNEL, channel, EventName.ADDED)
            self._publish(Element.CHANNEL_WAITING, channel, EventName.ADDED)

    def leave_slot(self, channel: Channel) -> None:
        """Take a channel out of its slot, before its state changes: the rows have the old one."""
        if isinstance(channel.state, Park) and channel.state.slot is not None:
            del self.slots[channel.state.slot]
            self._publish(Element.CHANNEL_WAITING, channel, EventName.REMOVED)
            self._publish(Element.PARKED_CHANNEL, channel, EventName.REMOVED)

    def end(self, channel: Channel, now: int, signal: Signal, cause: Cause) -> None:
        """End a channel."""
        channel.hangup_timestamp = now
        channel.last_event = LastEvent.CHANNEL_HANGUP
        channel.last_event_data = f"{signal},{cause}"
        del self.live[channel.uuid]
        if channel.user:
            del channel.user.channels[channel.uuid]
        if self._hangup_events is not HangupEvents.REMOVED:
            self._publish(Element.CHANNEL, channel, EventName.UPDATED)
        if self._hangup_events is not HangupEvents.UPDATED:
            self._publish(Element.CHANNEL, channel, EventName.REMOVED)

    def _added(self, channel: Channel) -> Channel:
        self.live[channel.uuid] = channel
        if channel.user:
            channel.user.channels[channel.uuid] = channel
        self._publish(Element.CHANNEL, channel, EventName.ADDED)
        return channel

    def _updated(self, channel: Channel, event: LastEvent) -> None:
        channel.last_event = event
        self._publish(Element.CHANNEL, channel, EventName.UPDATED)

    def _next_call_id(self) -> str:
        self._offered += 1
        return f"{self._offered}@pbx"


def _remember_user(channel: Channel, other: Channel) -> None:
    # Only the channel of somebody outside remembers with whom he talked last.
    if channel.user is None and other.user is not None:
        channel.last_bridged_user = other.user
