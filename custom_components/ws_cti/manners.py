"""Remember how a server wants to be met, from one set-up of an entry to the next.

Home Assistant makes everything anew when it tries a set-up again, and would push others out or
come too early each time.
"""

from dataclasses import dataclass
import random
from time import monotonic
from typing import Final

from homeassistant.core import HomeAssistant, callback
from homeassistant.util.hass_dict import HassKey

from .const import DOMAIN
from .cti.errors import CtiError, UnavailableError
from .cti.patience import LONGEST_ASKED_DELAY, Patience


@dataclass(slots=True)
class Manners:
    """Hold what was learnt at one address.

    `not_before` is the time, in seconds of the monotonic clock, until which the server
    asked to be left alone.
    """

    address: str
    patience: Patience
    not_before: float = 0.0

    @property
    def seconds_to_wait(self) -> float:
        """Return for how long the server still wants to be left alone, 0 if it does not."""
        return max(0.0, self.not_before - monotonic())

    def failed(self, error: CtiError) -> None:
        """Take note of why a set-up failed."""
        if isinstance(error, UnavailableError) and error.retry_after is not None:
            self.not_before = monotonic() + min(error.retry_after, LONGEST_ASKED_DELAY)


_MANNERS: Final[HassKey[dict[str, Manners]]] = HassKey(f"{DOMAIN}_manners")


@callback
def manners_of(hass: HomeAssistant, entry_id: str, address: str) -> Manners:
    """Return what an entry has learnt at an address; at another one it begins anew."""
    known = hass.data.setdefault(_MANNERS, {})
    if entry_id not in known or known[entry_id].address != address:
        known[entry_id] = Manners(address, Patience(random.random))
    return known[entry_id]


@callback
def async_forget_manners(hass: HomeAssistant, entry_id: str) -> None:
    """Forget what an entry has learnt, which is removed."""
    hass.data.get(_MANNERS, {}).pop(entry_id, None)
