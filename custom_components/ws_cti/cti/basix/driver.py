"""Speak with a Basix PBX: where it is, how to log in, and what its frames say."""

from base64 import b64encode
from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final, override
from urllib.parse import urlencode, urlsplit

from aiohttp import ClientSession

from ..commands import CallRequest, Capability, Command, Placed
from ..driver import Address, Driver, Session
from ..errors import LimitReachedError, ProtocolError, ReplacedError
from ..model import (
    Change,
    Notice,
    Snapshot,
    Update,
)
from ..words import ChangeKind, Element
from . import api
from .bert import BertDecoder
from .elements import READERS, mailbox_of
from .messages import (
    MAILBOX,
    FieldSpec,
    InfoEvent,
    InitialInfo,
    Message,
    MessageReader,
    SystemMessage,
    Tag,
    UnknownMessage,
    UserMessage,
)
from .orders import method_of, text_of

DEFAULT_SERVER: Final = "bcs.brastel.com"
PATH: Final = "/basix/api/ws_cti"


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
    def _login(self) -> dict[str, str]:
        login = b64encode(f"{self.domain}:{self.token}".encode()).decode()
        return {"Authorization": f"Basic {login}"}

    @override
    def session(self) -> BasixSession:
        """Return the reader of a new connection."""
        return BasixSession()

    @property
    @override
    def capabilities(self) -> frozenset[Capability]:
        """Return what Basix offers, which is everything that we know."""
        return frozenset(Capability)

    @override
    async def place(self, request: CallRequest, http: ClientSession) -> Placed:
        """Place a call through the HTTP API."""
        method, parameters = method_of(request)
        base = f"{'https' if self.use_tls else 'http'}://{self.server}"
        answer = await api.post(http, base, self._login, method, parameters)
        uuids = answer.get("uuids")
        told = uuids if isinstance(uuids, list) else []
        return Placed(tuple(uuid for uuid in told if isinstance(uuid, str)))

    @override
    def spoken(self, command: Command) -> str:
        """Return a command as JSON."""
        return text_of(command)


class BasixSession(Session):
    """Read one connection's frames, in their order."""

    def __init__(self) -> None:
        """Start without field specs."""
        self._decoder = BertDecoder()
        self._reader = MessageReader()
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

    @override
    def receive(self, frame: bytes | str) -> Collection[Update | Notice]:
        """Return what a frame says."""
        return self.understand(self.read(frame))

    def read(self, frame: bytes | str) -> Message:
        """Return the message that a frame is, its rows by field name."""
        if isinstance(frame, str):
            raise ProtocolError("a text frame, which this protocol does not have")
        return self._reader.read(self._decoder.decode(frame))

    def understand(self, message: Message) -> Collection[Update | Notice]:
        """Return what a message changes in the picture, or tells to people."""
        match message:
            case InfoEvent():
                return self._event(message)
            case InitialInfo(element, rows):
                if element not in READERS:
                    raise ProtocolError("rows of an unknown element")
                read = READERS[element]
                self._reported.add(Element(element))
                items = (read(row) for row in rows)
                return (Snapshot(Element(element), tuple(item for item in items if item)),)
            case FieldSpec(element, _):
                self._announced |= {element} & READERS.keys()
                if element == Tag.CHAN_INFO:
                    self._announced.add(Element.CHANNEL)
                return ()
            case SystemMessage(word):
                return self._system_message(word)
            case UserMessage(body):
                return (Notice("user", body),)
            case UnknownMessage():
                raise ProtocolError("a message of an unknown kind")

    def _event(self, message: InfoEvent) -> Collection[Update]:
        if message.element == MAILBOX:
            report = mailbox_of(message.row)
            return () if report is None else (report,)
        read = READERS.get(message.element)
        item = read(message.row) if read is not None else None
        if item is None:
            raise ProtocolError("a row that names nothing known")
        try:
            kind = ChangeKind(message.event)
        except ValueError:
            kind = ChangeKind.UPDATED  # the list of event names is open
        return (Change(Element(message.element), kind, item, message.event),)

    def _system_message(self, word: str) -> Collection[Notice]:
        match word:
            case SystemWord.LIMIT_REACHED:
                raise LimitReachedError(word)
            case SystemWord.REPLACED:
                raise ReplacedError(word)
            case _:
                return (Notice("system", word),)
