"""Fill in the forms of flows as a person does, against servers of several kinds."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

from aiohttp import ClientSession
from homeassistant.config_entries import SOURCE_USER, ConfigFlowResult
from homeassistant.const import CONF_SSL, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType
import probatio

from custom_components.ws_cti.account import driver_of
from custom_components.ws_cti.const import CONF_APP_NAME, CONF_TAKE_OVER, DEFAULT_APP_NAME, DOMAIN

type Form = dict[str, Any]


def connection(**changes: bool | str) -> Form:
    """Return the connection details of a simulator without TLS, with changes."""
    return {
        CONF_APP_NAME: DEFAULT_APP_NAME,
        CONF_TAKE_OVER: True,
        CONF_SSL: False,
        CONF_VERIFY_SSL: True,
    } | changes


async def start(hass: HomeAssistant) -> ConfigFlowResult:
    """Open the first form."""
    return await hass.config_entries.flow.async_init(DOMAIN, context={"source": SOURCE_USER})


async def submit(hass: HomeAssistant, shown: ConfigFlowResult, form: Form) -> ConfigFlowResult:
    """Send the form that is shown, and agree to a line that is not safe if that is asked."""
    result = await send(hass, shown, form)
    if result["type"] is FlowResultType.MENU:
        result = await choose(hass, result, "connect_anyway")
    return result


async def send(hass: HomeAssistant, shown: ConfigFlowResult, form: Form) -> ConfigFlowResult:
    """Send the form that is shown."""
    result = await hass.config_entries.flow.async_configure(shown["flow_id"], form)
    await hass.async_block_till_done()
    return result


async def choose(hass: HomeAssistant, shown: ConfigFlowResult, option: str) -> ConfigFlowResult:
    """Choose in the menu that is shown."""
    assert shown["type"] is FlowResultType.MENU
    return await send(hass, shown, {"next_step_id": option})


async def add(hass: HomeAssistant, form: Form) -> ConfigFlowResult:
    """Open the first form and send it."""
    return await submit(hass, await start(hass), form)


def suggested(shown: ConfigFlowResult) -> Form:
    """Return what a form is filled in with, flat."""
    schema = shown["data_schema"]
    assert schema is not None
    return _suggested(schema)


def _suggested(schema: probatio.Schema) -> Form:
    values: Form = {}
    for key, value in schema.schema.items():
        if isinstance(inner := getattr(value, "schema", None), probatio.Schema):
            values |= _suggested(inner)
        elif key.description:
            values[key.schema] = key.description["suggested_value"]
    return values


def fields(shown: ConfigFlowResult) -> list[str]:
    """Return the fields that a form asks for."""
    schema = shown["data_schema"]
    assert schema is not None
    return [str(key) for key in schema.schema]


@asynccontextmanager
async def broken_handshakes() -> AsyncGenerator[None]:
    """Let clients break TLS off, which asyncio reports for a server in our own loop."""
    loop = asyncio.get_running_loop()
    handler = loop.get_exception_handler()
    loop.set_exception_handler(lambda _loop, _context: None)
    try:
        yield
    finally:
        loop.set_exception_handler(handler)


@asynccontextmanager
async def crowd(data: dict[str, Any], count: int) -> AsyncGenerator[None]:
    """Hold connections of an account."""
    address = driver_of(data).address
    async with ClientSession() as session:
        held = [
            await session.ws_connect(address.url, headers=dict(address.headers))
            for _ in range(count)
        ]
        # Only who was told something was admitted.
        for connection_ in held:
            await connection_.receive()
        yield
        for connection_ in held:
            await connection_.close()
