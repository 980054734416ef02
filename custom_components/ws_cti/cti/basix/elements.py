"""Turn rows into model objects: one table for each element, nothing by a fixed position.

A table says for each field of the wire which attribute it becomes, and how it is read. In
which place a field stands is up to the field spec, for which a plan is made once.
Fields that stand in no table are kept by their own name in `extra`.
"""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

from ..model import (
    Channel,
    Domain,
    Group,
    Item,
    MailboxReport,
    Membership,
    Terminal,
    User,
    WaitingChannel,
)
from ..words import Element, LastEvent, TargetType
from .messages import Row
from .states import (
    end_users_of,
    hangup_of,
    origination_of,
    other_of,
    parted,
    state_of,
    tags_of,
    target_of,
)
from .terms import (
    Column,
    Reader,
    attributes,
    column,
    identifier,
    message_waiting,
    nothing,
    optional_text,
    raw,
    text,
    timestamp,
    to_json,
    whoscall,
)

_MAX_PLANS: Final = 16
"""How many field specs of an element are remembered with the plan to read their rows."""

_UNKNOWN: Final = column("extra", nothing)


class _Table:
    """Know which attributes the fields of an element become, and how they are read."""

    def __init__(self, fields: dict[str, tuple[str, Reader]]) -> None:
        """Plan nothing yet, as the order of the fields is up to a connection's field spec."""
        self._fields = fields
        self._plan_of = lru_cache(maxsize=_MAX_PLANS)(self._plan)

    def read(self, row: Row) -> dict[str, Any]:
        """Return the attributes that a row gives, those of unknown fields under `extra`."""
        columns, has_unknown = self._plan_of(row.names)
        values = attributes(columns, row.terms)
        if has_unknown:
            named = row.by_name().items()
            values["extra"] = {
                name: to_json(term) for name, term in named if name not in self._fields
            }
        return values

    def _plan(self, names: tuple[str, ...]) -> tuple[tuple[Column, ...], bool]:
        """Return how to read the terms of a row one after the other, and if any is unknown."""
        known = [self._fields.get(name) for name in names]
        columns = tuple(_UNKNOWN if found is None else column(*found) for found in known)
        return columns, None in known


_USER: Final = _Table(
    {
        "id": ("id", identifier),
        "name": ("name", text),
        "label": ("label", text),
        "main_extension": ("main_extension", text),
        "email": ("email", text),
        "avatar": ("avatar", text),
        "presence": ("presence", raw),
        "do_not_disturb_status": ("do_not_disturb_status", raw),
        "fwd_always_status": ("fwd_always_status", raw),
        "language": ("language", raw),
        "role": ("role", raw),
        "park_group": ("park_group", raw),
        "flags": ("flags", raw),
        "followme": ("followme", to_json),
        "mwi_target": ("mwi_target", to_json),
        "mwi": ("mwi", message_waiting),
    }
)

_GROUP: Final = _Table(
    {
        "id": ("id", identifier),
        "name": ("name", text),
        "label": ("label", text),
        "main_extension": ("main_extension", text),
        "type": ("type", raw),
        "language": ("language", raw),
        "queue": ("queue", raw),
        "flags": ("flags", raw),
        "check_login_status": ("check_login_status", raw),
        "mwi": ("mwi", message_waiting),
    }
)

_MEMBERSHIP: Final = _Table(
    {
        "id": ("id", identifier),
        "group_id": ("group_id", identifier),
        "user_id": ("user_id", identifier),
        "priority": ("priority", raw),
        "login_status": ("login_status", raw),
        "role": ("role", raw),
    }
)

_TERMINAL: Final = _Table(
    {
        "id": ("id", identifier),
        "name": ("name", text),
        "assoc_user_id": ("user_id", identifier),
        "type": ("type", raw),
        "user_agent": ("user_agent", text),
        "registered": ("registered_status", raw),
    }
)

_CHANNEL: Final = _Table(
    {
        "uuid": ("uuid", identifier),
        "direction": ("direction", optional_text),
        "peer_location": ("peer_location", optional_text),
        "calling_name": ("calling_name", text),
        "calling_number": ("calling_number", text),
        "called_number": ("called_number", text),
        "offer_timestamp": ("offered_at", timestamp),
        "answer_timestamp": ("answered_at", timestamp),
        "hangup_timestamp": ("hung_up_at", timestamp),
        "other_uuid": ("other_uuid", optional_text),
        "user_id": ("user_id", identifier),
        "user_name": ("user_name", optional_text),
        "group_id": ("group_id", identifier),
        "group_name": ("group_name", optional_text),
        "state": ("state", state_of),
        "target": ("target", target_of),
        "origination": ("origination", origination_of),
        "end_user": ("end_user", end_users_of),
        "tags": ("tags", tags_of),
        "last_bridged_user_id": ("last_bridged_user_id", identifier),
        "last_event": ("last_event", optional_text),
        "last_event_data": ("last_event_data", to_json),
        "other_info": ("other", other_of),
        "whoscall": ("whoscall", whoscall),
        "call_id": ("call_id", optional_text),
    }
)

_WAITING: Final = _Table(
    {
        "uuid": ("uuid", identifier),
        "state": ("state", state_of),
        "direction": ("direction", optional_text),
        "peer_location": ("peer_location", optional_text),
        "peer_number": ("peer_number", text),
        "calling_number": ("calling_number", text),
        "called_number": ("called_number", text),
        "offer_timestamp": ("offered_at", timestamp),
        "user_id": ("user_id", identifier),
        "end_user": ("end_user", end_users_of),
        "whoscall": ("whoscall", whoscall),
    }
)


def domain_of(row: Row) -> Domain:
    """Return the phone system's own row."""
    return Domain({name: to_json(value) for name, value in row.by_name().items()})


def user_of(row: Row) -> User | None:
    """Return a user, or None where the row names none."""
    values = _USER.read(row)
    return User(**values) if values.get("id") is not None else None


def group_of(row: Row) -> Group | None:
    """Return a group, or None where the row names none."""
    values = _GROUP.read(row)
    return Group(**values) if values.get("id") is not None else None


def membership_of(row: Row) -> Membership | None:
    """Return a membership, or None where the row ties nobody to nothing."""
    values = _MEMBERSHIP.read(row)
    if None in (values.get("id"), values.get("group_id"), values.get("user_id")):
        return None
    return Membership(**values)


def terminal_of(row: Row) -> Terminal | None:
    """Return a terminal, or None where the row names none."""
    values = _TERMINAL.read(row)
    return Terminal(**values) if values.get("id") is not None else None


def channel_of(row: Row) -> Channel | None:
    """Return a channel, or None where the row names none."""
    told = _CHANNEL.read(row)
    if "uuid" not in told:
        return None
    values = parted(told)
    if told.get("last_event") == LastEvent.CHANNEL_HANGUP:
        hangup = hangup_of(text(told.get("last_event_data")))
        if hangup is not None:
            values["hangup"], told["hangup"] = hangup
    values["told"] = told
    return Channel(**values)


def waiting_channel_of(row: Row) -> WaitingChannel | None:
    """Return a queued or parked channel, or None where the row names none."""
    told = _WAITING.read(row)
    if "uuid" not in told:
        return None
    # Newer lists name the caller like a channel does.
    calling_number = told.pop("calling_number", None)
    if calling_number is not None:
        told.setdefault("peer_number", calling_number)
    return WaitingChannel(**parted(told), told=told)


def mailbox_of(row: Row) -> MailboxReport | None:
    """Return a mailbox's counters as `mwi_info` told them.

    Its fields are not documented; the names read here are those of the recording.
    """
    owner, owner_id = text(row.get("target_type")), identifier(row.get("target_id"))
    if owner not in (TargetType.USER, TargetType.GROUP) or owner_id is None:
        return None
    return MailboxReport(Element(owner), owner_id, message_waiting(row.get("mwi")))


READERS: Final[dict[Element, Callable[[Row], Item | None]]] = {
    Element.DOMAIN: domain_of,
    Element.USER: user_of,
    Element.GROUP: group_of,
    Element.GROUP_MEMBER: membership_of,
    Element.TERMINAL: terminal_of,
    Element.CHANNEL: channel_of,
    Element.CHANNEL_WAITING: waiting_channel_of,
    Element.QUEUED_CHANNEL: waiting_channel_of,
    Element.PARKED_CHANNEL: waiting_channel_of,
}
"""How to read a row of each element that this library knows."""
