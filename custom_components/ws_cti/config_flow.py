"""Ask for an account of a phone system, and really connect before anything is kept."""

from collections.abc import Mapping
from typing import Any, Final, override

from homeassistant.config_entries import SOURCE_RECONFIGURE, ConfigFlow, ConfigFlowResult
from homeassistant.const import CONF_API_TOKEN, CONF_SSL, CONF_VERIFY_SSL
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

from .account import Risk, identity_of, risk_of, title_of
from .const import (
    CONF_AGREED_RISK,
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
from .coordinator import CtiConfigEntry
from .cti.basix.driver import DEFAULT_SERVER, UserNamedBy, server_of
from .options_flow import CtiOptionsFlow
from .trial import Problem, async_concerns_user, async_errors, async_try, errors_of, mistakes_in

SECTION_CONNECTION: Final = "connection"
CONNECT_SAFELY: Final = "connect_safely"
CONNECT_ANYWAY: Final = "connect_anyway"

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
_ACCOUNT_FORM: Final = probatio.Schema(
    {
        probatio.Required(CONF_SERVER, default=DEFAULT_SERVER): _TEXT,
        probatio.Required(CONF_PBX_DOMAIN): _TEXT,
    }
)
_WATCH_FORM: Final = probatio.Schema(
    {
        probatio.Required(CONF_WATCH, default=WATCH_ALL): _WATCH,
        probatio.Required(SECTION_CONNECTION): _CONNECTION,
    }
)
_USER_FORM: Final = _ACCOUNT_FORM.extend(
    {probatio.Required(probatio.Secret(CONF_API_TOKEN)): _SECRET}
).extend(_WATCH_FORM.schema)
_USER_FORM_AGAIN: Final = _ACCOUNT_FORM.extend(
    {probatio.Optional(probatio.Secret(CONF_API_TOKEN)): _SECRET}
).extend(_WATCH_FORM.schema)
"""The same once a token was typed, which is not shown, so an empty field means that one."""
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
        self._agreed: set[tuple[Risk | None, str]] = set()

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
        token = user_input.get(CONF_API_TOKEN) or self._typed.get(CONF_API_TOKEN)
        self._typed = user_input | {CONF_API_TOKEN: token}
        self._account = _tidied(self._typed)
        if errors := mistakes_in(self._account):
            return self._show_user_form(errors)
        if self._account[CONF_WATCH] == WATCH_ALL:
            self._account[CONF_WATCHED_USER] = None
            await self._async_abort_if_known()
        return self._ask_for_consent() or await self._async_add()

    async def _async_add(self) -> ConfigFlowResult:
        if self._account[CONF_WATCH] != WATCH_ALL:
            return await self.async_step_one_user()
        if (error := await async_try(self._account)) is not None:
            return self._show_user_form(errors_of(error, _USER_FORM))
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
        if (error := await async_try(self._account)) is None:
            return self._create_entry()
        if await async_concerns_user(error, self._account):
            return self._show_one_user_form({named_by: Problem.USER_NOT_FOUND})
        # What is wrong can be mended in the first form only.
        return self._show_user_form(errors_of(error, _USER_FORM))

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
            errors = await async_errors(account, _REAUTH_FORM)
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
        self._typed = user_input or _untidied(entry.data)
        if user_input is None:
            return self._show_reconfigure_form({})
        self._account = entry.data | _tidied(user_input)
        # The token is never shown, so an empty field means the present one.
        self._account[CONF_API_TOKEN] = self._account[CONF_API_TOKEN] or entry.data[CONF_API_TOKEN]
        if errors := mistakes_in(self._account):
            return self._show_reconfigure_form(errors)
        if self._account[CONF_SERVER] != entry.data[CONF_SERVER]:
            # What was agreed to for one server is not agreed to for another.
            self._account[CONF_AGREED_RISK] = self._account[CONF_KEPT_RISK] = None
        return self._ask_for_consent() or await self._async_change()

    async def _async_change(self) -> ConfigFlowResult:
        errors = await async_errors(self._account, _RECONFIGURE_FORM)
        if errors:
            return self._show_reconfigure_form(errors)
        if self._account.get(CONF_KEPT_RISK) != risk_of(self._account):
            self._account[CONF_KEPT_RISK] = None
        return self.async_update_reload_and_abort(self._get_reconfigure_entry(), data=self._account)

    # Without encryption or without checking the certificate

    def _ask_for_consent(self) -> ConfigFlowResult | None:
        """Ask before the token travels on a line that is not safe; None where nobody is asked."""
        risk = risk_of(self._account)
        if risk is None or (risk, self._account[CONF_SERVER]) in self._agreed:
            self._account[CONF_AGREED_RISK] = risk
        if risk is None or risk == self._account.get(CONF_AGREED_RISK):
            return None
        return self._show_consent_menu(risk)

    def _show_consent_menu(self, risk: Risk) -> ConfigFlowResult:
        return self.async_show_menu(
            step_id=risk,
            menu_options=[CONNECT_SAFELY, CONNECT_ANYWAY],
            description_placeholders={"server": self._account[CONF_SERVER]},
        )

    async def async_step_not_encrypted(
        self,
        user_input: dict[str, Any] | None = None,  # noqa: ARG002 - Home Assistant passes it
    ) -> ConfigFlowResult:
        """Say what it means that everybody on the way can read along."""
        return self._show_consent_menu(Risk.NOT_ENCRYPTED)

    async def async_step_certificate_unchecked(
        self,
        user_input: dict[str, Any] | None = None,  # noqa: ARG002 - Home Assistant passes it
    ) -> ConfigFlowResult:
        """Say what it means that the server may be an impostor."""
        return self._show_consent_menu(Risk.CERTIFICATE_UNCHECKED)

    async def async_step_connect_safely(
        self,
        user_input: dict[str, Any] | None = None,  # noqa: ARG002 - Home Assistant passes it
    ) -> ConfigFlowResult:
        """Encrypt the connection and check the certificate after all."""
        safe = {CONF_SSL: True, CONF_VERIFY_SSL: True}
        self._typed[SECTION_CONNECTION] = self._typed[SECTION_CONNECTION] | safe
        self._account |= safe
        return await self._async_go_on()

    async def async_step_connect_anyway(
        self,
        user_input: dict[str, Any] | None = None,  # noqa: ARG002 - Home Assistant passes it
    ) -> ConfigFlowResult:
        """Take the risk, with this server."""
        self._agreed.add((risk_of(self._account), self._account[CONF_SERVER]))
        return await self._async_go_on()

    async def _async_go_on(self) -> ConfigFlowResult:
        go_on = self._async_change if self.source == SOURCE_RECONFIGURE else self._async_add
        return self._ask_for_consent() or await go_on()

    async def _async_abort_if_known(self) -> None:
        # A form left open in another window must not lock this one out.
        await self.async_set_unique_id(identity_of(self._account), raise_on_progress=False)
        self._abort_if_unique_id_configured()

    def _create_entry(self) -> ConfigFlowResult:
        return self.async_create_entry(
            title=title_of(self._account), data=self._account | {CONF_KEPT_RISK: None}
        )

    def _show_user_form(self, errors: dict[str, str]) -> ConfigFlowResult:
        if CONF_API_TOKEN in errors:
            self._typed.pop(CONF_API_TOKEN)
        form = _USER_FORM_AGAIN if CONF_API_TOKEN in self._typed else _USER_FORM
        return self.async_show_form(
            step_id="user", data_schema=self._filled(form, self._typed), errors=errors
        )

    def _show_reconfigure_form(self, errors: dict[str, str]) -> ConfigFlowResult:
        return self.async_show_form(
            step_id="reconfigure",
            data_schema=self._filled(_RECONFIGURE_FORM, self._typed),
            errors=errors,
            description_placeholders={"name": self._get_reconfigure_entry().title},
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
