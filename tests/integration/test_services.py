"""Tests of the actions: calls are placed, ended, moved and listed over a real socket."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Coroutine
from typing import Any, Final
from unittest.mock import Mock

from aiohttp import web
from homeassistant.auth.models import User as HomeUser
from homeassistant.auth.permissions.const import POLICY_CONTROL, POLICY_READ
from homeassistant.config_entries import SOURCE_REAUTH
from homeassistant.core import Context, HomeAssistant
from homeassistant.exceptions import (
    HomeAssistantError,
    ServiceValidationError,
    Unauthorized,
    UnknownUser,
)
from homeassistant.helpers import (
    area_registry as ar,
    device_registry as dr,
    entity_registry as er,
)
from homeassistant.setup import async_setup_component
import probatio
import pytest
from pytest_homeassistant_custom_component.common import MockConfigEntry, MockUser
from websockets.exceptions import ConnectionClosed

from custom_components.ws_cti.const import DOMAIN
from custom_components.ws_cti.cti.basix import api
from custom_components.ws_cti.cti.basix.driver import BasixDriver
from custom_components.ws_cti.cti.driver import Driver
from simulator.calls import Call, Phase
from simulator.directory import Known
from simulator.model import EndUser, User
from tests.integration.office import Office

type Reply = dict[str, Any]
type Act = Callable[..., Coroutine[Any, Any, Reply]]

ALICE: Final = "sensor.alice_martin_call_state"
ZOE: Final = "event.zoe_phone_call"
SALES: Final = "event.sales_phone_call"
PBX: Final = "sensor.example_basix_ne_jp_active_calls"
OLIVE: Final = "0312345678"


@pytest.fixture
async def opened(office: Office) -> Office:
    """Return the office, connected."""
    await office.open()
    return office


@pytest.fixture
def act(hass: HomeAssistant) -> Act:
    """Return what runs an action as somebody at the developer tools would."""

    async def run(
        name: str,
        target: str | list[str] | None = ALICE,
        context: Context | None = None,
        **data: object,
    ) -> Reply:
        reply = await hass.services.async_call(
            DOMAIN,
            name,
            data,
            blocking=True,
            context=context,
            target={"entity_id": target} if target is not None else None,
            return_response=True,
        )
        return dict(reply or {})

    return run


def key_of(error: pytest.ExceptionInfo[HomeAssistantError]) -> str | None:
    """Return which sentence a person reads, having looked that there is one."""
    assert str(error.value) not in ("", error.value.translation_key)
    return error.value.translation_key


async def talk(office: Office, user: User, number: str = OLIVE) -> Call:
    """Let somebody outside talk to a user."""
    call = office.system.incoming_call(number, user, name="Olive Oyl")
    call.ring()
    call.answer()
    await office.settled()
    return call


def requests(office: Office) -> list[tuple[str, dict[str, object]]]:
    """Return what was asked of the phone system over HTTP."""
    return [(name, dict(said)) for name, said in office.server.requests_received]


# Calling


async def test_call_rings_a_user_for_a_destination(opened: Office, act: Act) -> None:
    reply = await act("call", destination="1002")
    await opened.settled()
    assert requests(opened) == [
        ("call_user", {"user_id": opened.alice.id, "destination": "1002"}),
    ]
    [call] = opened.system.calls.values()
    assert reply == {"call_id": call.id, "channel_ids": [*call.legs]}
    assert call.ringing_users == [opened.alice]
    assert opened.state(ALICE) == "dialing"


async def test_call_takes_everything_that_the_phone_system_does(opened: Office, act: Act) -> None:
    await act(
        "call",
        destination="+81 3-1234-5678",
        calling_number="(03) 9876 5432",
        end_user={"id": "7", "name": "Olive Oyl", "organization": "Thimble Theatre"},
        answer_timeout=30,
        auto_answer=True,
        calling_name="Click to call",
        group="sales",
    )
    assert requests(opened) == [
        (
            "call_user",
            {
                "user_id": opened.alice.id,
                "destination": {
                    "called_number": "+81312345678",
                    "calling_number": "0398765432",
                    "end_user": {
                        "id": "7",
                        "name": "Olive Oyl",
                        "organization": "Thimble Theatre",
                    },
                },
                "answer_timeout": 30,
                "auto_answer": True,
                "calling_name": "Click to call",
                "group_id": opened.sales.id,
            },
        )
    ]


@pytest.mark.parametrize("resolver", ["*", "any:CALL_CENTER"])
async def test_the_phone_system_may_find_the_group(opened: Office, act: Act, resolver: str) -> None:
    await act("call", destination=OLIVE, group_resolver=resolver)
    assert requests(opened)[0][1]["group_resolver"] == resolver


async def test_only_a_customer_may_be_told(opened: Office, act: Act) -> None:
    await act("call", destination=OLIVE, end_user={"name": "Olive Oyl"})
    assert requests(opened)[0][1]["destination"] == {
        "called_number": OLIVE,
        "end_user": {"name": "Olive Oyl"},
    }


async def test_call_group_rings_all_its_members(opened: Office, act: Act) -> None:
    reply = await act(
        "call_group",
        SALES,
        destination=OLIVE,
        answer_timeout=60,
        member_answer_timeout=15,
        calling_name="Sales",
    )
    [call] = opened.system.calls.values()
    assert len(call.ringing_users) == 6
    assert reply["channel_ids"] == [*call.legs]
    assert requests(opened) == [
        (
            "call_group",
            {
                "group_id": opened.sales.id,
                "destination": OLIVE,
                "answer_timeout": 60,
                "member_answer_timeout": 15,
                "calling_name": "Sales",
            },
        )
    ]


@pytest.mark.parametrize("target", [PBX, None])
async def test_call_external_calls_outside_first(
    opened: Office, act: Act, target: str | None
) -> None:
    await act(
        "call_external",
        target,
        number=OLIVE,
        destination="1000",
        answer_timeout=20,
        calling_number="0398765432",
    )
    assert requests(opened) == [
        (
            "call_external",
            {
                "target": {"called_number": OLIVE, "calling_number": "0398765432"},
                "destination": "1000",
                "answer_timeout": 20,
            },
        )
    ]


async def test_call_external_may_name_the_phone_system_by_its_entry(
    opened: Office, act: Act
) -> None:
    entry_id = opened.entry.entry_id
    await act("call_external", None, number=OLIVE, destination="1000", config_entry_id=entry_id)
    assert len(requests(opened)) == 1


async def test_an_action_needs_no_response(hass: HomeAssistant, opened: Office) -> None:
    await hass.services.async_call(
        DOMAIN,
        "call",
        {"destination": "1002"},
        target={"entity_id": ALICE},
        blocking=True,
    )
    assert len(opened.system.calls) == 1


# Waiting for what becomes of a call


@pytest.fixture
async def calling(
    hass: HomeAssistant, opened: Office, act: Act
) -> AsyncGenerator[Callable[..., Awaitable[asyncio.Task[Reply]]]]:
    """Return what begins a call and goes on when it rings."""
    tasks: list[asyncio.Task[Reply]] = []

    async def begin(
        name: str = "call", target: str | None = ALICE, **data: object
    ) -> asyncio.Task[Reply]:
        data = {"destination": "1002", "wait": True, "timeout": 5} | data
        task = asyncio.create_task(act(name, target, **data))
        tasks.append(task)
        await opened.until(lambda: bool(opened.system.calls) or task.done())
        return task

    yield begin
    for task in tasks:
        assert task.done()


type Calling = Callable[..., Awaitable[asyncio.Task[Reply]]]


def only_call(office: Office) -> Call:
    """Return the only call that there is."""
    [call] = office.system.calls.values()
    return call


async def test_a_call_that_the_destination_answers(opened: Office, calling: Calling) -> None:
    task = await calling()
    call = only_call(opened)
    call.answer(opened.alice)
    call.ring()
    await opened.settled()
    assert not task.done()
    call.answer(opened.zoe)
    reply = await task
    assert reply == {
        "call_id": call.id,
        "channel_ids": [call.id],
        "outcome": "answered",
        "cause": None,
    }


async def test_a_call_on_behalf_of_a_group_that_is_answered(
    opened: Office, calling: Calling
) -> None:
    task = await calling(group="1100")
    call = only_call(opened)
    call.answer()
    call.ring()
    call.answer()
    assert (await task)["outcome"] == "answered"


async def test_a_call_to_the_outside_that_is_busy(opened: Office, calling: Calling) -> None:
    task = await calling(destination=OLIVE)
    call = only_call(opened)
    call.answer()
    call.ring()
    call.busy()
    reply = await task
    assert (reply["outcome"], reply["cause"]) == ("busy", "USER_BUSY")


async def test_a_destination_that_is_busy(opened: Office, calling: Calling) -> None:
    task = await calling()
    call = only_call(opened)
    call.answer()
    call.ring()
    call.busy(opened.zoe)
    call.disconnect()
    reply = await task
    assert (reply["outcome"], reply["cause"]) == ("busy", "USER_BUSY")


async def test_a_destination_that_does_not_answer(opened: Office, calling: Calling) -> None:
    task = await calling()
    call = only_call(opened)
    call.answer()
    call.ring()
    call.no_answer(opened.zoe)
    call.disconnect()
    assert (await task)["outcome"] == "no_answer"


async def test_a_user_who_does_not_answer_himself(opened: Office, calling: Calling) -> None:
    task = await calling()
    only_call(opened).no_answer()
    assert (await task)["outcome"] == "no_answer"


async def test_a_user_who_is_busy(opened: Office, calling: Calling) -> None:
    task = await calling()
    only_call(opened).busy()
    assert (await task)["outcome"] == "busy"


async def test_a_user_who_declines(opened: Office, calling: Calling) -> None:
    task = await calling()
    only_call(opened).reject()
    reply = await task
    assert (reply["outcome"], reply["cause"]) == ("failed", "CALL_REJECTED")


async def test_a_user_who_hangs_up_before_the_destination_answers(
    opened: Office, calling: Calling
) -> None:
    task = await calling()
    call = only_call(opened)
    call.answer()
    call.ring()
    call.cancel()
    assert (await task)["outcome"] == "failed"


async def test_a_call_that_the_mailbox_takes(opened: Office, calling: Calling) -> None:
    task = await calling()
    call = only_call(opened)
    call.answer()
    call.to_voicemail()
    assert (await task)["outcome"] == "voicemail"


async def test_a_call_with_a_group_of_whom_one_answers(opened: Office, calling: Calling) -> None:
    task = await calling("call_group", SALES, destination=OLIVE)
    call = only_call(opened)
    call.answer(opened.zoe)
    await opened.settled()
    assert not task.done()
    call.ring()
    call.answer()
    reply = await task
    assert reply["outcome"] == "answered"
    assert len(reply["channel_ids"]) == 6


async def test_a_call_to_somebody_outside_who_is_busy(opened: Office, calling: Calling) -> None:
    task = await calling("call_external", PBX, number=OLIVE, destination="1000")
    only_call(opened).busy()
    assert (await task)["outcome"] == "busy"


async def test_a_call_that_ends_before_it_is_named(opened: Office, act: Act) -> None:
    async def interfere(request: web.Request, answer: web.Response) -> web.Response:
        only_call(opened).busy()
        await opened.settled()
        return answer

    opened.server.interfere(interfere)
    reply = await act("call", destination="1002", wait=True)
    assert reply["outcome"] == "busy"


async def test_a_call_that_is_not_decided_in_time(opened: Office, calling: Calling) -> None:
    reply = await (await calling(timeout=1))
    assert reply["outcome"] == "pending"
    assert reply["channel_ids"] == [only_call(opened).id]


async def test_a_call_that_is_lost_from_sight(opened: Office, calling: Calling) -> None:
    task = await calling()
    await opened.lose_connection()
    assert (await task)["outcome"] == "unknown"


async def test_a_call_whose_entry_is_unloaded_meanwhile(opened: Office, calling: Calling) -> None:
    task = await calling()
    await opened.close()
    assert (await task)["outcome"] == "unknown"


async def test_a_call_whose_waiting_is_cancelled(opened: Office, calling: Calling) -> None:
    task = await calling()
    await opened.settled()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    only_call(opened).busy()
    await opened.settled()
    assert opened.state(ALICE) == "idle"


async def test_several_calls_at_once_are_told_apart(
    hass: HomeAssistant, opened: Office, act: Act
) -> None:
    async def call(target: str, destination: str) -> Reply:
        return await act("call", target, destination=destination, wait=True, timeout=5)

    tasks = [
        asyncio.create_task(call(ALICE, "1003")),
        asyncio.create_task(call(ZOE, "1004")),
    ]
    await opened.until(lambda: len(opened.system.calls) == 2)
    by_user = {one.ringing_users[0]: one for one in opened.system.calls.values()}
    by_user[opened.zoe].busy()
    by_user[opened.alice].reject()
    replies = await asyncio.gather(*tasks)
    assert [one["outcome"] for one in replies] == ["failed", "busy"]


# When calls cannot be placed


async def test_what_the_phone_system_declines_is_told(opened: Office, act: Act) -> None:
    opened.system.set_do_not_disturb(opened.alice, on=True)
    with pytest.raises(HomeAssistantError) as error:
        await act("call", destination="1002")
    assert key_of(error) == "declined"
    assert "not_reachable" in str(error.value)


@pytest.mark.parametrize("status", [401, 403])
async def test_a_refused_token_is_asked_for_anew(
    hass: HomeAssistant, opened: Office, act: Act, status: int
) -> None:
    async def interfere(request: web.Request, answer: web.Response) -> web.Response:
        return web.json_response(
            {"result_code": 500, "error": {"id": "authentication_required"}}, status=status
        )

    opened.server.interfere(interfere)
    with pytest.raises(HomeAssistantError) as error:
        await act("call", destination="1002")
    await hass.async_block_till_done()
    assert key_of(error) == "invalid_auth"
    [flow] = hass.config_entries.flow.async_progress()
    assert flow["context"]["source"] == SOURCE_REAUTH


async def test_a_call_that_may_have_been_placed_is_asked_for_once(opened: Office, act: Act) -> None:
    async def interfere(request: web.Request, answer: web.Response) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return answer

    opened.server.interfere(interfere)
    with pytest.raises(HomeAssistantError) as error:
        await act("call", destination="1002", wait=True)
    assert key_of(error) == "unknown_fate"
    assert len(requests(opened)) == 1
    assert len(opened.system.calls) == 1


async def test_an_answer_that_does_not_come_leaves_the_fate_unknown(
    opened: Office, act: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def interfere(request: web.Request, answer: web.Response) -> web.Response:
        await asyncio.sleep(0.5)
        return answer

    monkeypatch.setattr(api, "ANSWER_SECONDS", 0.1)
    opened.server.interfere(interfere)
    with pytest.raises(HomeAssistantError) as error:
        await act("call", destination="1002")
    assert key_of(error) == "unknown_fate"
    assert len(requests(opened)) == 1


async def test_a_server_that_fails_leaves_the_fate_unknown(opened: Office, act: Act) -> None:
    async def interfere(request: web.Request, answer: web.Response) -> web.Response:
        return web.Response(status=500)

    opened.server.interfere(interfere)
    with pytest.raises(HomeAssistantError) as error:
        await act("call", destination="1002")
    assert key_of(error) == "unknown_fate"
    assert len(requests(opened)) == 1


async def test_a_server_that_is_away_is_told(opened: Office, act: Act) -> None:
    await opened.server.__aexit__(None, None, None)
    with pytest.raises(HomeAssistantError) as error:
        await act("call", destination="1002")
    assert key_of(error) == "cannot_connect"


async def test_calls_can_be_placed_while_nobody_listens(opened: Office, act: Act) -> None:
    await opened.lose_connection()
    reply = await act("call", destination="1002", wait=True)
    assert reply["outcome"] == "unknown"
    assert len(opened.system.calls) == 1


@pytest.mark.parametrize("number", ["", "media_plug", "pickup_uuid.1", "Zoë", "1" * 41, "+"])
async def test_what_cannot_be_dialed_is_refused(opened: Office, act: Act, number: str) -> None:
    with pytest.raises(ServiceValidationError) as error:
        await act("call", destination=number)
    assert key_of(error) == "invalid_number"
    assert requests(opened) == []


async def test_an_unknown_group_is_refused(opened: Office, act: Act) -> None:
    with pytest.raises(ServiceValidationError) as error:
        await act("call", destination="1002", group="Nobody")
    assert key_of(error) == "unknown_group"
    assert "Sales" in str(error.value)


@pytest.mark.parametrize(
    "wrong",
    [
        {"calling_name": "鈴木"},
        {"calling_name": " "},
        {"group_resolver": "everybody"},
        {"group": "Sales", "group_resolver": "*"},
        {"answer_timeout": 0},
        {"timeout": 601},
        {"end_user": {"shoe_size": 7}},
        {"end_user": {"name": "two\nlines"}},
        {"callback_url": "x"},
    ],
)
async def test_what_makes_no_sense_is_refused(
    opened: Office, act: Act, wrong: dict[str, Any]
) -> None:
    with pytest.raises(probatio.Invalid):
        await act("call", destination="1002", **wrong)
    assert requests(opened) == []


# Hanging up


async def test_hang_up_ends_the_only_call_of_a_user(opened: Office, act: Act) -> None:
    call = await talk(opened, opened.alice)
    assert await act("hang_up") == {"call_id": call.id}
    assert call.ended
    assert opened.state(ALICE) == "idle"


async def test_hang_up_declines_while_it_rings(opened: Office, act: Act) -> None:
    call = opened.system.incoming_call(OLIVE, opened.sales)
    call.ring()
    await opened.settled()
    await act("hang_up")
    assert opened.alice not in call.ringing_users
    assert opened.zoe in call.ringing_users


async def test_hang_up_ends_the_call_that_is_named(opened: Office, act: Act) -> None:
    first = await talk(opened, opened.alice)
    second = opened.system.incoming_call("0901", opened.alice)
    second.ring()
    await opened.settled()
    [leg] = second.legs
    await act("hang_up", call_id=leg)
    assert not first.ended
    assert second.phase is Phase.CALLING
    await act("hang_up", call_id=first.id)
    assert first.ended


@pytest.mark.parametrize("target", [None, PBX, SALES])
async def test_hang_up_without_a_user_ends_the_whole_call(
    opened: Office, act: Act, target: str | None
) -> None:
    call = opened.system.incoming_call(OLIVE, opened.sales)
    call.ring()
    await opened.settled()
    await act("hang_up", target, call_id=call.id)
    assert call.ended


async def test_of_several_calls_one_must_be_named(opened: Office, act: Act) -> None:
    first = await talk(opened, opened.alice)
    second = opened.system.incoming_call("0901", opened.alice)
    second.ring()
    await opened.settled()
    with pytest.raises(ServiceValidationError) as error:
        await act("hang_up")
    assert key_of(error) == "several_calls"
    assert first.id in str(error.value)
    assert second.id in str(error.value)
    assert "Olive Oyl" in str(error.value)
    assert opened.server.commands_received == []


async def test_without_a_call_there_is_nothing_to_hang_up(opened: Office, act: Act) -> None:
    with pytest.raises(ServiceValidationError) as error:
        await act("hang_up")
    assert key_of(error) == "no_call"


async def test_an_unknown_call_is_refused(opened: Office, act: Act) -> None:
    with pytest.raises(ServiceValidationError) as error:
        await act("hang_up", call_id="nothing")
    assert key_of(error) == "unknown_call"


async def test_the_call_of_somebody_else_is_refused(opened: Office, act: Act) -> None:
    call = await talk(opened, opened.zoe)
    with pytest.raises(ServiceValidationError) as error:
        await act("hang_up", call_id=call.id)
    assert key_of(error) == "unknown_call"
    assert not call.ended


@pytest.mark.parametrize(
    ("name", "data"),
    [("hang_up", {}), ("transfer", {"destination": "1002"}), ("park", {})],
)
async def test_what_is_not_confirmed_has_failed(
    opened: Office, act: Act, name: str, data: dict[str, str]
) -> None:
    await talk(opened, opened.alice)
    opened.server.ignore_commands()
    with pytest.raises(HomeAssistantError) as error:
        await act(name, timeout=1, **data)
    assert key_of(error) == f"{name}_not_confirmed"
    assert len(opened.server.commands_received) == 1


@pytest.mark.parametrize(
    ("name", "data"),
    [("hang_up", {}), ("transfer", {"destination": "1002"}), ("park", {})],
)
async def test_without_a_connection_nothing_is_ordered(
    opened: Office, act: Act, name: str, data: dict[str, str]
) -> None:
    await talk(opened, opened.alice)
    await opened.lose_connection()
    with pytest.raises(HomeAssistantError) as error:
        await act(name, **data)
    assert key_of(error) == "not_connected"


async def test_a_connection_that_is_lost_meanwhile_confirms_nothing(
    hass: HomeAssistant, opened: Office, act: Act
) -> None:
    await talk(opened, opened.alice)
    opened.server.ignore_commands()
    task = asyncio.create_task(act("hang_up"))
    await opened.until(lambda: bool(opened.server.commands_received))
    await opened.lose_connection()
    with pytest.raises(HomeAssistantError) as error:
        await task
    assert key_of(error) == "connection_lost"


async def test_an_entry_that_is_unloaded_meanwhile_confirms_nothing(
    hass: HomeAssistant, opened: Office, act: Act
) -> None:
    await talk(opened, opened.alice)
    opened.server.ignore_commands()
    task = asyncio.create_task(act("hang_up"))
    await opened.until(lambda: bool(opened.server.commands_received))
    await hass.config_entries.async_unload(opened.entry.entry_id)
    with pytest.raises(HomeAssistantError) as error:
        await task
    assert key_of(error) == "connection_lost"


async def test_actions_on_different_calls_do_not_disturb_each_other(
    hass: HomeAssistant, opened: Office, act: Act
) -> None:
    await talk(opened, opened.alice)
    await talk(opened, opened.zoe, "0901")
    replies = await asyncio.gather(act("hang_up"), act("park", ZOE))
    assert [set(one) for one in replies] == [{"call_id"}, {"call_id", "slot"}]


# Transferring


async def test_transfer_sends_the_other_party_elsewhere(opened: Office, act: Act) -> None:
    call = await talk(opened, opened.alice)
    assert call.caller is not None
    outside = call.caller.uuid
    reply = await act("transfer", destination="1002")
    assert reply == {"call_id": call.id, "destination": "1002"}
    assert opened.server.commands_received == [
        {
            "cmd": "transfer",
            "uuid": outside,
            "user_id": opened.alice.id,
            "user_name": opened.alice.name,
            "destination": "1002",
        }
    ]
    assert call.ringing_users == [opened.zoe]
    assert opened.state(ALICE) == "idle"


async def test_transfer_while_it_rings(opened: Office, act: Act) -> None:
    call = opened.system.incoming_call(OLIVE, opened.alice)
    call.ring()
    await opened.settled()
    await act("transfer", destination="1002")
    assert call.ringing_users == [opened.zoe]


async def test_transfer_to_the_outside(opened: Office, act: Act) -> None:
    call = await talk(opened, opened.alice)
    await act("transfer", destination="09-01234567")
    assert call.target == "0901234567"


async def test_transfer_of_a_caller_who_waits_for_a_group(opened: Office, act: Act) -> None:
    call = opened.system.incoming_call(OLIVE, opened.sales)
    await opened.settled()
    await act("transfer", SALES, destination="1002")
    assert call.target is opened.zoe
    [command] = opened.server.commands_received
    assert isinstance(command, dict)
    assert command.keys() == {"cmd", "uuid", "destination"}


async def test_transfer_of_who_is_on_hold(opened: Office, act: Act) -> None:
    call = await talk(opened, opened.alice)
    call.hold(opened.alice)
    await opened.settled()
    opened.server.ignore_commands()
    with pytest.raises(HomeAssistantError):
        await act("transfer", destination="1002", timeout=1)
    assert call.caller is not None
    [command] = opened.server.commands_received
    assert isinstance(command, dict)
    assert command["uuid"] == call.caller.uuid


async def test_whom_nobody_has_answered_yet_cannot_be_transferred(opened: Office, act: Act) -> None:
    opened.system.internal_call(opened.alice, opened.zoe).ring()
    await opened.settled()
    with pytest.raises(ServiceValidationError) as error:
        await act("transfer", destination="1003")
    assert key_of(error) == "no_other_party"


@pytest.mark.parametrize(("name", "data"), [("transfer", {"destination": "1002"}), ("park", {})])
async def test_a_call_that_ends_meanwhile_is_told(
    hass: HomeAssistant, opened: Office, act: Act, name: str, data: dict[str, str]
) -> None:
    call = await talk(opened, opened.alice)
    opened.server.ignore_commands()
    task = asyncio.create_task(act(name, **data))
    await opened.until(lambda: bool(opened.server.commands_received))
    call.hang_up()
    with pytest.raises(HomeAssistantError) as error:
        await task
    assert key_of(error) == "call_ended"


# Parking


async def test_park_tells_the_slot(opened: Office, act: Act) -> None:
    call = await talk(opened, opened.alice)
    reply = await act("park")
    assert reply == {"call_id": call.id, "slot": str(call.slot)}
    assert call.slot is not None
    assert opened.state(ALICE) == "idle"


async def test_who_is_parked_cannot_be_parked_again(opened: Office, act: Act) -> None:
    call = await talk(opened, opened.alice)
    await act("park")
    with pytest.raises(ServiceValidationError) as error:
        await act("park", PBX)
    assert key_of(error) == "already_parked"
    assert str(call.slot) in str(error.value)


# What is going on


async def test_get_calls_tells_everything_of_a_call(opened: Office, act: Act) -> None:
    call = opened.system.incoming_call(
        OLIVE, opened.sales, name="Olive Oyl", end_user=EndUser("7", "Olive Oyl")
    )
    call.ring()
    opened.later(5)
    call.answer(opened.alice)
    await opened.settled()
    reply = await act("get_calls", None)
    assert reply == {
        "calls": [
            {
                "entry_id": opened.entry.entry_id,
                "call_id": call.id,
                "state": "talking",
                "direction": "incoming",
                "caller_number": OLIVE,
                "caller_name": "Olive Oyl",
                "called_number": opened.sales.main_extension,
                "called_name": "Sales",
                "users": [
                    {
                        "user_id": str(opened.alice.id),
                        "user_name": "Alice Martin",
                        "state": "talking",
                        "direction": "incoming",
                        "since": "2026-11-20T09:00:05+00:00",
                    }
                ],
                "groups": [{"group_id": str(opened.sales.id), "group_name": "Sales"}],
                "began": "2026-11-20T09:00:00+00:00",
                "since": "2026-11-20T09:00:05+00:00",
                "slot": None,
                "end_user": {"count": 1, "items": [{"id": "7", "name": "Olive Oyl"}]},
            }
        ]
    }


async def test_get_calls_of_users_groups_states_and_directions(opened: Office, act: Act) -> None:
    waiting = opened.system.incoming_call(OLIVE, opened.sales)
    talking = opened.system.internal_call(opened.alice, opened.zoe)
    talking.ring()
    talking.answer()
    outgoing = opened.system.outgoing_call(opened.system.users.find(Known.EXTENSION, "1003"), OLIVE)
    await opened.settled()

    async def ids(target: str | list[str] | None = None, **data: object) -> set[str]:
        return {one["call_id"] for one in (await act("get_calls", target, **data))["calls"]}

    assert await ids() == {waiting.id, talking.id, outgoing.id}
    assert await ids(PBX) == {waiting.id, talking.id, outgoing.id}
    assert await ids(ALICE) == {talking.id}
    assert await ids(SALES) == {waiting.id}
    assert await ids([ALICE, SALES]) == {waiting.id, talking.id}
    assert await ids(state="waiting") == {waiting.id}
    assert await ids(state=["waiting", "talking"]) == {waiting.id, talking.id}
    assert await ids(direction="internal") == {talking.id}
    assert await ids(direction="outgoing", state="dialing") == {outgoing.id}
    with pytest.raises(probatio.Invalid):
        await ids(state="asleep")


async def test_get_calls_tells_the_park_slot(opened: Office, act: Act) -> None:
    await talk(opened, opened.alice)
    slot = (await act("park"))["slot"]
    [call] = (await act("get_calls", None))["calls"]
    assert (call["state"], call["slot"], call["users"]) == ("parked", slot, [])


# Targets


async def test_a_user_may_be_named_by_his_device(
    hass: HomeAssistant, opened: Office, entity_registry: er.EntityRegistry
) -> None:
    entry = entity_registry.async_get(ALICE)
    assert entry is not None
    await hass.services.async_call(
        DOMAIN,
        "call",
        {"destination": "1002"},
        target={"device_id": entry.device_id, "entity_id": ZOE.replace("zoe", "alice_martin")},
        blocking=True,
    )
    assert only_call(opened).ringing_users == [opened.alice]


async def test_a_user_may_be_named_by_his_area(
    hass: HomeAssistant,
    opened: Office,
    area_registry: ar.AreaRegistry,
    device_registry: dr.DeviceRegistry,
    entity_registry: er.EntityRegistry,
) -> None:
    study = area_registry.async_create("Study")
    entry = entity_registry.async_get(ALICE)
    assert entry is not None
    assert entry.device_id is not None
    device_registry.async_update_device(entry.device_id, area_id=study.id)
    lamp = entity_registry.async_get_or_create("light", "hue", "1")
    entity_registry.async_update_entity(lamp.entity_id, area_id=study.id)
    await hass.services.async_call(
        DOMAIN,
        "call",
        {"destination": "1002"},
        target={"area_id": study.id},
        blocking=True,
    )
    assert only_call(opened).ringing_users == [opened.alice]


@pytest.mark.parametrize(
    ("name", "target", "data", "key"),
    [
        ("call", SALES, {"destination": "1002"}, "user_needed"),
        ("call", PBX, {"destination": "1002"}, "user_needed"),
        ("call", None, {"destination": "1002"}, "user_needed"),
        ("call_group", ALICE, {"destination": "1002"}, "group_needed"),
        ("call_external", ALICE, {"number": OLIVE, "destination": "1002"}, "pbx_needed"),
        ("call", "sun.sun", {"destination": "1002"}, "foreign_target"),
        ("call", "sensor.gone", {"destination": "1002"}, "foreign_target"),
        ("get_calls", "all", {}, "no_target"),
        ("hang_up", [ALICE, ZOE], {}, "several_targets"),
    ],
)
async def test_a_wrong_target_is_refused(
    opened: Office,
    act: Act,
    name: str,
    target: str | list[str] | None,
    data: dict[str, str],
    key: str,
) -> None:
    with pytest.raises(ServiceValidationError) as error:
        await act(name, target, **data)
    assert key_of(error) == key
    assert requests(opened) == []


async def test_an_empty_area_is_no_target(
    hass: HomeAssistant, opened: Office, area_registry: ar.AreaRegistry
) -> None:
    study = area_registry.async_create("Study")
    with pytest.raises(ServiceValidationError) as error:
        await hass.services.async_call(
            DOMAIN, "hang_up", target={"area_id": study.id}, blocking=True
        )
    assert key_of(error) == "no_target"


async def test_a_device_of_something_else_is_refused(
    hass: HomeAssistant, opened: Office, device_registry: dr.DeviceRegistry
) -> None:
    other = MockConfigEntry(domain="hue")
    other.add_to_hass(hass)
    lamp = device_registry.async_get_or_create(
        config_entry_id=other.entry_id, identifiers={("hue", "1")}
    )
    for device_id in (lamp.id, "gone"):
        with pytest.raises(ServiceValidationError) as error:
            await hass.services.async_call(
                DOMAIN, "hang_up", target={"device_id": device_id}, blocking=True
            )
        assert key_of(error) == "foreign_target"


async def test_a_phone_system_that_is_not_loaded_is_refused(opened: Office, act: Act) -> None:
    await opened.close()
    with pytest.raises(ServiceValidationError) as error:
        await act("hang_up")
    assert key_of(error) == "target_not_there"
    assert "Alice Martin" in str(error.value)
    with pytest.raises(ServiceValidationError):
        await act("get_calls", None)


async def test_actions_are_there_without_any_phone_system(hass: HomeAssistant) -> None:
    assert await async_setup_component(hass, DOMAIN, {})
    assert hass.services.has_service(DOMAIN, "call")
    with pytest.raises(ServiceValidationError):
        await hass.services.async_call(DOMAIN, "get_calls", blocking=True, return_response=True)


async def test_a_phone_system_says_what_it_cannot_do(
    opened: Office, act: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    await talk(opened, opened.alice)
    monkeypatch.setattr(BasixDriver, "capabilities", frozenset())
    for name, data in {
        "call": {"destination": "1002"},
        "hang_up": {},
        "transfer": {"destination": "1002"},
        "park": {},
    }.items():
        with pytest.raises(ServiceValidationError) as error:
            await act(name, **data)
        assert key_of(error) == "not_supported"
    assert requests(opened) == []


async def test_a_command_that_cannot_be_said_or_sent_is_told(
    opened: Office, act: Act, monkeypatch: pytest.MonkeyPatch
) -> None:
    await talk(opened, opened.alice)
    link = opened.entry.runtime_data.link
    with monkeypatch.context() as patching:
        patching.setattr(link._connection, "send", Mock(side_effect=ConnectionClosed(None, None)))  # noqa: SLF001
        with pytest.raises(HomeAssistantError) as error:
            await act("hang_up")
    assert key_of(error) == "cannot_connect"
    monkeypatch.setattr(BasixDriver, "spoken", Driver.spoken)
    with pytest.raises(ServiceValidationError) as refusal:
        await act("hang_up")
    assert key_of(refusal) == "not_supported"


# Permissions


def somebody(hass: HomeAssistant, *allowed: str, policy: str = POLICY_CONTROL) -> Context:
    """Return the context of a user who may do something with some entities only."""
    user = MockUser(id="limited").add_to_hass(hass)
    entities = {entity_id: {policy: True} for entity_id in allowed}
    user.mock_policy({"entities": {"entity_ids": entities}} if allowed else {})
    return Context(user_id=user.id)


async def test_who_may_control_a_user_may_call(
    hass: HomeAssistant, opened: Office, act: Act
) -> None:
    await act("call", context=somebody(hass, ALICE), destination="1002")
    assert len(requests(opened)) == 1


@pytest.mark.parametrize(
    ("name", "target", "data"),
    [
        ("call", ALICE, {"destination": "1002"}),
        ("call_group", SALES, {"destination": "1002"}),
        ("call_external", PBX, {"number": OLIVE, "destination": "1002"}),
        ("call_external", None, {"number": OLIVE, "destination": "1002"}),
        ("hang_up", ALICE, {}),
        ("transfer", ALICE, {"destination": "1002"}),
        ("park", ALICE, {}),
        ("get_calls", ALICE, {}),
        ("get_calls", None, {}),
    ],
)
async def test_who_may_not_control_the_target_may_do_nothing(
    hass: HomeAssistant,
    opened: Office,
    act: Act,
    name: str,
    target: str | None,
    data: dict[str, str],
) -> None:
    await talk(opened, opened.alice)
    with pytest.raises(Unauthorized):
        await act(name, target, context=somebody(hass, ZOE), **data)
    assert requests(opened) == []
    assert opened.server.commands_received == []


async def test_a_call_that_is_only_named_needs_control_of_the_phone_system(
    hass: HomeAssistant, opened: Office, act: Act
) -> None:
    call = await talk(opened, opened.alice)
    with pytest.raises(Unauthorized):
        await act("hang_up", None, context=somebody(hass, ALICE), call_id=call.id)
    assert not call.ended


async def test_a_device_needs_control_of_all_that_stands_for_it(
    hass: HomeAssistant, opened: Office, entity_registry: er.EntityRegistry
) -> None:
    entry = entity_registry.async_get(ALICE)
    assert entry is not None
    with pytest.raises(Unauthorized):
        await hass.services.async_call(
            DOMAIN,
            "hang_up",
            target={"device_id": entry.device_id},
            context=somebody(hass, ALICE),
            blocking=True,
        )


async def test_who_may_read_may_get_calls(hass: HomeAssistant, opened: Office, act: Act) -> None:
    await talk(opened, opened.alice)
    reader = somebody(hass, ALICE, policy=POLICY_READ)
    assert len((await act("get_calls", context=reader))["calls"]) == 1
    with pytest.raises(Unauthorized):
        await act("hang_up", context=reader)


async def test_administrators_may_do_everything(
    opened: Office, act: Act, hass_admin_user: HomeUser
) -> None:
    await act("call", context=Context(user_id=hass_admin_user.id), destination="1002")
    assert len(requests(opened)) == 1


async def test_nobody_who_is_unknown_may_do_anything(opened: Office, act: Act) -> None:
    with pytest.raises(UnknownUser):
        await act("call", context=Context(user_id="nobody"), destination="1002")
