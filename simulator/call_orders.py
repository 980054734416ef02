"""Carry out what is asked about calls, and answer in a sentence."""

from .calls import Call, Phase
from .model import User
from .request import Request, only


def answer(request: Request) -> str:
    """Let somebody whose phone rings answer."""
    call, user = _ringing(request)
    call.answer(user)
    return f"{user.label if user else 'The number outside'} answers."


def reject(request: Request) -> str:
    """Let somebody whose phone rings decline."""
    call, user = _ringing(request)
    call.reject(user)
    return f"{user.label if user else 'The number outside'} declines."


def pick_up(request: Request) -> str:
    """Let a colleague take the call that rings elsewhere."""
    by = request.user("by")
    call = only([c for c in request.system.calls.values() if c.legs], "No phone rings.")
    call.pick_up(by)
    return f"{by.label} picks the call up."


def hang_up(request: Request) -> str:
    """Let somebody hang up, at whatever point the call is."""
    by = request.optional_user("by")
    call = only(request.calls(), "There is no call to hang up.")
    if call.phase in {Phase.CALLING, Phase.ORIGINATING}:
        if by and by in call.ringing_users:
            call.reject(by)
            return f"{by.label} declines."
        call.cancel()
        return "The caller hangs up before anybody answers."
    call.hang_up(by)
    return f"{by.label if by else 'The other side'} hangs up."


def hold(request: Request) -> str:
    """Let a user put his call on hold."""
    by = request.user("by")
    request.talking(by).hold(by)
    return f"{by.label} puts the call on hold."


def resume(request: Request) -> str:
    """Let a user go on with the call that he holds."""
    by = request.user("by")
    held = [call for call in request.system.calls_of(by) if call.holder is by]
    only(held, f"{by.label} holds no call.").resume()
    return f"{by.label} talks again."


def park(request: Request) -> str:
    """Let a user park his call."""
    by = request.user("by")
    slot = request.talking(by).park(by, request.whole("slot"))
    return f"{by.label} parks the call in slot {slot}."


def unpark(request: Request) -> str:
    """Let a user take a parked call."""
    by = request.user("by")
    slot = request.whole("slot")
    calls = [channel.call for channel in request.system.channels.slots.values()]
    call = request.system.call_in_slot(slot) if slot else only(calls, "Nobody is parked.")
    call.unpark(by)
    return f"{by.label} takes the call from its slot."


def transfer(request: Request) -> str:
    """Let a user hand his call over."""
    by = request.user("by")
    to = request.destination("to")
    call = request.talking(by)
    call.transfer(by, to)
    call.ring()
    return f"{by.label} hands the call over to {to if isinstance(to, str) else to.label}."


def _ringing(request: Request) -> tuple[Call, User | None]:
    """Return the call that rings at a user, or the only one that rings."""
    by = request.optional_user("by")
    calls = [
        call for call in request.calls() if call.legs and (by is None or by in call.ringing_users)
    ]
    call = only(calls, "No phone rings.")
    # Of several who ring the first is as good as any.
    return call, by or next(iter(call.ringing_users), None)
