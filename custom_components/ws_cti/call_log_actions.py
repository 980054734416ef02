"""Read the call log, and count missed calls anew, on request."""

from collections.abc import Mapping
from typing import Any, Final

from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.core import ServiceCall, ServiceResponse

from .action_targets import Aim, async_aims
from .coordinator import CtiCoordinator
from .cti.words import PBX, Key
from .failures import refused
from .logged_call import LoggedCall, Row

ATTR_DIRECTION: Final = "direction"
ATTR_LIMIT: Final = "limit"
ATTR_MISSED: Final = "missed"
ATTR_OUTCOME: Final = "outcome"
ATTR_SINCE: Final = "since"
ATTR_UNTIL: Final = "until"

DEFAULT_LIMIT: Final = 100


async def async_get_call_log(action: ServiceCall) -> ServiceResponse:
    """Return the calls that fit, newest first."""
    data = action.data
    if ATTR_SINCE in data and ATTR_UNTIL in data and data[ATTR_UNTIL] < data[ATTR_SINCE]:
        raise refused("until_before_since")
    found = [
        (logged, coordinator)
        for coordinator, keys in _by_phone_system(await async_aims(action, policy=POLICY_READ))
        for logged in coordinator.call_log
        if (PBX in keys or logged.key in keys) and _fits(logged, data)
    ]
    found.sort(key=lambda one: one[0].noted_at, reverse=True)
    return {"calls": [_told(*one) for one in found[: data[ATTR_LIMIT]]]}


async def async_reset_missed_calls(action: ServiceCall) -> ServiceResponse:
    """Count the missed calls of all whom the action is for from now on."""
    for coordinator, keys in _by_phone_system(await async_aims(action)):
        meant = coordinator.roster.keys if PBX in keys else keys
        coordinator.call_log.async_reset_missed(meant)
    return None


def _by_phone_system(aims: list[Aim]) -> list[tuple[CtiCoordinator, set[Key]]]:
    coordinators = dict.fromkeys(aim.coordinator for aim in aims)
    return [(one, {aim.key for aim in aims if aim.coordinator is one}) for one in coordinators]


def _fits(logged: LoggedCall, wanted: Mapping[str, Any]) -> bool:
    # Who asks looks at our clock; that of a phone system may be wrong by hours.
    at = logged.noted_at
    return (
        logged.direction in wanted.get(ATTR_DIRECTION, (logged.direction,))
        and logged.outcome in wanted.get(ATTR_OUTCOME, (logged.outcome,))
        and wanted.get(ATTR_MISSED) in (None, logged.missed)
        and wanted.get(ATTR_SINCE, at) <= at <= wanted.get(ATTR_UNTIL, at)
    )


def _told(logged: LoggedCall, coordinator: CtiCoordinator) -> Row:
    row = logged.as_row()
    del row["noted_at"]  # by another clock than the other times
    return {"entry_id": coordinator.config_entry.entry_id, **row}
