"""Offer what happens to calls, queues and mailboxes as triggers of automations."""

from collections.abc import Mapping
from typing import Any, Final, override

from homeassistant.components.event import EventEntityStateAttribute
from homeassistant.core import HomeAssistant
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.trigger import Trigger, TriggerConfig
import probatio

from .call_filter import CONF_OUTCOME, DIRECTION, outcomes
from .call_trigger import CallTrigger, LastingCallTrigger, call_schema
from .cti.story import CallState, Outcome, Step
from .cti.words import Element
from .targets import seen_in
from .waiting_trigger import GroupWaitingAbove, GroupWaitingTooLong, VoicemailReceived

CONF_ONLY_UNANSWERED: Final = "only_unanswered"

ELSEWHERE: Final = frozenset({Outcome.ANSWERED_ELSEWHERE, Outcome.PICKED_UP})
"""The outcomes of a call that rang somebody and was answered by somebody else."""

MISSED_OUTCOMES: Final = (
    Outcome.CANCELLED,
    Outcome.NO_ANSWER,
    Outcome.BUSY,
    Outcome.REJECTED,
    Outcome.VOICEMAIL,
    Outcome.UNKNOWN,
    Outcome.ANSWERED_ELSEWHERE,
    Outcome.PICKED_UP,
)
ENDED_OUTCOMES: Final = (Outcome.ANSWERED, *MISSED_OUTCOMES)
ABANDONED_OUTCOMES: Final = (
    Outcome.CANCELLED,
    Outcome.NO_ANSWER,
    Outcome.VOICEMAIL,
    Outcome.OVERFLOWED,
    Outcome.UNKNOWN,
)


# Calls of users


class CallRinging(LastingCallTrigger):
    """Fire when a user's phone rings, or when it has rung for some time."""

    _element = Element.USER
    _steps = frozenset({Step.RINGING})

    @override
    def _lasts(self, entity_id: str, call_id: str) -> bool:
        """Return whether his phone rings: he may have declined while others go on ringing."""
        coordinator, (_, user_id) = seen_in(self._hass, entity_id)
        return any(
            call.call_id == call_id and call.state == CallState.RINGING
            for call in coordinator.pbx.calls.of_user(user_id)
        )


class CallAnswered(CallTrigger):
    """Fire when a user answers, or is answered."""

    _schema = call_schema(DIRECTION)
    _element = Element.USER
    _steps = frozenset({Step.ANSWERED})


def _missable(options: dict[str, Any]) -> dict[str, Any]:
    """Refuse outcomes that the other option rules out."""
    if options[CONF_ONLY_UNANSWERED] and ELSEWHERE.intersection(options.get(CONF_OUTCOME, ())):
        raise probatio.Invalid("to choose calls answered by others, switch only_unanswered off")
    return options


class CallMissed(CallTrigger):
    """Fire when a call has rung a user, who did not answer it."""

    _schema = call_schema(
        outcomes(*MISSED_OUTCOMES)
        | {probatio.Optional(CONF_ONLY_UNANSWERED, default=True): cv.boolean},
        _missable,
    )
    _element = Element.USER
    _steps = frozenset({Step.MISSED, Step.ENDED})

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Know whether others may have answered."""
        super().__init__(hass, config)
        self._only_unanswered: bool = self._options[CONF_ONLY_UNANSWERED]

    @override
    def _fits(self, call: Mapping[str, Any]) -> bool:
        """Return whether it rang in vain, as far as that was asked for."""
        elsewhere = call.get("outcome") in ELSEWHERE and not self._only_unanswered
        is_missed = call[EventEntityStateAttribute.EVENT_TYPE] == Step.MISSED
        return (is_missed or elsewhere) and super()._fits(call)


class CallEnded(CallTrigger):
    """Fire when a user's part in a call is over, however it ended."""

    _schema = call_schema(DIRECTION | outcomes(*ENDED_OUTCOMES))
    _element = Element.USER
    _steps = frozenset({Step.MISSED, Step.ENDED})


class CallPlaced(CallTrigger):
    """Fire when a user calls somebody."""

    _element = Element.USER
    _steps = frozenset({Step.OUTGOING})


# Calls of groups


class GroupCallEntered(LastingCallTrigger):
    """Fire when a caller begins to wait for a group, or has waited for some time."""

    _element = Element.GROUP
    _steps = frozenset({Step.ENTERED})

    @override
    def _lasts(self, entity_id: str, call_id: str) -> bool:
        """Return True: how a caller leaves the queue is told at once."""
        return True


class GroupCallAnswered(CallTrigger):
    """Fire when somebody answers a caller who waits for a group."""

    _element = Element.GROUP
    _steps = frozenset({Step.ANSWERED})


class GroupCallAbandoned(CallTrigger):
    """Fire when a caller leaves a group's queue without an answer."""

    _schema = call_schema(outcomes(*ABANDONED_OUTCOMES))
    _element = Element.GROUP
    _steps = frozenset({Step.ABANDONED})


TRIGGERS: Final[dict[str, type[Trigger]]] = {
    "call_answered": CallAnswered,
    "call_ended": CallEnded,
    "call_missed": CallMissed,
    "call_placed": CallPlaced,
    "call_ringing": CallRinging,
    "group_call_abandoned": GroupCallAbandoned,
    "group_call_answered": GroupCallAnswered,
    "group_call_entered": GroupCallEntered,
    "group_waiting_above": GroupWaitingAbove,
    "group_waiting_too_long": GroupWaitingTooLong,
    "voicemail_received": VoicemailReceived,
}


async def async_get_triggers(hass: HomeAssistant) -> dict[str, type[Trigger]]:
    """Return the triggers by their keys."""
    return TRIGGERS
