"""Let an office telephone for minutes or hours, with faults, and compare what is shown with it.

Run as `scripts/soak`. Every few seconds something happens to the line; calls go on meanwhile.
After each fault, and at the end, every state is compared with the simulator's truth, and all
that was told of calls with the record. The first difference ends the run.

The seed alone decides what happens and in which order: steps are counted, not timed, and the
phone system's clock goes by them. So a seed that found a difference finds it again.
"""

from argparse import ArgumentParser
import asyncio
from collections import deque
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
import logging
from pathlib import Path
from random import Random, SystemRandom
import sys
import time
from typing import Final, override

from homeassistant.core import Event, HomeAssistant, callback

from custom_components.ws_cti.const import EVENT_CALL, EVENT_MESSAGE
from custom_components.ws_cti.coordinator import CtiConfigEntry
from custom_components.ws_cti.cti import link, patience
from custom_components.ws_cti.cti.story import CallEvent
from simulator.clock import ManualClock
from simulator.errors import SimulationError
from simulator.model import Group, Terminal, User
from simulator.phone_system import PhoneSystem
from simulator.wanderer import Move
from tests.faults.survival import call_event
from tests.faults.truth import differences
from tests.model.chance import Chance
from tests.model.honest import is_honest
from tests.model.lived import LivedRecord
from tests.model.parts import DifferenceError, told

from .frames import PBX_DOMAIN, TOKEN

# Before anything else may find the package of the same name that the test tools bring.
from .home import entry_for, home_assistant, set_up
from .troubles import Troubles

_PATIENCE: Final = 60.0
"""How many seconds a connection may take to be back, and what was told to be taken in."""

_STEPS_A_SECOND: Final = 50.0
_STEPS_BETWEEN_FAULTS: Final = 150
_STEPS_UNHEARD: Final = 60
_STEPS_WHILE_ALL_IS_TOLD: Final = 20
"""How many steps are taken at most, of which chance takes some."""

_CHANGES_AT_PEOPLE: Final = 0.05
_STEPS_KEPT: Final = 4000
_MINUTE: Final = 60.0
_SWIFT: Final = {
    "PING_SECONDS": 3.0,
    "QUIET_SECONDS": 0.5,
}
_SOON: Final = {"FIRST_DELAY": 0.5, "LONGEST_DELAY": 0.5}
"""A soak of minutes has no time to wait for a silent line as long as a home has."""

_NAMES: Final = ("Ada", "Grace", "Zoë", "山田", "O'Neil", "{{ 1 }}", "<b>Bob</b>")


@dataclass(slots=True)
class Tally:
    """Count what a soak has seen."""

    calls: int = 0
    faults: int = 0
    differences: list[str] = field(default_factory=list)


class _Errors(logging.Handler):
    """Keep what is logged as an error, which nothing here must be."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.texts: list[str] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(f"{record.name} logs: {self.format(record)}")


class People:
    """Let calls go on at random, and people change what they have set."""

    def __init__(self, system: PhoneSystem, lived: LivedRecord, random: Random) -> None:
        """Know who is there."""
        self._system = system
        self._lived = lived
        self._random = random
        self._chance = Chance(system, random)
        self.steps: deque[str] = deque(maxlen=_STEPS_KEPT)
        self._clock = ManualClock(time.time_ns() // 1000)
        system.clock = self._clock

    async def take_steps(self, most: int) -> None:
        """Take some steps, one a while after the other."""
        for _ in range(self._random.randint(1, most)):
            pause = self._random.expovariate(_STEPS_A_SECOND)
            self._clock.advance(pause)
            self._step()
            await asyncio.sleep(pause)

    def _step(self) -> None:
        """Let one thing happen, later than the last and at one moment."""
        self._clock.now += 1
        if self._random.random() < _CHANGES_AT_PEOPLE:
            name, move = self._random.choice(self._changes())
            self.steps.append(f"{self._clock.now} {name}")
            with suppress(SimulationError):  # somebody is on the phone, and stays
                move()
            return
        name, move = self._chance.choose()
        self.steps.append(f"{self._clock.now} {name}")
        self._lived.comes(name.partition(" ")[0])
        move()

    def end_all_calls(self) -> None:
        """Let everybody hang up."""
        self._clock.now += 1
        self._lived.comes("disconnect")
        self._system.end_all_calls()

    def _changes(self) -> list[Move]:
        system, random = self._system, self._random
        users, groups = list(system.users), list(system.groups)
        user, group = random.choice(users), random.choice(groups)
        everybody: list[User | Group] = [*users, *groups]
        anybody = random.choice(everybody)
        number = random.randrange(5)
        changes: list[Move] = [
            ("voicemail", partial(system.set_mwi, anybody, new=number, saved=number // 2)),
            ("rename", partial(system.rename, anybody, f"{random.choice(_NAMES)} {number}")),
            ("forward", partial(system.set_forwarding, user, bool(number % 2))),
            ("presence", partial(system.set_presence, user, number)),
        ]
        if user.terminals:
            changes.append(("phone", partial(self._turn, random.choice(user.terminals))))
        if len(users) < 16:  # noqa: PLR2004 - an office of a dozen, and some who come and go
            changes.append(("join", partial(system.add_user, groups=[group])))
        if len(users) > 8:  # noqa: PLR2004
            changes.append(("leave", partial(self._leave, user)))
        if group.id in user.memberships:
            changes.append(("leave group", partial(system.leave, user, group)))
        else:
            changes.append(("join group", partial(system.join, user, group)))
        return changes

    def _turn(self, phone: Terminal) -> None:
        if not phone.user.channels:
            self._system.set_registered(phone, not phone.registered)

    def _leave(self, user: User) -> None:
        self._system.remove_user(user)


class Soak:
    """Hold an office, its line and its Home Assistant, and compare them now and then."""

    def __init__(self, seed: int, tally: Tally) -> None:
        """Furnish the office that the seed stands for."""
        random = Random(seed)  # noqa: S311
        self.tally = tally
        self._random = random
        self.system = PhoneSystem.office(domain=PBX_DOMAIN, token=TOKEN, seed=seed)
        self._lived = LivedRecord(self.system)
        self._lived.silence()
        self._people = People(self.system, self._lived, random)
        self._troubles = Troubles(
            self.system,
            random,
            lost=self._lost,
            meanwhile=self._go_on_unheard,
            welcomed=self._welcome,
        )
        self._welcomed = asyncio.Event()
        self._events: list[CallEvent] = []
        self._errors = _Errors()
        self._marks = 0

    def _lost(self) -> None:
        self._people.steps.append(f"nothing is heard: {self._troubles.latest}")
        self._welcomed.clear()
        self._lived.silence()

    async def _go_on_unheard(self) -> None:
        await self._people.take_steps(_STEPS_UNHEARD)

    def _welcome(self) -> None:
        self._people.steps.append("everything is told")
        self._welcomed.set()
        self._lived.sound()

    @property
    def steps(self) -> Collection[str]:
        """Return what happened last, and when."""
        return self._people.steps

    async def run(self, seconds: float) -> None:
        """Telephone for so long; what differs is in the tally."""
        logging.getLogger().addHandler(self._errors)
        try:
            async with self._opened() as (hass, entry):
                await self._live(hass, entry, seconds)
        finally:
            logging.getLogger().removeHandler(self._errors)

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[tuple[HomeAssistant, CtiConfigEntry]]:
        line = await self._troubles.open()
        try:
            async with home_assistant() as hass:
                hass.bus.async_listen(EVENT_CALL, self._hear)
                entry = entry_for(hass, f"{line.host}:{line.port}")
                await set_up(hass, entry)
                yield hass, entry
                await hass.config_entries.async_unload(entry.entry_id)
        finally:
            await self._troubles.close()

    @callback
    def _hear(self, event: Event) -> None:
        self._events.append(call_event(event.data))

    async def _live(self, hass: HomeAssistant, entry: CtiConfigEntry, seconds: float) -> None:
        began = time.monotonic()
        minutes = 0
        while not self.tally.differences and (passed := time.monotonic() - began) < seconds:
            if passed >= (minutes + 1) * _MINUTE:
                minutes += 1
                self._print_minute(minutes)
            await self._people.take_steps(_STEPS_BETWEEN_FAULTS)
            await self._compare(hass, entry)
            if await self._troubles.happen():
                await self._until_back(entry)
            self.tally.faults = self._troubles.count
            self.tally.calls = self._lived.calls_ended
        if not self.tally.differences:
            await self._compare(hass, entry)
        if not self.tally.differences:
            self._people.end_all_calls()
            await self._compare(hass, entry)
            self.tally.differences += self.told_otherwise()
        self.tally.calls = self._lived.calls_ended

    async def _until_back(self, entry: CtiConfigEntry) -> None:
        """Wait until the connection stands, and telephone while all is told on it."""
        async with asyncio.timeout(_PATIENCE):
            await self._welcomed.wait()
            await self._people.take_steps(_STEPS_WHILE_ALL_IS_TOLD)
            while not entry.runtime_data.connected:  # noqa: ASYNC110 - nothing sets an event
                await asyncio.sleep(0.02)

    # Comparing

    async def _compare(self, hass: HomeAssistant, entry: CtiConfigEntry) -> None:
        await self._settled(hass)
        self.tally.differences += differences(hass, entry, self.system)
        self.tally.differences += self._errors.texts
        losses, reconnects = self._troubles.losses, entry.runtime_data.reconnects
        if losses != reconnects:
            # What was said in between is lost, though the record has it.
            self.tally.differences.append(
                f"The connection was lost {losses} times, and made again {reconnects} times."
            )

    async def _settled(self, hass: HomeAssistant) -> None:
        """Wait until a message of our own has arrived, which follows everything else."""
        self._marks += 1
        mark, arrived = f"mark {self._marks}", asyncio.Event()

        @callback
        def listen(event: Event) -> None:
            if event.data["body"] == mark:
                arrived.set()

        stop = hass.bus.async_listen(EVENT_MESSAGE, listen)
        self._troubles.server.system_message(mark)
        try:
            async with asyncio.timeout(_PATIENCE):
                await arrived.wait()
        finally:
            stop()
        await hass.async_block_till_done()

    def told_otherwise(self) -> list[str]:
        """Return a sentence for each part in a call that was not told as it was lived."""
        try:
            said = told(self._events)
        except DifferenceError as err:
            return [str(err)]
        lived = self._lived.parts()
        found = [
            f"Nobody lived what was told of {key}: {said[key]}"
            for key in said.keys() - lived.keys()
        ]
        for key, truth in lived.items():
            parts = said.get(key, [])
            if len(parts) != len(truth) or not all(map(is_honest, truth, parts, strict=True)):
                found.append(f"Of call and person {key} was told {parts}, and true is {truth}")
        return found

    def _print_minute(self, minutes: int) -> None:
        tally = self.tally
        print(
            f"minute {minutes}: {tally.calls} calls, {tally.faults} faults, "
            f"{len(tally.differences)} differences, {memory_mb()} MB",
            flush=True,
        )


def memory_mb() -> int:
    """Return how much memory this process holds now."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) // 1024
    return 0


def main() -> int:
    """Do what the command line says, and return the exit status."""
    options = _parser().parse_args()
    for name, seconds in _SWIFT.items():
        setattr(link, name, seconds)
    for name, seconds in _SOON.items():
        setattr(patience, name, seconds)
    print(f"seed {options.seed}", flush=True)
    tally = Tally()
    soak = Soak(options.seed, tally)
    before = memory_mb()
    asyncio.run(soak.run(options.minutes * _MINUTE))
    print(f"memory {before} MB at the beginning, {memory_mb()} MB at the end")
    for sentence in tally.differences:
        print(sentence, file=sys.stderr)
    if tally.differences and options.steps:
        print("\n".join(soak.steps), file=sys.stderr)
    if tally.differences:
        print(f"failed with --seed {options.seed}", file=sys.stderr)
    print(
        f"soaked {options.minutes:g} minutes, {tally.calls} calls, {tally.faults} faults, "
        f"{len(tally.differences)} differences"
    )
    return 1 if tally.differences else 0


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="scripts/soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10, help="how long (10)")
    parser.add_argument("--steps", action="store_true", help="tell the steps before a difference")
    chosen = SystemRandom().randrange(1_000_000)
    parser.add_argument("--seed", type=int, default=chosen, help="which course of events")
    return parser


if __name__ == "__main__":
    sys.exit(main())
