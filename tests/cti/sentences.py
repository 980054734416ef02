"""Put the steps of calls into sentences, as a person would tell them."""

from custom_components.ws_cti.cti.model import Peer
from custom_components.ws_cti.cti.pbx import Pbx
from custom_components.ws_cti.cti.story import CallEvent, Step


def sentence(pbx: Pbx, event: CallEvent) -> str:
    """Return who did what, and how it ended if it did."""
    if event.user_id is not None:
        who = pbx.user_titles.get(event.user_id) or event.user_id
    else:
        who = pbx.group_titles.get(event.group_id or "") or f"group {event.group_id}"
    words = [who, event.step]
    if event.outcome is not None and event.step is not Step.ANSWERED:
        words.append(event.outcome)
    return " ".join(words)


def peer(someone: Peer) -> str:
    """Return number and name of somebody, as a display shows them."""
    number = someone.number or "withheld"
    return number if someone.name is None else f"{number} {someone.name}"
