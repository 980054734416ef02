"""Let tests build automations as a person would, and see what becomes of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, Final

from freezegun import freeze_time
from freezegun.api import TickingDateTimeFactory
from homeassistant.core import HomeAssistant, ServiceCall
from homeassistant.helpers import condition, entity_registry as er
from homeassistant.setup import async_setup_component
from pytest_homeassistant_custom_component.common import (
    async_fire_time_changed,
    async_mock_service,
)

AUTOMATION: Final = "automation.test"

type Told = list[ServiceCall]


async def when(
    hass: HomeAssistant, trigger: str, target: str | dict[str, Any], **options: object
) -> Told:
    """Create an automation with one trigger, and return what it will tell."""
    told = async_mock_service(hass, "test", "told")
    where = {"entity_id": target} if isinstance(target, str) else target
    automation = {
        "alias": "Test",
        "mode": "parallel",
        "triggers": [{"trigger": f"ws_cti.{trigger}", "target": where, "options": options}],
        "actions": [
            {
                "action": "test.told",
                "data": {
                    "entity_id": "{{ trigger.entity_id }}",
                    "call": "{{ trigger.get('call') }}",
                    "description": "{{ trigger.description }}",
                    "state": "{{ trigger.to_state.state }}",
                    "for": "{{ trigger.for }}",
                },
            }
        ],
    }
    assert await async_setup_component(hass, "automation", {"automation": [automation]})
    await hass.async_block_till_done()
    state = hass.states.get(AUTOMATION)
    assert state is not None
    assert state.state == "on"
    return told


async def holds(
    hass: HomeAssistant, name: str, target: str | dict[str, Any], **options: object
) -> bool:
    """Return whether a condition holds now."""
    checker = await checker_of(hass, name, target, **options)
    result = checker.async_check()
    checker.async_unload()
    return bool(result)


async def checker_of(
    hass: HomeAssistant, name: str, target: str | dict[str, Any], **options: object
) -> condition.ConditionChecker:
    """Return a condition that was validated and set up as automations do it."""
    where = {"entity_id": target} if isinstance(target, str) else target
    config = {"condition": f"ws_cti.{name}", "target": where, "options": options}
    valid = await condition.async_validate_condition_config(hass, config)
    return await condition.async_from_config(hass, valid)


@contextmanager
def clock_that_can_be_put_forward(start: str) -> Iterator[TickingDateTimeFactory]:
    """Begin at a time of our choice; a clock that stood still would hold up connections."""
    with freeze_time(start, tick=True, ignore=["aiohttp"]) as clock:
        assert isinstance(clock, TickingDateTimeFactory)
        yield clock


async def pass_time(hass: HomeAssistant, clock: TickingDateTimeFactory, seconds: float) -> None:
    """Let time pass in Home Assistant."""
    clock.tick(timedelta(seconds=seconds))
    async_fire_time_changed(hass)
    await hass.async_block_till_done()


def place(hass: HomeAssistant, entity_id: str, area_id: str) -> None:
    """Put an entity into an area."""
    er.async_get(hass).async_update_entity(entity_id, area_id=area_id)
