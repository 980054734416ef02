"""Tests that the texts of the flows are those that the flows show."""

from typing import Any

from homeassistant.config_entries import SOURCE_USER
from homeassistant.const import CONF_API_TOKEN, CONF_SSL, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.ws_cti import options_flow, trial
from custom_components.ws_cti.config_flow import SECTION_CONNECTION
from custom_components.ws_cti.const import (
    CONF_PBX_DOMAIN,
    CONF_SERVER,
    CONF_WATCH,
    DOMAIN,
    WATCH_ALL,
)
from custom_components.ws_cti.cti.basix.driver import UserNamedBy
from tests.integration.flow_texts import FlowTexts


async def test_the_flows_have_no_text_that_nobody_sees(
    hass: HomeAssistant,
    entry: MockConfigEntry,
    entry_data: dict[str, Any],
    flow_translations: FlowTexts,
) -> None:
    await entry.start_reauth_flow(hass)
    await entry.start_reconfigure_flow(hass)
    await hass.config_entries.options.async_init(entry.entry_id)
    form = {key: entry_data[key] for key in (CONF_SERVER, CONF_PBX_DOMAIN, CONF_API_TOKEN)}
    for watched in (WATCH_ALL, *UserNamedBy):
        shown = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
        await hass.config_entries.flow.async_configure(
            shown["flow_id"],
            {**form, CONF_WATCH: watched, SECTION_CONNECTION: {}},
        )
    for unsafe in ({CONF_SSL: False}, {CONF_VERIFY_SSL: False}):
        shown = await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})
        await hass.config_entries.flow.async_configure(
            shown["flow_id"],
            {**form, CONF_PBX_DOMAIN: "other.basix.ne.jp", SECTION_CONNECTION: unsafe},
        )
    for problem in trial.Problem:
        flow_translations.need(f"config.error.{problem}")
    for mistake in options_flow.Problem:
        flow_translations.need(f"options.error.{mistake}")

    assert not flow_translations.unused(
        "config.", "options.", "selector.watch.", "selector.presence_names."
    )
