"""Lay out a dashboard of standard cards: who is free, who waits, what happened."""

from typing import Any, Final

DASHBOARD_PATH: Final = "phone-system"


def dashboard(states: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the dashboard for the entities of a phone system."""
    sections = [
        *(_pbx(one, states) for one in states if one.endswith("_parked_calls")),
        *(_group(one, states) for one in states if one.endswith("_members_logged_in")),
        _section("Users", [_user(one) for one, state in states.items() if _is_call_state(state)]),
        _section("What happened", [_history(states)]),
    ]
    view = {"title": "Phone system", "type": "sections", "max_columns": 3, "sections": sections}
    return {"views": [view]}


def _pbx(parked: str, states: dict[str, dict[str, Any]]) -> dict[str, Any]:
    names = ("active_calls", "waiting_calls", "parked_calls")
    cards = [_tile(parked.replace("parked_calls", name)) for name in names]
    return _section(_device(states[parked], "Parked calls"), cards)


def _group(members: str, states: dict[str, dict[str, Any]]) -> dict[str, Any]:
    names = ("waiting_calls", "active_calls", "oldest_waiting_since", "members_logged_in")
    cards = [_tile(members.replace("members_logged_in", name)) for name in names]
    return _section(_device(states[members], "Members logged in"), cards)


def _user(call_state: str) -> dict[str, Any]:
    shown = {"name": {"type": "device"}, "state_content": ["state", "other_name"]}
    return _tile(call_state) | shown


def _history(states: dict[str, dict[str, Any]]) -> dict[str, Any]:
    begins = {"ringing", "entered"}
    calls = [
        one
        for one, state in states.items()
        if begins & set(state["attributes"].get("event_types", ()))
    ]
    return {"type": "logbook", "target": {"entity_id": calls}}


def _is_call_state(state: dict[str, Any]) -> bool:
    return "on_hold" in state["attributes"].get("options", ())


def _device(state: dict[str, Any], entity_name: str) -> str:
    """Return the name of the device that an entity's full name begins with."""
    name: str = state["attributes"]["friendly_name"]
    return name.removesuffix(f" {entity_name}")


def _section(title: str, cards: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "grid", "cards": [{"type": "heading", "heading": title}, *cards]}


def _tile(entity_id: str) -> dict[str, Any]:
    return {"type": "tile", "entity": entity_id, "name": {"type": "entity"}}
