"""Write rows as they were from 2016 to 2018."""

from .bert import Atom, Term
from .model import Channel, Group, User
from .rows import RowTuple, kind_of, state_tuple, target_tuple, text
from .states import Calling, Park, State

CHANNEL_FIELDS = (
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
    "user_name",
    "user_id",
    "state",
    "group_id",
    "group_name",
    "target",
    "last_event",
)
MWI_FIELDS = ("target_type", "target_id", "mwi")


def chan_info_row(channel: Channel) -> RowTuple:
    """Write a channel."""
    # A change of state had another name then.
    event = "CHANNEL_APPLICATION" if channel.last_event == "STATE_CHANGE" else channel.last_event
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
        text(channel.user.name) if channel.user else None,
        channel.user.id if channel.user else None,
        _state(channel.state),
        channel.group.id if channel.group else None,
        text(channel.group.name) if channel.group else None,
        target_tuple(channel.target),
        Atom(event),
    )


def mwi_info_row(owner: User | Group) -> RowTuple:
    """Write the counters of a mailbox."""
    return (kind_of(owner), owner.id, text(owner.mailbox.text))


def _state(state: State | None) -> Term:
    match state:
        case Calling(since, str() as number):
            return (since, Atom("calling_external"), text(number))
        case Calling(since, User() | Group() as whom):
            return (since, Atom("calling"), kind_of(whom), whom.id, text(whom.name))
        case Park(since, slot):
            return (since, Atom("park"), slot)
        case _:
            return state_tuple(state)
