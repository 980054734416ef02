"""Hold one user's part in one call, and one group's, as they are lived and as they are told."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from custom_components.ws_cti.cti.story import CallEvent, Outcome, Step

type Id = str
type Key = tuple[Id, Id]
"""Names whose part it is: the call, and the user or the group."""

type Parts = defaultdict[Key, list[Part]]

_BEGINNINGS = (Step.RINGING, Step.OUTGOING, Step.ENTERED)
_OF_A_GROUP = (Step.ENTERED, Step.ANSWERED, Step.ABANDONED)


class DifferenceError(AssertionError):
    """Tell that what the library says is not what happened."""


@dataclass(slots=True)
class Part:
    """Be a part in a call from its first step to its last, with the time of each.

    Who picks up a call that rings elsewhere begins by answering it.
    """

    begin: Step
    began: int | None
    answered: int | None = None
    end: Step | None = None
    ended: int | None = None
    outcome: Outcome | None = None


def told(events: Iterable[CallEvent]) -> Parts:
    """Return the parts that events tell; raise DifferenceError where they make no sense."""
    running: dict[Key, Part] = {}
    parts: Parts = defaultdict(list)
    for event in events:
        key = (event.call_id, event.user_id or event.group_id or "")
        part = running.get(key)
        if part is None:
            part = running[key] = _begun(event)
            parts[key].append(part)
        else:
            _go_on(part, event)
        if part.end is not None:
            del running[key]
    return parts


def _begun(event: CallEvent) -> Part:
    if event.step in _BEGINNINGS:
        return Part(event.step, event.at)
    if event.step is Step.ANSWERED and event.user_id is not None:
        return Part(event.step, event.at, answered=event.at)
    raise DifferenceError(f"{event.step} without a beginning: {event}")


def _go_on(part: Part, event: CallEvent) -> None:
    is_visit = part.begin is Step.ENTERED
    if event.step in _BEGINNINGS or is_visit is not (event.user_id is None):
        raise DifferenceError(f"{event.step} after {part.begin}: {event}")
    if is_visit and event.step not in _OF_A_GROUP:
        raise DifferenceError(f"{event.step} is no step of a group: {event}")
    if event.step is Step.ANSWERED and not is_visit:
        if part.answered is not None:
            raise DifferenceError(f"answered twice: {event}")
        part.answered = event.at
        return
    part.end, part.ended, part.outcome = event.step, event.at, event.outcome
