"""Say what people could do now with their phones; the simulator itself allows a little more."""

from itertools import product

from simulator.calls import Call, Phase, StepName, Whom
from simulator.model import User
from simulator.phone_system import PhoneSystem

OUTSIDE = ("0355556666", "0377778888")

JOIN = "complete_transfer"

type Way = tuple[Whom | Call, ...]
"""Says who takes part in a step, as the step's method wants to know it."""


def is_asked_for(system: PhoneSystem, first: Whom) -> bool:
    """Return whether an API request rings somebody already.

    The same request made twice at once looks like one that rings two phones.
    """
    return any(
        first in (leg.user, leg.group, leg.called_number)
        for call in system.calls.values()
        if call.phase is Phase.ORIGINATING
        for leg in call.legs.values()
    )


def rings(whom: Whom) -> bool:
    """Return whether an API request would ring anybody's phone."""
    if isinstance(whom, str):
        return True
    return whom.rings if isinstance(whom, User) else any(m.rings for m in whom.members.values())


def can_join(held: Call, asking: Call) -> bool:
    """Return whether who holds one call and talks in another may bring the others together."""
    by = held.holder
    if by is None or held is asking or asking.phase is not Phase.TALKING or by not in asking.users:
        return False
    # Nobody is connected to himself.
    others = [user for user in (*held.users, *asking.users) if user is not by]
    return len(set(others)) == len(others)


def ways(call: Call, step: str) -> list[Way]:
    """Return in which ways a step of a call can be taken now."""
    if step == JOIN:
        asking = call.system.calls_of(call.holder) if call.holder is not None else []
        return [(one,) for one in asking if can_join(call, one)]
    if step not in call.legal_steps():
        return []
    users = list(call.system.users)
    strangers = [user for user in users if user not in (*call.users, *call.ringing_users)]
    everybody: list[Whom] = [*strangers, *call.system.groups, *OUTSIDE]
    match StepName(step):
        case StepName.RING:
            return _ways_to_ring(call)
        case StepName.ANSWER | StepName.NO_ANSWER | StepName.REJECT | StepName.BUSY:
            return [(user,) for user in call.ringing_users] or [()]
        case StepName.PICK_UP | StepName.UNPARK:
            return [(user,) for user in strangers]
        case StepName.HOLD | StepName.PARK:
            return [(user,) for user in call.users]
        case StepName.HANG_UP:
            return [(), *((user,) for user in call.users)]
        case StepName.OVERFLOW:
            return [(whom,) for whom in everybody]
        case StepName.TRANSFER | StepName.CONSULT:
            return [*product(call.users, everybody)]
        case _:
            return [()]


def _ways_to_ring(call: Call) -> list[Way]:
    one_by_one: list[Way] = [(user,) for user in call.ringable_users]
    is_anybody_idle = any(not user.channels for user in call.ringable_users)
    at_once = is_anybody_idle or isinstance(call.target, str)
    return [(), *one_by_one] if at_once else one_by_one
