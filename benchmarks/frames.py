"""Provide frames: those that were recorded, and those of an office as large as wanted."""

from collections.abc import Callable, Iterator
from itertools import cycle
from pathlib import Path
from typing import Final

from simulator.clock import MICROSECONDS, ManualClock
from simulator.model import Row
from simulator.phone_system import PhoneSystem
from simulator.wire import Dialect, Wire, wire
from simulator.words import Element, EventName

PBX_DOMAIN: Final = "example.basix.ne.jp"
TOKEN: Final = "0123456789abcdef"  # noqa: S105 - it opens the simulator

_RECORDED: Final = Path(__file__).parents[1] / "tests" / "data" / "basix" / "session.frames"
_NOON: Final = 1_790_000_000 * MICROSECONDS
_USERS_OF_A_GROUP: Final = 50
_STEP_SECONDS: Final = 2.0


def recorded() -> list[bytes]:
    """Return the frames of the recorded session; a length stands before each."""
    data = memoryview(_RECORDED.read_bytes())
    found = []
    while data:
        end = 4 + int.from_bytes(data[:4])
        found.append(bytes(data[4:end]))
        data = data[end:]
    return found


class Office:
    """Hold a phone system, and write down what it tells as frames."""

    def __init__(self, users: int) -> None:
        """Furnish it: each user has a telephone and is a member of one group."""
        self._clock = ManualClock(_NOON)
        groups = max(2, users // _USERS_OF_A_GROUP)
        self.system = PhoneSystem.office(
            users, groups, domain=PBX_DOMAIN, token=TOKEN, clock=self._clock, history=100
        )
        self._wire: Wire = wire(Dialect())
        self._told: list[bytes] = []
        self.system.subscribe(self._note)

    def _note(self, element: Element, row: Row, event: EventName) -> None:
        frame = self._wire.event(element, row, event)
        if frame is not None:
            self._told.append(frame)

    def opening(self) -> list[bytes]:
        """Return what a new connection is told."""
        return [*self._wire.specifications(), *self._wire.initial(self.system.rows)]

    def calls(self) -> Iterator[list[bytes]]:
        """Return without end the frames of calls from outside, each answered and ended.

        The users are called one after the other.
        """
        for number, user in enumerate(cycle(self.system.users)):
            call = self.system.incoming_call(f"03{number % 10**8:08}", user)
            steps: tuple[Callable[[], object], ...] = (call.ring, call.answer, call.hang_up)
            for step in steps:
                self._clock.advance(_STEP_SECONDS)
                step()
            told, self._told = self._told, []
            yield told
