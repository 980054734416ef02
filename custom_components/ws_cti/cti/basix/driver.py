"""Speak with a Basix PBX: where it is, how to log in, and what its frames say."""

from base64 import b64encode
from collections.abc import Collection
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
import re
from typing import Final, override
from urllib.parse import quote, unquote, urlencode, urlsplit

from aiohttp import ClientSession

from ..commands import CallRequest, Capability, Command, Placed
from ..driver import Address, Driver, Session
from ..errors import LimitReachedError, ProtocolError, ReplacedError
from ..model import (
    Change,
    Notice,
    Snapshot,
    Update,
    User,
)
from ..words import ChangeKind, Element
from . import api
from .bert import EVENT, BertDecoder, Term
from .elements import Plan, item_of, mailbox_of, plan_of
from .messages import (
    MAILBOX,
    FieldSpec,
    InfoEvent,
    InitialInfo,
    Message,
    MessageReader,
    Rarer,
    Row,
    SystemMessage,
    Tag,
    UnknownMessage,
    UserMessage,
)
from .orders import method_of, text_of

DEFAULT_SERVER: Final = "bcs.brastel.com"
PATH: Final = "/basix/api/ws_cti"
AVATARS: Final = "/basix/avatars/users/"

_KINDS: Final[dict[Term, tuple[ChangeKind, str]]] = {
    kind.value: (kind, kind.value) for kind in ChangeKind
}
"""What happens to rows by its word on the wire, with that word."""

_UPDATED: Final = _KINDS[ChangeKind.UPDATED]  # what events are taken for that nobody knows
_ELEMENTS: Final = {element.value: element for element in Element}
"""Elements by their word on the wire."""

_INFO_EVENT: Final = Tag.INFO_EVENT.value
_NOBODY: Final = "a row that names nothing known"

_MAX_AVATAR: Final = 1024
"""How long the name or the address of a picture may be, in characters."""

_PLAIN_URL: Final = re.compile(r"[\w./:?=&%~+,;@\[\]-]+", re.ASCII)


class SystemWord(StrEnum):
    """List the words of system messages that end a connection."""

    LIMIT_REACHED = "connection_limit_reached"
    REPLACED = "connection_replaced"


class UserNamedBy(StrEnum):
    """List the ways to name the one user whose events are wanted."""

    ID = "user_id"
    NAME = "user_name"
    LABEL = "user_label"
    EXTENSION = "user_extension"
    DID = "user_did"
    EMAIL = "user_email"


@dataclass(frozen=True, slots=True)
class OneUser:
    """Name the one user whose events are wanted."""

    named_by: UserNamedBy
    value: str


def server_of(said: str) -> str:
    """Return `host` or `host:port` of what a person typed or pasted.

    Raises ValueError where no host can be made out of it.
    """
    said = said.strip()
    parts = urlsplit(said if "//" in said else f"//{said}")
    if not parts.hostname or parts.username is not None or any(map(str.isspace, parts.netloc)):
        raise ValueError("no host name")
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    return host if parts.port is None else f"{host}:{parts.port}"


@dataclass(frozen=True, slots=True, kw_only=True)
class BasixDriver(Driver):
    """Know one Basix account and what is to be watched in it.

    `one_user` None watches the whole PBX. `forced` takes the place of an older
    connection of the same `app_name` where the limit of two is reached.
    """

    server: str
    domain: str
    token: str = field(repr=False)
    app_name: str
    one_user: OneUser | None = None
    forced: bool = True
    use_tls: bool = True

    @property
    @override
    def address(self) -> Address:
        """Return the URL, which holds no secret, and the login as a header."""
        query = {"app_name": self.app_name}
        if self.one_user is None:
            query["full_events"] = "true"
        else:
            query[self.one_user.named_by] = self.one_user.value
        if self.forced:
            query["forced"] = "true"
        scheme = "wss" if self.use_tls else "ws"
        return Address(f"{scheme}://{self.server}{PATH}?{urlencode(query)}", self._login)

    @property
    def _base(self) -> str:
        """Return scheme and server of everything but the websocket."""
        return f"{'https' if self.use_tls else 'http'}://{self.server}"

    @property
    def _login(self) -> dict[str, str]:
        login = b64encode(f"{self.domain}:{self.token}".encode()).decode()
        return {"Authorization": f"Basic {login}"}

    @override
    def session(self) -> BasixSession:
        """Return the reader of a new connection."""
        return BasixSession()

    @override
    def yielding(self) -> BasixDriver:
        """Return the same account, connected to without pushing anybody out."""
        return replace(self, forced=False)

    @property
    @override
    def capabilities(self) -> frozenset[Capability]:
        """Return what Basix offers, which is everything that we know."""
        return frozenset(Capability)

    @override
    async def place(self, request: CallRequest, http: ClientSession) -> Placed:
        """Place a call through the HTTP API."""
        method, parameters = method_of(request)
        answer = await api.post(http, self._base, self._login, method, parameters)
        uuids = answer.get("uuids")
        told = uuids if isinstance(uuids, list) else []
        return Placed(tuple(uuid for uuid in told if isinstance(uuid, str)))

    @override
    def picture_of(self, user: User) -> str | None:
        """Return the URL of a user's avatar.

        An avatar is a name below the folder of avatars or an absolute URL (the official
        client). What is on another server, or over a less safe line, is left out. Whether
        the server shows avatars to somebody who is not logged in is not known.
        """
        avatar = user.avatar
        return _picture(avatar, self._base) if 0 < len(avatar) <= _MAX_AVATAR else None

    @override
    def spoken(self, command: Command) -> str:
        """Return a command as JSON."""
        return text_of(command)


@lru_cache(maxsize=1024)
def _picture(avatar: str, base: str) -> str | None:
    """Return the URL of an avatar; it is asked at every call, and hardly ever changes."""
    if "://" in avatar:
        return avatar if _is_plain_url(avatar, base) else None
    name = unquote(avatar)
    if not all(map(_is_plain_name, name.split("/"))):
        return None
    return f"{base}{AVATARS}{quote(name)}"


def _is_plain_url(said: str, base: str) -> bool:
    """Return whether a URL is on the server, and of signs that a style sheet takes as they are."""
    return said.startswith(f"{base}/") and _PLAIN_URL.fullmatch(said) is not None


def _is_plain_name(said: str) -> bool:
    """Return whether a part of a path leads neither elsewhere nor to anything but a file."""
    return said.strip(".") != "" and said.isprintable() and not set(said) & {"\\", "?", "#", ":"}


class BasixSession(Session):
    """Read one connection's frames, in their order."""

    def __init__(self) -> None:
        """Start without field specs."""
        decoder = BertDecoder()
        self._term_of = decoder.decode
        self._behind = decoder.behind
        self._message_of = MessageReader().read
        self._plans: dict[Term, Plan] = {}  # of known elements alone, whatever a server invents
        self._announced: set[str] = set()
        self._reported: set[Element] = set()

    @property
    @override
    def reported(self) -> Collection[Element]:
        """Return the elements whose initial_info has come."""
        return self._reported

    @property
    @override
    def complete(self) -> bool:
        """Return whether each element with a field spec has sent its initial_info."""
        return bool(self._reported) and self._announced <= self._reported

    @property
    @override
    def owes_calls(self) -> bool:
        """Return whether channels have a field spec and no initial_info yet."""
        return Element.CHANNEL in self._announced - self._reported

    @override
    def receive(self, frame: bytes | str) -> Collection[Update | Notice]:
        """Return what a frame says."""
        if isinstance(frame, str):
            raise ProtocolError("a text frame, which this protocol does not have")
        if not frame.startswith(EVENT):
            return self.understand(self._message_of(self._term_of(frame)))
        # Nearly all frames are events, and need no message: the plan of their rows is at hand.
        name, row, word = self._behind(frame)
        try:
            element, told_of, make = self._plans[name]
            kind, event = _KINDS[word]
        except KeyError, TypeError:
            return self._odd(name, row, word)
        if type(row) is not tuple:
            return self._odd(name, row, word)
        item = make(told_of(row))
        if item is None:
            raise ProtocolError(_NOBODY)
        return (Change(element, kind, item, event),)

    def _odd(self, *terms: Term) -> Collection[Update | Notice]:
        """Return what an event says whose element, row or word is not as most are."""
        return self.understand(self._message_of((_INFO_EVENT, *terms)))

    def read(self, frame: bytes) -> Message:
        """Return the message that a frame is, its rows with the names of their fields."""
        return self._message_of(self._term_of(frame))

    def understand(self, message: Message) -> Collection[Update | Notice]:
        """Return what a message changes in the picture, or tells to people."""
        if not isinstance(message, InfoEvent):
            return self._rarer(message)
        element = _ELEMENTS.get(message.element)
        if element is None:
            return self._mailbox(message)
        item = item_of(element, message)
        if item is None:
            raise ProtocolError(_NOBODY)
        event = message.event  # the list of their names is open
        kind, _ = _KINDS.get(event, _UPDATED)
        return (Change(element, kind, item, event),)

    def _rarer(self, message: Rarer) -> Collection[Update | Notice]:
        """Return what a message tells that is no event."""
        match message:
            case InitialInfo(name, rows):
                return (self._snapshot(name, rows),)
            case FieldSpec(name, names):
                if (element := _ELEMENTS.get(name)) is not None:
                    self._announced.add(element)
                    self._plans[name] = plan_of(element, names)
                elif name == Tag.CHAN_INFO:
                    self._announced.add(Element.CHANNEL)
                return ()
            case SystemMessage(word):
                return self._system_message(word)
            case UserMessage(body):
                return (Notice("user", body),)
            case UnknownMessage():
                raise ProtocolError("a message of an unknown kind")

    def _snapshot(self, name: str, rows: Collection[Row]) -> Snapshot:
        if name not in _ELEMENTS:
            raise ProtocolError("rows of an unknown element")
        element = _ELEMENTS[name]
        items = tuple(item for row in rows if (item := item_of(element, row)) is not None)
        if rows and not items:
            # Taken for a list without anybody, it would end everything that there is.
            raise ProtocolError("rows of which none names anything known")
        self._reported.add(element)
        return Snapshot(element, items)

    def _mailbox(self, message: InfoEvent) -> Collection[Update]:
        if message.element != MAILBOX:
            raise ProtocolError(_NOBODY)
        report = mailbox_of(message)
        return () if report is None else (report,)

    def _system_message(self, word: str) -> Collection[Notice]:
        match word:
            case SystemWord.LIMIT_REACHED:
                raise LimitReachedError(word)
            case SystemWord.REPLACED:
                raise ReplacedError(word)
            case _:
                return (Notice("system", word),)
