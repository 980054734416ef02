"""A connection is addressed as documented, and its frames become changes or are refused."""

from base64 import b64decode
from collections.abc import Iterable
import json
import tracemalloc
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from hypothesis import given, strategies as st
import orjson
import pytest

from custom_components.ws_cti.cti.basix.driver import (
    BasixDriver,
    BasixSession,
    OneUser,
    UserNamedBy,
    server_of,
)
from custom_components.ws_cti.cti.basix.messages import MAX_FIELDS
from custom_components.ws_cti.cti.errors import (
    CtiError,
    LimitReachedError,
    MalformedError,
    ProtocolError,
    RejectedError,
    ReplacedError,
)
from custom_components.ws_cti.cti.model import (
    Calling,
    Change,
    Channel,
    ChannelState,
    MailboxReport,
    MessageWaiting,
    Notice,
    Parked,
    Snapshot,
    Update,
    User,
    WaitingChannel,
)
from custom_components.ws_cti.cti.pbx import Pbx
from custom_components.ws_cti.cti.plain import plain
from custom_components.ws_cti.cti.words import ChangeKind, Element
from simulator.bert import BERT_NIL, Atom, Charlist, Term, term_to_binary
from simulator.rows import FIELDS
from simulator.words import Element as SimulatedElement

from . import erlang, recorded
from .any_term import Written, terms
from .hostile import arbitrary_frames, steadily

AT: Final = 1_790_000_000_000_000
DRIVER: Final = BasixDriver(
    server="bcs.brastel.com", domain="brs.basix.ne.jp", token="sésame:1", app_name="pbx_cti"
)


# Where a phone system is


def query_of(driver: BasixDriver) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(driver.address.url).query, strict_parsing=True))


def test_the_whole_phone_system_is_watched_unless_a_user_is_named() -> None:
    assert query_of(DRIVER) == {"app_name": "pbx_cti", "full_events": "true", "forced": "true"}


@pytest.mark.parametrize("named_by", UserNamedBy)
def test_one_user_is_named_in_one_of_the_documented_ways(named_by: UserNamedBy) -> None:
    driver = BasixDriver(
        server="bcs.brastel.com",
        domain="d",
        token="t",
        app_name="a&b",
        one_user=OneUser(named_by, "O'Neil & 山田+"),
    )
    assert query_of(driver) == {
        "app_name": "a&b",
        str(named_by): "O'Neil & 山田+",
        "forced": "true",
    }


def test_another_connection_is_pushed_out_only_by_force() -> None:
    driver = BasixDriver(server="s", domain="d", token="t", app_name="a", forced=False)
    assert "forced" not in query_of(driver)


@pytest.mark.parametrize(("use_tls", "scheme"), [(True, "wss"), (False, "ws")])
def test_the_address_is_that_of_the_document(use_tls: bool, scheme: str) -> None:  # noqa: FBT001
    driver = BasixDriver(server="[::1]:8443", domain="d", token="t", app_name="a", use_tls=use_tls)
    parts = urlsplit(driver.address.url)
    assert (parts.scheme, parts.netloc, parts.path) == (
        scheme,
        "[::1]:8443",
        "/basix/api/ws_cti",
    )


def test_the_login_is_domain_and_token_in_a_header() -> None:
    kind, _, login = DRIVER.address.headers["Authorization"].partition(" ")
    assert kind == "Basic"
    assert b64decode(login).decode() == "brs.basix.ne.jp:sésame:1"


def test_the_token_shows_nowhere_else() -> None:
    _, _, login = DRIVER.address.headers["Authorization"].partition(" ")
    for shown in (repr(DRIVER), repr(DRIVER.address), DRIVER.address.url):
        assert "same" not in shown
        assert login not in shown


@pytest.mark.parametrize(
    ("said", "server"),
    [
        ("bcs.brastel.com", "bcs.brastel.com"),
        ("  BCS.Brastel.com\n", "bcs.brastel.com"),
        ("bcs.brastel.com:8443", "bcs.brastel.com:8443"),
        ("https://bcs.brastel.com/basix/login?next=/", "bcs.brastel.com"),
        ("wss://qabcs.brastel.com:443/basix/api/ws_cti?app_name=x", "qabcs.brastel.com:443"),
        ("bcs.brastel.com/basix/", "bcs.brastel.com"),
        ("192.0.2.7", "192.0.2.7"),
        ("[2001:db8::1]", "[2001:db8::1]"),
        ("http://[2001:db8::1]:8080/", "[2001:db8::1]:8080"),
    ],
)
def test_a_server_is_named_as_people_type_or_paste_it(said: str, server: str) -> None:
    assert server_of(said) == server


@pytest.mark.parametrize(
    "said",
    [
        "",
        "   ",
        "https://",
        "/basix/api",
        ":8443",
        "my server",
        "bcs.brastel.com:eighty",
        "bcs.brastel.com:99999",
        "domain:token@bcs.brastel.com",
        "https://domain:token@bcs.brastel.com",
        "[::1",
    ],
)
def test_what_names_no_server_is_refused(said: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - a person is told in words of the form
        server_of(said)


# What a connection tells


def frame(*parts: Term) -> bytes:
    return term_to_binary(parts)


def spec(element: str, *fields: str) -> bytes:
    names: list[Term] = [Atom(name) for name in fields]
    return frame(Atom("field_spec"), Charlist(element), names)


def event(element: str, name: str, *row: Term) -> bytes:
    return frame(Atom("info_event"), Charlist(element), row, Charlist(name))


def initial(element: str, *rows: Term) -> bytes:
    return frame(Atom("initial_info"), Charlist(element), list(rows) or BERT_NIL)


def session(*frames: bytes) -> BasixSession:
    """Return a session that has heard some frames."""
    made = DRIVER.session()
    for one in frames:
        made.receive(one)
    return made


USERS: Final = spec("user", "id", "name")
CHANNELS: Final = spec("channel", "uuid", "last_event")


@pytest.mark.parametrize("kind", ChangeKind)
def test_an_event_is_a_change_of_its_kind(kind: ChangeKind) -> None:
    (told,) = session(USERS).receive(event("user", kind, 1, b"user1"))
    assert told == Change(Element.USER, kind, User(id="1", name="user1"), str(kind))


def test_an_event_with_an_unknown_name_is_an_update_that_keeps_its_name() -> None:
    (told,) = session(CHANNELS).receive(event("channel", "polished", b"a", Atom("NEW_CHANNEL")))
    channel = Channel(uuid="a", last_event="NEW_CHANNEL")
    assert told == Change(Element.CHANNEL, ChangeKind.UPDATED, channel, "polished")


@pytest.mark.parametrize("name", [Atom("user"), Charlist("user"), b"user"], ids=repr)
@pytest.mark.parametrize("word", [Atom("removed"), Charlist("removed"), b"removed"], ids=repr)
@pytest.mark.parametrize("row", [(1, b"user1"), [1, b"user1"]], ids=["tuple", "list"])
@pytest.mark.parametrize("more", [(), (7,)], ids=["four terms", "a term more"])
def test_an_event_is_the_same_in_whatever_terms(
    name: Term, row: Term, word: Term, more: tuple[Term, ...]
) -> None:
    heard = session(USERS)
    (told,) = heard.receive(frame(Atom("info_event"), name, row, word, *more))
    assert told == Change(
        Element.USER, ChangeKind.REMOVED, User(id="1", name="user1"), ChangeKind.REMOVED
    )


@pytest.mark.parametrize(
    "parts",
    [
        (Charlist("user"), b"ab", Charlist("added")),
        (Charlist("user"), Atom("row"), Charlist("added")),
        ([], (1, b"user1"), Charlist("added")),
        ((b"user",), (1, b"user1"), Charlist("added")),
        (Charlist("group"), (1, b"group1"), Charlist("added")),
    ],
    ids=["text for a row", "atom for a row", "no name", "tuple for a name", "no field spec"],
)
def test_what_is_no_event_of_a_known_element_is_refused(parts: tuple[Term, ...]) -> None:
    heard = session(USERS)
    with pytest.raises(ProtocolError):
        heard.receive(frame(Atom("info_event"), *parts))
    (told,) = heard.receive(event("user", "added", 1, b"user1"))
    assert told == Change(Element.USER, ChangeKind.ADDED, User(id="1", name="user1"), "added")


@pytest.mark.parametrize("word", [b"", Atom("undefined"), [], (b"added",)], ids=repr)
def test_an_event_without_a_word_is_an_update(word: Term) -> None:
    (told,) = session(USERS).receive(frame(Atom("info_event"), Atom("user"), (1,), word))
    assert told == Change(Element.USER, ChangeKind.UPDATED, User(id="1"), "")


def test_a_later_field_spec_names_the_fields_of_later_events() -> None:
    heard = session(USERS, event("user", "added", 1, b"user1"), spec("user", "name", "id"))
    (told,) = heard.receive(event("user", "updated", b"user2", 1))
    assert told == Change(Element.USER, ChangeKind.UPDATED, User(id="1", name="user2"), "updated")


def test_a_field_spec_that_is_refused_changes_nothing() -> None:
    heard = session(USERS)
    with pytest.raises(ProtocolError):
        heard.receive(spec("user", "name", "id", *map(str, range(MAX_FIELDS))))
    (told,) = heard.receive(event("user", "added", 1, b"user1"))
    assert told == Change(Element.USER, ChangeKind.ADDED, User(id="1", name="user1"), "added")


def test_a_server_that_invents_fields_of_known_elements_is_not_remembered_for_it() -> None:
    heard = session()
    tracemalloc.start()
    for number in range(1000):
        fields = [f"{number:030} {field:030}" for field in range(100)]
        heard.receive(spec("user", "id", *fields))
        heard.receive(event("user", "added", 1, b"x"))
    kept, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert kept < 2_000_000


@pytest.mark.parametrize("name", recorded.SESSIONS)
def test_what_a_frame_says_is_what_the_message_in_it_says(name: str) -> None:
    heard, step_by_step = session(), session()
    for raw in recorded.frames(name):
        try:
            told = heard.receive(raw)
        except RejectedError:
            continue  # its last word
        again = step_by_step.understand(step_by_step.read(raw))
        assert list(told) == list(again)
        assert repr(told) == repr(again)


def test_initial_info_is_everything_there_is() -> None:
    (told,) = session(USERS).receive(initial("user", (1, b"user1"), (2, b"user2")))
    assert told == Snapshot(Element.USER, (User(id="1", name="user1"), User(id="2", name="user2")))


def test_a_row_that_names_nobody_does_not_cost_the_others() -> None:
    (told,) = session(USERS).receive(initial("user", (None, b"ghost"), (2, b"user2")))
    assert told == Snapshot(Element.USER, (User(id="2", name="user2"),))


@pytest.mark.parametrize(
    "rows",
    [
        pytest.param([(None, b"ghost"), (None, b"shade")], id="rows that name nobody"),
        pytest.param([Atom("ghost"), Atom("shade")], id="what is no rows"),
        pytest.param([1, 2], id="numbers"),
    ],
)
def test_users_of_whom_none_can_be_read_are_no_sign_that_all_have_left(rows: list[Term]) -> None:
    heard = session(USERS)
    with pytest.raises(ProtocolError):
        heard.receive(initial("user", *rows))
    assert not heard.reported
    assert not heard.complete


def test_an_event_about_nobody_is_refused() -> None:
    with pytest.raises(ProtocolError, match="names nothing known"):
        session(USERS).receive(event("user", "updated", None, b"ghost"))


def test_a_field_spec_changes_nothing_by_itself() -> None:
    assert list(session().receive(USERS)) == []


def test_a_mailbox_of_2016_is_reported_by_itself() -> None:
    fields: list[Term] = [Atom("target_type"), Atom("target_id"), Atom("mwi")]
    heard = session(frame(Atom("field_spec"), Atom("mwi_info"), fields))
    (told,) = heard.receive(frame(Atom("mwi_info"), (Atom("group"), 7, b"2/5")))
    assert told == MailboxReport(Element.GROUP, "7", MessageWaiting("2/5", 2, 5))


def test_a_mailbox_of_nobody_tells_nothing() -> None:
    heard = session(frame(Atom("field_spec"), Atom("mwi_info"), [Atom("box"), Atom("mwi")]))
    assert list(heard.receive(frame(Atom("mwi_info"), (7, b"2/5")))) == []


def test_messages_to_people_are_notices() -> None:
    heard = session()
    assert list(heard.receive(frame(Atom("msg"), (1, b"Lunch!")))) == [
        Notice("user", [1, "Lunch!"])
    ]
    assert list(heard.receive(frame(Atom("system_msg"), Charlist("logout")))) == [
        Notice("system", "logout")
    ]


@pytest.mark.parametrize(
    ("word", "error"),
    [
        ("connection_limit_reached", LimitReachedError),
        ("connection_replaced", ReplacedError),
    ],
)
def test_words_that_end_a_connection_are_errors(word: str, error: type[RejectedError]) -> None:
    for written in (Atom(word), Charlist(word), word.encode()):
        with pytest.raises(error) as caught:
            session().receive(frame(Atom("system_msg"), written))
        assert caught.value.code == word


@pytest.mark.parametrize(
    "strange",
    [
        pytest.param("text", id="text frame"),
        pytest.param(b"", id="empty frame"),
        pytest.param(frame(Atom("fax_info"), 1), id="unknown tag"),
        pytest.param(frame(), id="empty tuple"),
        pytest.param(erlang.frame(erlang.small_integer(1)), id="no tuple"),
        pytest.param(event("coffee_machine", "added", 1), id="unknown element without spec"),
        pytest.param(event("group", "added", 1), id="known element without spec"),
        pytest.param(initial("coffee_machine"), id="unknown element"),
    ],
)
def test_a_strange_frame_is_refused_and_the_connection_goes_on(strange: bytes | str) -> None:
    heard = session(USERS)
    with pytest.raises(ProtocolError):
        heard.receive(strange)
    assert len(heard.receive(event("user", "added", 1, b"user1"))) == 1


def test_an_unknown_element_with_its_own_spec_is_refused_as_unknown() -> None:
    heard = session(spec("coffee_machine", "id"))
    for strange in (event("coffee_machine", "added", 1), initial("coffee_machine", (1,))):
        with pytest.raises(ProtocolError):
            heard.receive(strange)


def test_nothing_is_remembered_from_one_connection_to_the_next() -> None:
    session(USERS)
    with pytest.raises(ProtocolError):
        session().receive(event("user", "added", 1, b"user1"))


# When everything was told


def completeness(*frames: bytes) -> list[bool]:
    """Return after each frame whether everything was told."""
    heard = session()
    told = []
    for raw in frames:
        heard.receive(raw)
        told.append(heard.complete)
    return told


def test_everything_is_told_when_each_announced_element_is() -> None:
    frames = (USERS, CHANNELS, initial("channel"), initial("user", (1, b"user1")))
    assert completeness(*frames) == [False, False, False, True]
    assert set(session(*frames).reported) == {Element.CHANNEL, Element.USER}


def test_nothing_is_complete_before_anything_was_told() -> None:
    assert not session().complete
    assert not session(spec("coffee_machine", "id")).complete


def test_an_unknown_element_is_not_waited_for() -> None:
    assert session(spec("coffee_machine", "id"), USERS, initial("user")).complete


def test_events_report_no_element() -> None:
    heard = session(USERS, event("user", "added", 1, b"user1"))
    assert not heard.complete
    assert set(heard.reported) == set()


def test_elements_may_come_interleaved_with_their_specs() -> None:
    frames = (USERS, initial("user"), CHANNELS, initial("channel"))
    assert completeness(*frames) == [False, True, False, True]


# Hostile frames

GREETINGS: Final = [
    [raw for raw in recorded.frames(name) if b"field_spec" in raw] for name in recorded.SESSIONS
]


def take(heard: BasixSession, pbx: Pbx, raw: bytes) -> None:
    """Do with a frame what a host does, and demand that only typed errors come of it."""
    try:
        told = heard.receive(raw)
    except CtiError as error:
        assert isinstance(error, (ProtocolError, RejectedError))  # noqa: PT017 - any is allowed
        return
    for one in told:
        writable(one)
        if not isinstance(one, Notice):
            feed(pbx, one)


def feed(pbx: Pbx, update: Update) -> None:
    effect = pbx.apply(update)
    writable(effect.events)
    writable(sorted(effect.touched, key=repr))
    for user_id in pbx.users:
        state, lead, count = pbx.calls.leading(user_id)
        writable((state, lead, count))
    for group_id in pbx.groups:
        writable((pbx.queues.oldest(group_id), dict(pbx.queues.waiting(group_id))))


def writable(told: object) -> None:
    """Demand that every JSON writer takes it: no NaN, no number beyond 64 bits, only UTF-8."""
    shown = plain(told)
    json.dumps(shown, ensure_ascii=False, allow_nan=False).encode()
    orjson.dumps(shown)


@steadily(600)
@given(st.sampled_from(GREETINGS), st.lists(arbitrary_frames, min_size=1, max_size=8))
def test_nothing_but_typed_errors_comes_of_damaged_frames(
    greeting: list[bytes], frames: list[bytes]
) -> None:
    heard, pbx = session(*greeting), Pbx()
    for raw in frames:
        take(heard, pbx, raw)


def test_damaged_frames_do_not_hinder_those_that_follow() -> None:
    whole, disturbed = Pbx(), Pbx()
    clean, noisy = session(), session()
    for raw in recorded.frames()[:-1]:
        for one in clean.receive(raw):
            assert not isinstance(one, Notice)
            whole.apply(one)
        for noise in (raw[:-1], raw + b"j", raw[1:], raw.replace(b"k", b"\xff")):
            with pytest.raises(MalformedError):
                noisy.receive(noise)
        take(noisy, disturbed, raw)
    assert plain(disturbed.users) == plain(whole.users)
    assert plain(disturbed.channels) == plain(whole.channels)


IDS: Final = st.sampled_from((1, 2, b"a", b"b"))
TIMES: Final = st.integers(AT, AT + 9)
WHOM: Final = st.one_of(
    st.tuples(st.just(Atom("user")), st.tuples(IDS)),
    st.tuples(st.just(Atom("group")), st.tuples(st.just(Atom("ring")), IDS)),
    st.tuples(st.just(Atom("pstn")), st.tuples(st.just(b"0312345678"))),
)
STATES: Final = st.one_of(
    st.tuples(TIMES, st.just(Atom("bridged"))),
    st.tuples(TIMES, st.just(Atom("voicemail")), st.just(Atom("user")), IDS),
    st.tuples(TIMES, st.just(Atom("park")), st.integers(901, 903), st.none(), IDS),
    st.builds(lambda at, whom: (at, Atom("calling"), Atom("int"), *whom), TIMES, WHOM),
)
WORDS: Final = st.sampled_from(
    tuple(
        Atom(word)
        for word in (
            "inbound", "outbound", "internal", "external", "CHANNEL_HANGUP", "CHANNEL_ANSWER",
        )
    )
)  # fmt: skip
PLAUSIBLE: Final[dict[str, st.SearchStrategy[Any]]] = {
    "uuid": IDS,
    "other_uuid": IDS,
    "id": IDS,
    "user_id": IDS,
    "group_id": IDS,
    "assoc_user_id": IDS,
    "state": STATES,
    "offer_timestamp": TIMES,
    "answer_timestamp": TIMES,
    "hangup_timestamp": st.none(),
    "direction": st.sampled_from((Atom("inbound"), Atom("outbound"))),
    "peer_location": st.sampled_from((Atom("internal"), Atom("external"))),
    "last_event": WORDS,
    "last_event_data": st.sampled_from((b"send_cancel,LOSE_RACE", b"recv_cancel,PICKED_OFF")),
    "called_number": st.sampled_from((b"pickup_uuid.a", b"media_plug", b"1001", b"")),
    "other_info": st.tuples(st.just(Atom("user")), IDS, WORDS, WORDS, IDS, TIMES, IDS),
    "origination": st.just(b"call_user*1"),
    "target": st.tuples(st.just(Atom("group")), IDS),
    "whoscall": st.sampled_from((b'"%5Cud800"', b"[" * 300 + b"]" * 300, b"%7B%7D", b"1e999")),
}


def cell(name: str) -> st.SearchStrategy[bytes]:
    """Return what may stand in a field; nothing but a name may always be undefined."""
    values = PLAUSIBLE.get(name, st.none())
    if name not in ("id", "uuid"):
        values |= st.none()
    return values.map(lambda term: term_to_binary(term)[1:])


@st.composite
def plausible_frames(draw: st.DrawFn) -> bytes:
    """Return events and lists whose rows hold few ids, few words, and now and then anything."""
    element = draw(st.sampled_from(tuple(SimulatedElement)))

    def row() -> bytes:
        odd = draw(st.sampled_from((None, None, None, *FIELDS[element])))
        cells = [draw(terms).raw if name == odd else draw(cell(name)) for name in FIELDS[element]]
        return erlang.small_tuple(*cells)

    name = erlang.string(element.value)
    if draw(st.integers(0, 4)) == 0:
        rows = [row() for _ in range(draw(st.integers(0, 4)))]
        return erlang.frame(
            erlang.small_tuple(erlang.atom("initial_info"), name, erlang.list_of(*rows))
        )
    event_name = draw(st.sampled_from(("added", "updated", "removed", "polished")))
    return erlang.frame(
        erlang.small_tuple(erlang.atom("info_event"), name, row(), erlang.string(event_name))
    )


@steadily(150)
@given(st.lists(plausible_frames(), min_size=1, max_size=20))
def test_no_sequence_of_rows_whatever_they_hold_breaks_the_picture(frames: list[bytes]) -> None:
    heard, pbx = session(*GREETINGS[0]), Pbx()
    for raw in frames:
        take(heard, pbx, raw)
    pbx.reset_unreported(heard.reported)
    every_call_ends(pbx)


def every_call_ends(pbx: Pbx) -> None:
    """Demand that nothing stays behind when all that passes is told to be gone."""
    for element in (
        Element.CHANNEL,
        Element.CHANNEL_WAITING,
        Element.QUEUED_CHANNEL,
        Element.PARKED_CHANNEL,
    ):
        feed(pbx, Snapshot(element, ()))
    assert not pbx.channels
    assert len(pbx.calls) == 0
    assert pbx.queues.waiting_count == 0
    assert not pbx.queues.parked


def test_a_channel_that_is_listed_twice_is_one_channel() -> None:
    heard, pbx = session(spec("channel", "uuid", "direction", "user_id", "offer_timestamp")), Pbx()
    first, again = (b"a", Atom("inbound"), 1, AT), (b"a", Atom("inbound"), None, None)
    take(heard, pbx, initial("channel", first, again))
    assert len(pbx.channels) == 1
    every_call_ends(pbx)


def told(*items: Channel | WaitingChannel, element: Element = Element.CHANNEL) -> Pbx:
    """Return a picture that was told of channels, one after the other."""
    pbx = Pbx()
    for item in items:
        is_list = isinstance(item, WaitingChannel)
        feed(
            pbx,
            Change(element if is_list else Element.CHANNEL, ChangeKind.UPDATED, item, "updated"),
        )
    return pbx


def test_a_channel_that_turns_out_to_be_sound_for_a_web_page_leaves_no_call() -> None:
    first = Channel(uuid="a", direction="inbound", user_id="1")
    plug = Channel(uuid="a", direction="inbound", user_id="2", called_number="media_plug")
    every_call_ends(told(first, plug))


def test_a_leg_that_a_list_told_of_before_its_own_row_leaves_no_call() -> None:
    waiting = Calling(AT, "calling", target_type="group", target_id="7")
    listed = WaitingChannel(uuid="a", state=waiting)
    leg = Channel(
        uuid="a",
        direction="outbound",
        other_uuid="b",
        state=ChannelState(AT + 1, "bridged"),
    )
    pbx = told(listed, leg, element=Element.QUEUED_CHANNEL)
    assert pbx.calls.count_in_group("7") == 0
    every_call_ends(pbx)


def test_a_channel_that_is_parked_again_in_the_same_words_is_parked() -> None:
    parked = WaitingChannel(uuid="a", state=Parked(AT, "park", slot="901"))
    pbx = told(parked, element=Element.PARKED_CHANNEL)
    for kind, slots in ((ChangeKind.REMOVED, 0), (ChangeKind.ADDED, 1)):
        feed(pbx, Change(Element.PARKED_CHANNEL, kind, parked, kind))
        assert len(pbx.queues.parked) == slots


@steadily(80)
@given(st.lists(terms, min_size=1, max_size=6))
def test_no_field_specs_whatever_they_hold_break_a_session(several: list[Written]) -> None:
    heard, pbx = session(*GREETINGS[0]), Pbx()
    names: Iterable[bytes] = (term.raw for term in several)
    take(
        heard,
        pbx,
        erlang.frame(
            erlang.small_tuple(
                erlang.atom("field_spec"), erlang.string("channel"), erlang.list_of(*names)
            )
        ),
    )
    for raw in recorded.frames()[9:40]:
        take(heard, pbx, raw)
