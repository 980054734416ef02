"""Tests of how the options of an entry are chosen."""

from collections.abc import Iterator
from typing import Any
from unittest.mock import patch

from homeassistant.config_entries import ConfigEntryState, ConfigFlowResult
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowResultType, InvalidData
from homeassistant.helpers.selector import SelectSelector
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

from custom_components.ws_cti.const import (
    CONF_ALL_GROUPS,
    CONF_ALL_USERS,
    CONF_CALL_LOG_DAYS,
    CONF_CALL_LOG_SIZE,
    CONF_CHANNEL_EVENTS,
    CONF_GROUPS,
    CONF_PRESENCE_NAMES,
    CONF_RECORD_CALLER_DATA,
    CONF_USERS,
    DOMAIN,
)
from simulator.phone_system import PhoneSystem

pytestmark = pytest.mark.usefixtures("flow_translations", "no_platforms")

type Form = dict[str, Any]

DEFAULTS: Form = {
    CONF_ALL_USERS: True,
    CONF_USERS: [],
    CONF_ALL_GROUPS: True,
    CONF_GROUPS: [],
    CONF_CHANNEL_EVENTS: True,
    CONF_RECORD_CALLER_DATA: False,
    CONF_CALL_LOG_SIZE: 500,
    CONF_CALL_LOG_DAYS: 30,
    CONF_PRESENCE_NAMES: {},
}


@pytest.fixture
def no_platforms() -> Iterator[None]:
    """Connect, and make no entities."""
    with patch(f"custom_components.{DOMAIN}.PLATFORMS", []):
        yield


@pytest.fixture
async def loaded(hass: HomeAssistant, entry: MockConfigEntry) -> MockConfigEntry:
    """Return an entry that is connected."""
    assert await hass.config_entries.async_setup(entry.entry_id)
    assert entry.state is ConfigEntryState.LOADED
    return entry


async def start(hass: HomeAssistant, entry: MockConfigEntry) -> ConfigFlowResult:
    """Open the form."""
    return await hass.config_entries.options.async_init(entry.entry_id)


async def submit(hass: HomeAssistant, shown: ConfigFlowResult, form: Form) -> ConfigFlowResult:
    """Send the form that is shown."""
    result = await hass.config_entries.options.async_configure(shown["flow_id"], form)
    await hass.async_block_till_done()
    return result


def choices(shown: ConfigFlowResult, field: str) -> dict[str, str]:
    """Return the labels that a field offers, by what they stand for."""
    schema = shown["data_schema"]
    assert schema is not None
    selector = schema.schema[field]
    assert isinstance(selector, SelectSelector)
    return {
        option["value"]: option["label"]
        for option in selector.config["options"]
        if not isinstance(option, str)
    }


def suggested(shown: ConfigFlowResult) -> Form:
    """Return what the form is filled in with."""
    schema = shown["data_schema"]
    assert schema is not None
    return {
        key.schema: key.description["suggested_value"] for key in schema.schema if key.description
    }


async def test_nothing_needs_to_be_chosen(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    shown = await start(hass, loaded)
    assert shown["type"] is FlowResultType.FORM
    assert shown["step_id"] == "init"

    result = await submit(hass, shown, {})

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert loaded.options == DEFAULTS


async def test_users_and_groups_are_offered_by_name_and_extension(
    hass: HomeAssistant, phone_system: PhoneSystem, entry: MockConfigEntry
) -> None:
    user = phone_system.add_user("Zora Neale", extension="1050")
    unnamed = phone_system.add_user("1051", extension="1051")
    assert await hass.config_entries.async_setup(entry.entry_id)

    shown = await start(hass, entry)

    users = choices(shown, CONF_USERS)
    assert len(users) == 14
    assert users[str(user.id)] == "Zora Neale (1050)"
    assert users[str(unnamed.id)] == "1051"
    assert set(choices(shown, CONF_GROUPS)) == {str(group.id) for group in phone_system.groups}


async def test_everything_can_be_chosen(
    hass: HomeAssistant, phone_system: PhoneSystem, loaded: MockConfigEntry
) -> None:
    user = next(iter(phone_system.users))
    group = next(iter(phone_system.groups))

    await submit(
        hass,
        await start(hass, loaded),
        {
            CONF_ALL_USERS: False,
            CONF_USERS: [str(user.id)],
            CONF_ALL_GROUPS: False,
            CONF_GROUPS: [str(group.id)],
            CONF_CHANNEL_EVENTS: False,
            CONF_RECORD_CALLER_DATA: True,
            CONF_CALL_LOG_SIZE: 0,
            CONF_CALL_LOG_DAYS: 7,
            CONF_PRESENCE_NAMES: [
                {"code": " 3 ", "name": " At lunch "},
                {"code": "0", "name": "At the desk"},
            ],
        },
    )

    assert loaded.options == {
        CONF_ALL_USERS: False,
        CONF_USERS: [str(user.id)],
        CONF_ALL_GROUPS: False,
        CONF_GROUPS: [str(group.id)],
        CONF_CHANNEL_EVENTS: False,
        CONF_RECORD_CALLER_DATA: True,
        CONF_CALL_LOG_SIZE: 0,
        CONF_CALL_LOG_DAYS: 7,
        CONF_PRESENCE_NAMES: {"3": "At lunch", "0": "At the desk"},
    }
    assert loaded.state is ConfigEntryState.LOADED
    assert suggested(await start(hass, loaded)) == {
        **loaded.options,
        CONF_PRESENCE_NAMES: [
            {"code": "3", "name": "At lunch"},
            {"code": "0", "name": "At the desk"},
        ],
    }


async def test_changed_options_take_effect_at_once(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    before = loaded.runtime_data

    await submit(hass, await start(hass, loaded), {CONF_CHANNEL_EVENTS: False})

    assert loaded.state is ConfigEntryState.LOADED
    assert loaded.runtime_data is not before


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([{"code": "3", "name": " "}], "presence_incomplete"),
        ([{"code": "", "name": "At lunch"}], "presence_incomplete"),
        ([{"code": "3", "name": "At lunch"}, {"code": "3 ", "name": "Away"}], "presence_twice"),
    ],
)
async def test_a_mistake_in_presence_names_is_told_and_what_was_typed_is_kept(
    hass: HomeAssistant, loaded: MockConfigEntry, rows: list[dict[str, str]], problem: str
) -> None:
    typed = {CONF_ALL_USERS: False, CONF_PRESENCE_NAMES: rows}
    shown = await submit(hass, await start(hass, loaded), typed)

    assert shown["type"] is FlowResultType.FORM
    assert shown["errors"] == {CONF_PRESENCE_NAMES: problem}
    assert suggested(shown) == {**DEFAULTS, **typed}
    assert loaded.options == {}
    typed[CONF_PRESENCE_NAMES] = [{"code": "3", "name": "At lunch"}]
    result = await submit(hass, shown, typed)
    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert loaded.options[CONF_PRESENCE_NAMES] == {"3": "At lunch"}


async def test_presence_codes_in_use_are_told(
    hass: HomeAssistant, phone_system: PhoneSystem, entry: MockConfigEntry
) -> None:
    for user, code in zip(phone_system.users, (3, 10, 3), strict=False):
        phone_system.set_presence(user, code)
    assert await hass.config_entries.async_setup(entry.entry_id)

    shown = await start(hass, entry)

    assert shown["description_placeholders"] == {"presence_codes": "`0`, `3`, `10`"}


@pytest.mark.parametrize(
    "entry_options", [{CONF_ALL_USERS: False, CONF_USERS: ["10009999"], CONF_GROUPS: ["10008888"]}]
)
async def test_who_left_can_stay_chosen(hass: HomeAssistant, loaded: MockConfigEntry) -> None:
    shown = await start(hass, loaded)
    assert choices(shown, CONF_USERS)["10009999"] == "10009999"
    assert choices(shown, CONF_GROUPS)["10008888"] == "10008888"

    result = await submit(hass, shown, suggested(shown))

    assert result["type"] is FlowResultType.CREATE_ENTRY
    assert loaded.options[CONF_USERS] == ["10009999"]


async def test_who_was_never_there_cannot_be_chosen(
    hass: HomeAssistant, loaded: MockConfigEntry
) -> None:
    shown = await start(hass, loaded)

    with pytest.raises(InvalidData):
        await submit(hass, shown, {CONF_USERS: ["10009999"]})

    result = await submit(hass, shown, {})
    assert result["type"] is FlowResultType.CREATE_ENTRY


@pytest.mark.parametrize(
    "entry_options", [{CONF_ALL_USERS: False, CONF_USERS: ["10001000"], CONF_GROUPS: []}]
)
async def test_without_a_connection_the_choice_is_kept(
    hass: HomeAssistant, entry: MockConfigEntry
) -> None:
    shown = await start(hass, entry)
    assert choices(shown, CONF_USERS) == {"10001000": "10001000"}
    assert choices(shown, CONF_GROUPS) == {}
    assert shown["description_placeholders"] == {"presence_codes": "-"}

    with patch(f"custom_components.{DOMAIN}.async_setup_entry", return_value=True):
        await submit(hass, shown, suggested(shown) | {CONF_RECORD_CALLER_DATA: True})

    assert entry.options[CONF_USERS] == ["10001000"]
    assert entry.options[CONF_RECORD_CALLER_DATA] is True
