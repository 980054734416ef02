"""Set rows on stage one by one, for what the simulator never plays."""

from collections.abc import Iterable
from dataclasses import replace

from custom_components.ws_cti.cti.model import (
    Calling,
    Change,
    Channel,
    ChannelState,
    Group,
    Hangup,
    Item,
    Parked,
    Snapshot,
    User,
    WaitingChannel,
)
from custom_components.ws_cti.cti.pbx import Pbx
from custom_components.ws_cti.cti.story import CallEvent, Effect, UserCall
from custom_components.ws_cti.cti.words import (
    ChangeKind,
    Direction,
    Element,
    Id,
    LastEvent,
    Location,
    StateName,
    TargetType,
)

from .sentences import sentence

NUMBER = "0399998888"
ALICE, BOB, CAROL = "1", "2", "3"
SALES, SUPPORT = "10", "11"

_BEGIN = 1_790_000_000_000_000
_NAMES = {ALICE: "Alice", BOB: "Bob", CAROL: "Carol"}
_GROUPS = {SALES: "Sales", SUPPORT: "Support"}
_LISTS = (Element.CHANNEL_WAITING, Element.QUEUED_CHANNEL, Element.PARKED_CHANNEL)


def at(seconds: float) -> int:
    """Return a point in time, so many seconds after everything began."""
    return _BEGIN + round(seconds * 1_000_000)


def extension(user_id: Id) -> str:
    """Return the extension of a user."""
    return f"100{user_id}"


def from_outside(uuid: Id = "call", number: str = NUMBER, seconds: float = 0) -> Channel:
    """Return the channel of somebody outside who calls."""
    return Channel(
        uuid=uuid,
        direction=Direction.INBOUND,
        peer_location=Location.EXTERNAL,
        calling_number=number,
        offered_at=at(seconds),
        state=ChannelState(at(seconds), StateName.SYSTEM_OPERATION),
    )


def from_phone(user_id: Id, dialled: str, uuid: Id | None = None, seconds: float = 0) -> Channel:
    """Return the channel of a user who dials."""
    return Channel(
        uuid=uuid or f"{_NAMES[user_id]}-dials",
        direction=Direction.INBOUND,
        peer_location=Location.INTERNAL,
        calling_number=extension(user_id),
        called_number=dialled,
        offered_at=at(seconds),
        user_id=user_id,
        state=ChannelState(at(seconds), StateName.SYSTEM_OPERATION),
    )


def phone(
    user_id: Id, of: Id | None = "call", uuid: Id | None = None, seconds: float = 1
) -> Channel:
    """Return the channel by which a call rings a user's phone."""
    return Channel(
        uuid=uuid or f"{_NAMES[user_id]}-phone",
        direction=Direction.OUTBOUND,
        peer_location=Location.INTERNAL,
        calling_number=NUMBER,
        called_number=extension(user_id),
        offered_at=at(seconds),
        other_uuid=of,
        user_id=user_id,
    )


def calling(
    channel: Channel, *, user_id: Id | None = None, group_id: Id | None = None, seconds: float = 1
) -> Channel:
    """Let a channel call a user or a group."""
    kind = TargetType.USER if user_id is not None else TargetType.GROUP
    state = Calling(
        at(seconds),
        StateName.CALLING,
        target_location="int",
        target_type=kind,
        target_id=user_id or group_id,
    )
    return replace(channel, state=state)


def talking(channel: Channel, to: Channel, seconds: float = 5) -> Channel:
    """Let a channel be connected to another."""
    return replace(
        channel,
        answered_at=channel.answered_at or at(seconds),
        state=ChannelState(at(seconds), StateName.BRIDGED),
        other_uuid=to.uuid,
    )


def parked(channel: Channel, slot: str | None, seconds: float = 10) -> Channel:
    """Put a channel into a park slot or, without a slot, on hold."""
    return replace(channel, state=Parked(at(seconds), StateName.PARK, slot=slot), other_uuid=None)


def over(channel: Channel, said: str = "", seconds: float = 60) -> Channel:
    """End a channel; `said` is what the wire says of it, such as `recv_bye,NORMAL_CLEARING`."""
    disposition, _, cause = said.partition(",")
    return replace(
        channel,
        hung_up_at=at(seconds),
        last_event=LastEvent.CHANNEL_HANGUP,
        hangup=Hangup(disposition, cause) if said else None,
    )


def listed(channel: Channel) -> WaitingChannel:
    """Return the row of a channel in a list of waiting or parked ones."""
    return WaitingChannel(uuid=channel.uuid, state=channel.state)


class Scene:
    """Be a phone system with three people and two groups, whose rows are played by hand."""

    def __init__(self) -> None:
        self.pbx = Pbx()
        self.events: list[CallEvent] = []
        self.touched = Effect().touched
        users = [User(id=i, label=n, main_extension=extension(i)) for i, n in _NAMES.items()]
        groups = [Group(id=i, label=n, main_extension=f"11{i}") for i, n in _GROUPS.items()]
        self.shows(Element.USER, users)
        self.shows(Element.GROUP, groups)
        for element in (Element.CHANNEL, *_LISTS):
            self.shows(element, [])

    def shows(self, element: Element, items: Iterable[Item]) -> list[str]:
        """Tell all rows of an element, and return what is told of calls."""
        return self._took(self.pbx.apply(Snapshot(element, tuple(items))))

    def plays(self, *channels: Channel) -> list[str]:
        """Tell rows of channels one after the other, and return what is told of calls."""
        told: list[str] = []
        for channel in channels:
            told += self.lists(Element.CHANNEL, channel)
        return told

    def ends(self, *channels: Channel) -> list[str]:
        """Remove channels one after the other, and return what is told of calls."""
        told: list[str] = []
        for channel in channels:
            told += self.unlists(Element.CHANNEL, channel)
        return told

    def lists(self, element: Element, item: Item) -> list[str]:
        """Tell one row of an element, and return what is told of calls."""
        return self._took(self.pbx.apply(Change(element, ChangeKind.UPDATED, item, "updated")))

    def unlists(self, element: Element, item: Item) -> list[str]:
        """Remove one row of an element, and return what is told of calls."""
        return self._took(self.pbx.apply(Change(element, ChangeKind.REMOVED, item, "removed")))

    def state(self, user_id: Id) -> str:
        """Return what a user does."""
        return self.pbx.calls.leading(user_id)[0].value

    def calls(self, user_id: Id) -> list[UserCall]:
        """Return the calls that a user is in."""
        return self.pbx.calls.of_user(user_id)

    def is_empty(self) -> bool:
        """Return whether nothing at all goes on."""
        pbx = self.pbx
        return not (
            pbx.calls
            or pbx.channels
            or pbx.queues.parked
            or pbx.queues.waiting_count
            or any(pbx.calls.count_in_group(group_id) for group_id in _GROUPS)
            or any(pbx.calls.of_user(user_id) for user_id in _NAMES)
        )

    def _took(self, effect: Effect) -> list[str]:
        self.touched = effect.touched
        self.events += effect.events
        return [sentence(self.pbx, event) for event in effect.events]
