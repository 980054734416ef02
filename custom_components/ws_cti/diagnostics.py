"""Tell what goes on in a phone system, for a report of a problem."""

from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.helpers.device_registry import AnyDeviceEntry

from .coordinator import CtiConfigEntry, CtiCoordinator
from .cti.pbx import Pbx
from .cti.words import (
    PBX,
    Element,
    Id,
    Json,
    Key,
)
from .disguise import (
    CALL_RULES,
    CHANNEL_RULES,
    DATA_RULES,
    GROUP_RULES,
    MEMBERSHIP_RULES,
    OPTIONS_RULES,
    STATE_RULES,
    TERMINAL_RULES,
    USER_RULES,
    Disguise,
)

LEGEND: Final = (
    "Ids and numbers are aliases, times are seconds before the download, "
    "and what may be personal is redacted."
)


async def async_get_config_entry_diagnostics(
    hass: HomeAssistant, entry: CtiConfigEntry
) -> dict[str, Any]:
    """Return the whole picture of a phone system."""
    loaded = entry.state is ConfigEntryState.LOADED
    pbx = entry.runtime_data.pbx if loaded else Pbx()
    disguise = Disguise(pbx)
    shown: dict[str, Any] = {
        "legend": LEGEND,
        "entry": {
            "version": f"{entry.version}.{entry.minor_version}",
            "state": entry.state.value,
            "data": disguise.row(DATA_RULES, entry.data),
            "options": disguise.row(OPTIONS_RULES, entry.options),
        },
    }
    if not loaded:
        return shown
    members = [member for group_id in pbx.groups for member in pbx.members(group_id).values()]
    return shown | {
        "connection": _connection(entry.runtime_data),
        "counts": _counts(entry.runtime_data) | {"memberships": len(members)},
        "domain": _domain(disguise, pbx),
        "users": [_user_row(disguise, pbx, user_id) for user_id in pbx.users],
        "groups": [_group_row(disguise, pbx, group_id) for group_id in pbx.groups],
        "memberships": disguise.rows(MEMBERSHIP_RULES, members),
        "terminals": disguise.rows(TERMINAL_RULES, pbx.terminals.values()),
        "channels": disguise.rows(CHANNEL_RULES, pbx.channels.values()),
        "parked": _parked(disguise, pbx),
    }


async def async_get_device_diagnostics(
    hass: HomeAssistant, entry: CtiConfigEntry, device: AnyDeviceEntry
) -> dict[str, Any]:
    """Return what is known of one user, of one group or of the phone system itself."""
    if entry.state is not ConfigEntryState.LOADED:
        return {"legend": LEGEND}
    coordinator = entry.runtime_data
    disguise = Disguise(coordinator.pbx)
    return {
        "legend": LEGEND,
        "connection": _connection(coordinator),
        **_device(disguise, coordinator, _key_of(coordinator, device)),
    }


def _key_of(coordinator: CtiCoordinator, device: AnyDeviceEntry) -> Key | None:
    roster = coordinator.roster
    return next((key for key in roster.all_keys if roster.device_id(key) == device.id), None)


def _device(disguise: Disguise, coordinator: CtiCoordinator, key: Key | None) -> dict[str, Any]:
    pbx = coordinator.pbx
    channels = pbx.channels.values()
    match key:
        case Element.USER, user_id if user_id in pbx.users:
            return {
                "user": _user_row(disguise, pbx, user_id),
                "memberships": disguise.rows(MEMBERSHIP_RULES, pbx.memberships(user_id).values()),
                "terminals": disguise.rows(TERMINAL_RULES, pbx.terminals_of(user_id).values()),
                "channels": disguise.rows(
                    CHANNEL_RULES, (channel for channel in channels if channel.user_id == user_id)
                ),
            }
        case Element.GROUP, group_id if group_id in pbx.groups:
            waiting = pbx.queues.waiting(group_id)
            return {
                "group": _group_row(disguise, pbx, group_id),
                "memberships": disguise.rows(MEMBERSHIP_RULES, pbx.members(group_id).values()),
                "channels": disguise.rows(
                    CHANNEL_RULES,
                    (
                        channel
                        for channel in channels
                        if channel.group_id == group_id or channel.uuid in waiting
                    ),
                ),
            }
        case _ if key == PBX:
            return {
                "counts": _counts(coordinator),
                "domain": _domain(disguise, pbx),
                "parked": _parked(disguise, pbx),
            }
        case _:
            return {}  # somebody whom the phone system no longer has


def _connection(coordinator: CtiCoordinator) -> dict[str, Json]:
    return {
        "connected": coordinator.connected,
        "frames_received": coordinator.link.frames_received,
        "frames_not_understood": coordinator.link.frames_not_understood,
        "elements_told": [*map(str, sorted(coordinator.pbx.told))],
    }


def _counts(coordinator: CtiCoordinator) -> dict[str, Json]:
    pbx = coordinator.pbx
    return {
        "devices": len(coordinator.roster.all_keys),
        "users": len(pbx.users),
        "groups": len(pbx.groups),
        "terminals": len(pbx.terminals),
        "channels": len(pbx.channels),
        "calls": len(pbx.calls),
        "waiting": pbx.queues.waiting_count,
        "parked": len(pbx.queues.parked),
        "logged_calls": len(coordinator.call_log),
        "missed_calls": coordinator.call_log.missed_count,
    }


def _domain(disguise: Disguise, pbx: Pbx) -> Json:
    return None if pbx.domain is None else disguise.row({}, pbx.domain.fields)


def _user_row(disguise: Disguise, pbx: Pbx, user_id: Id) -> dict[str, Json]:
    row = disguise.row(USER_RULES, pbx.users[user_id])
    return {"row": row, "calls": disguise.rows(CALL_RULES, pbx.calls.of_user(user_id))}


def _group_row(disguise: Disguise, pbx: Pbx, group_id: Id) -> dict[str, Json]:
    waiting = pbx.queues.waiting(group_id)
    return {
        "row": disguise.row(GROUP_RULES, pbx.groups[group_id]),
        "active_calls": pbx.calls.count_in_group(group_id),
        "waiting": {
            disguise.alias("channel", uuid): None if since is None else disguise.age(since)
            for uuid, since in waiting.items()
        },
    }


def _parked(disguise: Disguise, pbx: Pbx) -> dict[str, Json]:
    return {
        disguise.alias("channel", uuid): disguise.row(STATE_RULES, state)
        for uuid, state in pbx.queues.parked.items()
    }
