"""Count compared calls over all model tests, and print the sum where everybody sees it."""

from typing import Final

import pytest

from .tally import Tally

_TALLY: Final = pytest.StashKey[Tally]()


@pytest.fixture
def tally(pytestconfig: pytest.Config) -> Tally:
    """Return the count of the whole run."""
    return pytestconfig.stash.setdefault(_TALLY, Tally())


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say how many calls were compared, and with what result."""
    tally = config.stash.get(_TALLY, None)
    if tally is not None:
        terminalreporter.write_line(
            f"compared {tally.calls} calls, {tally.differences} differences"
        )
