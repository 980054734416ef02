"""Ask for an account of a phone system, and really connect before anything is kept."""

from collections.abc import Mapping
from enum import StrEnum
import logging
from typing import Any, Final, override

from homeassistant.config_entries import ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_API_TOKEN, CONF_BASE, CONF_SSL, CONF_VERIFY_SSL
from homeassistant.core import callback
from homeassistant.data_entry_flow import section
from homeassistant.helpers.selector import (
    BooleanSelector,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
    TextSelectorConfig,
    TextSelectorType,
)
import probatio

from .account import driver_of, identity_of, ssl_context_of, title_of
from .const import (
    CONF_APP_NAME,
    CONF_PBX_DOMAIN,
    CONF_SERVER,
    CONF_TAKE_OVER,
    CONF_WATCH,
    CONF_WATCHED_USER,
    DEFAULT_APP_NAME,
    DOMAIN,
    WATCH_ALL,
)
from .coordinator import CtiConfigEntry
from .cti.basix.driver import DEFAULT_SERVER, UserNamedBy, server_of
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
from .options_flow import CtiOptionsFlow

_LOGGER = logging.getLogger(__name__)

SECTION_CONNECTION: Final = "connection"


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

_TEXT: Final = TextSelector()
_SECRET: Final = TextSelector(TextSelectorConfig(type=TextSelectorType.PASSWORD))
_WATCH: Final = SelectSelector(
    SelectSelectorConfig(
        options=[WATCH_ALL, *(way.value for way in UserNamedBy)],
        mode=SelectSelectorMode.DROPDOWN,
        translation_key="watch",
    )
)
_CONNECTION: Final = section(
    probatio.Schema(
        {
            probatio.Optional(CONF_APP_NAME, default=DEFAULT_APP_NAME): _TEXT,
            probatio.Required(CONF_TAKE_OVER, default=True): BooleanSelector(),
            probatio.Required(CONF_SSL, default=True): BooleanSelector(),
            probatio.Required(CONF_VERIFY_SSL, default=True): BooleanSelector(),
        }
    ),
    {"collapsed": True},
)
_USER_FORM: Final = probatio.Schema(
    {
        probatio.Required(CONF_SERVER, default=DEFAULT_SERVER): _TEXT,
        probatio.Required(CONF_PBX_DOMAIN): _TEXT,
        probatio.Required(probatio.Secret(CONF_API_TOKEN)): _SECRET,
        probatio.Required(CONF_WATCH, default=WATCH_ALL): _WATCH,
        probatio.Required(SECTION_CONNECTION): _CONNECTION,
    }
)
_REAUTH_FORM: Final = probatio.Schema({probatio.Required(probatio.Secret(CONF_API_TOKEN)): _SECRET})
_RECONFIGURE_FORM: Final = probatio.Schema(
    {
        probatio.Required(CONF_SERVER): _TEXT,
        probatio.Optional(probatio.Secret(CONF_API_TOKEN)): _SECRET,
        probatio.Required(SECTION_CONNECTION): _CONNECTION,
    }
)


class CtiConfigFlow(ConfigFlow, domain=DOMAIN):
    """Add an account, and keep it working."""

    VERSION = 1
    MINOR_VERSION = 1

    def __init__(self) -> None:
        """Begin with nothing typed."""
        self._typed: dict[str, Any] = {}
        self._account: dict[str, Any] = {}
        self._named: dict[str, str] = {}

    @staticmethod
    @callback
    @override
    def async_get_options_flow(config_entry: CtiConfigEntry) -> CtiOptionsFlow:
        """Return the flow that asks for the options of an entry."""
        return CtiOptionsFlow()

    @override
    async def async_step_user(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for the account and what to watch in it."""
        if user_input is None:
            return self._show_user_form({})
        self._typed = user_input
        self._account = _tidied(user_input)
        if errors := _mistakes(self._account):
            return self._show_user_form(errors)
        if self._account[CONF_WATCH] != WATCH_ALL:
            return await self.async_step_one_user()
        self._account[CONF_WATCHED_USER] = None
        await self._async_abort_if_known()
        if (error := await _async_try(self._account)) is not None:
            return self._show_user_form(_errors(error, _USER_FORM))
        return self._create_entry()

    async def async_step_one_user(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask who is to be watched, in the words that were chosen."""
        named_by: str = self._account[CONF_WATCH]
        if user_input is None:
            return self._show_one_user_form({})
        self._named[named_by] = self._account[CONF_WATCHED_USER] = user_input[named_by].strip()
        if not self._named[named_by]:
            return self._show_one_user_form({named_by: Problem.EMPTY})
        await self._async_abort_if_known()
        if (error := await _async_try(self._account)) is None:
            return self._create_entry()
        if await _async_concerns_user(error, self._account):
            return self._show_one_user_form({named_by: Problem.USER_NOT_FOUND})
        # What is wrong can be mended in the first form only.
        return self._show_user_form(_errors(error, _USER_FORM))

    async def async_step_reauth(
        self,
        entry_data: Mapping[str, Any],  # noqa: ARG002 - Home Assistant passes it
    ) -> ConfigFlowResult:
        """Begin to ask for a new token, since the present one is refused."""
        return await self.async_step_reauth_confirm()

    async def async_step_reauth_confirm(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask for a new token."""
        entry = self._get_reauth_entry()
        errors: dict[str, str] = {}
        if user_input is not None:
            account = entry.data | _tidied(user_input)
            errors = await _async_errors(account, _REAUTH_FORM)
            if not errors:
                return self.async_update_reload_and_abort(entry, data=account)
        return self.async_show_form(
            step_id="reauth_confirm", data_schema=_REAUTH_FORM, errors=errors
        )

    async def async_step_reconfigure(
        self, user_input: dict[str, Any] | None = None
    ) -> ConfigFlowResult:
        """Ask how to connect; which account it is and who is watched stay the same."""
        entry = self._get_reconfigure_entry()
        errors: dict[str, str] = {}
        typed = _untidied(entry.data)
        if user_input is not None:
            typed = user_input
            account = entry.data | _tidied(user_input)
            # The token is never shown, so an empty field means the present one.
            account[CONF_API_TOKEN] = account[CONF_API_TOKEN] or entry.data[CONF_API_TOKEN]
            errors = await _async_errors(account, _RECONFIGURE_FORM)
            if not errors:
                return self.async_update_reload_and_abort(entry, data=account)
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self._filled(_RECONFIGURE_FORM, typed),
            errors=errors,
            description_placeholders={"name": entry.title},
        )

    async def _async_abort_if_known(self) -> None:
        # A form left open in another window must not lock this one out.
        await self.async_set_unique_id(identity_of(self._account), raise_on_progress=False)
        self._abort_if_unique_id_configured()

    def _create_entry(self) -> ConfigFlowResult:
        return self.async_create_entry(title=title_of(self._account), data=self._account)

    def _show_user_form(self, errors: dict[str, str]) -> ConfigFlowResult:
        return self.async_show_form(
            step_id="user", data_schema=self._filled(_USER_FORM, self._typed), errors=errors
        )

    def _show_one_user_form(self, errors: dict[str, str]) -> ConfigFlowResult:
        named_by = self._account[CONF_WATCH]
        form = probatio.Schema({probatio.Required(named_by): _TEXT})
        return self.async_show_form(
            step_id="one_user",
            data_schema=self._filled(form, self._named),
            errors=errors,
            description_placeholders={"domain": self._account[CONF_PBX_DOMAIN]},
        )

    def _filled(self, form: probatio.Schema, typed: Mapping[str, Any]) -> probatio.Schema:
        """Return a form that shows what was typed, save the token."""
        shown = {key: value for key, value in typed.items() if key != CONF_API_TOKEN}
        return self.add_suggested_values_to_schema(form, shown)


def _tidied(user_input: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an entry keeps of a form: flat, and without blanks around it."""
    typed = {**user_input, **user_input.get(SECTION_CONNECTION, {})}
    typed.pop(SECTION_CONNECTION, None)
    kept = {key: value.strip() if isinstance(value, str) else value for key, value in typed.items()}
    if CONF_SERVER in kept:
        kept[CONF_SERVER] = _server(kept[CONF_SERVER])
    if CONF_APP_NAME in kept:
        kept[CONF_APP_NAME] = kept[CONF_APP_NAME] or DEFAULT_APP_NAME
    return kept


def _server(said: str) -> str:
    """Return the host of what was said about a server; nothing if it makes no sense."""
    try:
        return server_of(said)
    except ValueError:
        return ""


def _untidied(data: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry's data as the reconfigure form shows it."""
    return {
        CONF_SERVER: data[CONF_SERVER],
        SECTION_CONNECTION: {
            key: data[key] for key in (CONF_APP_NAME, CONF_TAKE_OVER, CONF_SSL, CONF_VERIFY_SSL)
        },
    }


def _mistakes(account: Mapping[str, Any]) -> dict[str, str]:
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


async def _async_errors(account: Mapping[str, Any], form: probatio.Schema) -> dict[str, str]:
    """Return what is wrong with an account, if need be after trying to connect."""
    if errors := _mistakes(account):
        return errors
    error = await _async_try(account)
    return {} if error is None else _errors(error, form)


async def _async_try(account: Mapping[str, Any]) -> CtiError | None:
    """Connect as the entry would, and return why that fails."""
    try:
        await probe(driver_of(account), ssl=ssl_context_of(account))
    except CtiError as err:
        _LOGGER.debug("Trying to connect failed: %s", err)
        return err
    return None


async def _async_concerns_user(error: CtiError, account: Mapping[str, Any]) -> bool:
    """Return whether the same account would do without the one user.

    How a phone system answers when it does not know the user is not documented.
    """
    if not isinstance(error, (NotAPbxError, SilenceError)):
        return False
    return await _async_try({**account, CONF_WATCH: WATCH_ALL}) is None


def _errors(error: CtiError, form: probatio.Schema) -> dict[str, str]:
    """Return the sentence for an error, at its field if the form has that."""
    field, problem = next(_PROBLEMS[kind] for kind in type(error).__mro__ if kind in _PROBLEMS)
    return {field if field in form.schema else CONF_BASE: problem}
