"""Find users and groups by what people know of them."""

from collections.abc import Iterator
from enum import StrEnum

from .errors import UnknownError
from .model import Group, User


class Known(StrEnum):
    """Name what a user or a group can be found by, in the words of the API's parameters."""

    ID = "id"
    NAME = "name"
    LABEL = "label"
    EXTENSION = "extension"
    DID = "did"
    EMAIL = "email"


class Book[Entry: (User, Group)]:
    """Hold the users, or the groups, with an index for each thing that they are found by."""

    def __init__(self, kind: str) -> None:
        """Begin empty; the kind is for messages."""
        self.by_id: dict[int, Entry] = {}
        self._kind = kind
        self._index: dict[tuple[Known, str], Entry] = {}

    def __iter__(self) -> Iterator[Entry]:
        """Iterate over all, in the order in which they came."""
        return iter(self.by_id.values())

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.by_id)

    def add(self, entry: Entry) -> None:
        """Enter one; raises ValueError for an id or an extension that another one has."""
        for known in (Known.ID, Known.EXTENSION):
            value = _value(entry, known)
            if value is not None and (known, value) in self._index:
                raise ValueError(f"There is a {self._kind} with the {known} {value} already.")
        self.by_id[entry.id] = entry
        self._learn(entry)

    def remove(self, entry: Entry) -> None:
        """Strike one out."""
        del self.by_id[entry.id]
        self._forget(entry)

    def relabel(self, entry: Entry, label: str) -> None:
        """Give one another label."""
        self._forget(entry)
        entry.label = label
        self._learn(entry)

    def find(self, known: Known, value: str) -> Entry:
        """Return the one of whom this is known; raises UnknownError if there is none."""
        entry = self._index.get((known, value))
        if entry is None:
            raise UnknownError(f"There is no {self._kind} with the {known} {value}.")
        return entry

    def by_extension(self, extension: str) -> Entry | None:
        """Return who has an extension."""
        return self._index.get((Known.EXTENSION, extension))

    def _learn(self, entry: Entry) -> None:
        # Labels need not be unique; the first who bears one is found by it.
        for known in Known:
            value = _value(entry, known)
            if value is not None:
                self._index.setdefault((known, value), entry)

    def _forget(self, entry: Entry) -> None:
        for known in Known:
            value = _value(entry, known)
            if value is not None and self._index.get((known, value)) is entry:
                del self._index[known, value]


def _value(entry: User | Group, known: Known) -> str | None:
    match known:
        case Known.ID:
            return str(entry.id)
        case Known.NAME:
            return entry.name
        case Known.LABEL:
            return entry.label
        case Known.EXTENSION:
            return entry.main_extension
        case Known.DID:
            return entry.did
        case Known.EMAIL:
            return entry.email if isinstance(entry, User) else None
