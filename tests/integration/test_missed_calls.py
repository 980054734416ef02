"""Tests of how missed calls are counted, shown and counted anew."""

from datetime import datetime, timedelta
from typing import Any

from homeassistant.auth.models import User
from homeassistant.const import STATE_UNAVAILABLE
from homeassistant.core import Context
from homeassistant.exceptions import ServiceValidationError, Unauthorized
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockUser, async_fire_time_changed

from custom_components.ws_cti.const import (
    CONF_CALL_LOG_DAYS,
    CONF_CALL_LOG_SIZE,
    DOMAIN,
)
from simulator.model import User as Colleague
from tests.integration.office import Office

OLIVE = "0312345678"
ALICE = "sensor.alice_martin_missed_calls"
ZOE = "sensor.zoe_missed_calls"
SALES = "sensor.sales_missed_calls"
RESET = "reset_missed_calls"


async def miss(office: Office, number: str | None = OLIVE, to: Colleague | None = None) -> None:
    """Let somebody call whom nobody answers."""
    call = office.system.incoming_call(number, to or office.alice, name="Olive Oyl")
    call.ring()
    office.later(7)
    call.cancel()
    await office.settled()


async def press(office: Office, entity_id: str) -> None:
    """Press a button."""
    await office.hass.services.async_call(
        "button", "press", {"entity_id": entity_id}, blocking=True
    )


async def reset(office: Office, target: dict[str, Any], user: User | None = None) -> None:
    """Perform the action, for a person or for an automation."""
    context = Context(user_id=user.id) if user is not None else None
    await office.hass.services.async_call(DOMAIN, RESET, target, blocking=True, context=context)


def latest(office: Office, entity_id: str) -> list[dict[str, Any]]:
    """Return the newest missed calls."""
    shown: list[dict[str, Any]] = office.attributes(entity_id)["latest"]
    return shown


def last_reset(office: Office, entity_id: str) -> datetime:
    """Return since when is counted."""
    return datetime.fromisoformat(office.attributes(entity_id)["last_reset"])


# Counting


async def test_missed_call_is_counted_and_shown(office: Office) -> None:
    await office.open()
    assert office.state(ALICE) == "0"
    assert latest(office, ALICE) == []

    await miss(office)

    assert office.state(ALICE) == "1"
    assert latest(office, ALICE) == [
        {
            "number": OLIVE,
            "name": "Olive Oyl",
            "time": "2026-11-20T09:00:07+00:00",
            "outcome": "cancelled",
            "group": None,
        }
    ]
    assert office.state(ZOE) == "0"


async def test_call_that_is_answered_is_not_missed_by_anybody(office: Office) -> None:
    await office.open()
    call = office.system.incoming_call(OLIVE, office.sales)
    call.ring(office.alice)
    call.ring(office.zoe)
    call.answer(office.zoe)
    call.hang_up()
    out = office.system.outgoing_call(office.alice, OLIVE)
    out.ring()
    out.cancel()
    await office.settled()

    for entity_id in (ALICE, ZOE, SALES):
        assert office.state(entity_id) == "0"


async def test_call_that_a_group_lets_go_is_missed_by_the_group_and_by_whom_it_rang(
    office: Office,
) -> None:
    await office.open()
    call = office.system.incoming_call(OLIVE, office.sales)
    call.ring(office.alice)
    office.later(90)
    call.cancel()
    await office.settled()

    assert office.state(SALES) == "1"
    assert office.state(ALICE) == "1"
    assert office.state(ZOE) == "0"
    for entity_id in (SALES, ALICE):
        [shown] = latest(office, entity_id)
        assert (shown["number"], shown["group"]) == (OLIVE, "Sales")


async def test_only_the_newest_ten_are_shown(office: Office) -> None:
    await office.open()
    for number in range(12):
        await miss(office, str(number))

    assert office.state(ALICE) == "12"
    assert [shown["number"] for shown in latest(office, ALICE)] == [
        str(number) for number in range(11, 1, -1)
    ]


async def test_call_missed_while_the_connection_was_down_is_counted(office: Office) -> None:
    await office.open()
    call = office.system.incoming_call(OLIVE, office.sales)
    await office.settled()
    await office.lose_connection()
    assert office.state(SALES) == STATE_UNAVAILABLE
    call.cancel()
    await office.find_connection()

    assert office.state(SALES) == "1"


@pytest.mark.parametrize("size", [500, 0], ids=["with a log", "without a log"])
async def test_count_survives_a_restart(office: Office, size: int) -> None:
    options = {CONF_CALL_LOG_SIZE: size}
    await office.open(**options)
    await miss(office)
    await miss(office)
    since = last_reset(office, ALICE)
    await office.close()
    await office.open(**options)

    assert office.state(ALICE) == "2"
    assert last_reset(office, ALICE) == since
    # Who called is kept with the log, and not without it.
    assert len(latest(office, ALICE)) == (2 if size else 0)


async def test_who_called_is_forgotten_with_the_log(office: Office) -> None:
    await office.open()
    await miss(office)
    await office.reopen(**{CONF_CALL_LOG_SIZE: 0})
    assert office.state(ALICE) == "1"
    assert latest(office, ALICE) == []

    # While Home Assistant runs, whoever calls is shown all the same.
    await miss(office, "0901")
    assert [shown["number"] for shown in latest(office, ALICE)] == ["0901"]


async def test_who_called_long_ago_is_forgotten_and_still_counted(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = dt_util.utcnow
    await office.open(**{CONF_CALL_LOG_DAYS: 7})
    await miss(office, "0901")
    monkeypatch.setattr(dt_util, "utcnow", lambda: now() + timedelta(days=6))
    await miss(office, "0902")
    monkeypatch.setattr(dt_util, "utcnow", lambda: now() + timedelta(days=8))
    async_fire_time_changed(office.hass, now() + timedelta(days=1, seconds=5))
    await office.hass.async_block_till_done()
    await office.until(lambda: office.state(ALICE) != STATE_UNAVAILABLE)

    assert office.state(ALICE) == "2"
    assert [shown["number"] for shown in latest(office, ALICE)] == ["0902"]


async def test_statistics_can_add_up_what_came_between_resets(office: Office) -> None:
    await office.open()
    attributes = office.attributes(ALICE)
    assert attributes["state_class"] == "total"
    assert attributes["unit_of_measurement"] == "calls"
    assert last_reset(office, ALICE) <= dt_util.utcnow()


# Counting anew


async def test_button_counts_anew(office: Office) -> None:
    await office.open()
    await miss(office)
    await miss(office, to=office.zoe)
    before = last_reset(office, ALICE)

    await press(office, "button.alice_martin_reset_missed_calls")

    assert office.state(ALICE) == "0"
    assert latest(office, ALICE) == []
    assert last_reset(office, ALICE) > before
    assert office.state(ZOE) == "1"
    await miss(office)
    assert office.state(ALICE) == "1"


async def test_reset_without_missed_calls_is_shown_too(office: Office) -> None:
    await office.open()
    before = last_reset(office, SALES)
    await press(office, "button.sales_reset_missed_calls")
    assert last_reset(office, SALES) > before


async def test_reset_survives_a_restart(office: Office) -> None:
    await office.open()
    await miss(office)
    await press(office, "button.alice_martin_reset_missed_calls")
    since = last_reset(office, ALICE)
    await office.close()
    await office.open()

    assert office.state(ALICE) == "0"
    assert last_reset(office, ALICE) == since


async def test_reset_leaves_the_log_alone(office: Office) -> None:
    await office.open()
    await miss(office)
    await press(office, "button.alice_martin_reset_missed_calls")
    assert len(office.entry.runtime_data.call_log) == 1


@pytest.mark.parametrize(
    ("target", "left"),
    [
        ({"entity_id": ALICE}, ["0", "1", "1"]),
        (
            {"entity_id": ["event.zoe_phone_call", "button.sales_reset_missed_calls"]},
            ["1", "0", "0"],
        ),
        ({"entity_id": "sensor.example_basix_ne_jp_active_calls"}, ["0", "0", "0"]),
        ({}, ["0", "0", "0"]),
    ],
)
async def test_action_counts_anew_whoever_is_meant(
    office: Office, target: dict[str, Any], left: list[str]
) -> None:
    await office.open()
    call = office.system.incoming_call(OLIVE, office.sales)
    call.ring(office.alice)
    call.ring(office.zoe)
    call.cancel()
    await office.settled()
    assert [office.state(one) for one in (ALICE, ZOE, SALES)] == ["1", "1", "1"]

    await reset(office, target)

    assert [office.state(one) for one in (ALICE, ZOE, SALES)] == left


async def test_action_counts_anew_by_device(office: Office) -> None:
    await office.open()
    await miss(office)
    key = ("user", str(office.alice.id))
    await reset(office, {"device_id": office.entry.runtime_data.roster.device_id(key)})
    assert office.state(ALICE) == "0"


async def test_action_for_somebody_unknown_is_refused(office: Office) -> None:
    await office.open()
    with pytest.raises(ServiceValidationError):
        await reset(office, {"entity_id": "light.kitchen"})


async def test_nobody_resets_what_he_may_not_control(office: Office) -> None:
    await office.open()
    await miss(office)
    user = MockUser(is_owner=False).add_to_hass(office.hass)
    user.mock_policy({"entities": {"entity_ids": {ALICE: {"read": True}}}})
    with pytest.raises(Unauthorized):
        await reset(office, {"entity_id": ALICE}, user)
    assert office.state(ALICE) == "1"

    user.mock_policy({"entities": {"entity_ids": {ALICE: {"control": True}}}})
    await reset(office, {"entity_id": ALICE}, user)
    assert office.state(ALICE) == "0"
