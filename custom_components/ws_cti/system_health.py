"""Tell on the page of system health how the connections to phone systems do.

That page is copied into public reports of problems, so nothing on it says whose they are.
"""

import asyncio
from datetime import datetime
from http.client import HTTP_PORT, HTTPS_PORT
from ssl import SSLError
from typing import Any, Final
from urllib.parse import urlsplit

from homeassistant.components.system_health import SystemHealthRegistration
from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant, callback

from .account import ssl_context_of
from .const import CONF_SERVER, DOMAIN
from .coordinator import CtiConfigEntry

REACH_SECONDS: Final = 5.0
_BETWEEN: Final = " / "


@callback
def async_register(hass: HomeAssistant, register: SystemHealthRegistration) -> None:
    """Offer what the page shows."""
    register.async_register_info(_async_info, f"/config/integrations/integration/{DOMAIN}")


async def _async_info(hass: HomeAssistant) -> dict[str, Any]:
    """Return the facts, each for all phone systems in the order in which they were added."""
    entries: list[CtiConfigEntry] = hass.config_entries.async_entries(
        DOMAIN, include_ignore=False, include_disabled=False
    )
    if not entries:
        return {}
    loaded = [
        entry.runtime_data if entry.state is ConfigEntryState.LOADED else None for entry in entries
    ]
    return {
        "connected": _row([one is not None and one.connected for one in loaded]),
        "can_reach_server": _async_reach_all(entries),
        "messages_received": _row([one and one.link.frames_received for one in loaded]),
        "frames_not_understood": _row([one and one.link.frames_not_understood for one in loaded]),
        "reconnects": _row([one and one.reconnects for one in loaded]),
        "last_reconnect": _row([one and one.reconnected_at for one in loaded]),
    }


async def _async_reach_all(entries: list[CtiConfigEntry]) -> object:
    found = await asyncio.gather(*map(_async_reach, entries))
    if len(found) > 1:
        return _BETWEEN.join(found)
    # In the frontend's own words, since these are what it shows in red.
    return "ok" if found == ["ok"] else {"type": "failed", "error": found[0]}


async def _async_reach(entry: CtiConfigEntry) -> str:
    """Knock at the server as safely as the entry connects, and say nothing there."""
    context = ssl_context_of(entry.data)
    server = urlsplit(f"//{entry.data[CONF_SERVER]}")
    port = server.port or (HTTP_PORT if context is None else HTTPS_PORT)
    try:
        async with asyncio.timeout(REACH_SECONDS):
            _, writer = await asyncio.open_connection(server.hostname, port, ssl=context)
    except TimeoutError:
        return "timeout"
    except SSLError:
        return "no secure connection"
    except OSError:
        return "unreachable"
    writer.close()
    return "ok"


def _row(values: list[Any]) -> object:
    """Return the one value as it is, and several of them next to each other."""
    if len(values) == 1:
        return "-" if values[0] is None else values[0]
    return _BETWEEN.join(map(_text, values))


def _text(value: object) -> str:
    match value:
        case None:
            return "-"
        case bool():
            return "yes" if value else "no"
        case datetime():
            return value.isoformat(timespec="seconds")
        case _:
            return str(value)
