"""Hold a part in a call as it was lived, and how much of it could be seen."""

from dataclasses import dataclass, replace

from custom_components.ws_cti.cti.story import Outcome, Step
from simulator.calls import Phase

from .parts import Id, Part

#: Where somebody has answered and has not left.
CONNECTED = (Phase.TALKING, Phase.ON_HOLD, Phase.CHECKING_VOICEMAIL)


@dataclass(slots=True)
class Lived:
    """Be a part as it truly went.

    `whose` is a user's id or a group's; `caller_uuid` names the channel
    that was served when it began. `is_there` tells whether a phone of his is in the call now,
    `in_vain` how his ringing ended as long as nobody knows for certain that he missed it, `left`
    when.

    `unseen` tells whether the connection was away for any of the part, `noticed` whether it was
    there for any of it, `seen_answered` the same of his talking. `doubtful` tells that something
    happened in silence of which nothing can be seen afterwards.
    """

    call_id: Id
    whose: Id
    part: Part
    caller_uuid: Id
    is_there: bool = True
    in_vain: Outcome | None = None
    left: int | None = None
    unseen: bool = False
    noticed: bool = True
    seen_answered: bool = False
    doubtful: bool = False

    def answer(self, at: int, *, seen: bool) -> None:
        """Let him talk."""
        if self.part.answered is None:
            self.part.answered = at
        self.is_there, self.in_vain = True, None
        self.seen_answered |= seen
        self.noticed |= seen

    def ring_in_vain(self, at: int, outcome: Outcome) -> None:
        """Let his phones stop ringing, while others may still answer."""
        self.is_there, self.left, self.in_vain = False, at, outcome

    def ring_again(self, *, seen: bool) -> None:
        """Let his phones ring once more."""
        self.is_there, self.in_vain = True, None
        self.noticed |= seen
        self.doubtful |= not seen

    def end(self, step: Step, at: int | None, outcome: Outcome) -> None:
        """Let the part be over."""
        self.is_there = False
        self.part.end, self.part.ended, self.part.outcome = step, at, outcome

    def go_on(self) -> None:
        """Let the part have never ended."""
        self.is_there, self.in_vain = True, None
        self.part = Part(self.part.begin, self.part.began)

    def is_continued_by(self, again: Lived) -> bool:
        """Return whether another part is his as well, of the same call and the same caller."""
        mine = (self.call_id, self.whose, self.caller_uuid)
        return mine == (again.call_id, again.whose, again.caller_uuid)

    def as_seen_to_vanish(self) -> Lived:
        """Return the part of which nobody knows any more what became."""
        part = replace(self.part, end=Step.ENDED, outcome=Outcome.UNKNOWN)
        return replace(self, part=part, is_there=False, doubtful=True)
