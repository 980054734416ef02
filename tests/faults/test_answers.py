"""A server answers something else than a phone system would, or there is none."""

from collections.abc import Callable
from datetime import timedelta
import socket
import time
from typing import Any

from homeassistant.config_entries import ConfigEntryState
from homeassistant.core import HomeAssistant
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import async_fire_time_changed

from custom_components.ws_cti import manners
from custom_components.ws_cti.const import CONF_SERVER
from custom_components.ws_cti.cti import link
from simulator.misbehaviour import Line, http_response
from tests.integration.office import Office

from .daily_life import daily_life
from .survival import Survivor

UNREACHABLE = "The phone system cannot be reached: {}"
BROKEN = "the connection broke off"
PAGE = "<html><body><h1>It works!</h1></body></html>"

ANSWERS = [
    pytest.param(
        http_response(status, body),
        reason,
        marks=pytest.mark.fault(f"HTTP {status}"),
        id=status.partition(" ")[0],
    )
    for status, body, reason in (
        ("404 Not Found", "", "the server answered HTTP 404"),
        ("429 Too Many Requests", "", "the server answered HTTP 429"),
        ("500 Internal Server Error", "", "the server answered HTTP 500"),
        ("502 Bad Gateway", PAGE, "the server answered HTTP 502"),
        ("503 Service Unavailable", "", "the server answered HTTP 503"),
        ("200 OK", PAGE, "the server answered HTTP 200"),
    )
]


@pytest.mark.parametrize(("response", "reason"), ANSWERS)
async def test_answer_to_a_set_up_is_shown_and_the_set_up_tried_again(
    survivor: Survivor, line: Line, response: bytes, reason: str
) -> None:
    line.answer(response)
    async with survivor.setting_up(reason):
        line.heal()


@pytest.mark.parametrize(("response", "reason"), ANSWERS)
async def test_answer_to_a_connection_that_was_lost_does_not_end_the_attempts(
    survivor: Survivor, line: Line, response: bytes, reason: str
) -> None:
    async with survivor.running(BROKEN) as survival, daily_life(survival) as life:
        line.answer(response)
        line.reset()
        life.go_on()
        await survival.fails_again()
        line.heal()
        await survival.comes_back()


@pytest.mark.fault("HTTP 429 with Retry-After")
@pytest.mark.parametrize("status", ["429 Too Many Requests", "503 Service Unavailable"])
async def test_server_that_asks_for_time_is_given_it(
    survivor: Survivor, line: Line, waits: list[float], status: str
) -> None:
    async with survivor.running(BROKEN) as survival, daily_life(survival) as life:
        line.answer(http_response(status, Retry_After="120"))
        line.reset()
        life.go_on()
        await survival.fails_again(4)
        line.heal()
        await survival.comes_back()
        # The loss itself is followed by an attempt at once.
        assert set(waits[1:]) == {120.0}


@pytest.mark.fault("HTTP 429 with Retry-After")
async def test_server_that_asks_for_time_is_left_alone_by_the_set_up(
    office: Office, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.monotonic()
    monkeypatch.setattr(manners, "monotonic", lambda: now)
    line.answer(http_response("429 Too Many Requests", Retry_After="600"))
    assert await office.try_to_open() is ConfigEntryState.SETUP_RETRY
    assert office.entry.reason == UNREACHABLE.format("the server answered HTTP 429")
    now += 599
    async_fire_time_changed(office.hass, dt_util.utcnow() + timedelta(minutes=10))
    asked = UNREACHABLE.format("the server asked to be left alone for 1 seconds")
    await office.until(lambda: office.entry.reason == asked)
    assert len(line.requests) == 1
    line.heal()
    now += 1
    async_fire_time_changed(office.hass, dt_util.utcnow() + timedelta(minutes=20))
    await office.until(lambda: office.entry.state is ConfigEntryState.LOADED)


# What a redirect leads to


@pytest.mark.fault("redirect")
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("scheme", ["http", "ws"])
async def test_redirect_is_never_followed(
    survivor: Survivor, line: Line, status: int, scheme: str
) -> None:
    async with Line(0) as elsewhere:
        elsewhere.answer(http_response("200 OK"))
        location = f"{scheme}://{elsewhere.host}:{elsewhere.port}/basix/api/ws_cti"
        moved = http_response(f"{status} Moved", Location=location)
        line.answer(moved)
        reason = f"the server sends us elsewhere (HTTP {status}), where we do not go"
        async with survivor.setting_up(reason):
            line.heal()
        assert line.requests
        assert elsewhere.requests == []


@pytest.mark.fault("redirect")
async def test_redirect_of_a_connection_that_was_lost_is_not_followed(
    survivor: Survivor, line: Line
) -> None:
    async with (
        Line(0) as elsewhere,
        survivor.running(BROKEN) as survival,
        daily_life(survival) as life,
    ):
        elsewhere.answer(http_response("200 OK"))
        location = f"ws://{elsewhere.host}:{elsewhere.port}/basix/api/ws_cti"
        line.answer(http_response("302 Found", Location=location))
        line.reset()
        life.go_on()
        await survival.fails_again()
        line.heal()
        await survival.comes_back()
        assert elsewhere.requests == []


# Servers that say nothing, and no server


@pytest.mark.fault("accepts and never answers")
async def test_server_that_never_answers_does_not_hold_a_set_up(
    survivor: Survivor, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "OPEN_SECONDS", 0.1)
    line.say_nothing()
    reason = "the server did not answer in time"
    async with survivor.setting_up(reason):
        monkeypatch.setattr(link, "OPEN_SECONDS", 5.0)
        line.heal()


@pytest.mark.fault("upgrades and never says anything")
async def test_server_that_welcomes_and_says_nothing_does_not_hold_a_set_up(
    survivor: Survivor, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "FIRST_MESSAGE_SECONDS", 0.1)
    monkeypatch.setattr(link, "CLOSE_SECONDS", 0.1)
    line.upgrade_only()
    reason = "the server accepted us and says nothing"
    async with survivor.setting_up(reason):
        monkeypatch.setattr(link, "FIRST_MESSAGE_SECONDS", 5.0)
        line.heal()


@pytest.mark.parametrize(
    ("constant", "misbehave"),
    [
        pytest.param(
            "OPEN_SECONDS",
            Line.say_nothing,
            marks=pytest.mark.fault("accepts and never answers"),
            id="never answers",
        ),
        pytest.param(
            "FIRST_MESSAGE_SECONDS",
            Line.upgrade_only,
            marks=pytest.mark.fault("upgrades and never says anything"),
            id="never speaks",
        ),
    ],
)
async def test_server_that_falls_silent_is_tried_until_it_speaks(
    survivor: Survivor,
    line: Line,
    monkeypatch: pytest.MonkeyPatch,
    constant: str,
    misbehave: Callable[[Line], None],
) -> None:
    async with survivor.running(BROKEN) as survival, daily_life(survival) as life:
        misbehave(line)
        with monkeypatch.context() as hasty:
            hasty.setattr(link, constant, 0.1)
            hasty.setattr(link, "CLOSE_SECONDS", 0.1)
            line.reset()
            life.go_on()
            await survival.fails_again()
        line.heal()
        await survival.comes_back()


@pytest.mark.fault("hangs up at once")
async def test_server_that_hangs_up_is_no_reason_to_give_up(survivor: Survivor, line: Line) -> None:
    line.answer(b"")
    reason = "the server hung up at once"
    async with survivor.setting_up(reason):
        line.heal()


@pytest.mark.fault("hangs up at once")
async def test_server_that_hangs_up_on_each_attempt_is_tried_until_it_does_not(
    survivor: Survivor, line: Line
) -> None:
    async with survivor.running(BROKEN) as survival, daily_life(survival) as life:
        line.answer(b"")
        line.reset()
        life.go_on()
        await survival.fails_again()
        assert len(line.requests) >= 2
        line.heal()
        await survival.comes_back()


@pytest.mark.fault("refused")
async def test_set_up_that_nobody_listens_to_is_tried_again(survivor: Survivor, line: Line) -> None:
    await line.shut()
    reason = "Connection refused"
    async with survivor.setting_up(reason):
        await line.open()


# Names


class Names:
    """Be the names of the network, of which ours may be missing."""

    def __init__(self, hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_known = True
        self._resolve = hass.loop.getaddrinfo
        monkeypatch.setattr(hass.loop, "getaddrinfo", self._look_up)

    async def _look_up(self, host: str, port: int, **wanted: Any) -> object:  # noqa: ANN401
        if host != "pbx.test":
            return await self._resolve(host, port, **wanted)
        if not self.is_known:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return await self._resolve("127.0.0.1", port, **wanted)


class TestNames:
    @pytest.fixture
    def entry_data(self, entry_data: dict[str, Any], line: Line) -> dict[str, Any]:
        return {**entry_data, CONF_SERVER: f"pbx.test:{line.port}"}

    @pytest.fixture
    def names(self, hass: HomeAssistant, monkeypatch: pytest.MonkeyPatch) -> Names:
        return Names(hass, monkeypatch)

    @pytest.mark.fault("DNS failure")
    async def test_name_that_leads_nowhere_is_tried_again(
        self, survivor: Survivor, names: Names
    ) -> None:
        names.is_known = False
        reason = "the server's name leads nowhere: Name or service not known"
        async with survivor.setting_up(reason):
            names.is_known = True

    @pytest.mark.fault("DNS failure")
    async def test_name_that_is_lost_for_a_while_does_not_end_the_attempts(
        self, survivor: Survivor, names: Names, line: Line
    ) -> None:
        async with survivor.running(BROKEN) as survival, daily_life(survival) as life:
            names.is_known = False
            line.reset()
            life.go_on()
            await survival.fails_again()
            names.is_known = True
            await survival.comes_back()
