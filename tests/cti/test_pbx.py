"""The picture answers at once what is asked, and every change says whom it touched."""

from dataclasses import replace

import pytest

from custom_components.ws_cti.cti import calls
from custom_components.ws_cti.cti.model import (
    Channel,
    Domain,
    Group,
    Item,
    MailboxReport,
    Membership,
    MessageWaiting,
    Snapshot,
    Terminal,
    User,
)
from custom_components.ws_cti.cti.pbx import Pbx
from custom_components.ws_cti.cti.peers import far_end
from custom_components.ws_cti.cti.story import Effect
from custom_components.ws_cti.cti.words import (
    PBX,
    ROSTER,
    Concern,
    Element,
    group_key,
    user_calls_key,
    user_key,
)

from .scene import (
    ALICE,
    BOB,
    CAROL,
    SALES,
    SUPPORT,
    Scene,
    extension,
    from_outside,
    from_phone,
    over,
    phone,
)


@pytest.fixture
def scene() -> Scene:
    return Scene()


def member(user_id: str, group_id: str, member_id: str = "m1", login: int = 1) -> Membership:
    return Membership(id=member_id, group_id=group_id, user_id=user_id, login_status=login)


# Knowing nothing


def test_new_picture_is_empty() -> None:
    pbx = Pbx()
    assert (pbx.domain, pbx.users, pbx.groups, pbx.terminals, pbx.channels) == (
        None,
        {},
        {},
        {},
        {},
    )
    assert (pbx.members("g"), pbx.memberships("u"), pbx.terminals_of("u")) == ({}, {}, {})
    assert (len(pbx.calls), pbx.queues.waiting_count) == (0, 0)
    assert (pbx.user_titles.get("u"), pbx.group_titles.get("g")) == (None, None)


def test_asking_for_strangers_does_not_make_them_known(scene: Scene) -> None:
    pbx = scene.pbx
    pbx.members("stranger")
    pbx.memberships("stranger")
    pbx.terminals_of("stranger")
    pbx.queues.waiting("stranger")
    pbx.calls.leading("stranger")
    assert (len(pbx.users), len(pbx.groups)) == (3, 2)
    assert scene.is_empty()


# Who there is


def test_user_comes_changes_and_goes(scene: Scene) -> None:
    dave = User(id="4", label="Dave", main_extension="1004")
    scene.lists(Element.USER, dave)
    assert scene.touched == {user_key("4"), ROSTER}
    assert (scene.pbx.user_titles.get("4"), scene.pbx.users["4"].main_extension) == ("Dave", "1004")
    scene.lists(Element.USER, replace(dave, do_not_disturb_status=1))
    assert scene.touched == {user_key("4")}
    scene.lists(Element.USER, replace(dave, label="David"))
    assert scene.touched == {user_key("4"), ROSTER}
    scene.unlists(Element.USER, dave)
    assert scene.touched == {user_key("4"), ROSTER}
    assert "4" not in scene.pbx.users


def test_group_comes_changes_and_goes(scene: Scene) -> None:
    front = Group(id="12", label="Front desk", main_extension="1112")
    scene.lists(Element.GROUP, front)
    assert scene.touched == {group_key("12"), ROSTER}
    extension = scene.pbx.groups["12"].main_extension
    assert (scene.pbx.group_titles.get("12"), extension) == ("Front desk", "1112")
    scene.lists(Element.GROUP, replace(front, flags=4))
    assert scene.touched == {group_key("12")}
    scene.lists(Element.GROUP, replace(front, label="Reception"))
    assert scene.touched == {group_key("12"), ROSTER}
    scene.unlists(Element.GROUP, front)
    assert scene.touched == {group_key("12"), ROSTER}
    assert "12" not in scene.pbx.groups


@pytest.mark.parametrize(
    ("element", "item"),
    [
        (Element.USER, User(id="4", label="Dave")),
        (Element.GROUP, Group(id="12", label="Front desk")),
        (Element.GROUP_MEMBER, member(ALICE, SALES)),
        (Element.TERMINAL, Terminal(id="t", user_id=ALICE)),
        (Element.CHANNEL, from_outside()),
    ],
)
def test_what_is_told_again_touches_nobody(scene: Scene, element: Element, item: Item) -> None:
    scene.lists(element, item)
    assert scene.touched
    scene.lists(element, item)
    assert not scene.touched
    scene.shows(element, [item])
    shown = scene.touched - {user_key(u) for u in (ALICE, BOB, CAROL)}
    assert shown <= {ROSTER, group_key(SALES), group_key(SUPPORT)}
    scene.unlists(element, item)
    scene.unlists(element, item)
    assert not scene.touched


def test_row_told_again_touches_nobody_though_somebody_saw_who_calls(scene: Scene) -> None:
    scene.plays(from_outside())
    seen = far_end(scene.pbx, scene.pbx.channels["call"])
    scene.plays(from_outside())
    assert not scene.touched
    assert seen == far_end(scene.pbx, from_outside())


def test_colleague_who_gets_another_name_is_shown_by_it_in_his_call(scene: Scene) -> None:
    caller = from_phone(ALICE, extension(BOB))
    scene.plays(caller, phone(BOB, of=caller.uuid))
    for name in ("Alice Cooper", "Alice Munro"):
        scene.lists(Element.USER, User(id=ALICE, label=name))
        assert far_end(scene.pbx, scene.pbx.channels[caller.uuid]).name == name
        _, call, _ = scene.pbx.calls.leading(BOB)
        assert call is not None
        assert call.other.name == name


def test_channel_that_a_fault_kept_from_being_understood_is_understood_when_told_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = from_phone(ALICE, extension(BOB))
    with monkeypatch.context() as fault:
        fault.setattr(calls, "is_answered", None)
        with pytest.raises(TypeError):
            scene.plays(row)
    scene.shows(Element.CHANNEL, [row])
    assert user_calls_key(ALICE) in scene.touched
    assert scene.state(ALICE) == "dialing"
    scene.shows(Element.CHANNEL, [row])
    assert not scene.touched


def test_channels_that_a_lost_connection_left_untaken_are_taken_when_told_again(
    scene: Scene,
) -> None:
    rows = [from_phone(ALICE, "0312345678"), from_phone(BOB, "0312345679")]
    steps = scene.pbx.restoring(Snapshot(Element.CHANNEL, tuple(rows)), Effect())
    next(steps)
    assert scene.state(BOB) == "idle"
    scene.shows(Element.CHANNEL, rows)
    assert [scene.state(user_id) for user_id in (ALICE, BOB)] == ["dialing", "dialing"]
    assert user_calls_key(ALICE) not in scene.touched
    scene.ends(*rows)
    assert scene.is_empty()


def test_new_list_of_users_drops_who_is_not_in_it(scene: Scene) -> None:
    alice = scene.pbx.users[ALICE]
    scene.shows(Element.USER, [alice])
    assert list(scene.pbx.users) == [ALICE]
    assert scene.touched == {user_key(BOB), user_key(CAROL), ROSTER}


def test_new_lists_drop_groups_memberships_and_telephones(scene: Scene) -> None:
    scene.lists(Element.GROUP_MEMBER, member(ALICE, SALES))
    scene.lists(Element.TERMINAL, Terminal(id="t", user_id=ALICE))
    scene.shows(Element.GROUP, [scene.pbx.groups[SUPPORT]])
    assert scene.touched == {group_key(SALES), ROSTER}
    scene.shows(Element.GROUP_MEMBER, [])
    assert scene.touched == {group_key(SALES), user_key(ALICE)}
    scene.shows(Element.TERMINAL, [])
    assert scene.touched == {user_key(ALICE)}
    assert list(scene.pbx.groups) == [SUPPORT]
    assert (scene.pbx.members(SALES), scene.pbx.terminals_of(ALICE)) == ({}, {})


def test_member_who_leaves_takes_nobody_along(scene: Scene) -> None:
    scene.lists(Element.GROUP_MEMBER, member(ALICE, SALES, "m1"))
    scene.lists(Element.GROUP_MEMBER, member(BOB, SALES, "m2"))
    scene.unlists(Element.GROUP_MEMBER, member(ALICE, SALES, "m1"))
    assert list(scene.pbx.members(SALES)) == ["m2"]


def test_membership_is_known_from_both_sides(scene: Scene) -> None:
    row = member(ALICE, SALES)
    scene.lists(Element.GROUP_MEMBER, row)
    assert scene.touched == {user_key(ALICE), group_key(SALES)}
    assert dict(scene.pbx.members(SALES)) == dict(scene.pbx.memberships(ALICE)) == {"m1": row}
    scene.unlists(Element.GROUP_MEMBER, row)
    assert scene.touched == {user_key(ALICE), group_key(SALES)}
    assert (scene.pbx.members(SALES), scene.pbx.memberships(ALICE)) == ({}, {})


def test_logging_in_or_out_wakes_user_and_group(scene: Scene) -> None:
    scene.lists(Element.GROUP_MEMBER, member(ALICE, SALES, login=1))
    scene.lists(Element.GROUP_MEMBER, member(ALICE, SALES, login=0))
    assert scene.touched == {user_key(ALICE), group_key(SALES)}
    assert [one.logged_in for one in scene.pbx.members(SALES).values()] == [False]


def test_membership_that_moves_leaves_its_old_place(scene: Scene) -> None:
    scene.lists(Element.GROUP_MEMBER, member(ALICE, SALES))
    scene.lists(Element.GROUP_MEMBER, member(BOB, SUPPORT))
    assert scene.touched == {user_key(ALICE), user_key(BOB), group_key(SALES), group_key(SUPPORT)}
    assert (scene.pbx.members(SALES), scene.pbx.memberships(ALICE)) == ({}, {})
    assert list(scene.pbx.members(SUPPORT)) == list(scene.pbx.memberships(BOB)) == ["m1"]


def test_memberships_may_come_before_users_and_groups() -> None:
    scene = Scene()
    scene.shows(Element.USER, [])
    scene.shows(Element.GROUP, [])
    scene.lists(Element.GROUP_MEMBER, member(ALICE, SALES))
    assert list(scene.pbx.members(SALES)) == ["m1"]


def test_terminals_are_known_by_their_user(scene: Scene) -> None:
    desk = Terminal(id="t1", name="desk", user_id=ALICE, registered_status=True)
    scene.lists(Element.TERMINAL, desk)
    assert scene.touched == {user_key(ALICE)}
    assert dict(scene.pbx.terminals_of(ALICE)) == {"t1": desk}
    moved = replace(desk, user_id=BOB)
    scene.lists(Element.TERMINAL, moved)
    assert scene.touched == {user_key(ALICE), user_key(BOB)}
    assert (scene.pbx.terminals_of(ALICE), dict(scene.pbx.terminals_of(BOB))) == ({}, {"t1": moved})
    scene.unlists(Element.TERMINAL, moved)
    assert scene.touched == {user_key(BOB)}
    assert (scene.pbx.terminals, scene.pbx.terminals_of(BOB)) == ({}, {})


def test_terminal_of_nobody_is_kept_and_wakes_nobody(scene: Scene) -> None:
    lobby = Terminal(id="t9", name="lobby")
    scene.lists(Element.TERMINAL, lobby)
    assert not scene.touched
    assert dict(scene.pbx.terminals) == {"t9": lobby}
    scene.unlists(Element.TERMINAL, lobby)
    assert scene.pbx.terminals == {}


def test_domain_is_kept_as_it_is_told(scene: Scene) -> None:
    domain = Domain({"name": "test1.com"})
    scene.shows(Element.DOMAIN, [domain])
    assert scene.pbx.domain == domain
    scene.unlists(Element.DOMAIN, domain)
    assert scene.pbx.domain is None


def test_mailbox_report_counts_for_its_owner(scene: Scene) -> None:
    mwi = MessageWaiting("2/5", 2, 5)
    for owner, owner_id in ((Element.USER, ALICE), (Element.GROUP, SALES)):
        effect = scene.pbx.apply(MailboxReport(owner, owner_id, mwi))
        assert effect.touched == {(owner, owner_id)}
        assert not scene.pbx.apply(MailboxReport(owner, owner_id, mwi)).touched
    assert scene.pbx.users[ALICE].mwi == scene.pbx.groups[SALES].mwi == mwi


@pytest.mark.parametrize("owner", [Element.USER, Element.GROUP, Element.TERMINAL])
def test_mailbox_of_a_stranger_is_nobodys(scene: Scene, owner: Element) -> None:
    assert not scene.pbx.apply(MailboxReport(owner, "77", MessageWaiting("1/0", 1, 0))).touched


# Channels


def test_channels_are_those_that_live(scene: Scene) -> None:
    caller, ringing = from_outside(), phone(ALICE)
    scene.plays(caller, ringing)
    assert set(scene.pbx.channels) == {"call", "Alice-phone"}
    scene.ends(over(ringing))
    assert set(scene.pbx.channels) == {"call"}
    scene.plays(over(caller))
    assert scene.pbx.channels == {}


def test_channel_that_has_ended_already_does_not_come_to_life(scene: Scene) -> None:
    assert scene.plays(over(from_outside())) == []
    assert scene.shows(Element.CHANNEL, [over(phone(ALICE))]) == []
    assert scene.is_empty()


def test_channel_wakes_only_whom_it_concerns(scene: Scene) -> None:
    def users_touched() -> set[str]:
        return {key_id for what, key_id in scene.touched if what is Concern.USER_CALLS}

    scene.plays(from_outside("a"), phone(ALICE, of="a"))
    assert users_touched() == {ALICE}
    scene.plays(from_outside("b"))
    assert users_touched() == set()
    scene.plays(phone(BOB, of="b"))
    assert users_touched() == {BOB}
    scene.ends(over(from_outside("a"), "recv_cancel,ORIGINATOR_CANCEL"))
    assert users_touched() == {ALICE}


def test_change_in_a_large_phone_system_touches_no_more_than_in_a_small_one(
    scene: Scene,
) -> None:
    scene.shows(Element.USER, [User(id=str(number)) for number in range(2000)])
    members = [member(str(number), SALES, f"m{number}") for number in range(2000)]
    scene.shows(Element.GROUP_MEMBER, members)
    channels: list[Channel] = []
    for number in range(500):
        uuid = f"call-{number}"
        channels += [from_outside(uuid), phone(ALICE, of=uuid, uuid=f"{uuid}-phone")]
    scene.shows(Element.CHANNEL, channels)
    assert len(scene.calls(ALICE)) == 500
    assert scene.calls("1999") == []
    assert len(scene.pbx.members(SALES)) == 2000
    assert len(scene.pbx.memberships("1999")) == 1
    scene.plays(phone(BOB, of="call-7"))
    assert scene.touched == {PBX, user_calls_key(ALICE), user_calls_key(BOB)}
