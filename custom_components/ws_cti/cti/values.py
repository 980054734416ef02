"""Make values: objects that nobody changes once they are made.

A frozen dataclass sets each of its fields by a call, and a frame makes some sixty fields:
more than a tenth of all that it costs. So a value is frozen for the type checker, which
refuses whoever would change one, and an ordinary dataclass when it runs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

__all__ = ["value"]

if TYPE_CHECKING:
    from dataclasses import dataclass as value
else:

    def value[T](
        *, frozen: bool, slots: bool, kw_only: bool = False
    ) -> Callable[[type[T]], type[T]]:
        """Make a class one of values that are equal, and have the same hash, by their fields."""
        return dataclass(slots=slots, kw_only=kw_only, unsafe_hash=frozen)
