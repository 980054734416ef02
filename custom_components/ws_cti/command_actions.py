"""Hang up, transfer and park calls; done is what the phone system's own events show."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

from homeassistant.core import HomeAssistant, ServiceCall, ServiceResponse

from .action_targets import Aim, async_aims, async_loaded, only_aim
from .confirmation import async_order
from .cti.call import Call
from .cti.commands import Capability, HangUp, Park, Transfer, dialable
from .cti.handles import is_moved, to_hang_up, to_move
from .cti.model import Channel
from .cti.overview import view
from .cti.words import Element, Id
from .failures import failed, refused

ATTR_CALL_ID: Final = "call_id"
ATTR_DESTINATION: Final = "destination"
ATTR_TIMEOUT: Final = "timeout"


@dataclass(frozen=True, slots=True)
class Chosen:
    """Hold the call that an action is about, and for whom it acts in it."""

    aim: Aim
    call: Call

    @property
    def user_id(self) -> Id | None:
        """Return the user whose part in the call is meant, or None for the call as a whole."""
        return self.aim.item_id if self.aim.key[0] is Element.USER else None


async def async_hang_up(action: ServiceCall) -> ServiceResponse:
    """End a user's part in a call or, without a user, the call."""
    chosen = await _async_chosen(action, Capability.HANG_UP)
    pbx = chosen.aim.coordinator.pbx
    uuids = to_hang_up(chosen.call, chosen.user_id)
    if not uuids:
        raise refused("no_call", name=chosen.aim.title)

    def look() -> bool | None:
        return None if any(uuid in pbx.channels for uuid in uuids) else True

    seconds: float = action.data[ATTR_TIMEOUT]
    try:
        await async_order(chosen.aim.coordinator, map(HangUp, uuids), look, seconds)
    except TimeoutError as err:
        raise failed("hang_up_not_confirmed", seconds=f"{seconds:g}") from err
    return {"call_id": chosen.call.id}


async def async_transfer(action: ServiceCall) -> ServiceResponse:
    """Send the other party of a user or, without a user, the caller elsewhere."""
    destination = number_in(action, ATTR_DESTINATION)
    chosen = await _async_chosen(action, Capability.TRANSFER)
    moved = _other_party(chosen)
    pbx = chosen.aim.coordinator.pbx
    user = pbx.users.get(chosen.user_id) if chosen.user_id is not None else None
    known = frozenset(chosen.call.channels)
    command = Transfer(
        uuid=moved.uuid,
        destination=destination,
        user_id=chosen.user_id,
        user_name=user.name if user is not None else None,
    )

    def look() -> bool | None:
        return is_moved(moved, _still_there(chosen, moved), known) or None

    seconds: float = action.data[ATTR_TIMEOUT]
    try:
        await async_order(chosen.aim.coordinator, [command], look, seconds)
    except TimeoutError as err:
        raise failed("transfer_not_confirmed", seconds=f"{seconds:g}") from err
    return {"call_id": chosen.call.id, "destination": destination}


async def async_park(action: ServiceCall) -> ServiceResponse:
    """Put the other party of a user or, without a user, the caller into a park slot."""
    chosen = await _async_chosen(action, Capability.PARK)
    parked = _other_party(chosen)
    if (slot := _slot(chosen, parked)) is not None:
        raise refused("already_parked", slot=slot)

    def look() -> str | None:
        return _slot(chosen, _still_there(chosen, parked))

    seconds: float = action.data[ATTR_TIMEOUT]
    try:
        slot = await async_order(chosen.aim.coordinator, [Park(parked.uuid)], look, seconds)
    except TimeoutError as err:
        raise failed("park_not_confirmed", seconds=f"{seconds:g}") from err
    return {"call_id": chosen.call.id, "slot": slot}


def number_in(action: ServiceCall, field: str) -> str:
    """Return what can be dialled of a field."""
    try:
        return dialable(action.data[field])
    except ValueError as err:
        raise refused("invalid_number", number=action.data[field]) from err


async def _async_chosen(action: ServiceCall, needs: Capability) -> Chosen:
    """Return the call that is named by its id, or the only one of whom the action is for."""
    call_id: Id | None = action.data.get(ATTR_CALL_ID)
    aims = await async_aims(action, entry_id=_entry_with(action.hass, call_id))
    aim = only_aim(aims, Element.USER, Element.GROUP, None)
    coordinator = aim.coordinator
    if needs not in coordinator.driver.capabilities:
        raise refused("not_supported", title=coordinator.config_entry.title)
    if not coordinator.connected:
        raise failed("not_connected", title=coordinator.config_entry.title)
    calls = _calls_of(aim)
    if call_id is not None:
        call = coordinator.pbx.calls.with_channel(call_id)
        if call is None or call not in calls:
            raise refused("unknown_call", call_id=call_id, name=aim.title)
        return Chosen(aim, call)
    if not calls:
        raise refused("no_call", name=aim.title)
    if len(calls) > 1:
        raise refused("several_calls", name=aim.title, calls=_listed(aim, calls))
    return Chosen(aim, calls[0])


def _entry_with(hass: HomeAssistant, call_id: Id | None) -> str | None:
    """Return the phone system that has a call, for an action that names nothing else."""
    if call_id is None:
        return None
    for coordinator in async_loaded(hass):
        if coordinator.pbx.calls.with_channel(call_id) is not None:
            return coordinator.config_entry.entry_id
    return None


def _calls_of(aim: Aim) -> list[Call]:
    element, item_id = aim.key
    calls = aim.coordinator.pbx.calls
    match element:
        case Element.USER:
            return [
                call
                for call in calls
                if (part := call.parts.get(item_id)) is not None and part.legs
            ]
        case Element.GROUP:
            return [call for call in calls if item_id in call.group_ids]
        case _:
            return list(calls)


def _listed(aim: Aim, calls: Collection[Call]) -> str:
    """Return calls as a person tells them apart, each with its id."""
    views = [view(aim.coordinator.pbx, call) for call in calls]
    return "; ".join(
        f"{one.caller.name or one.caller.number or '?'} → "
        f"{one.called.name or one.called.number or '?'}: {one.call_id}"
        for one in views
    )


def _other_party(chosen: Chosen) -> Channel:
    channel = to_move(chosen.aim.coordinator.pbx, chosen.call, chosen.user_id)
    if channel is None:
        raise refused("no_other_party", name=chosen.aim.title)
    return channel


def _still_there(chosen: Chosen, channel: Channel) -> Channel:
    now = chosen.aim.coordinator.pbx.channels.get(channel.uuid)
    if now is None:
        raise failed("call_ended", call_id=chosen.call.id)
    return now


def _slot(chosen: Chosen, channel: Channel) -> str | None:
    parked = chosen.aim.coordinator.pbx.parked.get(channel.uuid)
    return parked.slot if parked is not None else None
