"""Give tests a Home Assistant, and a phone system that it can really connect to."""

from collections.abc import AsyncGenerator, Generator, Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
import ssl
from typing import Any
from unittest.mock import AsyncMock, patch

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID
from homeassistant.config_entries import ConfigEntryState, ConfigFlow, ConfigFlowResult, OptionsFlow
from homeassistant.const import CONF_API_TOKEN
from homeassistant.core import HomeAssistant
from homeassistant.data_entry_flow import FlowManager
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry

# Before anything else may find the package of the same name that the test tools bring.
from custom_components.ws_cti.account import Risk, identity_of, title_of
from custom_components.ws_cti.config_flow import SECTION_CONNECTION
from custom_components.ws_cti.const import (
    CONF_AGREED_RISK,
    CONF_KEPT_RISK,
    CONF_PBX_DOMAIN,
    CONF_SERVER,
    CONF_WATCH,
    DOMAIN,
    WATCH_ALL,
)
from custom_components.ws_cti.cti import link, patience
from simulator.phone_system import PhoneSystem
from simulator.server import DialectOptions, SimulatorServer
from tests.entry import data_of_entry
from tests.integration.flow_texts import FlowTexts
from tests.integration.forms import Form, connection
from tests.integration.office import Office

PBX_DOMAIN = "example.basix.ne.jp"
TOKEN = "0123456789abcdef"


@pytest.fixture(autouse=True)
def integration(enable_custom_integrations: None) -> None:
    """Let Home Assistant find the integration."""


@pytest.fixture
def phone_system() -> PhoneSystem:
    """Return an office of twelve users and two groups."""
    return PhoneSystem.office(domain=PBX_DOMAIN, token=TOKEN)


@pytest.fixture
def dialect() -> DialectOptions:
    """Return how the phone system speaks; parametrize this fixture for other dialects."""
    return {}


@pytest.fixture
async def simulator(
    socket_enabled: None, phone_system: PhoneSystem, dialect: DialectOptions
) -> AsyncGenerator[SimulatorServer]:
    """Serve the phone system on an open line."""
    async with SimulatorServer(phone_system, **dialect) as server:
        yield server


@pytest.fixture
def entry_data(simulator: SimulatorServer) -> dict[str, Any]:
    """Return the data of an entry that watches the whole phone system.

    Somebody decided to keep its line, which stays within this computer, open.
    """
    return {
        **data_of_entry(f"{simulator.host}:{simulator.port}", PBX_DOMAIN, TOKEN),
        CONF_AGREED_RISK: Risk.NOT_ENCRYPTED,
        CONF_KEPT_RISK: Risk.NOT_ENCRYPTED,
    }


@pytest.fixture
def form(entry_data: dict[str, Any]) -> Form:
    """Return the first form as somebody fills it in who watches the whole phone system."""
    return {
        CONF_SERVER: entry_data[CONF_SERVER],
        CONF_PBX_DOMAIN: entry_data[CONF_PBX_DOMAIN],
        CONF_API_TOKEN: entry_data[CONF_API_TOKEN],
        CONF_WATCH: WATCH_ALL,
        SECTION_CONNECTION: connection(),
    }


@pytest.fixture
def entry_options() -> dict[str, Any]:
    """Return the options of an entry; parametrize this fixture for others."""
    return {}


@pytest.fixture
def entry(
    hass: HomeAssistant, entry_data: dict[str, Any], entry_options: dict[str, Any]
) -> MockConfigEntry:
    """Return an entry that Home Assistant has, and has not set up."""
    entry = MockConfigEntry(
        domain=DOMAIN,
        title=title_of(entry_data),
        unique_id=identity_of(entry_data),
        data=entry_data,
        options=entry_options,
    )
    entry.add_to_hass(hass)
    return entry


@pytest.fixture
def swift_link(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a connection be whole, and be tried again, after a moment."""
    for name in ("FIRST_DELAY", "LONGEST_DELAY", "FIRST_PUSHED_OUT_DELAY"):
        monkeypatch.setattr(patience, name, 0.1)
    monkeypatch.setattr(patience, "LONGEST_PUSHED_OUT_DELAY", 0.1)
    monkeypatch.setattr(link, "QUIET_SECONDS", 0.1)
    monkeypatch.setattr(link, "COMPLETE_QUIET_SECONDS", 0.02)


@pytest.fixture
async def office(
    hass: HomeAssistant, simulator: SimulatorServer, entry: MockConfigEntry, swift_link: None
) -> AsyncGenerator[Office]:
    """Return the office that an entry brings into Home Assistant, once it is opened."""
    office = Office(hass, simulator, entry)
    yield office
    if entry.state is ConfigEntryState.LOADED:
        await office.close()


@pytest.fixture(scope="session")
def server_tls(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    """Return the TLS of a server on this computer whose certificate nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "simulator")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]),
            critical=False,
        )
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    path.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        + certificate.public_bytes(Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context


@pytest.fixture
def setup_entry() -> Generator[AsyncMock]:
    """Let an entry count as set up, so that only the flow connects."""
    with patch(f"custom_components.{DOMAIN}.async_setup_entry", return_value=True) as mock:
        yield mock


@pytest.fixture
def flow_translations() -> Iterator[FlowTexts]:
    """Fail a test in which a flow of ours shows something without an English text."""
    texts = FlowTexts()
    handle_step = FlowManager._async_handle_step  # noqa: SLF001

    async def noting(
        self: FlowManager[Any, Any, Any],
        flow: ConfigFlow | OptionsFlow,
        *args: Any,  # noqa: ANN401
    ) -> ConfigFlowResult:
        result: ConfigFlowResult = await handle_step(self, flow, *args)
        texts.note("options" if isinstance(flow, OptionsFlow) else "config", result)
        return result

    with patch.object(FlowManager, "_async_handle_step", noting):
        yield texts
    assert not texts.missing
