"""Show people what the phone system is doing, as text for a terminal."""

from collections.abc import Sequence
from unicodedata import east_asian_width

from .calls import Call
from .model import Group, User
from .phone_system import PhoneSystem


def office_text(system: PhoneSystem) -> str:
    """List users and groups."""
    users = [
        (
            user.main_extension,
            user.label,
            system.record.state_of(user).name.lower().replace("_", " "),
            str(user.presence),
            "on" if user.do_not_disturb_status else "",
            "on" if user.fwd_always_status else "",
            user.mailbox.text,
        )
        for user in system.users
    ]
    groups = [
        (
            group.main_extension,
            group.label,
            group.type.name.lower(),
            _logged_in(group),
            str(len(system.record.waiting(group))),
            group.mailbox.text,
        )
        for group in system.groups
    ]
    titles = ("user", "name", "state", "presence", "dnd", "forward", "messages")
    group_titles = ("group", "name", "type", "logged in", "waiting", "messages")
    return f"{_table(titles, users)}\n\n{_table(group_titles, groups)}"


def calls_text(system: PhoneSystem) -> str:
    """List the calls of this moment."""
    if not system.calls:
        return "Nobody is on the phone."
    rows = [(_who(call), call.phase.value, _whom(call)) for call in system.calls.values()]
    return _table(("caller", "call", "with"), rows)


def _logged_in(group: Group) -> str:
    number = sum(member.login_status != 0 for member in group.members.values())
    return f"{number} of {len(group.members)}"


def _who(call: Call) -> str:
    return call.story.name or call.story.number or "somebody"


def _whom(call: Call) -> str:
    if call.slot is not None:
        return f"slot {call.slot}"
    names = [channel.name or channel.number or "" for channel in call.parties[1:]]
    names += [f"{user.label} (rings)" for user in call.ringing_users]
    if not names and call.target is not None:
        target = call.target
        names = [target.label if isinstance(target, User | Group) else target]
    return ", ".join(names)


def _table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    columns = list(zip(titles, *rows, strict=True))
    widths = [max(_width(cell) for cell in column) for column in columns]
    lines = [
        "  ".join(
            cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in (titles, *rows)
    ]
    return "\n".join(lines)


def _width(text: str) -> int:
    """Return how many columns of a terminal a text takes: East Asian characters take two."""
    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
