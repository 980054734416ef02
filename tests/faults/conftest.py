"""Give fault tests an office behind a line that can misbehave, and count what was survived."""

import asyncio
from collections.abc import AsyncGenerator, Generator
import logging
from typing import Any, Final

from homeassistant.config_entries import ConfigEntryState
import pytest

from custom_components.ws_cti.const import DOMAIN
from simulator.misbehaviour import Line
from simulator.server import SimulatorServer
from tests.entry import data_of_entry
from tests.integration.conftest import (
    PBX_DOMAIN,
    TOKEN,
    dialect,
    entry,
    entry_options,
    integration,
    office,
    phone_system,
    simulator,
    swift_link,
)
from tests.integration.office import Office

from .survival import INTEGRATION, Survivor, log_in, only_remains, remains

__all__ = [
    "dialect",
    "entry",
    "entry_options",
    "integration",
    "office",
    "phone_system",
    "simulator",
    "swift_link",
]

_SURVIVED: Final = pytest.StashKey[dict[str, bool]]()


@pytest.fixture
async def line(simulator: SimulatorServer) -> AsyncGenerator[Line]:
    """Return the line over which Home Assistant reaches the phone system."""
    async with Line(simulator.port) as line:
        yield line


@pytest.fixture
def entry_data(line: Line) -> dict[str, Any]:
    """Return the data of an entry that watches the whole phone system over the line."""
    return data_of_entry(f"{line.host}:{line.port}", PBX_DOMAIN, TOKEN)


@pytest.fixture
def survivor(
    office: Office, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> Survivor:
    """Return who opens the office and watches it through a fault."""
    return Survivor(office, caplog, monkeypatch)


@pytest.fixture
async def tidy(office: Office, caplog: pytest.LogCaptureFixture) -> AsyncGenerator[None]:
    """See that nothing is left behind, and that each loss and each return is said once."""
    caplog.set_level(logging.INFO, logger=INTEGRATION)
    before = await remains()
    yield
    if office.entry.state is ConfigEntryState.LOADED:
        await office.close()
    await only_remains(before)
    said = log_in(caplog.get_records("call"))
    assert {level for level, _ in said} <= {"INFO"}, said
    title = office.entry.title
    for index, (_, text) in enumerate(said):
        begins = "lost: " if index % 2 == 0 else "restored"
        assert text.startswith(f"Connection to {title} {begins}"), said


@pytest.fixture
def waits(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return how long the link has waited between its attempts, each of which is over at once."""
    waits: list[float] = []
    sleep = asyncio.sleep

    async def pass_at_once(seconds: float) -> None:
        task = asyncio.current_task()
        if seconds and task is not None and task.get_name().startswith(f"{DOMAIN} "):
            waits.append(seconds)
            seconds = 0
        await sleep(seconds)

    monkeypatch.setattr(asyncio, "sleep", pass_at_once)
    return waits


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Take note of each fault that a test names, and whether it was survived."""
    report = yield
    survived = item.config.stash.setdefault(_SURVIVED, {})
    for marker in item.iter_markers("fault"):
        for name in marker.args:
            survived[name] = survived.get(name, True) and report.passed
    return report


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say how many faults were survived, each counted once however many tests it has."""
    survived = config.stash.get(_SURVIVED, None)
    if survived is not None:
        terminalreporter.write_line(f"survived {sum(survived.values())} faults")
