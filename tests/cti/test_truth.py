"""What the picture shows, and what it told of calls, is what truly happened in the simulator."""

from collections.abc import Collection
from dataclasses import dataclass, field
from random import Random
from typing import override

import pytest

from custom_components.ws_cti.cti.peers import far_end
from custom_components.ws_cti.cti.story import CallState, Effect, Step
from custom_components.ws_cti.cti.words import (
    PBX,
    PBX_CALLS,
    PBX_PARKED,
    PBX_QUEUES,
    Key,
    group_calls_key,
    group_key,
    group_queue_key,
    user_calls_key,
    user_key,
)
from simulator.channels import HangupEvents
from simulator.clock import ManualClock
from simulator.errors import SimulationError
from simulator.phone_system import PhoneSystem
from simulator.scenarios import SCENARIOS, Scenario
from simulator.stage import Stage
from simulator.wire import Dialect, Grammar
from simulator.words import Element

from . import truth
from .comparing import Comparison
from .office_life import OfficeLife
from .watching import Watcher

LISTS = {Element.CHANNEL_WAITING, Element.QUEUED_CHANNEL, Element.PARKED_CHANNEL}


def told_by(*lists: Element) -> Collection[Element]:
    """Return the elements of a phone system that has only some of the lists."""
    return [element for element in Element if element not in LISTS or element in lists]


@dataclass(frozen=True)
class Variety:
    """Be one of the ways in which a phone system may speak."""

    dialect: Dialect = field(default_factory=Dialect)
    hangup_events: HangupEvents = HangupEvents.REMOVED


VARIETIES = {
    "everything": Variety(),
    "old": Variety(Dialect(elements=told_by(Element.QUEUED_CHANNEL, Element.PARKED_CHANNEL))),
    "new": Variety(Dialect(elements=told_by(Element.CHANNEL_WAITING))),
    "channels_only": Variety(Dialect(elements=told_by())),
    "shuffled": Variety(Dialect(field_order_seed=7, utf8_atoms=True)),
    "hangup_as_update": Variety(hangup_events=HangupEvents.UPDATED),
    "hangup_twice": Variety(hangup_events=HangupEvents.UPDATED_THEN_REMOVED),
}


def office(
    seed: int, clock: ManualClock, hangup_events: HangupEvents = HangupEvents.REMOVED
) -> PhoneSystem:
    """Furnish an office in which some have several phones."""
    system = PhoneSystem.office(
        users=8, clock=clock, history=None, seed=seed, hangup_events=hangup_events
    )
    users = list(system.users)
    system.register_terminal(users[1])
    system.register_terminal(users[2])
    system.register_terminal(users[2])
    return system


# Each scenario by itself


@pytest.mark.parametrize("scenario", SCENARIOS.values(), ids=SCENARIOS)
async def test_scenario_is_told_as_it_happens(scenario: Scenario) -> None:
    clock = ManualClock()
    system = office(1, clock)
    watcher = Watcher(system)
    watcher.connect()
    comparison = Comparison(watcher)

    async def pause(seconds: float) -> None:
        clock.advance(seconds)
        comparison.look()

    stage = Stage(system, sleep=pause)
    for _ in range(3):
        clock.advance(1)
        await scenario(stage)
        comparison.look()
    comparison.look_back()
    comparison.look_that_nothing_is_left()


# Everything together, in every way in which a phone system may speak


@pytest.mark.parametrize("variety", VARIETIES.values(), ids=VARIETIES)
def test_office_life_is_told_as_it_happens(variety: Variety) -> None:
    clock = ManualClock()
    system = office(2, clock, variety.hangup_events)
    watcher = Watcher(system, variety.dialect)
    watcher.connect()
    comparison = Comparison(watcher)
    life = OfficeLife(system, clock, seed=2)
    while life.calls_begun < 1200:
        if life.step():
            comparison.look()
    life.end_all()
    assert comparison.look_back() > 1180
    comparison.look_back_at_callers()
    comparison.look_that_nothing_is_left()


@pytest.mark.parametrize("grammar", [Grammar.LEGACY, Grammar.LEGACY_WRAPPED])
def test_office_life_of_2016_is_told_as_it_happens(grammar: Grammar) -> None:
    clock = ManualClock()
    system = office(3, clock)
    watcher = Watcher(system, Dialect(grammar=grammar))
    watcher.connect()
    comparison = Comparison(watcher)
    # Its rows name neither what an API client asked for nor why a channel ended.
    life = OfficeLife(system, clock, seed=3, with_api=False)
    while life.calls_begun < 500:
        if life.step():
            comparison.witness()
            comparison.look_at_users(system.users)
            comparison.look_at_queues()
            comparison.look_at_calls()
    life.end_all()
    assert comparison.look_back(without_causes=True) > 490
    comparison.look_that_nothing_is_left()


def test_busy_office_in_which_much_happens_at_once() -> None:
    # Nothing but the states is compared: times that are equal have no order.
    clock = ManualClock()
    system = office(4, clock)
    watcher = Watcher(system)
    watcher.connect()
    comparison = Comparison(watcher)
    life = OfficeLife(system, clock, seed=4, pauses=(0, 0, 0.000_001))
    while life.calls_begun < 500:
        if life.step():
            comparison.look()
    life.end_all()
    truth.parts_told(watcher.events)
    truth.visits_told(watcher.events)
    comparison.look_that_nothing_is_left()


# One user's connection, which hides the channels of everybody else


@pytest.mark.parametrize("phones", [0, 1], ids=["one_phone", "two_phones"])
def test_one_users_connection_tells_his_own_part(phones: int) -> None:
    clock = ManualClock()
    system = office(5, clock)
    user = list(system.users)[phones]
    watcher = Watcher(system, user=user)
    watcher.connect()
    comparison = Comparison(watcher)
    life = OfficeLife(system, clock, seed=5)
    while life.calls_begun < 2000:
        if not life.step():
            continue
        comparison.witness()
        true, shown = truth.state_of(system, user), watcher.pbx.calls.leading(str(user.id))[0]
        # Whom he holds is hidden, and that he does.
        assert shown is true or (shown, true) == (CallState.TALKING, CallState.ON_HOLD)
    life.end_all()
    told = [part for some in truth.parts_told(watcher.events).values() for part in some]
    lived = [
        part
        for record in system.record.ended
        if record.id not in comparison.joined
        for part in comparison.parts_lived(record, user)
    ]
    assert {part.end for part in told} == {Step.ENDED, Step.MISSED}
    answered = [part for part in lived if part.answered is not None]
    assert len(answered) > 20
    assert set(answered) <= set(told)
    began = {part.began for part in told}
    assert {part.began for part in lived} <= began
    comparison.look_that_nothing_is_left()


# Connections come and go


def test_office_life_goes_on_while_connections_are_lost() -> None:
    clock = ManualClock()
    system = office(6, clock)
    watcher = Watcher(system)
    watcher.connect()
    comparison = Comparison(watcher)
    life, chance = OfficeLife(system, clock, seed=6), Random(6)
    while life.calls_begun < 900:
        life.step()
        comparison.witness()
        if chance.random() < 0.1:
            watcher.disconnect()
            for _ in range(chance.randrange(1, 12)):
                life.step()
                comparison.witness()
            watcher.connect()
        comparison.look()
    life.end_all()
    # Each part has one beginning and one end, and none of them was told twice.
    for parts in truth.parts_told(watcher.events).values():
        assert all(part.end is not None for part in parts)
    for visits in truth.visits_told(watcher.events).values():
        assert all(visit.end is not None for visit in visits)
    comparison.look_that_nothing_is_left()


def test_who_comes_late_sees_what_goes_on_and_is_told_no_news() -> None:
    clock = ManualClock()
    system = office(7, clock)
    life, chance = OfficeLife(system, clock, seed=7), Random(7)
    for _ in range(120):
        for _ in range(chance.randrange(12)):
            life.step()
        watcher = Watcher(system)
        comparison = Comparison(watcher)
        assert watcher.connect() == []
        comparison.look_at_users(system.users)
        comparison.look_at_queues()
        for _ in range(8):
            if life.step():
                comparison.look_at_users(system.users)
                comparison.look_at_queues()
        watcher.leave()


# A change says whom it touched


class TouchedWatcher(Watcher):
    """See after every update that whatever looks different was touched."""

    changes = 0

    @override
    def took(self, effect: Effect) -> None:
        super().took(effect)
        before, self.seen = getattr(self, "seen", {}), self._everything()
        for key, facts in self.seen.items():
            if facts != before.get(key, facts):
                self.changes += 1
                assert key in effect.touched

    def _slots(self) -> dict[str, object]:
        channels = self.pbx.channels
        return {
            uuid: (parked, far_end(self.pbx, channels[uuid]) if uuid in channels else None)
            for uuid, parked in self.pbx.queues.parked.items()
        }

    def _everything(self) -> dict[Key, object]:
        pbx = self.pbx
        seen: dict[Key, object] = {
            PBX: (set(pbx.channels), set(pbx.calls.ids())),
            PBX_CALLS: len(pbx.calls),
            PBX_QUEUES: pbx.queues.waiting_count,
            PBX_PARKED: self._slots(),
        }
        for user in self.system.users:
            user_id = str(user.id)
            seen[user_key(user_id)] = pbx.users.get(user_id)
            seen[user_calls_key(user_id)] = (
                pbx.calls.leading(user_id),
                pbx.calls.of_user(user_id),
            )
        for group in self.system.groups:
            group_id = str(group.id)
            seen[group_key(group_id)] = pbx.groups.get(group_id)
            seen[group_calls_key(group_id)] = pbx.calls.count_in_group(group_id)
            seen[group_queue_key(group_id)] = dict(pbx.queues.waiting(group_id))
        return seen


def test_whoever_looks_different_was_touched() -> None:
    clock = ManualClock()
    system = office(8, clock)
    watcher = TouchedWatcher(system)
    watcher.connect()
    life = OfficeLife(system, clock, seed=8)
    while life.calls_begun < 500:
        life.step()
    life.end_all()
    assert watcher.changes > 3000


def test_random_steps_are_those_that_a_phone_allows() -> None:
    # The mix above would prove little if most of its steps were refused.
    clock = ManualClock()
    life = OfficeLife(office(9, clock), clock, seed=9)
    done = sum(life.step() for _ in range(500))
    assert done > 450
    life.end_all()
    assert not life.system.calls
    with pytest.raises(SimulationError):
        life.system.call_of("nobody")
