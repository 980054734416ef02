"""Let a person say that he has seen who called."""

from collections.abc import Iterable
from typing import Final, override

from homeassistant.components.button import ButtonEntity, ButtonEntityDescription
from homeassistant.const import EntityCategory
from homeassistant.core import HomeAssistant
from homeassistant.helpers.entity_platform import AddConfigEntryEntitiesCallback

from .coordinator import CtiConfigEntry, CtiCoordinator
from .cti.words import Element, Key
from .entity import CtiEntity, async_follow_roster

# Nothing is sent anywhere.
PARALLEL_UPDATES = 0

# Of the configuration, so that neither "press all buttons of the room" nor a voice that
# was misheard loses the count.
RESET_MISSED_CALLS: Final = ButtonEntityDescription(
    key="reset_missed_calls",
    translation_key="reset_missed_calls",
    entity_category=EntityCategory.CONFIG,
)


async def async_setup_entry(
    hass: HomeAssistant,
    entry: CtiConfigEntry,
    async_add_entities: AddConfigEntryEntitiesCallback,
) -> None:
    """Add the button of each user and each group."""

    def make(coordinator: CtiCoordinator, key: Key) -> Iterable[ResetMissedCallsButton]:
        if key[0] in (Element.USER, Element.GROUP):
            yield ResetMissedCallsButton(coordinator, key, RESET_MISSED_CALLS)

    await async_follow_roster(entry, async_add_entities, make)


class ResetMissedCallsButton(CtiEntity, ButtonEntity):
    """Count the missed calls of a user or a group from now on."""

    @override
    async def async_press(self) -> None:
        """Begin anew."""
        self.coordinator.call_log.async_reset_missed((self.key,))
