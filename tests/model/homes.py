"""Know to which call of the story each channel belongs.

The record has one call where an attended transfer brings two together; in the story each leg stays
in the call that it was made for, and so do the phones that are rung for it later on.
"""

from simulator.calls import Call
from simulator.model import Channel, User
from simulator.phone_system import PhoneSystem
from simulator.words import Direction

from .parts import Id

_PICKS_UP = "pickup_uuid."


class Homes:
    """Keep the call of each channel."""

    def __init__(self, system: PhoneSystem) -> None:
        self._system = system
        self._home: dict[Id, Id] = {}
        self._headless: set[Id] = set()

    def of(self, channel: Channel) -> Id:
        """Return the call of a channel."""
        return self._home[channel.uuid]

    def of_user(self, call: Call, user: User) -> Id:
        """Return the call in which a user's phone is."""
        return next(self.of(one) for one in user.channels.values() if one.call is call)

    def of_caller(self, call: Call) -> Id:
        """Return the call in which the phones are that ring for the caller."""
        return self.of(call.caller) if call.caller is not None else call.id

    def is_headless(self, home: Id) -> bool:
        """Return whether nobody ever saw the channel that gave a call its id."""
        return home in self._headless

    def running(self) -> set[Id]:
        """Return the calls that go on."""
        return {self._home[uuid] for uuid in self._system.channels.live}

    def born(self, channel: Channel) -> None:
        """Take up a channel that everybody sees come."""
        call = channel.call
        joins = channel.direction is Direction.OUTBOUND or _picked_up(channel) is not None
        home = channel.uuid
        if joins and call.caller is not None:
            home = self.of(call.caller)
        elif joins and call.legs:
            # An API request rings several phones for one call.
            home = self._home[next(iter(call.legs))]
        self._home[channel.uuid] = home

    def found(self, channels: list[Channel]) -> None:
        """Take up channels that nobody saw come, by whom they are connected to now."""
        for channel in channels:
            del self._home[channel.uuid]
        for channel in sorted(channels, key=lambda one: one.direction):
            if channel.uuid in self._system.channels.live:
                self._home[channel.uuid] = self._by_connection(channel)

    def _by_connection(self, channel: Channel) -> Id:
        live = self._system.channels.live
        if channel.direction is Direction.INBOUND:
            taken = _picked_up(channel)
            if taken is None:
                return channel.uuid
            if taken in live:
                return self._home.get(taken, taken)
            self._headless.add(taken)
            return taken
        other = live.get(channel.other_uuid or "")
        if other is None:
            legs = () if channel.call.caller is not None else channel.call.legs
            return next(iter(legs), channel.uuid)
        is_elder = other.offer_timestamp > channel.offer_timestamp
        if is_elder and other.direction is Direction.OUTBOUND:
            return channel.uuid
        return self._home.get(other.uuid, other.uuid)


def _picked_up(channel: Channel) -> Id | None:
    """Return the channel that somebody dialled to take it over."""
    dialled = channel.called_number or ""
    return dialled.removeprefix(_PICKS_UP) if dialled.startswith(_PICKS_UP) else None
