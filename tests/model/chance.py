"""Let an office telephone at random, but never do what no phone would let it do."""

from functools import partial
from random import Random
from typing import Final

from simulator.calls import Call, Phase, StepName, Whom
from simulator.phone_system import PhoneSystem
from simulator.wanderer import Move, Wanderer

from .legal import OUTSIDE, can_join, is_asked_for, rings

_MOST_CALLS: Final = 6
_BEGINS: Final = 0.25
_SETS: Final = 0.03

#: How often a step is taken compared with the others; what is not named here counts as one.
_WEIGHTS: Final[dict[str, float]] = {
    "incoming_call": 4,
    "internal_call": 2,
    StepName.RING: 8,
    StepName.ANSWER: 6,
    StepName.CONSULT: 3,
    "complete_transfer": 20,
    StepName.PICK_UP: 2,
    StepName.UNPARK: 3,
    StepName.TRANSFER: 0.7,
    StepName.HANG_UP: 2,
    StepName.DISCONNECT: 0.3,
    StepName.TO_IVR: 0.3,
    StepName.OVERFLOW: 0.6,
}


class Chance(Wanderer):
    """Choose one legal step after the other, so that calls mostly get somewhere."""

    def __init__(self, system: PhoneSystem, random: Random) -> None:
        super().__init__(system, random, most_calls=_MOST_CALLS)

    def choose(self) -> Move:
        """Return a step, and its name."""
        moves = self._some_moves()
        weights = [_WEIGHTS.get(name.partition(" ")[0], 1) for name, _ in moves]
        (chosen,) = self._random.choices(moves, weights)
        return chosen

    def _some_moves(self) -> list[Move]:
        """Return the moves of one call that goes on, or some that begin another."""
        if self._random.random() < _SETS:
            return [*self._settings(), ("everybody_is_back", self._everybody_is_back)]
        calls = list(self._system.calls.values())
        may_begin = len(calls) < _MOST_CALLS and self._random.random() < _BEGINS
        if may_begin or not calls:
            beginnings = [move for move in self._beginnings() if move[0] != "api_call"]
            return beginnings + self._requests()
        call = self._random.choice(calls)
        return self._steps(call) + self._joins(call)

    def _requests(self) -> list[Move]:
        """Return what an API client may ask for."""
        system = self._system
        everybody: list[Whom] = [*system.users, *system.groups, *OUTSIDE]
        first, destination = self._random.sample(everybody, 2)
        if not rings(first) or is_asked_for(system, first):
            return []
        return [("api_call", partial(system.api_call, first, destination))]

    def _joins(self, call: Call) -> list[Move]:
        if call.phase is not Phase.ON_HOLD or call.holder is None:
            return []
        return [
            (f"complete_transfer {call.id} {asking.id}", partial(call.complete_transfer, asking))
            for asking in self._system.calls_of(call.holder)
            if can_join(call, asking)
        ]

    def _everybody_is_back(self) -> None:
        for user in self._system.users:
            if user.do_not_disturb_status:
                self._system.set_do_not_disturb(user, on=False)
