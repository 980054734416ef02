"""Tests of how an account is added, kept working and changed."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from http import HTTPStatus
import ssl
from typing import Any
from unittest.mock import AsyncMock, patch

from aiohttp import web
from homeassistant.const import CONF_API_TOKEN, CONF_SSL, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.ws_cti.config_flow import SECTION_CONNECTION
from custom_components.ws_cti.const import (
    CONF_APP_NAME,
    CONF_KEPT_RISK,
    CONF_PBX_DOMAIN,
    CONF_SERVER,
    CONF_TAKE_OVER,
    CONF_WATCH,
    CONF_WATCHED_USER,
    DEFAULT_APP_NAME,
    DOMAIN,
    WATCH_ALL,
)
from custom_components.ws_cti.cti.basix.driver import DEFAULT_SERVER
from custom_components.ws_cti.cti.errors import RejectedError
from simulator.bert import Atom, Charlist, Encoder
from simulator.phone_system import PhoneSystem
from simulator.server import SimulatorServer
from tests.integration.forms import (
    Form,
    add,
    broken_handshakes,
    connection,
    crowd,
    fields,
    start,
    submit,
    suggested,
)

pytestmark = pytest.mark.usefixtures("flow_translations", "setup_entry")

type Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture
def impatience() -> Iterator[None]:
    """Let silence be noticed at once."""
    link = f"custom_components.{DOMAIN}.cti.link"
    with patch(f"{link}.OPEN_SECONDS", 0.2), patch(f"{link}.FIRST_MESSAGE_SECONDS", 0.2):
        yield


@asynccontextmanager
async def strange_server(answer: Answer) -> AsyncGenerator[str]:
    """Serve something that is no phone system, and yield where."""
    application = web.Application()
    application.router.add_get("/{path:.*}", answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def html(request: web.Request) -> web.StreamResponse:
    """Answer as a web site does."""
    return web.Response(text="<h1>It works!</h1>", content_type="text/html")


async def not_found(request: web.Request) -> web.StreamResponse:
    """Answer as a web site does that has no such page."""
    raise web.HTTPNotFound


def telling(frame: bytes) -> Answer:
    """Return a websocket that tells one thing and hangs up."""

    async def answer(request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.send_bytes(frame)
        await socket.close()
        return socket

    return answer


# Adding an account


async def test_the_whole_phone_system_is_added(
    hass: HomeAssistant, simulator: SimulatorServer, form: Form, setup_entry: AsyncMock
) -> None:
    shown = await start(hass)
    assert shown["type"] is FlowResultType.FORM
    assert shown["step_id"] == "user"
    assert not shown["errors"]

    result = await submit(hass, shown, form)

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == "example.basix.ne.jp"
    assert result["data"] == {
        "server": f"127.0.0.1:{simulator.port}",
        "domain": "example.basix.ne.jp",
        "api_token": "0123456789abcdef",
        "watch": "all",
        "watched_user": None,
        "app_name": "home_assistant",
        "take_over": True,
        "ssl": False,
        "verify_ssl": True,
        "agreed_risk": "not_encrypted",
        "kept_risk": None,
    }
    assert result["options"] == {}
    assert result["result"].unique_id == "example.basix.ne.jp"
    assert setup_entry.await_count == 1


async def test_only_account_and_token_must_be_typed(hass: HomeAssistant) -> None:
    shown = await start(hass)

    schema = shown["data_schema"]
    assert schema is not None
    assert schema(
        {CONF_PBX_DOMAIN: "test1.basix.ne.jp", CONF_API_TOKEN: "token", SECTION_CONNECTION: {}}
    ) == {
        CONF_SERVER: DEFAULT_SERVER,
        CONF_PBX_DOMAIN: "test1.basix.ne.jp",
        CONF_API_TOKEN: "token",
        CONF_WATCH: WATCH_ALL,
        SECTION_CONNECTION: {
            CONF_APP_NAME: DEFAULT_APP_NAME,
            CONF_TAKE_OVER: True,
            CONF_SSL: True,
            CONF_VERIFY_SSL: True,
        },
    }


@pytest.mark.parametrize("known", ["id", "name", "label", "extension", "did", "email"])
async def test_one_user_is_added_by_what_is_known_of_him(
    hass: HomeAssistant, phone_system: PhoneSystem, form: Form, known: str
) -> None:
    user = phone_system.add_user(
        "Kenji Sato", name="kenji", extension="1050", did="0355551234", email="Kenji@example.com"
    )
    value = user.main_extension if known == "extension" else str(getattr(user, known))

    shown = await add(hass, {**form, CONF_WATCH: f"user_{known}"})
    assert shown["type"] is FlowResultType.FORM
    assert shown["step_id"] == "one_user"
    assert fields(shown) == [f"user_{known}"]
    result = await submit(hass, shown, {f"user_{known}": f" {value} "})

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["title"] == f"example.basix.ne.jp {value}"
    assert result["data"][CONF_WATCH] == f"user_{known}"
    assert result["data"][CONF_WATCHED_USER] == value
    assert result["result"].unique_id == f"example.basix.ne.jp/user_{known}/{value.casefold()}"


async def test_what_is_pasted_is_tidied(
    hass: HomeAssistant, simulator: SimulatorServer, form: Form
) -> None:
    result = await add(
        hass,
        {
            **form,
            CONF_SERVER: f" https://127.0.0.1:{simulator.port}/basix/login ",
            CONF_PBX_DOMAIN: " example.basix.ne.jp ",
            CONF_API_TOKEN: "0123456789abcdef\n",
            SECTION_CONNECTION: connection(app_name=" "),
        },
    )

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_SERVER] == f"127.0.0.1:{simulator.port}"
    assert result["data"][CONF_PBX_DOMAIN] == "example.basix.ne.jp"
    assert result["data"][CONF_API_TOKEN] == "0123456789abcdef"
    assert result["data"][CONF_APP_NAME] == DEFAULT_APP_NAME


@pytest.mark.parametrize(
    ("field", "typed", "problem"),
    [
        (CONF_SERVER, "https://", "invalid_server"),
        (CONF_SERVER, "two words", "invalid_server"),
        (CONF_SERVER, "bcs.brastel.com:port", "invalid_server"),
        (CONF_PBX_DOMAIN, " ", "empty"),
        (CONF_PBX_DOMAIN, "example.basix.ne.jp:token", "domain_with_colon"),
        (CONF_PBX_DOMAIN, "example basix", "invalid_domain"),
        (CONF_PBX_DOMAIN, "example.basix.ne.jp/", "invalid_domain"),
        (CONF_API_TOKEN, " ", "empty"),
    ],
)
async def test_a_mistake_is_seen_before_connecting(
    hass: HomeAssistant, form: Form, field: str, typed: str, problem: str
) -> None:
    shown = await add(hass, {**form, field: typed})

    assert shown["type"] is FlowResultType.FORM
    assert shown["step_id"] == "user"
    assert shown["errors"] == {field: problem}
    result = await submit(hass, shown, form)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_all_mistakes_are_told_at_once(hass: HomeAssistant, form: Form) -> None:
    shown = await add(
        hass, {**form, CONF_SERVER: "//", CONF_PBX_DOMAIN: "a:b", CONF_API_TOKEN: " "}
    )

    assert shown["errors"] == {
        CONF_SERVER: "invalid_server",
        CONF_PBX_DOMAIN: "domain_with_colon",
        CONF_API_TOKEN: "empty",
    }


# When connecting fails


async def test_a_wrong_token_is_told_and_what_was_typed_is_kept(
    hass: HomeAssistant, form: Form
) -> None:
    typed = {
        **form,
        CONF_API_TOKEN: "wrong",
        SECTION_CONNECTION: connection(app_name="kitchen", take_over=False, verify_ssl=False),
    }

    shown = await add(hass, typed)

    assert shown["errors"] == {CONF_API_TOKEN: "invalid_auth"}
    assert suggested(shown) == {
        CONF_SERVER: form[CONF_SERVER],
        CONF_PBX_DOMAIN: form[CONF_PBX_DOMAIN],
        CONF_WATCH: WATCH_ALL,
        CONF_APP_NAME: "kitchen",
        CONF_TAKE_OVER: False,
        CONF_SSL: False,
        CONF_VERIFY_SSL: False,
    }
    result = await submit(hass, shown, form)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_browser_never_gets_a_token_back(
    hass: HomeAssistant, hass_client: ClientSessionGenerator, form: Form
) -> None:
    assert await async_setup_component(hass, "config", {})
    client = await hass_client()
    flows = "/api/config/config_entries/flow"

    opened = await client.post(flows, json={"handler": DOMAIN})
    flow_id = (await opened.json())["flow_id"]
    asked = await client.post(f"{flows}/{flow_id}", json={**form, CONF_API_TOKEN: "wrong-token"})
    refused = await client.post(f"{flows}/{flow_id}", json={"next_step_id": "connect_anyway"})

    assert "wrong-token" not in await asked.text()
    assert refused.status == HTTPStatus.OK
    assert (await refused.json())["errors"] == {CONF_API_TOKEN: "invalid_auth"}
    assert form[CONF_SERVER] in await refused.text()
    assert "wrong-token" not in await refused.text()


async def test_a_server_that_is_not_there_is_told(
    hass: HomeAssistant, form: Form, unused_tcp_port: int
) -> None:
    shown = await add(hass, {**form, CONF_SERVER: f"127.0.0.1:{unused_tcp_port}"})

    assert shown["errors"] == {CONF_SERVER: "cannot_connect"}
    result = await submit(hass, shown, form)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_certificate_that_nobody_vouches_for_is_told(
    hass: HomeAssistant, form: Form, phone_system: PhoneSystem, server_tls: ssl.SSLContext
) -> None:
    async with broken_handshakes(), SimulatorServer(phone_system, ssl_context=server_tls) as server:
        form |= {
            CONF_SERVER: f"127.0.0.1:{server.port}",
            SECTION_CONNECTION: connection(ssl=True),
        }
        shown = await add(hass, form)

        assert shown["errors"] == {CONF_SERVER: "invalid_certificate"}
        form[SECTION_CONNECTION] = connection(ssl=True, verify_ssl=False)
        result = await submit(hass, shown, form)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_server_without_tls_is_told(hass: HomeAssistant, form: Form) -> None:
    shown = await add(hass, {**form, SECTION_CONNECTION: connection(ssl=True)})

    assert shown["errors"] == {CONF_SERVER: "invalid_certificate"}
    result = await submit(hass, shown, form)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_the_limit_of_connections_is_told(
    hass: HomeAssistant, form: Form, entry_data: dict[str, Any]
) -> None:
    async with crowd(entry_data, 2):
        shown = await add(hass, {**form, SECTION_CONNECTION: connection(take_over=False)})

        assert shown["errors"] == {"base": "connection_limit"}
        result = await submit(hass, shown, form)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_TAKE_OVER] is True


async def test_an_app_name_of_its_own_avoids_the_limit(
    hass: HomeAssistant, form: Form, entry_data: dict[str, Any]
) -> None:
    async with crowd(entry_data, 2):
        details = connection(take_over=False, app_name="kitchen")
        result = await add(hass, {**form, SECTION_CONNECTION: details})

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_APP_NAME] == "kitchen"


async def test_a_connection_that_is_taken_away_is_told(hass: HomeAssistant, form: Form) -> None:
    message = (Atom("system_msg"), Charlist("connection_replaced"))
    async with strange_server(telling(Encoder().encode(message))) as server:
        shown = await add(hass, {**form, CONF_SERVER: server})

    assert shown["errors"] == {"base": "connection_replaced"}
    result = await submit(hass, shown, form)
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("impatience")
async def test_a_phone_system_that_says_nothing_is_told(
    hass: HomeAssistant, simulator: SimulatorServer, form: Form
) -> None:
    simulator.mute()
    shown = await add(hass, form)

    assert shown["errors"] == {CONF_SERVER: "timeout"}
    simulator.unmute()
    result = await submit(hass, shown, form)
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_a_server_that_cannot_serve_now_is_told(
    hass: HomeAssistant, simulator: SimulatorServer, form: Form, status: int
) -> None:
    simulator.refuse(status)
    shown = await add(hass, form)

    assert shown["errors"] == {CONF_SERVER: "unavailable"}
    simulator.refuse(None)
    result = await submit(hass, shown, form)
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize("answer", [html, not_found, telling(b"Hello!")])
async def test_a_server_that_is_no_phone_system_is_told(
    hass: HomeAssistant, form: Form, answer: Answer
) -> None:
    async with strange_server(answer) as server:
        shown = await add(hass, {**form, CONF_SERVER: server})

    assert shown["errors"] == {CONF_SERVER: "not_a_pbx"}
    result = await submit(hass, shown, form)
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_an_unheard_of_reason_has_a_sentence_too(hass: HomeAssistant, form: Form) -> None:
    with patch(f"custom_components.{DOMAIN}.trial.probe", side_effect=RejectedError("full_moon")):
        shown = await add(hass, form)

    assert shown["errors"] == {"base": "unknown"}
    result = await submit(hass, shown, form)
    assert result["type"] is FlowResultType.CREATE_ENTRY


# One user


async def test_a_user_who_is_not_there_is_told(hass: HomeAssistant, form: Form) -> None:
    shown = await add(hass, {**form, CONF_WATCH: "user_extension"})
    shown = await submit(hass, shown, {"user_extension": "9999"})

    assert shown["step_id"] == "one_user"
    assert shown["errors"] == {"user_extension": "user_not_found"}
    assert suggested(shown) == {"user_extension": "9999"}
    result = await submit(hass, shown, {"user_extension": "1000"})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_WATCHED_USER] == "1000"


async def test_nobody_cannot_be_watched(hass: HomeAssistant, form: Form) -> None:
    shown = await add(hass, {**form, CONF_WATCH: "user_extension"})
    shown = await submit(hass, shown, {"user_extension": " "})

    assert shown["step_id"] == "one_user"
    assert shown["errors"] == {"user_extension": "empty"}
    result = await submit(hass, shown, {"user_extension": "1000"})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_a_wrong_token_for_one_user_leads_back_to_the_token(
    hass: HomeAssistant, form: Form
) -> None:
    form[CONF_WATCH] = "user_extension"
    shown = await add(hass, {**form, CONF_API_TOKEN: "wrong"})
    shown = await submit(hass, shown, {"user_extension": "1000"})

    assert shown["step_id"] == "user"
    assert shown["errors"] == {CONF_API_TOKEN: "invalid_auth"}
    assert suggested(shown)[CONF_WATCH] == "user_extension"
    shown = await submit(hass, shown, form)
    assert shown["step_id"] == "one_user"
    assert not shown["errors"]
    assert suggested(shown) == {"user_extension": "1000"}
    result = await submit(hass, shown, {"user_extension": "1000"})
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.usefixtures("impatience")
async def test_silence_is_not_blamed_on_the_user(
    hass: HomeAssistant, simulator: SimulatorServer, form: Form
) -> None:
    form[CONF_WATCH] = "user_extension"
    simulator.mute()
    shown = await submit(hass, await add(hass, form), {"user_extension": "1000"})

    assert shown["step_id"] == "user"
    assert shown["errors"] == {CONF_SERVER: "timeout"}
    simulator.unmute()
    result = await submit(hass, await submit(hass, shown, form), {"user_extension": "1000"})
    assert result["type"] is FlowResultType.CREATE_ENTRY


async def test_who_was_named_in_one_way_is_not_suggested_in_another(
    hass: HomeAssistant, phone_system: PhoneSystem, form: Form
) -> None:
    phone_system.add_user("Kenji Sato", email="kenji@example.com")
    shown = await add(hass, {**form, CONF_WATCH: "user_extension", CONF_API_TOKEN: "wrong"})
    shown = await submit(hass, shown, {"user_extension": "1000"})
    assert shown["step_id"] == "user"

    shown = await submit(hass, shown, {**form, CONF_WATCH: "user_email"})

    assert suggested(shown) == {}
    result = await submit(hass, shown, {"user_email": "kenji@example.com"})
    assert result["title"] == "example.basix.ne.jp kenji@example.com"


async def test_one_may_decide_for_the_whole_phone_system_after_all(
    hass: HomeAssistant, simulator: SimulatorServer, form: Form
) -> None:
    simulator.refuse()
    shown = await add(hass, {**form, CONF_WATCH: "user_extension"})
    shown = await submit(hass, shown, {"user_extension": "1000"})
    assert shown["step_id"] == "user"
    simulator.refuse(None)

    result = await submit(hass, shown, form)

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_WATCHED_USER] is None
    assert result["result"].unique_id == "example.basix.ne.jp"


# The same thing twice


@pytest.mark.usefixtures("entry")
@pytest.mark.parametrize(
    "changes",
    [{}, {CONF_PBX_DOMAIN: "Example.BASIX.ne.jp"}, {CONF_SERVER: "other.example.com"}],
)
async def test_the_same_account_is_not_added_twice(
    hass: HomeAssistant, form: Form, changes: Form
) -> None:
    result = await add(hass, form | changes)

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    assert len(hass.config_entries.async_entries(DOMAIN)) == 1


async def test_the_same_user_is_not_added_twice(
    hass: HomeAssistant, phone_system: PhoneSystem, form: Form
) -> None:
    phone_system.add_user("Kenji Sato", name="kenji")
    form[CONF_WATCH] = "user_name"
    first = await submit(hass, await add(hass, form), {"user_name": "kenji"})
    assert first["type"] is FlowResultType.CREATE_ENTRY

    result = await submit(hass, await add(hass, form), {"user_name": "Kenji"})

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "already_configured"
    assert len(hass.config_entries.async_entries(DOMAIN)) == 1


@pytest.mark.usefixtures("entry")
async def test_an_account_can_be_watched_for_several_users_too(
    hass: HomeAssistant, form: Form
) -> None:
    form[CONF_WATCH] = "user_extension"
    for extension in ("1000", "1001"):
        result = await submit(hass, await add(hass, form), {"user_extension": extension})
        assert result["type"] is FlowResultType.CREATE_ENTRY

    assert len(hass.config_entries.async_entries(DOMAIN)) == 3


async def test_a_form_left_open_does_not_lock_others_out(
    hass: HomeAssistant, simulator: SimulatorServer, form: Form
) -> None:
    simulator.refuse()
    left_open = await add(hass, form)
    simulator.refuse(None)

    result = await add(hass, form)

    assert result["type"] is FlowResultType.CREATE_ENTRY
    # Once there is an entry, the open form has no purpose any more.
    flows = hass.config_entries.flow.async_progress()
    assert left_open["flow_id"] not in {flow["flow_id"] for flow in flows}


# A token that is no longer accepted


async def test_a_new_token_is_asked_for_alone(
    hass: HomeAssistant, entry: MockConfigEntry, phone_system: PhoneSystem, setup_entry: AsyncMock
) -> None:
    phone_system.token = "fedcba9876543210"

    shown = await entry.start_reauth_flow(hass)
    assert shown["type"] is FlowResultType.FORM
    assert shown["step_id"] == "reauth_confirm"
    assert fields(shown) == [CONF_API_TOKEN]
    assert suggested(shown) == {}
    before = dict(entry.data)
    result = await submit(hass, shown, {CONF_API_TOKEN: " fedcba9876543210 "})

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reauth_successful"
    assert entry.data == before | {CONF_API_TOKEN: "fedcba9876543210"}
    assert setup_entry.await_count == 1


@pytest.mark.parametrize(("token", "problem"), [("wrong", "invalid_auth"), (" ", "empty")])
async def test_a_new_token_that_is_refused_is_asked_for_again(
    hass: HomeAssistant, entry: MockConfigEntry, token: str, problem: str
) -> None:
    shown = await entry.start_reauth_flow(hass)
    shown = await submit(hass, shown, {CONF_API_TOKEN: token})

    assert shown["type"] is FlowResultType.FORM
    assert shown["errors"] == {CONF_API_TOKEN: problem}
    assert suggested(shown) == {}
    result = await submit(hass, shown, {CONF_API_TOKEN: entry.data[CONF_API_TOKEN]})
    assert result["reason"] == "reauth_successful"


async def test_trouble_with_the_server_is_told_where_only_the_token_is_asked(
    hass: HomeAssistant, entry: MockConfigEntry, simulator: SimulatorServer
) -> None:
    shown = await entry.start_reauth_flow(hass)
    simulator.refuse()
    shown = await submit(hass, shown, {CONF_API_TOKEN: entry.data[CONF_API_TOKEN]})

    assert shown["type"] is FlowResultType.FORM
    assert shown["errors"] == {"base": "unavailable"}
    simulator.refuse(None)
    result = await submit(hass, shown, {CONF_API_TOKEN: entry.data[CONF_API_TOKEN]})
    assert result["reason"] == "reauth_successful"


# Another way to connect


async def test_reconfiguring_begins_with_what_is_set_save_the_token(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    shown = await entry.start_reconfigure_flow(hass)

    assert shown["type"] is FlowResultType.FORM
    assert shown["step_id"] == "reconfigure"
    assert fields(shown) == [CONF_SERVER, CONF_API_TOKEN, SECTION_CONNECTION]
    assert suggested(shown) == {
        CONF_SERVER: entry.data[CONF_SERVER],
        CONF_APP_NAME: DEFAULT_APP_NAME,
        CONF_TAKE_OVER: True,
        CONF_SSL: False,
        CONF_VERIFY_SSL: True,
    }


@pytest.mark.parametrize("untouched", [{}, {CONF_API_TOKEN: ""}])
async def test_an_empty_token_keeps_the_present_one(
    hass: HomeAssistant, entry: MockConfigEntry, phone_system: PhoneSystem, untouched: Form
) -> None:
    before = dict(entry.data)
    async with SimulatorServer(phone_system) as moved:
        result = await submit(
            hass,
            await entry.start_reconfigure_flow(hass),
            {
                CONF_SERVER: f"127.0.0.1:{moved.port}",
                SECTION_CONNECTION: connection(app_name="kitchen", take_over=False),
            }
            | untouched,
        )

    assert result["type"] is FlowResultType.ABORT
    assert result["reason"] == "reconfigure_successful"
    assert entry.unique_id == "example.basix.ne.jp"
    assert entry.data == before | {
        CONF_SERVER: f"127.0.0.1:{moved.port}",
        CONF_APP_NAME: "kitchen",
        CONF_TAKE_OVER: False,
        CONF_KEPT_RISK: None,
    }


async def test_reconfiguring_may_change_the_token(
    hass: HomeAssistant, entry: MockConfigEntry, phone_system: PhoneSystem, setup_entry: AsyncMock
) -> None:
    phone_system.token = "fedcba9876543210"
    result = await submit(
        hass,
        await entry.start_reconfigure_flow(hass),
        {
            CONF_SERVER: entry.data[CONF_SERVER],
            CONF_API_TOKEN: "fedcba9876543210",
            SECTION_CONNECTION: connection(),
        },
    )

    assert result["reason"] == "reconfigure_successful"
    assert entry.data[CONF_API_TOKEN] == "fedcba9876543210"
    assert setup_entry.await_count == 1


@pytest.mark.parametrize(
    ("changes", "errors"),
    [
        ({CONF_API_TOKEN: "wrong"}, {CONF_API_TOKEN: "invalid_auth"}),
        ({CONF_SERVER: "no server"}, {CONF_SERVER: "invalid_server"}),
        ({SECTION_CONNECTION: connection(ssl=True)}, {CONF_SERVER: "invalid_certificate"}),
    ],
)
async def test_reconfiguring_tells_what_is_wrong_and_keeps_what_was_typed(
    hass: HomeAssistant, entry: MockConfigEntry, changes: Form, errors: Form
) -> None:
    before = dict(entry.data)
    right = {
        CONF_SERVER: entry.data[CONF_SERVER],
        CONF_API_TOKEN: entry.data[CONF_API_TOKEN],
        SECTION_CONNECTION: connection(app_name="kitchen"),
    }
    typed = right | changes

    shown = await submit(hass, await entry.start_reconfigure_flow(hass), typed)

    assert shown["type"] is FlowResultType.FORM
    assert shown["errors"] == errors
    assert suggested(shown) == {CONF_SERVER: typed[CONF_SERVER]} | typed[SECTION_CONNECTION]
    assert entry.data == before
    result = await submit(hass, shown, right)
    assert result["reason"] == "reconfigure_successful"
    assert entry.data == before | {CONF_APP_NAME: "kitchen"}


async def test_reconfiguring_keeps_whom_is_watched(hass: HomeAssistant, form: Form) -> None:
    form[CONF_WATCH] = "user_extension"
    created = await submit(hass, await add(hass, form), {"user_extension": "1000"})
    entry = created["result"]

    shown = await hass.config_entries.flow.async_init(
        DOMAIN, context={"source": "reconfigure", "entry_id": entry.entry_id}
    )
    result = await submit(
        hass,
        shown,
        {CONF_SERVER: form[CONF_SERVER], SECTION_CONNECTION: connection(app_name="kitchen")},
    )

    assert result["reason"] == "reconfigure_successful"
    assert entry.unique_id == "example.basix.ne.jp/user_extension/1000"
    assert entry.data == {**created["data"], CONF_APP_NAME: "kitchen"}


# A token that need not be typed twice


async def test_a_token_stays_typed_while_something_else_is_mended(
    hass: HomeAssistant, form: Form
) -> None:
    shown = await add(hass, {**form, CONF_PBX_DOMAIN: "office.example/start"})
    assert shown["errors"] == {CONF_PBX_DOMAIN: "invalid_domain"}
    assert CONF_API_TOKEN not in suggested(shown)

    again = {key: value for key, value in form.items() if key != CONF_API_TOKEN}
    shown = await submit(hass, shown, {**again, CONF_PBX_DOMAIN: "office.example:80"})
    assert shown["errors"] == {CONF_PBX_DOMAIN: "domain_with_colon"}
    result = await submit(hass, shown, again)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_API_TOKEN] == form[CONF_API_TOKEN]


async def test_another_token_takes_the_place_of_the_one_typed_before(
    hass: HomeAssistant, form: Form
) -> None:
    shown = await add(hass, {**form, CONF_PBX_DOMAIN: "", CONF_API_TOKEN: "older"})
    result = await submit(hass, shown, form)
    assert result["data"][CONF_API_TOKEN] == form[CONF_API_TOKEN]


@pytest.mark.parametrize("token", ["wrong", " "])
async def test_a_token_that_is_not_accepted_is_to_be_typed_again(
    hass: HomeAssistant, form: Form, token: str
) -> None:
    shown = await add(hass, {**form, CONF_API_TOKEN: token})
    assert CONF_API_TOKEN in (shown["errors"] or {})

    again = {key: value for key, value in form.items() if key != CONF_API_TOKEN}
    with pytest.raises(InvalidData):
        await submit(hass, shown, again)
    assert (await submit(hass, shown, form))["type"] is FlowResultType.CREATE_ENTRY
