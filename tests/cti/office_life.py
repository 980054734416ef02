"""Let people of an office telephone at random, but never do what no phone would let them."""

from collections.abc import Callable, Sequence
from random import Random

from simulator.calls import Call, Phase, StepName
from simulator.clock import ManualClock
from simulator.errors import SimulationError
from simulator.model import Group, User
from simulator.phone_system import PhoneSystem

_MOST_CALLS_AT_ONCE = 6


class OfficeLife:
    """Take one random legal step after the other."""

    def __init__(
        self,
        system: PhoneSystem,
        clock: ManualClock,
        seed: int,
        *,
        with_api: bool = True,
        pauses: Sequence[float] = (0.000_001, 0.5, 3, 20),
    ) -> None:
        self.system = system
        self.clock = clock
        self.with_api = with_api
        self.pauses = pauses
        self.random = Random(seed)
        self.calls_begun = 0
        #: Held calls and the consultations that they wait for.
        self.consultations: list[tuple[Call, Call]] = []
        self._asked: list[tuple[Call, tuple[User | Group, User | Group | str]]] = []

    def step(self) -> bool:
        """Do something, and tell whether it could be done."""
        self.clock.advance(self.random.choice(self.pauses))
        try:
            self._choose()()
        except SimulationError:
            return False
        return True

    def end_all(self) -> None:
        """Let everybody hang up."""
        self.clock.advance(1)
        self.system.end_all_calls()

    def _choose(self) -> Callable[[], object]:
        calls = list(self.system.calls.values())
        if len(calls) < self.random.randint(1, _MOST_CALLS_AT_ONCE):
            return self._begin
        self.consultations = [pair for pair in self.consultations if not pair[0].ended]
        if self.consultations and self.random.random() < 0.5:
            return self._complete_transfer
        call = self.random.choice(calls)
        return lambda: self._go_on(call)

    def _user(self) -> User:
        return self.random.choice(list(self.system.users))

    def _group(self) -> Group:
        return self.random.choice(list(self.system.groups))

    def _number(self) -> str:
        return f"03{self.random.randrange(10**7, 10**8)}"

    def _whom(self) -> User | Group | str:
        return self.random.choice((self._user, self._user, self._group, self._number))()

    def _begin(self) -> None:
        system = self.system
        number = self.random.choice((self._number(), self._number(), None))
        to = self.random.choice((self._user(), self._group()))
        ways: tuple[tuple[int, Callable[[], object]], ...] = (
            (8, lambda: system.incoming_call(number, to)),
            (3, lambda: system.internal_call(self._user(), to)),
            (2, lambda: system.outgoing_call(self._user(), self._number())),
            (1, lambda: system.check_voicemail(self._user())),
            (1, lambda: self._api_call(self._user(), self._whom())),
            (1, lambda: self._api_call(self._group(), self._whom())),
        )
        if not self.with_api:
            ways = ways[:-2]
        (way,) = self.random.choices([way for _, way in ways], [often for often, _ in ways])
        way()
        self.calls_begun += 1

    def _api_call(self, first: User | Group, destination: User | Group | str) -> None:
        # Nobody asks for the same call again while the phones still ring for it.
        if any(
            call.phase is Phase.ORIGINATING and asked == (first, destination)
            for call, asked in self._asked
        ):
            raise SimulationError("That was asked for already.")
        call = self.system.api_call(first, destination)
        self._asked = [one for one in self._asked if one[0].phase is Phase.ORIGINATING]
        self._asked.append((call, (first, destination)))

    def _complete_transfer(self) -> None:
        held, consultation = self.random.choice(self.consultations)
        held.complete_transfer(consultation)

    def _go_on(self, call: Call) -> None:
        step = self.random.choice(sorted(call.legal_steps()))
        ringing, talking = call.ringing_users, call.users
        match step:
            case StepName.ANSWER | StepName.NO_ANSWER | StepName.REJECT | StepName.BUSY:
                getattr(call, step)(self.random.choice(ringing) if ringing else None)
            case StepName.PICK_UP | StepName.UNPARK:
                getattr(call, step)(self._user())
            case StepName.HOLD | StepName.PARK:
                getattr(call, step)(self.random.choice(talking))
            case StepName.HANG_UP:
                call.hang_up(self.random.choice((None, *talking)))
            case StepName.TRANSFER:
                call.transfer(self.random.choice(talking), self._whom())
            case StepName.CONSULT:
                self.consultations.append(
                    (call, call.consult(self.random.choice(talking), self._whom()))
                )
                self.calls_begun += 1
            case StepName.OVERFLOW:
                whom = self._whom()
                if whom is call.target and call.phase is Phase.CALLING:
                    raise SimulationError("He waits there already.")
                call.overflow(whom)
            case _:
                getattr(call, step)()
