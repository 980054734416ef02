"""Show what users and groups do on the phone, and what waits for them, as sensors."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .bus import moment
from .const import CONF_PRESENCE_NAMES
from .coordinator import CtiConfigEntry, CtiCoordinator
from .cti.model import MessageWaiting, Parked
from .cti.pbx import Pbx
from .cti.peers import far_end
from .cti.story import CallState, Peer
from .cti.words import (
    Element,
    Id,
    Json,
    Key,
    group_key,
    user_key,
)
from .entity import CtiEntity, async_follow_roster
from .recording import may_record

PARALLEL_UPDATES = 0

_NEVER_RECORDED: Final = frozenset({"latest", "members"})
_CALLERS: Final = frozenset({"other_number", "other_name", "slots"})
"""The attributes that tell who called."""

type Attributes = dict[str, Json]


def _nothing(coordinator: CtiCoordinator, item_id: Id) -> Attributes:
    return {}


@dataclass(frozen=True, kw_only=True)
class CtiSensorDescription(SensorEntityDescription):
    """Describe a sensor by what it reads; the id is that of its user or group."""

    value_fn: Callable[[CtiCoordinator, Id], int | str | datetime | None]
    attributes_fn: Callable[[CtiCoordinator, Id], Attributes] = _nothing
    last_reset_fn: Callable[[CtiCoordinator, Id], datetime] | None = None


def _count(
    key: str,
    value_fn: Callable[[Pbx, Id], int | None],
    attributes_fn: Callable[[CtiCoordinator, Id], Attributes] = _nothing,
    *,
    enabled: bool = True,
) -> CtiSensorDescription:
    """Describe a sensor that counts; its unit is translated."""
    return CtiSensorDescription(
        key=key,
        translation_key=key,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_registry_enabled_default=enabled,
        value_fn=lambda coordinator, item_id: value_fn(coordinator.pbx, item_id),
        attributes_fn=attributes_fn,
    )


# The phone system


def _in_slots(pbx: Pbx) -> list[tuple[Id, Parked]]:
    """Return the parked channels; on hold is the same state without a slot."""
    return [(uuid, parked) for uuid, parked in pbx.queues.parked.items() if parked.slot is not None]


def _slots(coordinator: CtiCoordinator, _: Id) -> Attributes:
    pbx = coordinator.pbx
    slots = sorted(_in_slots(pbx), key=lambda one: one[1].slot or "")
    return {"slots": [_slot(pbx, uuid, parked) for uuid, parked in slots]}


def _slot(pbx: Pbx, uuid: Id, parked: Parked) -> Json:
    channel = pbx.channels.get(uuid)
    waiting = far_end(pbx, channel) if channel is not None else Peer()
    parker = pbx.user_title(parked.parker_id) if parked.parker_id is not None else None
    return {
        "slot": parked.slot,
        "since": _iso(parked.since),
        "parked_by": parker or parked.parker_name,
        "number": waiting.number,
        "name": waiting.name,
    }


def _iso(microseconds: int | None) -> str | None:
    at = moment(microseconds)
    return None if at is None else at.isoformat()


# Users


def _call_attributes(coordinator: CtiCoordinator, user_id: Id) -> Attributes:
    """Return the call that decides the state; without a call nothing of the last one."""
    pbx = coordinator.pbx
    _, call, calls = pbx.calls.leading(user_id)
    if call is None:
        return {"calls": 0}
    return {
        "calls": calls,
        "call_id": call.call_id,
        "direction": call.direction.value,
        "location": call.other.location,
        "other_number": call.other.number,
        "other_name": call.other.name,
        "since": _iso(call.since),
        "group": pbx.group_title(call.group_id) if call.group_id is not None else None,
    }


def _presence(coordinator: CtiCoordinator, user_id: Id) -> str | None:
    """Return the code as the phone system says it, or the name that it was given."""
    said = coordinator.pbx.users[user_id].presence
    if said is None or said == "":
        return None
    names: dict[str, str] = coordinator.config_entry.options.get(CONF_PRESENCE_NAMES, {})
    return names.get(str(said), str(said))


def _presence_code(coordinator: CtiCoordinator, user_id: Id) -> Attributes:
    said = coordinator.pbx.users[user_id].presence
    return {} if said is None or said == "" else {"code": said}


# Groups


def _members_logged_in(pbx: Pbx, group_id: Id) -> int | None:
    """Return how many take calls; unknown where the phone system tells no logins."""
    logins = [member.logged_in for member in pbx.members(group_id).values()]
    return None if logins and all(login is None for login in logins) else logins.count(True)


def _member_names(coordinator: CtiCoordinator, group_id: Id) -> Attributes:
    pbx = coordinator.pbx
    members = [member for member in pbx.members(group_id).values() if member.logged_in]
    names = {pbx.user_title(member.user_id) or member.user_id for member in members}
    return {"members": [*sorted(names)]}


# Mailboxes


def _user_mailbox(pbx: Pbx, user_id: Id) -> MessageWaiting:
    return pbx.users[user_id].mwi


def _group_mailbox(pbx: Pbx, group_id: Id) -> MessageWaiting:
    return pbx.groups[group_id].mwi


def _voicemails(mailbox: Callable[[Pbx, Id], MessageWaiting]) -> tuple[CtiSensorDescription, ...]:
    """Describe the two counters of a mailbox."""

    def unread(coordinator: CtiCoordinator, item_id: Id) -> Attributes:
        """Return what the phone system said where no counters could be read in it."""
        mwi = mailbox(coordinator.pbx, item_id)
        return {} if mwi.new is not None else {"raw_text": mwi.raw}

    return (
        _count("new_voicemails", lambda pbx, item_id: mailbox(pbx, item_id).new, unread),
        _count(
            "saved_voicemails",
            lambda pbx, item_id: mailbox(pbx, item_id).saved,
            unread,
            enabled=False,
        ),
    )


# Missed calls


def _missed_calls(key_of: Callable[[Id], Key]) -> CtiSensorDescription:
    """Describe the count since the last reset.

    It is a total with the time of its reset, so that statistics add up what came in
    each hour whenever it was reset, also while Home Assistant was not looking.
    """

    def latest(coordinator: CtiCoordinator, item_id: Id) -> Attributes:
        return {"latest": coordinator.call_log.missed(key_of(item_id)).shown}

    return CtiSensorDescription(
        key="missed_calls",
        translation_key="missed_calls",
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=0,
        value_fn=lambda coordinator, item_id: coordinator.call_log.missed(key_of(item_id)).count,
        attributes_fn=latest,
        last_reset_fn=lambda coordinator, item_id: (
            coordinator.call_log.missed(key_of(item_id)).since
        ),
    )


PBX_SENSORS: Final = (
    _count("active_calls", lambda pbx, _: len(pbx.calls)),
    _count("waiting_calls", lambda pbx, _: pbx.queues.waiting_count),
    _count("parked_calls", lambda pbx, _: len(_in_slots(pbx)), _slots),
)

USER_SENSORS: Final = (
    CtiSensorDescription(
        key="call_state",
        translation_key="call_state",
        device_class=SensorDeviceClass.ENUM,
        options=[state.value for state in CallState],
        value_fn=lambda coordinator, user_id: coordinator.pbx.calls.leading(user_id)[0].value,
        attributes_fn=_call_attributes,
    ),
    CtiSensorDescription(
        key="presence",
        translation_key="presence",
        value_fn=_presence,
        attributes_fn=_presence_code,
    ),
    _missed_calls(user_key),
    *_voicemails(_user_mailbox),
)

GROUP_SENSORS: Final = (
    _count("waiting_calls", lambda pbx, group_id: len(pbx.queues.waiting(group_id))),
    _count("active_calls", lambda pbx, group_id: pbx.calls.count_in_group(group_id)),
    _count("members_logged_in", _members_logged_in, _member_names),
    CtiSensorDescription(
        key="oldest_waiting_since",
        translation_key="oldest_waiting_since",
        device_class=SensorDeviceClass.TIMESTAMP,
        value_fn=lambda coordinator, group_id: moment(coordinator.pbx.queues.oldest(group_id)),
    ),
    _missed_calls(group_key),
    *_voicemails(_group_mailbox),
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CtiConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the sensors of a phone system, its users and its groups."""
    kind = CtiSensor if may_record(entry) else PrivateCtiSensor

    def make(coordinator: CtiCoordinator, key: Key) -> Iterable[CtiSensor]:
        return (kind(coordinator, key, description) for description in _descriptions(key))

    async_follow_roster(entry, async_add_entities, make)


def _descriptions(key: Key) -> tuple[CtiSensorDescription, ...]:
    match key[0]:
        case Element.USER:
            return USER_SENSORS
        case Element.GROUP:
            return GROUP_SENSORS
        case _:
            return PBX_SENSORS


class CtiSensor(CtiEntity, SensorEntity):
    """Show one fact of the picture."""

    _unrecorded_attributes = _NEVER_RECORDED
    entity_description: CtiSensorDescription

    @override
    def _read(self) -> object:
        """Take value and attributes from the picture."""
        description = self.entity_description
        value = description.value_fn(self.coordinator, self.item_id)
        attributes: dict[str, Any] = description.attributes_fn(self.coordinator, self.item_id)
        self._attr_native_value = value
        self._attr_extra_state_attributes = attributes
        if description.last_reset_fn is not None:
            self._attr_last_reset = description.last_reset_fn(self.coordinator, self.item_id)
        return value, attributes, self.last_reset


class PrivateCtiSensor(CtiSensor):
    """Show the same, and keep out of the history who called."""

    _unrecorded_attributes = _NEVER_RECORDED | _CALLERS
