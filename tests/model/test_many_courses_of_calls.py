"""Office after office, whatever chance brings, is told as it was."""

from random import Random
from typing import Final

import pytest

from .chance import Chance
from .compared import ComparedOffice
from .offices import KINDS, Kind
from .tally import Tally

CALLS: Final = 20_000
CALLS_OF_A_KIND: Final = -(-CALLS // len(KINDS))
STEPS_OF_A_DAY: Final = 400
PAUSES: Final = (0, 0.000_001, 0.5, 3, 20)
LOSES: Final = 0.02
CONNECTS_AGAIN: Final = 0.15


def spend_day(office: ComparedOffice, random: Random, *, loses_connections: bool) -> None:
    """Let an office telephone for a day."""
    chance = Chance(office.system, random)
    for _ in range(STEPS_OF_A_DAY):
        if loses_connections and office.is_connected and random.random() < LOSES:
            office.lose_connection()
        elif not office.is_connected and random.random() < CONNECTS_AGAIN:
            office.connect_again()
        name, step = chance.choose()
        office.take(name, step, random.choice(PAUSES))


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_call_of_an_office_is_told_as_it_was(kind: Kind, tally: Tally) -> None:
    before, day = tally.calls, 0
    with tally.noting_differences():
        while tally.calls - before < CALLS_OF_A_KIND:
            day += 1
            office = kind.open(seed=day)
            spend_day(office, Random(day), loses_connections=kind.loses_connections)
            tally.close(office)
    assert tally.calls - before >= CALLS_OF_A_KIND
