"""The server speaks the protocol, and does to its clients what a test asks for."""

import json
from ssl import PROTOCOL_TLS_SERVER, SSLContext

import aiohttp
import pytest

from simulator.bert import Atom
from simulator.directory import Known
from simulator.phone_system import PhoneSystem
from simulator.server import SimulatorServer
from tests.simulator import recording
from tests.simulator.conftest import FULL, Connect, credentials

NUMBER = "0312345678"


async def test_client_learns_everything_and_then_what_changes(
    system: PhoneSystem, connect: Connect
) -> None:
    client = await connect()
    rows = await client.begin()
    assert len(rows[b"user"]) == 12
    assert rows[b"channel"] == []
    call = system.incoming_call(NUMBER, next(iter(system.users)))
    tag, element, row, event = await client.message()
    assert (tag, element, event) == ("info_event", b"channel", b"added")
    assert isinstance(row, tuple)
    assert row[0] == call.id.encode()
    # Who comes later is told of the call with everything else.
    assert len((await (await connect()).begin())[b"channel"]) == 1


@pytest.mark.parametrize(
    ("query", "login", "refusal"),
    [
        (FULL, {"password": "wrong"}, (401, "authentication_required")),
        (FULL, {"name": "other.com"}, (401, "authentication_required")),
        (FULL, {"name": "ws_ticket", "password": "none"}, (401, "authentication_required")),
        ("full_events=true", {}, (400, "app_name_required")),
        ("app_name=test", {}, (400, "user_required")),
        ("app_name=test&user_name=nobody", {}, (404, "user_not_found")),
    ],
)
async def test_wrong_connections_are_refused(
    server: SimulatorServer,
    session: aiohttp.ClientSession,
    query: str,
    login: dict[str, str],
    refusal: tuple[int, str],
) -> None:
    url = f"{server.url}/basix/api/ws_cti?{query}"
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await session.ws_connect(url, headers=credentials(**login))
    assert refused.value.status == refusal[0]
    async with session.get(url, headers=credentials(**login)) as answer:
        assert await answer.json() == {"result_code": 500, "error": {"id": refusal[1]}}


@pytest.mark.parametrize("header", ["", "Bearer token", "Basic !", "Basic /w=="])
async def test_strange_credentials_are_refused(
    server: SimulatorServer, session: aiohttp.ClientSession, header: str
) -> None:
    url = f"{server.url}/basix/api/ws_cti?{FULL}"
    async with session.get(url, headers={"Authorization": header}) as answer:
        assert answer.status == 401


async def test_third_connection_is_turned_away(connect: Connect) -> None:
    first, second = await connect(), await connect()
    third = await connect()
    assert await third.message() == ("system_msg", b"connection_limit_reached")
    assert await third.end() == 1000
    # Another application, or another user, has a limit of its own.
    await (await connect("app_name=other&full_events=true")).begin()
    await (await connect("app_name=test&user_extension=1001")).begin()
    await first.begin()
    await second.begin()


async def test_forced_connection_replaces_the_oldest(
    connect: Connect, server: SimulatorServer
) -> None:
    first, second = await connect(), await connect()
    await first.begin()
    await second.begin()
    third = await connect(f"{FULL}&forced=true")
    await third.begin()
    assert await first.message() == ("system_msg", b"connection_replaced")
    assert await first.end() == 1000
    assert len(server.connections) == 2
    server.phone_system.set_night_mode(on=True)
    assert (await second.message())[1] == b"domain"
    assert (await third.message())[1] == b"domain"


@pytest.mark.parametrize(
    "who",
    [
        "user_id=10001001",
        "user_name=taro.yamada",
        "user_extension=1001",
        "user_email=taro.yamada@test1.com",
        "user_did=0350001001",
        "user_label=%E5%B1%B1%E7%94%B0%20%E5%A4%AA%E9%83%8E",
    ],
)
async def test_user_sees_only_what_is_his(system: PhoneSystem, connect: Connect, who: str) -> None:
    client = await connect(f"app_name=test&{who}")
    rows = await client.begin()
    assert [row[0] for row in rows[b"user"]] == [10001001]
    assert [len(rows[element]) for element in (b"group", b"group_member", b"terminal")] == [1] * 3
    alice, taro = list(system.users)[:2]
    system.incoming_call(NUMBER, alice).ring()
    system.incoming_call(NUMBER, taro).ring()
    *_, row, event = await client.message()
    assert isinstance(row, tuple)
    assert (row[1], row[10], event) == ("outbound", taro.id, b"added")


async def test_ticket_admits_once_and_with_its_own_address_only(
    server: SimulatorServer, session: aiohttp.ClientSession, connect: Connect
) -> None:
    query = "app_name=test&user_name=zoe"

    async def ticket() -> str:
        url = f"{server.url}/basix/api/gen_ws_ticket"
        async with session.post(url, json={"uri": f"/basix/api/ws_cti?{query}"}) as answer:
            return str((await answer.json())["ticket"])

    password = await ticket()
    await (await connect(query, name="ws_ticket", password=password)).begin()
    for used, other in ((password, query), (await ticket(), f"{query}&forced=true")):
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await connect(other, name="ws_ticket", password=used)


async def test_commands_are_obeyed(
    system: PhoneSystem, server: SimulatorServer, connect: Connect
) -> None:
    alice, taro, zoe = list(system.users)[:3]
    call = system.incoming_call(NUMBER, alice)
    call.ring()

    async def command(**words: object) -> None:
        client = await connect()
        await client.socket.send_json(words)
        # The server answers a closing handshake once it has read everything before.
        await client.socket.close()

    await command(cmd="transfer", uuid=call.id, user_id=alice.id, destination="1001")
    assert call.ringing_users == [taro]
    (leg,) = call.legs
    await command(cmd="hangup", uuid=leg)
    assert call.ringing_users == []
    call.ring()
    call.answer()
    await command(cmd="park", uuid=call.id)
    assert system.call_in_slot(901) is call
    call.unpark(zoe)
    await command(cmd="transfer", uuid=call.id, destination="1000")
    assert call.ringing_users == [alice]
    await command(cmd="hangup", uuid=call.id)
    assert not system.calls
    assert len(server.commands_received) == 5


async def test_senseless_commands_do_nothing(
    system: PhoneSystem, server: SimulatorServer, connect: Connect
) -> None:
    call = system.incoming_call(NUMBER, next(iter(system.users)))
    client = await connect()
    await client.socket.send_json({"cmd": "hangup", "uuid": "unknown"})
    await client.socket.send_json({"cmd": "dance", "uuid": call.id})
    await client.socket.send_json({"cmd": "park", "uuid": call.id})
    await client.socket.send_json({"cmd": "transfer", "uuid": call.id})
    await client.socket.send_json({"cmd": "hangup"})
    await client.socket.send_json(["hangup"])
    await client.socket.send_str("no JSON")
    await client.socket.send_bytes(b"nothing that anybody reads")
    await client.socket.close()
    assert list(system.calls) == [call.id]
    assert server.commands_received[-1] == "no JSON"


async def test_connections_can_be_dropped_and_closed(
    server: SimulatorServer, connect: Connect
) -> None:
    client = await connect()
    await client.begin()
    server.drop_connections()
    assert await client.end() == aiohttp.WSCloseCode.ABNORMAL_CLOSURE
    client = await connect()
    await client.begin()
    server.close_connections(4001)
    assert await client.end() == 4001


async def test_anything_can_be_sent(server: SimulatorServer, connect: Connect) -> None:
    client = await connect()
    await client.begin()
    server.send_raw(b"\x83nonsense")
    server.send_text("text")
    server.system_message("logout")
    server.user_message("hello")
    server.user_message((Atom("a"), 1))
    assert await client.socket.receive_bytes() == b"\x83nonsense"
    assert await client.socket.receive_str() == "text"
    assert await client.messages(3) == [
        ("system_msg", b"logout"),
        ("msg", b"hello"),
        ("msg", ("a", 1)),
    ]


async def test_connections_can_be_refused_and_admitted_again(
    server: SimulatorServer, connect: Connect
) -> None:
    server.refuse(503)
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await connect()
    assert refused.value.status == 503
    server.refuse(None)
    await (await connect()).begin()


async def test_mute_server_accepts_and_says_nothing(
    server: SimulatorServer, connect: Connect
) -> None:
    server.mute()
    client = await connect()
    server.phone_system.set_night_mode(on=True)
    with pytest.raises(TimeoutError):
        await client.socket.receive(timeout=0.05)
    server.unmute()
    server.phone_system.set_night_mode(on=False)
    assert (await client.message())[1] == b"domain"


async def test_slow_client_holds_up_nobody(system: PhoneSystem, connect: Connect) -> None:
    slow, quick = await connect(), await connect()
    user = next(iter(system.users))
    for code in range(5000):
        system.set_presence(user, code)
    for client in (quick, slow):
        await client.begin()
        for code in range(5000):
            row = (await client.message())[2]
            assert isinstance(row, tuple)
            assert row[6] == code


@pytest.mark.parametrize("legacy", ["legacy", "legacy_wrapped"])
async def test_server_can_speak_older_grammars(
    connect: Connect, system: PhoneSystem, legacy: str
) -> None:
    async with SimulatorServer(system, grammar=legacy) as server:
        client = await connect(to=server)
        wrapped = legacy == "legacy_wrapped"

        async def message() -> object:
            term = await client.message()
            return term[0] if wrapped else term

        tags = []
        alice = next(iter(system.users))
        system.incoming_call(NUMBER, alice).ring()
        system.leave_voicemail(alice)
        system.set_presence(alice, 1)
        server.system_message("connection_replaced")
        for _ in range(8):
            term = await message()
            assert isinstance(term, tuple)
            tags.append(term[0])
        assert tags == [
            *("field_spec", "field_spec", "initial_chan_info"),
            *("chan_info", "chan_info", "chan_info"),
            "mwi_info",
            "system_msg",
        ]


async def test_fields_can_come_in_another_order(connect: Connect, system: PhoneSystem) -> None:
    async with SimulatorServer(system, field_order_seed=3) as server:
        client = await connect(to=server)
        names = {message[1]: message[2] for message in await client.messages(9)}
        rows = {message[1]: message[2] for message in await client.messages(9)}
    shuffled = names[b"user"]
    assert isinstance(shuffled, list)
    assert shuffled != recording.field_names("user")
    assert sorted(shuffled) == sorted(recording.field_names("user"))
    users = rows[b"user"]
    assert isinstance(users, list)
    assert dict(zip(shuffled, users[0], strict=True))["email"] == b"alice.martin@test1.com"


async def test_atoms_can_be_those_of_newer_erlang(connect: Connect, system: PhoneSystem) -> None:
    async with SimulatorServer(system, utf8_atoms=True) as server:
        client = await connect(to=server)
        frame = await client.socket.receive_bytes()
    assert frame.startswith(b"\x83h\x03w\x0afield_spec")


async def test_newer_phone_system_tells_of_waiting_callers_in_channel_waiting(
    connect: Connect, system: PhoneSystem
) -> None:
    elements = ["user", "group", "channel", "channel_waiting"]
    group = next(iter(system.groups))
    async with SimulatorServer(system, elements=elements) as server:
        client = await connect(to=server)
        assert set(await client.begin(4)) == {name.encode() for name in elements}
        call = system.incoming_call(NUMBER, group)
        told = [message[1] for message in await client.messages(3)]
        assert told == [b"channel", b"channel", b"channel_waiting"]
        late = await connect(to=server)
        assert len((await late.begin(4))[b"channel_waiting"]) == 1
        call.cancel()


async def test_only_this_computer_is_served(
    socket_enabled: None, system: PhoneSystem, server: SimulatorServer
) -> None:
    with pytest.raises(ValueError, match="this computer only"):
        SimulatorServer(system, host="0.0.0.0")  # noqa: S104
    with pytest.raises(OSError, match="address already in use"):
        await SimulatorServer(system, server.port).__aenter__()
    context = SSLContext(PROTOCOL_TLS_SERVER)
    assert SimulatorServer(system, ssl_context=context).url.startswith("https://127.0.0.1")


async def test_leaving_the_server_ends_connections_of_clients_that_do_not_listen(
    socket_enabled: None, session: aiohttp.ClientSession, system: PhoneSystem
) -> None:
    async with SimulatorServer(system) as server:
        socket = await session.ws_connect(f"{server.url}/basix/api/ws_cti?{FULL}")
        for _ in range(18):
            await socket.receive()
    assert not server.connections
    system.set_night_mode(on=True)
    await socket.close()


async def test_methods_are_answered(
    server: SimulatorServer, session: aiohttp.ClientSession, system: PhoneSystem
) -> None:
    async def post(method: str, **parameters: object) -> dict[str, object]:
        url = f"{server.url}/basix/api/{method}"
        async with session.post(url, json=parameters) as answer:
            assert answer.status == 200
            found = await answer.json()
            assert isinstance(found, dict)
            return found

    def failed(error: str) -> dict[str, object]:
        return {"result_code": 500, "error": {"id": error}}

    system.set_night_mode(on=True)
    night = {"result_code": 0, "data": {"night_mode_status": 1}}
    assert await post("check_domain_night_mode") == night
    zoe = system.users.find(Known.NAME, "zoe")
    system.register_terminal(zoe)
    answer = await post("call_user", user_name="zoe", user_email="?", destination=NUMBER)
    assert answer["uuids"] == list(zoe.channels)
    assert len(zoe.channels) == 2
    group = next(iter(system.groups))
    answer = await post("call_group", group_name=group.name, destination={"called_number": NUMBER})
    assert isinstance(answer["uuids"], list)
    assert len(answer["uuids"]) == len(group.members) + 1
    answer = await post("call_external", target=NUMBER, destination="1001")
    assert answer["uuids"] == [list(system.calls)[-1]]

    assert await post("call_user", destination=NUMBER) == failed("user_required")
    assert await post("call_user", user_id=1, destination="1") == failed("user_not_found")
    assert await post("call_user", user_id=zoe.id) == failed("destination_required")
    assert await post("call_group", destination="1") == failed("group_required")
    assert await post("call_group", group_id=1) == failed("group_not_found")
    assert await post("call_external", destination="1001") == failed("target_required")
    assert await post("gen_ws_ticket", uri="/elsewhere") == failed("invalid_uri")
    system.set_do_not_disturb(zoe, on=True)
    assert await post("call_user", user_id=zoe.id, destination="1") == failed("not_reachable")
    assert server.requests_received[-1] == ("call_user", {"user_id": zoe.id, "destination": "1"})


async def test_bad_requests_are_refused(
    server: SimulatorServer, session: aiohttp.ClientSession
) -> None:
    url = f"{server.url}/basix/api/"
    wrong = credentials(password="wrong")
    async with session.post(f"{url}check_domain_night_mode", headers=wrong) as answer:
        assert answer.status == 401
    async with session.get(f"{url}check_domain_night_mode") as answer:
        assert (await answer.json())["result_code"] == 0
    async with session.post(f"{url}send_fax") as answer:
        assert answer.status == 404
    for body in ("{", json.dumps([1])):
        async with session.post(f"{url}call_user", data=body) as answer:
            assert (await answer.json())["error"] == {"id": "invalid_json"}
