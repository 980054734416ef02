"""Count what the model tests compare."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .compared import ComparedOffice
from .parts import DifferenceError


@dataclass(slots=True)
class Tally:
    """Count compared calls and found differences."""

    calls: int = 0
    differences: int = 0

    @contextmanager
    def closing(self, office: ComparedOffice) -> Iterator[None]:
        """Compare an office until it closes, and count its calls."""
        try:
            yield
            self.calls += office.close()
        except DifferenceError:
            self.differences += 1
            raise
