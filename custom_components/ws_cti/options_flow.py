"""Ask what an entry shows, tells and keeps."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from homeassistant.config_entries import (
    ConfigEntryState,
    ConfigFlowResult,
    OptionsFlowWithReload,
)
from homeassistant.helpers.selector import (
    BooleanSelector,
    NumberSelector,
    NumberSelectorConfig,
    NumberSelectorMode,
    ObjectSelector,
    ObjectSelectorConfig,
    SelectOptionDict,
    SelectSelector,
    SelectSelectorConfig,
    SelectSelectorMode,
    TextSelector,
)
import probatio

from .const import (
    CONF_ALL_GROUPS,
    CONF_ALL_USERS,
    CONF_CALL_LOG_DAYS,
    CONF_CALL_LOG_SIZE,
    CONF_CHANNEL_EVENTS,
    CONF_GROUPS,
    CONF_PRESENCE_NAMES,
    CONF_RECORD_CALLER_DATA,
    CONF_USERS,
    DEFAULT_CALL_LOG_DAYS,
    DEFAULT_CALL_LOG_SIZE,
)
from .coordinator import CtiConfigEntry
from .cti.model import Group, User
from .cti.pbx import Pbx
from .cti.words import Id

FIELD_CODE: Final = "code"
FIELD_NAME: Final = "name"

_PRESENCE_NAMES: Final = ObjectSelector(
    ObjectSelectorConfig(
        fields={
            FIELD_CODE: {"required": True, "selector": TextSelector()},
            FIELD_NAME: {"required": True, "selector": TextSelector()},
        },
        multiple=True,
        label_field=FIELD_NAME,
        description_field=FIELD_CODE,
        translation_key=CONF_PRESENCE_NAMES,
    )
)

_NUMBERS: Final = (CONF_CALL_LOG_SIZE, CONF_CALL_LOG_DAYS)

MAX_CALL_LOG_SIZE: Final = 5_000
MAX_CALL_LOG_DAYS: Final = 3_650


class Problem(StrEnum):
    """List what the form can complain about; each has its sentence in the translations."""

    PRESENCE_INCOMPLETE = "presence_incomplete"
    PRESENCE_TWICE = "presence_twice"


class CtiOptionsFlow(OptionsFlowWithReload):
    """Change the options of an entry."""

    async def async_step_init(self, user_input: dict[str, Any] | None = None) -> ConfigFlowResult:
        """Ask for all options in one form."""
        options = self.config_entry.options
        pbx = _pbx_of(self.config_entry)
        errors: dict[str, str] = {}
        shown = {**options, CONF_PRESENCE_NAMES: _as_rows(options.get(CONF_PRESENCE_NAMES, {}))}
        if user_input is not None:
            shown = user_input
            rows = _tidied(user_input[CONF_PRESENCE_NAMES])
            if (problem := _problem_of(rows)) is None:
                names = {row[FIELD_CODE]: row[FIELD_NAME] for row in rows}
                # The frontend hands whole numbers over as fractions.
                numbers = {name: int(user_input[name]) for name in _NUMBERS}
                data = {**user_input, **numbers, CONF_PRESENCE_NAMES: names}
                return self.async_create_entry(data=data)
            errors[CONF_PRESENCE_NAMES] = problem
        return self.async_show_form(
            step_id="init",
            data_schema=self.add_suggested_values_to_schema(_form(pbx, options), shown),
            errors=errors,
            description_placeholders={"presence_codes": _presence_codes(pbx)},
        )


def _pbx_of(entry: CtiConfigEntry) -> Pbx:
    """Return the live picture; an empty one while the entry is not loaded."""
    return entry.runtime_data.pbx if entry.state is ConfigEntryState.LOADED else Pbx()


def _form(pbx: Pbx, options: Mapping[str, Any]) -> probatio.Schema:
    users = _choice(pbx.users, options.get(CONF_USERS, ()))
    groups = _choice(pbx.groups, options.get(CONF_GROUPS, ()))
    return probatio.Schema(
        {
            probatio.Required(CONF_ALL_USERS, default=True): BooleanSelector(),
            probatio.Optional(CONF_USERS, default=list): users,
            probatio.Required(CONF_ALL_GROUPS, default=True): BooleanSelector(),
            probatio.Optional(CONF_GROUPS, default=list): groups,
            probatio.Required(CONF_CHANNEL_EVENTS, default=True): BooleanSelector(),
            probatio.Required(CONF_RECORD_CALLER_DATA, default=False): BooleanSelector(),
            probatio.Required(CONF_CALL_LOG_SIZE, default=DEFAULT_CALL_LOG_SIZE): _number(
                0, MAX_CALL_LOG_SIZE
            ),
            probatio.Required(CONF_CALL_LOG_DAYS, default=DEFAULT_CALL_LOG_DAYS): _number(
                1, MAX_CALL_LOG_DAYS
            ),
            probatio.Optional(CONF_PRESENCE_NAMES, default=list): _PRESENCE_NAMES,
        }
    )


def _number(least: int, most: int) -> NumberSelector:
    return NumberSelector(
        NumberSelectorConfig(min=least, max=most, step=1, mode=NumberSelectorMode.BOX)
    )


def _choice[T: (User, Group)](known: Mapping[Id, T], chosen: Iterable[Id]) -> SelectSelector:
    """Return a choice of those known by name, and of those chosen before who are not there now."""
    names = {item_id: item_id for item_id in chosen}
    names |= {item.id: _name_of(item) for item in known.values()}
    options = [SelectOptionDict(value=item_id, label=name) for item_id, name in names.items()]
    return SelectSelector(
        SelectSelectorConfig(
            options=options,
            multiple=True,
            mode=SelectSelectorMode.DROPDOWN,
            # The frontend knows the alphabet of whoever looks.
            sort=True,
        )
    )


def _name_of(item: User | Group) -> str:
    if item.main_extension in ("", item.title):
        return item.title
    return f"{item.title} ({item.main_extension})"


def _presence_codes(pbx: Pbx) -> str:
    """Return the presence codes that users have now, since no document lists them.

    The frontend reads the description of a form as Markdown, which leaves code as it is.
    """
    codes = {str(user.presence) for user in pbx.users.values() if user.presence is not None}
    quoted = (code.replace("`", "'") for code in sorted(codes, key=lambda one: (len(one), one)))
    return ", ".join(f"`{code}`" for code in quoted) or "-"


def _as_rows(names: Mapping[str, str]) -> list[dict[str, str]]:
    return [{FIELD_CODE: code, FIELD_NAME: name} for code, name in names.items()]


def _tidied(rows: Iterable[Mapping[str, str]]) -> list[dict[str, str]]:
    return [{field: text.strip() for field, text in row.items()} for row in rows]


def _problem_of(rows: list[dict[str, str]]) -> Problem | None:
    """Return what is wrong with the rows of presence names, if anything is."""
    if not all(row[FIELD_CODE] and row[FIELD_NAME] for row in rows):
        return Problem.PRESENCE_INCOMPLETE
    if len({row[FIELD_CODE] for row in rows}) < len(rows):
        return Problem.PRESENCE_TWICE
    return None
