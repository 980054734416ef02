"""Watch an office, and find every difference between what is told of it and what happened."""

from collections.abc import Callable
import re
from typing import Final, override

from custom_components.ws_cti.cti.story import CallState, Effect
from custom_components.ws_cti.cti.words import user_calls_key
from simulator.clock import ManualClock
from simulator.model import Group, User
from simulator.phone_system import PhoneSystem
from simulator.wire import Dialect
from tests.cti.watching import Watcher

from .honest import is_honest
from .lived import LivedRecord
from .parts import DifferenceError, Id, told

_STRENGTH: Final = list(CallState)
_UUID: Final = re.compile(r"[0-9a-f]{8}-[-0-9a-f]{27}")
_MOST_STEPS_SHOWN: Final = 60


class ComparedOffice(Watcher):
    """Be an office that a client watches; what it knows and the record must agree at any time.

    Raises DifferenceError with the first step after which they do not.
    """

    def __init__(
        self, system: PhoneSystem, clock: ManualClock, dialect: Dialect | None = None
    ) -> None:
        self.lived = LivedRecord(system)
        self.is_connected = False
        self._clock = clock
        self._steps: list[str] = []
        self._touched = Effect().touched
        self._states: dict[Id, dict[Id, CallState]] = {}
        super().__init__(system, dialect)
        self.connect_again()

    @override
    def took(self, effect: Effect) -> None:
        super().took(effect)
        self._touched |= effect.touched

    def take(self, name: str, step: Callable[[], object], seconds: float = 1) -> None:
        """Take a step after a while, and compare. Its name begins with that of the step."""
        self._clock.advance(seconds)
        self._steps.append(name)
        self.lived.comes(name.partition(" ")[0])
        self._touched.clear()
        step()
        if self.is_connected:
            self._compare_now()

    def lose_connection(self) -> None:
        """Hear nothing for a while."""
        self._steps.append("lose_connection")
        self.is_connected = False
        self.disconnect()
        self.lived.silence()

    def connect_again(self) -> None:
        """Be told everything anew, and compare it."""
        self._steps.append("connect_again")
        self.is_connected = True
        self._touched.clear()
        self.lived.sound()
        self.connect()
        self._compare_now()

    def close(self) -> int:
        """Let everybody hang up, compare all that was told, and return of how many calls."""
        if not self.is_connected:
            self.connect_again()
        self.take("disconnect everybody", self.system.end_all_calls)
        self._agree("calls that are left", len(self.pbx.calls), 0)
        self._compare_parts()
        return self.lived.calls_ended

    def _compare_now(self) -> None:
        system, pbx = self.system, self.pbx
        self._agree("calls that go on", set(pbx.calls.ids()), self.lived.homes.running())
        self._agree("channels", pbx.channels.keys(), system.channels.live.keys())
        for user in system.users:
            self._compare_user(user)
        for group in system.groups:
            self._compare_queue(group)
        told_slots = {uuid: one.slot for uuid, one in pbx.queues.parked.items() if one.slot}
        slots = {channel.uuid: str(slot) for slot, channel in system.channels.slots.items()}
        self._agree("park slots", told_slots, slots)

    def _compare_user(self, user: User) -> None:
        calls, user_id = self.pbx.calls, str(user.id)
        states = self.lived.states_of(user)
        told_states = {one.call_id: one.state for one in calls.of_user(user_id)}
        self._agree(f"calls of {user.label}", told_states, states)
        if states == self._states.get(user_id, {}):
            return
        self._states[user_id] = states
        state, _, count = calls.leading(user_id)
        strongest = min(states.values(), key=_STRENGTH.index, default=CallState.IDLE)
        self._agree(f"state of {user.label}", (state, count), (strongest, len(states)))
        self._agree(f"wakes {user.label}", user_calls_key(user_id) in self._touched, true=True)

    def _compare_queue(self, group: Group) -> None:
        waiting = {
            self.system.calls[call_id].caller: since
            for call_id, since in self.lived.waiting(group).items()
        }
        by_uuid = {caller.uuid: since for caller, since in waiting.items() if caller is not None}
        told_waiting = dict(self.pbx.queues.waiting(str(group.id)))
        self._agree(f"who waits for {group.label}", told_waiting, by_uuid)

    def _compare_parts(self) -> None:
        said, lived = told(self.events), self.lived.parts()
        self._agree("parts that nobody lived", said.keys() - lived.keys(), set())
        for key, truth in lived.items():
            parts = said[key]
            if len(parts) != len(truth) or not all(map(is_honest, truth, parts, strict=True)):
                self._agree(f"parts of {key}", parts, truth)

    def _agree(self, what: str, told_of: object, true: object) -> None:
        if told_of == true:
            return
        message = f"{what}\n    told: {told_of}\n    true: {true}"
        calls = set(_UUID.findall(message))
        steps = [
            f"{number:>6} {step}"
            for number, step in enumerate(self._steps)
            if not _UUID.search(step) or not calls.isdisjoint(_UUID.findall(step))
        ]
        raise DifferenceError("\n".join([message, *steps[-_MOST_STEPS_SHOWN:]]))
