"""The phone system restarts while Home Assistant is connected, and is not what it was."""

from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack
from typing import Unpack

import pytest

from custom_components.ws_cti.cti.story import Outcome, Step
from simulator.server import DialectOptions, SimulatorServer
from simulator.wire import Grammar
from simulator.words import Element
from tests.integration.office import Office

from .daily_life import daily_life
from .survival import Survivor

CLOSED = "the server closed the connection"
CALLER = "0312345678"


class Restarts:
    """Stop the server of an office and start it again at the same address."""

    def __init__(self, office: Office) -> None:
        """Know the server that runs."""
        self._office = office
        self._running = AsyncExitStack()

    async def stop(self) -> None:
        """Stop the server that runs."""
        await self._office.server.__aexit__(None, None, None)

    async def start(self, **dialect: Unpack[DialectOptions]) -> None:
        """Start another server, which may speak in another way."""
        old = self._office.server
        server = SimulatorServer(old.phone_system, old.port, **dialect)
        self._office.server = await self._running.enter_async_context(server)

    async def end(self) -> None:
        """Stop whatever was started."""
        await self._running.aclose()


@pytest.fixture
async def restarts(office: Office) -> AsyncGenerator[Restarts]:
    """Return who restarts the server."""
    restarts = Restarts(office)
    yield restarts
    await restarts.end()


@pytest.mark.fault("restart with the same data")
async def test_server_that_restarts_is_found_again(survivor: Survivor, restarts: Restarts) -> None:
    async with survivor.running(CLOSED) as survival, daily_life(survival) as life:
        await restarts.stop()
        life.go_on()
        await restarts.start()
        await survival.comes_back()


@pytest.mark.fault("restart that ends all calls")
async def test_calls_that_a_restart_ended_are_over(survivor: Survivor, restarts: Restarts) -> None:
    async with survivor.running(CLOSED) as survival:
        office = survival.office
        talking = office.system.incoming_call(CALLER, office.alice)
        talking.ring()
        talking.answer()
        waiting = office.system.incoming_call(CALLER, office.sales)
        await office.settled()
        await restarts.stop()
        survival.go_deaf()
        office.system.end_all_calls()
        await restarts.start()
        await survival.comes_back()
        await office.settled()
        assert survival.steps_of(talking)[-1] == (Step.ENDED, Outcome.ANSWERED)
        assert survival.steps_of(waiting)[-1] == (Step.ABANDONED, Outcome.UNKNOWN)


@pytest.mark.fault("restart with other users")
async def test_users_who_came_went_and_changed_are_known_after_a_restart(
    survivor: Survivor, restarts: Restarts
) -> None:
    async with survivor.running(CLOSED) as survival:
        office, system = survival.office, survival.office.system
        talking = system.incoming_call(CALLER, office.alice)
        talking.ring()
        talking.answer()
        await office.settled()
        await restarts.stop()
        survival.go_deaf()
        system.remove_user(office.zoe)
        system.rename(office.alice, "Alice Smith")
        system.set_presence(office.alice, 3)
        system.add_user("Bob", extension="1050", groups=[office.sales])
        support = system.groups.by_extension("1101")
        assert support is not None
        system.remove_group(support)
        system.add_group("Service", extension="1150")
        await restarts.start()
        await survival.comes_back()
        await office.settled()
        assert {"Alice Smith", "Bob", "Service"} <= office.device_names
        assert {"Zoë", "Support"}.isdisjoint(office.device_names)


@pytest.mark.fault("restart with another field order")
async def test_fields_may_come_in_another_order_after_a_restart(
    survivor: Survivor, restarts: Restarts
) -> None:
    async with survivor.running(CLOSED, CLOSED) as survival, daily_life(survival) as life:
        await restarts.stop()
        life.go_on()
        await restarts.start(field_order_seed=5)
        await survival.comes_back()
        await restarts.stop()
        survival.go_deaf()
        await restarts.start(field_order_seed=6, utf8_atoms=True)
        await survival.comes_back(2)


@pytest.mark.fault("restart with other lists")
async def test_lists_of_waiting_calls_may_be_others_after_a_restart(
    survivor: Survivor, restarts: Restarts
) -> None:
    gone = {Element.QUEUED_CHANNEL, Element.PARKED_CHANNEL}
    async with survivor.running(CLOSED) as survival, daily_life(survival) as life:
        await restarts.stop()
        life.go_on()
        await restarts.start(elements=[one for one in Element if one not in gone])
        await survival.comes_back()


@pytest.mark.fault("restart with an older grammar")
@pytest.mark.parametrize("grammar", [Grammar.LEGACY, Grammar.LEGACY_WRAPPED])
async def test_phone_system_may_speak_as_years_ago_after_a_restart(
    survivor: Survivor, restarts: Restarts, grammar: Grammar
) -> None:
    async with survivor.running(CLOSED) as survival:
        office = survival.office
        talking, ringing, over = (
            office.system.incoming_call(CALLER, whom)
            for whom in (office.alice, office.zoe, office.sales)
        )
        for call in (talking, ringing):
            call.ring()
        await office.settled()
        await restarts.stop()
        survival.go_deaf()
        talking.answer()
        over.cancel()
        await restarts.start(grammar=grammar)
        await survival.comes_back()
        await office.settled()
        assert survival.steps_of(talking)[1:] == [(Step.ANSWERED, None)]
        assert survival.steps_of(ringing)[1:] == []
        assert survival.steps_of(over)[1:] == [(Step.ABANDONED, Outcome.UNKNOWN)]
        ringing.answer()
        await office.settled()
        assert survival.steps_of(ringing)[1:] == [(Step.ANSWERED, None)]
