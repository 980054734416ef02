"""Say what every phone system must offer to be kept in a link."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from aiohttp import ClientSession

from .commands import CallRequest, Capability, Command, Placed
from .errors import UnsupportedError
from .model import Notice, Update, User
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

    @property
    def owes_calls(self) -> bool:
        """Return whether calls were announced that have not been told in whole yet."""

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

    def yielding(self) -> Driver:
        """Return the same for a connection that takes nobody else's place."""
        return self

    @property
    def capabilities(self) -> frozenset[Capability]:
        """Return what this phone system can be asked to do; by default nothing."""
        return frozenset()

    async def place(self, request: CallRequest, http: ClientSession) -> Placed:  # noqa: ARG002
        """Place a call; the host's HTTP session must keep no cookies.

        Raises ConnectError where nothing was sent, AuthError and RejectedError where the
        phone system refuses, and UnknownFateError where it may have done it or not.
        """
        raise UnsupportedError(request.needs)

    def picture_of(self, user: User) -> str | None:  # noqa: ARG002
        """Return the URL from which browsers may load a user's picture, by default none.

        Only the phone system's own server is named, over a line as safe as the link's:
        whoever looks at the picture lets that server know.
        """
        return None

    def spoken(self, command: Command) -> str:
        """Return a command as the text to send over the link; events tell what it did."""
        raise UnsupportedError(command.needs)
