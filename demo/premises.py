"""Run an office to look at: a simulated phone system, and a Home Assistant beside it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from simulator.orders import Orders
from simulator.phone_system import PhoneSystem
from simulator.server import SimulatorServer

from .home import Home, home_assistant, prepare_config
from .processes import free_port
from .telephone import PBX_DOMAIN, ROOT

TOKEN: Final = "0123456789abcdef0123"  # noqa: S105 - of the simulator
INTEGRATION: Final = ROOT / "custom_components" / "ws_cti"


@dataclass(frozen=True, slots=True)
class Premises:
    """Hold a phone system and a Home Assistant that does not know it yet."""

    home: Home
    config: Path
    server: SimulatorServer
    orders: Orders

    @property
    def pbx_address(self) -> str:
        """Return where the phone system is, as the config flow wants it."""
        return f"{self.server.host}:{self.server.port}"

    @property
    def home_address(self) -> str:
        """Return where Home Assistant is, which is no phone system."""
        return self.home.url.removeprefix("http://")

    @property
    def account(self) -> dict[str, Any]:
        """Return what Home Assistant keeps to connect, as its forms leave it."""
        return {
            "server": self.pbx_address,
            "domain": PBX_DOMAIN,
            "api_token": TOKEN,
            "app_name": "home_assistant",
            "take_over": False,
            "watch": "all",
            "ssl": False,
            "verify_ssl": True,
        }

    def pbx(self, order: str, **values: object) -> None:
        """Make something happen as `scripts/pbx` does; `from_` stands for `from`."""
        self.orders.obey(order, {name.rstrip("_"): value for name, value in values.items()})

    def revoke_token(self, successor: str) -> None:
        """Accept another token from now on, and let nobody stay who came with the old one."""
        self.server.phone_system.token = successor
        self.server.drop_connections()

    async def connect(self) -> None:
        """Add the phone system to Home Assistant through its config flow."""
        answers: dict[str, Any] = {
            "server": self.pbx_address,
            "domain": PBX_DOMAIN,
            "api_token": TOKEN,
            "ssl": False,
            "choice": "connect_anyway",  # nobody can listen in on this computer
        }
        await self.home.add_integration("ws_cti", answers)


@asynccontextmanager
async def premises(folder: Path, language: str) -> AsyncIterator[Premises]:
    """Run both for the time of the context; Home Assistant names things in the language."""
    config, port = folder / "config", free_port(0)
    prepare_config(config, INTEGRATION, port, language)
    system = PhoneSystem.office(domain=PBX_DOMAIN, token=TOKEN)
    orders = Orders(system)
    async with (
        SimulatorServer(system) as server,
        home_assistant(config, folder / "home-assistant.log", port) as home,
    ):
        try:
            yield Premises(home, config, server, orders)
        finally:
            await orders.stop()
