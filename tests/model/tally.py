"""Count what the model tests compare."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from .compared import ComparedOffice
from .parts import DifferenceError


@dataclass(slots=True)
class Tally:
    """Count compared calls and the tests that found a difference."""

    calls: int = 0
    differences: int = 0

    def close(self, office: ComparedOffice) -> None:
        """Compare what is left to be compared of an office, and count its calls."""
        self.calls += office.close()

    @contextmanager
    def noting_differences(self) -> Iterator[None]:
        """Take note of a difference, and let it be seen."""
        try:
            yield
        except DifferenceError:
            self.differences += 1
            raise
