"""Take a call and place one, and see through Home Assistant's API that everything follows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from .automation import AUTOMATION_ID, CALLED_EXTENSION
from .home import Home
from .telephone import PBX_DOMAIN, pbx

_CALLER: Final = "Olive Oyl"
_NUMBER: Final = "0312345678"
_DESTINATION: Final = "1001"
_COLLEAGUE: Final = "1002"


@dataclass(frozen=True, slots=True)
class Seen:
    """Be one line of the table: what was looked at, what it should be, what it was."""

    what: str
    expected: str
    found: str

    @property
    def is_right(self) -> bool:
        """Return whether it was as expected."""
        return self.expected in self.found


async def check(home: Home) -> bool:
    """Follow two calls from the first ring to their end; print a table; tell whether all held."""
    seen: list[Seen] = []
    call_states = [
        entity_id
        for entity_id, state in (await home.states()).items()
        if "on_hold" in state["attributes"].get("options", ())
    ]
    seen.append(Seen("users that can be called", "12", str(len(call_states))))

    await pbx("call", "--to", CALLED_EXTENSION, "--from", _NUMBER, "--name", _CALLER)
    ringing = await _ringing_one(home, call_states)
    seen.append(await _look(home, ringing, "ringing"))
    seen.append(await _attribute(home, ringing, "other_name", _CALLER))
    seen.append(await _attribute(home, ringing, "other_number", _NUMBER))
    event = ringing.replace("sensor.", "event.").removesuffix("_call_state") + "_phone_call"
    seen.append(await _attribute(home, event, "event_type", "ringing"))
    active = f"sensor.{PBX_DOMAIN.replace('.', '_')}_active_calls"
    seen.append(await _look(home, active, "1"))
    seen.append(await _notification(home))
    seen.append(await _triggered(home))

    await pbx("answer", "--by", CALLED_EXTENSION)
    seen.append(await _look(home, ringing, "talking"))
    await pbx("hangup", "--by", CALLED_EXTENSION)
    seen.append(await _look(home, ringing, "idle"))
    seen.append(await _attribute(home, event, "event_type", "ended"))
    seen.append(await _attribute(home, event, "outcome", "answered"))
    seen.append(await _look(home, active, "0"))
    seen += await _act(home, ringing, call_states)
    seen.append(await _look(home, active, "0"))
    _print_table(seen)
    return all(one.is_right for one in seen)


async def _ringing_one(home: Home, call_states: list[str]) -> str:
    """Return the call state that rings, or else the first, for the table to tell."""
    for _ in range(100):
        states = await home.states()
        for entity_id in call_states:
            if states[entity_id]["state"] == "ringing":
                return entity_id
    return call_states[0]


async def _act(home: Home, user: str, call_states: list[str]) -> list[Seen]:
    """Place a call, transfer it and hang up: the simulator's attendant answers the first part."""
    seen: list[Seen] = []

    async def act(action: str, target: str, found: str, expected: str, **data: object) -> None:
        answer = await home.act("ws_cti", action, {"entity_id": target, **data})
        seen.append(Seen(f"ws_cti.{action} {found}", expected, str(answer[found])))

    await act("call", user, "outcome", "answered", destination=_DESTINATION, wait=True)
    seen.append(await _look(home, user, "talking"))
    await act("transfer", user, "destination", _COLLEAGUE, destination=_COLLEAGUE)
    seen.append(await _look(home, user, "idle"))
    colleague = await _ringing_one(home, call_states)
    await pbx("answer", "--by", _COLLEAGUE)
    seen.append(await _look(home, colleague, "talking"))
    calls = (await home.act("ws_cti", "get_calls", {"entity_id": colleague}))["calls"]
    await act("hang_up", colleague, "call_id", calls[0]["call_id"])
    seen.append(await _look(home, colleague, "idle"))
    return seen


async def _look(home: Home, entity_id: str, expected: str) -> Seen:
    state = await home.state_when(entity_id, lambda one: one["state"] == expected)
    return Seen(entity_id, expected, state["state"])


async def _attribute(home: Home, entity_id: str, name: str, expected: str) -> Seen:
    def has_it(state: dict[str, Any]) -> bool:
        return bool(state["attributes"].get(name) == expected)

    state = await home.state_when(entity_id, has_it)
    return Seen(f"{entity_id} {name}", expected, str(state["attributes"].get(name)))


async def _notification(home: Home) -> Seen:
    """Look for what the automation says; it has had the time of the looks before."""
    messages = [one["message"] for one in await home.notifications() if "call" in one["message"]]
    return Seen("notification", _CALLER, messages[-1] if messages else "none")


async def _triggered(home: Home) -> Seen:
    def ran(state: dict[str, Any]) -> bool:
        return state["attributes"].get("last_triggered") is not None

    automation = next(
        entity_id
        for entity_id, state in (await home.states()).items()
        if state["attributes"].get("id") == AUTOMATION_ID
    )
    state = await home.state_when(automation, ran)
    fired = "has fired" if ran(state) else "has not fired"
    return Seen(automation, "has fired", fired)


def _print_table(seen: list[Seen]) -> None:
    columns: list[Callable[[Seen], str]] = [
        lambda one: one.what,
        lambda one: one.expected,
        lambda one: one.found,
        lambda one: "ok" if one.is_right else "WRONG",
    ]
    heads = ("looked at", "expected", "found", "")
    widths = [
        max(len(head), *(len(column(one)) for one in seen))
        for head, column in zip(heads, columns, strict=True)
    ]
    for row in [heads, *([column(one) for column in columns] for one in seen)]:
        print(
            "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        )
