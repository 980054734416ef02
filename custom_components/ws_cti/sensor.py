"""Show what users and groups do on the phone, and what waits for them, as sensors."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final, NamedTuple, override

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
from .cti.story import CallState, UserCall
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
from .entity import CtiEntity, async_follow_roster
from .recording import may_record

PARALLEL_UPDATES = 0

_NEVER_RECORDED: Final = frozenset({"entity_picture", "latest", "members"})
_CALLERS: Final = frozenset({"other_number", "other_name", "slots"})
"""The attributes that tell who called."""

type Attributes = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class CtiSensorDescription(SensorEntityDescription):
    """Describe a sensor by what it reads, and by how that is put into words.

    The id is that of its user or group. All that is shown must follow from what was
    read: as long as that is equal, nothing is written. Without a `value_fn` what was read
    is the value itself. What shows calls is woken by their key as well; a picture comes
    with no call, and is looked for apart.
    """

    read_fn: Callable[[CtiCoordinator, Id], Any]
    calls_key_fn: Callable[[Id], Key] | None = None
    value_fn: Callable[[Any], int | str | datetime | None] | None = None
    attributes_fn: Callable[[Any], Attributes] | None = None
    last_reset_fn: Callable[[Any], datetime] | None = None
    picture_fn: Callable[[CtiCoordinator, Id], str | None] | None = None


def _count(
    key: str,
    read_fn: Callable[[CtiCoordinator, Id], Any],
    value_fn: Callable[[Any], int | None] | None = None,
    attributes_fn: Callable[[Any], Attributes] | None = None,
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
        value_fn=value_fn,
        attributes_fn=attributes_fn,
    )


# The phone system


def _pbx_calls_key(_: Id) -> Key:
    return PBX_CALLS


def _slots(coordinator: CtiCoordinator, _: Id) -> list[Json]:
    """Return the parked channels; on hold is the same state without a slot."""
    pbx = coordinator.pbx
    if not pbx.parked:  # as mostly
        return []
    parked = [one for one in pbx.parked.items() if one[1].slot is not None]
    return [_slot(pbx, *one) for one in sorted(parked, key=lambda one: one[1].slot or "")]


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


class _Lead(NamedTuple):
    """Hold the call that decides a user's state, if he is in any."""

    state: CallState
    call: UserCall | None
    calls: int
    group: str | None


def _lead(coordinator: CtiCoordinator, user_id: Id) -> _Lead:
    pbx = coordinator.pbx
    state, call, calls = pbx.calls.leading(user_id)
    group_id = call.group_id if call is not None else None
    group = pbx.group_titles.get(group_id) if group_id is not None else None
    return _Lead(state, call, calls, group)


def _picture(coordinator: CtiCoordinator, user_id: Id) -> str | None:
    user = coordinator.pbx.users.get(user_id)
    return coordinator.driver.picture_of(user) if user is not None else None


def _call_attributes(lead: _Lead) -> Attributes:
    """Return the call that decides the state; without a call nothing of the last one."""
    call = lead.call
    if call is None:
        return {"calls": 0}
    other = call.other
    return {
        "calls": lead.calls,
        "call_id": call.call_id,
        "direction": str(call.direction),
        "location": other.location,
        "other_number": other.number,
        "other_name": other.name,
        "since": iso(call.since),
        "group": lead.group,
    }


class _Presence(NamedTuple):
    """Hold what the phone system says, and the name that it was given."""

    code: Raw
    name: str | None


def _presence(coordinator: CtiCoordinator, user_id: Id) -> _Presence:
    said = coordinator.pbx.users[user_id].presence
    if said is None or said == "":
        return _Presence(None, None)
    names: dict[str, str] = coordinator.config_entry.options.get(CONF_PRESENCE_NAMES, {})
    return _Presence(said, names.get(str(said), str(said)))


# Groups


class _LoggedIn(NamedTuple):
    """Hold how many members take calls, unknown where no logins are told, and their names."""

    number: int | None
    names: tuple[str, ...]


def _logged_in(coordinator: CtiCoordinator, group_id: Id) -> _LoggedIn:
    pbx = coordinator.pbx
    logins = [(one.user_id, one.logged_in) for one in pbx.members(group_id).values()]
    taking = [user_id for user_id, login in logins if login]
    is_told = not logins or any(login is not None for _, login in logins)
    names = {pbx.user_titles.get(user_id) or user_id for user_id in taking}
    return _LoggedIn(len(taking) if is_told else None, tuple(sorted(names)))


# Mailboxes


def _user_mailbox(coordinator: CtiCoordinator, user_id: Id) -> MessageWaiting:
    return coordinator.pbx.users[user_id].mwi


def _group_mailbox(coordinator: CtiCoordinator, group_id: Id) -> MessageWaiting:
    return coordinator.pbx.groups[group_id].mwi


def _voicemails(
    mailbox: Callable[[CtiCoordinator, Id], MessageWaiting],
) -> tuple[CtiSensorDescription, ...]:
    """Describe the two counters of a mailbox."""
    return (
        _count("new_voicemails", mailbox, lambda mwi: mwi.new, _unread),
        _count("saved_voicemails", mailbox, lambda mwi: mwi.saved, _unread, enabled=False),
    )


def _unread(mwi: MessageWaiting) -> Attributes:
    """Return what the phone system said where no counters could be read in it."""
    return {} if mwi.new is not None else {"raw_text": mwi.raw}


# Missed calls


def _missed_calls(key_of: Callable[[Id], Key]) -> CtiSensorDescription:
    """Describe the count since the last reset.

    It is a total with the time of its reset, so that statistics add up what came in
    each hour whenever it was reset, also while Home Assistant was not looking.
    """
    return CtiSensorDescription(
        key="missed_calls",
        translation_key="missed_calls",
        state_class=SensorStateClass.TOTAL,
        suggested_display_precision=0,
        read_fn=lambda coordinator, item_id: coordinator.call_log.missed(key_of(item_id)),
        calls_key_fn=lambda item_id: missed_key(key_of(item_id)),
        value_fn=lambda missed: missed.count,
        attributes_fn=lambda missed: {"latest": [*missed.shown]},
        last_reset_fn=lambda missed: missed.since,
    )


PBX_SENSORS: Final = (
    _count(
        "active_calls",
        lambda coordinator, _: len(coordinator.pbx.calls),
        calls_key_fn=_pbx_calls_key,
    ),
    _count(
        "waiting_calls",
        lambda coordinator, _: coordinator.pbx.queues.waiting_count,
        calls_key_fn=lambda _: PBX_QUEUES,
    ),
    _count(
        "parked_calls",
        _slots,
        len,
        lambda slots: {"slots": slots},
        calls_key_fn=lambda _: PBX_PARKED,
    ),
)

USER_SENSORS: Final = (
    CtiSensorDescription(
        key="call_state",
        translation_key="call_state",
        device_class=SensorDeviceClass.ENUM,
        options=[state.value for state in CallState],
        read_fn=_lead,
        calls_key_fn=user_calls_key,
        value_fn=lambda lead: str(lead.state),
        attributes_fn=_call_attributes,
        picture_fn=_picture,
    ),
    CtiSensorDescription(
        key="presence",
        translation_key="presence",
        read_fn=_presence,
        value_fn=lambda presence: presence.name,
        attributes_fn=lambda said: {} if said.code is None else {"code": said.code},
    ),
    _missed_calls(user_key),
    *_voicemails(_user_mailbox),
)

GROUP_SENSORS: Final = (
    _count(
        "waiting_calls",
        lambda coordinator, group_id: len(coordinator.pbx.queues.waiting(group_id)),
        calls_key_fn=group_queue_key,
    ),
    _count(
        "active_calls",
        lambda coordinator, group_id: coordinator.pbx.calls.count_in_group(group_id),
        calls_key_fn=group_calls_key,
    ),
    _count(
        "members_logged_in",
        _logged_in,
        lambda members: members.number,
        lambda members: {"members": [*members.names]},
    ),
    CtiSensorDescription(
        key="oldest_waiting_since",
        translation_key="oldest_waiting_since",
        device_class=SensorDeviceClass.TIMESTAMP,
        read_fn=lambda coordinator, group_id: coordinator.pbx.queues.oldest(group_id),
        calls_key_fn=group_queue_key,
        value_fn=moment,
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

    def __init__(
        self, coordinator: CtiCoordinator, key: Key, description: CtiSensorDescription
    ) -> None:
        """Tie it to what its description reads."""
        super().__init__(
            coordinator, key, description, partial(description.read_fn, coordinator, key[1])
        )

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
        is_pictured_anew = self._look_at_picture()
        if self._look() or is_pictured_anew:
            self._write()

    def _look_at_picture(self) -> bool:
        """Return whether the picture differs, and show it."""
        if (picture_fn := self.entity_description.picture_fn) is None:
            return False
        before = self.entity_picture
        self._attr_entity_picture = picture_fn(self.coordinator, self.item_id)
        return self.entity_picture != before

    @override
    def _show(self, seen: Any) -> None:
        """Put it into words."""
        description = self.entity_description
        value_fn = description.value_fn
        self._attr_native_value = seen if value_fn is None else value_fn(seen)
        if description.attributes_fn is not None:
            self._attr_extra_state_attributes = description.attributes_fn(seen)
        if description.last_reset_fn is not None:
            self._attr_last_reset = description.last_reset_fn(seen)


class PrivateCtiSensor(CtiSensor):
    """Show the same, and keep out of the history who called."""

    _unrecorded_attributes = _NEVER_RECORDED | _CALLERS
