"""Show the rows of a phone system without showing who takes part.

Only what is listed here as harmless is shown. Everything else that a row may hold, also
what the phone system begins to send tomorrow, is redacted. Ids and numbers get aliases,
the same wherever they stand in one file, so that it can still be read who is who.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
import re
from typing import Final

from homeassistant.components.diagnostics import REDACTED
from homeassistant.const import CONF_SSL, CONF_VERIFY_SSL
from homeassistant.util import dt as dt_util

from .const import (
    CONF_AGREED_RISK,
    CONF_ALL_GROUPS,
    CONF_ALL_USERS,
    CONF_APP_NAME,
    CONF_CALL_LOG_DAYS,
    CONF_CALL_LOG_SIZE,
    CONF_CHANNEL_EVENTS,
    CONF_GROUPS,
    CONF_KEPT_RISK,
    CONF_RECORD_CALLER_DATA,
    CONF_TAKE_OVER,
    CONF_USERS,
    CONF_WATCH,
    DEFAULT_APP_NAME,
)
from .cti.pbx import Pbx
from .cti.plain import plain
from .cti.words import Json

type Row = Mapping[str, Json]
type Rule = Callable[[Json, Row, Disguise], Json] | Mapping[str, Rule]
"""How to show a field, given its row; a mapping shows a nested row by its own rules."""

_KNOWN_TAGS: Final = frozenset({"auto_answer", "monitoring_required"})
_WORD: Final = re.compile(r"[A-Za-z_]{1,40}")
_SHORT_NUMBER: Final = re.compile(r"\d{1,3}")
_LANGUAGE: Final = re.compile(r"\d{1,3}|[a-z]{2}([-_][A-Z]{2})?")
_COUNTERS: Final = re.compile(r"\d{1,3}(\D\d{1,3})?")
_CODES: Final = range(-999, 1000)
_FLAGS: Final = range(1 << 24)


class Disguise:
    """Give everybody an alias, and keep to it."""

    def __init__(self, pbx: Pbx) -> None:
        """Begin with users and groups, whose aliases are the same in every file."""
        self._aliases: dict[tuple[str, str], str] = {}
        self._counts: Counter[str] = Counter()
        self._now = dt_util.utcnow().timestamp()
        for user_id in pbx.users:
            self.alias("user", user_id)
        for group_id in pbx.groups:
            self.alias("group", group_id)

    def alias(self, kind: str, said: Json) -> str:
        """Return the alias of an id or a number."""
        named = (kind, str(said))
        if named not in self._aliases:
            self._counts[kind] += 1
            self._aliases[named] = f"{kind}_{self._counts[kind]}"
        return self._aliases[named]

    def age(self, microseconds: int) -> float:
        """Return how many seconds ago it was; less than none where the clocks differ."""
        return round(self._now - microseconds / 1_000_000, 1)

    def rows(self, rules: Mapping[str, Rule], items: Iterable[object]) -> list[Json]:
        """Show model objects."""
        return [self.row(rules, item) for item in items]

    def row(self, rules: Mapping[str, Rule], item: object) -> Json:
        """Show one model object, or whatever else is made of names and values."""
        return self._shown(plain(item), rules)

    def _shown(self, row: Json, rules: Mapping[str, Rule]) -> Json:
        if not isinstance(row, dict):
            return REDACTED
        return {
            name if _WORD.fullmatch(name) else REDACTED: self._field(rules.get(name), value, row)
            for name, value in row.items()
        }

    def _field(self, rule: Rule | None, value: Json, row: Row) -> Json:
        if value is None or value == "":
            return value
        if rule is None:
            return REDACTED
        if isinstance(rule, Mapping):
            return self._shown(value, rule)
        return rule(value, row, self)


# How a field is shown


def _flag(value: Json, row: Row, disguise: Disguise) -> Json:
    return value if isinstance(value, bool) else REDACTED


def _word(value: Json, row: Row, disguise: Disguise) -> Json:
    return value if isinstance(value, str) and _WORD.fullmatch(value) else REDACTED


def _code(value: Json, row: Row, disguise: Disguise) -> Json:
    # Whatever means somebody is longer: a name, a phone number, the id of a row.
    if isinstance(value, str):
        return value if _SHORT_NUMBER.fullmatch(value) else REDACTED
    return value if isinstance(value, int) and value in _CODES else REDACTED


def _counters(value: Json, row: Row, disguise: Disguise) -> Json:
    return value if isinstance(value, str) and _COUNTERS.fullmatch(value) else REDACTED


def _bits(value: Json, row: Row, disguise: Disguise) -> Json:
    return value if isinstance(value, int) and value in _FLAGS else REDACTED


def _language(value: Json, row: Row, disguise: Disguise) -> Json:
    if isinstance(value, str):
        return value if _LANGUAGE.fullmatch(value) else REDACTED
    return _code(value, row, disguise)


def _tags(value: Json, row: Row, disguise: Disguise) -> Json:
    # Who sets tags, and to what, is not documented.
    tags = value if isinstance(value, list) else [value]
    return [tag if tag in _KNOWN_TAGS else REDACTED for tag in tags]


def _app_name(value: Json, row: Row, disguise: Disguise) -> Json:
    return value if value == DEFAULT_APP_NAME else REDACTED


def _time(value: Json, row: Row, disguise: Disguise) -> Json:
    return disguise.age(value) if isinstance(value, int) else REDACTED


def _names_alone(value: Json, row: Row, disguise: Disguise) -> Json:
    return disguise.row({}, value)


def _alias_of(kind: str) -> Rule:
    def alias(value: Json, row: Row, disguise: Disguise) -> Json:
        if isinstance(value, list):
            return [disguise.alias(kind, one) for one in value]
        return disguise.alias(kind, value)

    return alias


def _alias_by(type_field: str) -> Rule:
    """Give the alias of what another field says that an id is the id of."""

    def alias(value: Json, row: Row, disguise: Disguise) -> Json:
        kind = row.get(type_field)
        return disguise.alias(kind if kind in ("user", "group") else "target", value)

    return alias


_user, _group, _channel, _number = map(_alias_of, ("user", "group", "channel", "number"))

# What is harmless, row by row

DATA_RULES: Final[Mapping[str, Rule]] = {
    CONF_WATCH: _word,
    CONF_APP_NAME: _app_name,
    CONF_TAKE_OVER: _flag,
    CONF_SSL: _flag,
    CONF_VERIFY_SSL: _flag,
    CONF_AGREED_RISK: _word,
    CONF_KEPT_RISK: _word,
}

OPTIONS_RULES: Final[Mapping[str, Rule]] = {
    CONF_ALL_USERS: _flag,
    CONF_USERS: _user,
    CONF_ALL_GROUPS: _flag,
    CONF_GROUPS: _group,
    CONF_CHANNEL_EVENTS: _flag,
    CONF_RECORD_CALLER_DATA: _flag,
    CONF_CALL_LOG_SIZE: _bits,
    CONF_CALL_LOG_DAYS: _bits,
}

_MAILBOX_RULES: Final[Mapping[str, Rule]] = {"raw": _counters, "new": _code, "saved": _code}

USER_RULES: Final[Mapping[str, Rule]] = {
    "id": _user,
    "main_extension": _number,
    "presence": _code,
    "do_not_disturb_status": _code,
    "fwd_always_status": _code,
    "language": _language,
    "role": _code,
    "park_group": _code,
    "flags": _bits,
    "mwi": _MAILBOX_RULES,
    "extra": _names_alone,
}

GROUP_RULES: Final[Mapping[str, Rule]] = {
    "id": _group,
    "main_extension": _number,
    "type": _code,
    "language": _language,
    "queue": _code,
    "flags": _bits,
    "check_login_status": _code,
    "mwi": _MAILBOX_RULES,
    "extra": _names_alone,
}

MEMBERSHIP_RULES: Final[Mapping[str, Rule]] = {
    "id": _alias_of("membership"),
    "group_id": _group,
    "user_id": _user,
    "priority": _code,
    "login_status": _code,
    "role": _code,
    "extra": _names_alone,
}

TERMINAL_RULES: Final[Mapping[str, Rule]] = {
    "id": _alias_of("terminal"),
    "user_id": _user,
    "type": _code,
    "registered_status": _code,
    "extra": _names_alone,
}

STATE_RULES: Final[Mapping[str, Rule]] = {
    "since": _time,
    "name": _word,
    "target_location": _word,
    "target_type": _word,
    "target_id": _alias_by("target_type"),
    "group_type": _word,
    "address": _number,
    "slot": _code,
    "parker_id": _user,
    "ivr_id": _code,
    "operation": _word,
    "room_id": _code,
    "uuid": _channel,
    "eavesdrop_state": _code,
}

_CUSTOMERS_RULES: Final[Mapping[str, Rule]] = {"count": _code}

CHANNEL_RULES: Final[Mapping[str, Rule]] = {
    "uuid": _channel,
    "direction": _word,
    "peer_location": _word,
    "calling_number": _number,
    "called_number": _number,
    "offered_at": _time,
    "answered_at": _time,
    "hung_up_at": _time,
    "other_uuid": _channel,
    "user_id": _user,
    "group_id": _group,
    "state": STATE_RULES,
    "target": {"type": _word, "id": _alias_by("type"), "address": _number},
    "end_user": _CUSTOMERS_RULES,
    "tags": _tags,
    "last_bridged_user_id": _user,
    "last_event": _word,
    "hangup": {"disposition": _word, "cause": _word},
    "other": {
        "type": _word,
        "user_id": _user,
        "end_user": _CUSTOMERS_RULES,
        "direction": _word,
        "peer_location": _word,
        "address": _number,
        "offered_at": _time,
        "answered_at": _time,
        "group_id": _group,
    },
    "extra": _names_alone,
}

CALL_RULES: Final[Mapping[str, Rule]] = {
    "call_id": _channel,  # a call bears the id of the channel that began it
    "state": _word,
    "direction": _word,
    "other": {"number": _number, "user_id": _user, "location": _word},
    "since": _time,
    "group_id": _group,
}
