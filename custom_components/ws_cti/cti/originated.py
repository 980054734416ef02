"""Know which phones one request of an API client rings together: only their text tells.

What a request said is kept as long as the call that it began, whatever its rows say later.
"""

from collections.abc import Mapping
from typing import Final

from .call import Call
from .model import Channel
from .words import Id

_TOGETHER: Final = 2_000_000
"""How many microseconds apart phones may be rung by one request."""

type _Origin = tuple[tuple[str, ...], Id | None]
"""What phones have in common that one request rings: its text, and for whom."""


class Originated:
    """Keep for each request which call it began last."""

    def __init__(self, calls: Mapping[Id, Call]) -> None:
        """Start without requests; `calls` are those that are going on, by id."""
        self._calls = calls
        self._call_id_of: dict[_Origin, Id] = {}
        self._origin_of: dict[Id, _Origin] = {}

    def home_of(self, channel: Channel) -> Id:
        """Return the id of the call of the phones that are rung together with this one."""
        origin = _origin(channel)
        if origin is None:
            return channel.uuid
        call = self._calls.get(self._call_id_of.get(origin, ""))
        if call is not None and call.rings_along(channel) and _at_once(call.root, channel):
            return call.id
        self._call_id_of[origin] = channel.uuid
        self._origin_of[channel.uuid] = origin
        return channel.uuid

    def forget(self, call_id: Id) -> None:
        """Forget what began a call that is over."""
        origin = self._origin_of.pop(call_id, None)
        if origin is not None and self._call_id_of.get(origin) == call_id:
            del self._call_id_of[origin]


def _at_once(root: Channel | None, channel: Channel) -> bool:
    """Return whether two phones were rung together, and not by the same request made again."""
    if root is None or root.answered_at is not None:
        return False
    apart = (root.offered_at or 0) - (channel.offered_at or root.offered_at or 0)
    return abs(apart) <= _TOGETHER


def _origin(channel: Channel) -> _Origin | None:
    if not channel.origination:
        return None
    return channel.origination, channel.group_id or channel.user_id
