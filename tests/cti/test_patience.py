"""Attempts never end, are never many, and leave other clients where they are."""

import pytest

from custom_components.ws_cti.cti.errors import (
    ConnectError,
    CtiError,
    LimitReachedError,
    ReplacedError,
    SilenceError,
    UnavailableError,
)
from custom_components.ws_cti.cti.patience import (
    FIRST_PUSHED_OUT_DELAY,
    LONGEST_ASKED_DELAY,
    LONGEST_DELAY,
    LONGEST_PUSHED_OUT_DELAY,
    STABLE_SECONDS,
    UNDISPUTED_SECONDS,
    Patience,
)

BROKEN = ConnectError("broken")
REPLACED = ReplacedError("connection_replaced")
FULL = LimitReachedError("connection_limit_reached")


def patience(jitter: float = 1.0) -> Patience:
    return Patience(lambda: jitter)


def delays(of: Patience, error: CtiError, times: int, *, lasted: float = 0.0) -> list[float]:
    """Return the delays after so many failures of one kind."""
    return [of.after(error, lasted) for _ in range(times)]


def test_delays_double_up_to_a_minute() -> None:
    assert delays(patience(), BROKEN, 9) == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_delays_are_never_longer_however_often_it_fails() -> None:
    waiting = patience()
    assert max(delays(waiting, SilenceError("silent"), 5000)) == LONGEST_DELAY


def test_delays_are_spread_by_chance_over_their_second_half() -> None:
    assert delays(patience(0.0), BROKEN, 5) == [0.5, 1, 2, 4, 8]
    assert delays(patience(0.5), BROKEN, 5) == [0.75, 1.5, 3, 6, 12]


def test_connection_that_lasted_makes_the_next_delay_short_again() -> None:
    assert delays(patience(), BROKEN, 4, lasted=STABLE_SECONDS) == [1, 1, 1, 1]


def test_connection_that_did_not_last_changes_nothing() -> None:
    assert delays(patience(), BROKEN, 4, lasted=STABLE_SECONDS - 1) == [1, 2, 4, 8]


def test_server_that_names_a_time_is_left_alone_until_then() -> None:
    assert delays(patience(), UnavailableError(503, 5.0), 5) == [5, 5, 5, 8, 16]


def test_server_cannot_send_us_away_for_days() -> None:
    assert patience().after(UnavailableError(429, 1e9), 0.0) == LONGEST_ASKED_DELAY


def test_full_phone_system_is_asked_for_a_place_each_minute() -> None:
    assert delays(patience(), FULL, 8) == [30, 30, 30, 30, 30, 32, 60, 60]


# Others who want our place


def test_who_is_pushed_out_again_and_again_waits_ever_longer() -> None:
    # A server may let us in although nobody left, and push somebody out for us.
    assert delays(patience(), REPLACED, 8, lasted=20.0) == [30, 60, 120, 240, 480, 900, 900, 900]


def test_who_was_never_pushed_out_may_take_a_place() -> None:
    waiting = patience()
    delays(waiting, BROKEN, 20)
    delays(waiting, FULL, 20)
    assert not waiting.is_disputed


def test_who_was_pushed_out_stays_modest_until_he_was_left_alone_for_long() -> None:
    waiting = patience()
    waiting.after(REPLACED, 3600.0)
    for lasted in (0.0, STABLE_SECONDS, UNDISPUTED_SECONDS - 1):
        waiting.after(BROKEN, lasted)
        assert waiting.is_disputed
    waiting.after(BROKEN, UNDISPUTED_SECONDS)
    assert not waiting.is_disputed
    assert waiting.after(REPLACED, 0.0) == FIRST_PUSHED_OUT_DELAY


def test_place_is_looked_for_soon_although_the_quarrel_was_long() -> None:
    waiting = patience()
    delays(waiting, REPLACED, 10)
    # Asking for a free place pushes nobody out.
    assert waiting.after(FULL, 0.0) <= LONGEST_DELAY


@pytest.mark.parametrize("jitters", [(0.0, 1.0), (1.0, 0.0), (0.5, 0.5)])
def test_two_who_push_each_other_out_come_to_rest(jitters: tuple[float, float]) -> None:
    """Let each come back at its time and push the other out, as a server without limits might."""
    mine, theirs = (patience(jitter) for jitter in jitters)
    inside, outside = mine, theirs
    waits = outside.after(REPLACED, 0.0)
    pushes = []
    for _ in range(12):
        pushes.append(waits)
        inside, outside = outside, inside
        waits = outside.after(REPLACED, waits)
    # Each of the two waits longer than before, until both change places a few times an hour.
    assert pushes[-1] >= LONGEST_PUSHED_OUT_DELAY / 2
    assert all(later >= sooner for sooner, later in zip(pushes, pushes[2:], strict=False))
