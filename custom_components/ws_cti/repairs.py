"""Lead people through the repair issues that can be repaired from within Home Assistant.

A connection is really tried in its changed form before anything is kept.
"""

from collections.abc import Mapping
from typing import Any, Final, override

from homeassistant.components.repairs import ConfirmRepairFlow, RepairsFlow, RepairsFlowResult
from homeassistant.const import CONF_SSL, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.selector import TextSelector
import probatio

from .account import risk_of
from .const import (
    CONF_AGREED_RISK,
    CONF_APP_NAME,
    CONF_KEPT_RISK,
    CONF_TAKE_OVER,
    DEFAULT_APP_NAME,
    DOMAIN,
)
from .coordinator import CtiConfigEntry
from .cti.errors import CertificateError, CtiError, LimitReachedError
from .issues import Issue
from .trial import Problem, async_try

SAME_APP_NAME: Final = "same_app_name"

_SAFE: Final[Mapping[str, Any]] = {
    CONF_SSL: True,
    CONF_VERIFY_SSL: True,
    CONF_AGREED_RISK: None,
    CONF_KEPT_RISK: None,
}
_NOTHING: Final = probatio.Schema({})
_APP_NAME: Final = probatio.Schema({probatio.Required(CONF_APP_NAME): TextSelector()})


async def async_create_fix_flow(
    hass: HomeAssistant,
    issue_id: str,
    data: dict[str, str | int | float | None] | None,
) -> RepairsFlow:
    """Return the flow that repairs an issue."""
    told = data or {}
    entry = hass.config_entries.async_get_entry(str(told.get("entry_id")))
    if entry is None:
        return ConfirmRepairFlow()  # nothing is left to be repaired
    match told.get("issue"):
        case Issue.CERTIFICATE_UNCHECKED | Issue.NOT_ENCRYPTED:
            return SafetyRepair(entry)
        case Issue.LIMIT_REACHED:
            return LimitRepair(entry)
        case _:
            return AppNameRepair(entry)


class Repair(RepairsFlow):
    """Change how an entry connects, where that works."""

    def __init__(self, entry: CtiConfigEntry) -> None:
        """Know the entry; its issue is named in the flow's context."""
        self._entry = entry

    @property
    def _placeholders(self) -> dict[str, str] | None:
        issue = ir.async_get(self.hass).async_get_issue(DOMAIN, self.issue_id)
        return None if issue is None else issue.translation_placeholders

    def _show_form(
        self, step_id: str, errors: dict[str, str], schema: probatio.Schema = _NOTHING
    ) -> RepairsFlowResult:
        return self.async_show_form(
            step_id=step_id,
            data_schema=schema,
            errors=errors,
            description_placeholders=self._placeholders,
        )

    def _show_menu(self, *options: str) -> RepairsFlowResult:
        return self.async_show_menu(
            step_id="init",
            menu_options=list(options),
            description_placeholders=self._placeholders,
        )

    async def _async_change(self, changes: Mapping[str, Any]) -> CtiError | None:
        """Keep changes that a connection can really be made with; else return why not."""
        account = self._entry.data | changes
        if (error := await async_try(account)) is not None:
            return error
        self.hass.config_entries.async_update_entry(self._entry, data=account)
        self.hass.config_entries.async_schedule_reload(self._entry.entry_id)
        return None


class SafetyRepair(Repair):
    """Encrypt and check the connection again, or keep it as it is for good."""

    async def async_step_init(
        self,
        user_input: dict[str, Any] | None = None,  # noqa: ARG002 - Home Assistant passes it
    ) -> RepairsFlowResult:
        """Offer both."""
        return self._show_menu("connect_safely", "keep")

    async def async_step_connect_safely(
        self,
        user_input: dict[str, Any] | None = None,  # noqa: ARG002 - there is nothing to fill in
    ) -> RepairsFlowResult:
        """Connect with encryption and a checked certificate; where that fails, offer it again."""
        match await self._async_change(_SAFE):
            case None:
                return self.async_create_entry(data={})
            case CertificateError():
                return self._show_form("connect_safely", {"base": Problem.INVALID_CERTIFICATE})
            case _:
                return self._show_form("connect_safely", {"base": Problem.CANNOT_CONNECT})

    async def async_step_keep(
        self,
        user_input: dict[str, Any] | None = None,  # noqa: ARG002 - Home Assistant passes it
    ) -> RepairsFlowResult:
        """Never say it again, unless the connection is changed."""
        kept = {CONF_KEPT_RISK: risk_of(self._entry.data)}
        self.hass.config_entries.async_update_entry(self._entry, data=self._entry.data | kept)
        return self.async_create_entry(data={})


class AppNameRepair(Repair):
    """Give Home Assistant an app name that nobody else uses."""

    async def async_step_init(
        self,
        user_input: dict[str, Any] | None = None,  # noqa: ARG002 - Home Assistant passes it
    ) -> RepairsFlowResult:
        """Ask for the name at once."""
        return await self.async_step_app_name()

    async def async_step_app_name(
        self, user_input: dict[str, Any] | None = None
    ) -> RepairsFlowResult:
        """Ask for the name, with one suggested that hardly anybody has."""
        if user_input is None:
            suggestion = f"{DEFAULT_APP_NAME}_{self._entry.entry_id[-4:].lower()}"
            return self._show_app_name_form(suggestion, {})
        name: str = user_input[CONF_APP_NAME].strip()
        if not name:
            return self._show_app_name_form(name, {CONF_APP_NAME: Problem.EMPTY})
        if name == self._entry.data[CONF_APP_NAME]:
            return self._show_app_name_form(name, {CONF_APP_NAME: SAME_APP_NAME})
        match await self._async_change({CONF_APP_NAME: name}):
            case None:
                return self.async_create_entry(data={})
            case LimitReachedError():
                return self._show_app_name_form(name, {CONF_APP_NAME: Problem.CONNECTION_LIMIT})
            case _:
                return self._show_app_name_form(name, {"base": Problem.CANNOT_CONNECT})

    def _show_app_name_form(self, shown: str, errors: dict[str, str]) -> RepairsFlowResult:
        form = self.add_suggested_values_to_schema(_APP_NAME, {CONF_APP_NAME: shown})
        return self._show_form("app_name", errors, form)


class LimitRepair(AppNameRepair):
    """Let Home Assistant take over older connections, or give it an app name of its own."""

    @override
    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> RepairsFlowResult:
        """Offer both, where taking over is not allowed already."""
        if self._entry.data[CONF_TAKE_OVER]:
            return await super().async_step_init(user_input)
        return self._show_menu("take_over", "app_name")

    async def async_step_take_over(
        self,
        user_input: dict[str, Any] | None = None,  # noqa: ARG002 - there is nothing to fill in
    ) -> RepairsFlowResult:
        """Take over an older connection; where that fails, offer it again."""
        if await self._async_change({CONF_TAKE_OVER: True}) is None:
            return self.async_create_entry(data={})
        return self._show_form("take_over", {"base": Problem.CANNOT_CONNECT})
