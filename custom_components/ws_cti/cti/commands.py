"""Name what a phone system can be asked to do, and what it is told then."""

from dataclasses import dataclass
from enum import StrEnum
import re
from typing import ClassVar, Final
from unicodedata import normalize

from .model import EndUser
from .words import Id

MOST_DIGITS: Final = 40

_SEPARATORS: Final = re.compile(r"[\s().\-\u2010-\u2015\u2212\u30fc]+")
_DIALABLE: Final = re.compile(r"\+?[0-9*#]+")


class Capability(StrEnum):
    """List what a phone system may be able to do at our request."""

    CALL_USER = "call_user"
    CALL_GROUP = "call_group"
    CALL_EXTERNAL = "call_external"
    HANG_UP = "hang_up"
    TRANSFER = "transfer"
    PARK = "park"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideNumber:
    """Name somebody outside, and what the phone system is to make of him.

    `calling_number` is what he sees, `end_user` who he is for the address book.
    """

    called_number: str
    calling_number: str | None = None
    end_user: EndUser | None = None


type Destination = str | OutsideNumber
"""An extension or a number; more than its digits can be said of one outside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallUser:
    """Ask to ring a user and to connect him, when he answers, to a destination.

    `answer_timeout` is in seconds. The group, or what `group_resolver` finds, is on whose
    behalf he calls: its number is shown outside.
    """

    needs: ClassVar = Capability.CALL_USER
    user_id: Id
    destination: Destination
    answer_timeout: int | None = None
    auto_answer: bool | None = None
    calling_name: str | None = None
    group_id: Id | None = None
    group_resolver: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallGroup:
    """Ask to ring a group and to connect who answers to a destination.

    Both times are in seconds; by default they are those of the group.
    """

    needs: ClassVar = Capability.CALL_GROUP
    group_id: Id
    destination: Destination
    answer_timeout: int | None = None
    member_answer_timeout: int | None = None
    calling_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CallExternal:
    """Ask to call somebody outside and to connect him to an extension."""

    needs: ClassVar = Capability.CALL_EXTERNAL
    target: Destination
    destination: str
    answer_timeout: int | None = None


type CallRequest = CallUser | CallGroup | CallExternal


@dataclass(frozen=True, slots=True)
class HangUp:
    """Order the end of a channel."""

    needs: ClassVar = Capability.HANG_UP
    uuid: Id


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer:
    """Order that who is on a channel is sent elsewhere, by a user if one is named."""

    needs: ClassVar = Capability.TRANSFER
    uuid: Id
    destination: str
    user_id: Id | None = None
    user_name: str | None = None


@dataclass(frozen=True, slots=True)
class Park:
    """Order that who is on a channel is put into a park slot."""

    needs: ClassVar = Capability.PARK
    uuid: Id


type Command = HangUp | Transfer | Park


@dataclass(frozen=True, slots=True)
class Placed:
    """Say that a call was placed: the channels that the phone system rings first."""

    uuids: tuple[Id, ...]


def dialable(said: str) -> str:
    """Return what can be dialled of a number as people write it.

    Raises ValueError for what is no number: names would reach what the phone system keeps
    for its own programs.
    """
    number = _SEPARATORS.sub("", normalize("NFKC", said))
    if not _DIALABLE.fullmatch(number) or len(number) > MOST_DIGITS:
        raise ValueError("no number")
    return number
