"""A short soak: an office telephones through faults, and all is as it was lived."""

from pathlib import Path
import re
import subprocess
import sys

import pytest

from benchmarks import soak
from simulator.phone_system import PhoneSystem
from tests.model.lived import LivedRecord

ROOT = Path(__file__).parents[2]
LAST_LINE = re.compile(r"soaked 0\.15 minutes, (\d+) calls, (\d+) faults, 0 differences")


def test_short_soak_finds_no_difference() -> None:
    finished = subprocess.run(
        [sys.executable, "-m", "benchmarks.soak", "--minutes", "0.15", "--seed", "7"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert (finished.returncode, finished.stderr) == (0, "")
    lines = finished.stdout.splitlines()
    assert lines[0] == "seed 7"
    assert lines[-2].startswith("memory ")
    found = LAST_LINE.fullmatch(lines[-1])
    assert found is not None
    assert min(map(int, found.groups())) > 0


def test_difference_ends_a_soak_with_the_seed(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def differ(one: soak.Soak, seconds: float) -> None:
        one.tally.differences.append("sensor.alice is idle, and should be ringing.")

    monkeypatch.setattr(soak.Soak, "run", differ)
    monkeypatch.setattr(sys, "argv", ["soak", "--minutes", "1", "--seed", "7"])
    monkeypatch.setattr(soak, "_SWIFT", {})
    monkeypatch.setattr(soak, "_SOON", {})
    assert soak.main() == 1
    printed = capsys.readouterr()
    assert "sensor.alice is idle, and should be ringing." in printed.err
    assert "failed with --seed 7" in printed.err
    assert printed.out.endswith("soaked 1 minutes, 0 calls, 0 faults, 1 differences\n")


def test_part_that_was_not_told_is_a_difference() -> None:
    one = soak.Soak(1, soak.Tally())
    system: PhoneSystem = one.system
    assert isinstance(system.record, LivedRecord)
    system.record.sound()
    alice = next(iter(system.users))
    system.record.comes("incoming_call")
    call = system.incoming_call("0312345678", alice)
    call.ring()
    system.record.comes("cancel")
    call.cancel()
    [sentence] = one.told_otherwise()
    assert str(alice.id) in sentence
