"""Answer the calls that clients make through the API, so that a demo needs nobody at the phones."""

import asyncio
from contextlib import suppress

from .calls import Call, Phase
from .errors import SimulationError
from .model import Channel, Row
from .record import CallKind
from .stage import Stage
from .words import Element, EventName

_BEFORE_ANSWER = 3.0
_TALK = 20.0


class Attendant:
    """Take each API call through its answers to its end; whoever is faster is let."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._attended: set[Call] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._unsubscribe = stage.system.subscribe(self._notice)

    async def stop(self) -> None:
        """Attend to nothing more."""
        self._unsubscribe()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _notice(self, _element: Element, row: Row, event_name: EventName) -> None:
        if event_name is not EventName.ADDED or not isinstance(row, Channel):
            return
        call = row.call
        if call.kind is CallKind.API and call not in self._attended:
            self._attended.add(call)
            task = asyncio.create_task(self._attend(call))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _attend(self, call: Call) -> None:
        # Somebody else may answer or hang up in the meantime, which leaves nothing to attend to.
        with suppress(SimulationError):
            await self._answer(call)
            if call.phase is Phase.CALLING and not call.legs:
                call.ring()
            await self._answer(call)
            await self._stage.wait(_TALK)
            call.hang_up()
        self._attended.discard(call)

    async def _answer(self, call: Call) -> None:
        await self._stage.wait(_BEFORE_ANSWER)
        call.answer(call.ringing_users[0] if call.ringing_users else None)
