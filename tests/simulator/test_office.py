"""An office of any size can be furnished, and people come, change and go."""

import pytest

from simulator.directory import Known
from simulator.errors import SimulationError, UnknownError
from simulator.model import Row
from simulator.phone_system import PhoneSystem
from simulator.words import Element, EventName, GroupType

type Told = list[tuple[Element, EventName]]


@pytest.fixture
def system() -> PhoneSystem:
    return PhoneSystem.office()


@pytest.fixture
def told(system: PhoneSystem) -> Told:
    rows: Told = []

    def hear(element: Element, _row: Row, event_name: EventName) -> None:
        rows.append((element, event_name))

    system.subscribe(hear)
    return rows


def test_office_has_people_in_groups(system: PhoneSystem) -> None:
    assert [user.id for user in system.users] == list(range(10001000, 10001012))
    assert {user.label for user in system.users} >= {"Alice Martin", "山田 太郎", "Zoë", "O'Neil"}
    assert [(group.id, group.type) for group in system.groups] == [
        (10001100, GroupType.RING),
        (10001101, GroupType.HUNT),
    ]
    assert all(len(user.memberships) == 1 and len(user.terminals) == 1 for user in system.users)


def test_large_office_has_no_extension_twice() -> None:
    system = PhoneSystem.office(1500, 150)
    extensions = [entry.main_extension for entry in (*system.users, *system.groups)]
    assert len(set(extensions)) == 1650
    assert len({user.label for user in system.users}) == 1500
    assert len({user.name for user in system.users}) == 1500
    assert len({group.name for group in system.groups}) == 150


def test_small_offices_are_possible() -> None:
    assert not PhoneSystem.office(0, 0).users
    (user,) = PhoneSystem.office(1, 0).users
    assert not user.memberships


def test_newcomer_is_told_of_with_phone_and_membership(system: PhoneSystem, told: Told) -> None:
    user = system.add_user("Popeye", groups=system.groups)
    assert told == [
        (Element.USER, EventName.ADDED),
        (Element.TERMINAL, EventName.ADDED),
        (Element.GROUP_MEMBER, EventName.ADDED),
        (Element.GROUP_MEMBER, EventName.ADDED),
    ]
    assert user.main_extension == "1012"
    assert system.users.find(Known.EMAIL, "user1012@test1.com") is user


def test_leaver_takes_everything_along(system: PhoneSystem, told: Told) -> None:
    user = system.users.find(Known.EXTENSION, "1002")
    system.remove_user(user)
    assert told == [
        (Element.GROUP_MEMBER, EventName.REMOVED),
        (Element.TERMINAL, EventName.REMOVED),
        (Element.USER, EventName.REMOVED),
    ]
    with pytest.raises(UnknownError):
        system.users.find(Known.LABEL, user.label)
    with pytest.raises(SimulationError, match="not there any more"):
        system.set_presence(user, 1)
    # An id is not given twice.
    assert system.add_user().main_extension == "1012"


def test_group_comes_and_goes(system: PhoneSystem, told: Told) -> None:
    group = system.add_group("Night shift", type=GroupType.HUNT)
    user = system.users.find(Known.NAME, "zoe")
    system.join(user, group)
    with pytest.raises(SimulationError, match="member of Night shift already"):
        system.join(user, group)
    system.remove_group(group)
    assert told == [
        (Element.GROUP, EventName.ADDED),
        (Element.GROUP_MEMBER, EventName.ADDED),
        (Element.GROUP_MEMBER, EventName.REMOVED),
        (Element.GROUP, EventName.REMOVED),
    ]
    with pytest.raises(SimulationError, match="no member"):
        system.log_in(user, group)


def test_settings_are_told(system: PhoneSystem, told: Told) -> None:
    user = system.users.find(Known.EXTENSION, "1001")
    (group,) = (member.group for member in user.memberships.values())
    system.set_do_not_disturb(user, on=True)
    system.set_forwarding(user, on=True)
    system.leave_voicemail(group, new=2)
    system.log_out(user, group)
    system.set_night_mode(on=True)
    system.set_registered(user.terminals[0], registered=False)
    system.rename(group, "Help")
    assert told == [
        (Element.USER, EventName.UPDATED),
        (Element.USER, EventName.UPDATED),
        (Element.GROUP, EventName.UPDATED),
        (Element.GROUP_MEMBER, EventName.UPDATED),
        (Element.DOMAIN, EventName.UPDATED),
        (Element.TERMINAL, EventName.UPDATED),
        (Element.GROUP, EventName.UPDATED),
    ]
    assert (user.rings, group.mailbox.text, group.label) == (False, "2/0", "Help")
    assert system.groups.find(Known.LABEL, "Help") is group


def test_taken_extension_is_refused(system: PhoneSystem) -> None:
    for extension in ("1001", "1100"):
        with pytest.raises(SimulationError, match=f"{extension} is taken"):
            system.add_user("Twin", extension=extension)
    with pytest.raises(SimulationError, match="less than no messages"):
        system.set_mwi(next(iter(system.users)), new=-1, saved=0)


def test_nobody_is_told_after_unsubscribing(system: PhoneSystem) -> None:
    heard: list[Element] = []
    unsubscribe = system.subscribe(lambda element, *_: heard.append(element))
    system.set_night_mode(on=True)
    unsubscribe()
    system.set_night_mode(on=False)
    assert heard == [Element.DOMAIN]
