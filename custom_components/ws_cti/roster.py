"""Keep the devices of an entry in step with who there is in the phone system."""

from collections.abc import Callable, Collection, Iterator, Mapping
import logging
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr

from .const import (
    CONF_ALL_GROUPS,
    CONF_ALL_USERS,
    CONF_GROUPS,
    CONF_USERS,
    DOMAIN,
)
from .cti.model import Group, User
from .cti.pbx import Pbx
from .cti.words import (
    PBX,
    Element,
    Id,
    Key,
    group_key,
    user_key,
)
from .issues import Issues

_LOGGER = logging.getLogger(__name__)

MAX_ENTITIES: Final = 9_500
"""Home Assistant allows 10,000 enabled entities for an entry; some are left to people."""

ENTITIES_PER_USER: Final = 8
ENTITIES_PER_GROUP: Final = 8
ENTITIES_PER_PBX: Final = 4
"""How many entities are enabled by default; a test counts them."""

type JoinedListener = Callable[[Collection[Key]], Iterator[None]]
"""What takes in who joined, some with each step."""


class Roster:
    """Know which users and groups are devices, and make and remove those."""

    def __init__(
        self, hass: HomeAssistant, entry: ConfigEntry[Any], pbx: Pbx, issues: Issues
    ) -> None:
        """Start without devices; those of the last run are found by their identifiers."""
        self._hass = hass
        self._entry = entry
        self._pbx = pbx
        self._issues = issues
        self._device_ids: dict[Key, str] = {}
        self._titles: dict[Key, str] = {}
        self._listeners: list[JoinedListener] = []

    @property
    def keys(self) -> Collection[Key]:
        """Return the users and groups that have a device now."""
        return [key for key in self._device_ids if key != PBX]

    @property
    def all_keys(self) -> Collection[Key]:
        """Return whatever has a device now, the phone system included."""
        return self._device_ids.keys()

    def identifier(self, key: Key) -> tuple[str, str]:
        """Return what a device is found by: free of names, which may change."""
        element, item_id = key
        entry_id = self._entry.entry_id
        return (DOMAIN, entry_id if element is None else f"{entry_id}_{element}_{item_id}")

    def device_id(self, key: Key) -> str | None:
        """Return the id of a user's, a group's or the phone system's device."""
        return self._device_ids.get(key)

    def device(self, key: Key) -> dr.AnyDeviceEntry | None:
        """Return a user's, a group's or the phone system's device as it is registered now."""
        return dr.async_get(self._hass).async_get(self._device_ids.get(key, ""))

    def leaves_out(self, key: Key) -> bool:
        """Return whether a user or a group is known and was not chosen to be shown.

        Old phone systems tell calls of users of whom they tell nothing else.
        """
        if key in self._device_ids:
            return False
        return key[1] in (self._pbx.users if key[0] is Element.USER else self._pbx.groups)

    @callback
    def async_add_listener(self, listener: JoinedListener) -> Callable[[], None]:
        """Tell a listener about each user and group that gets a device."""
        self._listeners.append(listener)

        @callback
        def remove() -> None:
            self._listeners.remove(listener)

        return remove

    def synchronising(self, *, remove_stale: bool) -> Iterator[None]:
        """Make the devices those of the users and groups that were chosen, one with each step.

        `remove_stale` tells that the picture is whole, so that who is missing has left.
        """
        registry = dr.async_get(self._hass)
        self._register_pbx(registry)
        wanted = self._within_budget(self._chosen())
        joined = [key for key in wanted if key not in self._device_ids]
        for key, item in wanted.items():
            if self._titles.get(key) != item.title:
                self._register(registry, key, item)
                yield
        if remove_stale:
            yield from self._removing_stale(registry, wanted)
        if joined:
            for listener in tuple(self._listeners):
                yield from listener(joined)

    def _chosen(self) -> dict[Key, User | Group]:
        options = self._entry.options
        groups = _choice(self._pbx.groups, options, CONF_ALL_GROUPS, CONF_GROUPS)
        users = _choice(self._pbx.users, options, CONF_ALL_USERS, CONF_USERS)
        return {group_key(group.id): group for group in groups} | {
            user_key(user.id): user for user in users
        }

    def _within_budget(self, chosen: dict[Key, User | Group]) -> dict[Key, User | Group]:
        """Return as many as Home Assistant has room for, those with a device first."""
        room = MAX_ENTITIES - ENTITIES_PER_PBX
        wanted: dict[Key, User | Group] = {}
        for key in sorted(chosen, key=lambda one: one not in self._device_ids):
            room -= ENTITIES_PER_USER if key[0] == Element.USER else ENTITIES_PER_GROUP
            if room < 0:
                break
            wanted[key] = chosen[key]
        self._issues.counted(users=len(self._pbx.users), left_out=len(chosen) - len(wanted))
        return wanted

    def _register_pbx(self, registry: dr.DeviceRegistry) -> None:
        if PBX in self._device_ids:
            return
        device = registry.async_get_or_create(
            config_entry_id=self._entry.entry_id,
            identifiers={self.identifier(PBX)},
            entry_type=dr.DeviceEntryType.SERVICE,
            manufacturer="Brastel",
            model="Basix",
            name=self._entry.title,
        )
        self._device_ids[PBX] = device.id

    def _register(self, registry: dr.DeviceRegistry, key: Key, item: User | Group) -> None:
        device = registry.async_get_or_create(
            config_entry_id=self._entry.entry_id,
            identifiers={self.identifier(key)},
            manufacturer="Brastel",
            model="Basix user" if key[0] == Element.USER else "Basix group",
            name=item.title,
            via_device_id=self._device_ids[PBX],
        )
        self._device_ids[key] = device.id
        self._titles[key] = item.title

    def _removing_stale(
        self, registry: dr.DeviceRegistry, wanted: Mapping[Key, object]
    ) -> Iterator[None]:
        kept = {self.identifier(key) for key in (PBX, *wanted)}
        for device in dr.async_entries_for_config_entry(registry, self._entry.entry_id):
            if not device.identifiers & kept:
                _LOGGER.debug("Removing the device of somebody who left")
                registry.async_remove_device(device.id)
                yield
        for key in [key for key in self._device_ids if key != PBX and key not in wanted]:
            del self._device_ids[key]
            self._titles.pop(key, None)


def _choice[T: (User, Group)](
    known: Mapping[Id, T], options: Mapping[str, Any], all_option: str, list_option: str
) -> list[T]:
    if options.get(all_option, True):
        return list(known.values())
    return [known[item_id] for item_id in options.get(list_option, ()) if item_id in known]
