"""Give every entity its device, its key in the picture and its silence.

An entity writes its state only when it is touched and what it shows really changed: an
unchanged write costs Home Assistant nearly as much as a changed one. Most entities of
whoever is touched show something else, so each first compares what it would show.
"""

from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from itertools import batched
from typing import Any, Final, override

from homeassistant.core import Context, Event, callback
from homeassistant.helpers.entity import Entity, EntityDescription
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback
from homeassistant.helpers.update_coordinator import CoordinatorEntity

from .const import DOMAIN
from .coordinator import CtiConfigEntry, CtiCoordinator
from .cti.pbx import Pbx
from .cti.words import (
    PBX,
    Element,
    Id,
    Key,
)

ADDED_AT_ONCE: Final = 12
"""How many entities are handed to Home Assistant together, which adds them in one go."""

type Shown[T = Any] = tuple[T, Mapping[str, Any] | None, *tuple[Any, ...]]
"""A value and the attributes that say more about it; some kinds of entity show more."""

_NOTHING: Final[Shown] = (None, None, None)
"""What an entity shows that is not available; equal to nothing else."""

_ORIGIN: Final[Event[Any]] = Event(DOMAIN)
"""What all states come from."""

type EntityMaker = Callable[[CtiCoordinator, Key], Iterable[Entity]]


class CtiEntity(CoordinatorEntity[CtiCoordinator]):
    """Be the base of all entities of a phone system, a user or a group."""

    _attr_has_entity_name = True
    _shown: Shown = _NOTHING

    def __init__(
        self,
        coordinator: CtiCoordinator,
        key: Key,
        description: EntityDescription,
        read: Callable[[], Shown] = lambda: (None, None),
    ) -> None:
        """Tie an entity to what it shows; its key decides when it is woken.

        Those of the phone system are woken only with everybody: no row tells of it. `read`
        returns whatever of the picture is shown, put into words.
        """
        super().__init__(coordinator, context=None if key == PBX else key)
        self.entity_description = description
        self._read = read
        self.key = key
        self.item_id = key[1]
        self.pbx = coordinator.pbx
        self._known = _known(self.pbx, key)
        self._attr_unique_id = f"{coordinator.roster.identifier(key)[1]}_{description.key}"
        # The roster has registered it: a device info would only have it looked up once more.
        self.device_entry = coordinator.roster.device(key)

    @property
    @override
    def available(self) -> bool:
        """Return whether anything is shown."""
        return self._shown is not _NOTHING

    @property
    @override
    def extra_state_attributes(self) -> Mapping[str, Any] | None:
        """Return what is said about the value."""
        return self._shown[1]

    @override
    async def async_added_to_hass(self) -> None:
        """Read the picture for the first time; Home Assistant then writes the state."""
        await super().async_added_to_hass()
        self._shown = self._look()

    @callback
    @override
    def _handle_coordinator_update(self) -> None:
        """Write the state if it differs from what is shown."""
        seen = self._look()
        if seen != self._shown:
            self._shown = seen
            self._write()

    def _look(self) -> Shown:
        """Return what is to be shown now."""
        if self.coordinator.last_update_success and self.item_id in self._known:
            return self._read()
        return _NOTHING

    def _write(self) -> None:
        """Write the state as something that follows from what the phone system tells.

        Without a context, Home Assistant takes the change of the state for what the state
        comes from. Each state then holds the event that holds it, a circle that only the
        garbage collector opens: under a flood of calls it held up everything for a quarter
        of a second. So a state's origin is the phone system.
        """
        context = Context()
        context.origin_event = _ORIGIN
        self.async_set_context(context)
        self.async_write_ha_state()


def _known(pbx: Pbx, key: Key) -> Container[Id]:
    """Return the users or groups that one must be among to be shown."""
    match key[0]:
        case Element.USER:
            return pbx.users
        case Element.GROUP:
            return pbx.groups
        case _:
            return (key[1],)


async def async_follow_roster(
    entry: CtiConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
    make: EntityMaker,
) -> None:
    """Add the entities of the phone system, and of who is there now or joins later."""
    coordinator = entry.runtime_data
    roster = coordinator.roster
    # Who joins while many others are added, or leaves, is added once or not at all.
    awaited: dict[Key, None] = {}

    def entities() -> Iterator[Entity]:
        while awaited:
            awaited.pop(key := next(iter(awaited)))
            if roster.device_id(key) is not None:
                yield from make(coordinator, key)

    def adding(keys: Collection[Key]) -> Iterator[None]:
        awaited.update(dict.fromkeys(keys))
        for some in batched(entities(), ADDED_AT_ONCE, strict=False):
            async_add_entities(some)
            yield

    entry.async_on_unload(roster.async_add_listener(adding))
    await coordinator.turns.take(adding((PBX, *roster.keys)))
