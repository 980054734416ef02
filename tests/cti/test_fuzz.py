"""Damaged frames do no harm, and the program that sends them notices any that does."""

from collections.abc import Collection
from pathlib import Path
import time
from typing import override

import pytest

from benchmarks import fuzz
from custom_components.ws_cti.cti.basix.driver import BasixSession
from custom_components.ws_cti.cti.errors import LimitReachedError
from custom_components.ws_cti.cti.model import Notice, Snapshot, Update
from custom_components.ws_cti.cti.pbx import Pbx
from custom_components.ws_cti.cti.story import Effect

type Printed = pytest.CaptureFixture[str]

FRAMES = 3_000


class FaultySession(BasixSession):
    """Have a fault that compressed frames bring to light, which no good frame here is."""

    @override
    def receive(self, frame: bytes | str) -> Collection[Update | Notice]:
        return self.fault() if frame[1:2] == b"P" else super().receive(frame)

    def fault(self) -> Collection[Update | Notice]:
        raise NotImplementedError


class Failing(FaultySession):
    @override
    def fault(self) -> Collection[Update | Notice]:
        raise ZeroDivisionError("planted")


class EndingUnasked(FaultySession):
    @override
    def fault(self) -> Collection[Update | Notice]:
        raise LimitReachedError("planted")


class Slow(FaultySession):
    @override
    def fault(self) -> Collection[Update | Notice]:
        until = time.thread_time() + 2 * fuzz.LIMIT_MS / 1000
        while time.thread_time() < until:
            pass
        return ()


class Deaf(FaultySession):
    deaf = False

    @override
    def receive(self, frame: bytes | str) -> Collection[Update | Notice]:
        heard = super().receive(frame)
        return () if self.deaf else heard

    @override
    def fault(self) -> Collection[Update | Notice]:
        self.deaf = True
        return ()


class Forgetful(Pbx):
    """Take in what happens, but of what there is only what is told first."""

    @override
    def apply(self, update: Update) -> Effect:
        again = isinstance(update, Snapshot) and update.element in self.told
        return Effect() if again else super().apply(update)


def run(folder: Path, frames: int = FRAMES, seed: int = fuzz.SEED) -> int:
    """Run the program in this process."""
    return fuzz.main(
        ["--workers", "1", "--frames", f"{frames}", "--seed", f"{seed}", "--folder", f"{folder}"]
    )


def test_damaged_frames_do_no_harm(tmp_path: Path, capsys: Printed) -> None:
    assert run(tmp_path) == 0
    assert f"fuzzed {FRAMES} frames, 0 unexpected exceptions, slowest" in capsys.readouterr().out
    assert list(tmp_path.iterdir()) == []


def test_the_same_seed_makes_the_same_frames() -> None:
    rounds = [fuzz.run_round(seed, 7, 500) for seed in (1, 1, 2)]
    assert rounds[0].understood == rounds[1].understood != rounds[2].understood


@pytest.mark.parametrize(
    ("session", "noticed"),
    [
        pytest.param(Failing, "raised ZeroDivisionError('planted')", id="an exception"),
        pytest.param(EndingUnasked, "without being told", id="an end that nobody told of"),
        pytest.param(Deaf, "made the session read a good frame otherwise", id="deafness"),
        pytest.param(Slow, "took ", id="a slow frame"),
    ],
)
def test_a_planted_fault_is_noticed_and_its_frame_kept(
    session: type[BasixSession],
    noticed: str,
    tmp_path: Path,
    capsys: Printed,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(fuzz, "BasixSession", session)
    assert run(tmp_path, 1_000) == 1
    [kept] = tmp_path.iterdir()
    printed = capsys.readouterr().out
    assert noticed in printed
    assert str(kept) in printed
    seed, _, again, what, frame = kept.read_text().splitlines()
    assert seed == f"seed {fuzz.SEED}"
    assert again == f"again: scripts/fuzz --seed {fuzz.SEED} --round 0"
    assert noticed in what
    assert bytes.fromhex(frame)[1:2] == b"P" or session is Deaf


def test_a_picture_that_stays_wrong_is_noticed(
    tmp_path: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuzz, "Pbx", Forgetful)
    assert run(tmp_path) == 1
    assert "a resynchronisation did not set right" in capsys.readouterr().out


def test_only_exceptions_count_as_exceptions(
    tmp_path: Path, capsys: Printed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fuzz, "BasixSession", Slow)
    assert run(tmp_path, 1_000) == 1
    assert " 0 unexpected exceptions" in capsys.readouterr().out
