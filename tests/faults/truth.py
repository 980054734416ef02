"""Say in which sentences Home Assistant differs from what is the case in the simulator.

The truth is read from the simulator's people, channels and record. Nothing of it has passed
the wire or our library, whose words alone are borrowed to name it.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

from homeassistant.config_entries import ConfigEntry
from homeassistant.const import STATE_UNAVAILABLE, STATE_UNKNOWN
from homeassistant.core import HomeAssistant, State
from homeassistant.helpers import entity_registry as er

from custom_components.ws_cti.cti.story import CallState, Step
from simulator.model import Channel, Group, Mailbox, User
from simulator.phone_system import PhoneSystem
from simulator.states import Calling, Park
from simulator.words import Direction
from tests.cti import truth
from tests.model.lived import LivedRecord
from tests.model.lived_part import Lived

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_STRENGTH: Final = list(CallState)
_MISSED: Final = (Step.MISSED, Step.ABANDONED)


@dataclass(frozen=True, slots=True)
class Fact:
    """Say what an entity has to show; an attribute may be any of several values."""

    state: str | None = None
    attributes: dict[str, Collection[object]] = field(default_factory=dict)
    between: tuple[int, int] | None = None
    may_be_missing: bool = False


def differences(hass: HomeAssistant, entry: ConfigEntry, phone_system: PhoneSystem) -> list[str]:
    """Return a sentence for each thing that Home Assistant shows and that is not so.

    Raises TypeError where the phone system does not keep a record of what is lived.
    """
    if not isinstance(phone_system.record, LivedRecord):
        raise TypeError("the truth of calls is kept by a LivedRecord only")
    facts = dict(_facts(phone_system, phone_system.record))
    registry = er.async_get(hass)
    known = {
        one.unique_id.removeprefix(entry.entry_id).removeprefix("_"): one
        for one in er.async_entries_for_config_entry(registry, entry.entry_id)
    }
    found = [f"There is a {name}, of nobody who is there." for name in known.keys() - facts.keys()]
    for name, fact in facts.items():
        one = known.get(name)
        if one is None:
            if not fact.may_be_missing:
                found.append(f"There is no {name}.")
        elif not one.disabled:
            found += _differences(one.entity_id, hass.states.get(one.entity_id), fact)
    return sorted(found)


def _differences(entity_id: str, shown: State | None, fact: Fact) -> Iterator[str]:
    if shown is None or shown.state == STATE_UNAVAILABLE:
        yield f"{entity_id} is {'nowhere' if shown is None else shown.state}."
        return
    if fact.state is not None and shown.state != fact.state:
        yield f"{entity_id} is {shown.state}, and should be {fact.state}."
    if fact.between is not None and not _lies(shown.state, fact.between):
        yield f"{entity_id} is {shown.state}, and should be from {fact.between}."
    for name, allowed in fact.attributes.items():
        if (said := shown.attributes.get(name)) not in allowed:
            wanted = " or ".join(map(str, allowed))
            yield f"{entity_id} has the {name} {said}, and should have {wanted}."


def _lies(state: str, between: tuple[int, int]) -> bool:
    return state.isdecimal() and between[0] <= int(state) <= between[1]


def _facts(system: PhoneSystem, record: LivedRecord) -> Iterator[tuple[str, Fact]]:
    yield "connected", Fact("on")
    yield "active_calls", Fact(str(len(record.homes.running())))
    waiting = [len(truth.waiting(system, group.id)) for group in system.groups]
    yield "waiting_calls", Fact(str(sum(waiting)))
    slots = [_slot(slot, channel) for slot, channel in sorted(system.channels.slots.items())]
    yield "parked_calls", Fact(str(len(slots)), {"slots": [slots]})
    for user in system.users:
        for name, fact in _facts_of_user(system, record, user):
            yield f"user_{user.id}_{name}", fact
    for group in system.groups:
        for name, fact in _facts_of_group(system, record, group):
            yield f"group_{group.id}_{name}", fact


# The phone system


def _slot(slot: int, channel: Channel) -> dict[str, object]:
    state = channel.state
    assert isinstance(state, Park)
    number, name = _far_end(channel)
    return {
        "slot": str(slot),
        "since": _iso(state.since),
        "parked_by": state.parker.label,
        "number": number,
        "name": name,
    }


def _far_end(channel: Channel) -> tuple[str | None, str | None]:
    if channel.user is not None:
        return channel.user.main_extension, channel.user.label
    name = truth.customers_name(channel.end_user)
    is_named = channel.direction is Direction.INBOUND and channel.calling_name != channel.number
    return channel.peer_number, name or (channel.calling_name if is_named else None)


# Users


def _facts_of_user(
    system: PhoneSystem, record: LivedRecord, user: User
) -> Iterator[tuple[str, Fact]]:
    yield "call_state", _call_state(system, record, user)
    yield "presence", Fact(str(user.presence), {"code": [user.presence]})
    yield "do_not_disturb", Fact(_on(user.do_not_disturb_status))
    yield "call_forwarding", Fact(_on(user.fwd_always_status))
    phones = sorted(user.terminals, key=lambda one: one.name)
    registered = _on(any(phone.registered for phone in phones)) if phones else STATE_UNKNOWN
    terminals = [
        {"name": phone.name, "user_agent": phone.user_agent, "registered": phone.registered}
        for phone in phones
    ]
    is_told_of = Fact(registered, {"terminals": [terminals]}, may_be_missing=not phones)
    yield "phone_registered", is_told_of
    yield from _facts_of_anybody(system, record, user)


def _call_state(system: PhoneSystem, record: LivedRecord, user: User) -> Fact:
    states = record.states_of(user)
    state = min(states.values(), key=_STRENGTH.index, default=CallState.IDLE)
    if state is CallState.IDLE:
        return Fact(state, {"calls": [0], "call_id": [None], "other_number": [None]})
    leading = [call_id for call_id, one in states.items() if one is state]
    attributes: dict[str, Collection[object]] = {
        "calls": [len(states)],
        "call_id": leading,
        "since": [_iso(at) for at in _times_of(system, record, user)],
    }
    ends = truth.far_ends(system, user)
    # Who talks to a machine, or waits, has nobody at the other end whom the record knows.
    if state in (CallState.TALKING, CallState.RINGING) and len(ends) == len(states):
        attributes["other_number"] = [number for number, _ in ends]
        attributes["other_name"] = [name for _, name in ends]
    return Fact(state, attributes)


def _times_of(system: PhoneSystem, record: LivedRecord, user: User) -> Iterator[int]:
    """Return the times at which anything began that a user does on the phone now."""
    yield from record.times_of(user)
    for call_id in record.calls_of(user):
        call, story = system.calls[call_id], record.open[call_id]
        yield from (talk.began for talk in story.talks if talk.user_id == user.id)
        for channel in (*user.channels.values(), *call.parties):
            yield channel.offer_timestamp
            if channel.answer_timestamp is not None:
                yield channel.answer_timestamp
            if channel.state is not None:
                yield channel.state.since


# Groups


def _facts_of_group(
    system: PhoneSystem, record: LivedRecord, group: Group
) -> Iterator[tuple[str, Fact]]:
    waiting = truth.waiting(system, group.id)
    served = {
        record.homes.of(channel)
        for channel in system.channels.live.values()
        if channel.group is group
        or (isinstance(channel.state, Calling) and channel.state.whom is group)
    }
    members = [one.user.label for one in group.members.values() if one.login_status]
    oldest = _iso(min(waiting.values(), default=None), timespec="seconds") or STATE_UNKNOWN
    yield "waiting_calls", Fact(str(len(waiting)))
    yield "active_calls", Fact(str(len(served)))
    yield "members_logged_in", Fact(str(len(members)), {"members": [sorted(set(members))]})
    yield "oldest_waiting_since", Fact(oldest)
    yield from _facts_of_anybody(system, record, group)


# Both


def _facts_of_anybody(
    system: PhoneSystem, record: LivedRecord, whom: User | Group
) -> Iterator[tuple[str, Fact]]:
    yield "call", Fact()
    yield "reset_missed_calls", Fact()
    yield from _mailbox(whom.mailbox)
    # While somebody is on the phone it is not certain yet what he misses.
    yield "missed_calls", Fact(between=None if system.calls else _missed(record, whom))


def _mailbox(mailbox: Mailbox) -> Iterator[tuple[str, Fact]]:
    yield "new_voicemails", Fact(str(mailbox.new))
    yield "saved_voicemails", Fact(str(mailbox.saved))


def _missed(record: LivedRecord, whom: User | Group) -> tuple[int, int]:
    """Return how many calls were missed at least, and at most if what nobody saw was missed."""
    lived = [one for one in record.lived if one.whose == str(whom.id) and one.noticed]
    seen = sum(one.part.end in _MISSED for one in lived if not one.unseen)
    return seen, seen + sum(map(_may_be_missed, lived))


def _may_be_missed(lived: Lived) -> bool:
    return lived.unseen and lived.part.end is not None


def _on(status: object) -> str:
    return "on" if status else "off"


def _iso(microseconds: int | None, timespec: str = "auto") -> str | None:
    if microseconds is None:
        return None
    return (_EPOCH + timedelta(microseconds=microseconds)).isoformat(timespec=timespec)
