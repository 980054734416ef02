"""Take one random but legal step after the other, whatever comes of it."""

from collections.abc import Callable, Sequence
from functools import partial
from random import Random

from .calls import Call, StepName
from .errors import SimulationError
from .model import User
from .phone_system import PhoneSystem

type Move = tuple[str, Callable[[], object]]

_MOST_CALLS = 6
_NUMBERS = ("0312345678", "0687654321", "09011112222", None)


class Wanderer:
    """Make calls begin, go on and end, and people change, as chance has it.

    The random source may be one that a test framework controls.
    """

    def __init__(
        self, system: PhoneSystem, random: Random, *, most_calls: int = _MOST_CALLS
    ) -> None:
        self._system = system
        self._random = random
        self._most_calls = most_calls

    def step(self) -> str:
        """Take a step and tell which."""
        moves = self.moves()
        if not moves:
            raise SimulationError("There is nothing that could happen.")
        name, move = self._random.choice(moves)
        move()
        return name

    def moves(self) -> list[Move]:
        """Return what could happen now: a few beginnings, and each legal step of each call."""
        moves = self._settings()
        if len(self._system.calls) < self._most_calls:
            moves += self._beginnings()
        for call in self._system.calls.values():
            moves += self._steps(call)
        return moves

    def _beginnings(self) -> list[Move]:
        system = self._system
        number = self._random.choice(_NUMBERS)
        users = list(system.users)
        caller = self._one_of([user for user in users if _has_phone(user)])
        whom = self._one_of([user for user in [*users, *system.groups] if user is not caller])
        moves: list[Move] = []
        if whom:
            moves.append(("incoming_call", partial(system.incoming_call, number, whom)))
        if caller:
            outside = "0355556666"
            moves.append(("outgoing_call", partial(system.outgoing_call, caller, outside)))
            moves.append(("check_voicemail", partial(system.check_voicemail, caller)))
            if whom:
                moves.append(("internal_call", partial(system.internal_call, caller, whom)))
            if caller.rings:
                moves.append(("api_call", partial(system.api_call, caller, whom or outside)))
        return moves

    def _settings(self) -> list[Move]:
        system = self._system
        user = self._one_of(list(system.users))
        if user is None:
            return []
        code = self._random.randrange(4)
        moves: list[Move] = [("set_presence", partial(system.set_presence, user, code))]
        member = self._one_of(list(user.memberships.values()))
        if member:
            change = system.log_out if member.login_status else system.log_in
            moves.append(("log in or out", partial(change, user, member.group)))
        undisturbed = not user.do_not_disturb_status
        moves.append(("set_do_not_disturb", partial(system.set_do_not_disturb, user, undisturbed)))
        return moves

    def _steps(self, call: Call) -> list[Move]:
        """Return the legal steps of a call for which there is somebody to take them."""
        ringing = self._one_of(call.ringing_users)
        talking = self._one_of(call.users)
        colleague = self._one_of([user for user in self._system.users if _may_join(user, call)])
        moves = self._steps_alone(call, ringing)
        if talking:
            moves[StepName.HOLD] = partial(call.hold, talking)
            if self._a_slot_is_free(talking):
                moves[StepName.PARK] = partial(call.park, talking)
        if colleague:
            moves[StepName.PICK_UP] = partial(call.pick_up, colleague)
            moves[StepName.UNPARK] = partial(call.unpark, colleague)
            to = self._one_of([colleague, *self._system.groups]) or colleague
            moves[StepName.OVERFLOW] = partial(call.overflow, to)
            if talking:
                moves[StepName.TRANSFER] = partial(call.transfer, talking, to)
                if _has_phone(talking):
                    moves[StepName.CONSULT] = partial(call.consult, talking, to)
        legal = call.legal_steps()
        return [(f"{step} {call.id}", move) for step, move in moves.items() if step in legal]

    def _steps_alone(
        self, call: Call, ringing: User | None
    ) -> dict[StepName, Callable[[], object]]:
        leaver = self._one_of([*call.users, None])
        return {
            StepName.RING: partial(call.ring, self._one_of(call.ringable_users)),
            StepName.ANSWER: partial(call.answer, ringing),
            StepName.NO_ANSWER: partial(call.no_answer, ringing),
            StepName.REJECT: partial(call.reject, ringing),
            StepName.BUSY: partial(call.busy, ringing),
            StepName.CANCEL: call.cancel,
            StepName.DISCONNECT: call.disconnect,
            StepName.TO_VOICEMAIL: call.to_voicemail,
            StepName.LEAVE_MESSAGE: call.leave_message,
            StepName.TO_IVR: call.to_ivr,
            StepName.HANG_UP: partial(call.hang_up, leaver),
            StepName.RESUME: call.resume,
            StepName.LISTEN: call.listen,
        }

    def _a_slot_is_free(self, parker: User) -> bool:
        try:
            self._system.free_slot(parker)
        except SimulationError:
            return False
        return True

    def _one_of[Item](self, items: Sequence[Item]) -> Item | None:
        return self._random.choice(items) if items else None


def _has_phone(user: User) -> bool:
    return any(terminal.registered for terminal in user.terminals)


def _may_join(user: User, call: Call) -> bool:
    return _has_phone(user) and user not in call.users and user not in call.ringing_users
