"""Tests that nobody can read a secret, or who called, where he should not.

One session is lived through with every logger at its most talkative, and then everything
that it left behind is searched: for the tokens in each of their spellings, and for callers.
"""

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterator
import json
import logging
import traceback
from typing import Any, Final, NoReturn, override
from urllib.parse import quote, quote_plus

from homeassistant.components.system_health import get_info
from homeassistant.const import CONF_API_TOKEN, EVENT_LOGGING_CHANGED, MATCH_ALL
from homeassistant.core import Event, HomeAssistant, callback
from homeassistant.exceptions import HomeAssistantError
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.json import json_dumps
from homeassistant.setup import async_setup_component
import pytest
from pytest_homeassistant_custom_component.typing import ClientSessionGenerator

from custom_components.ws_cti.const import CONF_KEPT_RISK, DOMAIN
from custom_components.ws_cti.cti.words import user_key
from simulator.model import EndUser
from simulator.phone_system import PhoneSystem
from tests.integration.conftest import PBX_DOMAIN
from tests.integration.forms import Form
from tests.integration.office import Office

TOKEN: Final = "tOp/s3cret+kEy=with?odd&signs"
WRONG_TOKEN: Final = "wR0ng/s3cret+kEy=with?odd&signs"
NEXT_TOKEN: Final = "nEx7/s3cret+kEy=with?odd&signs"

CALLER: Final = "0398765432"
CALLER_NAME: Final = "Wilhelmina Wanderlust"
CUSTOMER: Final = EndUser("C-90210", "Olive Oyl", "Thimble Theatre", "olive.png", "Tokyo")
CALL_STATE: Final = "sensor.alice_martin_call_state"

TALKATIVE: Final = (
    "",
    "aiohttp",
    "asyncio",
    "custom_components",
    "homeassistant",
    "websockets",
    "websockets.client",
)


def spellings_of(token: str) -> Iterator[str]:
    """Yield how a token may be written in headers, addresses and texts."""
    login = f"{PBX_DOMAIN}:{token}"
    for secret in (token, login):
        yield from (secret, quote(secret), quote(secret, safe=""), quote_plus(secret))
        for encode in (b64encode, urlsafe_b64encode):
            encoded = encode(secret.encode()).decode()
            yield from (encoded, encoded.rstrip("="), quote(encoded, safe=""))
        yield json.dumps(secret)[1:-1]
        yield secret.encode().hex()


def secrets_in(text: str) -> set[str]:
    """Return the spellings of tokens that a text gives away."""
    tokens = (TOKEN, WRONG_TOKEN, NEXT_TOKEN)
    return {one for token in tokens for one in spellings_of(token) if one in text}


class Memory(logging.Handler):
    """Keep every line that anybody logs, with all that belongs to it."""

    def __init__(self) -> None:
        """Begin with nothing."""
        super().__init__(logging.DEBUG)
        self.lines: list[tuple[str, str]] = []

    @override
    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line, its arguments and its error."""
        parts = [record.getMessage(), repr(record.args), repr(record.msg)]
        if record.exc_info is not None and record.exc_info[0] is not None:
            parts += traceback.format_exception(*record.exc_info)
            parts += map(repr, chain_of(record.exc_info[1]))
        self.lines.append((record.name, "\n".join(parts)))

    def of(self, name: str) -> str:
        """Return what the loggers below a name wrote."""
        return "\n".join(text for logger, text in self.lines if logger.startswith(name))


def chain_of(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error, and the errors that led to it."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


@pytest.fixture
def phone_system() -> PhoneSystem:
    """Return the office, with a token that needs quoting in every notation."""
    return PhoneSystem.office(domain=PBX_DOMAIN, token=TOKEN)


@pytest.fixture
def entry_data(entry_data: dict[str, Any]) -> dict[str, Any]:
    """Return the data of an entry with that token, of whose open line nobody was reminded."""
    return entry_data | {CONF_API_TOKEN: TOKEN, CONF_KEPT_RISK: None}


@pytest.fixture
def memory() -> Iterator[Memory]:
    """Let every logger say all that it can, and return what was said."""
    memory = Memory()
    root = logging.getLogger()
    levels = {name: logging.getLogger(name).level for name in TALKATIVE}
    root.addHandler(memory)
    for name in TALKATIVE:
        logging.getLogger(name).setLevel(logging.DEBUG)
    yield memory
    root.removeHandler(memory)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


class Life:
    """Do all that a person, a phone system and misfortune can do, and keep what comes of it."""

    def __init__(self, hass: HomeAssistant, office: Office, client: Any) -> None:  # noqa: ANN401
        """Begin with a client that speaks to Home Assistant as the frontend does."""
        self._hass = hass
        self._office = office
        self._client = client
        self.seen: list[str] = []

    async def ask(self, path: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
        """Ask Home Assistant over HTTP, and keep its answer."""
        method = self._client.get if body is None else self._client.post
        response = await method(path, **({} if body is None else {"json": body}))
        text = await response.text()
        self.seen.append(text)
        await self._hass.async_block_till_done()
        answer: dict[str, Any] = json.loads(text)
        return answer

    async def flow(self, step: dict[str, Any], body: dict[str, Any]) -> dict[str, Any]:
        """Go one step further in a config flow."""
        return await self.ask(f"/api/config/config_entries/flow/{step['flow_id']}", body)

    async def act(self, name: str, **data: object) -> None:
        """Run an action for Alice, and keep its answer or its error."""
        try:
            answer = await self._hass.services.async_call(
                DOMAIN,
                name,
                {"entity_id": CALL_STATE, **data},
                blocking=True,
                return_response=True,
            )
        except HomeAssistantError as error:
            self.seen += map(repr, chain_of(error))
            self.seen.append(str(error))
        else:
            self.seen.append(json_dumps(answer))

    async def add_an_account_with_a_wrong_token(self, form: Form) -> None:
        """Mistype the token in the first form; an account like this one cannot be added twice."""
        step = await self.ask("/api/config/config_entries/flow", {"handler": DOMAIN})
        other = {**form, "domain": "other.basix.ne.jp", CONF_API_TOKEN: WRONG_TOKEN}
        step = await self.flow(step, other)
        assert step["type"] == "menu"
        step = await self.flow(step, {"next_step_id": "connect_anyway"})
        assert step["errors"] == {CONF_API_TOKEN: "invalid_auth"}

    async def receive_calls(self) -> None:
        """Let somebody call who talks, and somebody who is missed."""
        system = self._office.system
        call = system.incoming_call(CALLER, self._office.sales, name=CALLER_NAME, end_user=CUSTOMER)
        call.ring()
        await self._office.settled()
        call.answer(self._office.alice)
        await self._office.settled()
        await self.act("get_calls")
        await self.act("park")
        await self.act("hang_up", call_id=call.id)
        missed = system.incoming_call(CALLER, self._office.zoe, name=CALLER_NAME)
        missed.ring()
        missed.cancel()
        await self._office.settled()
        self._office.server.user_message(f"{CALLER_NAME} called from {CALLER}")
        await self._office.settled()

    async def place_calls(self) -> None:
        """Use the HTTP methods, also when they are refused and out of order."""
        await self.act("call", destination=CALLER, calling_name="Olive")
        await self.act("call", destination="nonsense")
        self._office.system.token = NEXT_TOKEN
        await self.act("call", destination=CALLER)
        self._office.system.token = TOKEN
        await self.act("get_call_log")

    async def suffer(self) -> None:
        """Lose the connection, hear nonsense, and have an automation fail."""
        await self._office.lose_connection()
        await self.act("call", destination=CALLER)
        await self._office.find_connection()
        self._office.server.send_raw(b"\x83h\x03" + CALLER.encode())
        self._office.server.send_text(CALLER)
        coordinator = self._office.entry.runtime_data

        def fail(_event: object, _details: object) -> NoReturn:
            raise RuntimeError("a listener that fails")

        before = coordinator.reconnects
        alice = user_key(str(self._office.alice.id))
        stop = coordinator.async_add_call_listener(alice, fail)
        self._office.system.incoming_call(CALLER, self._office.alice, name=CALLER_NAME).ring()
        await self._office.until(lambda: coordinator.reconnects > before)
        stop()

    async def ask_for_help(self) -> None:
        """Download the diagnostics, and read what is to be repaired."""
        entry_id = self._office.entry.entry_id
        await self.ask(f"/api/diagnostics/config_entry/{entry_id}")
        for key in self._office.entry.runtime_data.roster.all_keys:
            device_id = self._office.entry.runtime_data.roster.device_id(key)
            await self.ask(f"/api/diagnostics/config_entry/{entry_id}/device/{device_id}")
        self.seen.append(json_dumps(await get_info(self._hass)))
        issue_id = f"not_encrypted_{entry_id}"
        step = await self.ask("/api/repairs/issues/fix", {"handler": DOMAIN, "issue_id": issue_id})
        await self.ask(
            f"/api/repairs/issues/fix/{step['flow_id']}", {"next_step_id": "connect_safely"}
        )
        self.seen += map(repr, ir.async_get(self._hass).issues.values())

    async def renew_the_token(self) -> None:
        """Have the token revoked, mistype the next one, and then enter it."""
        self._office.system.token = NEXT_TOKEN
        self._office.server.drop_connections()
        flows = self._hass.config_entries.flow
        await self._office.until(
            lambda: any(flow["context"]["source"] == "reauth" for flow in flows.async_progress())
        )
        [step] = [one for one in flows.async_progress() if one["context"]["source"] == "reauth"]
        refused = await self.flow(dict(step), {CONF_API_TOKEN: WRONG_TOKEN})
        assert refused["errors"] == {CONF_API_TOKEN: "invalid_auth"}
        done = await self.flow(refused, {CONF_API_TOKEN: NEXT_TOKEN})
        assert done["reason"] == "reauth_successful"
        await self._office.find_connection()

    def look_around(self) -> None:
        """Keep all states, and how our objects describe themselves to programmers."""
        coordinator = self._office.entry.runtime_data
        driver = coordinator.driver
        self.seen += [json_dumps(state.as_dict()) for state in self._hass.states.async_all()]
        self.seen += map(
            repr,
            (
                driver,
                driver.address,
                driver.address.url,
                driver.session(),
                coordinator,
                coordinator.link,
                coordinator.http,
                coordinator.roster,
                coordinator.issues,
                coordinator.pbx,
                self._office.entry,
            ),
        )
        self.seen.append(json_dumps(self._office.entry.as_json_fragment))


@pytest.fixture
async def life(
    hass: HomeAssistant,
    hass_client: ClientSessionGenerator,
    memory: Memory,
    office: Office,
    form: Form,
) -> Life:
    """Return a life that was lived."""
    for component in ("http", "config", "diagnostics", "repairs", "system_health"):
        assert await async_setup_component(hass, component, {})
    hass.bus.async_fire(EVENT_LOGGING_CHANGED)
    life = Life(hass, office, await hass_client())

    @callback
    def keep(event: Event) -> None:
        life.seen.append(json_dumps(event.as_dict()))

    stop = hass.bus.async_listen(MATCH_ALL, keep)
    await office.open()
    await life.add_an_account_with_a_wrong_token(form)
    await life.receive_calls()
    await life.place_calls()
    await life.suffer()
    await life.ask_for_help()
    await life.renew_the_token()
    life.look_around()
    stop()
    return life


async def test_no_token_is_in_any_line_of_any_log(life: Life, memory: Memory) -> None:
    assert secrets_in(memory.of("")) == set()


async def test_no_token_is_in_anything_that_is_shown(life: Life) -> None:
    assert secrets_in("\n".join(life.seen)) == set()


async def test_the_session_was_as_eventful_as_it_had_to_be(life: Life, memory: Memory) -> None:
    ours = memory.of("custom_components.ws_cti")
    for line in (
        "Trying to connect failed",
        "lost",
        "restored",
        "was not understood",
        "Unexpected error",
        "a listener that fails",
    ):
        assert line in ours
    assert memory.of("homeassistant.core")
    shown = "\n".join(life.seen)
    assert CALLER in shown
    assert CALLER_NAME in shown
    assert "reauth_successful" in shown
    assert "invalid_auth" in shown


async def test_a_search_like_this_one_finds_tokens() -> None:
    for text in (
        f"Basic {b64encode(f'{PBX_DOMAIN}:{TOKEN}'.encode()).decode()}",
        f"wss://server/?token={quote_plus(TOKEN)}",
        repr({"token": NEXT_TOKEN}),
    ):
        assert secrets_in(text)


async def test_our_own_lines_name_no_caller(life: Life, memory: Memory) -> None:
    ours = memory.of("custom_components.ws_cti")
    for private in (CALLER, CALLER_NAME, "Wilhelmina", CUSTOMER.name, "Thimble", "Olive"):
        assert private not in ours
