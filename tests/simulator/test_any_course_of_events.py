"""Whatever happens, what is told, what is held and what is remembered agree."""

from random import Random

import pytest

from simulator.bert import Term
from simulator.calls import StepName
from simulator.clock import ManualClock
from simulator.directory import Known
from simulator.model import Channel, Row, User
from simulator.phone_system import PhoneSystem
from simulator.record import UserState
from simulator.rows import canonical_row
from simulator.states import Bridged, Calling, Park, SystemOperation
from simulator.wanderer import Wanderer
from simulator.words import Direction, Element, EventName

type Picture = dict[tuple[Element, Term], Term]


def follow(system: PhoneSystem) -> Picture:
    """Build from the events what a client would know."""
    picture = picture_of(system)

    def hear(element: Element, row: Row, event_name: EventName) -> None:
        values = canonical_row(element, row)
        key = (element, values[0])
        assert (key in picture) is (event_name is not EventName.ADDED), (event_name, values)
        if event_name is EventName.REMOVED:
            del picture[key]
        else:
            picture[key] = values

    system.subscribe(hear)
    return picture


def picture_of(system: PhoneSystem) -> Picture:
    """Return what the phone system holds."""
    rows = (
        (element, canonical_row(element, row))
        for element in Element
        for row in system.rows(element)
    )
    return {(element, row[0]): row for element, row in rows}


def state_by_channels(system: PhoneSystem, user: User) -> UserState:
    """Derive what a user does from his channels alone, as a client has to."""
    return max(
        (state_of_channel(system, channel) for channel in user.channels.values()),
        default=UserState.IDLE,
    )


def state_of_channel(system: PhoneSystem, channel: Channel) -> UserState:
    match channel.state:
        case Bridged():
            other = system.channels.live[channel.other_uuid or ""]
            return UserState.ON_HOLD if isinstance(other.state, Park) else UserState.TALKING
        case Park():
            return UserState.ON_HOLD
        case Calling() | SystemOperation():
            return UserState.DIALING
        case None:
            assert channel.direction is Direction.OUTBOUND
            assert channel.answer_timestamp is None
            return UserState.RINGING
        case _:
            return UserState.TALKING


@pytest.mark.parametrize("seed", range(25))
def test_events_lead_to_what_the_phone_system_holds(seed: int) -> None:
    clock = ManualClock()
    system = PhoneSystem.office(8, 2, clock=clock, seed=seed, history=None)
    system.register_terminal(system.users.find(Known.EXTENSION, "1001"))
    picture = follow(system)
    wanderer = Wanderer(system, Random(seed))
    taken = []
    for _ in range(400):
        clock.advance(1)
        taken.append(wanderer.step())
        assert picture == picture_of(system), taken[-3:]
        for user in system.users:
            assert system.record.state_of(user) is state_by_channels(system, user), taken[-3:]
        for group in system.groups:
            waiting = {
                channel.call.id: channel.state.since
                for channel in system.channels.live.values()
                if isinstance(channel.state, Calling) and channel.state.whom is group
            }
            assert system.record.waiting(group) == waiting, taken[-3:]
        in_slots = {slot: channel.call.id for slot, channel in system.channels.slots.items()}
        assert system.record.parked() == in_slots
    system.end_all_calls()
    assert not system.calls
    assert not system.channels.live
    assert not system.record.open
    assert picture == picture_of(system)
    for call in system.record.ended:
        for span in (*call.rings, *call.waits, *call.talks, *call.parkings):
            assert span.ended is not None
            assert call.began <= span.began <= span.ended
        assert all(ring.outcome for ring in call.rings)


def test_same_seed_takes_the_same_course() -> None:
    def course() -> list[str]:
        system = PhoneSystem.office(clock=ManualClock(), seed=5)
        wanderer = Wanderer(system, Random(5))
        return [wanderer.step() for _ in range(200)]

    assert course() == course()


def test_every_step_is_taken_sometimes() -> None:
    system = PhoneSystem.office(clock=ManualClock(), seed=7)
    wanderer = Wanderer(system, Random(7))
    taken = {wanderer.step().split()[0] for _ in range(3000)}
    assert set(StepName) <= taken
