"""What the simulator sends is, byte for byte, what was recorded."""

import pytest

from simulator.model import Row
from simulator.rows import FIELDS
from simulator.wire import Dialect, Grammar, wire
from simulator.words import Element, EventName, GroupType
from tests.simulator import recording
from tests.simulator.recording import RecordedOffice


@pytest.mark.parametrize("element", list(Element))
def test_fields_have_the_recorded_names_and_order(element: Element) -> None:
    assert list(FIELDS[element]) == recording.field_names(element)


def test_beginning_of_the_session_is_the_recorded_one() -> None:
    office = RecordedOffice()
    # In the recording some phones are out of reach.
    for terminal, row in zip(office.terminals.values(), recording.rows("terminal"), strict=True):
        terminal.registered = bool(row[5])
    speaker = wire(Dialect())
    sent = [*speaker.specifications(), *speaker.initial(office.rows)]
    assert sent == recording.frames()[: len(sent)]


def test_calls_send_the_recorded_frames() -> None:
    office = RecordedOffice()
    for group in office.groups:
        # The recording is hand-made: it tells that it rings the hunt group as well.
        group.type = GroupType.RING
    speaker = wire(Dialect())
    sent: list[bytes] = []

    def hear(element: Element, row: Row, event_name: EventName) -> None:
        frame = speaker.event(element, row, event_name)
        assert frame is not None
        sent.append(frame)

    office.subscribe(hear)
    kinds = []
    for recorded in recording.calls():
        sent.clear()
        kinds.append(replay(office, recorded))
        # After parking the recording leaves the parker's phone connected to nobody, and takes the
        # call out of its slot without telling who did. Here the parker hangs up.
        end = len(recorded) if kinds[-1] != "parked" else recorded_park(recorded)
        assert sent[:end] == recorded[:end]
    assert set(kinds) == {"answered", "cancelled", "parked"}


def replay(office: RecordedOffice, recorded: list[bytes]) -> str:
    """Take the steps of a recorded call, and tell which kind of call it is."""
    caller, leg = (recording.decoded(recorded[index])[2] for index in (0, 3))
    assert isinstance(caller, tuple)
    assert isinstance(leg, tuple)
    began = caller[6]
    office.uuids = [recording.text(caller[0]), recording.text(leg[0]), "not-recorded"]
    office.times = [began, began + 1000, leg[6]]
    user = office.user(leg[10])
    call = office.incoming_call(
        recording.text(caller[4]),
        office.group(caller[13][1]),
        end_user=None if caller[15] == "undefined" else recording.text(caller[15]),
    )
    call.ring(user)
    everything = b"".join(recorded)
    if b"ORIGINATOR_CANCEL" in everything:
        office.times = [began + 9_000_000]
        call.cancel()
        return "cancelled"
    office.times = [began + 5_000_000, began + 7_000_000, began + 60_000_000]
    call.answer(user)
    if b"parked_channel" in everything:
        call.park(user)
        call.hang_up()
        return "parked"
    del office.times[0]
    call.hang_up(user)
    return "answered"


def recorded_park(recorded: list[bytes]) -> int:
    """Return how many frames a call has until it stands in its slot."""
    return next(i for i, frame in enumerate(recorded, 1) if b"channel_waiting" in frame)


def test_changes_of_people_send_the_recorded_frames() -> None:
    office = RecordedOffice()
    speaker = wire(Dialect())
    sent: list[bytes | None] = []
    updated, added, logged_in, removed, replaced = recording.frames()[174:]
    office.subscribe(lambda *change: sent.append(speaker.event(*change)))

    user = office.user(10001001)
    office.rename(user, "山田 太郎 10001001")
    office.set_presence(user, 3)
    office.set_mwi(user, new=3, saved=5)
    office.set_do_not_disturb(user, on=True)
    assert sent[-1] == updated

    sent.clear()
    newcomer = office.add_user("新人", name="user12", extension="1012", avatar="", terminals=0)
    office.set_mwi(newcomer, new=1, saved=0)
    # A newcomer's mailbox is empty at first, which the recording does not show.
    assert sent[-1] == added.replace(b"added", b"updated").replace(b"k\0\x05upd", b"k\0\x07upd")

    office.log_in(office.user(10001000), office.group(10001100))
    assert sent[-1] == logged_in

    leaver = office.user(10001002)
    leaver.label, leaver.avatar = "Ольга 10001002", "a1.png"
    office.remove_user(leaver)
    assert sent[-1] == removed
    assert speaker.system_message("connection_replaced") == replaced


@pytest.mark.parametrize(
    ("grammar", "name"),
    [(Grammar.LEGACY, "legacy_plain"), (Grammar.LEGACY_WRAPPED, "legacy_wrapped")],
)
def test_older_grammars_begin_as_recorded(grammar: Grammar, name: str) -> None:
    office = RecordedOffice()
    speaker = wire(Dialect(grammar=grammar))
    sent = [*speaker.specifications(), *speaker.initial(office.rows)]
    assert sent == recording.frames(name)[:3]
    user = office.user(10001001)
    office.set_mwi(user, new=1, saved=0)
    assert speaker.event(Element.USER, user, EventName.UPDATED) == recording.frames(name)[8]
