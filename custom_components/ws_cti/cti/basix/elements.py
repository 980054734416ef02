"""Turn rows into model objects: one table for each element, nothing by a fixed position.

A table says for each field of the wire which attribute it becomes, and how it is read. In
which place a field stands is up to the field spec, for which a plan is made once.
Fields that stand in no table are kept by their own name in `extra`.
"""

from collections.abc import Callable
from functools import lru_cache, partial
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
from .messages import Row, Terms
from .states import (
    end_users_of,
    hangup_of,
    origination_of,
    other_of,
    plain_end_users_of,
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

_MAX_PLANS: Final = 64
"""How many field specs are remembered with the plan to read their rows."""

_UNKNOWN: Final = column("extra", nothing)

_HANGUP: Final = LastEvent.CHANNEL_HANGUP.value
_COMPOSED: Final = frozenset({"state", "target", "origination", "end_user", "tags", "other"})
"""Attributes made of several values, which are read as both the thing and plain data."""

type _Fields = dict[str, tuple[str, Reader]]
type _Told = dict[str, Any]

_TIES: Final = {"id", "group_id", "user_id"}
"""Attributes without which a membership ties nobody to nothing."""

_USER: Final[_Fields] = {
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

_GROUP: Final[_Fields] = {
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

_MEMBERSHIP: Final[_Fields] = {
    "id": ("id", identifier),
    "group_id": ("group_id", identifier),
    "user_id": ("user_id", identifier),
    "priority": ("priority", raw),
    "login_status": ("login_status", raw),
    "role": ("role", raw),
}

_TERMINAL: Final[_Fields] = {
    "id": ("id", identifier),
    "name": ("name", text),
    "assoc_user_id": ("user_id", identifier),
    "type": ("type", raw),
    "user_agent": ("user_agent", text),
    "registered": ("registered_status", raw),
}

_CHANNEL: Final[_Fields] = {
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

_WAITING: Final[_Fields] = {
    "uuid": ("uuid", identifier),
    "state": ("state", state_of),
    "direction": ("direction", optional_text),
    "peer_location": ("peer_location", optional_text),
    "peer_number": ("peer_number", text),
    "calling_number": ("calling_number", text),
    "called_number": ("called_number", text),
    "offer_timestamp": ("offered_at", timestamp),
    "user_id": ("user_id", identifier),
    "end_user": ("end_user", plain_end_users_of),
    "whoscall": ("whoscall", whoscall),
}


def _user(told: _Told) -> User | None:
    return User(**told) if "id" in told else None


def _group(told: _Told) -> Group | None:
    return Group(**told) if "id" in told else None


def _membership(told: _Told) -> Membership | None:
    return Membership(**told) if told.keys() >= _TIES else None


def _terminal(told: _Told) -> Terminal | None:
    return Terminal(**told) if "id" in told else None


def _channel(told: _Told) -> Channel | None:
    if "uuid" not in told:
        return None
    values = told.copy()
    for name in told.keys() & _COMPOSED:  # of which each was read as both
        values[name], told[name] = told[name]
    if told.get("last_event") == _HANGUP:
        hangup = hangup_of(text(told.get("last_event_data")))
        if hangup is not None:
            values["hangup"], told["hangup"] = hangup
    values["told"] = told
    return Channel(**values)


def _waiting(told: _Told) -> WaitingChannel | None:
    if "uuid" not in told:
        return None
    if "calling_number" in told:  # newer lists name the caller like a channel does
        told.setdefault("peer_number", told.pop("calling_number"))
    state = None
    if "state" in told:
        state, told["state"] = told["state"]
    return WaitingChannel(told["uuid"], state, told)


_MADE_OF: Final[dict[Element, tuple[_Fields, Callable[[_Told], Item | None]]]] = {
    Element.DOMAIN: ({}, Domain),
    Element.USER: (_USER, _user),
    Element.GROUP: (_GROUP, _group),
    Element.GROUP_MEMBER: (_MEMBERSHIP, _membership),
    Element.TERMINAL: (_TERMINAL, _terminal),
    Element.CHANNEL: (_CHANNEL, _channel),
    Element.CHANNEL_WAITING: (_WAITING, _waiting),
    Element.QUEUED_CHANNEL: (_WAITING, _waiting),
    Element.PARKED_CHANNEL: (_WAITING, _waiting),
}
"""The fields of each element that this library knows, and what makes it of what they told."""


type Plan = tuple[Element, Callable[[Terms], _Told], Callable[[_Told], Item | None]]
"""An element, what its rows tell by attribute, and what makes it of that, or else None."""


@lru_cache(maxsize=_MAX_PLANS)
def plan_of(element: Element, names: tuple[str, ...]) -> Plan:
    """Return how to read the rows of an element by the names of their fields."""
    fields, make = _MADE_OF[element]
    if element is Element.DOMAIN:
        return element, partial(_all, names), make
    columns = tuple(column(*fields[name]) if name in fields else _UNKNOWN for name in names)
    if fields.keys() >= {*names}:
        return element, partial(attributes, columns), make
    return element, partial(_attributes_and_extra, columns, names, fields), make


def item_of(element: Element, row: Row) -> Item | None:
    """Return the element that a row is, or None where it names none."""
    _, told_of, make = plan_of(element, row.names)
    return make(told_of(row.terms))


def _all(names: tuple[str, ...], terms: Terms) -> _Told:
    return {name: to_json(term) for name, term in zip(names, terms, strict=False)}


def _attributes_and_extra(
    columns: tuple[Column, ...], names: tuple[str, ...], fields: _Fields, terms: Terms
) -> _Told:
    values = attributes(columns, terms)
    named = zip(names, terms, strict=False)
    if extra := {name: to_json(term) for name, term in named if name not in fields}:
        values["extra"] = extra
    return values


def mailbox_of(row: Row) -> MailboxReport | None:
    """Return a mailbox's counters as `mwi_info` told them.

    Its fields are not documented; the names read here are those of the recording.
    """
    owner, owner_id = text(row.get("target_type")), identifier(row.get("target_id"))
    if owner not in (TargetType.USER, TargetType.GROUP) or owner_id is None:
        return None
    return MailboxReport(Element(owner), owner_id, message_waiting(row.get("mwi")))
