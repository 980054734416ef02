"""The recorded sessions say what the official client made of them, its quirks aside."""

from typing import Any, Final

import pytest

from custom_components.ws_cti.cti.basix.driver import BasixSession
from custom_components.ws_cti.cti.basix.messages import (
    FieldSpec,
    InfoEvent,
    InitialInfo,
    Message,
    SystemMessage,
)
from custom_components.ws_cti.cti.errors import ReplacedError
from custom_components.ws_cti.cti.model import (
    Calling,
    Change,
    Channel,
    ChannelState,
    InSystem,
    MailboxReport,
    MessageWaiting,
    Notice,
    Parked,
    Snapshot,
    Target,
    Update,
    User,
)
from custom_components.ws_cti.cti.pbx import Pbx
from custom_components.ws_cti.cti.story import CallEvent
from custom_components.ws_cti.cti.words import Element

from . import recorded
from .as_the_client import shown, without_nothing

LAST: Final = 178
LEGACY: Final = ("legacy_plain", "legacy_wrapped")


def heard(session: BasixSession, frame: bytes) -> list[Update | Notice]:
    return list(session.receive(frame))


def understood() -> list[list[Update | Notice]]:
    """Return what each frame of the session said, the last one aside."""
    session = BasixSession()
    return [heard(session, frame) for frame in recorded.frames()[:LAST]]


SESSION: Final = understood()


def test_the_session_has_all_its_frames() -> None:
    assert len(recorded.frames()) == len(recorded.expected()) == LAST + 1


@pytest.mark.parametrize("index", range(LAST))
def test_each_frame_says_what_the_client_made_of_it(index: int) -> None:
    expected = recorded.expected()[index]
    assert expected["error"] is None
    assert [as_the_client(told) for told in SESSION[index]] == listed(expected["out"])


def listed(out: dict[str, Any] | None) -> list[dict[str, Any]]:
    """Return what the client handed its callbacks, with each empty value absent."""
    if out is None:
        return []
    made = dict(out)
    if "row" in made:
        made["row"] = without_nothing(made["row"])
    if "rows" in made:
        made["rows"] = {key: without_nothing(row) for key, row in (made["rows"] or {}).items()}
    return [made]


def as_the_client(told: Update | Notice) -> dict[str, Any]:
    match told:
        case Snapshot(element, items):
            rows = [shown(item) for item in items]
            key = "id" if element != Element.DOMAIN else None
            return {
                "message": "initial_info",
                "element": element,
                "rows": {str(row[key]) if key else "undefined": row for row in rows},
            }
        case Change(element, _, item, event):
            return {
                "message": "info_event",
                "element": element,
                "row": shown(item),
                "event": event,
            }
        case _:
            raise AssertionError(f"nothing else was recorded: {told}")


def test_the_session_ends_by_being_replaced() -> None:
    session = BasixSession()
    *frames, last = recorded.frames()
    for frame in frames:
        session.receive(frame)
    expected = recorded.expected()[LAST]["out"]
    with pytest.raises(ReplacedError) as caught:
        session.receive(last)
    assert {"message": "system_msg", "value": caught.value.code} == expected


def test_every_event_is_of_the_kind_that_it_is_named() -> None:
    changes = [told for frame in SESSION for told in frame if isinstance(told, Change)]
    assert len(changes) == 160
    assert all(change.kind == change.event for change in changes)


def test_counters_of_mailboxes_are_new_and_saved_messages() -> None:
    users = {
        told.item.id: told.item.mwi
        for frame in SESSION
        for told in frame
        if isinstance(told, Change) and isinstance(told.item, User)
    }
    assert users == {
        "10001001": MessageWaiting("3/5", 3, 5),
        "10001012": MessageWaiting("1/0", 1, 0),
        "10001002": MessageWaiting("1/0", 1, 0),
    }


def test_everything_is_told_when_the_last_element_is() -> None:
    session = BasixSession()
    complete = []
    for frame in recorded.frames()[:LAST]:
        session.receive(frame)
        complete.append(session.complete)
    assert complete == [False] * 17 + [True] * (LAST - 17)
    assert set(session.reported) == set(Element)


def test_nothing_is_left_of_the_calls_when_all_have_ended() -> None:
    pbx = Pbx()
    for frame in SESSION:
        for told in frame:
            assert not isinstance(told, Notice)
            pbx.apply(told)
    assert not pbx.channels
    assert len(pbx.calls) == 0
    assert pbx.queues.waiting_count == 0
    assert not pbx.queues.parked
    assert len(pbx.users) == 12


# The grammar of 2016 to 2018


def messages(name: str) -> list[Message]:
    session = BasixSession()
    return [session.read(frame) for frame in recorded.frames(name)]


def calls(name: str) -> list[CallEvent]:
    session, pbx = BasixSession(), Pbx()
    events: list[CallEvent] = []
    for frame in recorded.frames(name):
        for told in session.receive(frame):
            assert not isinstance(told, Notice)
            events += pbx.apply(told).events
    return events


def test_both_legacy_recordings_say_the_same() -> None:
    assert messages("legacy_plain") == messages("legacy_wrapped")


def test_both_legacy_recordings_are_the_same_calls() -> None:
    assert calls("legacy_plain") == calls("legacy_wrapped")
    assert [(event.step, event.user_id) for event in calls("legacy_plain")][:1] == [
        ("ringing", "10001001")
    ]


@pytest.mark.parametrize("name", LEGACY)
def test_no_legacy_frame_is_misunderstood(name: str) -> None:
    kinds = [type(message) for message in messages(name)]
    assert kinds == [FieldSpec, FieldSpec, InitialInfo, *[InfoEvent] * 7]


@pytest.mark.parametrize("name", LEGACY)
def test_legacy_channels_and_mailboxes_are_read(name: str) -> None:
    session = BasixSession()
    told = [one for frame in recorded.frames(name) for one in session.receive(frame)]
    at = 1_790_000_000_000_000
    assert told.pop(0) == Snapshot(Element.CHANNEL, ())
    assert told.pop(5) == MailboxReport(Element.USER, "10001001", MessageWaiting("1/0", 1, 0))
    channels = [change.item for change in told if isinstance(change, Change)]
    assert [channel.state for channel in channels if isinstance(channel, Channel)] == [
        None,
        Calling(at, "calling", target_type="user", target_id="10001001", target_name="user1"),
        ChannelState(at, "bridged"),
        Calling(
            at,
            "calling_external",
            target_location="ext",
            target_type="pstn",
            address="0399998888",
        ),
        Parked(at, "park", slot="901"),
        InSystem(at, "xml_ivr"),
    ]
    first = channels[0]
    assert first == Channel(
        uuid="u-1",
        direction="inbound",
        peer_location="external",
        calling_name="Alice",
        calling_number="0312341234",
        called_number="1001",
        offered_at=at,
        user_name="user1",
        user_id="10001001",
        target=Target("user", "10001001", "user1", "0312345678"),
        last_event="NEW_CHANNEL",
    )


@pytest.mark.parametrize("name", LEGACY)
def test_a_legacy_session_is_complete_with_its_channels(name: str) -> None:
    session = BasixSession()
    complete = []
    for frame in recorded.frames(name):
        session.receive(frame)
        complete.append(session.complete)
    assert complete == [False] * 2 + [True] * 8
    assert set(session.reported) == {Element.CHANNEL}


def test_the_words_of_the_recording_are_those_of_the_wire() -> None:
    session = BasixSession()
    read = [session.read(frame) for frame in recorded.frames()]
    assert read[-1] == SystemMessage("connection_replaced")
    assert sum(isinstance(message, FieldSpec) for message in read) == 9
    assert sum(isinstance(message, InitialInfo) for message in read) == 9
    assert sum(isinstance(message, InfoEvent) for message in read) == 160
