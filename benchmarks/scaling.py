"""Compare what an event costs in a large phone system with its cost in a small one."""

import asyncio
from collections.abc import Iterator
from functools import partial
from itertools import chain, islice
from typing import Final

from .frames import Office
from .home import at_home
from .library import Library
from .lines import Line
from .measuring import ratio

_SMALL: Final = 100
_LARGE: Final = 10_000
_CALLS: Final = 90
"""Each of them for another user, of those who have entities in the large office, too."""


def run(*, quick: bool) -> Iterator[Line]:
    """Tell the ratio for the library alone and for the whole path; the worse one counts.

    Home Assistant has room for the entities of somewhat more than a thousand users. The
    others of a large office are in the picture, and only there.
    """
    rounds = 15 if quick else 40
    library = _library(rounds)
    yield Line("scaling_library", library, "times")
    whole = asyncio.run(_whole_path(rounds))
    yield Line("scaling_home", whole, "times")
    yield Line("scaling", max(library, whole), "times")


def _library(rounds: int) -> float:
    large, small = Office(_LARGE), Office(_SMALL)
    with_many, with_few = Library(), Library()
    with_many.take(large.opening())
    with_few.take(small.opening())
    return ratio(
        partial(with_many.take, _calls(large)), partial(with_few.take, _calls(small)), rounds
    )


async def _whole_path(rounds: int) -> float:
    large, small = Office(_LARGE), Office(_SMALL)
    async with at_home(large.opening()) as with_many, at_home(small.opening()) as with_few:
        return ratio(
            partial(with_many.take, _calls(large)), partial(with_few.take, _calls(small)), rounds
        )


def _calls(office: Office) -> list[bytes]:
    return list(chain.from_iterable(islice(office.calls(), _CALLS)))
