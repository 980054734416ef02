"""One connection is kept alive, secrets stay in one header, and every failure has its name."""

import asyncio
from base64 import b64encode
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
import gc
import logging
from pathlib import Path
import socket
import ssl as tls
from threading import current_thread, main_thread
import traceback
from typing import override
from urllib.parse import parse_qs

from aiohttp import web
import pytest
from websockets.asyncio.server import ServerConnection, serve

from custom_components.ws_cti.cti import link as links, patience
from custom_components.ws_cti.cti.basix.driver import BasixSession
from custom_components.ws_cti.cti.errors import (
    AuthError,
    CertificateError,
    ConnectError,
    CtiError,
    LimitReachedError,
    NotAPbxError,
    ProtocolError,
    RejectedError,
    ReplacedError,
    SilenceError,
    UnavailableError,
)
from custom_components.ws_cti.cti.link import Link, probe
from custom_components.ws_cti.cti.model import Notice, Snapshot, Update
from custom_components.ws_cti.cti.patience import Patience
from custom_components.ws_cti.cti.words import Element
from simulator.phone_system import PhoneSystem
from simulator.server import SimulatorServer
from simulator.wire import Dialect, wire

from .lines import TOKEN, Host, Wire, certify, driver, eventually, http, linked, serving

LOGIN = b64encode(f"test1.com:{TOKEN}".encode()).decode()

pytestmark = pytest.mark.usefixtures("socket_enabled", "hurry")


@pytest.fixture
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let nobody wait as long as in life."""
    for name, seconds in {
        "OPEN_SECONDS": 2.0,
        "FIRST_MESSAGE_SECONDS": 2.0,
        "QUIET_SECONDS": 0.2,
        "COMPLETE_QUIET_SECONDS": 0.02,
        "SYNCHRONISE_SECONDS": 2.0,
    }.items():
        monkeypatch.setattr(links, name, seconds)
    for name, seconds in {
        "FIRST_DELAY": 0.01,
        "LONGEST_DELAY": 0.04,
        "FIRST_PUSHED_OUT_DELAY": 0.08,
        "LONGEST_PUSHED_OUT_DELAY": 0.08,
    }.items():
        monkeypatch.setattr(patience, name, seconds)


@pytest.fixture
def system() -> PhoneSystem:
    return PhoneSystem.office(users=3, groups=2, token=TOKEN)


@pytest.fixture
async def server(system: PhoneSystem) -> AsyncIterator[SimulatorServer]:
    async with SimulatorServer(system) as serving_now:
        yield serving_now


# A connection, and what is told of it


async def test_link_tells_the_whole_picture_and_then_every_change(
    system: PhoneSystem, server: SimulatorServer
) -> None:
    async with linked(driver(server.port)) as (link, host):
        await host.whole()
        assert host.reported == set(Element)
        assert len(host.pbx.users) == 3
        alice = next(iter(system.users))
        call = system.incoming_call("0399998888", alice)
        call.ring()
        await host.sees(lambda: host.told)
        assert host.told == [f"{alice.label} ringing"]
        call.cancel()
        await host.sees(lambda: len(host.told) == 2)
        assert host.told[1:] == [f"{alice.label} missed cancelled"]
        assert (link.frames_not_understood, host.errors) == (0, [])
        assert link.frames_received > 18


async def test_large_message_is_read_in_a_thread_and_told_in_its_place(
    system: PhoneSystem, server: SimulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    specifications = wire(Dialect()).specifications()
    monkeypatch.setattr(links, "LARGE_MESSAGE_BYTES", 1 + max(map(len, specifications)))
    for _ in range(20):
        system.add_user()
    readers: list[bool] = []
    receive = BasixSession.receive

    def noting(session: BasixSession, frame: bytes | str) -> Collection[Update | Notice]:
        readers.append(current_thread() is main_thread())
        return receive(session, frame)

    monkeypatch.setattr(BasixSession, "receive", noting)
    async with linked(driver(server.port)) as (_, host):
        await host.whole()
        assert False in readers
        assert readers[: len(specifications)] == [True] * len(specifications)
        assert host.pbx.users.keys() == {str(user.id) for user in system.users}
        assert host.errors == []


async def test_nothing_is_told_while_the_host_takes_rows_in(
    system: PhoneSystem, server: SimulatorServer
) -> None:
    class Thorough(Host):
        @override
        async def restored(self, snapshot: Snapshot) -> None:
            self.diary.append("begins")
            for _ in range(20):
                await asyncio.sleep(0)
            await super().restored(snapshot)
            self.diary.append("ends")

    host = Thorough()
    running = asyncio.create_task(Link(driver(server.port), host, ssl=None).run())
    await host.whole()
    for frame in wire(Dialect()).initial(system.rows):
        server.send_raw(frame)
        system.set_presence(next(iter(system.users)), 3)
    await host.sees(lambda: host.diary.count("received") == 3 * len(Element))
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    told = [line for line in host.diary if line != "synchronised"]
    begins = [index for index, line in enumerate(told) if line == "begins"]
    assert all(told[at : at + 3] == ["begins", "received", "ends"] for at in begins)
    assert len(begins) == 2 * len(Element)


async def test_picture_is_told_before_it_is_called_whole(server: SimulatorServer) -> None:
    async with linked(driver(server.port)) as (_, host):
        await host.whole()
        assert set(host.diary[:-1]) == {"received"}
        assert host.diary[-1] == "synchronised"


async def test_messages_to_people_are_passed_on(server: SimulatorServer) -> None:
    async with linked(driver(server.port)) as (_, host):
        await host.whole()
        server.user_message("Lunch is ready")
        server.system_message("logout")
        await host.sees(lambda: len(host.notices) == 2)
        assert host.notices == [Notice("user", "Lunch is ready"), Notice("system", "logout")]
        assert host.errors == []


@pytest.mark.parametrize("grammar", ["legacy", "legacy_wrapped"])
async def test_phone_system_of_2016_is_understood(system: PhoneSystem, grammar: str) -> None:
    system.incoming_call("0399998888", next(iter(system.users))).ring()
    async with (
        SimulatorServer(system, grammar=grammar) as server,
        linked(driver(server.port)) as (link, host),
    ):
        await host.whole()
        assert len(host.pbx.calls) == 1
        assert link.frames_not_understood == 0


async def test_picture_counts_as_whole_when_nothing_more_comes(system: PhoneSystem) -> None:
    speaker = wire(Dialect())

    async def half(connection: ServerConnection) -> None:
        # It announces nine elements and tells of two.
        for frame in (*speaker.specifications(), *speaker.initial(system.rows)[:2]):
            await connection.send(frame)
        await connection.wait_closed()

    async with (
        serve(half, "127.0.0.1", 0) as listening,
        linked(driver(port_of(listening.sockets))) as (_, host),
    ):
        await host.whole()
        assert host.reported == {Element.DOMAIN, Element.USER}


async def test_element_that_is_announced_late_is_waited_for(system: PhoneSystem) -> None:
    speaker = wire(Dialect())
    specifications, tables = speaker.specifications(), speaker.initial(system.rows)

    async def one_by_one(connection: ServerConnection) -> None:
        for specification, table in zip(specifications[:3], tables[:3], strict=True):
            await connection.send(specification)
            # Longer than the pause after which everything announced counts as everything.
            await asyncio.sleep(4 * links.COMPLETE_QUIET_SECONDS)
            await connection.send(table)
        await connection.wait_closed()

    async with (
        serve(one_by_one, "127.0.0.1", 0) as listening,
        linked(driver(port_of(listening.sockets))) as (_, host),
    ):
        await host.whole()
        assert host.reported == {Element.DOMAIN, Element.USER, Element.GROUP}


async def test_busy_phone_system_does_not_delay_the_picture(
    system: PhoneSystem, server: SimulatorServer
) -> None:
    # A large one never falls silent, so that no pause can be waited for.
    user = next(iter(system.users))

    async def chatter() -> None:
        while True:
            system.set_presence(user, (user.presence + 1) % 4)
            await asyncio.sleep(0.005)

    chattering = asyncio.create_task(chatter())
    began = asyncio.get_running_loop().time()
    async with linked(driver(server.port)) as (_, host):
        await host.whole()
    chattering.cancel()
    assert asyncio.get_running_loop().time() - began < links.SYNCHRONISE_SECONDS / 2


async def test_cancelled_link_says_goodbye(server: SimulatorServer) -> None:
    async with linked(driver(server.port)) as (_, host):
        await host.whole()
        assert len(server.connections) == 1
    await eventually(lambda: not server.connections)
    assert host.errors == []


# How it introduces itself


async def test_login_is_a_header_and_never_in_the_address(
    system: PhoneSystem,
) -> None:
    seen: list[web.Request] = []

    @web.middleware
    async def look(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        seen.append(request)
        return await handler(request)

    simulated = SimulatorServer(system)
    simulated.application.middlewares.append(look)
    async with simulated as server, linked(driver(server.port)) as (_, host):
        await host.whole()
    (request,) = seen
    assert request.headers["Authorization"] == f"Basic {LOGIN}"
    assert not any(secret in request.path_qs for secret in (TOKEN, LOGIN, "Authorization"))
    assert parse_qs(request.query_string) == {
        "app_name": ["tests"],
        "full_events": ["true"],
        "forced": ["true"],
    }
    # Compression is what the vendor's client never offers either.
    assert "Sec-WebSocket-Extensions" not in request.headers


async def test_secrets_are_in_no_log_and_no_error(
    system: PhoneSystem, server: SimulatorServer, caplog: pytest.LogCaptureFixture
) -> None:
    asyncio.get_running_loop().set_debug(True)
    caplog.set_level(logging.DEBUG)
    for name in ("websockets", "websockets.client", "asyncio", "aiohttp", links.__name__):
        logging.getLogger(name).setLevel(logging.DEBUG)
    errors: list[BaseException] = []
    right, wrong = driver(server.port), replace(driver(server.port), domain="other.com")
    async with linked(right) as (link, host):
        await host.whole()
        server.send_raw(b"\x83nonsense")
        server.drop_connections()
        await host.whole(2)
        server.system_message("connection_replaced")
        errors += [await host.loses(1), await host.loses(2)]
    for address in (wrong, driver(1), driver(server.port, use_tls=True)):
        context = tls.create_default_context() if address.use_tls else None
        with pytest.raises(CtiError) as caught:
            await probe(address, ssl=context)
        errors.append(caught.value)
    asyncio.get_running_loop().set_debug(False)
    assert len(errors) == 5
    texts = [caplog.text, repr(right), repr(right.address), str(right.address.url), repr(link)]
    for error in errors:
        texts += [str(error), repr(error), repr(error.args)]
        texts += traceback.format_exception(error)
    for record in caplog.records:
        texts += [record.getMessage(), repr(record.args)]
    secrets = (TOKEN, LOGIN, b64encode(f"other.com:{TOKEN}".encode()).decode())
    assert not [text for text in texts if any(secret in text for secret in secrets)]


async def test_frames_that_are_not_understood_are_logged_without_their_content(
    server: SimulatorServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, logger=links.__name__)
    async with linked(driver(server.port)) as (link, host):
        await host.whole()
        server.send_text("call 0399998888 back")
        await eventually(lambda: link.frames_not_understood == 1)
    assert "not understood" in caplog.text
    assert "0399998888" not in caplog.text


# Lost and found


async def test_everything_is_told_anew_after_a_loss(
    system: PhoneSystem, server: SimulatorServer
) -> None:
    alice, bob, _ = system.users
    async with linked(driver(server.port)) as (_, host):
        await host.whole()
        running, ending = system.incoming_call("0311", alice), system.incoming_call("0322", bob)
        for call in (running, ending):
            call.ring()
        await host.sees(lambda: len(host.told) == 2)
        server.refuse(503)
        server.drop_connections()
        assert isinstance(await host.loses(), ConnectError)
        # Nobody sees what happens now.
        ending.cancel()
        system.rename(alice, "Alice Cooper")
        server.refuse(None)
        await host.whole(2)
        assert host.told[2:] == [f"{bob.label} ended unknown"]
        assert host.pbx.users[str(alice.id)].title == "Alice Cooper"
        assert list(host.pbx.calls.ids()) == [running.id]
        running.cancel()
        await host.sees(lambda: len(host.told) == 4)
        assert host.told[3:] == ["Alice Cooper missed cancelled"]


@pytest.mark.parametrize("code", [1000, 1001, 1011, 4000])
async def test_server_that_says_goodbye_is_connected_again(
    server: SimulatorServer, code: int
) -> None:
    async with linked(driver(server.port)) as (_, host):
        await host.whole()
        server.close_connections(code)
        error = await host.loses()
        assert type(error) is ConnectError
        await host.whole(2)


async def test_server_that_restarts_is_found_again(system: PhoneSystem) -> None:
    async with SimulatorServer(system) as first:
        port = first.port
        keeping = linked(driver(port))
        _, host = await keeping.__aenter__()
        await host.whole()
    try:
        await host.loses(3)
        async with SimulatorServer(system, port=port):
            await host.whole(2)
    finally:
        await keeping.__aexit__(None, None, None)


async def test_connection_that_was_replaced_says_so_and_comes_back_later(
    server: SimulatorServer,
) -> None:
    async with (
        linked(driver(server.port)) as (_, first),
        linked(driver(server.port)) as (_, second),
    ):
        await first.whole()
        await second.whole()
        # Two are the limit, and the third takes the place of the first.
        async with linked(driver(server.port)) as (_, third):
            await third.whole()
            error = await first.loses()
            assert isinstance(error, ReplacedError)
            assert error.code == "connection_replaced"
        await first.whole(2)


async def test_limit_is_told_to_who_does_not_want_to_push_others_out(
    server: SimulatorServer,
) -> None:
    async with (
        linked(driver(server.port)) as (_, first),
        linked(driver(server.port)) as (_, second),
    ):
        await first.whole()
        await second.whole()
        unforced = replace(driver(server.port), forced=False)
        async with linked(unforced) as (_, third):
            error = await third.loses()
            assert isinstance(error, LimitReachedError)
            assert error.code == "connection_limit_reached"
            assert "synchronised" not in third.diary
        assert first.errors == second.errors == []
        # Somebody else's connections are none of ours.
        async with linked(replace(unforced, app_name="other")) as (_, other):
            await other.whole()


# Frames that make no sense


async def test_malformed_frames_between_good_ones_are_counted(
    system: PhoneSystem, server: SimulatorServer
) -> None:
    alice = next(iter(system.users))
    async with linked(driver(server.port)) as (link, host):
        await host.whole()
        for nonsense in (b"", b"\x83", b"\x00\x01", b"\x83h\x02", b"\xff" * 1000):
            server.send_raw(nonsense)
        server.send_text("hello")
        system.incoming_call("0399998888", alice).ring()
        await host.sees(lambda: host.told)
        assert host.told == [f"{alice.label} ringing"]
        assert link.frames_not_understood == 6
        assert host.errors == []


async def test_message_larger_than_any_can_be_ends_the_connection(
    server: SimulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "MAX_MESSAGE_BYTES", 64 * 1024)
    async with linked(driver(server.port)) as (_, host):
        await host.whole()
        server.send_raw(bytes(64 * 1024 + 1))
        error = await host.loses()
        assert type(error) is ProtocolError
        await host.whole(2)


async def test_error_of_the_host_is_logged_and_costs_one_connection(
    system: PhoneSystem, server: SimulatorServer, caplog: pytest.LogCaptureFixture
) -> None:
    class Clumsy(Host):
        stumbles = False

        @override
        def received(self, told: Update | Notice) -> None:
            super().received(told)
            if self.stumbles:
                self.stumbles = False
                raise ZeroDivisionError

    host = Clumsy()
    running = asyncio.create_task(Link(driver(server.port), host, ssl=None).run())
    await host.whole()
    host.stumbles = True
    system.set_presence(next(iter(system.users)), 3)
    await host.whole(2)
    assert type(host.errors[0]) is CtiError
    assert "ZeroDivisionError" in caplog.text
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


# Silence


async def test_server_that_accepts_and_says_nothing_is_silent(
    server: SimulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "FIRST_MESSAGE_SECONDS", 0.1)
    server.mute()
    async with linked(driver(server.port)) as (_, host):
        assert type(await host.loses()) is SilenceError
        server.unmute()
        await host.whole()


async def test_server_that_does_not_answer_at_all_is_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(links, "OPEN_SECONDS", 0.1)

    async def listen(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    async with serving(listen) as server, linked(driver(server.port)) as (_, host):
        assert type(await host.loses()) is SilenceError


async def test_line_that_was_cut_without_a_word_is_noticed(
    server: SimulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "PING_SECONDS", 0.1)
    line = Wire(server.port)
    async with serving(line.converse) as between, linked(driver(between.port)) as (_, host):
        await host.whole()
        line.cut()
        assert type(await host.loses()) is SilenceError


async def test_line_on_which_nothing_happens_is_kept(
    server: SimulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "PING_SECONDS", 0.02)
    async with linked(driver(server.port)) as (_, host):
        await host.whole()
        server.mute()
        await asyncio.sleep(0.2)
        assert host.errors == []


# Refused credentials


@pytest.mark.parametrize("status", [401, 403])
async def test_refused_credentials_end_the_link(system: PhoneSystem, status: int) -> None:
    async with SimulatorServer(system, unauthorized_status=status) as server:
        host = Host()
        with pytest.raises(AuthError):
            await Link(driver(server.port, token="wrong"), host, ssl=None).run()
        assert [type(error) for error in host.errors] == [AuthError]
        assert "synchronised" not in host.diary


async def test_credentials_that_become_invalid_end_the_link(
    system: PhoneSystem, server: SimulatorServer
) -> None:
    host = Host()
    running = asyncio.create_task(Link(driver(server.port), host, ssl=None).run())
    await host.whole()
    system.token = "another"
    server.drop_connections()
    with pytest.raises(AuthError):
        await running
    assert [type(error) for error in host.errors] == [ConnectError, AuthError]


@pytest.mark.parametrize("status", ["200 OK", "400 Bad Request", "500 Internal Server Error"])
async def test_wish_for_authentication_is_understood_with_any_status(status: str) -> None:
    body = '{"result_code":1,"error":{"id":"authentication_required"}}'
    async with serving(http(status, body)) as server:
        with pytest.raises(AuthError):
            await probe(driver(server.port), ssl=None)


# Servers that are no phone system, and phone systems that cannot serve


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (http("404 Not Found"), NotAPbxError),
        (http("400 Bad Request"), NotAPbxError),
        (http("200 OK", "<html><body>It works!</body></html>"), NotAPbxError),
        (http("204 No Content"), NotAPbxError),
        (http("101 Switching Protocols"), NotAPbxError),
        (http("429 Too Many Requests"), UnavailableError),
        (http("500 Internal Server Error"), UnavailableError),
        (http("502 Bad Gateway", "<html>nginx</html>"), UnavailableError),
        (http("503 Service Unavailable"), UnavailableError),
        (b"SSH-2.0-OpenSSH_9.6\r\n", NotAPbxError),
        (b"\x00\x01\x02 garbage \xff\r\n\r\n", NotAPbxError),
        (b"", ConnectError),
    ],
)
async def test_answer_to_the_handshake_tells_what_is_wrong(
    answer: bytes, expected: type[CtiError]
) -> None:
    async with serving(answer) as server, linked(driver(server.port)) as (_, host):
        first, second = await host.loses(1), await host.loses(2)
        assert type(first) is type(second) is expected


async def test_server_that_hangs_up_at_once_cannot_be_reached() -> None:
    async def hang_up(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with serving(hang_up) as server, linked(driver(server.port)) as (_, host):
        assert type(await host.loses()) is ConnectError


async def test_nobody_at_the_address_cannot_be_reached() -> None:
    async with linked(driver(unused_port())) as (_, host):
        error = await host.loses()
        assert type(error) is ConnectError
        assert str(error) == "Connection refused"


async def test_name_that_leads_nowhere_cannot_be_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    with pytest.raises(ConnectError, match="not known"):
        await probe(replace(driver(443), server="pbx.invalid"), ssl=None)


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 0.0),
        ("Wed, 21 Oct 2015 07:28:00", None),
        ("Wed, 99 Oct 2015 07:28:00 GMT", None),
        ("soon", None),
        ("-1", None),
        ("\u0663", None),
    ],
)
async def test_time_that_a_server_asks_for_is_kept(said: str, seconds: float | None) -> None:
    async with serving(http("429 Too Many Requests", Retry_After=said)) as server:
        with pytest.raises(UnavailableError) as caught:
            await probe(driver(server.port), ssl=None)
    assert (caught.value.status, caught.value.retry_after) == (429, seconds)


async def test_time_that_a_server_asks_for_may_be_a_date() -> None:
    later = datetime.now(UTC) + timedelta(hours=2)
    date = format_datetime(later, usegmt=True)
    async with serving(http("503 Service Unavailable", Retry_After=date)) as server:
        with pytest.raises(UnavailableError) as caught:
            await probe(driver(server.port), ssl=None)
    assert caught.value.retry_after is not None
    assert 3600 < caught.value.retry_after <= 7200


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("scheme", ["http", "ws"])
async def test_redirect_is_never_followed_with_our_credentials(status: int, scheme: str) -> None:
    async with serving(http("200 OK")) as elsewhere:
        location = f"{scheme}://127.0.0.1:{elsewhere.port}/basix/api/ws_cti"
        async with serving(http(f"{status} Moved", Location=location)) as server:
            with pytest.raises(NotAPbxError):
                await probe(driver(server.port), ssl=None)
            assert b"Authorization: Basic" in server.requests[0]
    assert elsewhere.requests == []


# TLS


async def test_trusted_certificate_is_accepted(system: PhoneSystem, tmp_path: Path) -> None:
    context, certificate = certify(tmp_path)
    trusting = tls.create_default_context(cafile=certificate)
    async with (
        SimulatorServer(system, ssl_context=context) as server,
        linked(driver(server.port, use_tls=True), ssl=trusting) as (_, host),
    ):
        await host.whole()
        assert len(host.pbx.users) == 3


async def test_certificate_that_nobody_vouches_for_is_refused(
    system: PhoneSystem, tmp_path: Path
) -> None:
    context, _ = certify(tmp_path)
    async with (
        SimulatorServer(system, ssl_context=context) as server,
        linked(driver(server.port, use_tls=True), ssl=tls.create_default_context()) as (_, host),
    ):
        error = await host.loses()
        assert type(error) is CertificateError
        assert str(error) == "the server's certificate is not trusted: self-signed certificate"


async def test_server_without_tls_is_no_secure_one(server: SimulatorServer) -> None:
    with pytest.raises(CertificateError):
        await probe(driver(server.port, use_tls=True), ssl=tls.create_default_context())


# How long it waits


async def test_delay_of_each_failure_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    delays: list[float] = []
    sleep = asyncio.sleep

    async def note(seconds: float) -> None:
        if asyncio.current_task() is not running:
            await sleep(seconds)
            return
        delays.append(seconds)
        if len(delays) == 9:
            raise asyncio.CancelledError
        await sleep(0)

    monkeypatch.setattr(patience, "FIRST_DELAY", 1.0)
    monkeypatch.setattr(patience, "LONGEST_DELAY", 60.0)
    monkeypatch.setattr(asyncio, "sleep", note)
    link = Link(driver(unused_port()), Host(), ssl=None, patience=Patience(lambda: 1.0))
    running = asyncio.create_task(link.run())
    with pytest.raises(asyncio.CancelledError):
        await running
    assert delays == [1, 2, 4, 8, 16, 32, 60, 60, 60]


async def test_time_that_passed_before_the_picture_was_whole_is_no_success(
    server: SimulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted: list[float] = []

    class Noting(Patience):
        @override
        def after(self, error: CtiError, lasted: float) -> float:
            noted.append(lasted)
            return super().after(error, lasted)

    monkeypatch.setattr(links, "FIRST_MESSAGE_SECONDS", 0.05)
    server.mute()
    host = Host()
    link = Link(driver(server.port), host, ssl=None, patience=Noting(lambda: 0.0))
    running = asyncio.create_task(link.run())
    await host.loses()
    server.unmute()
    await host.whole()
    server.drop_connections()
    await host.loses(len(host.errors) + 1)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert noted[-1] > 0
    assert set(noted[:-1]) == {0.0}


async def test_who_was_pushed_out_waits_for_a_free_place(server: SimulatorServer) -> None:
    async with linked(driver(server.port)) as (_, first):
        await first.whole()
        async with linked(driver(server.port)) as (_, second):
            await second.whole()
            async with linked(driver(server.port)) as (_, third):
                await third.whole()
                errors = [await first.loses(times) for times in range(1, 5)]
                # Whoever took the place has it still, which is one and the same trouble.
                assert [type(error) for error in errors] == [ReplacedError] * 4
                assert [error.code for error in errors if isinstance(error, RejectedError)] == [
                    "connection_replaced",
                    *["connection_limit_reached"] * 3,
                ]
                assert second.errors == third.errors == []
            await first.whole(2)
            assert second.errors == []


# Trying a connection before it is kept


async def test_probe_is_content_with_a_phone_system(server: SimulatorServer) -> None:
    await probe(driver(server.port), ssl=None)
    await eventually(lambda: not server.connections)


async def test_probe_tells_refused_credentials(server: SimulatorServer) -> None:
    with pytest.raises(AuthError):
        await probe(driver(server.port, token="wrong"), ssl=None)


async def test_probe_tells_that_the_limit_is_reached(server: SimulatorServer) -> None:
    async with (
        linked(driver(server.port)) as (_, first),
        linked(driver(server.port)) as (_, second),
    ):
        await first.whole()
        await second.whole()
        with pytest.raises(RejectedError):
            await probe(replace(driver(server.port), forced=False), ssl=None)


async def test_probe_tells_a_server_that_speaks_something_else() -> None:
    async def greet(connection: ServerConnection) -> None:
        await connection.send('{"type": "auth_required", "ha_version": "2026.10.4"}')
        await connection.wait_closed()

    async with serve(greet, "127.0.0.1", 0) as listening:
        with pytest.raises(NotAPbxError):
            await probe(driver(port_of(listening.sockets)), ssl=None)


async def test_probe_tells_a_server_that_says_nothing(
    server: SimulatorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "FIRST_MESSAGE_SECONDS", 0.1)
    server.mute()
    with pytest.raises(SilenceError):
        await probe(driver(server.port), ssl=None)


async def test_nothing_is_left_open_by_what_failed() -> None:
    async with serving(http("404 Not Found")) as server:
        for _ in range(5):
            with pytest.raises(NotAPbxError):
                await probe(driver(server.port), ssl=None)
    # What was forgotten would warn now, and a warning fails this test.
    gc.collect()


def port_of(sockets: object) -> int:
    """Return the port on which a server listens."""
    assert isinstance(sockets, (list, tuple))
    port: int = sockets[0].getsockname()[1]
    return port


def unused_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port
