"""Place calls, and tell what became of them and what is going on."""

import asyncio
from typing import Any, Final

from homeassistant.auth.permissions.const import POLICY_READ
from homeassistant.core import ServiceCall, ServiceResponse, callback
from homeassistant.util.json import JsonValueType

from .action_targets import Aim, async_aim, async_aims
from .bus import moment
from .command_actions import ATTR_DESTINATION, ATTR_TIMEOUT, number_in
from .coordinator import CtiCoordinator
from .cti.commands import (
    CallExternal,
    CallGroup,
    CallRequest,
    CallUser,
    Destination,
    OutsideNumber,
)
from .cti.errors import AuthError, CtiError
from .cti.model import Change, EndUser
from .cti.overview import CallView, among, view
from .cti.placed import CallResult, PlacedCall
from .cti.plain import plain
from .cti.story import UserCall
from .cti.words import Element, Id
from .failures import refused, told

ATTR_ANSWER_TIMEOUT: Final = "answer_timeout"
ATTR_AUTO_ANSWER: Final = "auto_answer"
ATTR_CALLING_NAME: Final = "calling_name"
ATTR_CALLING_NUMBER: Final = "calling_number"
ATTR_DIRECTION: Final = "direction"
ATTR_END_USER: Final = "end_user"
ATTR_GROUP: Final = "group"
ATTR_GROUP_RESOLVER: Final = "group_resolver"
ATTR_MEMBER_ANSWER_TIMEOUT: Final = "member_answer_timeout"
ATTR_NUMBER: Final = "number"
ATTR_STATE: Final = "state"
ATTR_WAIT: Final = "wait"


async def async_call(action: ServiceCall) -> ServiceResponse:
    """Ring a user, and connect him to a destination when he answers."""
    aim = await async_aim(action, Element.USER)
    data = action.data
    request = CallUser(
        user_id=aim.item_id,
        destination=_outside(action, ATTR_DESTINATION),
        answer_timeout=data.get(ATTR_ANSWER_TIMEOUT),
        auto_answer=data.get(ATTR_AUTO_ANSWER),
        calling_name=data.get(ATTR_CALLING_NAME),
        group_id=_group_id(aim, data.get(ATTR_GROUP)),
        group_resolver=data.get(ATTR_GROUP_RESOLVER),
    )
    return await _async_place(action, aim.coordinator, request)


async def async_call_group(action: ServiceCall) -> ServiceResponse:
    """Ring a group, and connect who answers to a destination."""
    aim = await async_aim(action, Element.GROUP)
    data = action.data
    request = CallGroup(
        group_id=aim.item_id,
        destination=_outside(action, ATTR_DESTINATION),
        answer_timeout=data.get(ATTR_ANSWER_TIMEOUT),
        member_answer_timeout=data.get(ATTR_MEMBER_ANSWER_TIMEOUT),
        calling_name=data.get(ATTR_CALLING_NAME),
    )
    return await _async_place(action, aim.coordinator, request)


async def async_call_external(action: ServiceCall) -> ServiceResponse:
    """Call somebody outside, and connect him to an extension when he answers."""
    aim = await async_aim(action, None)
    request = CallExternal(
        target=_outside(action, ATTR_NUMBER),
        destination=number_in(action, ATTR_DESTINATION),
        answer_timeout=action.data.get(ATTR_ANSWER_TIMEOUT),
    )
    return await _async_place(action, aim.coordinator, request)


async def async_get_calls(action: ServiceCall) -> ServiceResponse:
    """Return the calls that are going on, of all whom the action is for."""
    aims = await async_aims(action, policy=POLICY_READ)
    calls: list[JsonValueType] = []
    for coordinator in dict.fromkeys(aim.coordinator for aim in aims):
        keys = [aim.key for aim in aims if aim.coordinator is coordinator]
        views = [view(coordinator.pbx, call) for call in coordinator.pbx.calls]
        if all(element is not None for element, _ in keys):
            user_ids = [item_id for element, item_id in keys if element is Element.USER]
            group_ids = [item_id for element, item_id in keys if element is Element.GROUP]
            views = among(views, user_ids, group_ids)
        calls += [_told(coordinator, one) for one in views if _is_wanted(action, one)]
    return {"calls": calls}


# Placing


async def _async_place(
    action: ServiceCall, coordinator: CtiCoordinator, request: CallRequest
) -> ServiceResponse:
    """Ask for a call, once, and tell its channels; where asked to wait, its result, too."""
    if request.needs not in coordinator.driver.capabilities:
        raise refused("not_supported", title=coordinator.config_entry.title)
    placed_call = PlacedCall()
    decided = asyncio.Event()

    @callback
    def look() -> None:
        if placed_call.result is not None or not coordinator.connected:
            decided.set()

    @callback
    def take(change: Change) -> None:
        placed_call.take(change)
        look()

    # Channels may be told before the answer that names them.
    stops = [
        coordinator.async_add_channel_listener(take),
        coordinator.async_add_listener(look),
    ]
    try:
        uuids = await _async_ask(coordinator, request)
        placed_call.placed(uuids)
        look()
        if not action.data[ATTR_WAIT]:
            return _ids(coordinator, uuids)
        result = await _async_result(placed_call, decided, action.data[ATTR_TIMEOUT])
        return {**_ids(coordinator, uuids), "outcome": result.value, "cause": placed_call.cause}
    finally:
        for stop in stops:
            stop()


async def _async_ask(coordinator: CtiCoordinator, request: CallRequest) -> tuple[Id, ...]:
    try:
        return (await coordinator.driver.place(request, coordinator.http)).uuids
    except AuthError as err:
        coordinator.config_entry.async_start_reauth(coordinator.hass)
        raise told(coordinator, err) from err
    except CtiError as err:
        raise told(coordinator, err) from err


async def _async_result(
    placed_call: PlacedCall, decided: asyncio.Event, seconds: float
) -> CallResult:
    try:
        async with asyncio.timeout(seconds):
            await decided.wait()
    except TimeoutError:
        return CallResult.PENDING
    return placed_call.result or CallResult.UNKNOWN


def _ids(coordinator: CtiCoordinator, uuids: tuple[Id, ...]) -> dict[str, Any]:
    calls = coordinator.pbx.calls
    found = next(filter(None, map(calls.with_channel, uuids)), None)
    call_id = found.id if found is not None else next(iter(uuids), None)
    return {"call_id": call_id, "channel_ids": [*uuids]}


def _outside(action: ServiceCall, field: str) -> Destination:
    """Return whom to call, with what is said of him besides his number."""
    number = number_in(action, field)
    data = action.data
    end_user = data.get(ATTR_END_USER)
    if end_user is None and ATTR_CALLING_NUMBER not in data:
        return number
    return OutsideNumber(
        called_number=number,
        calling_number=number_in(action, ATTR_CALLING_NUMBER)
        if ATTR_CALLING_NUMBER in data
        else None,
        end_user=EndUser(**end_user) if end_user is not None else None,
    )


def _group_id(aim: Aim, said: str | None) -> Id | None:
    """Return the group that a person means by its name, extension or id."""
    if said is None:
        return None
    groups = aim.coordinator.pbx.groups.values()
    wanted = said.strip().casefold()
    for known in ("id", "main_extension", "name", "label"):
        for group in groups:
            if str(getattr(group, known)).casefold() == wanted:
                return group.id
    names = ", ".join(sorted(group.title for group in groups))
    raise refused("unknown_group", group=said, names=names)


# Telling


def _is_wanted(action: ServiceCall, one: CallView) -> bool:
    states = action.data.get(ATTR_STATE, ())
    directions = action.data.get(ATTR_DIRECTION, ())
    return (not states or one.stage in states) and (not directions or one.way in directions)


def _told(coordinator: CtiCoordinator, one: CallView) -> dict[str, Any]:
    pbx = coordinator.pbx
    return {
        "entry_id": coordinator.config_entry.entry_id,
        "call_id": one.call_id,
        "state": one.stage.value,
        "direction": one.way.value,
        "caller_number": one.caller.number,
        "caller_name": one.caller.name,
        "called_number": one.called.number,
        "called_name": one.called.name,
        "users": [
            {"user_id": user_id, "user_name": pbx.user_titles.get(user_id), **_user(user)}
            for user_id, user in one.users.items()
        ],
        "groups": [
            {"group_id": group_id, "group_name": pbx.group_titles.get(group_id)}
            for group_id in sorted(one.group_ids)
        ],
        "began": _iso(one.began_at),
        "since": _iso(one.since),
        "slot": one.slot,
        "end_user": plain(one.end_user),
    }


def _user(user: UserCall) -> dict[str, Any]:
    return {
        "state": user.state.value,
        "direction": user.direction.value,
        "since": _iso(user.since),
    }


def _iso(microseconds: int | None) -> str | None:
    at = moment(microseconds)
    return None if at is None else at.isoformat()
