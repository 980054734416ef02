"""Other clients want our place, or the phone system no longer wants us."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from typing import Any

from homeassistant.config_entries import SOURCE_REAUTH, ConfigEntryState
from homeassistant.const import CONF_API_TOKEN
from homeassistant.helpers import issue_registry as ir
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.ws_cti.const import CONF_TAKE_OVER, DEFAULT_APP_NAME, DOMAIN
from custom_components.ws_cti.issues import QUARREL_SECONDS, Issue
from simulator.misbehaviour import Line, http_response
from tests.cti.lines import Host, driver, linked
from tests.integration.conftest import PBX_DOMAIN, TOKEN
from tests.integration.office import CONNECTION, Office

from .daily_life import daily_life
from .survival import Survivor

BROKEN = "the connection broke off"
CLOSED = "the server closed the connection"
REPLACED = "another client of the same app name took the connection over: connection_replaced"
CROWDED = "the phone system admits no more connections of this app name: connection_limit_reached"


@asynccontextmanager
async def another_client(office: Office) -> AsyncIterator[Host]:
    """Keep a connection of the same app name, that pushes out whoever was there first."""
    ours = driver(office.server.port, token=TOKEN)
    theirs = replace(ours, domain=PBX_DOMAIN, app_name=DEFAULT_APP_NAME)
    async with linked(theirs) as (_, host):
        await host.whole()
        yield host


def issues(office: Office) -> list[str | None]:
    """Return what people are asked to repair, the open line of these tests aside."""
    registry = ir.async_get(office.hass)
    return [
        one.translation_key
        for one in registry.issues.values()
        if one.domain == DOMAIN and one.translation_key != Issue.NOT_ENCRYPTED
    ]


def reauthentications(office: Office) -> list[Any]:
    """Return the flows that ask for a new token."""
    flows = office.hass.config_entries.flow.async_progress()
    return [flow for flow in flows if flow["context"]["source"] == SOURCE_REAUTH]


# connection_replaced


@pytest.mark.fault("connection_replaced")
async def test_two_home_assistants_do_not_push_each_other_out(survivor: Survivor) -> None:
    async with survivor.running(REPLACED) as survival:
        office = survival.office
        async with daily_life(survival) as life, another_client(office) as second:
            async with another_client(office) as third:
                life.go_on()
                await survival.fails_again(5)
                # They were left alone, and people are told why nothing works.
                assert second.errors == third.errors == []
                assert office.state(CONNECTION) == "off"
                assert issues(office) == [Issue.CONNECTION_REPLACED]
            # Now that one place is free nobody has to go.
            await survival.comes_back()
            assert second.errors == []
        assert issues(office) == [Issue.CONNECTION_REPLACED]
        peace = dt_util.utcnow() + timedelta(seconds=QUARREL_SECONDS + 1)
        async_fire_time_changed(office.hass, peace)
        await office.hass.async_block_till_done()
        assert issues(office) == []


@pytest.mark.fault("connection_replaced")
async def test_home_assistant_that_was_pushed_out_once_stays_modest(
    survivor: Survivor, line: Line
) -> None:
    async with survivor.running(REPLACED, BROKEN) as survival, daily_life(survival) as life:
        office = survival.office
        async with another_client(office):
            async with another_client(office):
                survival.go_deaf()
                await survival.fails_again()
            await survival.comes_back()
            line.answer(http_response("503 Service Unavailable"))
            line.reset()
            life.go_on()
            async with another_client(office) as third:
                await survival.fails_again()
                line.heal()
                # What it lost by accident it does not take back by force.
                await survival.fails_again()
                assert third.errors == []
        await survival.comes_back(2)


@pytest.mark.fault("connection_replaced")
async def test_quarrel_is_not_begun_anew_by_each_set_up(survivor: Survivor, office: Office) -> None:
    async with survivor.set_up_anew(REPLACED) as survival:
        async with another_client(office) as second, another_client(office) as third:
            survival.go_deaf()
            await survival.fails_again(1)
            await office.hass.config_entries.async_reload(office.entry.entry_id)
            assert office.entry.state is ConfigEntryState.SETUP_RETRY
            assert second.errors == third.errors == []
            assert issues(office) == [Issue.CONNECTION_REPLACED]
        await office.until(lambda: not office.server.connections)
        async_fire_time_changed(office.hass, dt_util.utcnow() + timedelta(minutes=2))
        await office.until(lambda: office.entry.state is ConfigEntryState.LOADED)


# connection_limit_reached


class TestLimit:
    @pytest.fixture
    def entry_data(self, entry_data: dict[str, Any]) -> dict[str, Any]:
        return {**entry_data, CONF_TAKE_OVER: False}

    @pytest.mark.fault("connection_limit_reached")
    async def test_set_up_waits_for_a_free_place(self, survivor: Survivor, office: Office) -> None:
        async with AsyncExitStack() as others:
            for _ in range(2):
                await others.enter_async_context(another_client(office))
            async with survivor.setting_up(CROWDED) as survival:
                assert issues(survival.office) == [Issue.LIMIT_REACHED]
                await others.aclose()
                await survival.office.until(lambda: not survival.office.server.connections)
        assert issues(office) == []

    @pytest.mark.fault("connection_limit_reached")
    async def test_place_that_was_taken_meanwhile_is_waited_for(
        self, survivor: Survivor, line: Line
    ) -> None:
        async with survivor.running(BROKEN) as survival, daily_life(survival) as life:
            office = survival.office
            line.answer(http_response("503 Service Unavailable"))
            line.reset()
            life.go_on()
            await office.until(lambda: not office.server.connections)
            async with another_client(office) as second, another_client(office) as third:
                line.heal()
                await survival.fails_again()
                assert second.errors == third.errors == []
                assert issues(office) == [Issue.LIMIT_REACHED]
            await survival.comes_back()
            assert issues(office) == []


# Tokens


@pytest.mark.fault("HTTP 401")
@pytest.mark.parametrize("status", [pytest.param(403, marks=pytest.mark.fault("HTTP 403")), 401])
async def test_refused_token_is_asked_for_at_set_up(
    office: Office, line: Line, status: int
) -> None:
    line.answer(http_response(f"{status} Refused"))
    assert await office.try_to_open() is ConfigEntryState.SETUP_ERROR
    assert office.entry.reason == "The phone system refuses the domain or the token"
    assert len(reauthentications(office)) == 1
    assert len(line.requests) == 1


@pytest.mark.fault("HTTP 401")
@pytest.mark.parametrize("status", [pytest.param(403, marks=pytest.mark.fault("HTTP 403")), 401])
async def test_token_that_is_refused_when_the_connection_is_made_again_is_asked_for_once(
    survivor: Survivor, line: Line, status: int
) -> None:
    async with survivor.set_up_anew(BROKEN) as survival:
        office = survival.office
        goes_on = office.system.incoming_call("0312345678", office.zoe)
        goes_on.ring()
        goes_on.answer()
        await office.settled()
        line.answer(http_response(f"{status} Refused"))
        line.reset()
        survival.go_deaf()
        await office.until(lambda: reauthentications(office) != [])
        assert office.state(CONNECTION) == "off"
        async_fire_time_changed(office.hass, dt_util.utcnow() + timedelta(hours=1))
        await office.hass.async_block_till_done(wait_background_tasks=True)
        # To try again could lock the account.
        assert len(line.requests) == 1
        line.heal()
        (flow,) = reauthentications(office)
        await office.hass.config_entries.flow.async_configure(
            flow["flow_id"], {CONF_API_TOKEN: TOKEN}
        )
        await office.until(lambda: office.state(CONNECTION) == "on")
        assert reauthentications(office) == []
        assert office.state("sensor.zoe_call_state") == "talking"


@pytest.mark.fault("token revoked while running")
async def test_token_that_is_revoked_is_asked_for_once_and_never_tried_again(
    survivor: Survivor,
) -> None:
    async with survivor.set_up_anew(CLOSED) as survival:
        office = survival.office
        goes_on = office.system.incoming_call("0312345678", office.zoe)
        goes_on.ring()
        goes_on.answer()
        await office.settled()
        office.system.token = "another"
        office.server.close_connections()
        survival.go_deaf()
        await office.until(lambda: reauthentications(office) != [])
        # Nothing is left that could try again.
        failures = survival.failures
        assert office.state(CONNECTION) == "off"
        async_fire_time_changed(office.hass, dt_util.utcnow() + timedelta(hours=1))
        await office.hass.async_block_till_done(wait_background_tasks=True)
        assert survival.failures == failures
        (flow,) = reauthentications(office)
        await office.hass.config_entries.flow.async_configure(
            flow["flow_id"], {CONF_API_TOKEN: "another"}
        )
        await office.until(lambda: office.state(CONNECTION) == "on")
        assert reauthentications(office) == []
        assert office.state("sensor.zoe_call_state") == "talking"
