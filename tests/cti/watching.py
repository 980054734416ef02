"""Watch the simulator's phone system as a client does, only that no socket lies between."""

from typing import override

from custom_components.ws_cti.cti.basix.driver import BasixSession
from custom_components.ws_cti.cti.model import Notice
from custom_components.ws_cti.cti.pbx import Pbx
from custom_components.ws_cti.cti.story import CallEvent, Effect, UserCall
from custom_components.ws_cti.cti.words import Id
from simulator.admission import Admission
from simulator.calls import Call
from simulator.clock import ManualClock
from simulator.model import Channel, Group, Row, User
from simulator.phone_system import PhoneSystem
from simulator.wire import Dialect, wire
from simulator.words import Element, EventName, GroupType

from .sentences import sentence


class Watcher:
    """Keep a picture of a phone system by the frames that its server would send.

    `user` restricts what is sent to what one user may see.
    """

    def __init__(
        self, system: PhoneSystem, dialect: Dialect | None = None, user: User | None = None
    ) -> None:
        self.system = system
        self.pbx = Pbx()
        self.events: list[CallEvent] = []
        #: The simulator's call that each channel was born into.
        self.call_of: dict[Id, Call] = {}
        self._admission = Admission("tests", user, forced=True)
        self._wire = wire(dialect or Dialect())
        self._session: BasixSession | None = None
        self._heard = 0
        self._unsubscribe = system.subscribe(self._hear)

    def connect(self) -> list[CallEvent]:
        """Begin a connection, be told everything, and return the events that it made."""
        before = len(self.events)
        self._session = session = BasixSession()
        for channel in self.system.channels.live.values():
            self.call_of.setdefault(channel.uuid, channel.call)
        for frame in (*self._wire.specifications(), *self._wire.initial(self._visible)):
            self._feed(frame)
        self.took(self.pbx.reset_unreported(session.reported))
        return self.events[before:]

    def disconnect(self) -> None:
        """Hear nothing any more."""
        self._session = None

    def leave(self) -> None:
        """Hear nothing any more, for good."""
        self.disconnect()
        self._unsubscribe()

    def took(self, effect: Effect) -> None:
        """Remember the events of one update."""
        self.events += effect.events

    def told(self) -> list[str]:
        """Return what was told since this was asked last, a sentence for each event."""
        events, self._heard = self.events[self._heard :], len(self.events)
        return [sentence(self.pbx, event) for event in events]

    def state(self, user: User) -> str:
        """Return what a user does."""
        return self.pbx.calls.leading(str(user.id))[0].value

    def calls(self, user: User) -> list[UserCall]:
        """Return the calls that a user is in."""
        return self.pbx.calls.of_user(str(user.id))

    def waiting(self, group: Group) -> list[Id]:
        """Return the channels that wait for a group."""
        return list(self.pbx.queues.waiting(str(group.id)))

    def parked(self) -> dict[str | None, Id]:
        """Return the channel in each park slot."""
        return {
            parked.slot: uuid
            for uuid, parked in self.pbx.queues.parked.items()
            if parked.slot is not None
        }

    def _visible(self, element: Element) -> list[Row]:
        return [row for row in self.system.rows(element) if self._admission.sees(element, row)]

    def _hear(self, element: Element, row: Row, event_name: EventName) -> None:
        if isinstance(row, Channel):
            self.call_of.setdefault(row.uuid, row.call)
        if not self._admission.sees(element, row):
            return
        frame = self._wire.event(element, row, event_name)
        if frame is not None:
            self._feed(frame)

    def _feed(self, frame: bytes) -> None:
        if self._session is None:
            return
        for told in self._session.receive(frame):
            assert not isinstance(told, Notice)
            self.took(self.pbx.apply(told))


class Office(Watcher):
    """Be a small office that is watched: three people, who all sell and support.

    A call to Sales rings all of them, one to Support rings Alice, then Bob, then Carol.
    A second passes with each look at the clock, so that no two things happen at once.
    """

    def __init__(self, dialect: Dialect | None = None) -> None:
        self.clock = ManualClock()
        system = PhoneSystem(clock=self._tick, seed=1)
        self.sales = system.add_group("Sales", extension="1100")
        self.support = system.add_group("Support", extension="1101", type=GroupType.HUNT)
        groups = (self.sales, self.support)
        self.alice = system.add_user("Alice", extension="1000", groups=groups, priority=0)
        self.bob = system.add_user("Bob", extension="1001", groups=groups, priority=1)
        self.carol = system.add_user("Carol", extension="1002", groups=groups, priority=2)
        super().__init__(system, dialect)
        self.connect()

    @property
    def people(self) -> tuple[User, ...]:
        """Return everybody who works here."""
        return self.alice, self.bob, self.carol

    def _tick(self) -> int:
        self.clock.advance(1)
        return self.clock()

    @override
    def connect(self) -> list[CallEvent]:
        events = super().connect()
        self._heard = len(self.events) - len(events)
        return events
