"""Be a call: how it begins and which steps it can take."""

from collections.abc import Sequence
from enum import StrEnum
from typing import override

from .call_ringing import Ringing
from .call_state import Phase, Whom
from .call_talking import Talking
from .channels import Shown
from .errors import SimulationError
from .model import Channel, Group, OutsideCaller, Target, User
from .states import CheckingVoicemail

__all__ = ["Call", "Phase", "StepName", "Whom"]


class StepName(StrEnum):
    """Name the steps of a call, each a method of that name."""

    RING = "ring"
    ANSWER = "answer"
    PICK_UP = "pick_up"
    NO_ANSWER = "no_answer"
    REJECT = "reject"
    BUSY = "busy"
    CANCEL = "cancel"
    DISCONNECT = "disconnect"
    TO_VOICEMAIL = "to_voicemail"
    LEAVE_MESSAGE = "leave_message"
    TO_IVR = "to_ivr"
    OVERFLOW = "overflow"
    HANG_UP = "hang_up"
    HOLD = "hold"
    RESUME = "resume"
    PARK = "park"
    UNPARK = "unpark"
    TRANSFER = "transfer"
    CONSULT = "consult"
    LISTEN = "listen"


_STEPS: dict[Phase, tuple[StepName, ...]] = {
    Phase.ORIGINATING: (StepName.CANCEL, StepName.DISCONNECT),
    Phase.CALLING: (StepName.CANCEL, StepName.DISCONNECT, StepName.TO_IVR, StepName.OVERFLOW),
    Phase.TALKING: (
        StepName.HANG_UP,
        StepName.DISCONNECT,
        StepName.HOLD,
        StepName.PARK,
        StepName.TRANSFER,
        StepName.CONSULT,
    ),
    Phase.ON_HOLD: (StepName.HANG_UP, StepName.DISCONNECT, StepName.RESUME, StepName.TRANSFER),
    Phase.PARKED: (StepName.HANG_UP, StepName.DISCONNECT, StepName.UNPARK, StepName.OVERFLOW),
    Phase.VOICEMAIL: (StepName.HANG_UP, StepName.DISCONNECT, StepName.LEAVE_MESSAGE),
    Phase.CHECKING_VOICEMAIL: (StepName.HANG_UP, StepName.DISCONNECT, StepName.LISTEN),
    Phase.IVR: (StepName.HANG_UP, StepName.DISCONNECT, StepName.OVERFLOW),
    Phase.ENDED: (),
}
_BY_A_USER = (StepName.HOLD, StepName.PARK, StepName.TRANSFER, StepName.CONSULT)


class Call(Ringing, Talking):
    """Be a call that takes legal steps, and raises SimulationError for any other."""

    @override
    def _as_call(self) -> Call:
        return self

    def begin_from_outside(self, whom: User | Group, caller: OutsideCaller, did: str) -> None:
        """Let somebody outside call a user or a group."""
        now = self.system.clock()
        self.caller = self.system.channels.offer_from_outside(self, now, caller, Target(whom, did))
        self._begin(self.caller, now, caller.number, caller.name)
        self._call(self.system.clock(), whom)

    def begin_from_user(self, user: User, whom: Whom) -> None:
        """Let a user dial a colleague, a group, or a number outside."""
        if whom is user:
            raise SimulationError(f"{user.label} cannot call himself.")
        dialled = whom if isinstance(whom, str) else whom.main_extension
        target = None if isinstance(whom, str) else Target(whom, dialled)
        self._offer(user, dialled, target)
        self._call(self.system.clock(), whom)

    def begin_voicemail_check(self, user: User, number: str) -> None:
        """Let a user dial his own mailbox."""
        channel = self._offer(user, number, None)
        self.target = user
        self.phase = Phase.CHECKING_VOICEMAIL
        now = self.system.clock()
        self.system.channels.answer(channel, now, CheckingVoicemail(now, user))
        self.system.record.talks(self.id, self.users, now)

    def begin_from_api(self, first: Sequence[User] | str, destination: Whom, shown: Shown) -> None:
        """Ring users, or a number outside, to connect to the destination who answers."""
        now = self.system.clock()
        self.phase = Phase.ORIGINATING
        self.destination = destination
        users = [] if isinstance(first, str) else list(first)
        phones = [phone for user in users for phone in user.terminals if phone.registered]
        for whom in [first] if isinstance(first, str) else phones:
            leg = self.system.channels.originate(self, now, whom, shown)
            self.legs[leg.uuid] = leg
        if not self.legs:
            raise SimulationError("Nobody's phone can ring, so there is nobody to connect.")
        self._begin(next(iter(self.legs.values())), now, shown.number, shown.name)
        for user in users:
            self.system.record.rings(self.id, user, shown.group, now)

    def legal_steps(self) -> frozenset[StepName]:
        """Return the steps that can be taken now, given somebody who may take them."""
        steps = set(_STEPS[self.phase])
        if self.legs:
            steps |= {StepName.ANSWER, StepName.NO_ANSWER, StepName.REJECT, StepName.BUSY}
        if self.phase is Phase.CALLING:
            if self.legs:
                steps.add(StepName.PICK_UP)
            if self.ringable_users or (isinstance(self.target, str) and not self.legs):
                steps.add(StepName.RING)
            if isinstance(self.target, User | Group):
                steps.add(StepName.TO_VOICEMAIL)
        if not self.users:
            steps.difference_update(_BY_A_USER)
        return frozenset(steps)

    def _offer(self, user: User, number: str, target: Target | None) -> Channel:
        now = self.system.clock()
        channel = self.system.channels.offer_from_user(
            self, now, self._terminal(user), number, target
        )
        self.caller = channel
        self._begin(channel, now, user.main_extension, user.label)
        return channel
