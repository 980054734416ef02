"""The tuples inside a channel's row are read by the positions of the protocol document."""

from collections.abc import Callable
from reprlib import repr as shortened
import tracemalloc

from hypothesis import given
import pytest

from custom_components.ws_cti.cti.basix import states
from custom_components.ws_cti.cti.basix.bert import Term
from custom_components.ws_cti.cti.basix.opaque import Opaque
from custom_components.ws_cti.cti.basix.terms import Both
from custom_components.ws_cti.cti.model import (
    Calling,
    ChannelState,
    Eavesdropping,
    EndUser,
    EndUsers,
    Hangup,
    InSystem,
    InVoicemail,
    OtherChannel,
    Parked,
    Target,
)
from custom_components.ws_cti.cti.plain import plain

from .any_term import Written, terms
from .hostile import steadily

AT = 1_790_000_000_000_000


def read_by[T](read: Callable[[Term], Both[T] | None]) -> Callable[[Term], T | None]:
    """Return what a term is read as, which has to say the same as its plain data."""

    def said(term: Term) -> T | None:
        if (both := read(term)) is None:
            return None
        thing, data = both
        assert plain(thing) == data
        return thing

    return said


state_of = read_by(states.state_of)
target_of = read_by(states.target_of)
end_users_of = read_by(states.end_users_of)
other_of = read_by(states.other_of)
origination_of = read_by(states.origination_of)
tags_of = read_by(states.tags_of)

POPEYE = EndUser("77", "Popeye", "Sea", "p.png", "東京")


# States


@pytest.mark.parametrize(
    ("term", "state"),
    [
        (
            (AT, "calling", "int", "user", (10001001, "rest")),
            Calling(AT, "calling", target_location="int", target_type="user", target_id="10001001"),
        ),
        (
            (AT, "calling", "int", "group", ("ring", 10001101, None, None, "group1")),
            Calling(
                AT,
                "calling",
                target_location="int",
                target_type="group",
                group_type="ring",
                target_id="10001101",
                group_queue_id="group1",
            ),
        ),
        (
            (AT, "calling", "int", "group", ("hunt", 10001101, "never", "read", "either")),
            Calling(
                AT,
                "calling",
                target_location="int",
                target_type="group",
                group_type="hunt",
                target_id="10001101",
            ),
        ),
        (
            (AT, "calling", "ext", "pstn", ("0312345678", "rest")),
            Calling(AT, "calling", target_location="ext", target_type="pstn", address="0312345678"),
        ),
        (
            (AT, "calling", "ext", "bridged_endpoint", ("alice", "other.pbx", "rest")),
            Calling(
                AT,
                "calling",
                target_location="ext",
                target_type="bridged_endpoint",
                address="alice@other.pbx",
            ),
        ),
        (
            (AT, "calling", "ext", "bridged_endpoint", (None, None)),
            Calling(AT, "calling", target_location="ext", target_type="bridged_endpoint"),
        ),
        (
            (AT, "calling", "int", "robot", ("R2", 2)),
            Calling(
                AT,
                "calling",
                ["int", "robot", ["R2", 2]],
                target_location="int",
                target_type="robot",
            ),
        ),
        (
            (AT, "calling", "int", "user", 10001001),
            Calling(AT, "calling", target_location="int", target_type="user", target_id="10001001"),
        ),
        ((AT, "calling", "int"), Calling(AT, "calling", ["int"], target_location="int")),
        ((AT, "calling"), Calling(AT, "calling")),
        (
            (AT, "calling", "satellite", "user", (10001001,)),
            Calling(
                AT, "calling", target_location="satellite", target_type="user", target_id="10001001"
            ),
        ),
        (
            (AT, "calling", None, "user", (10001001,)),
            Calling(AT, "calling", target_type="user", target_id="10001001"),
        ),
    ],
    ids=shortened,
)
def test_calling_says_whom(term: Term, state: Calling) -> None:
    assert state_of(term) == state


def test_whom_a_channel_calls_is_a_user_or_a_group() -> None:
    user = state_of((AT, "calling", "int", "user", (10001001,)))
    group = state_of((AT, "calling", "int", "group", ("ring", 10001101)))
    assert isinstance(user, Calling)
    assert isinstance(group, Calling)
    assert (user.user_id, user.group_id) == ("10001001", None)
    assert (group.user_id, group.group_id) == (None, "10001101")


@pytest.mark.parametrize(
    ("term", "state"),
    [
        (
            (AT, "voicemail", "user", 10001001, "user1"),
            InVoicemail(
                AT, "voicemail", target_type="user", target_id="10001001", target_name="user1"
            ),
        ),
        (
            (AT, "checking_voicemail", "user1"),
            InVoicemail(AT, "checking_voicemail", target_name="user1"),
        ),
        (
            (AT, "calling_siptermination", "sip:a@b"),
            InSystem(AT, "calling_siptermination", url="sip:a@b"),
        ),
        ((AT, "ivr", 7), InSystem(AT, "ivr", ivr_id=7)),
        ((AT, "ivr", "main_menu"), InSystem(AT, "ivr", ivr_id="main_menu")),
        (
            (AT, "system_operation", "lookup"),
            InSystem(AT, "system_operation", operation="lookup"),
        ),
        ((AT, "conference", 3), InSystem(AT, "conference", room_id=3)),
        ((AT, "xml_ivr"), ChannelState(AT, "xml_ivr")),
        ((AT, "bridged"), ChannelState(AT, "bridged")),
        ((AT, "ringing"), ChannelState(AT, "ringing")),
        ((AT, "ringing", "x", (1,)), ChannelState(AT, "ringing", ["x", [1]])),
        (
            (AT, "park", 901, None, 10001009, "user9"),
            Parked(AT, "park", slot="901", parker_id="10001009", parker_name="user9"),
        ),
        (
            (AT, "park", "997", "desk phone", "10001009", "user9"),
            Parked(
                AT,
                "park",
                slot="997",
                terminal_name="desk phone",
                parker_id="10001009",
                parker_name="user9",
            ),
        ),
        (
            (AT, "eavesdrop", "96174eec", "whispering"),
            Eavesdropping(AT, "eavesdrop", uuid="96174eec", eavesdrop_state="whispering"),
        ),
    ],
    ids=shortened,
)
def test_every_documented_state_says_what_the_document_says(
    term: Term, state: ChannelState
) -> None:
    found = state_of(term)
    assert found == state
    assert isinstance(found, type(state))


@pytest.mark.parametrize(
    ("term", "state"),
    [
        (
            (AT, "calling", "user", 10001001, "user1"),
            Calling(AT, "calling", target_type="user", target_id="10001001", target_name="user1"),
        ),
        (
            (AT, "calling", "group", 10001100, "group0"),
            Calling(AT, "calling", target_type="group", target_id="10001100", target_name="group0"),
        ),
        (
            (AT, "calling", "user", 10001001, [0x5C71, 0x7530]),
            Calling(AT, "calling", target_type="user", target_id="10001001", target_name="山田"),
        ),
        (
            (AT, "calling_external", "0312345678"),
            Calling(
                AT,
                "calling_external",
                target_location="ext",
                target_type="pstn",
                address="0312345678",
            ),
        ),
        ((AT, "plivo"), InSystem(AT, "xml_ivr")),
        ((AT, "park", 901), Parked(AT, "park", slot="901")),
    ],
    ids=shortened,
)
def test_the_layouts_of_2016_are_told_apart(term: Term, state: ChannelState) -> None:
    assert state_of(term) == state


@pytest.mark.parametrize(
    ("term", "state"),
    [
        ((AT, "dancing"), ChannelState(AT, "dancing")),
        ((AT, "dancing", "tango", 2), ChannelState(AT, "dancing", ["tango", 2])),
        (
            (AT, "dancing", Opaque(103, b""), 1 << 70),
            ChannelState(AT, "dancing", ["opaque term 103", str(1 << 70)]),
        ),
        ((None, "bridged"), ChannelState(None, "bridged")),
        ((str(AT), "bridged"), ChannelState(AT, "bridged")),
        (("soon", "bridged"), ChannelState(None, "bridged")),
        ([AT, "bridged"], ChannelState(AT, "bridged")),
        ((AT, "park"), Parked(AT, "park")),
        ((AT, "voicemail"), InVoicemail(AT, "voicemail")),
        ((AT, "ivr"), InSystem(AT, "ivr")),
        ((AT, "eavesdrop"), Eavesdropping(AT, "eavesdrop")),
        (None, None),
        ("bridged", None),
        ((), None),
        ([], None),
        ((AT,), None),
        (7, None),
    ],
    ids=shortened,
)
def test_unknown_and_incomplete_states_survive(term: Term, state: ChannelState | None) -> None:
    assert state_of(term) == state


# Targets


@pytest.mark.parametrize(
    ("term", "target"),
    [
        (
            ("group", 10001101, "group1", "0312345678"),
            Target("group", "10001101", "group1", "0312345678"),
        ),
        (("user", 10001001, "user1", None), Target("user", "10001001", "user1")),
        (("user",), Target("user")),
        (["user", 1], Target("user", "1")),
        (None, None),
        ([], None),
        ((), None),
        ("group", None),
    ],
    ids=shortened,
)
def test_a_target_is_type_id_name_and_address(term: Term, target: Target | None) -> None:
    assert target_of(term) == target


# Customers


@pytest.mark.parametrize(
    ("said", "customers"),
    [
        ("77*Popeye*Sea*p.png*%E6%9D%B1%E4%BA%AC", EndUsers(1, (POPEYE,))),
        ("77*Popeye*Sea*p.png", EndUsers(1, (EndUser("77", "Popeye", "Sea", "p.png"),))),
        ("77*Popeye*Sea*p.png**new*newer", EndUsers(1, (EndUser("77", "Popeye", "Sea", "p.png"),))),
        ("*Olive+Oyl%2B***", EndUsers(1, (EndUser(name="Olive Oyl+"),))),
        ("*M%FCller*100%*", EndUsers(1, (EndUser(name="Müller", organization="100%"),))),
        ("*A%2AB%7CC", EndUsers(1, (EndUser(name="A*B|C"),))),
        (
            "_MANY_:3|1*A*B*|77*Popeye*Sea*p.png*%E6%9D%B1%E4%BA%AC",
            EndUsers(3, (EndUser("1", "A", "B"), POPEYE)),
        ),
        ("_MANY_:1|1*A**|2*B**", EndUsers(2, (EndUser("1", "A"), EndUser("2", "B")))),
        ("_MANY_:2|1*A**|****", EndUsers(2, (EndUser("1", "A"),))),
        ("_MANY_:5", EndUsers(5, ())),
        ("_MANY_:many|1*A**", EndUsers(1, (EndUser("1", "A"),))),
        ("_MANY_:99999999999|1*A**", EndUsers(1, (EndUser("1", "A"),))),
        ("***", None),
        ("****", None),
        ("*", None),
        ("", None),
        (None, None),
        ([], None),
        ((1, 2), None),
    ],
    ids=shortened,
)
def test_customers_are_one_or_many_or_none(said: Term, customers: EndUsers | None) -> None:
    assert end_users_of(said) == customers


# The other leg


def test_the_other_channel_of_a_user() -> None:
    term = (
        "user", 10001003, "outbound", "internal", "10001003_t1", AT, 10001101,
        "%7B%22name%22%3A%22Popeye%22%7D",
    )  # fmt: skip
    assert other_of(term) == OtherChannel(
        type="user",
        user_id="10001003",
        direction="outbound",
        peer_location="internal",
        address="10001003_t1",
        offered_at=AT,
        group_id="10001101",
        whoscall={"name": "Popeye"},
    )


def test_the_other_channel_of_a_customer() -> None:
    term = (
        "end_user", "77*Popeye*Sea*p.png*%E6%9D%B1%E4%BA%AC", "inbound", "external",
        "0312345678", AT, 10001101, None,
    )  # fmt: skip
    assert other_of(term) == OtherChannel(
        type="end_user",
        end_user=EndUsers(1, (POPEYE,)),
        direction="inbound",
        peer_location="external",
        address="0312345678",
        offered_at=AT,
    )


def test_any_other_type_is_treated_as_a_customer() -> None:
    assert other_of((None, "1*A**")) == OtherChannel(end_user=EndUsers(1, (EndUser("1", "A"),)))


def test_a_leg_that_is_not_made_yet_has_not_been_offered() -> None:
    other = other_of(("user", 10001003, "outbound", "internal", "10001003_t1", None, 10001101))
    assert other is not None
    assert other.offered_at is None


@pytest.mark.parametrize(
    ("seventh", "answered_at", "whoscall"),
    [
        (AT, AT, None),
        (str(AT), AT, None),
        (0, None, None),
        (None, None, None),
        ("%5B1%5D", None, [1]),
        ("unknown caller", None, "unknown caller"),
        ([], None, None),
    ],
    ids=shortened,
)
def test_the_seventh_position_was_a_time_and_is_a_look_up(
    seventh: Term, answered_at: int | None, whoscall: object
) -> None:
    other = other_of(("user", 1, "outbound", "internal", "t1", AT, 2, seventh))
    assert other is not None
    assert (other.answered_at, other.whoscall) == (answered_at, whoscall)


@pytest.mark.parametrize("term", [None, (), [], "user", 7], ids=shortened)
def test_there_may_be_no_other_channel(term: Term) -> None:
    assert other_of(term) is None


# Small things


@pytest.mark.parametrize(
    ("said", "parts"),
    [
        ("call_user*10001000*%E5%B1%B1", ("call_user", "10001000", "山")),
        ("a+b**c", ("a+b", "", "c")),
        ("", None),
        (None, None),
        ([], None),
    ],
    ids=shortened,
)
def test_an_origination_has_parts_in_which_a_plus_is_a_plus(
    said: Term, parts: tuple[str, ...] | None
) -> None:
    assert origination_of(said) == parts


@pytest.mark.parametrize(
    ("said", "tags"),
    [
        ("monitoring_required", ("monitoring_required",)),
        ("auto_answer;monitoring_required;", ("auto_answer", "monitoring_required")),
        ("", None),
        (";", None),
        (None, None),
        ([], None),
    ],
    ids=shortened,
)
def test_tags_are_separated_by_semicolons(said: Term, tags: tuple[str, ...] | None) -> None:
    assert tags_of(said) == tags


@pytest.mark.parametrize(
    ("data", "hangup"),
    [
        ("recv_cancel,ORIGINATOR_CANCEL", Hangup("recv_cancel", "ORIGINATOR_CANCEL")),
        ("send_cancel,LOSE_RACE", Hangup("send_cancel", "LOSE_RACE")),
        ("send_bye,ALLOTTED_TIMEOUT", Hangup("send_bye", "ALLOTTED_TIMEOUT")),
        ("recv_refuse,USER_BUSY", Hangup("recv_refuse", "USER_BUSY")),
        ("sudden_silence,NEW,CAUSE", Hangup("sudden_silence", "NEW,CAUSE")),
        ("NORMAL_CLEARING", Hangup("NORMAL_CLEARING", "")),
        ("", None),
    ],
    ids=shortened,
)
def test_a_hangup_has_a_disposition_and_a_cause(data: str, hangup: Hangup | None) -> None:
    both = states.hangup_of(data)
    assert both == (None if hangup is None else (hangup, plain(hangup)))


@steadily(250)
@given(terms)
def test_any_term_in_any_place_is_read(term: Written) -> None:
    value = term.value
    for read in (state_of, target_of, end_users_of, other_of, origination_of, tags_of):
        read(value)
        read((AT, value))
        read((value, "calling", "int", "group", value))
        read(("user", value, value, value, value, value, value, value))


def test_long_texts_of_customers_are_not_kept() -> None:
    states.end_users_of("1*Popeye")
    tracemalloc.start()
    for number in range(300):
        assert end_users_of(f"{number}*{'x' * 20_000}") is not None
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 500_000
