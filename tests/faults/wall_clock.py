"""Give Home Assistant a clock that stands until a test moves it."""

from datetime import datetime

from homeassistant.util import dt as dt_util
import pytest

from tests.integration.office import NINE


class WallClock:
    """Tell Home Assistant the time; timers stay real, or no connection would be made."""

    def __init__(self) -> None:
        self.time = datetime.fromisoformat(NINE)

    def now(self) -> datetime:
        """Return the time."""
        return self.time


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> WallClock:
    """Return a clock that shows nine."""
    clock = WallClock()
    monkeypatch.setattr(dt_util, "utcnow", clock.now)
    return clock
