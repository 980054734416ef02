"""Keep who called whom out of Home Assistant's history, unless the user wants it there.

Our events carry numbers and names, since automations need them. The recorder stores
every event; it is told to leave ours out while any entry wants its callers unrecorded.
The event for the logbook stays: it bears no caller unless its entry allows that.
"""

from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.recorder import DATA_INSTANCE
from homeassistant.util.hass_dict import HassKey

from .const import (
    CONF_RECORD_CALLER_DATA,
    DOMAIN,
    EVENT_CALL,
    EVENT_CHANNEL,
    EVENT_MESSAGE,
)
from .coordinator import CtiConfigEntry

_OUR_EVENTS: Final = frozenset({EVENT_CALL, EVENT_CHANNEL, EVENT_MESSAGE})
_EXCLUDED: Final[HassKey[set[str]]] = HassKey(f"{DOMAIN}_excluded_events")


def may_record(entry: CtiConfigEntry) -> bool:
    """Return whether caller data of an entry may be recorded."""
    return bool(entry.options.get(CONF_RECORD_CALLER_DATA, False))


@callback
def async_keep_private(hass: HomeAssistant, entry: CtiConfigEntry) -> None:
    """Exclude our events from the recorder, or undo it when all entries allow them."""
    if (recorder := hass.data.get(DATA_INSTANCE)) is None:
        return
    excluded = recorder.exclude_event_types
    entries = hass.config_entries.async_entries(DOMAIN, include_ignore=False)
    if all(map(may_record, entries)):
        # What the user excluded by himself stays so.
        if (ours := hass.data.get(_EXCLUDED)) is not None:
            excluded -= ours
        return
    ours = hass.data.setdefault(_EXCLUDED, set())
    ours |= _OUR_EVENTS - excluded
    excluded |= _OUR_EVENTS
