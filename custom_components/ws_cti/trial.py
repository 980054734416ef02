"""Try an account for real, and name what is wrong with it as the forms do."""

from collections.abc import Mapping
from enum import StrEnum
import logging
from typing import Any, Final

from homeassistant.const import CONF_API_TOKEN, CONF_BASE
import probatio

from .account import driver_of, ssl_context_of
from .const import CONF_PBX_DOMAIN, CONF_SERVER, CONF_WATCH, WATCH_ALL
from .cti.errors import (
    AuthError,
    CertificateError,
    ConnectError,
    CtiError,
    LimitReachedError,
    NotAPbxError,
    ProtocolError,
    ReplacedError,
    SilenceError,
    UnavailableError,
)
from .cti.link import probe

_LOGGER = logging.getLogger(__name__)


class Problem(StrEnum):
    """List what a form can complain about; each has its sentence in the translations."""

    CANNOT_CONNECT = "cannot_connect"
    CONNECTION_LIMIT = "connection_limit"
    CONNECTION_REPLACED = "connection_replaced"
    DOMAIN_WITH_COLON = "domain_with_colon"
    EMPTY = "empty"
    INVALID_AUTH = "invalid_auth"
    INVALID_CERTIFICATE = "invalid_certificate"
    INVALID_DOMAIN = "invalid_domain"
    INVALID_SERVER = "invalid_server"
    NOT_A_PBX = "not_a_pbx"
    TIMEOUT = "timeout"
    UNAVAILABLE = "unavailable"
    UNKNOWN = "unknown"
    USER_NOT_FOUND = "user_not_found"


# A frontend shows no errors at fields inside a section, so theirs stand at the top.
_PROBLEMS: Final[Mapping[type[CtiError], tuple[str, Problem]]] = {
    AuthError: (CONF_API_TOKEN, Problem.INVALID_AUTH),
    CertificateError: (CONF_SERVER, Problem.INVALID_CERTIFICATE),
    UnavailableError: (CONF_SERVER, Problem.UNAVAILABLE),
    ConnectError: (CONF_SERVER, Problem.CANNOT_CONNECT),
    SilenceError: (CONF_SERVER, Problem.TIMEOUT),
    ProtocolError: (CONF_SERVER, Problem.NOT_A_PBX),
    LimitReachedError: (CONF_BASE, Problem.CONNECTION_LIMIT),
    ReplacedError: (CONF_BASE, Problem.CONNECTION_REPLACED),
    CtiError: (CONF_BASE, Problem.UNKNOWN),
}


def mistakes_in(account: Mapping[str, Any]) -> dict[str, str]:
    """Return what can be seen to be wrong without asking the phone system."""
    errors: dict[str, str] = {}
    domain: str = account[CONF_PBX_DOMAIN]
    if not account[CONF_SERVER]:
        errors[CONF_SERVER] = Problem.INVALID_SERVER
    if not domain:
        errors[CONF_PBX_DOMAIN] = Problem.EMPTY
    elif ":" in domain:
        # It is the name of an HTTP login, which ends at the first colon.
        errors[CONF_PBX_DOMAIN] = Problem.DOMAIN_WITH_COLON
    elif "/" in domain or any(map(str.isspace, domain)):
        errors[CONF_PBX_DOMAIN] = Problem.INVALID_DOMAIN
    if not account[CONF_API_TOKEN]:
        errors[CONF_API_TOKEN] = Problem.EMPTY
    return errors


async def async_errors(account: Mapping[str, Any], form: probatio.Schema) -> dict[str, str]:
    """Return what is wrong with an account, if need be after trying to connect."""
    if errors := mistakes_in(account):
        return errors
    error = await async_try(account)
    return {} if error is None else errors_of(error, form)


async def async_try(account: Mapping[str, Any]) -> CtiError | None:
    """Connect as the entry would, and return why that fails."""
    try:
        await probe(driver_of(account), ssl=ssl_context_of(account))
    except CtiError as err:
        _LOGGER.debug("Trying to connect failed: %s", err)
        return err
    return None


async def async_concerns_user(error: CtiError, account: Mapping[str, Any]) -> bool:
    """Return whether the same account would do without the one user.

    How a phone system answers when it does not know the user is not documented.
    """
    if not isinstance(error, (NotAPbxError, SilenceError)):
        return False
    return await async_try({**account, CONF_WATCH: WATCH_ALL}) is None


def errors_of(error: CtiError, form: probatio.Schema) -> dict[str, str]:
    """Return the sentence for an error, at its field if the form has that."""
    field, problem = next(_PROBLEMS[kind] for kind in type(error).__mro__ if kind in _PROBLEMS)
    return {field if field in form.schema else CONF_BASE: problem}
