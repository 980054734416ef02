"""Scenarios make one thing happen, an office day many; none leaves anything behind."""

import asyncio
from collections.abc import Awaitable
from random import Random

import pytest

from simulator.attendant import Attendant
from simulator.autoplay import Day, OfficeDay
from simulator.calls import Phase
from simulator.clock import ManualClock
from simulator.errors import SimulationError
from simulator.model import User
from simulator.phone_system import PhoneSystem
from simulator.record import Outcome
from simulator.scenarios import (
    SCENARIOS,
    abandoned_by_caller,
    missed_by_user,
    parked_and_taken,
    picked_up,
    user_added,
    user_removed,
    voicemail,
)
from simulator.stage import Stage
from tests.simulator.conftest import until


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def stage(clock: ManualClock) -> Stage:
    """Let scenarios play in their own time, which passes at once."""

    def sleep(seconds: float) -> Awaitable[None]:
        clock.advance(seconds)
        return asyncio.sleep(0)

    return Stage(PhoneSystem.office(clock=clock, history=None), sleep=sleep)


@pytest.mark.parametrize("name", SCENARIOS)
async def test_scenario_ends_what_it_began(stage: Stage, name: str) -> None:
    happening = await SCENARIOS[name](stage)
    assert happening.text.endswith(".")
    assert not stage.system.calls
    assert not stage.system.channels.live
    if happening.call:
        assert happening.call.story in stage.system.record.ended


async def test_missed_call_is_missed(stage: Stage) -> None:
    happening = await missed_by_user(stage)
    assert happening.call
    assert happening.user
    assert happening.call.story.missed
    assert happening.call.story.outcome_of(happening.user) is Outcome.CANCELLED


async def test_abandoned_call_was_answered_by_nobody(stage: Stage) -> None:
    call = (await abandoned_by_caller(stage)).call
    assert call
    assert call.story.missed
    (wait,) = call.story.waits
    assert wait.outcome is Outcome.CANCELLED


async def test_parked_call_is_taken(stage: Stage) -> None:
    happening = await parked_and_taken(stage)
    assert happening.call
    assert happening.user
    (parking,) = happening.call.story.parkings
    assert parking.taken_by_id == happening.user.id


async def test_call_is_picked_up(stage: Stage) -> None:
    call = (await picked_up(stage)).call
    assert call
    assert [ring.outcome for ring in call.story.rings] == [Outcome.PICKED_UP]


async def test_message_is_left(stage: Stage) -> None:
    user = (await voicemail(stage)).user
    assert user
    assert user.mailbox.new == 1


async def test_people_come_and_go(stage: Stage) -> None:
    assert (await user_added(stage)).user in list(stage.system.users)
    assert (await user_removed(stage)).user not in list(stage.system.users)


async def test_scenario_can_play_with_somebody_in_particular(stage: Stage) -> None:
    user = list(stage.system.users)[3]
    assert (await missed_by_user(stage, user)).user is user


async def test_scenario_needs_somebody(stage: Stage) -> None:
    for user in stage.system.users:
        stage.system.set_do_not_disturb(user, on=True)
    with pytest.raises(SimulationError, match="All users are on the phone"):
        await missed_by_user(stage)
    with pytest.raises(SimulationError, match="no group of which somebody could answer"):
        await abandoned_by_caller(stage)


async def play_a_while(stage: Stage, seconds: float) -> OfficeDay:
    """Play an office day for so many seconds of the phone system, and stop."""
    day = OfficeDay(stage, Day(busyness=2))
    began = stage.system.clock()
    playing = asyncio.create_task(day.run())
    await until(stage.system, lambda: stage.system.clock() >= began + seconds * 1_000_000)
    playing.cancel()
    await asyncio.gather(playing, return_exceptions=True)
    return day


async def test_office_day_leaves_no_call_behind(stage: Stage) -> None:
    day = await play_a_while(stage, 6 * 3600)
    assert sum(day.happened.values()) > 100
    assert len(day.happened) > 10
    assert not stage.system.calls
    assert not stage.system.channels.live
    assert stage.system.channels.slots == {}


async def test_same_seed_gives_the_same_day(clock: ManualClock) -> None:
    async def happened() -> dict[str, int]:
        own = ManualClock()

        def sleep(seconds: float) -> Awaitable[None]:
            own.advance(seconds)
            return asyncio.sleep(0)

        office = PhoneSystem.office(clock=own)
        return (await play_a_while(Stage(office, sleep=sleep, random=Random(4)), 3600)).happened

    assert await happened() == await happened()


async def test_lunch_and_closing_show(stage: Stage) -> None:
    day = OfficeDay(stage, Day(hour=12, hour_seconds=60))
    playing = asyncio.create_task(day.run())
    users = stage.system.users
    await until(stage.system, lambda: sum(user.presence == 2 for user in users) >= len(users) / 2)
    assert day.day.hour == 12
    await until(stage.system, lambda: stage.system.domain.night_mode)
    assert day.activity < 0.5
    playing.cancel()
    await asyncio.gather(playing, return_exceptions=True)
    assert not stage.system.calls


async def test_attendant_answers_calls_of_the_api(stage: Stage) -> None:
    attendant = Attendant(stage)
    alice, taro = list(stage.system.users)[:2]
    call = stage.system.api_call(alice, taro)
    by_hand = stage.system.incoming_call("0312345678", alice)
    await until(stage.system, lambda: call.ended)
    assert call.story.answered_by_ids == [alice.id, taro.id]
    assert by_hand.phase is Phase.CALLING
    await attendant.stop()


async def test_attendant_lets_others_be_faster(stage: Stage) -> None:
    attendant = Attendant(stage)
    alice: User = next(iter(stage.system.users))
    call = stage.system.api_call(alice, "0312345678")
    call.cancel()
    for _ in range(5):
        await asyncio.sleep(0)
    assert not stage.system.calls
    await attendant.stop()
