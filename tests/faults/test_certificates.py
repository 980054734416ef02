"""A server shows a certificate that nobody should trust, at once or when it comes back."""

from collections.abc import AsyncGenerator, Callable
import ssl as tls
from typing import Any

from homeassistant.const import CONF_SSL
import pytest

from custom_components.ws_cti import account
from simulator.misbehaviour import Line
from simulator.server import SimulatorServer

from .certificates import Authority
from .daily_life import daily_life
from .survival import Survivor

BROKEN = "the connection broke off"

BAD = [
    pytest.param(show, reason, marks=pytest.mark.fault(f"TLS: {name}"), id=name)
    for name, show, reason in (
        (
            "expired",
            lambda authority: authority.server(days_left=-1),
            "certificate has expired",
        ),
        (
            "wrong name",
            lambda authority: authority.server(address="192.0.2.1"),
            "IP address mismatch, certificate is not valid for '127.0.0.1'",
        ),
        ("self-signed", Authority.self_made_server, "self-signed certificate"),
        (
            "unknown authority",
            Authority.server_of_another,
            "unable to get local issuer certificate",
        ),
    )
]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
async def line(simulator: SimulatorServer, authority: Authority) -> AsyncGenerator[Line]:
    async with Line(simulator.port, ssl=authority.server()) as line:
        yield line


@pytest.fixture
def entry_data(
    entry_data: dict[str, Any], authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> dict[str, Any]:
    monkeypatch.setattr(account, "get_default_context", lambda: authority.trusting)
    return {**entry_data, CONF_SSL: True}


@pytest.mark.parametrize(("show", "reason"), BAD)
async def test_set_up_waits_for_a_certificate_that_can_be_trusted(
    survivor: Survivor,
    line: Line,
    authority: Authority,
    show: Callable[[Authority], tls.SSLContext],
    reason: str,
) -> None:
    line.show(show(authority))
    async with survivor.setting_up(f"the server's certificate is not trusted: {reason}"):
        line.show(authority.server())


@pytest.mark.parametrize(("show", "reason"), BAD)
async def test_server_that_comes_back_with_a_bad_certificate_is_told_nothing(
    survivor: Survivor,
    line: Line,
    authority: Authority,
    show: Callable[[Authority], tls.SSLContext],
    reason: str,
) -> None:
    async with survivor.running(BROKEN) as survival, daily_life(survival) as life:
        line.answer(b"")
        line.show(show(authority))
        line.reset()
        life.go_on()
        await survival.fails_again()
        # No request was ever read, so no credentials were.
        assert line.requests == []
        line.heal()
        line.show(authority.server())
        await survival.comes_back()


@pytest.mark.fault("TLS: a server without it")
async def test_server_that_gave_tls_up_is_not_spoken_with_in_the_clear(
    survivor: Survivor, line: Line, authority: Authority
) -> None:
    async with survivor.running(BROKEN) as survival, daily_life(survival) as life:
        line.show(None)
        line.reset()
        life.go_on()
        await survival.fails_again()
        line.show(authority.server())
        await survival.comes_back()
