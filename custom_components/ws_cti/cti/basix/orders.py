"""Put requests and commands into the words of the Basix API and websocket."""

from collections.abc import Mapping
import json

from ..commands import (
    CallExternal,
    CallGroup,
    CallRequest,
    CallUser,
    Command,
    Destination,
    HangUp,
    OutsideNumber,
    Park,
    Transfer,
)
from ..model import EndUser
from ..words import Id, Json

type Parameters = dict[str, Json]


def method_of(request: CallRequest) -> tuple[str, Parameters]:
    """Return the HTTP method of a request, and its parameters.

    `callback_url` is left out: events tell the result, and a callback would need an
    address of the house that can be reached from the internet.
    """
    match request:
        case CallUser():
            return "call_user", _given(
                {
                    "user_id": _id(request.user_id),
                    "destination": _destination(request.destination),
                    "answer_timeout": request.answer_timeout,
                    "auto_answer": request.auto_answer,
                    "calling_name": request.calling_name,
                    "group_id": _id(request.group_id),
                    "group_resolver": request.group_resolver,
                }
            )
        case CallGroup():
            return "call_group", _given(
                {
                    "group_id": _id(request.group_id),
                    "destination": _destination(request.destination),
                    "answer_timeout": request.answer_timeout,
                    "member_answer_timeout": request.member_answer_timeout,
                    "calling_name": request.calling_name,
                }
            )
        case CallExternal():
            return "call_external", _given(
                {
                    "target": _destination(request.target),
                    "destination": request.destination,
                    "answer_timeout": request.answer_timeout,
                }
            )


def text_of(command: Command) -> str:
    """Return the text frame of a command, as the official client sends it."""
    return json.dumps(_given(_said(command)))


def _said(command: Command) -> Parameters:
    match command:
        case HangUp(uuid):
            return {"cmd": "hangup", "uuid": uuid}
        case Park(uuid):
            # The unit of its `timeout` is not documented, and it may be left out.
            return {"cmd": "park", "uuid": uuid}
        case Transfer():
            return {
                "cmd": "transfer",
                "uuid": command.uuid,
                "user_id": _id(command.user_id),
                "user_name": command.user_name,
                "destination": command.destination,
            }


def _destination(destination: Destination) -> Json:
    if not isinstance(destination, OutsideNumber):
        return destination
    end_user = destination.end_user
    return _given(
        {
            "called_number": destination.called_number,
            "calling_number": destination.calling_number,
            "end_user": None if end_user is None else _end_user(end_user),
        }
    )


def _end_user(end_user: EndUser) -> Json:
    parts: Parameters = {
        "id": end_user.id,
        "name": end_user.name,
        "organization": end_user.organization,
        "avatar": end_user.avatar,
        "prefecture": end_user.prefecture,
    }
    return {name: part for name, part in parts.items() if part != ""}


def _id(item_id: Id | None) -> Json:
    """Return an id as the wire has it: a number."""
    if item_id is not None and item_id.isascii() and item_id.isdecimal():
        return int(item_id)
    return item_id


def _given(parameters: Mapping[str, Json]) -> Parameters:
    """Leave out what was not said: a null is not the same (redmine_basix 1d0c3c3)."""
    return {name: value for name, value in parameters.items() if value is not None}
