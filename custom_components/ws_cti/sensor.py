"""Show what users and groups do on the phone, and what waits for them, as sensors."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Final, override

from homeassistant.components.sensor import (
    SensorDeviceClass,
    SensorEntity,
    SensorEntityDescription,
    SensorStateClass,
)
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .bus import iso, moment
from .const import CONF_PRESENCE_NAMES
from .coordinator import CtiConfigEntry, CtiCoordinator
from .cti.model import MessageWaiting, Parked, Peer
from .cti.pbx import Pbx
from .cti.peers import far_end
from .cti.story import CallState
from .cti.words import (
    PBX_CALLS,
    PBX_PARKED,
    PBX_QUEUES,
    Element,
    Id,
    Json,
    Key,
    Raw,
    group_calls_key,
    group_key,
    group_queue_key,
    missed_key,
    user_calls_key,
    user_key,
)
from .entity import CtiEntity, Shown, async_follow_roster
from .recording import may_record

PARALLEL_UPDATES = 0

_NEVER_RECORDED: Final = frozenset({"entity_picture", "latest", "members"})
_CALLERS: Final = frozenset({"other_number", "other_name", "slots"})
"""The attributes that tell who called."""


@dataclass(frozen=True, kw_only=True)
class CtiSensorDescription(SensorEntityDescription):
    """Describe a sensor by what it shows of the user or the group with an id.

    What shows calls is woken by their key as well; a picture comes with no call, and is
    looked for apart.
    """

    read_fn: Callable[[CtiCoordinator, Id], Shown]
    calls_key_fn: Callable[[Id], Key] | None = None
    picture_fn: Callable[[CtiCoordinator, Id], str | None] | None = None


def _count(
    key: str,
    read_fn: Callable[[CtiCoordinator, Id], Shown],
    *,
    calls_key_fn: Callable[[Id], Key] | None = None,
    enabled: bool = True,
) -> CtiSensorDescription:
    """Describe a sensor that counts; its unit is translated."""
    return CtiSensorDescription(
        key=key,
        translation_key=key,
        state_class=SensorStateClass.MEASUREMENT,
        suggested_display_precision=0,
        entity_registry_enabled_default=enabled,
        read_fn=read_fn,
        calls_key_fn=calls_key_fn,
    )


# The phone system


def _pbx_calls_key(_: Id) -> Key:
    return PBX_CALLS


def _pbx_queues_key(_: Id) -> Key:
    return PBX_QUEUES


def _pbx_parked_key(_: Id) -> Key:
    return PBX_PARKED


def _parked_calls(coordinator: CtiCoordinator, _: Id) -> Shown:
    """Show the parked channels; on hold is the same state without a slot."""
    pbx = coordinator.pbx
    if not pbx.parked:  # as mostly
        return 0, {"slots": []}
    parked = [one for one in pbx.parked.items() if one[1].slot is not None]
    slots = [_slot(pbx, *one) for one in sorted(parked, key=lambda one: one[1].slot or "")]
    return len(slots), {"slots": slots}


def _slot(pbx: Pbx, uuid: Id, parked: Parked) -> Json:
    channel = pbx.channels.get(uuid)
    waiting = far_end(pbx, channel) if channel is not None else Peer()
    parker = pbx.user_titles.get(parked.parker_id) if parked.parker_id is not None else None
    return {
        "slot": parked.slot,
        "since": iso(parked.since),
        "parked_by": parker or parked.parker_name,
        "number": waiting.number,
        "name": waiting.name,
    }


# Users


def _call_state(coordinator: CtiCoordinator, user_id: Id) -> Shown:
    """Show the call that decides the state; without a call nothing of the last one."""
    pbx = coordinator.pbx
    state, call, calls = pbx.calls.leading(user_id)
    if call is None:
        return str(state), {"calls": 0}
    other, group_id = call.other, call.group_id
    return str(state), {
        "calls": calls,
        "call_id": call.call_id,
        "direction": str(call.direction),
        "location": other.location,
        "other_number": other.number,
        "other_name": other.name,
        "since": iso(call.since),
        "group": pbx.group_titles.get(group_id) if group_id is not None else None,
    }


def _picture(coordinator: CtiCoordinator, user_id: Id) -> str | None:
    user = coordinator.pbx.users.get(user_id)
    return coordinator.driver.picture_of(user) if user is not None else None


def _presence(coordinator: CtiCoordinator, user_id: Id) -> Shown:
    """Show the name that was given to what the phone system says."""
    said = coordinator.pbx.users[user_id].presence
    if said is None or said == "":
        return None, None
    names: dict[str, str] = coordinator.config_entry.options.get(CONF_PRESENCE_NAMES, {})
    return names.get(str(said), str(said)), {"code": said}


# Groups


def _members_logged_in(coordinator: CtiCoordinator, group_id: Id) -> Shown:
    """Show how many members take calls, unknown where no logins are told, and their names."""
    pbx = coordinator.pbx
    logins = [(one.user_id, one.logged_in) for one in pbx.members(group_id).values()]
    taking = [user_id for user_id, login in logins if login]
    is_told = not logins or any(login is not None for _, login in logins)
    names = {pbx.user_titles.get(user_id) or user_id for user_id in taking}
    return len(taking) if is_told else None, {"members": sorted(names)}


def _oldest_waiting_since(coordinator: CtiCoordinator, group_id: Id) -> Shown:
    return moment(coordinator.pbx.queues.oldest(group_id)), None


# Mailboxes


def _user_mailbox(coordinator: CtiCoordinator, user_id: Id) -> MessageWaiting:
    return coordinator.pbx.users[user_id].mwi


def _group_mailbox(coordinator: CtiCoordinator, group_id: Id) -> MessageWaiting:
    return coordinator.pbx.groups[group_id].mwi


def _voicemails(
    mailbox: Callable[[CtiCoordinator, Id], MessageWaiting],
) -> tuple[CtiSensorDescription, ...]:
    """Describe the two counters of a mailbox."""

    def new(coordinator: CtiCoordinator, item_id: Id) -> Shown:
        mwi = mailbox(coordinator, item_id)
        return mwi.new, _unread(mwi)

    def saved(coordinator: CtiCoordinator, item_id: Id) -> Shown:
        mwi = mailbox(coordinator, item_id)
        return mwi.saved, _unread(mwi)

    return _count("new_voicemails", new), _count("saved_voicemails", saved, enabled=False)


def _unread(mwi: MessageWaiting) -> dict[str, Raw] | None:
    """Return what the phone system said where no counters could be read in it."""
    return None if mwi.new is not None else {"raw_text": mwi.raw}


# Missed calls


def _missed_calls(key_of: Callable[[Id], Key]) -> CtiSensorDescription:
    """Describe the count since the last reset, which is shown, too.

    It is a total with the time of its reset, so that statistics add up what came in
    each hour whenever it was reset, also while Home Assistant was not looking.
    """

    def missed_calls(coordinator: CtiCoordinator, item_id: Id) -> Shown:
        missed = coordinator.call_log.missed(key_of(item_id))
        return missed.count, {"latest": [*missed.shown]}, missed.since

    return CtiSensorDescription(
        key="missed_calls",
        translation_key="missed_calls",
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=0,
        read_fn=missed_calls,
        calls_key_fn=lambda item_id: missed_key(key_of(item_id)),
    )


PBX_SENSORS: Final = (
    _count(
        "active_calls",
        lambda coordinator, _: (len(coordinator.pbx.calls), None),
        calls_key_fn=_pbx_calls_key,
    ),
    _count(
        "waiting_calls",
        lambda coordinator, _: (coordinator.pbx.queues.waiting_count, None),
        calls_key_fn=_pbx_queues_key,
    ),
    _count("parked_calls", _parked_calls, calls_key_fn=_pbx_parked_key),
)

USER_SENSORS: Final = (
    CtiSensorDescription(
        key="call_state",
        translation_key="call_state",
        device_class=SensorDeviceClass.ENUM,
        options=[state.value for state in CallState],
        read_fn=_call_state,
        calls_key_fn=user_calls_key,
        picture_fn=_picture,
    ),
    CtiSensorDescription(
        key="presence",
        translation_key="presence",
        read_fn=_presence,
    ),
    _missed_calls(user_key),
    *_voicemails(_user_mailbox),
)

GROUP_SENSORS: Final = (
    _count(
        "waiting_calls",
        lambda coordinator, group_id: (len(coordinator.pbx.queues.waiting(group_id)), None),
        calls_key_fn=group_queue_key,
    ),
    _count(
        "active_calls",
        lambda coordinator, group_id: (coordinator.pbx.calls.count_in_group(group_id), None),
        calls_key_fn=group_calls_key,
    ),
    _count("members_logged_in", _members_logged_in),
    CtiSensorDescription(
        key="oldest_waiting_since",
        translation_key="oldest_waiting_since",
        device_class=SensorDeviceClass.TIMESTAMP,
        read_fn=_oldest_waiting_since,
        calls_key_fn=group_queue_key,
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
    usual = CtiSensor if may_record(entry) else PrivateCtiSensor

    def make(coordinator: CtiCoordinator, key: Key) -> Iterable[CtiSensor]:
        for description in _descriptions(key):
            is_total = description.state_class is SensorStateClass.TOTAL
            yield (CtiTotalSensor if is_total else usual)(coordinator, key, description)

    await async_follow_roster(entry, async_add_entities, make)


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
    _shown: Shown[int | str | datetime | None]

    def __init__(
        self, coordinator: CtiCoordinator, key: Key, description: CtiSensorDescription
    ) -> None:
        """Tie it to what its description reads."""
        super().__init__(
            coordinator, key, description, partial(description.read_fn, coordinator, key[1])
        )

    @property
    @override
    def native_value(self) -> int | str | datetime | None:
        """Return the value that is shown."""
        return self._shown[0]

    @override
    async def async_added_to_hass(self) -> None:
        """Listen to the calls, too, where it shows any."""
        self._look_at_picture()
        await super().async_added_to_hass()
        if (calls_key := self.entity_description.calls_key_fn) is not None:
            follow = super()._handle_coordinator_update  # no picture comes with a call
            stop = self.coordinator.async_add_listener(follow, calls_key(self.item_id))
            self.async_on_remove(stop)

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write the state also where nothing but the picture differs."""
        is_pictured_anew, shown = self._look_at_picture(), self._shown
        super()._handle_coordinator_update()
        if is_pictured_anew and self._shown is shown:
            self._write()

    def _look_at_picture(self) -> bool:
        """Return whether the picture differs, and show it."""
        if (picture_fn := self.entity_description.picture_fn) is None:
            return False
        before = self.entity_picture
        self._attr_entity_picture = picture_fn(self.coordinator, self.item_id)
        return self.entity_picture != before


class PrivateCtiSensor(CtiSensor):
    """Show the same, and keep out of the history who called."""

    _unrecorded_attributes = _NEVER_RECORDED | _CALLERS


class CtiTotalSensor(CtiSensor):
    """Show a count, and since when it goes; its attributes are never recorded."""

    @property
    @override
    def last_reset(self) -> datetime | None:
        """Return when it began anew."""
        began: datetime | None = self._shown[2]
        return began
