"""Rows become model objects: every documented field, and whatever nobody documented."""

from collections.abc import Mapping
from reprlib import repr as shortened
from typing import Any, Final

import pytest

from custom_components.ws_cti.cti.basix.bert import Term
from custom_components.ws_cti.cti.basix.elements import item_of, mailbox_of
from custom_components.ws_cti.cti.basix.messages import Row
from custom_components.ws_cti.cti.basix.opaque import Opaque
from custom_components.ws_cti.cti.model import (
    Channel,
    ChannelState,
    Domain,
    EndUser,
    EndUsers,
    Group,
    Hangup,
    MailboxReport,
    Membership,
    MessageWaiting,
    OtherChannel,
    Parked,
    Target,
    Terminal,
    User,
    WaitingChannel,
)
from custom_components.ws_cti.cti.plain import plain
from custom_components.ws_cti.cti.words import Element

type Fields = Mapping[str, Any]

AT: Final = 1_790_000_000_000_000

USER: Final[Fields] = {
    "id": 10001001,
    "name": "user1",
    "fwd_always_status": 0,
    "do_not_disturb_status": 1,
    "language": 0,
    "main_extension": "1001",
    "presence": 3,
    "role": 100,
    "park_group": 2,
    "mwi_target": "user1",
    "flags": 1024,
    "followme": "1002;1003",
    "email": "user1@test1.com",
    "avatar": "x.png",
    "label": "山田 太郎",
    "mwi": "2/5",
}
CHANNEL: Final[Fields] = {
    "uuid": "96174eec",
    "direction": "inbound",
    "peer_location": "external",
    "calling_name": "Popeye",
    "calling_number": "0300000001",
    "called_number": "0312345678",
    "offer_timestamp": AT,
    "answer_timestamp": AT + 5,
    "hangup_timestamp": AT + 9,
    "other_uuid": "741abdd3",
    "user_id": 10001001,
    "state": (AT + 5, "bridged"),
    "group_id": 10001101,
    "target": ("group", 10001101, "group1", "0312345678"),
    "origination": "call_user*1",
    "end_user": "77*Popeye*Sea*p.png",
    "tags": "auto_answer;monitoring_required",
    "last_bridged_user_id": 10001003,
    "last_event": "CHANNEL_HANGUP",
    "last_event_data": "recv_bye,NORMAL_CLEARING",
    "other_info": (
        "user",
        10001003,
        "outbound",
        "internal",
        "t1",
        AT + 1,
        10001101,
        "%5B1%5D",
    ),
    "call_id": "3@pbx",
}


def row_of(fields: Fields) -> Row:
    return Row(tuple(fields), tuple(fields.values()))


def read(element: Element, row: Fields) -> Any:  # noqa: ANN401 - of its own class
    item = item_of(element, row_of(row))
    if isinstance(item, (Channel, WaitingChannel)):
        assert item.told == plain(item)
    return item


@pytest.mark.parametrize("element", Element)
def test_every_element_of_the_document_is_read(element: Element) -> None:
    assert item_of(element, row_of({"id": 1, "uuid": "a", "group_id": 2, "user_id": 3})) is not None


# Users


def test_a_user_has_every_documented_field() -> None:
    assert read(Element.USER, USER) == User(
        id="10001001",
        name="user1",
        label="山田 太郎",
        main_extension="1001",
        email="user1@test1.com",
        avatar="x.png",
        presence=3,
        do_not_disturb_status=1,
        fwd_always_status=0,
        language=0,
        role=100,
        park_group=2,
        flags=1024,
        followme="1002;1003",
        mwi_target="user1",
        mwi=MessageWaiting("2/5", 2, 5),
    )


@pytest.mark.parametrize(
    ("status", "is_on"),
    [
        (0, False),
        (1, True),
        (2, True),
        (True, True),
        (False, False),
        ("0", False),
        ("1", True),
        ("on", True),
        ("off", False),
        ("True", True),
        ("False", False),
        ("registered", None),
        ("unregistered", None),
        ("", None),
        ([], None),
        (None, None),
        ((1, 2), None),
        (Opaque(103, b""), None),
    ],
    ids=shortened,
)
def test_zero_is_off_and_another_number_is_on_and_a_strange_word_is_neither(
    status: Term,
    is_on: bool | None,  # noqa: FBT001
) -> None:
    user = read(Element.USER, {"id": 1, "do_not_disturb_status": status})
    assert user.do_not_disturb is is_on
    assert read(Element.USER, {"id": 1, "fwd_always_status": status}).forwarding is is_on
    assert read(Element.TERMINAL, {"id": 1, "registered": status}).registered is is_on
    membership = {"id": 1, "group_id": 2, "user_id": 3, "login_status": status}
    assert read(Element.GROUP_MEMBER, membership).logged_in is is_on


@pytest.mark.parametrize("code", [0, 1, 7, -1, 1 << 40, "away", None], ids=shortened)
def test_presence_is_the_code_that_came_and_no_word_of_ours(code: Term) -> None:
    assert read(Element.USER, {"id": 1, "presence": code}).presence == code


@pytest.mark.parametrize(
    ("row", "title"),
    [
        ({"label": "山田", "name": "user1", "main_extension": "1001"}, "山田"),
        ({"label": None, "name": "user1", "main_extension": "1001"}, "user1"),
        ({"name": "", "main_extension": "1001"}, "1001"),
        ({}, "1"),
    ],
    ids=shortened,
)
@pytest.mark.parametrize("element", [Element.USER, Element.GROUP])
def test_people_call_somebody_by_the_best_name_there_is(
    element: Element, row: Fields, title: str
) -> None:
    assert read(element, {"id": 1, **row}).title == title


# Groups, memberships, terminals, the domain


def test_a_group_has_every_documented_field() -> None:
    row = {
        "id": 10001101,
        "name": "group1",
        "type": 1,
        "language": 0,
        "main_extension": "1101",
        "queue": 0,
        "label": "グループ",
        "flags": 4,
        "check_login_status": 1,
        "mwi": "",
    }
    assert read(Element.GROUP, row) == Group(
        id="10001101",
        name="group1",
        label="グループ",
        main_extension="1101",
        type=1,
        language=0,
        queue=0,
        flags=4,
        check_login_status=1,
        mwi=MessageWaiting("", 0, 0),
    )


def test_a_membership_has_every_documented_field() -> None:
    row = {
        "id": 110001000,
        "group_id": 10001100,
        "user_id": 10001000,
        "priority": 2,
        "login_status": 1,
        "role": 0,
    }
    membership = Membership(
        id="110001000",
        group_id="10001100",
        user_id="10001000",
        priority=2,
        login_status=1,
        role=0,
    )
    assert read(Element.GROUP_MEMBER, row) == membership


def test_a_terminal_has_every_documented_field() -> None:
    row = {
        "id": 1000,
        "name": "10001000_t1",
        "assoc_user_id": 10001000,
        "type": 0,
        "user_agent": "Yealink SIP-T54W",
        "registered": True,
    }
    assert read(Element.TERMINAL, row) == Terminal(
        id="1000",
        name="10001000_t1",
        user_id="10001000",
        type=0,
        user_agent="Yealink SIP-T54W",
        registered_status=True,
    )


def test_a_terminal_may_be_nobodys() -> None:
    assert read(Element.TERMINAL, {"id": 1, "assoc_user_id": None}) == Terminal(id="1")


def test_the_domain_keeps_every_field_as_nobody_documented_any() -> None:
    row = {"id": 1, "name": "test1.com", "night_mode_status": 0, "limits": (1, 2)}
    assert read(Element.DOMAIN, row) == Domain(
        {"id": 1, "name": "test1.com", "night_mode_status": 0, "limits": [1, 2]}
    )


# Channels


def test_a_channel_has_every_documented_field() -> None:
    assert read(Element.CHANNEL, CHANNEL) == Channel(
        uuid="96174eec",
        direction="inbound",
        peer_location="external",
        calling_name="Popeye",
        calling_number="0300000001",
        called_number="0312345678",
        offered_at=AT,
        answered_at=AT + 5,
        hung_up_at=AT + 9,
        other_uuid="741abdd3",
        user_id="10001001",
        state=ChannelState(AT + 5, "bridged"),
        group_id="10001101",
        target=Target("group", "10001101", "group1", "0312345678"),
        origination=("call_user", "1"),
        end_user=EndUsers(1, (EndUser("77", "Popeye", "Sea", "p.png"),)),
        tags=("auto_answer", "monitoring_required"),
        last_bridged_user_id="10001003",
        last_event="CHANNEL_HANGUP",
        last_event_data="recv_bye,NORMAL_CLEARING",
        hangup=Hangup("recv_bye", "NORMAL_CLEARING"),
        other=OtherChannel(
            type="user",
            user_id="10001003",
            direction="outbound",
            peer_location="internal",
            address="t1",
            offered_at=AT + 1,
            group_id="10001101",
            whoscall=[1],
        ),
        call_id="3@pbx",
    )


def test_a_channel_of_2016_names_its_user_and_its_group() -> None:
    channel = read(
        Element.CHANNEL,
        {"uuid": "a", "user_name": "user1", "group_name": "group0", "offer_timestamp": str(AT)},
    )
    assert (channel.user_name, channel.group_name) == ("user1", "group0")
    assert channel.offered_at == AT


@pytest.mark.parametrize(
    ("row", "ended"),
    [
        ({}, False),
        ({"last_event": "CHANNEL_ANSWER", "hangup_timestamp": None}, False),
        ({"last_event": "CHANNEL_HANGUP"}, True),
        ({"last_event": "STATE_CHANGE", "hangup_timestamp": AT}, True),
    ],
    ids=shortened,
)
def test_a_channel_has_ended_by_its_last_event_or_its_time(row: Fields, ended: bool) -> None:  # noqa: FBT001
    assert read(Element.CHANNEL, {"uuid": "a", **row}).ended is ended


@pytest.mark.parametrize("event", ["CHANNEL_ANSWER", "STATE_CHANGE", "", None])
def test_only_a_hangup_has_a_cause(event: str | None) -> None:
    said = {"last_event": event, "last_event_data": "recv_bye,NORMAL_CLEARING"}
    assert read(Element.CHANNEL, {"uuid": "a", **said}).hangup is None


def test_what_an_event_says_is_kept_in_any_shape() -> None:
    channel = read(
        Element.CHANNEL,
        {"uuid": "a", "last_event": "CHANNEL_HANGUP", "last_event_data": ("recv_bye", 16)},
    )
    assert channel.last_event_data == ["recv_bye", 16]
    assert channel.hangup is None


def test_a_caller_look_up_of_a_channel_is_decoded() -> None:
    row = {"uuid": "a", "whoscall": "%7B%22name%22%3A%22Popeye%22%7D"}
    for element in (Element.CHANNEL, Element.CHANNEL_WAITING):
        assert read(element, row).told["whoscall"] == {"name": "Popeye"}
    assert read(Element.CHANNEL, row).whoscall == {"name": "Popeye"}


@pytest.mark.parametrize(
    "element", [Element.CHANNEL_WAITING, Element.QUEUED_CHANNEL, Element.PARKED_CHANNEL]
)
def test_waiting_channels_have_every_field_that_the_web_phone_reads(element: Element) -> None:
    row: Fields = {
        "uuid": "96174eec",
        "state": (AT, "park", 901, None, 10001009, "user9"),
        "direction": "inbound",
        "peer_location": "external",
        "calling_number": "0300000009",
        "called_number": "0312345678",
        "offer_timestamp": AT - 9,
        "user_id": 10001009,
        "end_user": "1*A**",
        "whoscall": None,
    }
    channel = read(element, row)
    assert channel == WaitingChannel(
        "96174eec", Parked(AT, "park", slot="901", parker_id="10001009", parker_name="user9")
    )
    assert channel.told == {
        "uuid": "96174eec",
        "state": {
            "since": AT,
            "name": "park",
            "slot": "901",
            "parker_id": "10001009",
            "parker_name": "user9",
        },
        "direction": "inbound",
        "peer_location": "external",
        "peer_number": "0300000009",
        "called_number": "0312345678",
        "offered_at": AT - 9,
        "user_id": "10001009",
        "end_user": {"count": 1, "items": [{"id": "1", "name": "A"}]},
    }


def test_queued_and_parked_channels_may_name_their_peer_directly() -> None:
    row = {"uuid": "a", "state": None, "peer_number": "0300000009", "end_user": "***"}
    channel = read(Element.QUEUED_CHANNEL, row)
    assert channel == WaitingChannel("a")
    assert channel.told == {"uuid": "a", "peer_number": "0300000009"}


def test_who_waits_and_was_never_a_row_is_shown_by_his_state() -> None:
    state = ChannelState(AT, "ringing")
    shown = {"uuid": "a", "state": {"since": AT, "name": "ringing"}}
    assert plain(WaitingChannel("a", state)) == shown


# What nobody documented


IDENTITIES: Final[dict[Element, Fields]] = {
    Element.USER: {"id": 1},
    Element.GROUP: {"id": 1},
    Element.GROUP_MEMBER: {"id": 1, "group_id": 2, "user_id": 3},
    Element.TERMINAL: {"id": 1},
    Element.CHANNEL: {"uuid": "a"},
    Element.CHANNEL_WAITING: {"uuid": "a"},
    Element.QUEUED_CHANNEL: {"uuid": "a"},
    Element.PARKED_CHANNEL: {"uuid": "a"},
}
each_element = pytest.mark.parametrize("element", IDENTITIES)


def extra_of(item: Any) -> Mapping[str, Any]:  # noqa: ANN401 - of its own class
    """Return what nobody documented; of who waits it stands among what was told."""
    if isinstance(item, WaitingChannel):
        extra = (item.told or {}).get("extra", {})
        assert isinstance(extra, Mapping)
        return extra
    extra = item.extra
    assert isinstance(extra, Mapping)
    return extra


@each_element
def test_fields_that_nobody_documented_survive(element: Element) -> None:
    item = read(element, {**IDENTITIES[element], "shoe_size": 43, "pets": ("cat", None)})
    assert extra_of(item) == {"shoe_size": 43, "pets": ["cat", None]}


@each_element
def test_a_row_may_lack_everything_but_its_name(element: Element) -> None:
    item = read(element, IDENTITIES[element])
    assert extra_of(item) == {}
    assert plain(item)


@pytest.mark.parametrize(
    "element",
    [Element.USER, Element.GROUP, Element.GROUP_MEMBER, Element.TERMINAL, Element.CHANNEL],
)
def test_what_no_row_has_is_nobodys_to_change(element: Element) -> None:
    with pytest.raises(TypeError):
        read(element, IDENTITIES[element]).extra["shoe_size"] = 43


@each_element
def test_each_row_is_read_in_the_order_of_its_own_spec(element: Element) -> None:
    fields = {**IDENTITIES[element], "shoe_size": 43, "user_id": 3, "state": (AT, "bridged")}
    backwards = dict(reversed(fields.items()))
    assert read(element, backwards) == read(element, fields)
    assert plain_fields(read(element, backwards)) == plain_fields(read(element, fields))
    assert item_of(element, Row(tuple(fields), [*fields.values()])) == read(element, fields)


@each_element
def test_undefined_everywhere_is_as_good_as_absent(element: Element) -> None:
    whole = {**USER, **CHANNEL, "priority": 0, "registered": 0, "type": 0, "peer_number": ""}
    known = read(element, {**dict.fromkeys(whole), **IDENTITIES[element]})
    assert plain({**plain_fields(known), "extra": {}}) == plain_fields(
        read(element, IDENTITIES[element])
    ) | {"extra": {}}


def plain_fields(item: object) -> dict[str, object]:
    shown = plain(item)
    assert isinstance(shown, dict)
    return dict(shown)


@each_element
def test_a_row_that_names_nothing_is_nothing(element: Element) -> None:
    for name in IDENTITIES[element]:
        nothings: tuple[Term, ...] = (None, "", [], True, ("a",))
        for nothing in nothings:
            assert read(element, {**IDENTITIES[element], name: nothing}) is None


@pytest.mark.parametrize("empty", ["", [], None], ids=shortened)
def test_an_empty_text_is_empty_in_every_shape(empty: Term) -> None:
    user = read(Element.USER, {**dict.fromkeys(USER, empty), "id": 1})
    assert (user.name, user.label, user.email) == ("", "", "")
    assert user.mwi == MessageWaiting("", 0, 0)
    channel = read(Element.CHANNEL, {**dict.fromkeys(CHANNEL, empty), "uuid": "a"})
    assert (channel.end_user, channel.target, channel.other, channel.state) == (None,) * 4
    assert (channel.origination, channel.tags, channel.user_id) == ((), (), None)


# Mailboxes of 2016


@pytest.mark.parametrize(
    ("row", "report"),
    [
        (
            {"target_type": "user", "target_id": 10001001, "mwi": "2/5"},
            MailboxReport(Element.USER, "10001001", MessageWaiting("2/5", 2, 5)),
        ),
        (
            {"target_type": "group", "target_id": "10001101", "mwi": ""},
            MailboxReport(Element.GROUP, "10001101", MessageWaiting("", 0, 0)),
        ),
        ({"target_type": "robot", "target_id": 1, "mwi": "2/5"}, None),
        ({"target_type": "user", "mwi": "2/5"}, None),
        ({}, None),
    ],
    ids=shortened,
)
def test_a_mailbox_is_somebodys(row: Fields, report: MailboxReport | None) -> None:
    assert mailbox_of(row_of(row)) == report


# Model objects as plain data


def test_plain_data_leave_out_what_is_empty_and_keep_zero_and_no() -> None:
    assert plain(read(Element.USER, {"id": 1, "presence": 0, "mwi": "", "role": False})) == {
        "id": "1",
        "presence": 0,
        "role": False,
        "mwi": {"new": 0, "saved": 0},
    }


def test_plain_data_hold_what_is_inside() -> None:
    shown = plain(read(Element.CHANNEL, CHANNEL))
    assert isinstance(shown, dict)
    assert shown["state"] == {"since": AT + 5, "name": "bridged"}
    assert shown["tags"] == ["auto_answer", "monitoring_required"]
    assert shown["end_user"] == {
        "count": 1,
        "items": [{"id": "77", "name": "Popeye", "organization": "Sea", "avatar": "p.png"}],
    }


def test_plain_data_know_only_plain_types() -> None:
    shown = plain((Element.USER, {Element.GROUP: None}, [1.5, True]))
    assert shown == ["user", {"group": None}, [1.5, True]]
    assert isinstance(shown, list)
    assert type(shown[0]) is str
