"""Furnish offices that differ in what they have, and in how their phone system speaks."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Final

from simulator.channels import HangupEvents
from simulator.clock import ManualClock
from simulator.phone_system import PhoneSystem
from simulator.wire import Dialect
from simulator.words import Element

from .compared import ComparedOffice

_LISTS: Final = {Element.CHANNEL_WAITING, Element.QUEUED_CHANNEL, Element.PARKED_CHANNEL}


def _with_lists(*lists: Element) -> Collection[Element]:
    return [element for element in Element if element not in _LISTS or element in lists]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """Say what an office is like; every second group rings, the others hunt.

    `phones` is what each of the users has in turn, `groups_each` in how many groups each is.
    """

    users: int = 6
    groups: int = 2
    groups_each: int = 1
    phones: tuple[int, ...] = (1, 2)
    dialect: Dialect = field(default_factory=Dialect)
    hangup_events: HangupEvents = HangupEvents.REMOVED
    loses_connections: bool = False

    def open(self, seed: int) -> ComparedOffice:
        """Open such an office, in which a client watches from the beginning."""
        clock = ManualClock()
        system = PhoneSystem.office(
            self.users,
            self.groups,
            clock=clock,
            seed=seed,
            hangup_events=self.hangup_events,
        )
        groups = list(system.groups)
        for index, user in enumerate(system.users):
            for _ in range(1, self.phones[index % len(self.phones)]):
                system.register_terminal(user)
            for further in range(1, self.groups_each):
                group = groups[(index + further) % len(groups)]
                system.join(user, group, priority=self.users - index)
        return ComparedOffice(system, clock, self.dialect)


KINDS: Final = {
    "as recorded": Kind(),
    "connections lost": Kind(loses_connections=True),
    "lists of before 2026": Kind(
        dialect=Dialect(
            elements=_with_lists(Element.QUEUED_CHANNEL, Element.PARKED_CHANNEL), field_order_seed=3
        ),
        loses_connections=True,
    ),
    "lists since 2026": Kind(
        dialect=Dialect(elements=_with_lists(Element.CHANNEL_WAITING), utf8_atoms=True),
        loses_connections=True,
    ),
    "no lists": Kind(dialect=Dialect(elements=_with_lists())),
    "hangup told twice": Kind(
        hangup_events=HangupEvents.UPDATED_THEN_REMOVED, loses_connections=True
    ),
    "hangup told as update": Kind(hangup_events=HangupEvents.UPDATED),
    "three phones each": Kind(users=4, phones=(3,), loses_connections=True),
    "four groups": Kind(users=8, groups=4, groups_each=3, phones=(1,)),
    "two who call each other": Kind(users=2, groups=1, phones=(1, 2), loses_connections=True),
}
