"""Long work is done in turns, between which everybody else comes first."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import pytest

from custom_components.ws_cti.cti import turns as rooms
from custom_components.ws_cti.cti.turns import Turns

ROUND = "another round of the event loop"


class Diary:
    """Write down what is done, and how often the event loop went round meanwhile."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def steps(self, *names: str) -> Iterator[None]:
        for name in names:
            self.lines.append(name)
            yield

    async def go_round(self) -> None:
        while True:
            await asyncio.sleep(0)
            self.lines.append(ROUND)

    @property
    def work(self) -> list[str]:
        return [line for line in self.lines if line != ROUND]


@pytest.fixture
def diary() -> Diary:
    return Diary()


@pytest.fixture
def short_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    """End each turn after one step."""
    monkeypatch.setattr(rooms, "TURN_SECONDS", 0.0)


async def together(diary: Diary, *works: Iterator[None]) -> None:
    """Do works at the same time while the event loop is watched."""
    turns = Turns()
    watching = asyncio.create_task(diary.go_round())
    await asyncio.gather(*map(turns.take, works))
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching


async def test_little_work_is_done_at_once(diary: Diary, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "TURN_SECONDS", 60.0)
    await together(diary, diary.steps("a", "b"), diary.steps("c"))
    assert diary.work == ["a", "b", "c"]
    # All of it in the round in which it was asked for.
    assert ROUND not in diary.lines[diary.lines.index("a") : diary.lines.index("c")]


@pytest.mark.usefixtures("short_turns")
async def test_everybody_else_comes_between_two_turns(diary: Diary) -> None:
    await together(diary, diary.steps("a", "b", "c"))
    assert diary.work == ["a", "b", "c"]
    for first, second in (("a", "b"), ("b", "c")):
        assert ROUND in diary.lines[diary.lines.index(first) : diary.lines.index(second)]


@pytest.mark.usefixtures("short_turns")
async def test_several_works_take_turns_in_different_rounds(diary: Diary) -> None:
    await together(diary, diary.steps("a", "b", "c"), diary.steps("x", "y", "z"))
    assert diary.work == ["a", "x", "b", "y", "c", "z"]
    for one, other in zip(diary.work, diary.work[1:], strict=False):
        assert ROUND in diary.lines[diary.lines.index(one) : diary.lines.index(other)]


@pytest.mark.usefixtures("short_turns")
async def test_cancelled_work_ends_between_two_steps_and_holds_nobody_up(diary: Diary) -> None:
    turns = Turns()
    cancelled = asyncio.create_task(turns.take(diary.steps("a", "b", "c")))
    other = asyncio.create_task(turns.take(diary.steps("x", "y")))
    await asyncio.sleep(0)
    cancelled.cancel()
    await other
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    assert diary.work == ["a", "x", "y"]


async def test_error_of_a_step_is_its_own_works_alone(diary: Diary) -> None:
    def wrong() -> Iterator[None]:
        yield from diary.steps("a")
        raise ZeroDivisionError

    turns = Turns()
    with pytest.raises(ZeroDivisionError):
        await turns.take(wrong())
    await turns.take(diary.steps("x"))
    assert diary.work == ["a", "x"]
