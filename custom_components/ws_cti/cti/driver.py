"""Say what every phone system must offer to be kept in a link."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from .model import Notice, Update
from .words import Element


@dataclass(frozen=True, slots=True)
class Address:
    """Say where to connect; the headers hold the credentials and stay out of sight."""

    url: str
    headers: Mapping[str, str] = field(repr=False)


class Session(Protocol):
    """What one connection has told so far: it is made anew with each."""

    @property
    def reported(self) -> Collection[Element]:
        """Return the elements that were told in whole on this connection."""

    @property
    def complete(self) -> bool:
        """Return whether everything that was announced has been told in whole."""

    def receive(self, frame: bytes | str) -> Collection[Update | Notice]:
        """Return what a frame says.

        Raises ProtocolError for a frame that cannot be understood, after which the
        connection goes on, and RejectedError or AuthError where the phone system ends
        the connection with this frame.
        """


class Driver(Protocol):
    """How one kind of phone system is spoken with."""

    @property
    def address(self) -> Address:
        """Return where to connect and with which headers."""

    def session(self) -> Session:
        """Return the reader of a new connection."""
