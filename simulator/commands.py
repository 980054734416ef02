"""Obey the commands that a client sends over its websocket.

Nothing is answered: what a command did shows as events, and one that cannot be obeyed does nothing.
"""

from collections.abc import Mapping
from contextlib import suppress

from .calls import Call, Phase, Whom
from .errors import SimulationError
from .model import User
from .phone_system import PhoneSystem


def obey(system: PhoneSystem, command: object) -> None:
    """Do what a command says."""
    if not isinstance(command, Mapping) or not isinstance(uuid := command.get("uuid"), str):
        return
    # The documentation knows no errors of commands, so there is nobody to tell.
    with suppress(SimulationError):
        match command.get("cmd"):
            case "hangup":
                hang_up(system, uuid)
            case "transfer":
                destination = command.get("destination")
                if isinstance(destination, str):
                    transfer(system, uuid, system.resolve(destination))
            case "park":
                park(system, uuid)


def hang_up(system: PhoneSystem, uuid: str) -> None:
    """End a channel: a phone that rings is as good as declined, anything else ends its call."""
    call = system.call_of(uuid)
    leg = call.legs.get(uuid)
    if leg is None or leg.user is None:
        call.disconnect()
        return
    call.reject(leg.user)


def transfer(system: PhoneSystem, uuid: str, to: Whom) -> None:
    """Send the peer of a channel to somebody else, and ring there."""
    call = system.call_of(uuid)
    if call.phase is Phase.TALKING:
        # The uuid is that of who shall be transferred, so the one whom he talks to leaves.
        call.transfer(_counterpart(call, uuid), to)
    else:
        call.overflow(to)
    call.ring()


def park(system: PhoneSystem, uuid: str) -> None:
    """Park a channel in the first free slot of the user whom it talks to."""
    call = system.call_of(uuid)
    call.park(_counterpart(call, uuid))


def _counterpart(call: Call, uuid: str) -> User:
    """Return the user who talks to a channel or, if none does, whose channel it is."""
    others = [channel for channel in call.parties if channel.uuid != uuid]
    own = [channel for channel in call.parties if channel.uuid == uuid]
    for channel in (*others, *own):
        if channel.user:
            return channel.user
    raise SimulationError(f"No user takes part in the call {call.id}.")
