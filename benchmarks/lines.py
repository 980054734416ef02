"""Say what was measured, one line for each figure, and whether it is good enough."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, override

type Bound = Callable[[float], bool]


@dataclass(frozen=True, slots=True)
class Must:
    """Demand something of a figure, and say it in words."""

    words: str
    bound: Bound


def at_least(limit: float) -> Must:
    """Demand that a figure is no smaller than a limit."""
    return Must(f"at least {limit:g}", lambda value: value >= limit)


def at_most(limit: float) -> Must:
    """Demand that a figure is no larger than a limit."""
    return Must(f"at most {limit:g}", lambda value: value <= limit)


@dataclass(frozen=True, slots=True)
class Line:
    """Hold one figure."""

    name: str
    value: float
    unit: str

    @override
    def __str__(self) -> str:
        """Return the figure as it is printed: name, value and unit."""
        return f"{self.name} {self.value:.4g} {self.unit}"


MUSTS: Final[dict[str, Must]] = {
    "decode_vs_erlastic": at_least(2.0),
    "event_vs_floor": at_most(2.5),
    "scaling": at_most(1.15),
    "setup_vs_floor": at_most(1.5),
    "loop_block_ms": at_most(50),
    "resync_writes": at_most(0),
    "flood_lost": at_most(0),
    "flood_p99_ms": at_most(50),
    "memory_per_user": at_most(3 * 1024),
    "memory_growth": at_most(0),
}
"""What is demanded; every other line is there to be read."""


def missed(lines: list[Line]) -> list[str]:
    """Return a sentence for each demand that was missed."""
    return [
        f"{line.name} is {line.value:.4g} {line.unit}, and must be {must.words}."
        for line in lines
        if (must := MUSTS.get(line.name)) is not None and not must.bound(line.value)
    ]
