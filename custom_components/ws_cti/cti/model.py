"""Say what a phone system is made of.

Everything here is a frozen value. Words of the wire are plain strings that equal a
member of the enums in `words` where they are known, so that unknown words survive. Points
in time are integer microseconds since the epoch, on the phone system's clock.
"""

from collections.abc import Sequence
from dataclasses import field
from types import MappingProxyType
from typing import Final

from .values import value
from .words import ChangeKind, Element, Extra, Id, Json, LastEvent, Raw, TargetType

_NO_EXTRA: Final[Extra] = MappingProxyType({})
"""What nearly all rows have beyond the fields that are known: one for them all."""

# A frame asks for these several times: a name of a module is found sooner than a member.
_HANGUP: Final = LastEvent.CHANNEL_HANGUP
_GROUP: Final = TargetType.GROUP

type Told = dict[str, Json] | None
"""The same as plain data, where whoever read it has that at hand."""


@value(frozen=True, slots=True)
class MessageWaiting:
    """Count the messages of a mailbox; `raw` is what the phone system said."""

    raw: str = ""
    new: int | None = 0
    saved: int | None = 0


@value(frozen=True, slots=True)
class Domain:
    """Describe the phone system itself; what its fields mean is not documented."""

    fields: Extra


@value(frozen=True, slots=True, kw_only=True)
class User:
    """Describe a user. Codes without documented meaning stay raw."""

    id: Id
    name: str = ""
    label: str = ""
    main_extension: str = ""
    email: str = ""
    avatar: str = ""
    presence: Raw = None
    do_not_disturb_status: Raw = None
    fwd_always_status: Raw = None
    language: Raw = None
    role: Raw = None
    park_group: Raw = None
    flags: Raw = None
    followme: Json = None
    mwi_target: Json = None
    mwi: MessageWaiting = MessageWaiting()
    extra: Extra = _NO_EXTRA

    @property
    def title(self) -> str:
        """Return the name that people use for him."""
        return self.label or self.name or self.main_extension or self.id

    @property
    def do_not_disturb(self) -> bool | None:
        """Return whether calls are kept away (nonzero is on: inferred)."""
        return _is_on(self.do_not_disturb_status)

    @property
    def forwarding(self) -> bool | None:
        """Return whether all calls are forwarded (nonzero is on: inferred)."""
        return _is_on(self.fwd_always_status)


@value(frozen=True, slots=True, kw_only=True)
class Group:
    """Describe a group of users; `type` is 0 for ring and 1 for hunt."""

    id: Id
    name: str = ""
    label: str = ""
    main_extension: str = ""
    type: Raw = None
    language: Raw = None
    queue: Raw = None
    flags: Raw = None
    check_login_status: Raw = None
    mwi: MessageWaiting = MessageWaiting()
    extra: Extra = _NO_EXTRA

    @property
    def title(self) -> str:
        """Return the name that people use for it."""
        return self.label or self.name or self.main_extension or self.id


@value(frozen=True, slots=True, kw_only=True)
class Membership:
    """Describe one user's place in one group."""

    id: Id
    group_id: Id
    user_id: Id
    priority: Raw = None
    login_status: Raw = None
    role: Raw = None
    extra: Extra = _NO_EXTRA

    @property
    def logged_in(self) -> bool | None:
        """Return whether he takes calls of the group (nonzero is yes: inferred)."""
        return _is_on(self.login_status)


@value(frozen=True, slots=True, kw_only=True)
class Terminal:
    """Describe a telephone and whether it is registered, where that is said."""

    id: Id
    name: str = ""
    user_id: Id | None = None
    type: Raw = None
    user_agent: str = ""
    registered_status: Raw = None
    extra: Extra = _NO_EXTRA

    @property
    def registered(self) -> bool | None:
        """Return whether the telephone can be reached (nonzero is yes: inferred)."""
        return _is_on(self.registered_status)


@value(frozen=True, slots=True)
class ChannelState:
    """Say since when a channel is in which state; `data` lists what is unknown of it."""

    since: int | None
    name: str
    data: Sequence[Json] = ()


@value(frozen=True, slots=True, kw_only=True)
class Calling(ChannelState):
    """Say whom a channel calls."""

    target_location: str | None = None
    target_type: str | None = None
    target_id: Id | None = None
    target_name: str | None = None
    group_type: str | None = None
    group_queue_id: str | None = None
    address: str | None = None

    @property
    def group_id(self) -> Id | None:
        """Return the group whose members are called."""
        return self.target_id if self.target_type == _GROUP else None

    @property
    def user_id(self) -> Id | None:
        """Return the user who is called."""
        return self.target_id if self.target_type == TargetType.USER else None


@value(frozen=True, slots=True, kw_only=True)
class Parked(ChannelState):
    """Say in which park slot a channel waits, and who put it there."""

    slot: str | None = None
    terminal_name: str | None = None
    parker_id: Id | None = None
    parker_name: str | None = None


@value(frozen=True, slots=True, kw_only=True)
class InVoicemail(ChannelState):
    """Say whose mailbox a channel listens to or speaks to."""

    target_type: str | None = None
    target_id: Id | None = None
    target_name: str | None = None


@value(frozen=True, slots=True, kw_only=True)
class InSystem(ChannelState):
    """Say which IVR, operation, conference room or address has a channel."""

    ivr_id: Raw = None
    operation: Raw = None
    room_id: Raw = None
    url: str | None = None


@value(frozen=True, slots=True, kw_only=True)
class Eavesdropping(ChannelState):
    """Say which channel is listened to; the words for how are not documented."""

    uuid: str | None = None
    eavesdrop_state: Raw = None


@value(frozen=True, slots=True)
class Target:
    """Say whom an inbound channel is meant for; `address` is mostly the DID dialled."""

    type: str | None = None
    id: Id | None = None
    name: str | None = None
    address: str | None = None


@value(frozen=True, slots=True)
class EndUser:
    """Describe a customer as the CRM knows him."""

    id: str = ""
    name: str = ""
    organization: str = ""
    avatar: str = ""
    prefecture: str = ""


@value(frozen=True, slots=True)
class EndUsers:
    """List the customers who may be on a channel; `count` may exceed the list."""

    count: int
    items: tuple[EndUser, ...]
    told: Told = field(default=None, compare=False, repr=False)


@value(frozen=True, slots=True, kw_only=True)
class OtherChannel:
    """Sum up the channel that another one is bridged to or was made for."""

    type: str | None = None
    user_id: Id | None = None
    end_user: EndUsers | None = None
    direction: str | None = None
    peer_location: str | None = None
    address: str | None = None
    offered_at: int | None = None
    answered_at: int | None = None
    group_id: Id | None = None
    whoscall: Json = None


@value(frozen=True, slots=True)
class Hangup:
    """Say who ended a channel how: disposition such as `send_cancel`, and the cause."""

    disposition: str
    cause: str


@value(frozen=True, slots=True)
class Peer:
    """Say who is at one end of a call; a withheld number is None."""

    number: str | None = None
    name: str | None = None
    user_id: Id | None = None
    location: str | None = None


@value(frozen=True, slots=True, kw_only=True)
class Channel:
    """Describe one leg between the PBX and a peer."""

    uuid: Id
    direction: str | None = None
    peer_location: str | None = None
    calling_name: str = ""
    calling_number: str = ""
    called_number: str = ""
    offered_at: int | None = None
    answered_at: int | None = None
    hung_up_at: int | None = None
    other_uuid: Id | None = None
    user_id: Id | None = None
    user_name: str | None = None
    group_id: Id | None = None
    group_name: str | None = None
    state: ChannelState | None = None
    target: Target | None = None
    origination: tuple[str, ...] = ()
    end_user: EndUsers | None = None
    tags: tuple[str, ...] = ()
    last_bridged_user_id: Id | None = None
    last_event: str | None = None
    last_event_data: Json = None
    hangup: Hangup | None = None
    other: OtherChannel | None = None
    whoscall: Json = None
    call_id: str | None = None
    extra: Extra = _NO_EXTRA
    told: Told = field(default=None, compare=False, repr=False)
    far_end: Peer | None = field(default=None, init=False, compare=False, repr=False)
    """Who is at the far end, where a row that nobody changes says it all and was asked."""

    @property
    def ended(self) -> bool:
        """Return whether the leg is over, whatever the event was named."""
        return self.hung_up_at is not None or self.last_event == _HANGUP


@value(frozen=True, slots=True)
class WaitingChannel:
    """Say in which state a list of queued or parked channels tells that one is.

    Nothing is concluded from what else the list tells, which is plain data in `told`.
    """

    uuid: Id
    state: ChannelState | None = None
    told: Told = field(default=None, compare=False, repr=False)


@value(frozen=True, slots=True)
class MailboxReport:
    """Tell a mailbox's counters apart from its owner's row (grammar of 2016)."""

    owner: Element
    id: Id
    mwi: MessageWaiting


type Item = Domain | User | Group | Membership | Terminal | Channel | WaitingChannel


@value(frozen=True, slots=True)
class Snapshot:
    """Carry all rows of one element as they are now."""

    element: Element
    items: tuple[Item, ...]


@value(frozen=True, slots=True)
class Change:
    """Carry one row that came, changed or went; `event` is the wire's own word."""

    element: Element
    kind: ChangeKind
    item: Item
    event: str


@value(frozen=True, slots=True)
class Notice:
    """Carry a message to people: from the system, or from a user or administrator."""

    source: str
    body: Json


type Update = Snapshot | Change | MailboxReport


def _is_on(status: Raw) -> bool | None:
    if isinstance(status, str):
        # Encodings of these flags are not documented: words and digits both count.
        word = status.casefold()
        return bool(word.strip("0")) if word.isdecimal() else _WORDS.get(word)
    return None if status is None else bool(status)


_WORDS: Final = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
