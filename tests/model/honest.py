"""Say what may be told of a part in a call: the truth and, of what nobody saw, that it is unknown.

A part during which the connection was never away must be told exactly, with all its times. Of any
other part:

- It has one beginning and one end, and its answer is told if anything of it could be seen.
- Who was found talking begins with the answer.
- How it ended is true or unknown. Nobody sees afterwards that a call was picked up, which is a way
  of being answered elsewhere; nor does anybody claim that a call was missed of which he did not see
  the phone stop.
- Where something happened in silence that left no trace (an answer and a transfer between two
  looks, say), what is told is only not to contradict what could be seen.
"""

from custom_components.ws_cti.cti.story import Outcome, Step

from .lived_part import Lived
from .parts import Part


def is_honest(lived: Lived, said: Part) -> bool:
    """Return whether a part was told as it was, as far as that could be known."""
    if not lived.unseen:
        return said == lived.part
    if said.end is None or not _begins_alike(lived, said):
        return False
    if said.answered is None:
        return not lived.seen_answered and _is_true_or_unknown(lived, said)
    return lived.part.answered is not None and said.outcome is Outcome.ANSWERED


def _begins_alike(lived: Lived, said: Part) -> bool:
    was_found_talking = said.begin is Step.ANSWERED and lived.part.answered is not None
    return said.begin is lived.part.begin or was_found_talking


def _is_true_or_unknown(lived: Lived, said: Part) -> bool:
    true = lived.part
    leaves_no_trace = true.answered is not None or lived.doubtful
    if leaves_no_trace or true.begin is Step.ENTERED:
        return True
    if said.outcome is Outcome.UNKNOWN:
        return said.end is Step.ENDED
    if true.outcome is Outcome.PICKED_UP:
        return said.outcome in (Outcome.PICKED_UP, Outcome.ANSWERED_ELSEWHERE)
    return said.outcome is true.outcome and said.end in (true.end, Step.ENDED)
