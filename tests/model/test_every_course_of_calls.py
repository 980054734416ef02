"""Whatever people do with their phones, step by step, is told as it was.

Hypothesis looks for the shortest course of steps that is not, and prints it like this:

    state.open_office(kind='connections lost')
    state.incoming_call(number=None, to='Sales')
    state.rings(step=('ring', 'call 1'))
    state.is_answered(step=('answer', 'call 1', 'Zoë'))
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, override

from hypothesis import HealthCheck, settings, strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from simulator.calls import Call, StepName, Whom
from simulator.model import Group, User

from .legal import JOIN, OUTSIDE, is_asked_for, rings, ways
from .offices import KINDS
from .parts import DifferenceError
from .tally import Tally

type Names = tuple[str, ...]

ANSWERS: Final = (
    StepName.ANSWER,
    StepName.PICK_UP,
    StepName.UNPARK,
    StepName.RESUME,
    StepName.LEAVE_MESSAGE,
    StepName.LISTEN,
)
REFUSALS: Final = (StepName.NO_ANSWER, StepName.REJECT, StepName.BUSY)
WAYS_ON: Final = (
    StepName.HOLD,
    StepName.PARK,
    StepName.TRANSFER,
    StepName.CONSULT,
    StepName.OVERFLOW,
    StepName.TO_VOICEMAIL,
    StepName.TO_IVR,
    JOIN,
)
ENDS: Final = (StepName.HANG_UP, StepName.CANCEL, StepName.DISCONNECT)

STEADILY: Final = settings(
    max_examples=60,
    stateful_step_count=100,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)


class CourseOfCalls(RuleBasedStateMachine):
    """Take any step that people could take now, and compare after each; everybody has a name."""

    def __init__(self, tally: Tally) -> None:
        super().__init__()
        self.tally = tally
        self.calls: dict[str, Call] = {}
        self.seconds: float = 1
        self.differs = False

    @initialize(kind=st.sampled_from(list(KINDS)))
    def open_office(self, kind: str) -> None:
        self.office = KINDS[kind].open(seed=1)
        self.system = self.office.system
        self.users = {user.label: user for user in self.system.users}
        self.groups = {group.label: group for group in self.system.groups}
        self.whom: dict[str, Whom] = {number: number for number in OUTSIDE}
        self.whom |= self.users
        self.whom |= self.groups

    # Who could do what now

    def callers(self) -> list[str]:
        return list(self.users)

    def called_inside(self) -> list[str]:
        return [*self.users, *self.groups]

    def internal(self) -> list[Names]:
        inside = self.called_inside()
        return [(caller, to) for caller in self.users for to in inside if to != caller]

    def requests(self) -> list[Names]:
        return [
            (first, to)
            for first, whom in self.whom.items()
            if rings(whom) and not is_asked_for(self.system, whom)
            for to in self.whom
            if to != first
        ]

    def running(self) -> dict[str, Call]:
        return {name: call for name, call in self.calls.items() if not call.ended}

    def steps(self, *kinds: str) -> dict[str, list[Names]]:
        steps = {
            kind: [
                (kind, name, *map(self.name_of, way))
                for name, call in self.running().items()
                for way in ways(call, kind)
            ]
            for kind in kinds
        }
        return {kind: some for kind, some in steps.items() if some}

    def name_of(self, someone: Whom | Call) -> str:
        match someone:
            case str():
                return someone
            case User() | Group():
                return someone.label
            case Call():
                return next(name for name, call in self.calls.items() if call is someone)

    # What they do

    def take_step(self, kind: str, name: str, *others: str) -> None:
        who = [self.calls.get(other) or self.whom[other] for other in others]
        call = self.calls[name]
        self.take(f"{kind} {call.id}", partial(getattr(call, kind), *who))

    def take(self, name: str, step: Callable[[], object]) -> None:
        seconds, self.seconds = self.seconds, 1
        try:
            self.office.take(name, step, seconds)
        except DifferenceError:
            self.differs = True
            raise
        for call in self.system.calls.values():
            if call not in self.calls.values():
                self.calls[f"call {len(self.calls) + 1}"] = call


def drawn[T](options: Callable[[CourseOfCalls], Sequence[T]]) -> st.SearchStrategy[T]:
    """Draw from what there is at the moment."""
    return st.runner().flatmap(lambda course: st.sampled_from(options(course)))


def step_of(*kinds: str) -> st.SearchStrategy[Names]:
    """Draw a step that can be taken; each kind of step is as likely as any other."""
    some_steps = drawn(lambda course: list(course.steps(*kinds).values()))
    return some_steps.flatmap(st.sampled_from)


class EveryCourseOfCalls(CourseOfCalls):
    """Be what hypothesis can do in an office."""

    @rule(number=st.sampled_from((*OUTSIDE, None)), to=drawn(CourseOfCalls.called_inside))
    def incoming_call(self, number: str | None, to: str) -> None:
        whom = self.users.get(to) or self.groups[to]
        self.take("incoming_call", partial(self.system.incoming_call, number, whom))

    @rule(who=drawn(CourseOfCalls.internal))
    def internal_call(self, who: tuple[str, str]) -> None:
        caller, to = who
        whom = self.users.get(to) or self.groups[to]
        self.take("internal_call", partial(self.system.internal_call, self.users[caller], whom))

    @rule(caller=drawn(CourseOfCalls.callers), number=st.sampled_from(OUTSIDE))
    def outgoing_call(self, caller: str, number: str) -> None:
        self.take("outgoing_call", partial(self.system.outgoing_call, self.users[caller], number))

    @precondition(lambda self: self.requests())
    @rule(who=drawn(CourseOfCalls.requests))
    def api_call(self, who: tuple[str, str]) -> None:
        first, to = who
        self.take("api_call", partial(self.system.api_call, self.whom[first], self.whom[to]))

    @rule(caller=drawn(CourseOfCalls.callers))
    def check_voicemail(self, caller: str) -> None:
        self.take("check_voicemail", partial(self.system.check_voicemail, self.users[caller]))

    @precondition(lambda self: self.steps(StepName.RING))
    @rule(step=step_of(StepName.RING))
    def rings(self, step: Names) -> None:
        self.take_step(*step)

    @precondition(lambda self: self.steps(*ANSWERS))
    @rule(step=step_of(*ANSWERS))
    def is_answered(self, step: Names) -> None:
        self.take_step(*step)

    @precondition(lambda self: self.steps(*REFUSALS))
    @rule(step=step_of(*REFUSALS))
    def is_refused(self, step: Names) -> None:
        self.take_step(*step)

    @precondition(lambda self: self.steps(*WAYS_ON))
    @rule(step=step_of(*WAYS_ON))
    def goes_on(self, step: Names) -> None:
        self.take_step(*step)

    @precondition(lambda self: self.steps(*ENDS))
    @rule(step=step_of(*ENDS))
    def ends(self, step: Names) -> None:
        self.take_step(*step)

    @rule(caller=drawn(CourseOfCalls.callers))
    def do_not_disturb(self, caller: str) -> None:
        user = self.users[caller]
        undisturbed = not user.do_not_disturb_status
        self.take("do_not_disturb", partial(self.system.set_do_not_disturb, user, undisturbed))

    @rule(seconds=st.sampled_from((0, 0.000_001, 30)))
    def pause_before_next(self, seconds: float) -> None:
        self.seconds = seconds

    @precondition(lambda self: self.office.is_connected)
    @rule()
    def lose_connection(self) -> None:
        self.office.lose_connection()

    @precondition(lambda self: not self.office.is_connected)
    @rule()
    def connect_again(self) -> None:
        self.office.connect_again()

    @override
    def teardown(self) -> None:
        if not self.differs:
            self.tally.close(self.office)


def test_every_course_of_calls_is_told_as_it_was(tally: Tally) -> None:
    class Counted(EveryCourseOfCalls):
        def __init__(self) -> None:
            super().__init__(tally)

    with tally.noting_differences():
        run_state_machine_as_test(Counted, settings=STEADILY)
