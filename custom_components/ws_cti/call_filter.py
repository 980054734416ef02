"""Choose calls by who is at the other end, which way they go and how they end."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
import re
from typing import Any, Final, Self
import unicodedata

import probatio

from .cti.story import CallDirection, Outcome
from .cti.words import Location

CONF_LOCATION: Final = "location"
CONF_NUMBER: Final = "number"
CONF_NUMBER_MATCH: Final = "number_match"
CONF_DIRECTION: Final = "direction"
CONF_OUTCOME: Final = "outcome"

_DECORATION: Final = re.compile(r"[\s().\-\u2010-\u2015\u2212\u30fc/]+")
"""What people write between digits; some keyboards have other dashes than others."""


class NumberMatch(StrEnum):
    """List how a call's number is compared with those that were chosen."""

    EXACT = "exact"
    PREFIX = "prefix"
    WITHHELD = "withheld"


def normalised(number: str) -> str:
    """Return a number as it is compared: digits, and a plus for a country code.

    Full-width digits count as digits, and two leading zeros as a plus. A national number
    stays one: which country it belongs to is not known here.
    """
    bare = _DECORATION.sub("", unicodedata.normalize("NFKC", number)).casefold()
    return f"+{bare[2:]}" if bare.startswith("00") else bare


def _listed(value: Any) -> list[Any]:  # noqa: ANN401
    return value if isinstance(value, list) else [value]


def _numbers(value: object) -> list[str]:
    """Validate one number or several; lines left empty in a form are no numbers."""
    given = _listed(value)
    for number in given:
        if not isinstance(number, str):
            # YAML has already lost the leading zeros of a number without quotes.
            raise probatio.Invalid(f"put the number {number} in quotes")
        if number.strip() and not normalised(number):
            raise probatio.Invalid(f"{number} is not a phone number")
    return [number for number in given if number.strip()]


def _matchable(options: dict[str, Any]) -> dict[str, Any]:
    """Refuse numbers together with the wish for calls that have none."""
    if options[CONF_NUMBER_MATCH] == NumberMatch.WITHHELD and options.get(CONF_NUMBER):
        raise probatio.Invalid("a withheld number cannot be compared: remove the numbers")
    return options


type Fields = dict[probatio.Marker, Any]

_PARTY: Final[Fields] = {
    probatio.Optional(CONF_LOCATION): probatio.In([*Location]),
    probatio.Optional(CONF_NUMBER): _numbers,
    probatio.Optional(CONF_NUMBER_MATCH, default=NumberMatch.EXACT): probatio.In([*NumberMatch]),
}

DIRECTION: Final[Fields] = {probatio.Optional(CONF_DIRECTION): probatio.In([*CallDirection])}


def outcomes(*choice: Outcome) -> Fields:
    """Return the option that chooses among outcomes."""
    return {probatio.Optional(CONF_OUTCOME): probatio.All(_listed, [probatio.In(choice)])}


def options_schema(fields: Fields) -> probatio.All[Any]:
    """Return what validates the options of a trigger that is about calls."""
    return probatio.All({**_PARTY, **fields}, _matchable)


@dataclass(frozen=True, slots=True)
class CallFilter:
    """Admit the calls that fit; what was not chosen admits all."""

    location: str | None
    direction: str | None
    outcomes: frozenset[str]
    match: str
    numbers: tuple[str, ...]

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> Self:
        """Take the choice from the options of a trigger."""
        return cls(
            options.get(CONF_LOCATION),
            options.get(CONF_DIRECTION),
            frozenset(options.get(CONF_OUTCOME, ())),
            options[CONF_NUMBER_MATCH],
            tuple(normalised(number) for number in options.get(CONF_NUMBER, ())),
        )

    def admits(self, call: Mapping[str, Any]) -> bool:
        """Return whether a call is one of those that were chosen."""
        return (
            self.location in (None, call.get("location"))
            and self.direction in (None, call.get("direction"))
            and (not self.outcomes or call.get("outcome") in self.outcomes)
            and self._admits_number(call)
        )

    def _admits_number(self, call: Mapping[str, Any]) -> bool:
        placed = call.get("direction") == CallDirection.OUTGOING
        said: str | None = call.get("called_number" if placed else "caller_number")
        if self.match == NumberMatch.WITHHELD:
            return said is None
        if not self.numbers:
            return True
        if said is None:
            return False
        number = normalised(said)
        if self.match == NumberMatch.PREFIX:
            return number.startswith(self.numbers)
        return number in self.numbers
