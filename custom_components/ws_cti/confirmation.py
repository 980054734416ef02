"""Send commands, and wait until the events of the phone system show that they worked."""

import asyncio
from collections.abc import Callable, Iterable

from homeassistant.core import callback
from homeassistant.exceptions import HomeAssistantError

from .coordinator import CtiCoordinator
from .cti.commands import Command
from .cti.errors import CtiError
from .cti.words import PBX
from .failures import failed, told


async def async_order[T](
    coordinator: CtiCoordinator,
    commands: Iterable[Command],
    look: Callable[[], T | None],
    seconds: float,
) -> T:
    """Give orders and return what `look` then finds in the picture.

    Raises TimeoutError where it finds nothing in time, and HomeAssistantError where the
    connection is lost before or `look` sees that nothing can come any more.
    """
    found: list[T] = []
    wrong: list[HomeAssistantError] = []
    decided = asyncio.Event()

    @callback
    def glance() -> None:
        try:
            seen = look() if coordinator.connected else None
        except HomeAssistantError as err:
            wrong.append(err)
            decided.set()
            return
        if seen is not None:
            found.append(seen)
            decided.set()
        elif not coordinator.connected:
            wrong.append(failed("connection_lost", title=coordinator.config_entry.title))
            decided.set()

    stop = coordinator.async_add_listener(glance, PBX)
    try:
        async with asyncio.timeout(seconds):
            for command in commands:
                await coordinator.link.send(coordinator.driver.spoken(command))
            await decided.wait()
    except CtiError as err:
        raise told(coordinator, err) from err
    finally:
        stop()
    if found:
        return found[0]
    raise wrong[0]
