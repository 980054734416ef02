"""Fire when too many callers wait, when one waits too long, or when a message waits."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import ClassVar, Final, override

from homeassistant.components.sensor import DOMAIN as SENSOR_DOMAIN
from homeassistant.const import ATTR_ENTITY_ID, CONF_FOR, CONF_OPTIONS, STATE_UNAVAILABLE
from homeassistant.core import CALLBACK_TYPE, Context, HomeAssistant, State, callback
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.target import (
    TargetStateChangedData,
    async_track_target_selector_state_change_event,
)
from homeassistant.helpers.trigger import (
    ENTITY_STATE_TRIGGER_SCHEMA,
    EntityTriggerBase,
    NotTriggeredReasonReporter,
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
from homeassistant.util import dt as dt_util
import probatio

from .clocks import Clocks
from .cti.words import Element
from .targets import pick, seen_in

CONF_ABOVE: Final = "above"

_SENSORS: Final[Mapping[str, DomainSpec]] = {SENSOR_DOMAIN: DomainSpec()}


class SensorTrigger(EntityTriggerBase):
    """Fire at changes of one kind of our sensors."""

    _domain_specs = _SENSORS
    _shows: ClassVar[str]
    _elements: ClassVar = frozenset({Element.GROUP})

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        """Return the sensors of that kind among the entities."""
        return pick(self._hass, super().entity_filter(entities), self._shows, self._elements)


class GroupWaitingAbove(SensorTrigger):
    """Fire when more callers wait for a group than a number."""

    _shows = "waiting_calls"
    _schema = ENTITY_STATE_TRIGGER_SCHEMA.extend(
        {
            probatio.Required(CONF_OPTIONS): {
                probatio.Required(CONF_ABOVE): cv.positive_int,
                probatio.Optional(CONF_FOR): cv.positive_time_period,
            }
        }
    )

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Know the number."""
        super().__init__(hass, config)
        self._above: int = self._options[CONF_ABOVE]

    @override
    def is_valid_state(
        self, state: State, report_not_triggered: NotTriggeredReasonReporter
    ) -> bool:
        """Return whether more wait."""
        return int(state.state) > self._above

    @override
    def is_valid_transition(self, from_state: State, to_state: State) -> bool:
        """Return whether no more than that waited just before."""
        return int(from_state.state) <= self._above


class VoicemailReceived(SensorTrigger):
    """Fire when a new message is in a mailbox."""

    _shows = "new_voicemails"
    _elements = frozenset({Element.USER, Element.GROUP})
    _schema = ENTITY_STATE_TRIGGER_SCHEMA

    @override
    def is_valid_transition(self, from_state: State, to_state: State) -> bool:
        """Return whether there are more; there are fewer when somebody has listened."""
        return int(to_state.state) > int(from_state.state)


class GroupWaitingTooLong(SensorTrigger):
    """Fire when a group's oldest caller has waited for some time, once for each.

    Who has already waited longer when he becomes known, at a start or after a lost
    connection, does not fire: nobody can tell whether he has fired before.
    """

    _shows = "oldest_waiting_since"
    _schema = ENTITY_STATE_TRIGGER_SCHEMA.extend(
        {
            probatio.Required(CONF_OPTIONS): {
                probatio.Required(CONF_FOR): cv.positive_time_period,
            }
        }
    )

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        """Attach the trigger; a clock runs while somebody waits, and none else."""
        watch = _Watch(self._hass, run_action, self._options[CONF_FOR])
        stop = await async_track_target_selector_state_change_event(
            self._hass, self._target, watch.changed, self.entity_filter, watch.entities_changed
        )

        @callback
        def detach() -> None:
            stop()
            watch.clocks.stop_all()

        return detach


class _Watch:
    """Watch who waits longest for each group."""

    def __init__(self, hass: HomeAssistant, run: TriggerActionRunner, limit: timedelta) -> None:
        self.clocks = Clocks(hass)
        self._hass = hass
        self._run = run
        self._limit = limit
        self._told: dict[str, datetime] = {}

    @callback
    def entities_changed(
        self, added: set[str], removed: set[str], states: Mapping[str, State | None]
    ) -> None:
        """Follow the entities of the target, which change as people set up their home."""
        for entity_id in removed:
            self.clocks.stop_all_of(entity_id)
        for entity_id in added:
            self._follow(entity_id, None, states[entity_id], None)

    @callback
    def changed(self, data: TargetStateChangedData) -> None:
        """Follow a change of who waits longest."""
        event = data.state_change_event
        entity_id = event.data["entity_id"]
        before, now = event.data["old_state"], event.data["new_state"]
        if before is None or now is None or before.state != now.state:
            self._follow(entity_id, before, now, event.context)

    def _follow(
        self,
        entity_id: str,
        before: State | None,
        now: State | None,
        context: Context | None,
    ) -> None:
        self.clocks.stop_all_of(entity_id)
        since = dt_util.parse_datetime(now.state) if now is not None else None
        if since is None or since == self._told.get(entity_id):
            return
        was_known = before is not None and before.state != STATE_UNAVAILABLE
        coordinator, _ = seen_in(self._hass, entity_id)
        # Nobody can have begun to wait in the future: the clocks have not been compared yet.
        left = min(since + self._limit - coordinator.clock.now(), self._limit)
        payload = {
            ATTR_ENTITY_ID: entity_id,
            "from_state": before,
            "to_state": now,
            CONF_FOR: self._limit,
        }

        @callback
        def fire() -> None:
            self._told[entity_id] = since
            _ = self._run(payload, f"state of {entity_id}", context)

        if left > timedelta():
            self.clocks.start(entity_id, CONF_FOR, left, fire)
        elif was_known:
            fire()
