"""Make calls out of channels: one caller, one or more rung phones, one outcome.

A call bears the uuid of the channel that began it, so its id is the same before and
after a lost connection. A leg belongs for good to the call that it was made for; when
an attended transfer bridges legs of two calls, each goes on telling its own users.

Somebody who was rung and not answered learns his outcome when it is certain: while
others may still answer, his part stays open.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from .call import (
    Call,
    Part,
    groups_of,
    is_answered,
    is_placed_by_user,
    outcome_for,
    outcome_of,
    was_answered,
)
from .model import Channel
from .originated import Originated
from .peers import Picture
from .story import CallState, Effect, Outcome, Step, UserCall
from .telling import event_of_group, event_of_part
from .user_calls import strongest, user_call
from .words import (
    PBX,
    PBX_CALLS,
    PBX_QUEUES,
    Direction,
    Id,
    group_calls_key,
    user_calls_key,
)

_MEDIA_PLUG: Final = "media_plug"
"""What a client dials to attach sound to its web page; no call between people."""

_JOINING: Final = ("pickup_uuid.", "assimilate.")
"""What the vendor's web phone dials to take over a ringing call, before its uuid."""


class Calls:
    """Keep the calls that are going on, by user and by group."""

    def __init__(self, picture: Picture) -> None:
        """Start without calls."""
        self._picture = picture
        self._calls: dict[Id, Call] = {}
        self._call_id_of: dict[Id, Id] = {}
        self._originated = Originated(self._calls)
        self._connected_to: defaultdict[Id, set[Id]] = defaultdict(set)
        self._call_id_of_visitor: dict[Id, Id] = {}
        self._of_user: defaultdict[Id, dict[Id, Call]] = defaultdict(dict)
        self._of_group: defaultdict[Id, dict[Id, Call]] = defaultdict(dict)

    # What is asked

    def __len__(self) -> int:
        """Return how many calls are going on."""
        return len(self._calls)

    def ids(self) -> Iterable[Id]:
        """Return the ids of the calls that are going on."""
        return self._calls.keys()

    def __iter__(self) -> Iterator[Call]:
        """Return the calls that are going on."""
        return iter(self._calls.values())

    def with_channel(self, uuid: Id) -> Call | None:
        """Return the call that a channel belongs to; a call has the uuid of its first one."""
        return self._calls.get(self._call_id_of.get(uuid, uuid))

    def count_in_group(self, group_id: Id) -> int:
        """Return how many calls wait in a group or are served by it."""
        return len(self._of_group.get(group_id, ()))

    def of_user(self, user_id: Id) -> list[UserCall]:
        """Return the calls that a user's phones are in."""
        calls = self._of_user.get(user_id)
        if calls is None:
            return []
        shown = []
        for call in calls.values():
            one = user_call(self._picture, call, call.parts[user_id])
            if one is not None:
                shown.append(one)
        return shown

    def leading(self, user_id: Id) -> tuple[CallState, UserCall | None, int]:
        """Return a user's state, the call that decides it, and how many he has."""
        calls = self.of_user(user_id)
        lead = strongest(calls)
        return (CallState.IDLE if lead is None else lead.state), lead, len(calls)

    # What happens to channels

    def channel_changed(self, channel: Channel, effect: Effect) -> None:
        """Take up a channel that is new or changed."""
        if _MEDIA_PLUG in (channel.calling_number, channel.called_number):
            return
        uuid = channel.uuid
        call_id = self._call_id_of.get(uuid)
        if call_id is None:
            call_id = self._call_id_of[uuid] = self._home_of(channel)
        call = self._call(call_id, effect)
        previous = call.channels.get(uuid)
        call.put(channel)
        other_before = None
        if previous is not None:
            other_before = previous.other_uuid
            if previous.user_id != channel.user_id and previous.user_id is not None:
                self._leave(call, previous, None, effect)
        if other_before != channel.other_uuid:
            self._connect(uuid, other_before, channel.other_uuid)
        answered = is_answered(call, channel)
        part = self._seat(call, channel)
        if part is not None and not part.announced and not answered:
            self._announce(call, part, channel, effect)
        if answered and (
            previous is None
            or previous.user_id != channel.user_id
            or not was_answered(call, previous, channel)
        ):
            self._answer(call, channel, effect)
            self._update_groups(call, effect)
        else:
            if uuid == call.root_id:
                self._settle_all(call, effect)
            if groups_of(channel) != groups_of(previous):
                self._update_groups(call, effect)
        self.touch(uuid, effect)

    def channel_gone(self, last: Channel, final: Channel | None, effect: Effect) -> None:
        """Let a channel go; `final` is its last row, None where its end was not seen."""
        call_id = self._call_id_of.get(last.uuid)
        if call_id is None:
            return
        call = self._calls[call_id]
        last = call.channels[last.uuid]  # a later row may have been none of ours
        ended = final or last
        if final is not None and not is_answered(call, last) and is_answered(call, final):
            self._answer(call, final, effect)
        self.touch(last.uuid, effect)
        call.remove(ended)
        if call.is_root(last):
            call.went_unseen = final is None
        if last.other_uuid is not None:
            self._connect(last.uuid, last.other_uuid, None)
        del self._call_id_of[last.uuid]
        self._leave(call, last, final, effect)
        if call.root_is_gone or not call.channels:
            for group_id in tuple(call.visits):
                self._leave_queue(call, group_id, effect)
            self._settle_all(call, effect)
        if call.group_ids:
            self._update_groups(call, effect)
        self._forget_if_over(call, effect)

    def queue_entered(self, uuid: Id, group_id: Id, since: int | None, effect: Effect) -> None:
        """Let a channel begin to wait in a group's queue."""
        call = self._call(self._call_id_of.get(uuid, uuid), effect)
        # A list may tell of a channel before its own row says to which call it belongs.
        self._call_id_of_visitor[uuid] = call.id
        call.visits[group_id] = since
        self._tell_group(call, group_id, Step.ENTERED, since, effect)
        self._update_groups(call, effect)

    def queue_left(self, uuid: Id, group_id: Id, effect: Effect) -> None:
        """Let a channel leave a group's queue, for whatever reason."""
        call = self._calls.get(self._call_id_of_visitor.pop(uuid, uuid))
        if call is not None and group_id in call.visits:
            self._leave_queue(call, group_id, effect)

    def _leave_queue(self, call: Call, group_id: Id, effect: Effect) -> None:
        root = call.root
        if call.root_is_gone or root is None:
            outcome = outcome_of(root.hangup) if root is not None else Outcome.UNKNOWN
            at = root.hung_up_at if root is not None else None
        elif call.in_voicemail:
            outcome, at = Outcome.VOICEMAIL, root.state.since if root.state else None
        else:
            outcome, at = Outcome.OVERFLOWED, root.state.since if root.state else None
        self._tell_group(call, group_id, Step.ABANDONED, at, effect, outcome)
        del call.visits[group_id]
        self._update_groups(call, effect)
        self._forget_if_over(call, effect)

    def touch(self, uuid: Id, effect: Effect) -> None:
        """Touch whom it concerns that a channel changed, parked or not.

        Who talks to it, or holds it, may live in another call.
        """
        touched = effect.touched
        touched.add(PBX)
        if uuid in self._picture.parked:
            touched.add(PBX_QUEUES)
        for one in (uuid, *self._connected_to.get(uuid, ())):
            call_id = self._call_id_of.get(one)
            if call_id is not None:
                touched.update(map(user_calls_key, self._calls[call_id].parts))

    # To which call a channel belongs

    def _call(self, call_id: Id, effect: Effect) -> Call:
        call = self._calls.get(call_id)
        if call is None:
            effect.touched.add(PBX_CALLS)
            call = self._calls[call_id] = Call(call_id, first_id=call_id, root_id=call_id)
        return call

    def _home_of(self, channel: Channel) -> Id:
        """Return the id of the call that a channel is born into."""
        if channel.called_number.startswith(_JOINING):
            taken = channel.called_number.partition(".")[2]
            return self._call_id_of.get(taken, taken)  # it may be hidden from us
        other = channel.other_uuid
        if channel.direction != Direction.OUTBOUND:
            return channel.uuid
        if other is None:
            return self._originated.home_of(channel)
        if self._is_elder(channel, other):
            return channel.uuid
        # A leg may come before its caller, who may even be hidden from us for good.
        return self._call_id_of.get(other, other)

    def _is_elder(self, channel: Channel, other_uuid: Id) -> bool:
        """Return whether of two legs offered by the PBX this one came first."""
        other = self._picture.channels.get(other_uuid)
        if other is not None:
            if other.direction != Direction.OUTBOUND:
                return False
            offered_at = other.offered_at
        else:
            offered_at = channel.other.offered_at if channel.other is not None else None
        return offered_at is not None and offered_at > (channel.offered_at or offered_at)

    def _connect(self, uuid: Id, before: Id | None, now: Id | None) -> None:
        """Remember to which other channel one is connected, as its rows tell."""
        if before is not None:
            connected = self._connected_to[before]
            connected.discard(uuid)
            if not connected:
                del self._connected_to[before]
        if now is not None:
            self._connected_to[now].add(uuid)

    def _forget_if_over(self, call: Call, effect: Effect) -> None:
        if call.channels or call.visits or call.parts:
            return
        effect.touched.add(PBX_CALLS)
        self._calls.pop(call.id, None)
        self._originated.forget(call.id)

    # What becomes of users

    def _seat(self, call: Call, channel: Channel) -> Part | None:
        """Give the channel's user his part in the call."""
        user_id = channel.user_id
        if user_id is None:
            return None
        part = call.parts.get(user_id)
        if part is None:
            placed = is_placed_by_user(call, channel)
            part = Part(user_id, placed, channel.offered_at, call.answers, channel)
            call.parts[user_id] = part
            self._of_user[user_id][call.id] = call
        part.legs[channel.uuid] = part.last_leg = channel
        part.group_id = channel.group_id or part.group_id
        return part

    def _announce(self, call: Call, part: Part, channel: Channel, effect: Effect) -> None:
        if part.is_caller:
            self._tell(call, part, Step.OUTGOING, channel.offered_at, effect)
        elif channel.direction == Direction.OUTBOUND or call.is_root(channel):
            self._tell(call, part, Step.RINGING, channel.offered_at, effect)

    def _answer(self, call: Call, channel: Channel, effect: Effect) -> None:
        """Take note that somebody answered, and tell whom it concerns."""
        at = channel.answered_at or (channel.state.since if channel.state else None)
        user_id = channel.user_id
        if call.is_first(channel):
            calls = is_placed_by_user(call, channel)
        else:
            # Who was rung himself before he was handed on has answered his own phone.
            calls = channel.direction != Direction.OUTBOUND
        if call.is_root(channel) and (user_id is None or calls):
            if channel.state is not None and channel.state.since is not None:
                at = channel.state.since  # its own answer may have been an IVR's
            partner = self._picture.channels.get(channel.other_uuid or "")
            user_id = partner.user_id if partner is not None else None
        call.answers += 1
        call.answered_by = user_id
        for part in tuple(call.parts.values()):
            concerned = part.is_caller or part.user_id == user_id
            if concerned and part.legs and not part.answered:
                part.answered, part.answered_at = True, at
                self._tell(call, part, Step.ANSWERED, at, effect)
        for group_id in tuple(call.visits):
            self._tell_group(call, group_id, Step.ANSWERED, at, effect, Outcome.ANSWERED)
            del call.visits[group_id]
        self._settle_all(call, effect)

    def _leave(self, call: Call, last: Channel, final: Channel | None, effect: Effect) -> None:
        """Let a leg's user leave it; his part may go on by another leg."""
        part = call.parts.get(last.user_id) if last.user_id is not None else None
        if part is None or part.legs.pop(last.uuid, None) is None:
            return
        part.unseen_end = final is None
        # What ended an earlier ringing says nothing of one whose end nobody saw.
        part.hangup = final.hangup if final is not None else None
        part.left_at = final.hung_up_at if final is not None else None
        self._settle(call, part, effect)

    def _settle_all(self, call: Call, effect: Effect) -> None:
        for part in tuple(call.parts.values()):
            if not part.legs:
                self._settle(call, part, effect)

    def _settle(self, call: Call, part: Part, effect: Effect) -> None:
        """End a part whose phones have left the call, if its outcome is certain."""
        if part.legs or self._is_found_talking(call, part):
            return
        outcome = outcome_for(call, part)
        if outcome is None:
            return
        del call.parts[part.user_id]
        of_user = self._of_user[part.user_id]
        of_user.pop(call.id, None)
        if not of_user:
            del self._of_user[part.user_id]
        effect.touched.add(user_calls_key(part.user_id))
        if not part.announced:
            return
        is_seen = not (part.unseen_end or call.ended_unseen)
        rang_in_vain = is_seen and not (part.answered or part.is_caller)
        elsewhere = outcome in (Outcome.ANSWERED_ELSEWHERE, Outcome.PICKED_UP)
        step = Step.MISSED if rang_in_vain and not elsewhere else Step.ENDED
        self._tell(call, part, step, part.left_at, effect, outcome)

    def _is_found_talking(self, call: Call, part: Part) -> bool:
        """Return whether he has taken the call on a phone that is not taken up yet.

        So it is while a new connection tells how things are: its rows come one by one.
        """
        uuid = call.root.other_uuid if call.root is not None else None
        if uuid is None or uuid in self._call_id_of:
            return False
        partner = self._picture.channels.get(uuid)
        return partner is not None and partner.user_id == part.user_id

    # Telling

    def _update_groups(self, call: Call, effect: Effect) -> None:
        now = call.serving_groups()
        if now == call.group_ids:
            return
        for group_id in now ^ call.group_ids:
            if group_id in now:
                self._of_group[group_id][call.id] = call
            else:
                of_group = self._of_group[group_id]
                of_group.pop(call.id, None)
                if not of_group:
                    del self._of_group[group_id]
            effect.touched.add(group_calls_key(group_id))
        call.group_ids = now

    def _tell(
        self,
        call: Call,
        part: Part,
        step: Step,
        at: int | None,
        effect: Effect,
        outcome: Outcome | None = None,
    ) -> None:
        part.announced = True
        effect.touched.add(user_calls_key(part.user_id))
        effect.events.append(event_of_part(self._picture, call, part, step, at, outcome))

    def _tell_group(
        self,
        call: Call,
        group_id: Id,
        step: Step,
        at: int | None,
        effect: Effect,
        outcome: Outcome | None = None,
    ) -> None:
        effect.touched.add(PBX)
        effect.events.append(event_of_group(self._picture, call, group_id, step, at, outcome))
