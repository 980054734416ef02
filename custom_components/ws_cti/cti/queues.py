"""Know which channels wait for which group, and which are parked.

Up to four elements speak of the same channel, old phone systems in other ones than new
ones. A channel waits for a group while the newest state that any of them reports says
so; among equally new ones the one that says so counts.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Set as AbstractSet
from types import MappingProxyType
from typing import Final

from .model import Calling, ChannelState, Parked
from .words import Element, Id

type Move = tuple[Id | None, Id | None, bool]
"""For which group a channel waited before and waits now, and whether it was or is parked."""

type _Decision = Calling | Parked

_NOBODY: Final[Mapping[Id, int | None]] = MappingProxyType({})
_DECIDING: Final = (Calling, Parked)
_UNPARKING: Final = (Element.CHANNEL_WAITING, Element.PARKED_CHANNEL)


class Queues:
    """Keep who waits for whom, by channel, by group and by park slot."""

    def __init__(self) -> None:
        """Start with empty queues."""
        self._reports: dict[Id, dict[Element, ChannelState]] = {}
        self._unparked: dict[Id, Parked] = {}
        self._deciding: dict[Id, _Decision] = {}
        self._waiting: defaultdict[Id, dict[Id, int | None]] = defaultdict(dict)
        self._parked: dict[Id, Parked] = {}
        self.parked: Mapping[Id, Parked] = self._parked

    # What is asked

    @property
    def waiting_count(self) -> int:
        """Return how many channels wait for any group."""
        return len(self._deciding) - len(self._parked)

    def waiting(self, group_id: Id) -> Mapping[Id, int | None]:
        """Return the channels that wait for a group, and since when each does."""
        return self._waiting.get(group_id, _NOBODY)

    def oldest(self, group_id: Id) -> int | None:
        """Return since when the longest waiting channel of a group waits."""
        waiting = self._waiting.get(group_id)
        if waiting is None:
            return None
        return min([at for at in waiting.values() if at is not None], default=None)

    def reported_by(self, element: Element) -> AbstractSet[Id]:
        """Return the channels that an element speaks of."""
        return {uuid for uuid, reports in self._reports.items() if element in reports}

    # What changes it: each says how the channel moved, None if nothing changed

    def report(self, uuid: Id, element: Element, state: ChannelState | None) -> Move | None:
        """Take note of the state that an element reports for a channel."""
        if state is None:
            return self.unreport(uuid, element)
        reports = self._reports.get(uuid)
        if reports is None:
            self._reports[uuid] = reports = {element: state}
            if isinstance(state, _DECIDING):
                return self._settle(uuid, reports, None)
            return None
        is_new = element not in reports
        reports[element] = state
        if element in _UNPARKING and self._unparked.pop(uuid, None) is not None:
            is_new = False
        before = self._deciding.get(uuid)
        if before is None:
            if len(reports) == 1 and not isinstance(state, _DECIDING):
                return None  # as with most channels most of the time
        elif is_new and (state.since or 0) <= (before.since or 0):
            return None  # lists repeat what is known: neither an older state decides nor an equal
        return self._settle(uuid, reports, before)

    def unreport(self, uuid: Id, element: Element) -> Move | None:
        """Take note that an element no longer speaks of a channel.

        A channel's own row goes on saying `park` for a while after it was taken out of
        the list of parked ones (seen in the recorded session): the list is right.
        """
        reports = self._reports.get(uuid)
        if reports is None:
            return None
        state = reports.pop(element, None)
        if not reports:
            # The channel has ended before, or is hidden from us: nobody would forget it later.
            return self.forget(uuid)
        before = self._deciding.get(uuid)
        if isinstance(state, Parked) and element in _UNPARKING:
            self._unparked[uuid] = state
        elif before is not None and state is not before:
            return None  # the element whose state decides speaks of it still
        return self._settle(uuid, reports, before)

    def forget(self, uuid: Id) -> Move | None:
        """Take note that a channel has ended, whatever the lists still say."""
        self._reports.pop(uuid, None)
        if self._unparked:
            self._unparked.pop(uuid, None)
        deciding = self._deciding.get(uuid)
        return self._move(uuid, deciding, None) if deciding is not None else None

    def _settle(
        self, uuid: Id, reports: dict[Element, ChannelState], before: _Decision | None
    ) -> Move | None:
        """Draw the conclusion for a channel, which without lists its own row decides."""
        states: Collection[ChannelState] = reports.values()
        if len(states) > 1:
            newest = max([state.since or 0 for state in states])
            states = [state for state in states if (state.since or 0) == newest]
        for state in states:
            if isinstance(state, Calling):
                if state.group_id is not None:
                    return self._move(uuid, before, state)
            elif isinstance(state, Parked) and state != self._unparked.get(uuid):
                return self._move(uuid, before, state)
        return self._move(uuid, before, None) if before is not None else None

    def _move(self, uuid: Id, before: _Decision | None, now: _Decision | None) -> Move | None:
        """Let a channel cease to wait or be parked by one state, and begin to by another."""
        if now is None:
            del self._deciding[uuid]
        else:
            self._deciding[uuid] = now
            if before is not None and _is_same(before, now):
                return None
        left: Id | None = None
        entered: Id | None = None
        is_of_slots = False
        if isinstance(before, Calling) and (left := before.group_id) is not None:
            waiting = self._waiting[left]
            del waiting[uuid]
            if not waiting:
                del self._waiting[left]
        elif before is not None:
            is_of_slots = True
            if not isinstance(now, Parked):
                del self._parked[uuid]
        if isinstance(now, Calling) and (entered := now.group_id) is not None:
            self._waiting[entered][uuid] = now.since
        elif isinstance(now, Parked):
            is_of_slots = True
            self._parked[uuid] = now
        return left, entered, is_of_slots


def _is_same(one: _Decision, other: _Decision) -> bool:
    """Return whether two states keep a channel where it is, and since when."""
    if isinstance(one, Calling) and isinstance(other, Calling):
        return (one.group_id, one.since) == (other.group_id, other.since)
    return one == other
