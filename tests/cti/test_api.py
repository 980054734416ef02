"""Tests of the HTTP API over a real socket: one request, one answer, never a second one."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
import json
import logging
from typing import Final

from aiohttp import ClientSession, DummyCookieJar, web
from aiohttp.test_utils import TestServer, unused_port
import pytest

from custom_components.ws_cti.cti.basix import api
from custom_components.ws_cti.cti.basix.driver import BasixDriver
from custom_components.ws_cti.cti.commands import CallUser, Placed
from custom_components.ws_cti.cti.errors import (
    AuthError,
    CertificateError,
    ConnectError,
    CtiError,
    NotAPbxError,
    RejectedError,
    UnavailableError,
    UnknownFateError,
)
from simulator.phone_system import PhoneSystem
from simulator.server import SimulatorServer

TOKEN: Final = "a_secret_token"
REQUEST: Final = CallUser(user_id="10001000", destination="1002")

type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture(autouse=True)
def sockets(socket_enabled: None) -> None:
    """Allow sockets."""


@pytest.fixture
async def http() -> AsyncGenerator[ClientSession]:
    """Return an HTTP session as the host makes one."""
    async with ClientSession(cookie_jar=DummyCookieJar()) as session:
        yield session


class Pbx:
    """Serve one handler, and count."""

    def __init__(self) -> None:
        self.requests: list[web.Request] = []
        self.bodies: list[object] = []
        self.handler: Handler = answering({"result_code": 0, "uuids": ["1"]})
        application = web.Application()
        application.router.add_route("*", "/{path:.*}", self._answer)
        self.server = TestServer(application, host="127.0.0.1")

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        self.requests.append(request)
        self.bodies.append(await request.json())
        return await self.handler(request)

    @property
    def driver(self) -> BasixDriver:
        """Return the driver that speaks with it."""
        return driver(f"127.0.0.1:{self.server.port}")


def driver(server: str, *, use_tls: bool = False) -> BasixDriver:
    """Return a driver for a server."""
    return BasixDriver(
        server=server, domain="test1.com", token=TOKEN, app_name="test", use_tls=use_tls
    )


def answering(said: object, status: int = 200, **headers: str) -> Handler:
    """Return a handler that answers with JSON."""

    async def answer(request: web.Request) -> web.Response:
        return web.Response(text=json.dumps(said), status=status, headers=headers)

    return answer


@pytest.fixture
async def pbx() -> AsyncGenerator[Pbx]:
    """Return a server that answers as it is told."""
    pbx = Pbx()
    async with pbx.server:
        yield pbx


async def test_the_simulated_phone_system_places_a_call(http: ClientSession) -> None:
    system = PhoneSystem.office(domain="test1.com", token=TOKEN)
    alice = next(iter(system.users))
    async with SimulatorServer(system) as server:
        placed = await driver(f"{server.host}:{server.port}").place(
            CallUser(user_id=str(alice.id), destination="1002"), http
        )
    [call] = system.calls.values()
    assert placed == Placed(tuple(call.legs))


async def test_a_request_is_what_the_documentation_says(http: ClientSession, pbx: Pbx) -> None:
    assert await pbx.driver.place(REQUEST, http) == Placed(("1",))
    [request] = pbx.requests
    assert (request.method, request.path) == ("POST", "/basix/api/call_user")
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Authorization"] == "Basic dGVzdDEuY29tOmFfc2VjcmV0X3Rva2Vu"
    assert pbx.bodies == [{"user_id": 10001000, "destination": "1002"}]


@pytest.mark.parametrize("uuids", [None, "1", [], [7, None]])
async def test_a_call_may_be_placed_without_telling_its_channels(
    http: ClientSession, pbx: Pbx, uuids: object
) -> None:
    pbx.handler = answering({"result_code": 0, "uuids": uuids})
    assert await pbx.driver.place(REQUEST, http) == Placed(())


@pytest.mark.parametrize(
    ("said", "status", "error"),
    [
        ({"result_code": 500, "error": {"id": "user_not_found"}}, 200, RejectedError),
        ({"result_code": 500, "error": {"id": "user_not_found"}}, 500, RejectedError),
        ({"result_code": 500, "error": {"id": "authentication_required"}}, 200, AuthError),
        ({"result_code": 500}, 200, RejectedError),
        ({"result_code": "no", "error": "x"}, 200, RejectedError),
        ({"result_code": 1, "error": {"id": 5}}, 404, RejectedError),
        ("nonsense", 401, AuthError),
        ("nonsense", 403, AuthError),
        ("nonsense", 404, NotAPbxError),
        ("nonsense", 429, UnavailableError),
        ("nonsense", 503, UnavailableError),
        ("nonsense", 500, UnknownFateError),
        ("nonsense", 502, UnknownFateError),
        ("nonsense", 504, UnknownFateError),
        ("nonsense", 200, UnknownFateError),
        ({}, 200, UnknownFateError),
        ([], 200, UnknownFateError),
        ({"result_code": 0}, 500, UnknownFateError),
    ],
)
async def test_an_answer_that_is_no_success_is_told_by_its_kind(
    http: ClientSession, pbx: Pbx, said: object, status: int, error: type[CtiError]
) -> None:
    pbx.handler = answering(said, status)
    with pytest.raises(CtiError) as raised:
        await pbx.driver.place(REQUEST, http)
    assert type(raised.value) is error
    assert len(pbx.requests) == 1


async def test_the_reason_of_the_phone_system_is_kept(http: ClientSession, pbx: Pbx) -> None:
    pbx.handler = answering({"result_code": 500, "error": {"id": "user_not_found"}})
    with pytest.raises(RejectedError) as raised:
        await pbx.driver.place(REQUEST, http)
    assert raised.value.code == "user_not_found"


async def test_a_redirect_is_not_followed_with_the_token(http: ClientSession, pbx: Pbx) -> None:
    pbx.handler = answering({}, 307, Location="/elsewhere")
    with pytest.raises(NotAPbxError):
        await pbx.driver.place(REQUEST, http)
    assert len(pbx.requests) == 1


@pytest.mark.parametrize("text", ["{", "[" * 60_000, "\ud800".encode("utf-16", "surrogatepass")])
async def test_nonsense_leaves_the_fate_unknown(
    http: ClientSession, pbx: Pbx, text: str | bytes
) -> None:
    async def answer(request: web.Request) -> web.Response:
        return web.Response(body=text if isinstance(text, bytes) else text.encode())

    pbx.handler = answer
    with pytest.raises(UnknownFateError):
        await pbx.driver.place(REQUEST, http)


async def test_an_endless_answer_is_not_read_to_its_end(http: ClientSession, pbx: Pbx) -> None:
    sent = 0

    async def answer(request: web.Request) -> web.StreamResponse:
        nonlocal sent
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b" " * 65_536)
                sent += 65_536
        except ConnectionError:
            return response

    pbx.handler = answer
    async with asyncio.timeout(5):
        with pytest.raises(UnknownFateError):
            await pbx.driver.place(REQUEST, http)
    assert sent < 64 * 1024 * 1024


@pytest.mark.parametrize("begins", [True, False])
async def test_a_connection_that_is_lost_leaves_the_fate_unknown(
    http: ClientSession, pbx: Pbx, *, begins: bool
) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        if begins:
            await response.prepare(request)
            await response.write(b"{")
        assert request.transport is not None
        request.transport.close()
        return response

    pbx.handler = answer
    with pytest.raises(UnknownFateError):
        await pbx.driver.place(REQUEST, http)
    assert len(pbx.requests) == 1


async def test_an_answer_that_does_not_come_leaves_the_fate_unknown(
    http: ClientSession, pbx: Pbx, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        await asyncio.sleep(1)
        return web.Response()

    monkeypatch.setattr(api, "ANSWER_SECONDS", 0.1)
    pbx.handler = answer
    with pytest.raises(UnknownFateError):
        await pbx.driver.place(REQUEST, http)
    assert len(pbx.requests) == 1


async def test_no_connection_is_kept_that_could_die_unnoticed(
    http: ClientSession, pbx: Pbx
) -> None:
    for _ in range(2):
        await pbx.driver.place(REQUEST, http)
    ports = {request.transport for request in pbx.requests}
    assert [request.headers["Connection"] for request in pbx.requests] == ["close", "close"]
    assert len(ports) <= 2


async def test_a_server_that_is_not_there_was_asked_nothing(http: ClientSession) -> None:
    with pytest.raises(ConnectError) as raised:
        await driver(f"127.0.0.1:{unused_port()}").place(REQUEST, http)
    assert type(raised.value) is ConnectError


async def test_a_server_that_cannot_be_connected_in_time_was_asked_nothing(
    http: ClientSession, pbx: Pbx, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def connect(*args: object, **kwargs: object) -> None:
        await asyncio.sleep(1)

    monkeypatch.setattr(api, "CONNECT_SECONDS", 0.05)
    monkeypatch.setattr("aiohappyeyeballs.start_connection", connect)
    with pytest.raises(ConnectError) as raised:
        await pbx.driver.place(REQUEST, http)
    assert type(raised.value) is ConnectError
    assert pbx.requests == []


async def test_a_name_that_makes_no_address_is_told(http: ClientSession) -> None:
    with pytest.raises(NotAPbxError):
        await driver("pbx:port").place(REQUEST, http)


async def test_a_server_that_speaks_no_tls_was_asked_nothing(http: ClientSession, pbx: Pbx) -> None:
    with pytest.raises(CertificateError):
        await driver(f"127.0.0.1:{pbx.server.port}", use_tls=True).place(REQUEST, http)
    assert pbx.requests == []


async def test_the_token_is_in_no_log_and_no_error(
    http: ClientSession, pbx: Pbx, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    pbx.handler = answering({"result_code": 500, "error": {"id": "no"}})
    with pytest.raises(RejectedError) as raised:
        await pbx.driver.place(REQUEST, http)
    told = f"{raised.value!r} {raised.value} {caplog.text} {pbx.driver!r}"
    assert TOKEN not in told
    assert "dGVzdDEu" not in told
