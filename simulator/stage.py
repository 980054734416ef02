"""Set the stage on which scenarios play: the phone system, how fast time passes, and chance."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import Random

from .calls import Call
from .errors import SimulationError
from .model import EndUser, Group, User
from .phone_system import PhoneSystem

_CUSTOMERS = (
    EndUser("77", "Olive Oyl", "Thimble Theatre", "", "東京"),
    EndUser("78", "鈴木 一郎", "鈴木商店", "", "大阪"),
    EndUser("79", "Renée Lefèvre", "Café de la Gare", "", ""),
    EndUser("80", "Dmitri Volkov", "", "", "北海道"),
)


@dataclass(slots=True)
class Stage:
    """Hold what a scenario needs; at pace 0 nothing waits, at pace 1 seconds are seconds."""

    system: PhoneSystem
    pace: float = 1.0
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    random: Random = field(default_factory=lambda: Random(1))  # noqa: S311

    async def wait(self, seconds: float) -> None:
        """Let time pass, and others take their turn."""
        await self.sleep(seconds * self.pace)

    async def wait_between(self, least: float, most: float) -> None:
        """Let some time pass."""
        await self.wait(self.random.uniform(least, most))

    @contextmanager
    def ending(self, call: Call) -> Iterator[Call]:
        """See to it that a call does not outlive its scenario."""
        try:
            yield call
        finally:
            if not call.ended:
                call.disconnect()

    def number(self) -> str:
        """Return the number of somebody outside."""
        return f"0{self.random.choice((3, 6, 90))}{self.random.randrange(10**7, 10**8)}"

    def customer(self) -> EndUser:
        """Return a customer whom the address book knows."""
        return self.random.choice(_CUSTOMERS)

    def group(self) -> Group:
        """Return a group of which somebody could answer."""
        groups = [group for group in self.system.groups if self.free_members(group)]
        if not groups:
            raise SimulationError("There is no group of which somebody could answer.")
        return self.random.choice(groups)

    def free_members(self, group: Group) -> list[User]:
        """Return whose phones a call to a group would ring."""
        return [
            member.user
            for member in group.members.values()
            if member.rings and not member.user.channels
        ]

    def user(self, *others: User | Group) -> User:
        """Return a user who is free, and not one of those."""
        free = [user for user in self.system.users if self._free(user, others)]
        if not free:
            raise SimulationError("All users are on the phone, or do not want to be called.")
        return self.random.choice(free)

    def _free(self, user: User, others: tuple[User | Group, ...]) -> bool:
        return user.rings and not user.channels and user not in others
