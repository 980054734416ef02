"""Send more events than any phone system has, and look at what becomes of them."""

import asyncio
from collections.abc import Iterator
from time import monotonic_ns
from typing import Any, Final

from homeassistant.const import EVENT_STATE_CHANGED
from homeassistant.core import Event, HomeAssistant, callback

from custom_components.ws_cti.const import EVENT_CALL, EVENT_CHANNEL, EVENT_MESSAGE

from .exchange import exchange
from .home import entry_for, home_assistant, set_up
from .lines import Line
from .measuring import spared_collection

_USERS: Final = 500
_PER_SECOND: Final = 2_000
_SECONDS: Final = 30
_QUICK_SECONDS: Final = 3
_PATIENCE: Final = 60
_STEPS_OF_A_CALL: Final = 3
_MILLISECONDS: Final = 1e6


def run(*, quick: bool) -> Iterator[Line]:
    """Tell how many events were lost, and how long all but a hundredth took to be seen."""
    return iter(asyncio.run(_measure(_QUICK_SECONDS if quick else _SECONDS)))


async def _measure(seconds: int) -> list[Line]:
    async with exchange(_USERS) as (there, server), home_assistant() as hass:
        entry = entry_for(hass, server)
        await set_up(hass, entry)
        seen = _Seen(hass)
        with spared_collection():
            told: dict[str, Any] = await there.ask("flood", _PER_SECOND, seconds)
            async with asyncio.timeout(_PATIENCE):
                await seen.end.wait()
        await hass.config_entries.async_unload(entry.entry_id)
    sent: list[int] = told["sent"]
    lost_frames = len(sent) - len(seen.written_at)
    lost_steps = _STEPS_OF_A_CALL * told["calls"] - seen.steps
    delays = sorted(
        written - at for at, written in zip(sent, seen.written_at, strict=False) if written
    )
    return [
        Line("flood_lost", abs(lost_frames) + abs(lost_steps), "events"),
        Line("flood_p50_ms", delays[len(delays) // 2] / _MILLISECONDS, "ms"),
        Line("flood_p99_ms", delays[len(delays) * 99 // 100] / _MILLISECONDS, "ms"),
    ]


class _Seen:
    """Note when the last state of each frame was written.

    Frames are told from each other by the event of its channel that every one of them
    fires before its states are written.
    """

    def __init__(self, hass: HomeAssistant) -> None:
        """Watch from now on."""
        self.written_at: list[int] = []
        self.steps = 0
        self.end = asyncio.Event()
        hass.bus.async_listen(EVENT_CHANNEL, self._frame)
        hass.bus.async_listen(EVENT_STATE_CHANGED, self._state)
        hass.bus.async_listen(EVENT_CALL, self._step)
        hass.bus.async_listen(EVENT_MESSAGE, self._message)

    @callback
    def _frame(self, _: Event) -> None:
        self.written_at.append(0)

    @callback
    def _state(self, _: Event[Any]) -> None:
        if self.written_at:
            self.written_at[-1] = monotonic_ns()

    @callback
    def _step(self, _: Event) -> None:
        self.steps += 1

    @callback
    def _message(self, _: Event) -> None:
        self.end.set()
