"""Know which channels wait for which group, and which are parked.

Up to four elements speak of the same channel, old phone systems in other ones than new
ones. A channel waits for a group while the newest state that any of them reports says
so; among equally new ones the one that says so counts.
"""

from collections import defaultdict
from collections.abc import Mapping, Set as AbstractSet
from types import MappingProxyType
from typing import Final

from .model import Calling, ChannelState, Parked
from .words import Element, Id

_NOBODY: Final[Mapping[Id, int | None]] = MappingProxyType({})
_UNPARKING: Final = (Element.CHANNEL_WAITING, Element.PARKED_CHANNEL)


class Queues:
    """Keep who waits for whom, by channel, by group and by park slot."""

    def __init__(self) -> None:
        """Start with empty queues."""
        self._reports: dict[Id, dict[Element, ChannelState]] = {}
        self._reporters: defaultdict[Element, set[Id]] = defaultdict(set)
        self._unparked: dict[Id, Parked] = {}
        self._group_of: dict[Id, Id] = {}
        self._waiting: defaultdict[Id, dict[Id, int | None]] = defaultdict(dict)
        self._parked: dict[Id, Parked] = {}

    # What is asked

    @property
    def waiting_count(self) -> int:
        """Return how many channels wait for any group."""
        return len(self._group_of)

    @property
    def parked(self) -> Mapping[Id, Parked]:
        """Return the parked channels and their park states."""
        return self._parked

    def parked_state(self, uuid: Id) -> Parked | None:
        """Return in which slot a channel is parked, if it is."""
        return self._parked.get(uuid)

    def waiting(self, group_id: Id) -> Mapping[Id, int | None]:
        """Return the channels that wait for a group, and since when each does."""
        return self._waiting.get(group_id, _NOBODY)

    def oldest(self, group_id: Id) -> int | None:
        """Return since when the longest waiting channel of a group waits."""
        return min((at for at in self.waiting(group_id).values() if at is not None), default=None)

    def reported_by(self, element: Element) -> AbstractSet[Id]:
        """Return the channels that an element speaks of."""
        return frozenset(self._reporters[element])

    # What changes it; `settle` draws the conclusion

    def report(self, uuid: Id, element: Element, state: ChannelState | None) -> None:
        """Take note of the state that an element reports for a channel."""
        if state is None:
            self.unreport(uuid, element)
            return
        if element in _UNPARKING:
            self._unparked.pop(uuid, None)
        self._reports.setdefault(uuid, {})[element] = state
        self._reporters[element].add(uuid)

    def unreport(self, uuid: Id, element: Element) -> None:
        """Take note that an element no longer speaks of a channel.

        A channel's own row goes on saying `park` for a while after it was taken out of
        the list of parked ones (seen in the recorded session): the list is right.
        """
        self._reporters[element].discard(uuid)
        reports = self._reports.get(uuid)
        if reports is None:
            return
        state = reports.pop(element, None)
        if isinstance(state, Parked) and element in _UNPARKING:
            self._unparked[uuid] = state
        if not reports:
            # The channel has ended before, or is hidden from us: nobody would forget it later.
            self.forget(uuid)

    def forget(self, uuid: Id) -> None:
        """Take note that a channel has ended, whatever the lists still say."""
        for element in self._reports.pop(uuid, {}):
            self._reporters[element].discard(uuid)
        self._unparked.pop(uuid, None)

    def settle(self, uuid: Id) -> tuple[Id | None, Id | None] | None:
        """Draw the conclusion for a channel.

        Returns for which group it waited before and waits now, each None for no group;
        None altogether if nothing changed, a park slot neither.
        """
        group_id, since, parked = self._conclusion(uuid)
        before, parked_before = self._group_of.get(uuid), self._parked.get(uuid)
        waited_since = self._waiting[before].get(uuid) if before is not None else None
        if (before, waited_since, parked_before) == (group_id, since, parked):
            return None
        self._move(uuid, before, group_id, since)
        if parked is not None:
            self._parked[uuid] = parked
        else:
            self._parked.pop(uuid, None)
        return before, group_id

    def _conclusion(self, uuid: Id) -> tuple[Id | None, int | None, Parked | None]:
        reports = self._reports.get(uuid)
        if reports is None:
            return None, None, None
        states = reports.values()
        newest = max([state.since or 0 for state in states])
        for state in states:
            if (state.since or 0) < newest:
                continue
            if isinstance(state, Calling) and state.group_id is not None:
                return state.group_id, state.since, None
            if isinstance(state, Parked) and state != self._unparked.get(uuid):
                return None, None, state
        return None, None, None

    def _move(self, uuid: Id, before: Id | None, now: Id | None, since: int | None) -> None:
        if before is not None:
            waiting = self._waiting[before]
            waiting.pop(uuid, None)
            if not waiting:
                del self._waiting[before]
            del self._group_of[uuid]
        if now is not None:
            self._waiting[now][uuid] = since
            self._group_of[uuid] = now
