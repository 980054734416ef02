"""Be the phone system: its staff, its calls, and the record of what truly happened."""

from collections.abc import Sequence
from random import Random
from typing import Self, TypedDict, Unpack, override
from uuid import UUID

from .calls import Call, Phase, Whom
from .channels import Channels, HangupEvents, Shown
from .clock import Clock, system_clock
from .end_users import NOBODY_FOUND, end_user_text, joined
from .errors import SimulationError, UnknownError
from .model import EndUser, Group, OutsideCaller, Row, User
from .record import CallKind, Record
from .staff import Staff
from .words import Element, GroupType

_FIRST_SLOT = 901
_SLOTS_OF_A_PARK_GROUP = 3
_SHARED_SLOTS = range(997, 1000)
_ADMIN = 100
_MAIN_NUMBER = "0312345678"
_VOICEMAIL_NUMBER = "*97"


class Options(TypedDict, total=False):
    """Tell what a phone system can be made with."""

    domain: str
    token: str
    clock: Clock
    seed: int | None
    history: int | None
    hangup_events: HangupEvents


class PhoneSystem(Staff):
    """Hold everything, change it on demand, and tell subscribers of every changed row at once."""

    def __init__(
        self,
        *,
        domain: str = "test1.com",
        token: str = "token",  # noqa: S107
        clock: Clock = system_clock,
        seed: int | None = None,
        history: int | None = 1000,
        hangup_events: HangupEvents = HangupEvents.REMOVED,
    ) -> None:
        """Begin empty; the same seed gives the same uuids, `history` ended calls are remembered."""
        super().__init__(domain)
        self.token = token
        self.clock = clock
        self.random = Random(seed)  # noqa: S311
        self.calls: dict[str, Call] = {}
        self.record = Record(history)
        self.channels = Channels(self.publish, self.new_uuid, hangup_events)

    @classmethod
    def office(cls, users: int = 12, groups: int = 2, **options: Unpack[Options]) -> Self:
        """Furnish an office: users from extension 1000 with a phone each, groups from 1100.

        The first group rings, the second hunts, and so on. Each user is logged in to one group.
        The first user is the admin.
        """
        options.setdefault("seed", 1)
        system = cls(**options)
        # Extensions of many users would run into those of the groups, which then begin behind them.
        first_group = max(1100, 1000 + -(-users // 100) * 100)
        made = [
            system.add_group(extension=str(first_group + index), type=GroupType(index % 2))
            for index in range(groups)
        ]
        for index in range(users):
            system.add_user(
                role=_ADMIN if index == 0 else 0,
                groups=[made[index % groups]] if made else [],
                priority=index // groups if made else 0,
            )
        return system

    def new_uuid(self) -> str:
        """Return a uuid that nothing else has."""
        return str(UUID(int=self.random.getrandbits(128), version=4))

    def rows(self, element: Element) -> Sequence[Row]:
        """Return all rows that there are of an element now."""
        match element:
            case Element.DOMAIN:
                return [self.domain]
            case Element.USER:
                return list(self.users)
            case Element.GROUP:
                return list(self.groups)
            case Element.GROUP_MEMBER:
                return list(self.members.values())
            case Element.TERMINAL:
                return list(self.terminals.values())
            case Element.CHANNEL:
                return list(self.channels.live.values())
            case Element.QUEUED_CHANNEL:
                return list(self.channels.queued.values())
            case Element.PARKED_CHANNEL | Element.CHANNEL_WAITING:
                return list(self.channels.slots.values())

    def resolve(self, destination: str) -> Whom:
        """Return the user or the group with an extension, or else the number outside."""
        return (
            self.users.by_extension(destination)
            or self.groups.by_extension(destination)
            or destination
        )

    # How calls begin. None of them rings yet, save those of the API: `ring` is a step of its own.

    def incoming_call(
        self,
        number: str | None,
        to: User | Group,
        *,
        name: str | None = None,
        did: str | None = None,
        end_user: EndUser | Sequence[EndUser] | str | None = NOBODY_FOUND,
    ) -> Call:
        """Let somebody outside call; without a number he withholds it.

        An `end_user` that is text is sent as it is.
        """
        found = end_user
        if found is not None and not isinstance(found, str):
            found = end_user_text(found)
        call = Call(self, CallKind.INCOMING)
        call.begin_from_outside(
            to, OutsideCaller(number, name, found), did or to.did or _MAIN_NUMBER
        )
        return call

    def internal_call(self, caller: User, to: User | Group) -> Call:
        """Let a user call a colleague or a group."""
        call = Call(self, CallKind.INTERNAL)
        call.begin_from_user(caller, to)
        return call

    def outgoing_call(self, caller: User, number: str) -> Call:
        """Let a user call a number outside."""
        call = Call(self, CallKind.OUTGOING)
        call.begin_from_user(caller, number)
        return call

    def check_voicemail(self, user: User) -> Call:
        """Let a user call his mailbox."""
        call = Call(self, CallKind.VOICEMAIL_CHECK)
        call.begin_voicemail_check(user, _VOICEMAIL_NUMBER)
        return call

    def api_call(
        self,
        first: User | Group | str,
        destination: Whom,
        *,
        method: str = "call_user",
        calling_name: str | None = None,
        group: Group | None = None,
    ) -> Call:
        """Ring a user, all members of a group or a number, and connect who answers.

        Raises SimulationError if nobody's phone can ring.
        """
        if first is destination:
            raise SimulationError("Nobody can be connected to himself.")
        called: Sequence[User] | str
        if isinstance(first, User):
            called = [first] if first.rings else []
        elif isinstance(first, Group):
            called = [member.user for member in first.members.values() if member.rings]
            group = first
        else:
            called = first
        dialled = destination if isinstance(destination, str) else destination.main_extension
        caller = first if isinstance(first, str) else first.name
        shown = Shown(calling_name or dialled, dialled, group, joined((method, caller, dialled)))
        call = Call(self, CallKind.API)
        call.begin_from_api(called, destination, shown)
        return call

    # What is asked of calls.

    def call_of(self, uuid: str) -> Call:
        """Return the call of a live channel; raises UnknownError if there is none."""
        channel = self.channels.live.get(uuid)
        if channel is None:
            raise UnknownError(f"There is no channel {uuid}.")
        return channel.call

    def calls_of(self, user: User) -> list[Call]:
        """Return the calls that a user is in, ringing ones included."""
        return list(dict.fromkeys(channel.call for channel in user.channels.values()))

    def call_in_slot(self, slot: int) -> Call:
        """Return the call that is parked in a slot."""
        channel = self.channels.slots.get(slot)
        if channel is None:
            raise UnknownError(f"Nobody is parked in slot {slot}.")
        return channel.call

    def free_slot(self, parker: User, slot: int | None = None) -> int:
        """Return a free slot, first of the parker's own park group; or the one that is named."""
        first = _FIRST_SLOT + _SLOTS_OF_A_PARK_GROUP * parker.park_group
        candidates = (
            [*range(first, first + _SLOTS_OF_A_PARK_GROUP), *_SHARED_SLOTS]
            if slot is None
            else [slot]
        )
        for candidate in candidates:
            if candidate not in self.channels.slots:
                return candidate
        raise SimulationError(
            f"The park slot {slot} is taken." if slot is not None else "All park slots are taken."
        )

    def end_all_calls(self) -> None:
        """Let the phone system end every call."""
        for call in list(self.calls.values()):
            if not call.ended:
                call.disconnect()

    @override
    def _refuse_busy(self, whom: User | Group) -> None:
        on_the_phone = isinstance(whom, User) and bool(whom.channels)
        if on_the_phone or any(
            whom in (call.target, call.destination) for call in self.calls.values()
        ):
            raise SimulationError(f"A call has to do with {whom.label}.")


__all__ = ["Call", "Phase", "PhoneSystem", "Whom"]
