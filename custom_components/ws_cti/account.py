"""Read an account out of an entry's data: who it is, and how to connect to it."""

from collections.abc import Mapping
from enum import StrEnum
import ssl as tls
from typing import Any

from aiohttp import ClientSession, DummyCookieJar
from homeassistant.const import CONF_API_TOKEN, CONF_SSL, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant
from homeassistant.helpers.aiohttp_client import async_create_clientsession
from homeassistant.util.ssl import get_default_context, get_default_no_verify_context

from .const import (
    CONF_APP_NAME,
    CONF_PBX_DOMAIN,
    CONF_SERVER,
    CONF_TAKE_OVER,
    CONF_WATCH,
    CONF_WATCHED_USER,
    WATCH_ALL,
)
from .cti.basix.driver import BasixDriver, OneUser, UserNamedBy


class Risk(StrEnum):
    """List what makes a connection unsafe; each has its step in the flows, and its issue."""

    CERTIFICATE_UNCHECKED = "certificate_unchecked"
    NOT_ENCRYPTED = "not_encrypted"


def risk_of(data: Mapping[str, Any]) -> Risk | None:
    """Return what makes the account's connection unsafe; None for encrypted and checked."""
    if not data[CONF_SSL]:
        return Risk.NOT_ENCRYPTED
    return None if data[CONF_VERIFY_SSL] else Risk.CERTIFICATE_UNCHECKED


def driver_of(data: Mapping[str, Any]) -> BasixDriver:
    """Return the driver that speaks with the account."""
    return BasixDriver(
        server=data[CONF_SERVER],
        domain=data[CONF_PBX_DOMAIN],
        token=data[CONF_API_TOKEN],
        app_name=data[CONF_APP_NAME],
        one_user=_one_user_of(data),
        forced=data[CONF_TAKE_OVER],
        use_tls=data[CONF_SSL],
    )


def ssl_context_of(data: Mapping[str, Any]) -> tls.SSLContext | None:
    """Return a TLS context that Home Assistant has loaded already; None for an open line."""
    if not data[CONF_SSL]:
        return None
    return get_default_context() if data[CONF_VERIFY_SSL] else get_default_no_verify_context()


def http_session_of(hass: HomeAssistant, data: Mapping[str, Any]) -> ClientSession:
    """Return the entry's own HTTP session; Home Assistant closes it with the entry.

    In the session that all integrations share, a cookie of the server would log in one
    account with the other's name.
    """
    return async_create_clientsession(
        hass, verify_ssl=data[CONF_VERIFY_SSL], cookie_jar=DummyCookieJar()
    )


def identity_of(data: Mapping[str, Any]) -> str:
    """Return what tells an account from others: the domain and who is watched in it.

    The server is no part of it, since the same account may move to another one.
    """
    parts = [data[CONF_PBX_DOMAIN]]
    if (user := _one_user_of(data)) is not None:
        parts += [user.named_by, user.value]
    return "/".join(parts).casefold()


def title_of(data: Mapping[str, Any]) -> str:
    """Return the name of the account: its domain, and who is watched in it."""
    domain: str = data[CONF_PBX_DOMAIN]
    user = _one_user_of(data)
    return domain if user is None else f"{domain} {user.value}"


def _one_user_of(data: Mapping[str, Any]) -> OneUser | None:
    if data[CONF_WATCH] == WATCH_ALL:
        return None
    return OneUser(UserNamedBy(data[CONF_WATCH]), data[CONF_WATCHED_USER])
