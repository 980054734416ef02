"""Run the telephony library by itself, from bytes to the picture."""

from collections.abc import Iterable

from custom_components.ws_cti.cti.basix.driver import BasixSession
from custom_components.ws_cti.cti.model import Notice
from custom_components.ws_cti.cti.pbx import Pbx


class Library:
    """Hold one connection's reader, and the picture that it paints."""

    def __init__(self) -> None:
        """Start as a new connection does."""
        self._session = BasixSession()
        self.pbx = Pbx()

    def take(self, frames: Iterable[bytes]) -> None:
        """Take frames in."""
        for frame in frames:
            for told in self._session.receive(frame):
                if not isinstance(told, Notice):
                    self.pbx.apply(told)
