"""Decide who may connect, and what he sees."""

from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Mapping
from dataclasses import dataclass
import secrets

from .directory import Known
from .errors import UnknownError
from .model import Channel, Group, Member, Row, Terminal, User
from .phone_system import PhoneSystem
from .words import Element

_TICKET_USER = "ws_ticket"
_TICKET_LIFETIME = 10_000_000  # microseconds; the documentation says "seconds"
SOCKET_PATH = "/basix/api/ws_cti"


class RefusedError(Exception):
    """Tell that a connection or a request is refused, with the id that the answer bears."""

    def __init__(self, status: int, error_id: str) -> None:
        super().__init__(error_id)
        self.status = status
        self.error_id = error_id


@dataclass(frozen=True, slots=True)
class Admission:
    """Tell who connected, and what he may see: everything, or what concerns one user."""

    app_name: str
    user: User | None
    forced: bool

    def sees(self, element: Element, row: Row) -> bool:
        """Tell whether a row is sent to this client.

        Only the rule for channels is documented; that a user also gets his own row, his terminals,
        memberships and groups is a guess.
        """
        if self.user is None:
            return True
        match row:
            case User():
                return row is self.user
            case Group():
                return row.id in self.user.memberships
            case Member() | Terminal():
                return row.user is self.user
            case Channel():
                return row.user is self.user
            case _:
                return element is Element.DOMAIN


class Doorkeeper:
    """Check credentials, tickets and parameters."""

    def __init__(self, system: PhoneSystem, unauthorized_status: int) -> None:
        self._system = system
        self._unauthorized_status = unauthorized_status
        self._tickets: dict[str, tuple[str, int]] = {}

    def authenticate(self, authorization: str | None) -> None:
        """Raise RefusedError unless the header bears the domain and its token."""
        name, password = _basic(authorization)
        if name != self._system.domain.name or password != self._system.token:
            raise self._unauthorized()

    def issue_ticket(self, uri: str) -> str:
        """Return a ticket for one connection by just this address, soon."""
        ticket = secrets.token_hex(16)
        self._tickets[ticket] = (uri, self._system.clock() + _TICKET_LIFETIME)
        return ticket

    def admit(self, authorization: str | None, uri: str, query: Mapping[str, str]) -> Admission:
        """Return what a client may see that opens a websocket, or raise RefusedError."""
        name, password = _basic(authorization)
        everything = query.get("full_events") == "true"
        if name == _TICKET_USER:
            ticket_uri, expires = self._tickets.pop(password, ("", 0))
            if ticket_uri != uri or expires < self._system.clock() or everything:
                raise self._unauthorized()
        else:
            self.authenticate(authorization)
        app_name = query.get("app_name")
        if not app_name:
            raise RefusedError(400, "app_name_required")
        user = None if everything else find_user(self._system, query)
        return Admission(app_name, user, forced=query.get("forced") == "true")

    def _unauthorized(self) -> RefusedError:
        return RefusedError(self._unauthorized_status, "authentication_required")


def find_user(system: PhoneSystem, parameters: Mapping[str, object]) -> User:
    """Return the user whom the first of the user_* parameters that fits names."""
    named = [known for known in Known if parameters.get(f"user_{known}") is not None]
    if not named:
        raise RefusedError(400, "user_required")
    for known in named:
        try:
            return system.users.find(known, str(parameters[f"user_{known}"]))
        except UnknownError:
            continue
    raise RefusedError(404, "user_not_found")


def find_group(system: PhoneSystem, parameters: Mapping[str, object]) -> Group | None:
    """Return the group that a group_* parameter names, None if there is no such parameter."""
    for known in Known:
        value = parameters.get(f"group_{known}")
        if value is not None:
            try:
                return system.groups.find(known, str(value))
            except UnknownError as error:
                raise RefusedError(404, "group_not_found") from error
    return None


def _basic(authorization: str | None) -> tuple[str, str]:
    scheme, _, encoded = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        name, _, password = b64decode(encoded, validate=True).decode().partition(":")
    except Base64Error, UnicodeDecodeError:
        return "", ""
    return name, password
