"""Let an office telephone at random, but never do what no phone would let it do."""

from functools import partial
from random import Random
from typing import Final

from simulator.calls import Call, Phase, StepName, Whom
from simulator.phone_system import PhoneSystem
from simulator.wanderer import Move, Wanderer

_MOST_CALLS: Final = 6
_BEGINS: Final = 0.25
_SETS: Final = 0.03
_OUTSIDE: Final = ("0355556666", "0377778888")

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
        """Return what an API client may ask for.

        The same request made twice at once looks like one that rings two phones.
        """
        system = self._system
        users = [user for user in system.users if user.rings]
        groups = [
            group
            for group in system.groups
            if any(member.rings for member in group.members.values())
        ]
        sources: list[Whom] = [*users, *users, *groups, *_OUTSIDE]
        targets: list[Whom] = [*system.users, *system.groups, *_OUTSIDE]
        first, destination = self._one_of(sources), self._one_of(targets)
        if first is None or destination is None or first is destination or self._is_asked(first):
            return []
        return [("api_call", partial(system.api_call, first, destination))]

    def _is_asked(self, first: Whom) -> bool:
        return any(
            first in (leg.user, leg.group, leg.called_number)
            for call in self._system.calls.values()
            if call.phase is Phase.ORIGINATING
            for leg in call.legs.values()
        )

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


def can_join(held: Call, asking: Call) -> bool:
    """Return whether who holds one call and talks in another may bring the others together."""
    by = held.holder
    if by is None or held is asking or asking.phase is not Phase.TALKING or by not in asking.users:
        return False
    # Nobody is connected to himself.
    others = [user for user in (*held.users, *asking.users) if user is not by]
    return len(set(others)) == len(others)
