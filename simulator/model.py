"""Hold what a phone system is made of.

Records are mutable and are compared by identity: whoever is handed one reads it at once, as it is
the phone system's own and changes with the next step.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from .words import Direction, GroupType, LastEvent, PeerLocation

if TYPE_CHECKING:
    from .calls import Call
    from .states import State


@dataclass(slots=True, eq=False)
class Domain:
    """Be the customer whose phone system this is."""

    id: int
    name: str
    night_mode: bool = False


@dataclass(slots=True)
class Mailbox:
    """Count the messages of a voicemail box."""

    new: int = 0
    saved: int = 0

    @property
    def text(self) -> str:
        """Return the counters as "new/saved", or nothing when the box is empty (as recorded)."""
        return f"{self.new}/{self.saved}" if self.new or self.saved else ""


@dataclass(slots=True, eq=False)
class User:
    """Be a person with an extension."""

    id: int
    name: str
    label: str
    main_extension: str
    email: str | None = None
    did: str | None = None
    fwd_always_status: int = 0
    do_not_disturb_status: int = 0
    language: int = 0
    presence: int = 0
    role: int = 0
    park_group: int = 0
    mwi_target: str | None = None
    flags: int = 0
    followme: str | None = None
    avatar: str | None = None
    mailbox: Mailbox = field(default_factory=Mailbox)
    # What belongs together is not shown: a user's repr would be that of the whole office.
    terminals: list[Terminal] = field(default_factory=list, repr=False)
    memberships: dict[int, Member] = field(default_factory=dict, repr=False)
    channels: dict[str, Channel] = field(default_factory=dict, repr=False)

    @property
    def rings(self) -> bool:
        """Tell whether a call would ring this user's phones."""
        return (
            not self.do_not_disturb_status
            and not self.fwd_always_status
            and any(terminal.registered for terminal in self.terminals)
        )


@dataclass(slots=True, eq=False)
class Group:
    """Be a number that several users answer."""

    id: int
    name: str
    label: str
    main_extension: str
    type: GroupType = GroupType.RING
    did: str | None = None
    language: int = 0
    queue: int = 0
    flags: int = 4
    check_login_status: int = 1
    mailbox: Mailbox = field(default_factory=Mailbox)
    members: dict[int, Member] = field(default_factory=dict, repr=False)


@dataclass(slots=True, eq=False)
class Member:
    """Be the place of one user in one group."""

    id: int
    group: Group
    user: User
    priority: int = 0
    login_status: int = 1
    role: int = 0

    @property
    def rings(self) -> bool:
        """Tell whether a call to the group would ring this member."""
        return (self.login_status != 0 or self.group.check_login_status == 0) and self.user.rings


@dataclass(slots=True, eq=False)
class Terminal:
    """Be a telephone of a user."""

    id: int
    name: str
    user: User
    type: int = 0
    user_agent: str = "Yealink SIP-T54W 96.85.0.5"
    registered: bool = True


@dataclass(frozen=True, slots=True)
class EndUser:
    """Be a customer whom the phone system found in its address book."""

    id: str = ""
    name: str = ""
    organization: str = ""
    avatar: str = ""
    prefecture: str = ""


@dataclass(frozen=True, slots=True)
class OutsideCaller:
    """Tell who calls from outside, as far as he says: no number means that he withholds it."""

    number: str | None
    name: str | None = None
    end_user: str | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """Tell whom an inbound channel is for, and by which number it came."""

    whom: User | Group
    address: str


@dataclass(frozen=True, slots=True)
class OtherInfo:
    """Tell about the other channel of a call, as it was when the two came together."""

    user: User | None
    end_user: str | None
    direction: Direction
    peer_location: PeerLocation
    address: str | None
    offer_timestamp: int
    group_id: int | None


@dataclass(slots=True, eq=False)
class Channel:
    """Be one leg between the PBX and a peer."""

    uuid: str
    call: Call = field(repr=False)
    direction: Direction
    peer_location: PeerLocation
    calling_name: str | None
    calling_number: str | None
    called_number: str | None
    offer_timestamp: int
    last_event: LastEvent
    answer_timestamp: int | None = None
    hangup_timestamp: int | None = None
    other_uuid: str | None = None
    user: User | None = None
    terminal: Terminal | None = None
    state: State | None = None
    group: Group | None = None
    target: Target | None = None
    origination: str | None = None
    end_user: str | None = None
    tags: str | None = None
    last_bridged_user: User | None = None
    last_event_data: str | None = None
    other_info: OtherInfo | None = None
    call_id: str | None = None

    @property
    def name(self) -> str | None:
        """Return the name of who is at the other end, for a phone that is rung on his behalf."""
        if self.user:
            return self.user.label
        # What the PBX offered bears the name of who called; of whom it called it knows no name.
        return self.calling_name if self.direction is Direction.INBOUND else self.called_number

    @property
    def number(self) -> str | None:
        """Return the number of who is at the other end, for a phone that is rung on his behalf."""
        return self.user.main_extension if self.user else self.peer_number

    @property
    def peer_number(self) -> str | None:
        """Return the number of who is at the other end of this channel."""
        return self.calling_number if self.direction is Direction.INBOUND else self.called_number

    @property
    def address(self) -> str | None:
        """Return the terminal of a user, or the number of anybody else."""
        return self.terminal.name if self.terminal else self.peer_number

    def as_other(self) -> OtherInfo:
        """Sum this channel up for the channel that it belongs to."""
        return OtherInfo(
            user=self.user,
            end_user=self.end_user,
            direction=self.direction,
            peer_location=self.peer_location,
            address=self.address,
            offer_timestamp=self.offer_timestamp,
            group_id=self.group.id if self.group else None,
        )


type Row = Domain | User | Group | Member | Terminal | Channel
