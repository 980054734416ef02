"""Play an office day: calls come and go as the hours do, and people have lunch."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from enum import IntEnum

from . import scenarios
from .errors import SimulationError
from .model import User
from .scenarios import Scenario
from .stage import Stage


class Hour(IntEnum):
    """Name the hours at which something changes."""

    OPENING = 9
    LUNCH = 12
    BACK_FROM_LUNCH = 13
    CLOSING = 18


#: How much happens in each hour that the office is open, compared with its busiest.
_ACTIVITY = {9: 0.6, 10: 1.0, 11: 0.9, 12: 0.4, 13: 0.6, 14: 1.0, 15: 0.9, 16: 0.8, 17: 0.5}
_AT_NIGHT = 0.1
_HOURS = 24
#: Seconds between two happenings, for twelve users in the busiest hour.
_INTERVAL = 12.0
_USERS = 12
_AWAY = 2

#: What happens, and how often compared with the rest.
_OPEN: dict[Scenario, int] = {
    scenarios.answered_by_group: 30,
    scenarios.answered_by_user: 12,
    scenarios.missed_by_user: 5,
    scenarios.unanswered: 3,
    scenarios.abandoned_by_caller: 5,
    scenarios.withheld: 2,
    scenarios.parked_and_taken: 5,
    scenarios.picked_up: 3,
    scenarios.rejected: 2,
    scenarios.voicemail: 3,
    scenarios.group_voicemail: 1,
    scenarios.messages_heard: 3,
    scenarios.internal: 10,
    scenarios.outgoing: 12,
    scenarios.outgoing_busy: 2,
    scenarios.transferred: 4,
    scenarios.transferred_after_asking: 3,
    scenarios.chosen_from_menu: 3,
    scenarios.presence_changed: 4,
    scenarios.do_not_disturb: 3,
}
_CLOSED: dict[Scenario, int] = {
    scenarios.group_voicemail: 3,
    scenarios.voicemail: 2,
    scenarios.abandoned_by_caller: 2,
}


@dataclass(slots=True)
class Day:
    """Tell how the day is played: how busy it is, and how many seconds an hour takes."""

    busyness: float = 1.0
    hour_seconds: float = 120.0
    hour: int = Hour.OPENING


class OfficeDay:
    """Play one day after the other until it is stopped, which ends every call that it began."""

    def __init__(self, stage: Stage, day: Day | None = None) -> None:
        self.stage = stage
        self.day = day or Day()
        self.happened: dict[str, int] = {}
        self._at_lunch: list[User] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Play until cancelled."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pass_hours())
                group.create_task(self._happen())
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    def play(self, scenario: Scenario) -> None:
        """Let something happen beside everything else."""
        task = asyncio.create_task(self._play(scenario))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    @property
    def activity(self) -> float:
        """Return how much happens in this hour, compared with the busiest."""
        return _ACTIVITY.get(self.day.hour, _AT_NIGHT)

    async def _play(self, scenario: Scenario) -> None:
        # People are on the phone, at lunch or gone: then this does not happen, which is no error.
        with suppress(SimulationError):
            await scenario(self.stage)
            name = scenario.__name__
            self.happened[name] = self.happened.get(name, 0) + 1

    async def _happen(self) -> None:
        while True:
            size = max(1, len(self.stage.system.users)) / _USERS
            rate = self.day.busyness * self.activity * size / _INTERVAL
            await self.stage.wait(self.stage.random.expovariate(rate))
            choices = _OPEN if self.day.hour in _ACTIVITY else _CLOSED
            (scenario,) = self.stage.random.choices(list(choices), list(choices.values()))
            self.play(scenario)

    async def _pass_hours(self) -> None:
        while True:
            self._strike()
            # Nobody wants to watch a whole night.
            open_now = self.day.hour in _ACTIVITY
            await self.stage.wait(self.day.hour_seconds if open_now else self.day.hour_seconds / 10)
            self.day.hour = (self.day.hour + 1) % _HOURS

    def _strike(self) -> None:
        system = self.stage.system
        match self.day.hour:
            case Hour.OPENING:
                system.set_night_mode(on=False)
            case Hour.LUNCH:
                users = list(system.users)
                self._at_lunch = self.stage.random.sample(users, len(users) // 2)
                for user in self._at_lunch:
                    system.set_presence(user, _AWAY)
            case Hour.BACK_FROM_LUNCH:
                for user in self._at_lunch:
                    if user.id in system.users.by_id:
                        system.set_presence(user, 0)
            case Hour.CLOSING:
                system.set_night_mode(on=True)
