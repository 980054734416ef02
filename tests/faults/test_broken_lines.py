"""The line breaks, is closed or falls silent while Home Assistant is connected."""

import pytest

from custom_components.ws_cti.cti import link, patience
from custom_components.ws_cti.cti.patience import FIRST_DELAY, LONGEST_DELAY
from simulator.misbehaviour import Line
from tests.integration.office import CONNECTION

from .daily_life import daily_life
from .survival import Survivor

BROKEN = "the connection broke off"
CLOSED = "the server closed the connection"
SILENT = "the server no longer answers"
FIVE_HOURS = 5 * 60 * 60.0


@pytest.mark.fault("connection reset")
async def test_connection_that_is_reset_is_made_again(survivor: Survivor, line: Line) -> None:
    async with survivor.running(BROKEN) as survival, daily_life(survival) as life:
        line.reset()
        life.go_on()
        await survival.comes_back()


@pytest.mark.fault("closed cleanly")
@pytest.mark.parametrize("code", [1000, 1001, 1011, 1012, 4000])
async def test_connection_that_is_closed_with_a_goodbye_is_made_again(
    survivor: Survivor, code: int
) -> None:
    async with survivor.running(CLOSED) as survival, daily_life(survival) as life:
        survival.office.server.close_connections(code)
        life.go_on()
        await survival.comes_back()


@pytest.mark.fault("closed without a goodbye")
async def test_connection_that_is_closed_without_a_goodbye_is_made_again(
    survivor: Survivor, line: Line
) -> None:
    async with survivor.running(BROKEN) as survival, daily_life(survival) as life:
        line.close()
        life.go_on()
        await survival.comes_back()


@pytest.mark.fault("closed in the middle of a frame")
async def test_half_of_a_frame_is_never_taken_for_a_whole_one(
    survivor: Survivor, line: Line
) -> None:
    async with survivor.running(BROKEN) as survival, daily_life(survival) as life:
        line.cut_in_the_next_frame()
        survival.office.system.set_presence(survival.office.alice, 3)
        await survival.office.until(lambda: survival.office.state(CONNECTION) == "off")
        life.go_on()
        await survival.comes_back()


@pytest.mark.fault("silence without a close")
async def test_line_on_which_nothing_comes_through_any_more_is_given_up(
    survivor: Survivor, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Longer than a busy computer keeps us from hearing an answer.
    monkeypatch.setattr(link, "PING_SECONDS", 1.0)
    monkeypatch.setattr(link, "CLOSE_SECONDS", 0.1)
    async with survivor.running(SILENT) as survival, daily_life(survival) as life:
        line.hush()
        life.go_on()
        await survival.comes_back()


def test_silence_is_noticed_within_45_seconds() -> None:
    # It may begin just after a ping was answered. Nobody answers the goodbye either.
    assert 2 * link.PING_SECONDS + link.CLOSE_SECONDS <= 45


@pytest.mark.fault("flapping network")
async def test_ten_resets_in_a_row_are_survived(survivor: Survivor, line: Line) -> None:
    async with survivor.running(*[BROKEN] * 10) as survival, daily_life(survival) as life:
        for times in range(1, 10):
            line.reset()
            survival.go_deaf()
            await survival.comes_back(times)
        line.reset()
        life.go_on()
        await survival.comes_back(10)


@pytest.mark.fault("reset while everything is told anew")
async def test_picture_that_was_begun_is_never_taken_for_the_whole(
    survivor: Survivor, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with survivor.running(BROKEN) as survival, daily_life(survival) as life:
        office = survival.office
        # Long enough for each new connection to be lost before it counts as whole.
        monkeypatch.setattr(link, "COMPLETE_QUIET_SECONDS", 5.0)
        monkeypatch.setattr(link, "QUIET_SECONDS", 5.0)
        for _ in range(3):
            heard = office.entry.runtime_data.link.frames_received
            line.reset()
            survival.go_deaf()
            await office.until(
                lambda: office.entry.runtime_data.link.frames_received > heard  # noqa: B023 - within its round
            )
            assert office.state(CONNECTION) == "off"
        monkeypatch.setattr(link, "COMPLETE_QUIET_SECONDS", 0.02)
        line.reset()
        life.go_on()
        await survival.comes_back()


@pytest.mark.fault("refused")
async def test_phone_system_that_restarts_while_calls_go_on_is_found_again(
    survivor: Survivor, line: Line
) -> None:
    async with survivor.running(BROKEN) as survival, daily_life(survival) as life:
        await line.shut()
        life.go_on()
        await survival.office.until(lambda: survival.office.state(CONNECTION) == "off")
        await line.open()
        await survival.comes_back()


@pytest.mark.fault("away for hours")
async def test_phone_system_that_is_away_for_hours_is_tried_each_minute(
    survivor: Survivor, line: Line, waits: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    async with survivor.running(BROKEN) as survival, daily_life(survival) as life:
        monkeypatch.setattr(patience, "FIRST_DELAY", FIRST_DELAY)
        monkeypatch.setattr(patience, "LONGEST_DELAY", LONGEST_DELAY)
        await line.shut()
        life.go_on()
        await survival.office.until(lambda: sum(waits) >= FIVE_HOURS)
        await line.open()
        await survival.comes_back()
        late = waits[6:]
        assert 30 <= min(late) <= max(late) <= 60
        # Chance spreads them, so that not all clients come at once.
        assert len(set(late)) == len(late)
