"""Read the recorded session, and bring a phone system to the point at which it begins."""

from collections.abc import Iterator
from pathlib import Path
import struct
from typing import override

import erlastic

from simulator.model import Group, User
from simulator.phone_system import PhoneSystem
from simulator.words import GroupType

DATA = Path(__file__).parents[1] / "data" / "basix"


def frames(name: str = "session") -> list[bytes]:
    """Return the recorded binary messages."""
    data = (DATA / f"{name}.frames").read_bytes()
    found = []
    position = 0
    while position < len(data):
        (size,) = struct.unpack_from(">I", data, position)
        position += 4
        found.append(data[position : position + size])
        position += size
    return found


def decoded(frame: bytes) -> tuple[object, ...]:
    """Decode a frame with a library that has nothing to do with this project."""
    term = erlastic.decode(frame)
    assert isinstance(term, tuple)
    return term


def rows(element: str, message: str = "initial_info") -> list[tuple[object, ...]]:
    """Return the recorded rows of an element."""
    found: list[tuple[object, ...]] = []
    for frame in frames():
        term = decoded(frame)
        if term[0] == message and term[1] == element.encode():
            assert isinstance(term[2], list | tuple)
            found += term[2] if isinstance(term[2], list) else [term[2]]
    return found


def field_names(element: str) -> list[str]:
    """Return the recorded names of an element's fields."""
    for frame in frames():
        match decoded(frame):
            case ("field_spec", name, list(names)) if name == element.encode():
                return [str(field_name) for field_name in names]
    raise AssertionError(f"{element} was not recorded")


class RecordedOffice(PhoneSystem):
    """Be the office of the recording; what is random or passes there is dealt out as recorded."""

    def __init__(self) -> None:
        self.times: list[int] = []
        self.uuids: list[str] = []
        super().__init__(clock=lambda: self.times.pop(0))
        for row in rows("group"):
            self.add_group(
                text(row[6]),
                name=text(row[1]),
                extension=text(row[4]),
                type=GroupType(number(row[2])),
                did="0312345678",
                check_login_status=bool(row[8]),
            )
        for row in rows("user"):
            user = self.add_user(
                text(row[14]),
                name=text(row[1]),
                extension=text(row[5]),
                email=text(row[12]),
                role=number(row[7]),
                avatar=None if row[13] == "undefined" else text(row[13]),
            )
            new, _, saved = text(row[15]).partition("/")
            self.set_mwi(user, new=int(new or 0), saved=int(saved or 0))
        for row in rows("group_member"):
            self.join(
                self.user(number(row[2])),
                self.group(number(row[1])),
                priority=number(row[3]),
                logged_in=bool(row[4]),
            )

    @override
    def new_uuid(self) -> str:
        return self.uuids.pop(0)

    def user(self, user_id: int) -> User:
        return self.users.by_id[user_id]

    def group(self, group_id: int) -> Group:
        return self.groups.by_id[group_id]


def text(value: object) -> str:
    """Return a binary as text."""
    assert isinstance(value, bytes)
    return value.decode()


def number(value: object) -> int:
    """Return what must be an integer."""
    assert isinstance(value, int)
    return value


def calls() -> Iterator[list[bytes]]:
    """Yield the frames of one recorded call after the other."""
    call: list[bytes] = []
    for frame in frames():
        if b"NEW_CHANNEL" in frame and call:
            yield call
            call = []
        if frame.find(b"channel") >= 0 and decoded(frame)[0] == "info_event":
            call.append(frame)
    yield call
