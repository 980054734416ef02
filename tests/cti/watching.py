"""Watch the simulator's phone system as a client does, only that no socket lies between."""

from custom_components.ws_cti.cti.basix.driver import BasixSession
from custom_components.ws_cti.cti.model import Change, Id, Notice
from custom_components.ws_cti.cti.pbx import Pbx
from custom_components.ws_cti.cti.story import CallEvent, Effect

from simulator.admission import Admission
from simulator.calls import Call
from simulator.model import Channel, Row, User
from simulator.phone_system import PhoneSystem
from simulator.wire import Dialect, wire
from simulator.words import Element, EventName


class Watcher:
    """Keep a picture of a phone system by the frames that its server would send.

    `user` restricts what is sent to what one user may see.
    """

    def __init__(
        self, system: PhoneSystem, dialect: Dialect | None = None, user: User | None = None
    ) -> None:
        self.system = system
        self.user = user
        self.pbx = Pbx()
        self.events: list[CallEvent] = []
        #: The simulator's call that each channel was born into.
        self.call_of: dict[Id, Call] = {}
        self._admission = Admission("tests", user, forced=True)
        self._wire = wire(dialect or Dialect())
        self._session: BasixSession | None = None
        system.subscribe(self._hear)

    def connect(self) -> list[CallEvent]:
        """Begin a connection, be told everything, and return the events that it made."""
        before = len(self.events)
        self._session = BasixSession()
        for channel in self.system.channels.live.values():
            self.call_of.setdefault(channel.uuid, channel.call)
        frames = [*self._wire.specifications(), *self._wire.initial(self._visible)]
        for frame in frames:
            self._feed(frame)
        self.took(self.pbx.reset_unreported(self._session.reported))
        return self.events[before:]

    def disconnect(self) -> None:
        """Hear nothing any more."""
        self._session = None

    def took(self, effect: Effect) -> None:
        """Remember the events of one update."""
        self.events += effect.events

    def _visible(self, element: Element) -> list[Row]:
        return [row for row in self.system.rows(element) if self._admission.sees(element, row)]

    def _hear(self, element: Element, row: Row, event_name: EventName) -> None:
        if isinstance(row, Channel):
            self.call_of.setdefault(row.uuid, row.call)
        if self._session is None or not self._admission.sees(element, row):
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


__all__ = ["Change", "Watcher"]
