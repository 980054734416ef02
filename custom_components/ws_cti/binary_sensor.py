"""Show the connection, and what users have set on their phones, as binary sensors."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import Final, override

from homeassistant.components.binary_sensor import (
    BinarySensorEntity,
    BinarySensorEntityDescription,
)
from homeassistant.components.binary_sensor.const import BinarySensorDeviceClass
from homeassistant.const import EntityCategory
from homeassistant.core import CALLBACK_TYPE, HomeAssistant, callback
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import CtiConfigEntry, CtiCoordinator
from .cti.model import Terminal
from .cti.pbx import Pbx
from .cti.words import (
    PBX,
    Element,
    Id,
    Json,
    Key,
    Raw,
)
from .entity import CtiEntity, Shown, async_follow_roster

PARALLEL_UPDATES = 0


@dataclass(frozen=True, kw_only=True)
class CtiBinarySensorDescription(BinarySensorEntityDescription):
    """Describe a binary sensor by what it reads of its user: its state and its attributes."""

    read_fn: Callable[[Pbx, Id], Shown]


def _do_not_disturb(pbx: Pbx, user_id: Id) -> Shown:
    user = pbx.users[user_id]
    return user.do_not_disturb, _code(user.do_not_disturb_status)


def _call_forwarding(pbx: Pbx, user_id: Id) -> Shown:
    user = pbx.users[user_id]
    return user.forwarding, _code(user.fwd_always_status)


def _code(status: Raw) -> dict[str, Raw]:
    """Return the code that was taken for on or off, whose meaning is only inferred."""
    return {} if status is None else {"status_code": status}


def _phones(pbx: Pbx, user_id: Id) -> Shown:
    """Return whether any phone can be reached; unknown where none says whether."""
    terminals = sorted(pbx.terminals_of(user_id).values(), key=lambda terminal: terminal.name)
    said = [terminal.registered for terminal in terminals]
    is_on = any(said) or (False if False in said else None)
    return is_on, {"terminals": [_phone(terminal) for terminal in terminals]}


def _phone(terminal: Terminal) -> Json:
    return {
        "name": terminal.name,
        "user_agent": terminal.user_agent,
        "registered": terminal.registered,
    }


CONNECTION: Final = BinarySensorEntityDescription(
    key="connected",
    translation_key="connected",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
    entity_category=EntityCategory.DIAGNOSTIC,
)

USER_BINARY_SENSORS: Final = (
    CtiBinarySensorDescription(
        key="do_not_disturb",
        translation_key="do_not_disturb",
        read_fn=_do_not_disturb,
    ),
    CtiBinarySensorDescription(
        key="call_forwarding",
        translation_key="call_forwarding",
        read_fn=_call_forwarding,
    ),
)

PHONE_REGISTERED: Final = CtiBinarySensorDescription(
    key="phone_registered",
    translation_key="phone_registered",
    device_class=BinarySensorDeviceClass.CONNECTIVITY,
    entity_registry_enabled_default=False,
    read_fn=_phones,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CtiConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the binary sensors of a phone system and its users."""
    phones = _Phones(entry.runtime_data, async_add_entities)
    entry.async_on_unload(phones.async_stop)

    def make(coordinator: CtiCoordinator, key: Key) -> Iterable[CtiEntity]:
        if key == PBX:
            return [ConnectionSensor(coordinator, key, CONNECTION)]
        if key[0] != Element.USER:
            return []
        return [
            *(
                CtiBinarySensor(coordinator, key, description)
                for description in USER_BINARY_SENSORS
            ),
            *phones.async_of(key),
        ]

    await async_follow_roster(entry, async_add_entities, make)


class _Phones:
    """Make the entity of a user's phones once the first of them is told of.

    Terminals come after their user, on many phone systems never.
    """

    def __init__(
        self, coordinator: CtiCoordinator, async_add_entities: AddConfigEntryEntitiesCallback
    ) -> None:
        self._coordinator = coordinator
        self._async_add_entities = async_add_entities
        self._awaited: dict[Key, CALLBACK_TYPE] = {}

    @callback
    def async_of(self, key: Key) -> list[CtiBinarySensor]:
        """Return the entity of a user's phones, or none yet and add it when it is time."""
        if (stop := self._awaited.pop(key, None)) is not None:
            stop()  # he left before any phone was told of, and is back
        if self._coordinator.pbx.terminals_of(key[1]):
            return [self._entity(key)]

        @callback
        def look() -> None:
            is_there = self._coordinator.roster.device_id(key) is not None
            if is_there and self._coordinator.pbx.terminals_of(key[1]):
                self._awaited.pop(key)()
                self._async_add_entities([self._entity(key)])

        self._awaited[key] = self._coordinator.async_add_listener(look, key)
        return []

    def _entity(self, key: Key) -> CtiBinarySensor:
        return CtiBinarySensor(self._coordinator, key, PHONE_REGISTERED)

    @callback
    def async_stop(self) -> None:
        """Wait for nobody any more."""
        for stop in self._awaited.values():
            stop()
        self._awaited.clear()


class ConnectionSensor(CtiEntity, BinarySensorEntity):
    """Show whether the phone system is connected."""

    @property
    @override
    def available(self) -> bool:
        """Return True always: a lost connection is what it has to show."""
        return True

    @property
    @override
    def is_on(self) -> bool:
        """Return whether there is a connection, without which nothing else is available."""
        return super().available


class CtiBinarySensor(CtiEntity, BinarySensorEntity):
    """Show one setting of a user, or whether he can be reached."""

    _unrecorded_attributes = frozenset({"terminals"})
    _shown: Shown[bool | None]

    def __init__(
        self, coordinator: CtiCoordinator, key: Key, description: CtiBinarySensorDescription
    ) -> None:
        """Tie it to what its description reads."""
        read = partial(description.read_fn, coordinator.pbx, key[1])
        super().__init__(coordinator, key, description, read)

    @property
    @override
    def is_on(self) -> bool | None:
        """Return what is set."""
        return self._shown[0]
