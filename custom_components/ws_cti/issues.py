"""Ask people to repair what only they can, and withdraw that when its cause is gone.

A refused token is not among it: asking for a new one is Home Assistant's own issue.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any, Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.core import CALLBACK_TYPE, HassJob, HomeAssistant, callback
from homeassistant.helpers import issue_registry as ir
from homeassistant.helpers.event import async_call_later

from .account import Risk, risk_of
from .const import CONF_APP_NAME, CONF_KEPT_RISK, CONF_SERVER, CONF_WATCH, DOMAIN, WATCH_ALL
from .cti.errors import CtiError, LimitReachedError, ReplacedError
from .cti.patience import UNDISPUTED_SECONDS

QUARREL_SECONDS: Final = UNDISPUTED_SECONDS
"""Taken over twice within this time is a quarrel, and so long without a loss is its end."""

LEARN_MORE: Final = "https://github.com/ws-cti/ha-ws-cti/blob/HEAD/docs/troubleshooting.md"


class Issue(StrEnum):
    """List what people are asked to repair; each has its texts in the translations."""

    CERTIFICATE_UNCHECKED = Risk.CERTIFICATE_UNCHECKED
    CONNECTION_REPLACED = "connection_replaced"
    LIMIT_REACHED = "limit_reached"
    NO_USERS = "no_users"
    NOT_ENCRYPTED = Risk.NOT_ENCRYPTED
    TOO_MANY_ENTITIES = "too_many_entities"


FIXABLE: Final = frozenset(
    {
        Issue.CERTIFICATE_UNCHECKED,
        Issue.CONNECTION_REPLACED,
        Issue.LIMIT_REACHED,
        Issue.NOT_ENCRYPTED,
    }
)
"""What can be repaired from within the issue."""

_SEVERITIES: Final[Mapping[Issue, ir.IssueSeverity]] = {
    Issue.CONNECTION_REPLACED: ir.IssueSeverity.ERROR,
    Issue.LIMIT_REACHED: ir.IssueSeverity.ERROR,
}


class Issues:
    """Know what is to be repaired at one entry, as its coordinator and roster tell."""

    def __init__(self, hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
        """Begin without a quarrel; issues of the last run stay until their cause is gone."""
        self._hass = hass
        self._entry = entry
        self._was_whole = False
        self._replaced_at: float | None = None
        self._stop_waiting: CALLBACK_TYPE | None = None
        self._check_safety()

    @callback
    def lost(self, error: CtiError) -> None:
        """Know that there is no connection, and why."""
        self.close()
        match error:
            case LimitReachedError():
                self._raise(Issue.LIMIT_REACHED, app_name=self._entry.data[CONF_APP_NAME])
            case ReplacedError():
                self._replaced()

    @callback
    def synchronised(self) -> None:
        """Know that the connection is there, and the picture whole."""
        self._was_whole = True
        self._withdraw(Issue.LIMIT_REACHED)
        self.close()
        self._stop_waiting = async_call_later(
            self._hass,
            QUARREL_SECONDS,
            HassJob(self._make_peace, cancel_on_shutdown=True),
        )

    @callback
    def counted(self, *, users: int, left_out: int) -> None:
        """Know how many users the phone system has, and how many devices had no room."""
        if users <= 1 and self._entry.data[CONF_WATCH] == WATCH_ALL:
            self._raise(Issue.NO_USERS, users=str(users))
        else:
            self._withdraw(Issue.NO_USERS)
        if left_out:
            self._raise(Issue.TOO_MANY_ENTITIES, left_out=str(left_out))
        else:
            self._withdraw(Issue.TOO_MANY_ENTITIES)

    @callback
    def close(self) -> None:
        """Wait for nothing any more."""
        if self._stop_waiting is not None:
            self._stop_waiting()
            self._stop_waiting = None

    def _check_safety(self) -> None:
        """Say it where the line is not safe, unless somebody decided to keep it so."""
        risk = risk_of(self._entry.data)
        for one in Risk:
            if one is risk and risk != self._entry.data.get(CONF_KEPT_RISK):
                self._raise(Issue(one), server=self._entry.data[CONF_SERVER])
            else:
                self._withdraw(Issue(one))

    def _replaced(self) -> None:
        """Take note that another client took our place, which once may be an accident."""
        now = self._hass.loop.time()
        before, self._replaced_at = self._replaced_at, now
        again = before is not None and now - before < QUARREL_SECONDS
        if again or not self._was_whole:
            self._raise(Issue.CONNECTION_REPLACED, app_name=self._entry.data[CONF_APP_NAME])

    @callback
    def _make_peace(self, _now: object) -> None:
        self._stop_waiting = self._replaced_at = None
        self._withdraw(Issue.CONNECTION_REPLACED)

    def _raise(self, issue: Issue, **placeholders: str) -> None:
        ir.async_create_issue(
            self._hass,
            DOMAIN,
            issue_id_of(issue, self._entry.entry_id),
            data={"entry_id": self._entry.entry_id, "issue": issue.value},
            is_fixable=issue in FIXABLE,
            learn_more_url=LEARN_MORE,
            severity=_SEVERITIES.get(issue, ir.IssueSeverity.WARNING),
            translation_key=issue.value,
            translation_placeholders={"title": self._entry.title, **placeholders},
        )

    def _withdraw(self, issue: Issue) -> None:
        ir.async_delete_issue(self._hass, DOMAIN, issue_id_of(issue, self._entry.entry_id))


def issue_id_of(issue: Issue, entry_id: str) -> str:
    """Return by what Home Assistant knows the issue of an entry."""
    return f"{issue}_{entry_id}"


@callback
def async_forget_issues(hass: HomeAssistant, entry: ConfigEntry[Any]) -> None:
    """Take back whatever people were asked to repair at an entry."""
    for issue in Issue:
        ir.async_delete_issue(hass, DOMAIN, issue_id_of(issue, entry.entry_id))
