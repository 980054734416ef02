"""Measure how fast a large phone system's first messages become the picture."""

from collections.abc import Iterator
from typing import Final

from .frames import Office
from .library import Library
from .lines import Line
from .measuring import medians

_USERS: Final = 5_000
_NANOSECONDS: Final = 1e9


def run(*, quick: bool) -> Iterator[Line]:
    """Tell how many rows of users, memberships and terminals are taken in per second."""
    frames = Office(_USERS // 5 if quick else _USERS).opening()
    rows = sum(map(len, _whole(frames)))

    def work() -> None:
        _whole(frames)

    nanoseconds, _ = medians(work, lambda: None, 5)
    yield Line("snapshot_rows", rows / nanoseconds * _NANOSECONDS, "rows/s")


def _whole(frames: list[bytes]) -> tuple[list[object], ...]:
    library = Library()
    library.take(frames)
    pbx = library.pbx
    members = [one for group_id in pbx.groups for one in pbx.members(group_id)]
    return [*pbx.users], [*pbx.groups], [*members], [*pbx.terminals]
