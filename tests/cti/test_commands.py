"""Tests of what a phone system can be asked to do, and how Basix is told."""

from dataclasses import replace
import json
from typing import Final, cast, override

from aiohttp import ClientSession
import pytest

from custom_components.ws_cti.cti.basix.driver import BasixDriver
from custom_components.ws_cti.cti.basix.orders import method_of, text_of
from custom_components.ws_cti.cti.call import Call
from custom_components.ws_cti.cti.commands import (
    MOST_DIGITS,
    CallExternal,
    CallGroup,
    CallRequest,
    CallUser,
    Capability,
    Command,
    HangUp,
    OutsideNumber,
    Park,
    Transfer,
    dialable,
)
from custom_components.ws_cti.cti.driver import Address, Driver, Session
from custom_components.ws_cti.cti.errors import ConnectError, UnsupportedError
from custom_components.ws_cti.cti.handles import is_moved, to_hang_up, to_move
from custom_components.ws_cti.cti.link import Link
from custom_components.ws_cti.cti.model import (
    Calling,
    Change,
    Channel,
    ChannelState,
    EndUser,
    Group,
    Hangup,
    Parked,
    User,
    WaitingChannel,
)
from custom_components.ws_cti.cti.overview import CallStage, CallView, CallWay, view
from custom_components.ws_cti.cti.pbx import Pbx
from custom_components.ws_cti.cti.placed import CallResult, PlacedCall
from custom_components.ws_cti.cti.words import (
    ChangeKind,
    Direction,
    Element,
    Id,
    Location,
    StateName,
)

DRIVER: Final = BasixDriver(server="pbx", domain="d", token="t", app_name="a")
NO_HTTP: Final = cast("ClientSession", None)


class SilentDriver(Driver):
    """Be a phone system that only tells."""

    @property
    @override
    def address(self) -> Address:
        raise NotImplementedError

    @override
    def session(self) -> Session:
        raise NotImplementedError


# Numbers


@pytest.mark.parametrize(
    ("said", "dialled"),
    [
        ("1002", "1002"),
        (" 03-1234-5678 ", "0312345678"),
        ("+81 (3) 1234.5678", "+81312345678"),
        ("\uff10\uff13\u2212\uff11\uff12\uff0d\uff13", "03123"),
        ("03\u30fc1234", "031234"),
        ("*97", "*97"),
        ("#1", "#1"),
        ("", None),
        ("-", None),
        ("+", None),
        ("1+2", None),
        ("media_plug", None),
        ("assimilate.1", None),
        ("1\n2", "12"),
        ("9" * MOST_DIGITS, "9" * MOST_DIGITS),
        ("9" * (MOST_DIGITS + 1), None),
        ("٣", None),
    ],
)
def test_a_number_is_dialled_as_it_is_meant(said: str, dialled: str | None) -> None:
    if dialled is None:
        with pytest.raises(ValueError, match="no number"):
            dialable(said)
    else:
        assert dialable(said) == dialled


# The words of Basix


@pytest.mark.parametrize(
    ("request_", "method", "parameters"),
    [
        (
            CallUser(user_id="10001000", destination="1002"),
            "call_user",
            {"user_id": 10001000, "destination": "1002"},
        ),
        (
            CallUser(
                user_id="alice",
                destination=OutsideNumber(
                    called_number="03", calling_number="04", end_user=EndUser(name="Olive")
                ),
                answer_timeout=1,
                auto_answer=False,
                calling_name="x",
                group_id="7",
                group_resolver="*",
            ),
            "call_user",
            {
                "user_id": "alice",
                "destination": {
                    "called_number": "03",
                    "calling_number": "04",
                    "end_user": {"name": "Olive"},
                },
                "answer_timeout": 1,
                "auto_answer": False,
                "calling_name": "x",
                "group_id": 7,
                "group_resolver": "*",
            },
        ),
        (
            CallGroup(group_id="7", destination="03", member_answer_timeout=5),
            "call_group",
            {"group_id": 7, "destination": "03", "member_answer_timeout": 5},
        ),
        (
            CallExternal(target=OutsideNumber(called_number="03"), destination="1000"),
            "call_external",
            {"target": {"called_number": "03"}, "destination": "1000"},
        ),
    ],
)
def test_a_request_is_put_into_the_words_of_the_api(
    request_: CallRequest, method: str, parameters: dict[str, object]
) -> None:
    assert method_of(request_) == (method, parameters)


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (HangUp("u"), {"cmd": "hangup", "uuid": "u"}),
        (Park("u"), {"cmd": "park", "uuid": "u"}),
        (
            Transfer(uuid="u", destination="03"),
            {"cmd": "transfer", "uuid": "u", "destination": "03"},
        ),
        (
            Transfer(uuid="u", destination="03", user_id="1", user_name="n"),
            {
                "cmd": "transfer",
                "uuid": "u",
                "user_id": 1,
                "user_name": "n",
                "destination": "03",
            },
        ),
    ],
)
def test_a_command_is_put_into_the_words_of_the_websocket(
    command: Command, said: dict[str, object]
) -> None:
    assert json.loads(text_of(command)) == said
    assert DRIVER.spoken(command) == text_of(command)


# Capabilities


def test_basix_can_do_everything() -> None:
    assert DRIVER.capabilities == set(Capability)


async def test_a_phone_system_that_only_tells_can_do_nothing() -> None:
    driver = SilentDriver()
    assert driver.capabilities == set()
    with pytest.raises(UnsupportedError):
        driver.spoken(HangUp("u"))
    with pytest.raises(UnsupportedError):
        await driver.place(CallUser(user_id="1", destination="2"), NO_HTTP)


def test_each_request_names_what_it_needs() -> None:
    requests = (CallUser, CallGroup, CallExternal, HangUp, Transfer, Park)
    assert [request.needs for request in requests] == list(Capability)


async def test_nothing_is_sent_without_a_connection() -> None:
    link = Link(DRIVER, cast("Pbx", None), ssl=None)  # type: ignore[arg-type]
    with pytest.raises(ConnectError):
        await link.send("hello")


# What becomes of a call that was asked for

PHONE: Final = Channel(
    uuid="phone", direction=Direction.OUTBOUND, user_id="1", origination=("call_user",)
)
FAR: Final = Channel(
    uuid="far", direction=Direction.OUTBOUND, user_id="2", other_uuid="phone", offered_at=2
)


def put(row: Channel) -> Change:
    """Return that a channel is as it is."""
    return Change(Element.CHANNEL, ChangeKind.UPDATED, row, "updated")


def gone(row: Channel, disposition: str = "", cause: str = "") -> Change:
    """Return that a channel has ended."""
    hangup = Hangup(disposition, cause) if cause else None
    ended = replace(row, hangup=hangup, hung_up_at=9)
    return Change(Element.CHANNEL, ChangeKind.REMOVED, ended, "removed")


def in_state(row: Channel, name: str) -> Channel:
    """Return a channel in a state."""
    return replace(row, answered_at=3, state=ChannelState(3, name))


def result_of(*changes: Change, uuids: tuple[Id, ...] = ("phone",)) -> CallResult | None:
    """Return the result, which must not depend on when the call is named."""
    early, late = PlacedCall(), PlacedCall()
    early.placed(uuids)
    for change in changes:
        early.take(change)
        late.take(change)
    assert late.result is None
    late.placed(uuids)
    assert late.result == early.result
    assert late.cause == early.cause
    return early.result


@pytest.mark.parametrize(
    ("name", "result"),
    [
        (StateName.BRIDGED, CallResult.ANSWERED),
        (StateName.CONFERENCE, CallResult.ANSWERED),
        (StateName.IVR, CallResult.ANSWERED),
        (StateName.VOICEMAIL, CallResult.VOICEMAIL),
        (StateName.CALLING, None),
        (StateName.PARK, None),
    ],
)
def test_a_state_decides_a_call(name: str, result: CallResult | None) -> None:
    assert result_of(put(PHONE), put(in_state(PHONE, name))) == result


@pytest.mark.parametrize(
    ("disposition", "cause", "result"),
    [
        ("recv_refuse", "USER_BUSY", CallResult.BUSY),
        ("send_cancel", "NO_ANSWER", CallResult.NO_ANSWER),
        ("recv_refuse", "NO_USER_RESPONSE", CallResult.NO_ANSWER),
        ("recv_refuse", "CALL_REJECTED", CallResult.FAILED),
        ("send_refuse", "UNALLOCATED_NUMBER", CallResult.FAILED),
        ("", "", CallResult.FAILED),
    ],
)
def test_the_end_of_the_first_phone_decides_a_call(
    disposition: str, cause: str, result: CallResult
) -> None:
    assert result_of(put(PHONE), gone(PHONE, disposition, cause)) == result


def test_the_destination_tells_why_who_answered_was_not_connected() -> None:
    answered = in_state(PHONE, StateName.CALLING)
    end = gone(answered, "send_bye", "NORMAL_CLEARING")
    busy = gone(FAR, "recv_refuse", "USER_BUSY")
    assert result_of(put(answered), put(FAR), busy, end) == CallResult.BUSY
    assert result_of(put(answered), end) == CallResult.NO_ANSWER


def test_who_hangs_up_himself_was_not_refused() -> None:
    answered = in_state(PHONE, StateName.CALLING)
    end = gone(answered, "recv_bye", "NORMAL_CLEARING")
    refused = gone(FAR, "send_cancel", "NO_ANSWER")
    assert result_of(put(answered), put(FAR), refused, end) == CallResult.FAILED


def test_a_phone_that_lost_the_race_decides_nothing() -> None:
    other = replace(PHONE, uuid="other")
    both = ("phone", "other")
    lost = gone(other, "send_cancel", "LOSE_RACE")
    assert result_of(put(other), lost, uuids=both) is None
    answered = in_state(PHONE, StateName.BRIDGED)
    assert result_of(put(other), put(PHONE), lost, uuids=both) is None
    assert result_of(put(PHONE), put(other), lost, put(answered), uuids=both) == "answered"


def test_what_happens_later_changes_no_result() -> None:
    talking = in_state(PHONE, StateName.BRIDGED)
    end = gone(talking, "recv_bye", "NORMAL_CLEARING")
    assert result_of(put(talking), end) == CallResult.ANSWERED


def test_other_channels_and_rows_decide_nothing() -> None:
    stranger = replace(PHONE, uuid="stranger")
    row = Change(Element.CHANNEL_WAITING, ChangeKind.ADDED, WaitingChannel(uuid="phone"), "added")
    assert result_of(row, gone(stranger, "recv_refuse", "USER_BUSY")) is None


def test_a_call_without_channels_is_never_decided() -> None:
    assert result_of(gone(PHONE, "recv_refuse", "USER_BUSY"), uuids=()) is None


# Taking hold of a call

OUTSIDE: Final = Channel(
    uuid="outside",
    direction=Direction.INBOUND,
    peer_location=Location.EXTERNAL,
    calling_number="0312345678",
    called_number="1000",
    offered_at=1,
    state=Calling(1, "calling", target_type="user", target_id="1"),
)
ALICE: Final = Channel(
    uuid="alice",
    direction=Direction.OUTBOUND,
    peer_location=Location.INTERNAL,
    user_id="1",
    other_uuid="outside",
    offered_at=2,
)


def picture(*channels: Channel) -> Pbx:
    """Return a picture with two users, a group and some channels."""
    pbx = Pbx()
    for user_id in ("1", "2"):
        user = User(id=user_id, label=f"User {user_id}", main_extension=f"100{user_id}")
        pbx.apply(Change(Element.USER, ChangeKind.ADDED, user, "added"))
    group = Group(id="7", label="Sales")
    pbx.apply(Change(Element.GROUP, ChangeKind.ADDED, group, "added"))
    for channel in channels:
        pbx.apply(put(channel))
    return pbx


def call_in(pbx: Pbx) -> Call:
    """Return the only call."""
    [call] = pbx.calls
    return call


def talking() -> tuple[Channel, Channel]:
    """Return two channels that talk to each other."""
    bridged = ChannelState(5, StateName.BRIDGED)
    return (
        replace(OUTSIDE, answered_at=5, state=bridged, other_uuid="alice"),
        replace(ALICE, answered_at=5, state=bridged),
    )


def test_a_user_hangs_up_his_phones_and_the_phone_system_all() -> None:
    second = replace(ALICE, uuid="alice2")
    pbx = picture(OUTSIDE, ALICE, second)
    assert set(to_hang_up(call_in(pbx), "1")) == {"alice", "alice2"}
    assert to_hang_up(call_in(pbx), None)[0] == "outside"
    assert len(to_hang_up(call_in(pbx), None)) == 3


def test_the_other_party_is_moved() -> None:
    for channels in ((OUTSIDE, ALICE), talking()):
        pbx = picture(*channels)
        moved = to_move(pbx, call_in(pbx), "1")
        assert moved is not None
        assert moved.uuid == "outside"
        assert to_move(pbx, call_in(pbx), None) == moved


def test_who_is_on_hold_is_moved_although_nobody_names_him() -> None:
    outside, alice = talking()
    held = replace(outside, other_uuid=None, state=Parked(6, StateName.PARK))
    pbx = picture(outside, alice, held, replace(alice, other_uuid=None))
    assert to_move(pbx, call_in(pbx), "1") == held


def test_a_phone_that_rings_is_not_moved() -> None:
    caller = replace(OUTSIDE, user_id="2", peer_location=Location.INTERNAL, other_uuid="alice")
    pbx = picture(caller, ALICE)
    assert to_move(pbx, call_in(pbx), "2") is None


def test_nobody_is_moved_whose_channel_has_gone() -> None:
    outside, alice = talking()
    pbx = picture(outside, alice)
    pbx.apply(gone(outside, "recv_bye", "NORMAL_CLEARING"))
    assert to_move(pbx, call_in(pbx), None) is None


@pytest.mark.parametrize(
    ("now", "moved"),
    [
        (talking()[0], False),
        (replace(OUTSIDE, state=None), False),
        (replace(OUTSIDE, state=Calling(6, "calling", target_id="2")), True),
        (replace(OUTSIDE, state=Parked(6, "park")), False),
        (replace(OUTSIDE, state=ChannelState(6, "bridged"), other_uuid="alice"), False),
        (replace(OUTSIDE, state=ChannelState(6, "bridged"), other_uuid="new"), True),
        (replace(OUTSIDE, state=ChannelState(6, "bridged")), False),
        (replace(OUTSIDE, state=ChannelState(6, "voicemail")), True),
    ],
)
def test_a_channel_is_moved_when_it_calls_or_reaches_somebody_else(
    now: Channel, *, moved: bool
) -> None:
    assert is_moved(talking()[0], now, {"outside", "alice"}) is moved


# The overview


def look(*channels: Channel) -> CallView:
    """Return the only call of some channels."""
    pbx = picture(*channels)
    return view(pbx, call_in(pbx))


def test_a_call_that_rings() -> None:
    shown = look(OUTSIDE, ALICE)
    assert (shown.stage, shown.way) == (CallStage.RINGING, CallWay.INCOMING)
    assert (shown.began_at, shown.since) == (1, 2)
    assert shown.users.keys() == {"1"}


def test_a_call_that_is_on_hold() -> None:
    outside, alice = talking()
    held = replace(outside, other_uuid=None, state=Parked(6, StateName.PARK))
    shown = look(held, alice)
    assert (shown.stage, shown.slot, shown.since) == (CallStage.ON_HOLD, None, 6)


def test_a_call_that_waits_for_a_group() -> None:
    calling = Calling(4, "calling", target_type="group", target_id="7")
    shown = look(replace(OUTSIDE, state=calling))
    assert (shown.stage, shown.since) == (CallStage.WAITING, 4)
    assert shown.group_ids == {"7"}


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        ("voicemail", CallStage.VOICEMAIL),
        ("checking_voicemail", CallStage.VOICEMAIL),
        ("ivr", CallStage.MENU),
        ("xml_ivr", CallStage.MENU),
        ("bridged", CallStage.TALKING),
        ("system_operation", CallStage.DIALING),
    ],
)
def test_a_call_with_a_machine(name: str, stage: CallStage) -> None:
    shown = look(in_state(OUTSIDE, name))
    assert (shown.stage, shown.since) == (stage, 3)


def test_a_user_who_hears_a_menu() -> None:
    caller = replace(OUTSIDE, user_id="2", peer_location=Location.INTERNAL)
    shown = look(in_state(caller, "ivr"))
    assert (shown.stage, shown.way) == (CallStage.MENU, CallWay.INTERNAL)


def test_a_call_without_any_state() -> None:
    shown = look(replace(OUTSIDE, state=None))
    assert (shown.stage, shown.since) == (CallStage.DIALING, None)


def test_a_call_whose_caller_is_hidden() -> None:
    leg = replace(ALICE, calling_number="0312345678", other_uuid="hidden")
    shown = look(leg)
    assert shown.caller.number == "0312345678"
    assert (shown.stage, shown.began_at) == (CallStage.RINGING, 2)


def test_a_user_who_dials_to_the_outside() -> None:
    caller = replace(
        OUTSIDE,
        user_id="2",
        peer_location=Location.INTERNAL,
        state=Calling(4, "calling", target_location="ext", target_type="pstn", address="03"),
    )
    shown = look(caller)
    assert (shown.stage, shown.way) == (CallStage.DIALING, CallWay.OUTGOING)
