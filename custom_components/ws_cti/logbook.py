"""Put calls into sentences for the logbook, in English as all of its sentences are."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from homeassistant.components.logbook.const import (
    LOGBOOK_ENTRY_ENTITY_ID,
    LOGBOOK_ENTRY_MESSAGE,
    LOGBOOK_ENTRY_NAME,
)
from homeassistant.core import Event, HomeAssistant, callback

from .const import DOMAIN, EVENT_LOGBOOK
from .cti.story import Outcome, Step

type Describer = Callable[[Event], dict[str, Any]]


@callback
def async_describe_events(
    hass: HomeAssistant, async_describe_event: Callable[[str, str, Describer], None]
) -> None:
    """Teach the logbook our event."""

    @callback
    def describe(event: Event) -> dict[str, Any]:
        return {
            LOGBOOK_ENTRY_NAME: event.data.get("name"),
            LOGBOOK_ENTRY_MESSAGE: sentence(event.data),
            LOGBOOK_ENTRY_ENTITY_ID: event.data.get("entity_id"),
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
    seconds = told.get("talk_seconds")
    return f" for {timedelta(seconds=round(seconds))}" if seconds is not None else ""


def _other_party(told: Mapping[str, Any]) -> str | None:
    """Return who it was, if the event tells: only where callers may be recorded."""
    if "other_number" not in told:
        return None
    number, name = told["other_number"], told.get("other_name")
    if number and name:
        return f"{name} ({number})"
    # An outgoing call has a number, so whoever has none withheld his.
    return name or number or "a withheld number"
