"""Tests of what people are asked to repair, how they do it, and when they are left alone."""

from collections.abc import AsyncGenerator
import json
import ssl
from typing import Any, Final
from unittest.mock import patch

from homeassistant.components.repairs import RepairsFlow
from homeassistant.config_entries import ConfigEntryDisabler, ConfigEntryState
from homeassistant.const import CONF_SSL, CONF_VERIFY_SSL
from homeassistant.core import HomeAssistant
from homeassistant.helpers import issue_registry as ir
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.ws_cti import issues
from custom_components.ws_cti.const import (
    CONF_AGREED_RISK,
    CONF_APP_NAME,
    CONF_KEPT_RISK,
    CONF_SERVER,
    CONF_TAKE_OVER,
    CONF_WATCH,
    CONF_WATCHED_USER,
    DEFAULT_APP_NAME,
    DOMAIN,
)
from custom_components.ws_cti.repairs import AppNameRepair, LimitRepair, SafetyRepair
from simulator.phone_system import PhoneSystem
from simulator.server import SimulatorServer
from tests.integration.flow_texts import ENGLISH
from tests.integration.forms import broken_handshakes, crowd
from tests.integration.office import Office

type Step = dict[str, Any]

FLOWS: Final[dict[str, type[RepairsFlow]]] = {
    "certificate_unchecked": SafetyRepair,
    "connection_replaced": AppNameRepair,
    "limit_reached": LimitRepair,
    "not_encrypted": SafetyRepair,
}

TITLE = "example.basix.ne.jp"


class Repairs:
    """Read and repair issues over HTTP, as the frontend does, and note the texts it needs."""

    def __init__(self, hass: HomeAssistant, office: Office, client: Any) -> None:  # noqa: ANN401
        """Know whose issues these are."""
        self._hass = hass
        self._office = office
        self._client = client
        self._texts: dict[str, Any] = json.loads(ENGLISH.read_text(encoding="utf-8"))["issues"]
        self._issue = ""

    @property
    def told(self) -> set[str]:
        """Return the issues that a person sees."""
        entry_id = self._office.entry.entry_id
        return {
            issue_id.removesuffix(f"_{entry_id}")
            for (domain, issue_id), issue in ir.async_get(self._hass).issues.items()
            if domain == DOMAIN and issue.active and issue.dismissed_version is None
        }

    def issue(self, name: str) -> ir.IssueEntry:
        """Return one of them."""
        entry_id = self._office.entry.entry_id
        issue = ir.async_get(self._hass).async_get_issue(DOMAIN, f"{name}_{entry_id}")
        assert issue is not None
        texts = self._texts[name]
        for text in (texts["title"], texts.get("description", "")):
            text.format(**(issue.translation_placeholders or {}))
        return issue

    async def begin(self, name: str) -> Step:
        """Open an issue's fix flow."""
        self._issue = name
        issue_id = self.issue(name).issue_id
        return await self._post("", {"handler": DOMAIN, "issue_id": issue_id})

    async def send(self, step: Step, answers: Step) -> Step:
        """Send what a step of a fix flow asks for."""
        return await self._post(f"/{step['flow_id']}", answers)

    async def choose(self, step: Step, option: str) -> Step:
        """Choose in a menu of a fix flow."""
        assert option in step["menu_options"]
        return await self.send(step, {"next_step_id": option})

    async def _post(self, path: str, body: Step) -> Step:
        response = await self._client.post(f"/api/repairs/issues/fix{path}", json=body)
        step: Step = await response.json()
        assert response.status == 200, step
        await self._hass.async_block_till_done()
        self._check_texts(step)
        return step

    def _check_texts(self, step: Step) -> None:
        """Fail where the step shows something that has no English text."""
        if step["type"] == "create_entry":
            return
        flow = self._texts[self._issue]["fix_flow"]
        texts = flow["step"][step["step_id"]]
        shown = [texts["title"], texts["description"]]
        shown += [texts["menu_options"][option] for option in step.get("menu_options", ())]
        fields = step["data_schema"] if step["type"] == "form" else []
        for field in fields:
            shown += [texts["data"][field["name"]], texts["data_description"][field["name"]]]
        shown += [flow["error"][problem] for problem in (step.get("errors") or {}).values()]
        for text in shown:
            assert text.format(**step["description_placeholders"])


@pytest.fixture
async def repairs(
    hass: HomeAssistant, office: Office, hass_client: ClientSessionGenerator
) -> Repairs:
    """Return the repairs of the office, over HTTP."""
    assert await async_setup_component(hass, "http", {})
    assert await async_setup_component(hass, "repairs", {})
    return Repairs(hass, office, await hass_client())


def change(office: Office, **data: object) -> None:
    """Change how the entry connects, as if it always had been so."""
    entry = office.entry
    office.hass.config_entries.async_update_entry(entry, data={**entry.data, **data})


async def push_out(office: Office) -> None:
    """Take the place of Home Assistant once, and wait until it is back."""
    office.server.system_message("connection_replaced")
    await drop(office)


async def drop(office: Office) -> None:
    """Hang up, and wait until Home Assistant is back."""
    before = office.entry.runtime_data.reconnects
    office.server.close_connections()
    await office.until(lambda: office.entry.runtime_data.reconnects > before)


def test_every_issue_has_its_texts_and_every_text_its_issue() -> None:
    texts = json.loads(ENGLISH.read_text(encoding="utf-8"))["issues"]
    assert texts.keys() == set(issues.Issue)
    for name, said in texts.items():
        assert ("fix_flow" in said) == (name in issues.FIXABLE)
        steps = said.get("fix_flow", {}).get("step", {}).keys() - {"init"}
        assert all(hasattr(FLOWS[name], f"async_step_{step}") for step in steps)


# Another takes our place


async def test_to_be_pushed_out_once_is_nothing_to_tell(repairs: Repairs, office: Office) -> None:
    await office.open()
    await push_out(office)

    assert repairs.told == set()


async def test_to_be_pushed_out_again_and_again_is_told(repairs: Repairs, office: Office) -> None:
    await office.open()
    for _ in range(3):
        await push_out(office)

    assert repairs.told == {"connection_replaced"}
    issue = repairs.issue("connection_replaced")
    assert issue.is_fixable
    assert issue.severity is ir.IssueSeverity.ERROR
    assert issue.translation_placeholders == {"title": TITLE, "app_name": DEFAULT_APP_NAME}


async def test_losses_of_other_kinds_are_no_quarrel(repairs: Repairs, office: Office) -> None:
    await office.open()
    for _ in range(3):
        await drop(office)

    assert repairs.told == set()


async def test_a_quarrel_is_forgotten_when_the_other_is_gone(
    repairs: Repairs, office: Office
) -> None:
    await office.open()
    await push_out(office)
    await push_out(office)
    assert repairs.told == {"connection_replaced"}

    with patch.object(issues, "QUARREL_SECONDS", 0.1):
        office.server.drop_connections()
        await office.until(lambda: repairs.told == set())
    await push_out(office)

    assert repairs.told == set()


async def test_another_app_name_ends_the_quarrel(repairs: Repairs, office: Office) -> None:
    await office.open()
    await push_out(office)
    await push_out(office)

    step = await repairs.begin("connection_replaced")
    assert step["step_id"] == "app_name"
    [field] = step["data_schema"]
    suggestion = field["description"]["suggested_value"]
    assert suggestion.startswith("home_assistant_")
    result = await repairs.send(step, {CONF_APP_NAME: f" {suggestion} "})

    assert result["type"] == "create_entry"
    assert repairs.told == set()
    assert office.entry.data[CONF_APP_NAME] == suggestion
    await office.until(lambda: office.entry.state is ConfigEntryState.LOADED)
    [connection] = office.server.connections
    assert connection.admission.app_name == suggestion


async def test_an_app_name_that_does_not_help_is_not_kept(
    repairs: Repairs, office: Office, entry_data: dict[str, Any]
) -> None:
    await office.open()
    await push_out(office)
    await push_out(office)
    change(office, **{CONF_TAKE_OVER: False})
    step = await repairs.begin("connection_replaced")

    step = await repairs.send(step, {CONF_APP_NAME: " "})
    assert step["errors"] == {CONF_APP_NAME: "empty"}
    step = await repairs.send(step, {CONF_APP_NAME: DEFAULT_APP_NAME})
    assert step["errors"] == {CONF_APP_NAME: "same_app_name"}
    async with crowd(entry_data | {CONF_APP_NAME: "kitchen"}, 2):
        step = await repairs.send(step, {CONF_APP_NAME: "kitchen"})
        assert step["errors"] == {CONF_APP_NAME: "connection_limit"}
    office.server.refuse()
    step = await repairs.send(step, {CONF_APP_NAME: "attic"})
    assert step["errors"] == {"base": "cannot_connect"}
    assert office.entry.data[CONF_APP_NAME] == DEFAULT_APP_NAME

    office.server.refuse(None)
    result = await repairs.send(step, {CONF_APP_NAME: "attic"})
    assert result["type"] == "create_entry"


# Too many connections


@pytest.fixture
async def full(office: Office, entry_data: dict[str, Any]) -> AsyncGenerator[None]:
    """Let others have both connections, which may not be taken over."""
    change(office, **{CONF_TAKE_OVER: False})
    async with crowd(entry_data, 2):
        yield


@pytest.mark.usefixtures("full")
async def test_the_limit_is_told_and_may_be_overcome_by_force(
    repairs: Repairs, office: Office
) -> None:
    assert await office.try_to_open() is ConfigEntryState.SETUP_RETRY
    assert repairs.told == {"limit_reached"}

    step = await repairs.begin("limit_reached")
    assert step["menu_options"] == ["take_over", "app_name"]
    result = await repairs.choose(step, "take_over")

    assert result["type"] == "create_entry"
    assert office.entry.data[CONF_TAKE_OVER] is True
    await office.until(lambda: office.entry.state is ConfigEntryState.LOADED)
    assert repairs.told == set()


@pytest.mark.usefixtures("full")
async def test_the_limit_may_be_avoided_by_another_name(repairs: Repairs, office: Office) -> None:
    await office.try_to_open()

    step = await repairs.choose(await repairs.begin("limit_reached"), "app_name")
    result = await repairs.send(step, {CONF_APP_NAME: "kitchen"})

    assert result["type"] == "create_entry"
    await office.until(lambda: office.entry.state is ConfigEntryState.LOADED)
    assert office.entry.data[CONF_TAKE_OVER] is False
    assert repairs.told == set()


@pytest.mark.usefixtures("full")
async def test_force_that_does_not_help_is_not_kept(repairs: Repairs, office: Office) -> None:
    await office.try_to_open()
    menu = await repairs.begin("limit_reached")
    office.server.refuse()

    step = await repairs.choose(menu, "take_over")
    assert step["type"] == "form"
    assert step["errors"] == {"base": "cannot_connect"}
    assert office.entry.data[CONF_TAKE_OVER] is False
    office.server.refuse(None)
    result = await repairs.send(step, {})

    assert result["type"] == "create_entry"
    assert office.entry.data[CONF_TAKE_OVER] is True


@pytest.mark.usefixtures("full")
async def test_who_may_take_over_already_is_asked_for_a_name_only(
    repairs: Repairs, office: Office
) -> None:
    await office.try_to_open()
    change(office, **{CONF_TAKE_OVER: True})

    step = await repairs.begin("limit_reached")

    assert step["step_id"] == "app_name"


async def test_the_limit_is_no_issue_any_more_once_somebody_left(
    repairs: Repairs, office: Office, entry_data: dict[str, Any]
) -> None:
    change(office, **{CONF_TAKE_OVER: False})
    async with crowd(entry_data, 2):
        await office.try_to_open()
        assert repairs.told == {"limit_reached"}

    await office.until(lambda: not office.server.connections)
    await office.reopen()

    assert repairs.told == set()


# A line that is not safe


@pytest.fixture
async def safe_server(
    phone_system: PhoneSystem, server_tls: ssl.SSLContext
) -> AsyncGenerator[SimulatorServer]:
    """Serve the same phone system over TLS, with a certificate of its own making."""
    async with broken_handshakes(), SimulatorServer(phone_system, ssl_context=server_tls) as server:
        yield server


def trust(server_tls: ssl.SSLContext) -> Any:  # noqa: ANN401 - a patch
    """Let Home Assistant trust the certificate of the safe server."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return patch(f"custom_components.{DOMAIN}.account.get_default_context", return_value=context)


RISKS = pytest.mark.parametrize(
    ("risk", "unsafe"),
    [
        ("not_encrypted", {CONF_SSL: False, CONF_VERIFY_SSL: True}),
        ("certificate_unchecked", {CONF_SSL: True, CONF_VERIFY_SSL: False}),
    ],
)


@pytest.fixture
async def unsafe_office(
    office: Office, safe_server: SimulatorServer, unsafe: dict[str, bool]
) -> Office:
    """Return an office whose line is not safe, and of which nobody was reminded yet."""
    if unsafe[CONF_SSL]:
        office.server = safe_server
    server = f"127.0.0.1:{office.server.port}"
    change(office, **{**unsafe, CONF_SERVER: server, CONF_KEPT_RISK: None})
    await office.open()
    return office


@RISKS
async def test_a_line_that_is_not_safe_is_told(
    repairs: Repairs, unsafe_office: Office, risk: str
) -> None:
    assert repairs.told == {risk}
    issue = repairs.issue(risk)
    assert issue.is_fixable
    assert issue.severity is ir.IssueSeverity.WARNING
    server = unsafe_office.entry.data[CONF_SERVER]
    assert issue.translation_placeholders == {"title": TITLE, "server": server}


@RISKS
async def test_a_line_may_be_made_safe_where_that_works(
    repairs: Repairs,
    unsafe_office: Office,
    risk: str,
    safe_server: SimulatorServer,
    server_tls: ssl.SSLContext,
) -> None:
    office = unsafe_office
    before = dict(office.entry.data)
    step = await repairs.choose(await repairs.begin(risk), "connect_safely")

    assert step["type"] == "form"
    assert step["errors"] == {"base": "invalid_certificate"}
    assert office.entry.data == before
    assert repairs.told == {risk}
    change(office, **{CONF_SERVER: f"127.0.0.1:{safe_server.port}"})
    safe_server.refuse()
    with trust(server_tls):
        step = await repairs.send(step, {})
        assert step["errors"] == {"base": "cannot_connect"}
        safe_server.refuse(None)
        result = await repairs.send(step, {})
        await office.until(lambda: office.entry.state is ConfigEntryState.LOADED)

    assert result["type"] == "create_entry"
    assert office.entry.data[CONF_SSL] is True
    assert office.entry.data[CONF_VERIFY_SSL] is True
    assert office.entry.data[CONF_AGREED_RISK] is None
    assert repairs.told == set()


@RISKS
async def test_a_line_that_is_kept_as_it_is_is_never_told_again(
    repairs: Repairs, unsafe_office: Office, risk: str
) -> None:
    result = await repairs.choose(await repairs.begin(risk), "keep")
    assert result["type"] == "create_entry"
    assert repairs.told == set()

    await unsafe_office.reopen()

    assert repairs.told == set()
    assert unsafe_office.state("binary_sensor.example_basix_ne_jp_phone_system_connection") == "on"


@RISKS
async def test_an_ignored_line_stays_ignored(
    hass: HomeAssistant, repairs: Repairs, unsafe_office: Office, risk: str
) -> None:
    ir.async_ignore_issue(hass, DOMAIN, repairs.issue(risk).issue_id, ignore=True)
    await unsafe_office.reopen()

    assert repairs.told == set()


async def test_one_risk_that_is_kept_does_not_hide_the_other(
    repairs: Repairs, office: Office, safe_server: SimulatorServer
) -> None:
    await office.open()
    assert repairs.told == set()
    server = f"127.0.0.1:{safe_server.port}"
    change(office, **{CONF_SERVER: server, CONF_SSL: True, CONF_VERIFY_SSL: False})
    office.server = safe_server
    await office.reopen()

    assert repairs.told == {"certificate_unchecked"}


# Users whom nobody tells


def keep_users(system: PhoneSystem, count: int) -> None:
    """Let everybody leave but a few."""
    for user in list(system.users)[count:]:
        system.remove_user(user)


@pytest.mark.parametrize("count", [0, 1])
async def test_a_phone_system_without_users_is_told_until_there_are_some(
    repairs: Repairs, office: Office, count: int
) -> None:
    keep_users(office.system, count)
    await office.open()

    assert repairs.told == {"no_users"}
    issue = repairs.issue("no_users")
    assert not issue.is_fixable
    assert issue.translation_placeholders == {"title": TITLE, "users": str(count)}
    for extension in ("1050", "1051"):
        office.system.add_user(f"Bob {extension}", extension=extension)
    await office.settled()
    assert repairs.told == set()


async def test_two_users_are_enough(repairs: Repairs, office: Office) -> None:
    keep_users(office.system, 2)
    await office.open()
    assert repairs.told == set()


async def test_who_watches_one_user_is_told_of_one(repairs: Repairs, office: Office) -> None:
    change(office, **{CONF_WATCH: "user_extension", CONF_WATCHED_USER: "1000"})
    await office.open()
    assert repairs.told == set()


# What Home Assistant asks itself, and the end


async def test_a_refused_token_is_asked_for_and_told_only_once(
    hass: HomeAssistant, repairs: Repairs, office: Office
) -> None:
    await office.open()
    office.system.token = "fedcba9876543210"
    office.server.drop_connections()
    await office.until(lambda: bool(hass.config_entries.flow.async_progress()))

    assert repairs.told == set()
    domains = {domain for domain, _ in ir.async_get(hass).issues}
    assert domains == {"homeassistant"}


@pytest.mark.parametrize("end", ["removed", "disabled"])
async def test_nothing_is_left_to_repair_without_the_entry(
    hass: HomeAssistant, repairs: Repairs, office: Office, end: str
) -> None:
    keep_users(office.system, 1)
    change(office, **{CONF_KEPT_RISK: None})
    await office.open()
    await push_out(office)
    await push_out(office)
    assert repairs.told == {"no_users", "not_encrypted", "connection_replaced"}

    if end == "removed":
        await hass.config_entries.async_remove(office.entry.entry_id)
    else:
        disabled = ConfigEntryDisabler.USER
        await hass.config_entries.async_set_disabled_by(office.entry.entry_id, disabled)
    await hass.async_block_till_done()

    assert repairs.told == set()


async def test_an_open_repair_of_a_removed_entry_just_ends(
    hass: HomeAssistant, repairs: Repairs, office: Office
) -> None:
    await office.open()
    issue_id = f"not_encrypted_{office.entry.entry_id}"
    ir.async_create_issue(
        hass,
        DOMAIN,
        issue_id,
        data={"entry_id": "gone", "issue": "not_encrypted"},
        is_fixable=True,
        severity=ir.IssueSeverity.WARNING,
        translation_key="not_encrypted",
    )
    response = await hass.data["repairs"]["flow_manager"].async_init(
        DOMAIN, context={"issue_id": issue_id}
    )
    assert response["step_id"] == "confirm"


async def test_more_can_be_learned_where_the_documentation_is(
    repairs: Repairs, office: Office
) -> None:
    change(office, **{CONF_KEPT_RISK: None})
    await office.open()
    assert (repairs.issue("not_encrypted").learn_more_url or "").endswith(
        "/docs/troubleshooting.md"
    )
