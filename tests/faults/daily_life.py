"""Let calls begin, go on and end around a fault, and see what is told of them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from custom_components.ws_cti.cti.story import Outcome, Step

from .survival import Survival

_FIRST, _SECOND, _THIRD, _FOURTH = ("0311111111", "0322222222", "0333333333", "0344444444")


class DailyLife:
    """Be four calls: one is over when the connection is back, two go on, one has begun."""

    def __init__(self, survival: Survival) -> None:
        """Let four people call."""
        self._survival = survival
        self._office = survival.office
        system, office = self._office.system, self._office
        self._unseen = system.incoming_call(_FIRST, office.alice)
        self._talking = system.incoming_call(_SECOND, office.zoe)
        self._waiting = system.incoming_call(_THIRD, office.sales)

    async def begin(self) -> None:
        """Let one ring, one talk and one wait, and wait until Home Assistant knows it."""
        self._unseen.ring()
        self._talking.ring()
        self._talking.answer()
        await self._office.settled()

    def go_on(self) -> None:
        """Let the ringing end, somebody else be called, and the office be reorganized."""
        self._survival.go_deaf()
        self._unseen.cancel()
        self._office.system.rename(self._office.sales, "Sales and Service")
        newcomer = self._office.system.add_user("Bob", extension="1050")
        self._new = self._office.system.incoming_call(_FOURTH, newcomer)
        self._new.ring()

    async def end(self) -> None:
        """See that what is true is told, let all calls end, and see how that is told."""
        await self._office.settled()
        # How it ended was not seen, so nobody claims that it was missed.
        assert self._survival.steps_of(self._unseen) == [
            (Step.RINGING, None),
            (Step.ENDED, Outcome.UNKNOWN),
        ]
        assert self._survival.steps_of(self._talking) == [
            (Step.RINGING, None),
            (Step.ANSWERED, None),
        ]
        assert self._survival.steps_of(self._waiting) == [(Step.ENTERED, None)]
        # It rings still, so somebody can act on it.
        assert self._survival.steps_of(self._new) == [(Step.RINGING, None)]
        self._talking.hang_up()
        self._waiting.cancel()
        self._new.cancel()
        await self._office.settled()
        assert self._survival.steps_of(self._talking)[2:] == [(Step.ENDED, Outcome.ANSWERED)]
        assert self._survival.steps_of(self._waiting)[1:] == [(Step.ABANDONED, Outcome.CANCELLED)]
        assert self._survival.steps_of(self._new)[1:] == [(Step.MISSED, Outcome.CANCELLED)]


@asynccontextmanager
async def daily_life(survival: Survival) -> AsyncIterator[DailyLife]:
    """Let calls begin before a fault, and see how they end once all is well again.

    What the fault is belongs inside, and there they `go_on` while nothing is heard.
    """
    life = DailyLife(survival)
    await life.begin()
    yield life
    await life.end()
