"""Register the actions of PBX CTI, and say what each of them takes."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from homeassistant.const import ATTR_CONFIG_ENTRY_ID
from homeassistant.core import (
    HomeAssistant,
    ServiceCall,
    ServiceResponse,
    SupportsResponse,
    callback,
)
from homeassistant.helpers import config_validation as cv
from homeassistant.util import dt as dt_util
import probatio

from .call_actions import (
    ATTR_ANSWER_TIMEOUT,
    ATTR_AUTO_ANSWER,
    ATTR_CALLING_NAME,
    ATTR_CALLING_NUMBER,
    ATTR_DIRECTION,
    ATTR_END_USER,
    ATTR_GROUP,
    ATTR_GROUP_RESOLVER,
    ATTR_MEMBER_ANSWER_TIMEOUT,
    ATTR_NUMBER,
    ATTR_STATE,
    ATTR_WAIT,
    async_call,
    async_call_external,
    async_call_group,
    async_get_calls,
)
from .call_log_actions import (
    ATTR_LIMIT,
    ATTR_MISSED,
    ATTR_OUTCOME,
    ATTR_SINCE,
    ATTR_UNTIL,
    DEFAULT_LIMIT,
    async_get_call_log,
    async_reset_missed_calls,
)
from .command_actions import (
    ATTR_CALL_ID,
    ATTR_DESTINATION,
    ATTR_TIMEOUT,
    async_hang_up,
    async_park,
    async_transfer,
)
from .const import DOMAIN
from .cti.overview import CallStage, CallWay
from .cti.story import CallDirection, Outcome

type Fields = dict[Any, Any]

LONGEST_RING: Final = 600
"""Seconds that a phone may ring, or that an action waits for a result."""

LONGEST_CONFIRMATION: Final = 60
CONFIRMATION_SECONDS: Final = 10
RESULT_SECONDS: Final = 60


def _seconds(longest: int) -> probatio.All[Any]:
    return probatio.All(probatio.Coerce(int), probatio.Range(min=1, max=longest))


def _calling_name(said: object) -> str:
    """Return a name that the phone system can show: it takes ASCII only."""
    name = cv.string(said).strip()
    if not name or not name.isascii() or not name.isprintable() or len(name) > 64:  # noqa: PLR2004
        raise probatio.Invalid("must be plain ASCII letters, at most 64")
    return name


def _one_line(said: object) -> str:
    text = cv.string(said)
    if not text.isprintable() or len(text) > 255:  # noqa: PLR2004
        raise probatio.Invalid("must be one line of at most 255 characters")
    return text


_ANSWER: Final[Fields] = {
    probatio.Optional(ATTR_ANSWER_TIMEOUT): _seconds(LONGEST_RING),
}
_RESULT: Final[Fields] = {
    probatio.Optional(ATTR_WAIT, default=False): cv.boolean,
    probatio.Optional(ATTR_TIMEOUT, default=RESULT_SECONDS): _seconds(LONGEST_RING),
}
_OUTSIDE: Final[Fields] = {
    probatio.Optional(ATTR_CALLING_NUMBER): cv.string,
    probatio.Optional(ATTR_END_USER): {
        probatio.Optional(part): _one_line
        for part in ("id", "name", "organization", "avatar", "prefecture")
    },
}
_TIME: Final = probatio.All(cv.datetime, dt_util.as_utc)
"""A time without a zone is that of Home Assistant's."""

_PBX: Final[Fields] = {probatio.Optional(ATTR_CONFIG_ENTRY_ID): cv.string}
_CALL: Final[Fields] = {
    probatio.Optional(ATTR_CALL_ID): cv.string,
    probatio.Optional(ATTR_TIMEOUT, default=CONFIRMATION_SECONDS): _seconds(LONGEST_CONFIRMATION),
    **_PBX,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Say what an action does, takes and answers; anything may be its target."""

    run: Callable[[ServiceCall], Coroutine[Any, Any, ServiceResponse]]
    fields: Fields
    response: SupportsResponse = SupportsResponse.OPTIONAL

    @property
    def schema(self) -> probatio.Schema:
        """Return what the action takes, its target included."""
        return probatio.Schema({**cv.TARGET_SERVICE_FIELDS, **self.fields})


ACTIONS: Final[dict[str, Action]] = {
    "call": Action(
        run=async_call,
        fields={
            probatio.Required(ATTR_DESTINATION): cv.string,
            **_OUTSIDE,
            **_ANSWER,
            probatio.Optional(ATTR_AUTO_ANSWER): cv.boolean,
            probatio.Optional(ATTR_CALLING_NAME): _calling_name,
            probatio.Exclusive(ATTR_GROUP, "behalf"): cv.string,
            probatio.Exclusive(ATTR_GROUP_RESOLVER, "behalf"): cv.matches_regex(
                r"\*|any:[A-Za-z0-9_]+\Z"
            ),
            **_RESULT,
        },
    ),
    "call_group": Action(
        run=async_call_group,
        fields={
            probatio.Required(ATTR_DESTINATION): cv.string,
            **_OUTSIDE,
            **_ANSWER,
            probatio.Optional(ATTR_MEMBER_ANSWER_TIMEOUT): _seconds(LONGEST_RING),
            probatio.Optional(ATTR_CALLING_NAME): _calling_name,
            **_RESULT,
        },
    ),
    "call_external": Action(
        run=async_call_external,
        fields={
            probatio.Required(ATTR_NUMBER): cv.string,
            probatio.Required(ATTR_DESTINATION): cv.string,
            **_OUTSIDE,
            **_ANSWER,
            **_RESULT,
            **_PBX,
        },
    ),
    "hang_up": Action(run=async_hang_up, fields=_CALL),
    "transfer": Action(
        run=async_transfer, fields={probatio.Required(ATTR_DESTINATION): cv.string, **_CALL}
    ),
    "park": Action(run=async_park, fields=_CALL),
    "get_calls": Action(
        run=async_get_calls,
        fields={
            probatio.Optional(ATTR_STATE): probatio.All(
                cv.ensure_list, [probatio.Coerce(CallStage)]
            ),
            probatio.Optional(ATTR_DIRECTION): probatio.All(
                cv.ensure_list, [probatio.Coerce(CallWay)]
            ),
            **_PBX,
        },
        response=SupportsResponse.ONLY,
    ),
    "get_call_log": Action(
        run=async_get_call_log,
        fields={
            probatio.Optional(ATTR_DIRECTION): probatio.All(
                cv.ensure_list, [probatio.Coerce(CallDirection)]
            ),
            probatio.Optional(ATTR_OUTCOME): probatio.All(
                cv.ensure_list, [probatio.Coerce(Outcome)]
            ),
            probatio.Optional(ATTR_MISSED): cv.boolean,
            probatio.Optional(ATTR_SINCE): _TIME,
            probatio.Optional(ATTR_UNTIL): _TIME,
            probatio.Optional(ATTR_LIMIT, default=DEFAULT_LIMIT): cv.positive_int,
            **_PBX,
        },
        response=SupportsResponse.ONLY,
    ),
    "reset_missed_calls": Action(
        run=async_reset_missed_calls, fields=_PBX, response=SupportsResponse.NONE
    ),
}


@callback
def async_setup_services(hass: HomeAssistant) -> None:
    """Register every action, whatever phone systems there are now."""
    for name, action in ACTIONS.items():
        hass.services.async_register(
            DOMAIN, name, partial(_async_run, action), action.schema, action.response
        )


async def _async_run(action: Action, call: ServiceCall) -> ServiceResponse:
    response = await action.run(call)
    return response if call.return_response else None
