"""Hold the states that a channel can be in; each begins with the time at which it was entered."""

from dataclasses import dataclass

from .model import Group, Terminal, User


@dataclass(frozen=True, slots=True)
class SystemOperation:
    """Be busy with something that the PBX does by itself."""

    since: int
    operation: str


@dataclass(frozen=True, slots=True)
class Calling:
    """Call a user, a group, or a number of the public network."""

    since: int
    whom: User | Group | str


@dataclass(frozen=True, slots=True)
class Bridged:
    """Talk to another channel."""

    since: int


@dataclass(frozen=True, slots=True)
class Park:
    """Wait in a park slot or, without a slot, on hold."""

    since: int
    slot: int | None
    terminal: Terminal | None
    parker: User


@dataclass(frozen=True, slots=True)
class Voicemail:
    """Leave a message."""

    since: int
    whom: User | Group


@dataclass(frozen=True, slots=True)
class CheckingVoicemail:
    """Listen to the messages of a mailbox."""

    since: int
    owner: User | Group


@dataclass(frozen=True, slots=True)
class Ivr:
    """Listen to a menu."""

    since: int
    ivr_id: int


type State = SystemOperation | Calling | Bridged | Park | Voicemail | CheckingVoicemail | Ivr
