"""Write records as the rows of the wire."""

from random import Random

from .bert import Atom, Charlist, Term
from .model import Channel, Domain, Group, Member, OtherInfo, Row, Target, Terminal, User
from .states import (
    Bridged,
    Calling,
    CheckingVoicemail,
    Ivr,
    Park,
    State,
    SystemOperation,
    Voicemail,
)
from .words import Element, GroupType

#: The fields of each element, in the order in which the recorded session names them.
FIELDS: dict[Element, tuple[str, ...]] = {
    Element.DOMAIN: ("id", "name", "night_mode_status"),
    Element.USER: (
        "id",
        "name",
        "fwd_always_status",
        "do_not_disturb_status",
        "language",
        "main_extension",
        "presence",
        "role",
        "park_group",
        "mwi_target",
        "flags",
        "followme",
        "email",
        "avatar",
        "label",
        "mwi",
    ),
    Element.GROUP: (
        "id",
        "name",
        "type",
        "language",
        "main_extension",
        "queue",
        "label",
        "flags",
        "check_login_status",
        "mwi",
    ),
    Element.GROUP_MEMBER: ("id", "group_id", "user_id", "priority", "login_status", "role"),
    Element.TERMINAL: ("id", "name", "assoc_user_id", "type", "user_agent", "registered"),
    Element.CHANNEL: (
        "uuid",
        "direction",
        "peer_location",
        "calling_name",
        "calling_number",
        "called_number",
        "offer_timestamp",
        "answer_timestamp",
        "hangup_timestamp",
        "other_uuid",
        "user_id",
        "state",
        "group_id",
        "target",
        "origination",
        "end_user",
        "tags",
        "last_bridged_user_id",
        "last_event",
        "last_event_data",
        "other_info",
        "call_id",
    ),
    Element.CHANNEL_WAITING: (
        "uuid",
        "state",
        "direction",
        "peer_location",
        "calling_number",
        "called_number",
        "offer_timestamp",
        "user_id",
        "end_user",
        "whoscall",
    ),
    Element.QUEUED_CHANNEL: ("uuid", "state", "peer_number", "end_user"),
    Element.PARKED_CHANNEL: ("uuid", "state", "peer_number", "end_user"),
}

type RowTuple = tuple[Term, ...]


def text(value: str | None) -> Term:
    """Write text as the binary that it is on the wire; nothing is `undefined`."""
    return None if value is None else value.encode()


def state_tuple(state: State | None) -> Term:
    """Write a channel's state; what the documentation leaves open is `undefined`."""
    match state:
        case None:
            return None
        case Bridged(since):
            return (since, Atom("bridged"))
        case Calling(since, whom):
            return (since, Atom("calling"), *_called(whom))
        case SystemOperation(since, operation):
            return (since, Atom("system_operation"), text(operation))
        case Park(since, slot, terminal, parker):
            name = text(terminal.name) if terminal else None
            return (since, Atom("park"), slot, name, parker.id, text(parker.name))
        case Voicemail(since, whom):
            return (since, Atom("voicemail"), kind_of(whom), whom.id, text(whom.name))
        case CheckingVoicemail(since, owner):
            return (since, Atom("checking_voicemail"), text(owner.name))
        case Ivr(since, ivr_id):
            return (since, Atom("ivr"), ivr_id)


def _called(whom: User | Group | str) -> RowTuple:
    match whom:
        case User():
            return (Atom("int"), Atom("user"), (whom.id,))
        case Group():
            kind = Atom("hunt" if whom.type is GroupType.HUNT else "ring")
            return (Atom("int"), Atom("group"), (kind, whom.id, None, None, Charlist(whom.name)))
        case str():
            return (Atom("ext"), Atom("pstn"), (text(whom),))


def kind_of(whom: User | Group) -> Atom:
    """Tell users and groups apart in the wire's words."""
    return Atom("user" if isinstance(whom, User) else "group")


def target_tuple(target: Target | None) -> Term:
    """Write whom a channel is for."""
    if target is None:
        return None
    return (kind_of(target.whom), target.whom.id, text(target.whom.name), text(target.address))


def _other_info_tuple(other: OtherInfo | None) -> Term:
    if other is None:
        return None
    who: RowTuple
    who = (Atom("user"), other.user.id) if other.user else (Atom("end_user"), text(other.end_user))
    return (
        *who,
        Atom(other.direction),
        Atom(other.peer_location),
        text(other.address),
        other.offer_timestamp,
        other.group_id,
        None,
    )


def _domain(domain: Domain) -> RowTuple:
    return (domain.id, text(domain.name), int(domain.night_mode))


def _user(user: User) -> RowTuple:
    return (
        user.id,
        text(user.name),
        user.fwd_always_status,
        user.do_not_disturb_status,
        user.language,
        text(user.main_extension),
        user.presence,
        user.role,
        user.park_group,
        text(user.mwi_target),
        user.flags,
        text(user.followme),
        text(user.email),
        text(user.avatar),
        text(user.label),
        text(user.mailbox.text),
    )


def _group(group: Group) -> RowTuple:
    return (
        group.id,
        text(group.name),
        int(group.type),
        group.language,
        text(group.main_extension),
        group.queue,
        text(group.label),
        group.flags,
        group.check_login_status,
        text(group.mailbox.text),
    )


def _member(member: Member) -> RowTuple:
    return (
        member.id,
        member.group.id,
        member.user.id,
        member.priority,
        member.login_status,
        member.role,
    )


def _terminal(terminal: Terminal) -> RowTuple:
    return (
        terminal.id,
        text(terminal.name),
        terminal.user.id,
        terminal.type,
        text(terminal.user_agent),
        terminal.registered,
    )


def _channel(channel: Channel) -> RowTuple:
    return (
        channel.uuid.encode(),
        Atom(channel.direction),
        Atom(channel.peer_location),
        text(channel.calling_name),
        text(channel.calling_number),
        text(channel.called_number),
        channel.offer_timestamp,
        channel.answer_timestamp,
        channel.hangup_timestamp,
        text(channel.other_uuid),
        channel.user.id if channel.user else None,
        state_tuple(channel.state),
        channel.group.id if channel.group else None,
        target_tuple(channel.target),
        text(channel.origination),
        text(channel.end_user),
        text(channel.tags),
        channel.last_bridged_user.id if channel.last_bridged_user else None,
        Atom(channel.last_event),
        text(channel.last_event_data),
        _other_info_tuple(channel.other_info),
        text(channel.call_id),
    )


def _channel_waiting(channel: Channel) -> RowTuple:
    return (
        channel.uuid.encode(),
        state_tuple(channel.state),
        Atom(channel.direction),
        Atom(channel.peer_location),
        text(channel.calling_number),
        text(channel.called_number),
        channel.offer_timestamp,
        channel.user.id if channel.user else None,
        text(channel.end_user),
        None,
    )


def _waiting_in_short(channel: Channel) -> RowTuple:
    return (
        channel.uuid.encode(),
        state_tuple(channel.state),
        text(channel.peer_number),
        text(channel.end_user),
    )


def canonical_row(element: Element, record: Row) -> RowTuple:
    """Write a record with its fields in the recorded order.

    Raises TypeError when the record is none of that element's.
    """
    match element, record:
        case Element.CHANNEL, Channel():
            return _channel(record)
        case ((Element.QUEUED_CHANNEL | Element.PARKED_CHANNEL), Channel()):
            return _waiting_in_short(record)
        case Element.CHANNEL_WAITING, Channel():
            return _channel_waiting(record)
        case Element.USER, User():
            return _user(record)
        case Element.GROUP, Group():
            return _group(record)
        case Element.GROUP_MEMBER, Member():
            return _member(record)
        case Element.TERMINAL, Terminal():
            return _terminal(record)
        case Element.DOMAIN, Domain():
            return _domain(record)
        case _:
            raise TypeError(f"a {type(record).__name__} is no row of {element}")


class RowOrder:
    """Give the fields of each element an order, as each PBX may have its own."""

    def __init__(self, seed: int | None = None) -> None:
        """Keep the recorded order, or shuffle it by a seed."""
        self.fields = dict(FIELDS)
        self._indexes: dict[Element, tuple[int, ...]] = {}
        if seed is None:
            return
        random = Random(seed)  # noqa: S311
        for element, names in FIELDS.items():
            indexes = list(range(len(names)))
            random.shuffle(indexes)
            self._indexes[element] = tuple(indexes)
            self.fields[element] = tuple(names[index] for index in indexes)

    def row(self, element: Element, record: Row) -> RowTuple:
        """Write a record in this order."""
        values = canonical_row(element, record)
        indexes = self._indexes.get(element)
        return values if indexes is None else tuple(values[index] for index in indexes)
