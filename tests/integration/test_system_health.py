"""Tests of what the page of system health tells of phone systems."""

from datetime import datetime
from typing import Any

from homeassistant.components.system_health import get_info
from homeassistant.const import CONF_SSL
from homeassistant.core import HomeAssistant
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry
from pytest_homeassistant_custom_component.typing import WebSocketGenerator

from custom_components.ws_cti import system_health
from custom_components.ws_cti.const import CONF_SERVER, DOMAIN
from tests.integration.conftest import PBX_DOMAIN, TOKEN
from tests.integration.flow_texts import FlowTexts
from tests.integration.office import Office

type Info = dict[str, Any]


@pytest.fixture(autouse=True)
async def health_page(hass: HomeAssistant) -> None:
    """Let Home Assistant have the page."""
    assert await async_setup_component(hass, DOMAIN, {})
    assert await async_setup_component(hass, "system_health", {})


async def page(hass: HomeAssistant) -> Info:
    """Return our part of the page."""
    await hass.async_block_till_done()
    info: Info = (await get_info(hass))[DOMAIN]
    return info


async def test_a_phone_system_is_seen_to_be_well(hass: HomeAssistant, office: Office) -> None:
    await office.open()
    info = await page(hass)

    messages = info.pop("messages_received")
    assert messages == office.entry.runtime_data.link.frames_received > 0
    assert info == {
        "connected": True,
        "can_reach_server": "ok",
        "frames_not_understood": 0,
        "reconnects": 0,
        "last_reconnect": "-",
    }


async def test_what_goes_wrong_is_counted(hass: HomeAssistant, office: Office) -> None:
    await office.open()
    office.server.send_raw(b"nonsense")
    await office.settled()
    before = dt_util.utcnow()
    await office.lose_connection()
    assert (await page(hass))["connected"] is False
    await office.find_connection()

    info = await page(hass)
    assert info["connected"] is True
    assert info["frames_not_understood"] == 1
    assert info["reconnects"] == 1
    assert before <= datetime.fromisoformat(info["last_reconnect"]) <= dt_util.utcnow()


async def test_a_server_that_is_not_there_is_seen(
    hass: HomeAssistant, office: Office, unused_tcp_port: int
) -> None:
    server = f"127.0.0.1:{unused_tcp_port}"
    data = {**office.entry.data, CONF_SERVER: server}
    hass.config_entries.async_update_entry(office.entry, data=data)
    await office.try_to_open()

    info = await page(hass)
    assert info["connected"] is False
    assert info["can_reach_server"] == "Failed: unreachable"
    assert info["messages_received"] == "-"


async def test_a_server_that_does_not_encrypt_is_seen(hass: HomeAssistant, office: Office) -> None:
    data = {**office.entry.data, CONF_SSL: True}
    hass.config_entries.async_update_entry(office.entry, data=data)
    await office.try_to_open()

    assert (await page(hass))["can_reach_server"] == "Failed: no secure connection"


async def test_a_server_that_never_answers_is_seen(
    hass: HomeAssistant, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await office.open()
    monkeypatch.setattr(system_health, "REACH_SECONDS", 0)

    assert (await page(hass))["can_reach_server"] == "Failed: timeout"


async def test_several_phone_systems_stand_next_to_each_other(
    hass: HomeAssistant, office: Office, unused_tcp_port: int
) -> None:
    await office.open()
    other = MockConfigEntry(
        domain=DOMAIN, data=office.entry.data | {CONF_SERVER: f"127.0.0.1:{unused_tcp_port}"}
    )
    other.add_to_hass(hass)
    await office.lose_connection()
    await office.find_connection()

    info = await page(hass)
    seen = office.entry.runtime_data
    reconnected = seen.reconnected_at.isoformat(timespec="seconds")
    assert info == {
        "connected": "yes / no",
        "can_reach_server": "ok / unreachable",
        "messages_received": f"{seen.link.frames_received} / -",
        "frames_not_understood": "0 / -",
        "reconnects": "1 / -",
        "last_reconnect": f"{reconnected} / -",
    }


async def test_there_is_nothing_to_tell_without_a_phone_system(hass: HomeAssistant) -> None:
    assert await page(hass) == {}


async def test_the_page_says_everything_in_words_and_nothing_about_anybody(
    hass: HomeAssistant, hass_ws_client: WebSocketGenerator, office: Office
) -> None:
    await office.open()
    client = await hass_ws_client(hass)
    await client.send_json_auto_id({"type": "system_health/info"})
    assert (await client.receive_json())["success"]
    shown = (await client.receive_json())["event"]["data"][DOMAIN]

    texts = FlowTexts()
    for key in shown["info"]:
        texts.need(f"system_health.info.{key}")
    assert not texts.missing
    assert not texts.unused("system_health.")
    assert shown["manage_url"] == "/config/integrations/integration/ws_cti"
    for private in (PBX_DOMAIN, TOKEN, office.server.host):
        assert private not in str(shown)
