"""Guard the ratios of the benchmark with generous margins; no clock is asserted on."""

from collections.abc import Callable
import json
from pathlib import Path
import subprocess
import sys
from typing import Final

import pytest

from benchmarks.lines import MUSTS, Line, missed

ROOT: Final = Path(__file__).parents[1]
ATTEMPTS: Final = 3
"""A busy machine may spoil a measurement; one that is good enough cannot be an accident."""


def measured(benchmark: str) -> dict[str, float]:
    """Run a benchmark as a person does, and return its figures by name."""
    finished = subprocess.run(  # noqa: S603 - our own interpreter, our own words
        [sys.executable, "-m", "benchmarks", "--quick", "--json", benchmark],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    assert finished.returncode in (0, 1), finished.stderr
    return {line["name"]: line["value"] for line in json.loads(finished.stdout)}


@pytest.mark.parametrize(
    ("benchmark", "line", "is_good_enough"),
    [
        ("decode", "decode_vs_erlastic", lambda times: times >= 1.4),
        ("event", "event_vs_floor", lambda times: times <= 4.5),
        ("scaling", "scaling", lambda times: times <= 1.6),
        ("setup", "resync_writes", lambda writes: writes == 0),
    ],
    ids=["decoding", "an event", "a large phone system", "a resync"],
)
def test_nothing_has_become_much_slower(
    benchmark: str, line: str, is_good_enough: Callable[[float], bool]
) -> None:
    figures: list[float] = []
    while not any(map(is_good_enough, figures)) and len(figures) < ATTEMPTS:
        figures.append(measured(benchmark)[line])
    assert any(map(is_good_enough, figures)), figures


def test_a_missed_demand_is_said_in_a_sentence() -> None:
    lines = [Line("flood_lost", 3, "events"), Line("scaling", 1.0, "times")]
    assert missed(lines) == ["flood_lost is 3 events, and must be at most 0."]


def test_what_is_only_reported_is_never_missed() -> None:
    assert "snapshot_rows" not in MUSTS
    assert missed([Line("snapshot_rows", 0, "rows/s")]) == []
