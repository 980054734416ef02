"""Tests that nothing is sent on a line that is not safe before somebody agreed to that."""

import asyncio
from collections.abc import AsyncGenerator
import ssl
from typing import Any
from unittest.mock import patch

from homeassistant.const import CONF_SSL, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.ws_cti.account import http_session_of, ssl_context_of
from custom_components.ws_cti.config_flow import SECTION_CONNECTION
from custom_components.ws_cti.const import (
    CONF_AGREED_RISK,
    CONF_APP_NAME,
    CONF_KEPT_RISK,
    CONF_SERVER,
    CONF_WATCH,
    DOMAIN,
)
from simulator.phone_system import PhoneSystem
from simulator.server import SimulatorServer
from tests.integration.forms import (
    Form,
    broken_handshakes,
    choose,
    connection,
    send,
    start,
    suggested as shown_in,
)

pytestmark = pytest.mark.usefixtures("flow_translations", "setup_entry")


class Ear:
    """Be a server that only listens to what it is told."""

    def __init__(self) -> None:
        """Have heard nothing."""
        self.port = 0
        self.heard = b""

    async def listen(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take down what comes, and hang up."""
        self.heard += await reader.read(4096)
        writer.close()


@pytest.fixture
async def ear(socket_enabled: None) -> AsyncGenerator[Ear]:
    """Return a server that nobody should tell a secret."""
    ear = Ear()
    server = await asyncio.start_server(ear.listen, "127.0.0.1", 0)
    ear.port = server.sockets[0].getsockname()[1]
    async with server:
        yield ear


@pytest.mark.parametrize(
    ("unsafe", "step"),
    [
        ({"ssl": False}, "not_encrypted"),
        ({"ssl": False, "verify_ssl": False}, "not_encrypted"),
        ({"ssl": True, "verify_ssl": False}, "certificate_unchecked"),
    ],
)
async def test_what_is_not_safe_is_explained_before_anything_is_sent(
    hass: HomeAssistant, form: Form, ear: Ear, unsafe: dict[str, bool], step: str
) -> None:
    server = f"127.0.0.1:{ear.port}"
    shown = await send(
        hass,
        await start(hass),
        {**form, CONF_SERVER: server, SECTION_CONNECTION: connection(**unsafe)},
    )

    assert shown["type"] is FlowResultType.MENU
    assert shown["step_id"] == step
    assert shown["menu_options"] == ["connect_safely", "connect_anyway"]
    assert shown["description_placeholders"] == {"server": server}
    assert ear.heard == b""
    await choose(hass, shown, "connect_anyway")
    assert ear.heard


async def test_a_menu_that_is_loaded_again_is_the_same(hass: HomeAssistant, form: Form) -> None:
    for unsafe in ({"ssl": False}, {"ssl": True, "verify_ssl": False}):
        shown = await send(
            hass, await start(hass), {**form, SECTION_CONNECTION: connection(**unsafe)}
        )
        again = await hass.config_entries.flow.async_configure(shown["flow_id"])
        assert again["type"] is FlowResultType.MENU
        assert again["step_id"] == shown["step_id"]
        assert again["menu_options"] == shown["menu_options"]


async def test_who_decides_for_safety_after_all_gets_it(
    hass: HomeAssistant, form: Form, phone_system: PhoneSystem, server_tls: ssl.SSLContext
) -> None:
    async with broken_handshakes(), SimulatorServer(phone_system, ssl_context=server_tls) as server:
        form |= {
            CONF_SERVER: f"127.0.0.1:{server.port}",
            SECTION_CONNECTION: connection(ssl=True, verify_ssl=False),
        }
        shown = await choose(hass, await send(hass, await start(hass), form), "connect_safely")

        assert shown["type"] is FlowResultType.FORM
        assert shown["errors"] == {CONF_SERVER: "invalid_certificate"}
        assert shown_in(shown)[CONF_SSL] is True
        assert shown_in(shown)[CONF_VERIFY_SSL] is True
        with patch(f"custom_components.{DOMAIN}.account.get_default_context") as trusted:
            trusted.return_value = ssl.create_default_context()
            trusted.return_value.check_hostname = False
            trusted.return_value.verify_mode = ssl.CERT_NONE
            result = await send(hass, shown, {**form, SECTION_CONNECTION: connection(ssl=True)})
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_VERIFY_SSL] is True
    assert result["data"][CONF_AGREED_RISK] is None


async def test_somebody_who_agreed_is_not_asked_again_for_the_same(
    hass: HomeAssistant, simulator: SimulatorServer, form: Form
) -> None:
    simulator.refuse()
    asked = await send(hass, await start(hass), form)
    shown = await choose(hass, asked, "connect_anyway")
    assert shown["errors"] == {CONF_SERVER: "unavailable"}
    simulator.refuse(None)

    result = await send(hass, shown, form)

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_AGREED_RISK] == "not_encrypted"


async def test_what_was_agreed_to_for_one_server_is_asked_for_another(
    hass: HomeAssistant, simulator: SimulatorServer, form: Form, ear: Ear
) -> None:
    simulator.refuse()
    asked = await send(hass, await start(hass), form)
    shown = await choose(hass, asked, "connect_anyway")

    shown = await send(hass, shown, {**form, CONF_SERVER: f"127.0.0.1:{ear.port}"})

    assert shown["type"] is FlowResultType.MENU
    assert ear.heard == b""


async def test_one_user_is_asked_for_once_somebody_agreed(hass: HomeAssistant, form: Form) -> None:
    asked = await send(hass, await start(hass), {**form, CONF_WATCH: "user_extension"})
    assert asked["type"] is FlowResultType.MENU

    shown = await choose(hass, asked, "connect_anyway")
    assert shown["step_id"] == "one_user"
    result = await send(hass, shown, {"user_extension": "1000"})

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert result["data"][CONF_AGREED_RISK] == "not_encrypted"


@pytest.mark.parametrize("scheme", ["ws", "http"])
async def test_an_address_that_is_pasted_does_not_switch_encryption_off(
    hass: HomeAssistant, form: Form, ear: Ear, scheme: str
) -> None:
    shown = await send(
        hass,
        await start(hass),
        {
            **form,
            CONF_SERVER: f"{scheme}://127.0.0.1:{ear.port}/basix",
            SECTION_CONNECTION: connection(ssl=True),
        },
    )

    assert shown["type"] is FlowResultType.FORM
    assert shown["errors"]
    assert ear.heard[:2] == b"\x16\x03"  # how TLS begins
    assert b"Authorization" not in ear.heard


async def test_nobody_is_asked_about_a_safe_line(
    hass: HomeAssistant, form: Form, simulator: SimulatorServer
) -> None:
    shown = await send(hass, await start(hass), {**form, SECTION_CONNECTION: connection(ssl=True)})

    assert shown["type"] is FlowResultType.FORM
    assert shown["errors"] == {CONF_SERVER: "invalid_certificate"}


# Reconfiguring


async def test_an_entry_that_is_to_become_unsafe_needs_consent(
    hass: HomeAssistant, form: Form, entry: MockConfigEntry
) -> None:
    safe = {CONF_SSL: True, CONF_AGREED_RISK: None, CONF_KEPT_RISK: None}
    hass.config_entries.async_update_entry(entry, data=entry.data | safe)
    before = dict(entry.data)
    typed = {CONF_SERVER: form[CONF_SERVER], SECTION_CONNECTION: connection(ssl=False)}

    asked = await send(hass, await entry.start_reconfigure_flow(hass), typed)
    assert asked["type"] is FlowResultType.MENU
    assert asked["step_id"] == "not_encrypted"
    assert entry.data == before
    result = await choose(hass, asked, "connect_anyway")

    assert result["reason"] == "reconfigure_successful"
    assert entry.data == before | {CONF_SSL: False, CONF_AGREED_RISK: "not_encrypted"}


async def test_an_unsafe_entry_may_become_safe_in_the_menu(
    hass: HomeAssistant, form: Form, entry: MockConfigEntry
) -> None:
    unagreed = {CONF_AGREED_RISK: None, CONF_KEPT_RISK: None}
    hass.config_entries.async_update_entry(entry, data=entry.data | unagreed)
    typed = {CONF_SERVER: form[CONF_SERVER], SECTION_CONNECTION: connection(ssl=False)}

    asked = await send(hass, await entry.start_reconfigure_flow(hass), typed)
    shown = await choose(hass, asked, "connect_safely")

    assert shown["step_id"] == "reconfigure"
    assert shown["errors"] == {CONF_SERVER: "invalid_certificate"}
    assert shown_in(shown)[CONF_SSL] is True
    assert entry.data[CONF_SSL] is False


async def test_what_an_entry_agreed_to_holds_while_the_line_stays_the_same(
    hass: HomeAssistant, form: Form, entry: MockConfigEntry
) -> None:
    details = connection(app_name="kitchen")
    typed = {CONF_SERVER: form[CONF_SERVER], SECTION_CONNECTION: details}
    before = dict(entry.data)

    result = await send(hass, await entry.start_reconfigure_flow(hass), typed)

    assert result["reason"] == "reconfigure_successful"
    assert entry.data == before | {CONF_APP_NAME: "kitchen"}


async def test_another_server_needs_consent_anew(
    hass: HomeAssistant, entry: MockConfigEntry, phone_system: PhoneSystem
) -> None:
    async with SimulatorServer(phone_system) as moved:
        typed = {CONF_SERVER: f"127.0.0.1:{moved.port}", SECTION_CONNECTION: connection()}
        asked = await send(hass, await entry.start_reconfigure_flow(hass), typed)
        assert asked["type"] is FlowResultType.MENU
        result = await choose(hass, asked, "connect_anyway")

    assert result["reason"] == "reconfigure_successful"
    assert entry.data[CONF_AGREED_RISK] == "not_encrypted"
    assert entry.data[CONF_KEPT_RISK] is None


# What is safe by default


@pytest.mark.parametrize("verify", [True, False])
async def test_a_certificate_is_checked_unless_somebody_switched_it_off(
    hass: HomeAssistant, entry_data: dict[str, Any], *, verify: bool
) -> None:
    data = entry_data | {CONF_SSL: True, CONF_VERIFY_SSL: verify}

    context = ssl_context_of(data)
    session = http_session_of(hass, data)

    assert context is not None
    assert (context.verify_mode is ssl.CERT_REQUIRED) is verify
    assert context.check_hostname is verify
    connector = session.connector
    assert connector is not None
    http_context = connector._ssl  # type: ignore[attr-defined]  # noqa: SLF001
    assert (http_context.verify_mode is ssl.CERT_REQUIRED) is verify
