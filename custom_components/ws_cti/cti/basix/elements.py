"""Turn rows into model objects: one reader for each element, nothing by position."""

from collections.abc import Callable
from typing import Final

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
from ..words import Element, Extra, TargetType
from .messages import Row
from .states import (
    end_users_of,
    hangup_of,
    origination_of,
    other_of,
    state_of,
    tags_of,
    target_of,
)
from .terms import (
    identifier,
    message_waiting,
    optional_text,
    raw,
    text,
    timestamp,
    to_json,
    whoscall,
)

_KNOWN: Final[dict[str, frozenset[str]]] = {
    Element.USER: frozenset({
        "id", "name", "fwd_always_status", "do_not_disturb_status", "language", "main_extension",
        "presence", "role", "park_group", "mwi_target", "flags", "followme", "email", "avatar",
        "label", "mwi",
    }),
    Element.GROUP: frozenset({
        "id", "name", "type", "language", "main_extension", "queue", "label", "flags",
        "check_login_status", "mwi",
    }),
    Element.GROUP_MEMBER: frozenset({
        "id", "group_id", "user_id", "priority", "login_status", "role",
    }),
    Element.TERMINAL: frozenset({
        "id", "name", "assoc_user_id", "type", "user_agent", "registered",
    }),
    Element.CHANNEL: frozenset({
        "uuid", "direction", "peer_location", "calling_name", "calling_number", "called_number",
        "offer_timestamp", "answer_timestamp", "hangup_timestamp", "other_uuid", "user_id",
        "user_name", "state", "group_id", "group_name", "target", "origination", "end_user",
        "tags", "last_bridged_user_id", "last_event", "last_event_data", "other_info",
        "whoscall", "call_id",
    }),
    Element.CHANNEL_WAITING: frozenset({
        "uuid", "state", "direction", "peer_location", "peer_number", "calling_number",
        "called_number", "offer_timestamp", "user_id", "end_user", "whoscall",
    }),
}  # fmt: skip


def _extra(element: Element, row: Row) -> Extra:
    """Return the fields that no document names, so that nothing is lost."""
    unknown = row.keys() - _KNOWN[element]
    return {name: to_json(row[name]) for name in unknown} if unknown else {}


def domain_of(row: Row) -> Domain:
    """Return the phone system's own row."""
    return Domain({name: to_json(value) for name, value in row.items()})


def user_of(row: Row) -> User | None:
    """Return a user, or None where the row names none."""
    if (user_id := identifier(row.get("id"))) is None:
        return None
    return User(
        id=user_id,
        name=text(row.get("name")),
        label=text(row.get("label")),
        main_extension=text(row.get("main_extension")),
        email=text(row.get("email")),
        avatar=text(row.get("avatar")),
        presence=raw(row.get("presence")),
        do_not_disturb_status=raw(row.get("do_not_disturb_status")),
        fwd_always_status=raw(row.get("fwd_always_status")),
        language=raw(row.get("language")),
        role=raw(row.get("role")),
        park_group=raw(row.get("park_group")),
        flags=raw(row.get("flags")),
        followme=to_json(row.get("followme")),
        mwi_target=to_json(row.get("mwi_target")),
        mwi=message_waiting(row.get("mwi")),
        extra=_extra(Element.USER, row),
    )


def group_of(row: Row) -> Group | None:
    """Return a group, or None where the row names none."""
    if (group_id := identifier(row.get("id"))) is None:
        return None
    return Group(
        id=group_id,
        name=text(row.get("name")),
        label=text(row.get("label")),
        main_extension=text(row.get("main_extension")),
        type=raw(row.get("type")),
        language=raw(row.get("language")),
        queue=raw(row.get("queue")),
        flags=raw(row.get("flags")),
        check_login_status=raw(row.get("check_login_status")),
        mwi=message_waiting(row.get("mwi")),
        extra=_extra(Element.GROUP, row),
    )


def membership_of(row: Row) -> Membership | None:
    """Return a membership, or None where the row ties nobody to nothing."""
    member_id = identifier(row.get("id"))
    group_id, user_id = identifier(row.get("group_id")), identifier(row.get("user_id"))
    if member_id is None or group_id is None or user_id is None:
        return None
    return Membership(
        id=member_id,
        group_id=group_id,
        user_id=user_id,
        priority=raw(row.get("priority")),
        login_status=raw(row.get("login_status")),
        role=raw(row.get("role")),
        extra=_extra(Element.GROUP_MEMBER, row),
    )


def terminal_of(row: Row) -> Terminal | None:
    """Return a terminal, or None where the row names none."""
    if (terminal_id := identifier(row.get("id"))) is None:
        return None
    return Terminal(
        id=terminal_id,
        name=text(row.get("name")),
        user_id=identifier(row.get("assoc_user_id")),
        type=raw(row.get("type")),
        user_agent=text(row.get("user_agent")),
        registered_status=raw(row.get("registered")),
        extra=_extra(Element.TERMINAL, row),
    )


def channel_of(row: Row) -> Channel | None:
    """Return a channel, or None where the row names none."""
    if (uuid := identifier(row.get("uuid"))) is None:
        return None
    last_event, event_data = optional_text(row.get("last_event")), row.get("last_event_data")
    return Channel(
        uuid=uuid,
        direction=optional_text(row.get("direction")),
        peer_location=optional_text(row.get("peer_location")),
        calling_name=text(row.get("calling_name")),
        calling_number=text(row.get("calling_number")),
        called_number=text(row.get("called_number")),
        offered_at=timestamp(row.get("offer_timestamp")),
        answered_at=timestamp(row.get("answer_timestamp")),
        hung_up_at=timestamp(row.get("hangup_timestamp")),
        other_uuid=optional_text(row.get("other_uuid")),
        user_id=identifier(row.get("user_id")),
        user_name=optional_text(row.get("user_name")),
        group_id=identifier(row.get("group_id")),
        group_name=optional_text(row.get("group_name")),
        state=state_of(row.get("state")),
        target=target_of(row.get("target")),
        origination=origination_of(row.get("origination")),
        end_user=end_users_of(row.get("end_user")),
        tags=tags_of(row.get("tags")),
        last_bridged_user_id=identifier(row.get("last_bridged_user_id")),
        last_event=last_event,
        last_event_data=to_json(event_data),
        hangup=hangup_of(last_event, text(event_data)),
        other=other_of(row.get("other_info")),
        whoscall=whoscall(row.get("whoscall")),
        call_id=optional_text(row.get("call_id")),
        extra=_extra(Element.CHANNEL, row),
    )


def waiting_channel_of(row: Row) -> WaitingChannel | None:
    """Return a queued or parked channel, or None where the row names none."""
    if (uuid := identifier(row.get("uuid"))) is None:
        return None
    return WaitingChannel(
        uuid=uuid,
        state=state_of(row.get("state")),
        direction=optional_text(row.get("direction")),
        peer_location=optional_text(row.get("peer_location")),
        peer_number=text(row.get("peer_number")) or text(row.get("calling_number")),
        called_number=text(row.get("called_number")),
        offered_at=timestamp(row.get("offer_timestamp")),
        user_id=identifier(row.get("user_id")),
        end_user=end_users_of(row.get("end_user")),
        whoscall=whoscall(row.get("whoscall")),
        extra=_extra(Element.CHANNEL_WAITING, row),
    )


def mailbox_of(row: Row) -> MailboxReport | None:
    """Return a mailbox's counters as `mwi_info` told them.

    Its fields are not documented; the names read here are those of the recording.
    """
    owner, owner_id = text(row.get("target_type")), identifier(row.get("target_id"))
    if owner not in (TargetType.USER, TargetType.GROUP) or owner_id is None:
        return None
    return MailboxReport(Element(owner), owner_id, message_waiting(row.get("mwi")))


READERS: Final[dict[str, Callable[[Row], Item | None]]] = {
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
