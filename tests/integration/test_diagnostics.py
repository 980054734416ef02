"""Tests of what a person sends along when he reports a problem."""

import asyncio
from base64 import b64encode
from collections.abc import Iterator
from http import HTTPStatus
import json
from typing import Any, cast

from homeassistant.components.diagnostics import REDACTED
from homeassistant.const import CONF_API_TOKEN
from homeassistant.core import HomeAssistant, callback
from homeassistant.helpers import device_registry as dr
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.ws_cti.const import (
    CONF_ALL_GROUPS,
    CONF_ALL_USERS,
    CONF_GROUPS,
    CONF_PBX_DOMAIN,
    CONF_PRESENCE_NAMES,
    CONF_USERS,
    CONF_WATCHED_USER,
    DOMAIN,
    EVENT_LOGBOOK,
)
from custom_components.ws_cti.cti.model import (
    Channel,
    ChannelState,
    MessageWaiting,
    OtherChannel,
    Target,
    Terminal,
    User,
)
from custom_components.ws_cti.cti.pbx import Pbx
from custom_components.ws_cti.cti.plain import plain
from custom_components.ws_cti.cti.words import (
    Json,
    Raw,
    group_key,
    user_key,
)
from custom_components.ws_cti.disguise import (
    CHANNEL_RULES,
    TERMINAL_RULES,
    USER_RULES,
    Disguise,
)
from simulator.model import EndUser, Group, User as Colleague
from simulator.phone_system import PhoneSystem
from simulator.server import SimulatorServer

type Report = dict[str, Any]

SECRET_TOKEN = "VerySecretToken"
SECRET_DOMAIN = "secret-company.basix.ne.jp"
OUTSIDE_NUMBERS = ("09055512345", "09055567890", "0312349876")
CUSTOMER = EndUser("C-4711-X", "Kunde Müller", "Müller GmbH", "mueller.png", "Tokyo-to")


@pytest.fixture
def phone_system() -> PhoneSystem:
    """Return an office in which a call waits, one is talked, one is parked and one is recorded."""
    system = PhoneSystem(domain=SECRET_DOMAIN, token=SECRET_TOKEN, seed=1)
    sales = system.add_group("Verkauf Nord", name="vkn", extension="7391", did="0355591111")
    yoko = system.add_user(
        "加藤 洋子", name="yoko.kato", extension="7402", groups=[sales], avatar="yoko-face.png"
    )
    ken = system.add_user("Ken O'Itō", name="ken.ito", extension="7403", groups=[sales])
    yoko.followme, yoko.mwi_target, yoko.flags = "forward-to-0355599999", "box-7402", 1024
    system.set_mwi(yoko, new=2, saved=5)
    system.set_presence(ken, 3)

    talked = system.incoming_call(OUTSIDE_NUMBERS[0], sales, name="Anna Anrufer", end_user=CUSTOMER)
    talked.ring(yoko)
    talked.answer(yoko)
    parked = system.incoming_call(OUTSIDE_NUMBERS[1], ken, name="Bert Besucher")
    parked.ring()
    parked.answer()
    parked.park(ken)
    system.incoming_call(OUTSIDE_NUMBERS[2], sales, end_user=[CUSTOMER, CUSTOMER]).ring(ken)
    recorded = system.incoming_call("09055500000", ken, name="Carla Spricht")
    recorded.to_voicemail()
    system.api_call(ken, "0355577777", calling_name="robot-caller")
    return system


def secrets_of(system: PhoneSystem, server: SimulatorServer) -> Iterator[str]:
    """Yield everything that may name somebody or open a door."""
    yield from (SECRET_TOKEN, SECRET_DOMAIN, f"{server.host}:{server.port}", *OUTSIDE_NUMBERS)
    yield b64encode(f"{SECRET_DOMAIN}:{SECRET_TOKEN}".encode()).decode()
    yield from (CUSTOMER.id, CUSTOMER.name, CUSTOMER.organization, CUSTOMER.prefecture)
    yield from ("Müller", "mueller", "Anna", "Bert", "Carla", "robot-caller", "0355577777")
    someone: list[Colleague | Group] = [*system.users, *system.groups]
    for one in someone:
        yield from (str(one.id), one.name, one.label, one.main_extension, one.did or one.name)
    for user in system.users:
        for said in (user.email, user.avatar, user.followme, user.mwi_target):
            yield said or user.name
    for terminal in system.terminals.values():
        yield from (str(terminal.id), terminal.name, terminal.user_agent)
    yield from map(str, system.members)
    for channel in system.channels.live.values():
        yield channel.uuid
        for text in (channel.call_id, channel.calling_name, channel.calling_number):
            yield text or channel.uuid
        yield channel.called_number or channel.uuid


@pytest.fixture
def entry_data(entry_data: dict[str, Any]) -> dict[str, Any]:
    """Return the data of an entry for that office."""
    return entry_data | {CONF_PBX_DOMAIN: SECRET_DOMAIN, CONF_API_TOKEN: SECRET_TOKEN}


@pytest.fixture
async def loaded(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Return the entry, set up."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    await hass.async_block_till_done()
    return entry


async def download(hass: HomeAssistant, client: ClientSessionGenerator, path: str) -> Report:
    """Return the whole file that a person downloads."""
    assert await async_setup_component(hass, "diagnostics", {})
    await hass.async_block_till_done()
    response = await (await client()).get(f"/api/diagnostics/config_entry/{path}")
    assert response.status == HTTPStatus.OK
    return cast("Report", await response.json())


def device_paths(entry: MockConfigEntry, system: PhoneSystem) -> Iterator[str]:
    """Yield where to download the diagnostics of every device."""
    roster = entry.runtime_data.roster
    keys = {user_key(str(user.id)) for user in system.users}
    keys |= {group_key(str(group.id)) for group in system.groups}
    assert keys < set(roster.all_keys)
    for key in roster.all_keys:
        yield f"{entry.entry_id}/device/{roster.device_id(key)}"


def found_in(report: Report, secrets: Iterator[str]) -> set[str]:
    """Return the secrets that a report gives away."""
    text = json.dumps(report, ensure_ascii=False).casefold()
    return {secret for secret in secrets if secret.casefold() in text}


async def test_the_picture_itself_names_everybody(
    phone_system: PhoneSystem, simulator: SimulatorServer, loaded: MockConfigEntry
) -> None:
    pbx: Pbx = loaded.runtime_data.pbx
    rows = [*pbx.users.values(), *pbx.groups.values(), *pbx.channels.values()]
    picture = {"rows": plain(rows), "terminals": plain(pbx.terminals)}
    named = found_in(picture, secrets_of(phone_system, simulator))
    assert {"Ken O'Itō", "7391", CUSTOMER.name, OUTSIDE_NUMBERS[0], "box-7402"} <= named
    assert {channel.uuid for channel in phone_system.channels.live.values()} <= named


@pytest.mark.parametrize(
    "entry_options",
    [
        {},
        {
            CONF_ALL_USERS: False,
            CONF_USERS: ["10007402", "10007499"],
            CONF_ALL_GROUPS: False,
            CONF_GROUPS: ["10007391"],
            CONF_PRESENCE_NAMES: {"3": "Mit Frau Schmidt essen"},
        },
    ],
    ids=["everybody", "some"],
)
async def test_nobody_can_be_recognised_in_the_diagnostics_of_an_entry(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    phone_system: PhoneSystem,
    simulator: SimulatorServer,
    loaded: MockConfigEntry,
) -> None:
    report = await download(hass, hass_client, loaded.entry_id)
    assert report["data"]["counts"]["channels"] == len(phone_system.channels.live)
    assert found_in(report, secrets_of(phone_system, simulator)) == set()
    assert found_in(report, iter(("10007499", "Schmidt"))) == set()


async def test_nobody_can_be_recognised_in_the_diagnostics_of_a_device(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    phone_system: PhoneSystem,
    simulator: SimulatorServer,
    loaded: MockConfigEntry,
) -> None:
    for path in device_paths(loaded, phone_system):
        report = await download(hass, hass_client, path)
        assert report["data"].keys() & {"user", "group", "domain"}
        assert found_in(report, secrets_of(phone_system, simulator)) == set()


async def test_of_the_call_log_nothing_but_its_size_is_told(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    phone_system: PhoneSystem,
    simulator: SimulatorServer,
    loaded: MockConfigEntry,
) -> None:
    yoko = next(iter(phone_system.users))
    missed = asyncio.Event()
    hass.bus.async_listen_once(EVENT_LOGBOOK, callback(lambda _: missed.set()))
    call = phone_system.incoming_call("09011112222", yoko, name="Dora Verpasst")
    call.ring()
    call.cancel()
    async with asyncio.timeout(5):
        await missed.wait()
    secrets = [*secrets_of(phone_system, simulator), "09011112222", "Dora"]

    report = await download(hass, hass_client, loaded.entry_id)
    counts = report["data"]["counts"]
    assert (counts["logged_calls"], counts["missed_calls"]) == (1, 1)
    assert report["data"]["entry"]["options"] == {}
    assert found_in(report, iter(secrets)) == set()
    for path in device_paths(loaded, phone_system):
        assert found_in(await download(hass, hass_client, path), iter(secrets)) == set()


async def test_the_watched_user_is_not_named(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, loaded: MockConfigEntry
) -> None:
    data = {**loaded.data, CONF_WATCHED_USER: "yoko.kato", "watch": "user_name"}
    hass.config_entries.async_update_entry(loaded, data=data, title="company yoko.kato")
    report = await download(hass, hass_client, loaded.entry_id)
    assert report["data"]["entry"]["data"] == {
        "agreed_risk": "not_encrypted",
        "api_token": REDACTED,
        "app_name": "home_assistant",
        "domain": REDACTED,
        "kept_risk": "not_encrypted",
        "server": REDACTED,
        "ssl": False,
        "take_over": True,
        "verify_ssl": True,
        "watch": "user_name",
        "watched_user": REDACTED,
    }
    assert found_in(report, iter(("yoko", "company"))) == set()


async def test_the_state_of_the_phone_system_can_be_read(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, loaded: MockConfigEntry
) -> None:
    data = (await download(hass, hass_client, loaded.entry_id))["data"]
    assert data["connection"]["connected"] is True
    assert data["connection"]["frames_received"] > 0
    assert data["connection"]["frames_not_understood"] == 0
    assert data["counts"] == {
        "calls": 5,
        "channels": 7,
        "devices": 4,
        "groups": 1,
        "logged_calls": 0,
        "memberships": 2,
        "missed_calls": 0,
        "parked": 1,
        "terminals": 2,
        "users": 2,
        "waiting": 1,
    }
    yoko, ken = data["users"]
    assert yoko["row"]["mwi"] == {"raw": "2/5", "new": 2, "saved": 5}
    assert yoko["row"]["flags"] == 1024
    assert ken["row"]["presence"] == 3
    assert {call["state"] for call in yoko["calls"]} == {"talking"}
    assert data["groups"][0]["row"]["type"] == 0
    assert data["domain"] == {"id": REDACTED, "name": REDACTED, "night_mode_status": REDACTED}
    assert [parked["slot"] for parked in data["parked"].values()] == ["901"]


async def test_it_can_still_be_read_who_is_who(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, loaded: MockConfigEntry
) -> None:
    data = (await download(hass, hass_client, loaded.entry_id))["data"]
    channels = {channel["uuid"]: channel for channel in data["channels"]}
    [call] = data["users"][0]["calls"]
    caller = channels[call["call_id"]]
    leg = channels[caller["other_uuid"]]
    assert leg["other_uuid"] == caller["uuid"]
    assert leg["user_id"] == data["users"][0]["row"]["id"] == "user_1"
    assert leg["calling_number"] == caller["calling_number"]
    assert caller["target"]["id"] == data["groups"][0]["row"]["id"] == "group_1"
    assert {member["user_id"] for member in data["memberships"]} == {"user_1", "user_2"}
    [waiting] = data["groups"][0]["waiting"]
    assert channels[waiting]["state"]["target_id"] == "group_1"
    [parked] = data["parked"]
    assert channels[parked]["state"]["parker_id"] == "user_2"


async def test_a_user_has_the_same_alias_in_every_file(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    phone_system: PhoneSystem,
    loaded: MockConfigEntry,
) -> None:
    entry_report = await download(hass, hass_client, loaded.entry_id)
    users = {user["row"]["id"] for user in entry_report["data"]["users"]}
    seen = set()
    for path in device_paths(loaded, phone_system):
        report = await download(hass, hass_client, path)
        if "user" in report["data"]:
            seen.add(report["data"]["user"]["row"]["id"])
    assert seen == users


async def test_an_entry_that_is_not_connected_tells_its_settings(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    phone_system: PhoneSystem,
    simulator: SimulatorServer,
    entry: MockConfigEntry,
) -> None:
    simulator.refuse()
    assert not await hass.config_entries.async_setup(entry.entry_id)
    report = await download(hass, hass_client, entry.entry_id)
    assert report["data"].keys() == {"legend", "entry"}
    assert report["data"]["entry"]["state"] == "setup_retry"
    assert found_in(report, secrets_of(phone_system, simulator)) == set()


async def test_a_device_of_an_entry_that_is_not_connected_tells_nothing(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, loaded: MockConfigEntry
) -> None:
    device_id = loaded.runtime_data.roster.device_id((None, ""))
    await hass.config_entries.async_unload(loaded.entry_id)
    report = await download(hass, hass_client, f"{loaded.entry_id}/device/{device_id}")
    assert report["data"].keys() == {"legend"}


async def test_a_device_of_somebody_who_left_tells_nothing_of_him(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, loaded: MockConfigEntry
) -> None:
    device = dr.async_get(hass).async_get_or_create(
        config_entry_id=loaded.entry_id, identifiers={(DOMAIN, "left")}
    )
    report = await download(hass, hass_client, f"{loaded.entry_id}/device/{device.id}")
    assert report["data"].keys() == {"legend", "connection"}


# What a phone system may say that no document knows

NUMBER = "0312345678"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        (0, 0),
        (True, True),
        ("2", "2"),
        (100, 100),
        (312345678, REDACTED),
        (1001, REDACTED),
        (1.5, REDACTED),
        (NUMBER, REDACTED),
        ("lunch with Bob", REDACTED),
        ("Bob", REDACTED),
        ("", None),
    ],
)
def test_a_code_is_shown_only_if_it_can_be_nothing_but_a_code(said: Raw, shown: Json) -> None:
    user = User(id="1", presence=said, fwd_always_status=said, role=said)
    row = cast("Report", Disguise(Pbx()).row(USER_RULES, user))
    assert {row.get(field) for field in ("presence", "fwd_always_status", "role")} == {shown}


@pytest.mark.parametrize(
    ("raw", "shown"), [("3", "3"), ("2/15", "2/15"), (NUMBER, REDACTED), ("03-1234-5678", REDACTED)]
)
def test_counters_are_shown_only_if_they_look_like_counters(raw: str, shown: str) -> None:
    user = User(id="1", mwi=MessageWaiting(raw, 312345678, None))
    row = cast("Report", Disguise(Pbx()).row(USER_RULES, user))
    assert row["mwi"] == {"raw": shown, "new": REDACTED}


@pytest.mark.parametrize(
    ("said", "shown"), [(1, 1), ("ja", "ja"), ("en_US", "en_US"), ("Bob", REDACTED)]
)
def test_a_language_is_shown(said: Raw, shown: Json) -> None:
    row = cast("Report", Disguise(Pbx()).row(USER_RULES, User(id="1", language=said)))
    assert row.get("language") == shown


def test_of_unknown_fields_only_the_names_are_shown() -> None:
    extra: dict[str, Json] = {"home_address": {"city": "Kyoto"}, "tel:0312345678": 1, "age": 30}
    row = cast("Report", Disguise(Pbx()).row(USER_RULES, User(id="1", extra=extra)))
    assert row["extra"] == {"home_address": REDACTED, REDACTED: REDACTED, "age": REDACTED}


def test_of_a_channel_only_words_of_the_protocol_are_shown() -> None:
    channel = Channel(
        uuid="a-b-c",
        direction="inbound",
        peer_location="at Bob's",
        state=ChannelState(None, "whispering", ("Bob", NUMBER)),
        target=Target("robot", "77", "Bob", NUMBER),
        tags=("auto_answer", "vip_bob"),
        last_event="STATE_CHANGE",
        last_event_data="Bob said so",
        origination=("call_user", "bob"),
        other=OtherChannel(type="end_user", whoscall={"name": "Bob"}, address=NUMBER),
        whoscall="Bob",
        call_id="bob@phone",
    )
    row = cast("Report", Disguise(Pbx()).row(CHANNEL_RULES, channel))
    assert (row["uuid"], row["direction"], row["peer_location"]) == (
        "channel_1",
        "inbound",
        REDACTED,
    )
    assert row["state"] == {"name": "whispering", "data": REDACTED}
    assert row["target"] == {
        "type": "robot",
        "id": "target_1",
        "name": REDACTED,
        "address": "number_1",
    }
    assert row["tags"] == ["auto_answer", REDACTED]
    assert row["last_event"] == "STATE_CHANGE"
    assert row["other"] == {"type": "end_user", "address": "number_1", "whoscall": REDACTED}
    assert "bob" not in json.dumps(row).casefold()


def test_of_a_terminal_the_user_agent_is_not_shown() -> None:
    terminal = Terminal(id="1", user_id="2", user_agent="Softphone of Bob", registered_status=1)
    assert Disguise(Pbx()).row(TERMINAL_RULES, terminal) == {
        "id": "terminal_1",
        "user_id": "user_1",
        "user_agent": REDACTED,
        "registered_status": 1,
    }


def test_what_is_no_row_is_redacted() -> None:
    assert Disguise(Pbx()).row({}, "Bob") == REDACTED


def test_times_of_another_clock_are_in_the_future() -> None:
    channel = Channel(uuid="1", offered_at=32_000_000_000_000_000)
    row = cast("Report", Disguise(Pbx()).row(CHANNEL_RULES, channel))
    assert row["offered_at"] < 0
