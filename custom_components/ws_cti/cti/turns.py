"""Do long work in short turns, so that it never holds up the event loop.

Long work is written as steps: an iterator that does a little with each item. Who must not
wait goes through the steps at once, and everybody else lets them be taken in turns.
"""

import asyncio
from collections.abc import Iterable
from typing import Final

TURN_SECONDS: Final = 0.005
"""How long a turn lasts, after which everybody else comes first."""


class Turns:
    """Let works take turns, one in each round of the event loop, however many wait."""

    def __init__(self) -> None:
        """Start without work."""
        self._taken = asyncio.Lock()

    async def take(self, steps: Iterable[object]) -> None:
        """Go through all steps; what needs no more than one turn is done at once.

        Cancelled, it stops between two steps.
        """
        now = asyncio.get_running_loop().time
        remaining = iter(steps)
        while True:
            async with self._taken:
                until = now() + TURN_SECONDS
                for _ in remaining:
                    if now() >= until:
                        break
                else:
                    return
                # Still ours meanwhile, so that no other work fills the same round.
                await asyncio.sleep(0)
