"""Show our model objects as the official JavaScript client shows its rows.

What the client does to a row (its names for fields, numbers for ids, absent fields, complete
addresses of avatars) is done here to ours, so that both can be compared field by field.
"""

from typing import Any, Final

from custom_components.ws_cti.cti.model import (
    Calling,
    Channel,
    ChannelState,
    Domain,
    EndUser,
    EndUsers,
    Group,
    InSystem,
    Item,
    Membership,
    OtherChannel,
    Parked,
    Target,
    Terminal,
    User,
    WaitingChannel,
)

BASE_URL: Final = "https://pbx.test/"

type Shown = dict[str, Any]


def shown(item: Item) -> Shown:
    """Return a row as the client hands it to its callbacks."""
    return without_nothing(_row(item))


def _row(item: Item) -> Shown:
    match item:
        case Domain(fields):
            return dict(fields)
        case User():
            return _user(item)
        case Group():
            return _group(item)
        case Membership():
            return _membership(item)
        case Terminal():
            return _terminal(item)
        case Channel():
            return _channel(item)
        case WaitingChannel():
            return _waiting_channel(item)


def without_nothing(row: Shown) -> Shown:
    """Leave out what has no value, and in no other way than being absent."""
    return {
        name: without_nothing(value) if isinstance(value, dict) else value
        for name, value in row.items()
        if value is not None and value not in ("", (), {})
    } | ({"data": {}} if "ts" in row and not row["data"] else {})


def _user(user: User) -> Shown:
    assert not user.extra
    return {
        "id": _number(user.id),
        "name": user.name,
        "fwd_always_status": user.fwd_always_status,
        "do_not_disturb_status": user.do_not_disturb_status,
        "language": user.language,
        "main_extension": user.main_extension,
        "presence": user.presence,
        "role": user.role,
        "park_group": user.park_group,
        "mwi_target": user.mwi_target,
        "flags": user.flags,
        "followme": user.followme,
        "email": user.email,
        "avatar": _avatar(user.avatar, "user"),
        "label": user.label,
        "mwi": user.mwi.raw,
    }


def _group(group: Group) -> Shown:
    assert not group.extra
    return {
        "id": _number(group.id),
        "name": group.name,
        "type": group.type,
        "language": group.language,
        "main_extension": group.main_extension,
        "queue": group.queue,
        "label": group.label,
        "flags": group.flags,
        "check_login_status": group.check_login_status,
        "mwi": group.mwi.raw,
    }


def _membership(membership: Membership) -> Shown:
    assert not membership.extra
    return {
        "id": _number(membership.id),
        "group_id": _number(membership.group_id),
        "user_id": _number(membership.user_id),
        "priority": membership.priority,
        "login_status": membership.login_status,
        "role": membership.role,
    }


def _terminal(terminal: Terminal) -> Shown:
    assert not terminal.extra
    return {
        "id": _number(terminal.id),
        "name": terminal.name,
        "assoc_user_id": _number(terminal.user_id),
        "type": terminal.type,
        "user_agent": terminal.user_agent,
        "registered": terminal.registered_status,
    }


def _channel(channel: Channel) -> Shown:
    assert not channel.extra
    return {
        "uuid": channel.uuid,
        "direction": channel.direction,
        "peer_location": channel.peer_location,
        "calling_name": channel.calling_name,
        "calling_number": channel.calling_number,
        "called_number": channel.called_number,
        "offer_timestamp": channel.offered_at,
        "answer_timestamp": channel.answered_at,
        "hangup_timestamp": channel.hung_up_at,
        "other_uuid": channel.other_uuid,
        "user_id": _number(channel.user_id),
        "state": _state(channel.state),
        "group_id": _number(channel.group_id),
        "target": _target(channel.target),
        "origination": channel.origination,
        "end_user": _end_users(channel.end_user),
        "tags": channel.tags,
        "last_bridged_user_id": _number(channel.last_bridged_user_id),
        "last_event": channel.last_event,
        "last_event_data": channel.last_event_data,
        "other_info": _other(channel.other),
        "call_id": channel.call_id,
    }


def _waiting_channel(channel: WaitingChannel) -> Shown:
    told: Shown = dict(channel.told or {})
    assert "extra" not in told
    # The one name of ours for two fields: only channel_waiting tells the direction.
    number = "calling_number" if "direction" in told else "peer_number"
    customers = told.get("end_user")
    return {
        "uuid": channel.uuid,
        "state": _state(channel.state),
        "direction": told.get("direction"),
        "peer_location": told.get("peer_location"),
        number: told.get("peer_number"),
        "called_number": told.get("called_number"),
        "offer_timestamp": told.get("offered_at"),
        "user_id": _number(told.get("user_id")),
        "end_user": customers
        and {
            "count": customers["count"],
            "items": [_end_user(EndUser(**one)) for one in customers.get("items", ())],
        },
        "whoscall": told.get("whoscall"),
    }


def _state(state: ChannelState | None) -> Shown | None:
    if state is None:
        return None
    data: Shown = {}
    match state:
        case Calling():
            data = {
                "target_location": state.target_location,
                "target_type": state.target_type,
                "group_type": state.group_type,
                "group_id": _number(state.group_id),
                "user_id": _number(state.user_id),
                "group_queue_id": state.group_queue_id,
                "address": state.address,
            }
        case Parked():
            data = {
                "slot": _number(state.slot),
                "parker_id": _number(state.parker_id),
                "parker_name": state.parker_name,
            }
        case InSystem():
            data = {"operation": state.operation}
    return {"ts": state.since, "name": state.name, "data": without_nothing(data)}


def _target(target: Target | None) -> Shown | None:
    if target is None:
        return None
    return {
        "type": target.type,
        "id": _number(target.id),
        "name": target.name,
        "address": target.address,
    }


def _other(other: OtherChannel | None) -> Shown | None:
    if other is None:
        return None
    return {
        "type": other.type,
        "direction": other.direction,
        "peer_location": other.peer_location,
        "address": other.address,
        "offer_timestamp": other.offered_at,
        "user_id": _number(other.user_id),
        "group_id": _number(other.group_id),
        "end_user": _end_users(other.end_user),
        "whoscall": other.whoscall,
    }


def _end_users(customers: EndUsers | None) -> Shown | None:
    if customers is None:
        return None
    return {"count": customers.count, "items": [_end_user(one) for one in customers.items]}


def _end_user(customer: EndUser) -> Shown:
    row = {
        "id": customer.id,
        "name": customer.name,
        "organization": customer.organization,
        "avatar": _avatar(customer.avatar, "end_user"),
        "prefecture": customer.prefecture,
    }
    return {name: value for name, value in row.items() if value}


def _avatar(avatar: str, whose: str) -> str:
    if not avatar:
        return f"{BASE_URL}static/icons/{whose}.png"
    return avatar if "://" in avatar else f"{BASE_URL}basix/avatars/{whose}s/{avatar}"


def _number(item_id: str | None) -> int | None:
    return None if item_id is None else int(item_id)
