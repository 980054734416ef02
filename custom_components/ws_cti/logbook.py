"""Put calls into sentences for the logbook, in English as all of its sentences are."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from homeassistant.components.logbook.const import (
    LOGBOOK_ENTRY_ICON,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.core import Event, HomeAssistant, callback

from .const import DOMAIN, EVENT_LOGBOOK
from .cti.story import Outcome, Step

type Describer = Callable[[Event], dict[str, Any]]

_MINUTE: Final = 60
_HOUR: Final = 3600


@callback
def async_describe_events(
    hass: HomeAssistant, async_describe_event: Callable[[str, str, Describer], None]
) -> None:
    """Teach the logbook our event."""

    @callback
    def describe(event: Event) -> dict[str, Any]:
        # With its entity, the entry would begin with the entity's name instead of the person's.
        # The event names it all the same, so whoever asks for the entity finds the entry.
        return {
            LOGBOOK_ENTRY_NAME: event.data.get("name"),
            LOGBOOK_ENTRY_MESSAGE: sentence(event.data),
            LOGBOOK_ENTRY_ICON: _icon(event.data),
        }

    async_describe_event(DOMAIN, EVENT_LOGBOOK, describe)


def sentence(told: Mapping[str, Any]) -> str:
    """Return what somebody did, without his name, which stands before it."""
    other = _other_party(told)
    if told.get("step") == Step.ENDED:
        if told.get("outcome") == Outcome.ANSWERED:
            return f"talked{_with(other)}{_for_how_long(told)}"
        return f"called {other} in vain" if other else "called in vain"
    return _missed(told, f" from {other}" if other else "")


def _missed(told: Mapping[str, Any], caller: str) -> str:
    if told.get("step") == Step.ABANDONED:
        match told.get("outcome"):
            case Outcome.VOICEMAIL:
                return f"left a call{caller} to voicemail"
            case Outcome.OVERFLOWED:
                return f"passed on a call{caller}"
    group = told.get("group_name")
    return f"missed a call{caller}" + (f" to {group}" if group else "")


def _with(other: str | None) -> str:
    return f" with {other}" if other else ""


def _for_how_long(told: Mapping[str, Any]) -> str:
    talked = told.get("talk_seconds")
    if talked is None:
        return ""
    seconds = round(talked)
    if seconds < _HOUR:
        parts = _some(seconds // _MINUTE, "minute"), _some(seconds % _MINUTE, "second")
    else:
        parts = _some(seconds // _HOUR, "hour"), _some(seconds % _HOUR // _MINUTE, "minute")
    return f" for {' and '.join(filter(None, parts)) or 'a moment'}"


def _some(count: int, unit: str) -> str:
    if not count:
        return ""
    return f"{count} {unit}" if count == 1 else f"{count} {unit}s"


def _icon(told: Mapping[str, Any]) -> str:
    if told.get("step") != Step.ENDED:
        return "mdi:phone-missed"
    if told.get("outcome") == Outcome.ANSWERED:
        return "mdi:phone-in-talk"
    return "mdi:phone-outgoing"


def _other_party(told: Mapping[str, Any]) -> str | None:
    """Return who it was, if the event tells: only where callers may be recorded."""
    if "other_number" not in told:
        return None
    number, name = told["other_number"], told.get("other_name")
    if number and name:
        return f"{name} ({number})"
    # An outgoing call has a number, so whoever has none withheld his.
    return name or number or "a withheld number"
