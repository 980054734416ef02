"""What was learnt of a server outlives a set-up, and nothing else does."""

from homeassistant.core import HomeAssistant
import pytest

from custom_components.ws_cti import manners
from custom_components.ws_cti.cti.errors import (
    ConnectError,
    ReplacedError,
    SilenceError,
    UnavailableError,
)
from custom_components.ws_cti.cti.patience import LONGEST_ASKED_DELAY
from custom_components.ws_cti.manners import Manners, async_forget_manners, manners_of

HERE = "wss://pbx.test/basix/api/ws_cti"


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the time in a list, where a test may change it."""
    now = [1000.0]
    monkeypatch.setattr(manners, "monotonic", lambda: now[0])
    return now


def learnt(hass: HomeAssistant, address: str = HERE, entry_id: str = "one") -> Manners:
    """Return what an entry knows of a server."""
    return manners_of(hass, entry_id, address)


def test_server_that_names_a_time_is_left_alone_until_then(
    hass: HomeAssistant, now: list[float]
) -> None:
    learnt(hass).failed(UnavailableError(429, 90.0))
    assert learnt(hass).seconds_to_wait == 90
    now[0] += 60
    assert learnt(hass).seconds_to_wait == 30
    now[0] += 60
    assert learnt(hass).seconds_to_wait == 0


def test_no_server_is_left_alone_for_more_than_an_hour(
    hass: HomeAssistant, now: list[float]
) -> None:
    learnt(hass).failed(UnavailableError(503, 1e9))
    assert learnt(hass).seconds_to_wait == LONGEST_ASKED_DELAY == 3600


@pytest.mark.parametrize(
    "error", [ConnectError("broken"), SilenceError("silent"), UnavailableError(500, None)]
)
def test_server_that_names_no_time_is_asked_when_home_assistant_likes(
    hass: HomeAssistant, error: ConnectError
) -> None:
    learnt(hass).failed(error)
    assert learnt(hass).seconds_to_wait == 0


def test_who_was_pushed_out_stays_modest_in_the_next_set_up(hass: HomeAssistant) -> None:
    learnt(hass).patience.after(ReplacedError("connection_replaced"), 0)
    assert learnt(hass).patience.is_disputed


def test_what_is_known_of_one_server_says_nothing_of_another(
    hass: HomeAssistant, now: list[float]
) -> None:
    one = learnt(hass)
    one.patience.after(ReplacedError("connection_replaced"), 0)
    one.failed(UnavailableError(429, 90.0))
    for other in (learnt(hass, entry_id="two"), learnt(hass, "wss://other.test/")):
        assert not other.patience.is_disputed
        assert other.seconds_to_wait == 0


def test_entry_that_is_removed_leaves_nothing(hass: HomeAssistant) -> None:
    one = learnt(hass)
    async_forget_manners(hass, "one")
    async_forget_manners(hass, "unknown")
    assert learnt(hass) is not one
