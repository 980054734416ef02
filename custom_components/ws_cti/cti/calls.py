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

from .call import Call, Part, calls_others, is_answered, outcome_for, outcome_of, was_answered
from .model import Channel
from .originated import Originated
from .peers import Picture
from .story import CallState, Effect, Outcome, Step, UserCall
from .telling import event_of_group, event_of_part
from .user_calls import strongest, user_call
from .words import OUTBOUND, PBX, PBX_CALLS, PBX_PARKED, Id, group_calls_key, user_calls_key

_MEDIA_PLUG: Final = "media_plug"
"""What a client dials to attach sound to its web page; no call between people."""

_JOINING: Final = ("pickup_uuid.", "assimilate.")
"""What the vendor's web phone dials to take over a ringing call, before its uuid."""

_NO_GROUPS: Final[frozenset[Id]] = frozenset()

_IDLE: Final = (CallState.IDLE, None, 0)

_ELSEWHERE: Final = (Outcome.ANSWERED_ELSEWHERE, Outcome.PICKED_UP)
"""How a part ends that rang in vain, but whose call was not missed."""


class Calls:
    """Keep the calls that are going on, by user and by group."""

    def __init__(self, picture: Picture) -> None:
        """Start without calls."""
        self._picture = picture
        self._parked = picture.parked
        self._calls: dict[Id, Call] = {}
        self._call_of: dict[Id, Call] = {}
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
        return self._call_of.get(uuid) or self._calls.get(uuid)

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
        calls = self._of_user.get(user_id)
        if calls is None:
            return _IDLE
        if len(calls) == 1:  # as most have who are in any
            [call] = calls.values()
            only = user_call(self._picture, call, call.parts[user_id])
            return (only.state, only, 1) if only is not None else _IDLE
        shown = self.of_user(user_id)
        lead = strongest(shown)
        return (lead.state, lead, len(shown)) if lead is not None else _IDLE

    # What happens to channels

    def channel_changed(self, channel: Channel, effect: Effect) -> bool:
        """Take up a channel that is new or changed, and return whether it is part of a call."""
        if _MEDIA_PLUG in (channel.calling_number, channel.called_number):
            return False
        uuid, user_id, other = channel.uuid, channel.user_id, channel.other_uuid
        call = self._call_of.get(uuid)
        if call is None:
            previous = None
            call = self._call_of[uuid] = self._call(self._home_of(channel), effect)
            call.put(channel)
            if other is not None:
                self._connected_to[other].add(uuid)
        else:
            previous = call.channels[uuid]
            call.put(channel)
            if previous.other_uuid != other:
                self._disconnect(previous)
                if other is not None:
                    self._connected_to[other].add(uuid)
            if previous.user_id != user_id:
                self._leave(call, previous, None, effect)
                previous = None  # whoever has the phone has yet to answer on it
        answered = is_answered(call, channel)
        if user_id is not None:
            part = call.parts.get(user_id)
            if part is None:
                part = self._seat(call, channel, user_id)
            part.legs[uuid] = channel
            part.last_leg = channel
            if channel.group_id:
                part.group_id = channel.group_id
            if not part.announced and not answered:
                self._announce(call, part, channel, effect)
        if answered and (previous is None or not was_answered(call, previous, channel)):
            self._answer(call, channel, effect)
        elif call.is_open and uuid == call.root_id:
            self._settle_all(call, effect)
        self._update_groups(call, effect)
        effect.touched.update(call.concerned)
        if uuid in self._connected_to or self._parked:
            self._touch_beyond(uuid, effect)
        return True

    def channel_gone(self, uuid: Id, final: Channel | None, effect: Effect) -> None:
        """Let a channel go; `final` is its last row, None where its end was not seen."""
        call = self._call_of.pop(uuid, None)
        if call is None:
            return
        last = call.channels[uuid]  # a later row may have been none of ours
        if final is not None and not is_answered(call, last) and is_answered(call, final):
            self._answer(call, final, effect)
        effect.touched.update(call.concerned)
        if uuid in self._connected_to or self._parked:
            self._touch_beyond(uuid, effect)
        call.remove(final or last)
        if uuid == call.root_id:
            call.went_unseen = final is None
        self._disconnect(last)
        self._leave(call, last, final, effect)
        if call.root_is_gone or not call.channels:
            if call.visits:
                for group_id in tuple(call.visits):
                    self._leave_queue(call, group_id, effect)
            if call.is_open:
                self._settle_all(call, effect)
        if call.group_ids:
            self._update_groups(call, effect)
        if not call.channels:
            self._forget_if_over(call, effect)

    def queue_entered(self, uuid: Id, group_id: Id, since: int | None, effect: Effect) -> None:
        """Let a channel begin to wait in a group's queue."""
        call = self._call_of.get(uuid) or self._call(uuid, effect)
        # A list may tell of a channel before its own row says to which call it belongs.
        self._call_id_of_visitor[uuid] = call.id
        call.visits[group_id] = since
        told = event_of_group(self._picture, call, group_id, Step.ENTERED, since, None)
        effect.events.append(told)
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
        told = event_of_group(self._picture, call, group_id, Step.ABANDONED, at, outcome)
        effect.events.append(told)
        del call.visits[group_id]
        self._update_groups(call, effect)
        self._forget_if_over(call, effect)

    def touch(self, uuid: Id, effect: Effect) -> None:
        """Touch whom it concerns that a channel changed, parked or not."""
        effect.touched.add(PBX)
        call = self._call_of.get(uuid)
        if call is not None:
            effect.touched.update(call.concerned)
        self._touch_beyond(uuid, effect)

    def _touch_beyond(self, uuid: Id, effect: Effect) -> None:
        """Touch who talks to a channel, or holds it: they may live in another call."""
        if uuid in self._parked:
            effect.touched.add(PBX_PARKED)
        for one in self._connected_to.get(uuid, ()):
            call = self._call_of.get(one)
            if call is not None:
                effect.touched.update(call.concerned)

    # To which call a channel belongs

    def _call(self, call_id: Id, effect: Effect) -> Call:
        call = self._calls.get(call_id)
        if call is None:
            effect.touched.add(PBX_CALLS)
            call = self._calls[call_id] = Call(call_id)
        return call

    def _home_of(self, channel: Channel) -> Id:
        """Return the id of the call that a channel is born into."""
        if channel.called_number.startswith(_JOINING):
            taken = channel.called_number.partition(".")[2]
            return self._call_id_with(taken)  # it may be hidden from us
        other = channel.other_uuid
        if channel.direction != OUTBOUND:
            return channel.uuid
        if other is None:
            return self._originated.home_of(channel)
        if self._is_elder(channel, other):
            return channel.uuid
        # A leg may come before its caller, who may even be hidden from us for good.
        return self._call_id_with(other)

    def _call_id_with(self, uuid: Id) -> Id:
        call = self._call_of.get(uuid)
        return call.id if call is not None else uuid

    def _is_elder(self, channel: Channel, other_uuid: Id) -> bool:
        """Return whether of two legs offered by the PBX this one came first."""
        other = self._picture.channels.get(other_uuid)
        if other is not None:
            if other.direction != OUTBOUND:
                return False
            offered_at = other.offered_at
        else:
            offered_at = channel.other.offered_at if channel.other is not None else None
        return offered_at is not None and offered_at > (channel.offered_at or offered_at)

    def _disconnect(self, last: Channel) -> None:
        """Forget to which other channel one was connected, as its last row told."""
        other = last.other_uuid
        if other is not None:
            connected = self._connected_to[other]
            connected.discard(last.uuid)
            if not connected:
                del self._connected_to[other]

    def _forget_if_over(self, call: Call, effect: Effect) -> None:
        if call.channels or call.visits or call.parts:
            return
        effect.touched.add(PBX_CALLS)
        self._calls.pop(call.id, None)
        self._originated.forget(call.id)

    # What becomes of users; whoever changes a channel touches all whom its call concerns

    def _seat(self, call: Call, channel: Channel, user_id: Id) -> Part:
        """Give the channel's user a part in the call."""
        part = call.parts[user_id] = Part(user_id, call, channel)
        call.concerned.add(user_calls_key(user_id))
        self._of_user[user_id][call.id] = call
        return part

    def _announce(self, call: Call, part: Part, channel: Channel, effect: Effect) -> None:
        if part.is_caller:
            step = Step.OUTGOING
        elif channel.direction == OUTBOUND or call.is_root(channel):
            step = Step.RINGING
        else:
            return
        part.announced = True
        at = channel.offered_at
        effect.events.append(event_of_part(self._picture, call, part, step, at, None))

    def _answer(self, call: Call, channel: Channel, effect: Effect) -> None:
        """Take note that somebody answered, and tell whom it concerns."""
        user_id, state = channel.user_id, channel.state
        at = channel.answered_at or (state.since if state is not None else None)
        if channel.uuid == call.root_id and (user_id is None or calls_others(call, channel)):
            if state is not None and state.since is not None:
                at = state.since  # its own answer may have been an IVR's
            partner = self._picture.channels.get(channel.other_uuid or "")
            user_id = partner.user_id if partner is not None else None
        call.answers += 1
        call.answered_by = user_id
        for part in call.parts.values():
            if (part.is_caller or part.user_id == user_id) and part.legs and not part.answered:
                part.announced, part.answered, part.answered_at = True, True, at
                told = event_of_part(self._picture, call, part, Step.ANSWERED, at, None)
                effect.events.append(told)
        if call.visits:
            step, outcome = Step.ANSWERED, Outcome.ANSWERED
            for group_id in call.visits:
                told = event_of_group(self._picture, call, group_id, step, at, outcome)
                effect.events.append(told)
            call.visits.clear()
        if call.is_open:
            self._settle_all(call, effect)

    def _leave(self, call: Call, last: Channel, final: Channel | None, effect: Effect) -> None:
        """Let a leg's user leave it; his part may go on by another leg."""
        part = call.parts.get(last.user_id) if last.user_id is not None else None
        if part is None or part.legs.pop(last.uuid, None) is None:
            return
        if final is not None:
            part.unseen_end, part.hangup, part.left_at = False, final.hangup, final.hung_up_at
        else:
            # What ended an earlier ringing says nothing of one whose end nobody saw.
            part.unseen_end, part.hangup, part.left_at = True, None, None
        self._settle(call, part, effect)

    def _settle_all(self, call: Call, effect: Effect) -> None:
        call.is_open = False
        for part in tuple(call.parts.values()):
            if not part.legs:
                self._settle(call, part, effect)

    def _settle(self, call: Call, part: Part, effect: Effect) -> None:
        """End a part whose phones have left the call, if its outcome is certain."""
        if part.legs:
            return
        outcome = outcome_for(call, part)
        if outcome is None or self._is_found_talking(call, part):
            call.is_open = True
            return
        user_id = part.user_id
        del call.parts[user_id]
        of_user = self._of_user[user_id]
        del of_user[call.id]
        if not of_user:
            del self._of_user[user_id]
        key = user_calls_key(user_id)
        call.concerned.discard(key)
        effect.touched.add(key)
        if part.announced:
            rang_in_vain = not (
                part.answered
                or part.is_caller
                or outcome in _ELSEWHERE
                or part.unseen_end
                or call.ended_unseen
            )
            step = Step.MISSED if rang_in_vain else Step.ENDED
            at = part.left_at
            effect.events.append(event_of_part(self._picture, call, part, step, at, outcome))

    def _is_found_talking(self, call: Call, part: Part) -> bool:
        """Return whether he has taken the call on a phone that is not taken up yet.

        So it is while a new connection tells how things are: its rows come one by one.
        """
        uuid = call.root.other_uuid if call.root is not None else None
        if uuid is None or uuid in self._call_of:
            return False
        partner = self._picture.channels.get(uuid)
        return partner is not None and partner.user_id == part.user_id

    # By which groups it is served

    def _update_groups(self, call: Call, effect: Effect) -> None:
        now = _NO_GROUPS.union(call.visits, *call.groups.values())
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
