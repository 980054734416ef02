"""Fire at a step of a call, or when nothing has followed it for some time."""

from abc import abstractmethod
import asyncio
from collections.abc import Callable, Mapping
from typing import Any, ClassVar, Final, override

from homeassistant.components.event import DOMAIN as EVENT_DOMAIN, EventEntityStateAttribute
from homeassistant.const import ATTR_ENTITY_ID, CONF_FOR, CONF_OPTIONS, STATE_UNAVAILABLE
from homeassistant.core import (
    CALLBACK_TYPE,
    Context,
    Event,
    EventStateChangedData,
    HomeAssistant,
    State,
    callback,
)
from homeassistant.helpers import config_validation as cv
from homeassistant.helpers.automation import DomainSpec
from homeassistant.helpers.target import (
    TargetStateChangedData,
    async_track_target_selector_state_change_event,
)
from homeassistant.helpers.trigger import (
    ENTITY_STATE_TRIGGER_SCHEMA,
    NotTriggeredReasonReporter,
    StatelessEntityTriggerBase,
    TriggerActionRunner,
    TriggerConfig,
    TriggerNotTriggeredReporter,
)
import probatio

from .call_filter import CallFilter, Fields, options_schema
from .clocks import Clocks
from .cti.story import Step
from .cti.words import Element
from .targets import call_in, pick

_EVENTS: Final[Mapping[str, DomainSpec]] = {EVENT_DOMAIN: DomainSpec()}


def call_schema(fields: Fields, *checks: Callable[[Any], Any]) -> probatio.Schema:
    """Return the schema of a trigger that is about calls, with fields of its own."""
    options = probatio.All(options_schema(fields), *checks)
    return ENTITY_STATE_TRIGGER_SCHEMA.extend(
        {probatio.Required(CONF_OPTIONS, default={}): options}
    )


class CallTrigger(StatelessEntityTriggerBase):
    """Fire at steps in the calls of users or of groups.

    Restored events do not fire, nor what is shown again when a connection is back: such
    an entity was unavailable, or not there, just before.
    """

    _domain_specs = _EVENTS
    _schema = call_schema({})
    _element: ClassVar[Element]
    _steps: ClassVar[frozenset[Step]]

    def __init__(self, hass: HomeAssistant, config: TriggerConfig) -> None:
        """Know which calls are wanted."""
        super().__init__(hass, config)
        self._filter = CallFilter.of(self._options)

    @override
    def entity_filter(self, entities: set[str]) -> set[str]:
        """Return the events of our users, or of our groups, among the entities."""
        return pick(self._hass, super().entity_filter(entities), "call", {self._element})

    @override
    def is_valid_state(
        self, state: State, report_not_triggered: NotTriggeredReasonReporter
    ) -> bool:
        """Return whether an event tells a wanted step of a wanted call."""
        return self._fits(state.attributes)

    def _fits(self, call: Mapping[str, Any]) -> bool:
        step = call.get(EventEntityStateAttribute.EVENT_TYPE)
        return step in self._steps and self._filter.admits(call)

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        """Attach the trigger, and let it tell the whole call."""
        return await super().async_attach_runner(self._telling(run_action), did_not_trigger)

    def _telling(self, run_action: TriggerActionRunner) -> TriggerActionRunner:
        @callback
        def run(
            extra_trigger_payload: dict[str, Any],
            description: str,
            context: Context | None = None,
        ) -> asyncio.Task[Any]:
            call = call_in(self._hass, extra_trigger_payload["to_state"])
            return run_action({**extra_trigger_payload, "call": call}, description, context)

        return run


class LastingCallTrigger(CallTrigger):
    """Fire at the first step of calls, or when nothing has followed it for some time."""

    _schema = call_schema({probatio.Optional(CONF_FOR): cv.positive_time_period})

    @override
    async def async_attach_runner(
        self,
        run_action: TriggerActionRunner,
        did_not_trigger: TriggerNotTriggeredReporter | None = None,
    ) -> CALLBACK_TYPE:
        """Attach the trigger; with a duration each call is timed by itself."""
        if not self._duration:
            return await super().async_attach_runner(run_action, did_not_trigger)
        clocks = Clocks(self._hass)
        run = self._telling(run_action)

        @callback
        def state_changed(data: TargetStateChangedData) -> None:
            self._follow(data.state_change_event, clocks, run)

        @callback
        def entities_changed(
            added: set[str], removed: set[str], states: Mapping[str, State | None]
        ) -> None:
            for entity_id in removed:
                clocks.stop_all_of(entity_id)

        stop = await async_track_target_selector_state_change_event(
            self._hass, self._target, state_changed, self.entity_filter, entities_changed
        )

        @callback
        def detach() -> None:
            stop()
            clocks.stop_all()

        return detach

    @callback
    def _follow(
        self, event: Event[EventStateChangedData], clocks: Clocks, run: TriggerActionRunner
    ) -> None:
        """Time a call that begins; whatever follows in the same call ends it."""
        entity_id = event.data["entity_id"]
        before, now = event.data["old_state"], event.data["new_state"]
        if now is None or now.state == STATE_UNAVAILABLE:
            clocks.stop_all_of(entity_id)
            return
        if before is None or before.state in (STATE_UNAVAILABLE, now.state):
            return
        call_id: str = now.attributes["call_id"]
        clocks.stop(entity_id, call_id)
        if self._duration is None or not self._fits(now.attributes):
            return
        payload = {
            ATTR_ENTITY_ID: entity_id,
            "from_state": before,
            "to_state": now,
            CONF_FOR: self._duration,
        }

        @callback
        def fire() -> None:
            if self._lasts(entity_id, call_id):
                _ = run(payload, f"state of {entity_id}", event.context)

        clocks.start(entity_id, call_id, self._duration, fire)

    @abstractmethod
    def _lasts(self, entity_id: str, call_id: str) -> bool:
        """Return whether a call still does what it began with, when its time is over."""
