"""Watch Home Assistant through a fault, and see that nothing is lost, wrong or left behind.

What happens meanwhile is kept twice: by the simulator, as every part in a call truly went, and by
Home Assistant's bus, as it was told. Both are compared once the connection is back.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
import functools
import logging
from pathlib import Path
import re
from types import CoroutineType
from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import Event, EventStateChangedData, callback
from homeassistant.helpers.event import async_track_state_change_event
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.ws_cti.const import EVENT_CALL
from custom_components.ws_cti.cti import link
from custom_components.ws_cti.cti.story import CallDirection, CallEvent, Outcome, Step
from simulator.calls import Call, StepName
from tests.integration.office import CONNECTION, Office
from tests.model.honest import is_honest
from tests.model.lived import LivedRecord
from tests.model.parts import told

from .truth import differences

_OURS: Final = ("custom_components/ws_cti/", "/websockets/", "/simulator/")
#: What is different each time in the words for a timer.
_CHANGES: Final = re.compile(r" when=\S+| at 0x\w+")
INTEGRATION: Final = "custom_components.ws_cti"
#: Home Assistant warns of every integration that is not its own.
_TELLS_OF_EVERYBODY: Final = "homeassistant.loader"
_FAILED: Final = "Next attempt in"
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


class Survival:
    """Be what a fault test holds: the office, and everything that is told of it.

    A step of a call takes a second of the phone system's time.
    """

    def __init__(self, office: Office, caplog: pytest.LogCaptureFixture) -> None:
        """Begin to keep the truth, before anybody calls."""
        self.office = office
        self.events: list[CallEvent] = []
        self._caplog = caplog
        self._lived = LivedRecord(office.system)
        self._known_to: object = None
        self._unknown: set[str] = set()
        self._went_on_at_the_loss: set[str] = set()
        self._is_connected = False
        self._log_begins = 0
        self._lived.silence()
        office.hass.bus.async_listen(EVENT_CALL, self._hear)
        async_track_state_change_event(office.hass, CONNECTION, self._look)

    # What a test may do

    def go_deaf(self) -> None:
        """Say that from now on nothing can be heard, though nobody has noticed yet."""
        if self._is_connected:
            self._is_connected = False
            self._went_on_at_the_loss = self._lived.homes.running()
            self._lived.silence()

    def hear_again(self) -> None:
        """Say that everything is told again, on the same connection, and how it stands now."""
        self._is_connected = True
        self._lived.sound()

    def steps_of(self, call: Call) -> list[tuple[str, str | None]]:
        """Return the steps that were told of a call, each with its outcome."""
        return [(one.step, one.outcome) for one in self.events if one.call_id == call.id]

    @property
    def log(self) -> list[tuple[str, str]]:
        """Return the level and the text of what an operator could read since the fault began."""
        return log_in(self._caplog.get_records("call")[self._log_begins :])

    def forget_log(self) -> None:
        """Let the log begin now."""
        self._log_begins = len(self._caplog.get_records("call"))

    async def comes_back(self, times: int = 1) -> None:
        """Wait until the connection was restored so many times since the fault began."""
        await self.office.until(lambda: self._count(" restored") >= times)

    async def fails_again(self, times: int = 3) -> None:
        """Wait until so many more attempts to connect have failed."""
        failed = self._count(_FAILED)
        await self.office.until(lambda: self._count(_FAILED) >= failed + times)

    @property
    def failures(self) -> int:
        """Return how many connections were lost, or not made, to be tried again later."""
        return self._count(_FAILED)

    def _count(self, words: str) -> int:
        records = self._caplog.get_records("call")[self._log_begins :]
        return sum(words in record.getMessage() for record in records)

    # What is heard and seen

    @callback
    def _hear(self, event: Event) -> None:
        self.events.append(call_event(event.data))

    @callback
    def _look(self, event: Event[EventStateChangedData]) -> None:
        new = event.data["new_state"]
        if new is None or new.state != "on":
            self.go_deaf()
            return
        if self._is_connected:
            return
        self._is_connected = True
        self._lived.sound()
        if self._known_to is not (known_to := self.office.entry.runtime_data):
            # Whoever looks for the first time finds calls of whose beginning nobody told him.
            # Nor does he miss those that a former self of his had seen.
            self._known_to = known_to
            self._unknown |= self._lived.homes.running() | self._went_on_at_the_loss

    # What must be so in the end

    async def compare(self) -> None:
        """Find no difference between what happened and what Home Assistant knows of it."""
        await self.office.settled()
        self._agree()
        # What goes on now can only be compared once it has ended.
        self.office.system.end_all_calls()
        await self.office.settled()
        self._agree()
        said = told(one for one in self.events if one.call_id not in self._unknown)
        truth = self._lived.parts()
        for key in said.keys() | {key for key in truth if key[0] not in self._unknown}:
            alike = len(said[key]) == len(truth[key])
            assert alike, (said[key], truth[key])
            for part, one in zip(truth[key], said[key], strict=True):
                assert is_honest(part, one), (one, part)

    def _agree(self) -> None:
        found = differences(self.office.hass, self.office.entry, self.office.system)
        assert found == [], found


class Survivor:
    """Open the office for a fault test, and look afterwards whether all is as it must be."""

    def __init__(
        self, office: Office, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Let every step of a call be known by its name and take its time."""
        self._office = office
        self._caplog = caplog
        # Made at once: the truth is to be known of every call.
        self._survival = Survival(office, caplog)
        caplog.set_level(logging.INFO, logger=INTEGRATION)
        caplog.set_level(logging.DEBUG, logger=link.__name__)
        self._name_steps(monkeypatch)

    @asynccontextmanager
    async def running(self, *losses: str) -> AsyncIterator[Survival]:
        """Let a fault hit a connection that stands, and is to be restored by itself.

        `losses` are the reasons that the log gives, one for each loss; after each it says once
        that the connection is restored, and nothing else.
        """
        async with self._opened() as survival:
            yield survival
            await survival.comes_back(len(losses))
            await survival.compare()
            expected = _lines(self._office.entry.title, losses)
            assert survival.log == expected, survival.log

    @asynccontextmanager
    async def set_up_anew(self, loss: str) -> AsyncIterator[Survival]:
        """Let a fault end a connection that stands, and the test set the entry up again.

        The log tells of the loss; what becomes of a set-up is Home Assistant's to say.
        """
        async with self._opened() as survival:
            yield survival
            await self._office.until(lambda: self._office.state(CONNECTION) == "on")
            await survival.compare()
            title = self._office.entry.title
            expected = [("INFO", f"Connection to {title} lost: {loss}")]
            assert survival.log == expected, survival.log

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[Survival]:
        """Open the office, and see that in the end no more is left than there was."""
        before = await remains()
        await self._office.open()
        await self._office.settled()
        load = await remains()
        self._survival.forget_log()
        yield self._survival
        await only_remains(load)
        await self._office.close()
        await only_remains(before)

    @asynccontextmanager
    async def setting_up(self, reason: str) -> AsyncIterator[Survival]:
        """Let the entry be set up while there is a fault, which the test mends.

        `reason` is what Home Assistant shows at the entry. It says in the log by itself when it
        will try again, so we say nothing.
        """
        office, survival = self._office, self._survival
        before = await remains()
        survival.forget_log()
        assert await office.try_to_open() is ConfigEntryState.SETUP_RETRY
        expected = f"The phone system cannot be reached: {reason}"
        assert office.entry.reason == expected, office.entry.reason
        yield survival
        async_fire_time_changed(office.hass, dt_util.utcnow() + timedelta(minutes=2))
        await office.until(lambda: office.entry.state is ConfigEntryState.LOADED)
        await survival.compare()
        assert survival.log == [], survival.log
        await office.close()
        await only_remains(before)

    def _name_steps(self, monkeypatch: pytest.MonkeyPatch) -> None:
        deep = 0

        def named(name: str, step: Callable[..., object]) -> Callable[..., object]:
            @functools.wraps(step)
            def take(*args: object, **kwargs: object) -> object:
                nonlocal deep
                if not deep:
                    self._office.later(1)
                    record = self._office.system.record
                    if isinstance(record, LivedRecord):
                        record.comes(name)
                deep += 1
                try:
                    return step(*args, **kwargs)
                finally:
                    deep -= 1

            return take

        for name in StepName:
            monkeypatch.setattr(Call, name, named(name, getattr(Call, name)))


def log_in(records: Iterable[logging.LogRecord]) -> list[tuple[str, str]]:
    """Return the level and the text of what an operator could read of us, and of what is grave."""
    return [
        (record.levelname, record.getMessage())
        for record in records
        if record.levelno >= logging.INFO and _concerns_us(record)
    ]


def _concerns_us(record: logging.LogRecord) -> bool:
    # Home Assistant speaks under our name when it tells what becomes of an entry.
    if _OURS[0] in record.pathname:
        return True
    # That a busy computer was slow is no news of ours.
    was_slow = record.name == "asyncio" and record.getMessage().startswith("Executing ")
    is_grave = record.levelno >= logging.WARNING
    return is_grave and not was_slow and record.name != _TELLS_OF_EVERYBODY


def _lines(title: str, losses: Collection[str]) -> list[tuple[str, str]]:
    return [
        ("INFO", line)
        for loss in losses
        for line in (f"Connection to {title} lost: {loss}", f"Connection to {title} restored")
    ]


def call_event(data: Mapping[str, Any]) -> CallEvent:
    """Return a step of a call as the bus tells it."""
    at = data["time"]
    outcome = data["outcome"]
    return CallEvent(
        call_id=data["call_id"],
        step=Step(data["step"]),
        direction=CallDirection(data["direction"]),
        at=None if at is None else _microseconds(datetime.fromisoformat(at)),
        user_id=data["user_id"],
        group_id=data["group_id"],
        outcome=None if outcome is None else Outcome(outcome),
    )


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)


# What could be left behind


async def only_remains(allowed: Counter[str]) -> None:
    """Wait until no more tasks, timers and sockets are there than allowed."""
    more = await remains() - allowed
    for _ in range(400):
        if not more:
            break
        await asyncio.sleep(0.005)
        more = await remains() - allowed
    assert not more, more


async def remains() -> Counter[str]:
    """Count the tasks, the timers and the sockets of the integration, and of who serves it."""
    await asyncio.sleep(0)
    return Counter([*_tasks(), *_timers(), *_sockets()])


def _tasks() -> list[str]:
    coroutines = (task.get_coro() for task in asyncio.all_tasks())
    return [
        f"task {coroutine.cr_code.co_qualname}"
        for coroutine in coroutines
        if isinstance(coroutine, CoroutineType) and _is_ours(coroutine.cr_code.co_filename)
    ]


def _timers() -> list[str]:
    # No loop tells its timers in any other way.
    scheduled: list[asyncio.TimerHandle] = vars(asyncio.get_running_loop())["_scheduled"]
    return [
        f"timer {_CHANGES.sub('', text)}"
        for handle in scheduled
        if not handle.cancelled() and _is_ours(text := repr(handle))
    ]


def _sockets() -> list[str]:
    links = (_target(link) for link in Path("/proc/self/fd").iterdir())
    return ["socket" for target in links if target.startswith("socket:")]


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except FileNotFoundError:
        return ""  # it was that of the folder itself


def _is_ours(text: str) -> bool:
    return any(one in text for one in _OURS)
