"""Carry out what somebody at a terminal asks of the running simulator."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from functools import partial

from . import call_orders, people_orders
from .autoplay import Day, OfficeDay
from .calls import Call
from .end_users import NOBODY_FOUND
from .errors import SimulationError, UnknownError
from .model import EndUser
from .phone_system import PhoneSystem
from .request import Request
from .scenarios import SCENARIOS
from .stage import Stage
from .view import calls_text, office_text

_RING_UNTIL_MISSED = 10.0


class Orders:
    """Know what can be asked, do it, and see to what goes on afterwards by itself."""

    def __init__(self, system: PhoneSystem) -> None:
        self.stage = Stage(system)
        self._system = system
        self._tasks: set[asyncio.Task[None]] = set()
        self._day: asyncio.Task[None] | None = None
        self._orders: dict[str, Callable[[Request], str]] = {
            "status": lambda _: calls_text(system),
            "list": lambda _: office_text(system),
            "call": self._call,
            "dial": self._dial,
            "play": self._play,
            "autoplay": self._autoplay,
            "answer": call_orders.answer,
            "reject": call_orders.reject,
            "pick-up": call_orders.pick_up,
            "hangup": call_orders.hang_up,
            "hold": call_orders.hold,
            "resume": call_orders.resume,
            "park": call_orders.park,
            "unpark": call_orders.unpark,
            "transfer": call_orders.transfer,
            "voicemail": people_orders.voicemail,
            "presence": people_orders.presence,
            "dnd": people_orders.do_not_disturb,
            "forward": people_orders.forward,
            "login": people_orders.log_in,
            "logout": people_orders.log_out,
            "night": people_orders.night,
            "add-user": people_orders.add_user,
            "remove-user": people_orders.remove_user,
        }

    @property
    def names(self) -> list[str]:
        """Return what can be asked."""
        return list(self._orders)

    def obey(self, name: str, values: Mapping[str, object]) -> str:
        """Do what is asked and tell what was done; raises SimulationError with a sentence."""
        order = self._orders.get(name)
        if order is None:
            raise UnknownError(f"The simulator does not know how to {name}.")
        return order(Request(self._system, values))

    def start_day(self, day: Day) -> None:
        """Begin to play office days."""
        self.stop_day()
        self._day = asyncio.create_task(OfficeDay(self.stage, day).run())

    def stop_day(self) -> None:
        """Play no more office days."""
        if self._day:
            self._day.cancel()
            # It ends its calls first, for which `stop` waits.
            self._keep(self._day)
            self._day = None

    async def stop(self) -> None:
        """Stop everything that still plays, and end all calls."""
        self.stop_day()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._system.end_all_calls()

    def _call(self, request: Request) -> str:
        to = request.whom("to")
        name = request.optional_text("name")
        number = request.optional_text("from") or self.stage.number()
        call = self._system.incoming_call(
            None if request.flag("withheld") else number,
            to,
            name=name,
            end_user=EndUser(name=name) if name else NOBODY_FOUND,
        )
        self._ring(call, request)
        caller = call.story.name or call.story.number or "Somebody"
        return f"{caller} calls {to.label}."

    def _dial(self, request: Request) -> str:
        caller = request.user("by")
        to = request.destination("to")
        if isinstance(to, str):
            self._ring(self._system.outgoing_call(caller, to), request)
            return f"{caller.label} calls {to}."
        self._ring(self._system.internal_call(caller, to), request)
        return f"{caller.label} calls {to.label}."

    def _play(self, request: Request) -> str:
        name = request.text("scenario").replace("-", "_")
        scenario = SCENARIOS.get(name)
        if scenario is None:
            known = ", ".join(sorted(SCENARIOS))
            raise UnknownError(f"There is no scenario {name}. There are: {known}.")
        pace = request.number("pace")
        stage = Stage(self._system, 1.0 if pace is None else pace, random=self.stage.random)
        self._start(partial(scenario, stage))
        return f"{name} plays."

    def _autoplay(self, request: Request) -> str:
        if request.flag("off"):
            self.stop_day()
            return "The office day is over."
        self.start_day(Day(busyness=request.number("busyness") or 1.0))
        return "An office day begins."

    def _ring(self, call: Call, request: Request) -> None:
        """Ring, and let happen later what was asked for; somebody may be faster."""
        seconds = request.number("answer")
        talk = request.number("talk")
        try:
            call.ring()
        except SimulationError:
            # Nobody at the terminal knows of a call that was refused, so none is left behind.
            call.disconnect()
            raise
        if request.flag("miss"):
            patience = _RING_UNTIL_MISSED if seconds is None else seconds
            self._start(partial(self._give_up, call, patience))
        elif seconds is not None:
            self._start(partial(self._converse, call, seconds, talk))

    async def _give_up(self, call: Call, seconds: float) -> None:
        await self.stage.wait(seconds)
        call.cancel()

    async def _converse(self, call: Call, seconds: float, talk: float | None) -> None:
        await self.stage.wait(seconds)
        call.answer(call.ringing_users[0] if call.ringing_users else None)
        if talk is not None:
            await self.stage.wait(talk)
            call.hang_up()

    def _start(self, happening: Callable[[], Awaitable[object]]) -> None:
        async def run() -> None:
            # Somebody at the terminal was faster, and the call is elsewhere now.
            with suppress(SimulationError):
                await happening()

        self._keep(asyncio.create_task(run()))

    def _keep(self, task: asyncio.Task[None]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
