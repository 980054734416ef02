"""Read what somebody at a terminal asks for."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from .calls import Call, Phase, Whom
from .directory import Book, Known
from .errors import SimulationError, UnknownError
from .model import Group, User
from .phone_system import PhoneSystem


@dataclass(frozen=True, slots=True)
class Request:
    """Read what was asked; raises SimulationError, with a sentence, for what is missing."""

    system: PhoneSystem
    values: Mapping[str, object]

    def text(self, name: str) -> str:
        """Return a text that must be there."""
        value = self.optional_text(name)
        if value is None:
            raise SimulationError(f"Say --{name.replace('_', '-')}.")
        return value

    def optional_text(self, name: str) -> str | None:
        """Return a text."""
        value = self.values.get(name)
        return str(value) if value is not None and value != "" else None

    def number(self, name: str) -> float | None:
        """Return a number."""
        value = self.values.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise SimulationError(f"--{name} takes a number.")
        return value

    def whole(self, name: str) -> int | None:
        """Return a whole number."""
        number = self.number(name)
        return None if number is None else int(number)

    def flag(self, name: str) -> bool:
        """Return whether something was said."""
        return self.values.get(name) is True

    def user(self, name: str) -> User:
        """Return the user who must be named, by extension, label or login name."""
        return _found(self.system.users, self.text(name))

    def optional_user(self, name: str) -> User | None:
        """Return the user who may be named."""
        return self.user(name) if self.optional_text(name) else None

    def group(self, name: str) -> Group:
        """Return the group that must be named."""
        return _found(self.system.groups, self.text(name))

    def whom(self, name: str) -> User | Group:
        """Return the user or the group that must be named."""
        try:
            return self.user(name)
        except UnknownError:
            return self.group(name)

    def destination(self, name: str) -> Whom:
        """Return the user or the group that must be named, or the number outside."""
        text = self.text(name)
        with suppress(UnknownError):
            return self.whom(name)
        if not text.strip("0123456789+*#-"):
            return text
        raise UnknownError(f"{text} is neither a name nor a number.")

    def calls(self) -> list[Call]:
        """Return the calls that may be meant: those of who is named by --by, or all."""
        by = self.optional_user("by")
        return self.system.calls_of(by) if by else list(self.system.calls.values())

    def talking(self, by: User) -> Call:
        """Return the call in which a user talks."""
        calls = [call for call in self.system.calls_of(by) if call.phase is Phase.TALKING]
        return only([call for call in calls if by in call.users], f"{by.label} talks to nobody.")


def only(calls: list[Call], otherwise: str) -> Call:
    """Return the only call that may be meant, or raise SimulationError."""
    if not calls:
        raise SimulationError(otherwise)
    if len(calls) > 1:
        raise SimulationError("Several calls may be meant; say who with --by.")
    return calls[0]


def _found[Entry: (User, Group)](book: Book[Entry], text: str) -> Entry:
    for known in (Known.EXTENSION, Known.LABEL, Known.NAME):
        with suppress(UnknownError):
            return book.find(known, text)
    raise UnknownError(f"There is nobody with the extension or name {text}.")
