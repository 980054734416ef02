"""Offer what users, groups and mailboxes are like now as conditions of automations."""

from collections.abc import Mapping
from typing import ClassVar, Final, override

from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.const import CONF_OPTIONS, CONF_TARGET, STATE_ON, Platform
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.condition import (
    ATTR_BEHAVIOR,
    BEHAVIOR_ALL,
    BEHAVIOR_ANY,
    ENTITY_STATE_CONDITION_SCHEMA_ANY_ALL,
    Condition,
    ConditionConfig,
    EntityConditionBase,
)
import probatio

from .cti.story import CallState
from .cti.words import Element, group_key
from .targets import pick, seen_in

CONF_ABOVE: Final = "above"
CONF_GROUP: Final = "group"

_SENSORS: Final[Mapping[str, DomainSpec]] = {SENSOR_DOMAIN: DomainSpec()}
_BINARY_SENSORS: Final[Mapping[str, DomainSpec]] = {Platform.BINARY_SENSOR: DomainSpec()}
_BUSY: Final = frozenset({CallState.TALKING, CallState.ON_HOLD, CallState.DIALING})


class CtiCondition(EntityConditionBase):
    """Look at one kind of our entities; those that are unavailable do not count."""

    _domain_specs = _SENSORS
    _shows: ClassVar[str] = "call_state"
    _elements: ClassVar = frozenset({Element.USER})

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        """Return the entities of that kind among the entities."""
        return pick(self._hass, super().entity_filter(entities), self._shows, self._elements)


class StateCondition(CtiCondition):
    """Look whether an entity has one of some states."""

    _states: ClassVar[frozenset[str]]

    @override
    def is_valid_state(self, entity_state: State) -> bool:
        """Return whether it has one of them."""
        return entity_state.state in self._states


class IsIdle(StateCondition):
    """Look whether a user has no call at all."""

    _states = frozenset({CallState.IDLE})


class IsRinging(StateCondition):
    """Look whether a user's phone rings."""

    _states = frozenset({CallState.RINGING})


class IsOnCall(StateCondition):
    """Look whether a user is on the phone; his calls on hold and his dialing count."""

    _states = _BUSY


class IsNotOnCall(StateCondition):
    """Look whether a user is not on the phone, even if it rings."""

    _states = frozenset(CallState) - _BUSY


class IsInDoNotDisturb(StateCondition):
    """Look whether a user does not want to be called."""

    _domain_specs = _BINARY_SENSORS
    _shows = "do_not_disturb"
    _states = frozenset({STATE_ON})


class HasVoicemail(CtiCondition):
    """Look whether a new message is in a mailbox."""

    _shows = "new_voicemails"
    _elements = frozenset({Element.USER, Element.GROUP})

    @override
    def is_valid_state(self, entity_state: State) -> bool:
        """Return whether there is one."""
        return int(entity_state.state) > 0


class GroupWaitingAbove(CtiCondition):
    """Look whether more callers wait for a group than a number."""

    _shows = "waiting_calls"
    _elements = frozenset({Element.GROUP})
    _schema = ENTITY_STATE_CONDITION_SCHEMA_ANY_ALL.extend(
        {
            probatio.Required(CONF_OPTIONS): {
                probatio.Required(CONF_ABOVE): cv.positive_int,
            }
        }
    )

    def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
        """Know the number."""
        super().__init__(hass, config)
        self._above: int = (config.options or {})[CONF_ABOVE]

    @override
    def is_valid_state(self, entity_state: State) -> bool:
        """Return whether more wait."""
        return int(entity_state.state) > self._above


class IsLoggedIn(CtiCondition):
    """Look whether a user takes calls of a group; a login is no entity of its own."""

    _schema = probatio.Schema(
        {
            probatio.Required(CONF_TARGET): cv.TARGET_FIELDS,
            probatio.Required(CONF_OPTIONS, default={}): {
                probatio.Required(ATTR_BEHAVIOR, default=BEHAVIOR_ANY): probatio.In(
                    [BEHAVIOR_ANY, BEHAVIOR_ALL]
                ),
                probatio.Optional(CONF_GROUP): probatio.All(cv.ensure_list, [cv.string]),
            },
        }
    )

    def __init__(self, hass: HomeAssistant, config: ConditionConfig) -> None:
        """Know the groups; without any each of them counts."""
        super().__init__(hass, config)
        self._groups = frozenset((config.options or {}).get(CONF_GROUP, ()))

    @property
    @override
    def needs_polling(self) -> bool:
        """Return True: a login changes no state of the user."""
        return True

    @override
    def is_valid_state(self, entity_state: State) -> bool:
        """Return whether he is logged in to any of the groups."""
        coordinator, (_, user_id) = seen_in(self._hass, entity_state.entity_id)
        groups = [
            coordinator.roster.device_id(group_key(member.group_id))
            for member in coordinator.pbx.memberships(user_id).values()
            if member.logged_in
        ]
        return not self._groups.isdisjoint(groups) if self._groups else bool(groups)


CONDITIONS: Final[dict[str, type[Condition]]] = {
    "group_waiting_above": GroupWaitingAbove,
    "has_voicemail": HasVoicemail,
    "is_idle": IsIdle,
    "is_in_do_not_disturb": IsInDoNotDisturb,
    "is_logged_in": IsLoggedIn,
    "is_not_on_call": IsNotOnCall,
    "is_on_call": IsOnCall,
    "is_ringing": IsRinging,
}


async def async_get_conditions(hass: HomeAssistant) -> dict[str, type[Condition]]:
    """Return the conditions by their keys."""
    return CONDITIONS
