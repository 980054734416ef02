"""Keep the live picture of a phone system: who there is, who waits where, what is parked.

The picture is the single truth. `apply` takes one update and says whom it touched; what
is asked often stands in an index that is brought up to date with the change itself, so
that neither questions nor changes cost more in a larger phone system.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Set as AbstractSet
from dataclasses import replace
from types import MappingProxyType
from typing import Final, assert_never

from .calls import Calls
from .model import (
    Change,
    Channel,
    Domain,
    Group,
    Item,
    Membership,
    MessageWaiting,
    Parked,
    Snapshot,
    Terminal,
    Update,
    User,
    WaitingChannel,
)
from .peers import Picture
from .queues import Move, Queues
from .story import Effect
from .words import (
    PBX_PARKED,
    PBX_QUEUES,
    ROSTER,
    ChangeKind,
    Direction,
    Element,
    Id,
    group_key,
    group_queue_key,
    user_key,
)

_CHANNEL: Final = Element.CHANNEL
_REMOVED: Final = ChangeKind.REMOVED
_PASSING: Final = (
    Element.CHANNEL,
    Element.CHANNEL_WAITING,
    Element.QUEUED_CHANNEL,
    Element.PARKED_CHANNEL,
)
type _Lasting = Domain | User | Group | Membership | Terminal
"""All that is told of but channels and lists of channels, which come far more often."""

_NONE: Final[Mapping[Id, Membership]] = MappingProxyType({})
_NO_TERMINALS: Final[Mapping[Id, Terminal]] = MappingProxyType({})


class Pbx(Picture):
    """Hold everything that is known of one phone system now."""

    def __init__(self) -> None:
        """Start knowing nothing."""
        self.domain: Domain | None = None
        self.queues = Queues()
        self._told: set[Element] = set()
        self._users: dict[Id, User] = {}
        self._groups: dict[Id, Group] = {}
        self._user_titles: dict[Id, str] = {}
        self._group_titles: dict[Id, str] = {}
        self._memberships: dict[Id, Membership] = {}
        self._terminals: dict[Id, Terminal] = {}
        self._channels: dict[Id, Channel] = {}
        # Rows that are known, but were not understood to the end: a lost connection or a
        # fault came between. They are taken anew when a new connection tells them.
        self._untaken: set[Id] = set()
        self._members_of: defaultdict[Id, dict[Id, Membership]] = defaultdict(dict)
        self._groups_of: defaultdict[Id, dict[Id, Membership]] = defaultdict(dict)
        self._terminals_of: defaultdict[Id, dict[Id, Terminal]] = defaultdict(dict)
        # What each frame asks stands as plain attributes: a property would cost a call.
        self.users: Mapping[Id, User] = self._users
        self.groups: Mapping[Id, Group] = self._groups
        self.user_titles: Mapping[Id, str] = self._user_titles
        self.group_titles: Mapping[Id, str] = self._group_titles
        self.channels: Mapping[Id, Channel] = self._channels
        self.parked: Mapping[Id, Parked] = self.queues.parked
        self.calls = Calls(self)

    # What is asked

    @property
    def told(self) -> AbstractSet[Element]:
        """Return the elements that were ever told in whole."""
        return self._told

    @property
    def terminals(self) -> Mapping[Id, Terminal]:
        """Return the telephones by id; empty where the phone system tells none."""
        return self._terminals

    def members(self, group_id: Id) -> Mapping[Id, Membership]:
        """Return the memberships of a group by their own id."""
        return self._members_of.get(group_id, _NONE)

    def memberships(self, user_id: Id) -> Mapping[Id, Membership]:
        """Return the memberships of a user by their own id."""
        return self._groups_of.get(user_id, _NONE)

    def terminals_of(self, user_id: Id) -> Mapping[Id, Terminal]:
        """Return the telephones of a user by id."""
        return self._terminals_of.get(user_id, _NO_TERMINALS)

    # What changes it

    def apply(self, update: Update) -> Effect:
        """Take one update in and return whom it touched and what it was for calls."""
        if isinstance(update, Change):
            return self.change(update)
        effect = Effect()
        if isinstance(update, Snapshot):
            for _ in self.restoring(update, effect):
                pass
        else:
            self._report_mailbox(update.owner, update.id, update.mwi, effect)
        return effect

    def change(self, change: Change) -> Effect:
        """Take a change of one row in, as `apply` does: nearly all that comes is one."""
        effect = Effect()
        item = change.item
        if isinstance(item, Channel):  # as most are
            uuid = item.uuid
            if change.kind is _REMOVED or item.ended:
                self._end_channel(uuid, item, effect)
            else:
                last = self._channels.get(uuid)
                # Most rows tell of another event, which saves comparing all they tell.
                if last is None or last.last_event != item.last_event or last != item:
                    self._channels[uuid] = item
                    try:
                        self._channel_changed(uuid, item, effect)
                    except Exception:
                        self._untaken.add(uuid)
                        raise
        elif isinstance(item, WaitingChannel):
            uuid, element = item.uuid, change.element
            if change.kind is _REMOVED:
                moved = self.queues.unreport(uuid, element)
            else:
                moved = self.queues.report(uuid, element, item.state)
            if moved is not None:
                self._take_move(uuid, moved, effect)
        elif change.kind is _REMOVED:
            self._remove(item, effect)
        else:
            self._put(item, effect)
        return effect

    def restoring(self, snapshot: Snapshot, effect: Effect) -> Iterator[None]:
        """Make the rows of an element exactly those told, a row with each step.

        The same as `apply` does at once; whom it touched is known after the last step.
        What is told for the first time went on before we came: state, but no news.
        """
        is_news = snapshot.element in self._told
        news_before = len(effect.events)
        yield from self._reconciling(snapshot.element, snapshot.items, effect)
        self._told.add(snapshot.element)
        if not is_news:
            del effect.events[news_before:]

    def reset_unreported(self, reported: Collection[Element]) -> Effect:
        """End the calls and queues that a new connection has not told again.

        To be called when a resynchronisation is complete. Who there is outlives a
        connection that does not tell it: users do not go by being left unmentioned.
        """
        effect = Effect()
        for element in _PASSING:
            if element not in reported:
                for _ in self.restoring(Snapshot(element, ()), effect):
                    pass
        return effect

    def _reconciling(
        self, element: Element, items: tuple[Item, ...], effect: Effect
    ) -> Iterator[None]:
        match element:
            case Element.CHANNEL:
                yield from self._restoring_channels(items, effect)
                return
            case Element.CHANNEL_WAITING | Element.QUEUED_CHANNEL | Element.PARKED_CHANNEL:
                told = {item.uuid for item in items if isinstance(item, WaitingChannel)}
                for gone in self.queues.reported_by(element) - told:
                    self._take_move(gone, self.queues.unreport(gone, element), effect)
                    yield
            case Element.USER:
                yield from self._dropping(self._users, items, effect)
            case Element.GROUP:
                yield from self._dropping(self._groups, items, effect)
            case Element.GROUP_MEMBER:
                yield from self._dropping(self._memberships, items, effect)
            case Element.TERMINAL:
                yield from self._dropping(self._terminals, items, effect)
            case Element.DOMAIN:
                pass
        for item in items:
            if isinstance(item, WaitingChannel):
                moved = self.queues.report(item.uuid, element, item.state)
                self._take_move(item.uuid, moved, effect)
            elif not isinstance(item, Channel):
                self._put(item, effect)
            yield

    def _dropping[T: (User, Group, Membership, Terminal)](
        self, known: Mapping[Id, T], items: tuple[Item, ...], effect: Effect
    ) -> Iterator[None]:
        told = {item.id for item in items if isinstance(item, (User, Group, Membership, Terminal))}
        for gone in [item for item_id, item in known.items() if item_id not in told]:
            self._remove(gone, effect)
            yield

    def _restoring_channels(self, items: tuple[Item, ...], effect: Effect) -> Iterator[None]:
        told = {item.uuid: item for item in items if isinstance(item, Channel) and not item.ended}
        for gone in [channel for channel in self._channels.values() if channel.uuid not in told]:
            self._end_channel(gone.uuid, None, effect)
            yield
        # All are there before the first is understood, and callers come before legs.
        changed = [
            one
            for one in told.values()
            if self._channels.get(one.uuid) != one or one.uuid in self._untaken
        ]
        self._channels.update({channel.uuid: channel for channel in changed})
        self._untaken = {channel.uuid for channel in changed}
        changed.sort(key=lambda one: (one.direction == Direction.OUTBOUND, one.offered_at or 0))
        for channel in changed:
            self._channel_changed(channel.uuid, channel, effect)
            self._untaken.discard(channel.uuid)
            yield

    def _put(self, item: _Lasting, effect: Effect) -> None:
        match item:
            case User():
                self._put_user(item, effect)
            case Group():
                self._put_group(item, effect)
            case Membership():
                self._put_membership(item, effect)
            case Terminal():
                self._put_terminal(item, effect)
            case Domain():
                self.domain = item
            case _ as never:
                assert_never(never)

    def _remove(self, item: _Lasting, effect: Effect) -> None:
        match item:
            case User():
                if self._users.pop(item.id, None) is not None:
                    del self._user_titles[item.id]
                    effect.touched.add(user_key(item.id))
                    self._renamed_user(item.id, effect)
            case Group():
                if self._groups.pop(item.id, None) is not None:
                    del self._group_titles[item.id]
                    effect.touched.add(group_key(item.id))
                    self._renamed(effect)
            case Membership():
                self._remove_membership(item.id, effect)
            case Terminal():
                self._remove_terminal(item.id, effect)
            case Domain():
                self.domain = None
            case _ as never:
                assert_never(never)

    # Who there is

    def _put_user(self, user: User, effect: Effect) -> None:
        known = self._users.get(user.id)
        if known == user:
            return
        self._users[user.id] = user
        effect.touched.add(user_key(user.id))
        if known is None or known.title != user.title:
            self._user_titles[user.id] = user.title
            self._renamed_user(user.id, effect)

    def _put_group(self, group: Group, effect: Effect) -> None:
        known = self._groups.get(group.id)
        if known == group:
            return
        self._groups[group.id] = group
        effect.touched.add(group_key(group.id))
        if known is None or known.title != group.title:
            self._group_titles[group.id] = group.title
            self._renamed(effect)

    def _renamed_user(self, user_id: Id, effect: Effect) -> None:
        groups = (member.group_id for member in self.memberships(user_id).values())
        effect.touched.update(map(group_key, groups))
        self._renamed(effect)

    def _renamed(self, effect: Effect) -> None:
        """Touch the roster, and everybody on the phone: a name may stand in any call."""
        effect.touched.add(ROSTER)
        for uuid in self._channels:
            self.calls.touch(uuid, effect)

    def _put_membership(self, member: Membership, effect: Effect) -> None:
        if self._memberships.get(member.id) == member:
            return
        self._remove_membership(member.id, effect)
        self._memberships[member.id] = member
        self._members_of[member.group_id][member.id] = member
        self._groups_of[member.user_id][member.id] = member
        effect.touched.update((group_key(member.group_id), user_key(member.user_id)))

    def _remove_membership(self, member_id: Id, effect: Effect) -> None:
        member = self._memberships.pop(member_id, None)
        if member is None:
            return
        _unindex(self._members_of, member.group_id, member_id)
        _unindex(self._groups_of, member.user_id, member_id)
        effect.touched.update((group_key(member.group_id), user_key(member.user_id)))

    def _put_terminal(self, terminal: Terminal, effect: Effect) -> None:
        if self._terminals.get(terminal.id) == terminal:
            return
        self._remove_terminal(terminal.id, effect)
        self._terminals[terminal.id] = terminal
        if terminal.user_id is not None:
            self._terminals_of[terminal.user_id][terminal.id] = terminal
            effect.touched.add(user_key(terminal.user_id))

    def _remove_terminal(self, terminal_id: Id, effect: Effect) -> None:
        terminal = self._terminals.pop(terminal_id, None)
        if terminal is not None and terminal.user_id is not None:
            _unindex(self._terminals_of, terminal.user_id, terminal_id)
            effect.touched.add(user_key(terminal.user_id))

    def _report_mailbox(
        self, owner: Element, owner_id: Id, mwi: MessageWaiting, effect: Effect
    ) -> None:
        if owner == Element.USER and (user := self._users.get(owner_id)) is not None:
            self._put_user(replace(user, mwi=mwi), effect)
        elif owner == Element.GROUP and (group := self._groups.get(owner_id)) is not None:
            self._put_group(replace(group, mwi=mwi), effect)

    # Who speaks, waits or is parked

    def _channel_changed(self, uuid: Id, channel: Channel, effect: Effect) -> None:
        is_of_call = self.calls.channel_changed(channel, effect)
        moved = self.queues.report(uuid, _CHANNEL, channel.state)
        if moved is not None:
            if not is_of_call:  # and so has touched nobody yet
                self.calls.touch(uuid, effect)
            self._requeue(uuid, moved, effect)

    def _end_channel(self, uuid: Id, final: Channel | None, effect: Effect) -> None:
        if self._channels.pop(uuid, None) is None:
            return
        self.calls.channel_gone(uuid, final, effect)
        moved = self.queues.forget(uuid)
        if moved is not None:
            self._take_move(uuid, moved, effect)

    def _take_move(self, uuid: Id, moved: Move | None, effect: Effect) -> None:
        """Touch whom a channel concerns where it moved, and tell what it was."""
        if moved is not None:
            self.calls.touch(uuid, effect)
            self._requeue(uuid, moved, effect)

    def _requeue(self, uuid: Id, moved: Move, effect: Effect) -> None:
        """Tell whom it concerns that a channel began or ceased to wait, or to be parked."""
        before, now, is_of_slots = moved
        if is_of_slots:
            effect.touched.add(PBX_PARKED)
        if before is not None:
            effect.touched.update((PBX_QUEUES, group_queue_key(before)))
            if before == now:
                return
            self.calls.queue_left(uuid, before, effect)
        if now is not None:
            effect.touched.update((PBX_QUEUES, group_queue_key(now)))
            self.calls.queue_entered(uuid, now, self.queues.waiting(now)[uuid], effect)


def _unindex[T](index: defaultdict[Id, dict[Id, T]], owner: Id, item_id: Id) -> None:
    owned = index[owner]
    owned.pop(item_id, None)
    if not owned:
        del index[owner]
