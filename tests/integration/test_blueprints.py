"""Tests of the blueprints: each is loaded from its file and lives through calls."""

import asyncio
from collections.abc import AsyncGenerator, Iterator
from datetime import UTC, timedelta
from pathlib import Path
import shutil
from typing import Any, Final
from urllib.parse import quote

from freezegun.api import TickingDateTimeFactory
from homeassistant.components.automation.helpers import async_get_blueprints
from homeassistant.components.blueprint.models import Blueprint
from homeassistant.const import EVENT_HOMEASSISTANT_STARTED
from homeassistant.core import CoreState, HomeAssistant, ServiceCall, State, callback
from homeassistant.helpers import device_registry as dr, entity_registry as er
from homeassistant.helpers.selector import selector
from homeassistant.setup import async_setup_component
from homeassistant.util import dt as dt_util
from homeassistant.util.yaml import extract_inputs, load_yaml_dict
import pytest
from pytest_homeassistant_custom_component.common import (
    MockConfigEntry,
    async_fire_time_changed,
    async_mock_service,
    mock_restore_cache,
)

from custom_components.ws_cti.const import DOMAIN
from custom_components.ws_cti.cti import link
from simulator.calls import Call
from simulator.model import Group, User
from tests.integration.automations import clock_that_can_be_put_forward, pass_time
from tests.integration.office import NINE, Office

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = ROOT / "blueprints" / "automation" / DOMAIN
PAGE: Final = ROOT / "docs" / "blueprints.md"
FILES: Final = sorted(path.name for path in FOLDER.glob("*.yaml"))
REPOSITORY: Final = "https://github.com/ws-cti/ha-ws-cti/blob/main"

OLIVE: Final = "0312345678"
SCRIPT: Final = "{{ 1 }}<script>alert(1)</script>"
ALICE: Final = "sensor.alice_martin_call_state"
ZOE: Final = "sensor.zoe_call_state"
AUTOMATION: Final = "automation.test"

type Inputs = dict[str, Any]
type Told = list[ServiceCall]


@pytest.fixture
def hass_config_dir(hass_tmp_config_dir: str) -> str:
    """Give each Home Assistant a folder of its own, since blueprints are real files."""
    return hass_tmp_config_dir


@pytest.fixture(autouse=True)
async def blueprints(hass: HomeAssistant) -> None:
    """Put the blueprints where Home Assistant keeps those that were imported."""
    imported = Path(hass.config.path("blueprints", "automation", DOMAIN))
    await hass.async_add_executor_job(shutil.copytree, FOLDER, imported)
    await hass.config.async_set_time_zone("Asia/Tokyo")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[TickingDateTimeFactory]:
    """Return a clock that shows six in the evening in Tokyo, for tests in which time flies.

    No answer to a ping is late then. Whoever asks for it does so before the office opens.
    """
    monkeypatch.setattr(link, "PING_SECONDS", None)
    with clock_that_can_be_put_forward(NINE) as clock:
        yield clock


@pytest.fixture
async def opened(office: Office) -> Office:
    """Return the office, connected."""
    await office.open()
    return office


async def use(hass: HomeAssistant, name: str, **inputs: object) -> None:
    """Create an automation from a blueprint, as a person does by filling in its form."""
    config = {
        "id": "test",
        "alias": "Test",
        "use_blueprint": {"path": f"{DOMAIN}/{name}.yaml", "input": inputs},
    }
    assert await async_setup_component(hass, "automation", {"automation": [config]})
    await hass.async_block_till_done()
    state = hass.states.get(AUTOMATION)
    assert state is not None
    assert state.state == "on"


def device_of(hass: HomeAssistant, name: str) -> str:
    """Return the device that a person chooses by its name."""
    [device] = [one for one in dr.async_get(hass).devices if one.name == name]
    return device.id


@pytest.fixture
async def unfinished(
    hass: HomeAssistant, opened: Office, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[None]:
    """Let tests go on while an automation waits, which counts as work that is not done."""

    async def breathe(self: HomeAssistant, wait_background_tasks: bool = False) -> None:  # noqa: FBT001, FBT002
        for _ in range(50):
            await asyncio.sleep(0)

    with monkeypatch.context() as patch:
        patch.setattr(HomeAssistant, "async_block_till_done", breathe)
        yield
        await turn_off(hass)


async def turn_off(hass: HomeAssistant) -> None:
    """Turn the automation off, so that it waits for nothing any more."""
    if hass.services.has_service("automation", "turn_off"):
        await hass.services.async_call(
            "automation", "turn_off", {"entity_id": AUTOMATION}, blocking=True
        )


def ring(
    office: Office, to: User | Group, number: str | None = OLIVE, name: str | None = None
) -> Call:
    """Let somebody outside call."""
    call = office.system.incoming_call(number, to, name=name)
    call.ring()
    return call


async def miss(
    office: Office, to: User | Group, number: str | None = OLIVE, name: str | None = None
) -> None:
    """Let somebody outside call whom nobody answers."""
    call = ring(office, to, number, name)
    office.later(7)
    call.cancel()
    await office.settled()


# What every blueprint is


@pytest.fixture(params=FILES)
async def blueprint(hass: HomeAssistant, request: pytest.FixtureRequest) -> Blueprint:
    """Return each blueprint as Home Assistant reads it."""
    assert await async_setup_component(hass, "automation", {})
    found = await async_get_blueprints(hass).async_get_blueprint(f"{DOMAIN}/{request.param}")
    assert isinstance(found, Blueprint)
    return found


def inputs_of(blueprint: Blueprint) -> Iterator[tuple[str, Inputs, bool]]:
    """Return all inputs, and whether they are hidden in a collapsed section."""
    for name, given in blueprint.metadata["input"].items():
        if "input" in given:
            assert given["collapsed"]
            assert given["name"]
            yield from ((inner, one, True) for inner, one in given["input"].items())
        else:
            yield name, given, False


def test_there_are_six() -> None:
    assert len(FILES) == 6


async def test_blueprint_says_what_it_is(blueprint: Blueprint) -> None:
    metadata = blueprint.metadata
    assert blueprint.validate() is None
    assert metadata["name"]
    assert metadata["description"].endswith(".")
    assert metadata["author"] == "PBX CTI"
    assert metadata["homeassistant"] == {"min_version": "2026.9.0"}


@pytest.mark.parametrize("file", FILES)
def test_blueprint_says_where_it_comes_from(file: str) -> None:
    metadata = load_yaml_dict(FOLDER / file)["blueprint"]
    assert metadata["source_url"] == f"{REPOSITORY}/blueprints/automation/{DOMAIN}/{file}"


async def test_every_input_can_be_clicked(blueprint: Blueprint) -> None:
    for name, given, hidden in inputs_of(blueprint):
        chosen: Any = selector(given["selector"])
        assert given["name"], name
        if hidden:
            assert "default" in given, name
        if "default" in given:
            # Nothing chosen is no answer that a selector of one thing could check.
            assert chosen(given["default"]) == given["default"], name


async def test_every_input_is_used(blueprint: Blueprint) -> None:
    assert extract_inputs(blueprint.data) == blueprint.inputs.keys()


async def test_inputs_offer_what_there_is_to_choose(opened: Office, blueprint: Blueprint) -> None:
    entities = er.async_get(opened.hass).entities.values()
    models = {device.model for device in dr.async_get(opened.hass).devices}
    for given in blueprint.inputs.values():
        for kind in ("entity", "device"):
            for wanted in (given["selector"].get(kind) or {}).get("filter", ()):
                if wanted.get("integration") != DOMAIN:
                    continue
                if kind == "device":
                    assert wanted["model"] in models
                else:
                    offered = {
                        entity.translation_key
                        for entity in entities
                        if entity.platform == DOMAIN
                        and entity.domain in wanted["domain"]
                        and entity.original_device_class in wanted["device_class"]
                    }
                    assert offered == {"call_state"}


@pytest.mark.parametrize("file", FILES)
def test_blueprint_can_be_imported_from_its_page(file: str) -> None:
    page = PAGE.read_text()
    metadata = load_yaml_dict(FOLDER / file)["blueprint"]
    link = "https://my.home-assistant.io/redirect/blueprint_import/?blueprint_url="
    assert f"({link}{quote(metadata['source_url'], safe='')})" in page
    assert f"## {metadata['name']}\n" in page


# Pause media while on a call

MUSIC: Final = "media_player.music"
TV: Final = "media_player.tv"
BELL: Final = "media_player.bell"


class Players:
    """Be media players that do what they are told, and remember it."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Play music, and leave the television off; a bell cannot pause."""
        self._hass = hass
        self.told: list[tuple[str, list[str]]] = []
        self.set(MUSIC, "playing")
        self.set(TV, "off")
        self.set(BELL, "playing", can_pause=False)
        for action, state in (("media_pause", "paused"), ("media_play", "playing")):
            self._offer(action, state)

    def _offer(self, action: str, state: str) -> None:
        @callback
        def obey(call: ServiceCall) -> None:
            entity_ids: list[str] = call.data["entity_id"]
            self.told.append((action.removeprefix("media_"), entity_ids))
            for entity_id in entity_ids:
                self.set(entity_id, state)

        self._hass.services.async_register("media_player", action, obey)

    def set(self, entity_id: str, state: str, *, can_pause: bool = True) -> None:
        """Let somebody handle a player."""
        self._hass.states.async_set(entity_id, state, {"supported_features": 1 if can_pause else 0})


@pytest.fixture
def players(hass: HomeAssistant, unfinished: None) -> Players:
    """Return the players of a room."""
    return Players(hass)


async def pause_for(hass: HomeAssistant, *people: str, **inputs: object) -> None:
    """Let calls of people pause the players."""
    await use(hass, "pause_media_on_call", people=[*people], players=[MUSIC, TV, BELL], **inputs)


async def test_media_pause_while_on_a_call_and_go_on_afterwards(
    hass: HomeAssistant, clock: TickingDateTimeFactory, opened: Office, players: Players
) -> None:
    await pause_for(hass, ALICE)
    call = ring(opened, opened.alice)
    await opened.settled()
    assert players.told == []
    call.answer()
    await opened.settled()
    assert players.told == [("pause", [MUSIC])]
    call.hang_up()
    await opened.settled()
    await pass_time(hass, clock, 3)
    assert players.told == [("pause", [MUSIC]), ("play", [MUSIC])]


async def test_media_go_on_when_the_last_of_two_calls_is_over(
    hass: HomeAssistant, clock: TickingDateTimeFactory, opened: Office, players: Players
) -> None:
    await pause_for(hass, ALICE)
    first = ring(opened, opened.alice)
    first.answer()
    first.hold(opened.alice)
    second = ring(opened, opened.alice, "0901")
    second.answer()
    await opened.settled()
    first.hang_up()
    await opened.settled()
    await pass_time(hass, clock, 3)
    assert players.told == [("pause", [MUSIC])]
    second.hang_up()
    await opened.settled()
    await pass_time(hass, clock, 3)
    assert players.told == [("pause", [MUSIC]), ("play", [MUSIC])]


async def test_media_go_on_when_nobody_of_the_room_is_on_a_call(
    hass: HomeAssistant, clock: TickingDateTimeFactory, opened: Office, players: Players
) -> None:
    await pause_for(hass, ALICE, ZOE)
    first, second = ring(opened, opened.alice), ring(opened, opened.zoe, "0901")
    first.answer()
    second.answer()
    first.hang_up()
    await opened.settled()
    await pass_time(hass, clock, 3)
    assert players.told == [("pause", [MUSIC])]
    second.hang_up()
    await opened.settled()
    await pass_time(hass, clock, 3)
    assert players.told[1:] == [("play", [MUSIC])]


async def test_call_that_follows_at_once_keeps_media_paused(
    hass: HomeAssistant, clock: TickingDateTimeFactory, opened: Office, players: Players
) -> None:
    await pause_for(hass, ALICE, resume_after=10)
    first = ring(opened, opened.alice)
    first.answer()
    first.hang_up()
    await opened.settled()
    second = ring(opened, opened.alice)
    second.answer()
    await opened.settled()
    await pass_time(hass, clock, 11)
    assert players.told == [("pause", [MUSIC])]
    second.hang_up()
    await opened.settled()
    await pass_time(hass, clock, 11)
    assert players.told[1:] == [("play", [MUSIC])]


@pytest.mark.parametrize("state", ["playing", "off"])
async def test_media_that_somebody_has_touched_stay_as_they_are(
    hass: HomeAssistant,
    clock: TickingDateTimeFactory,
    opened: Office,
    players: Players,
    state: str,
) -> None:
    await pause_for(hass, ALICE)
    call = ring(opened, opened.alice)
    call.answer()
    await opened.settled()
    players.set(MUSIC, state)
    call.hang_up()
    await opened.settled()
    await pass_time(hass, clock, 3)
    assert players.told == [("pause", [MUSIC])]


async def test_media_that_were_paused_before_stay_paused(
    hass: HomeAssistant, clock: TickingDateTimeFactory, opened: Office, players: Players
) -> None:
    players.set(MUSIC, "paused")
    await pause_for(hass, ALICE)
    call = ring(opened, opened.alice)
    call.answer()
    call.hang_up()
    await opened.settled()
    await pass_time(hass, clock, 3)
    assert players.told == []


async def test_media_stay_paused_while_nobody_knows_whether_the_call_goes_on(
    hass: HomeAssistant, clock: TickingDateTimeFactory, opened: Office, players: Players
) -> None:
    await pause_for(hass, ALICE)
    call = ring(opened, opened.alice)
    call.answer()
    await opened.settled()
    await opened.lose_connection()
    await pass_time(hass, clock, 3)
    assert players.told == [("pause", [MUSIC])]
    players.set(MUSIC, "playing")
    await opened.find_connection()
    assert players.told == [("pause", [MUSIC])]
    players.set(MUSIC, "paused")
    call.hang_up()
    await opened.settled()
    await pass_time(hass, clock, 3)
    assert players.told[1:] == [("play", [MUSIC])]


async def test_media_may_pause_already_when_the_phone_rings(
    hass: HomeAssistant, opened: Office, players: Players
) -> None:
    await pause_for(hass, ALICE, states=["ringing", "talking"], resume=False)
    call = ring(opened, opened.alice)
    await opened.settled()
    assert players.told == [("pause", [MUSIC])]
    players.set(MUSIC, "playing")
    call.answer()
    await opened.settled()
    call.hang_up()
    await opened.settled()
    assert players.told == [("pause", [MUSIC])]


async def test_media_pause_only_under_further_conditions(
    hass: HomeAssistant, opened: Office, players: Players
) -> None:
    hass.states.async_set("input_boolean.quiet", "off")
    quiet = {"condition": "state", "entity_id": "input_boolean.quiet", "state": "on"}
    await pause_for(hass, ALICE, conditions=[quiet])
    ring(opened, opened.alice).answer()
    await opened.settled()
    assert players.told == []


async def test_calls_of_others_pause_nothing(
    hass: HomeAssistant, opened: Office, players: Players
) -> None:
    await pause_for(hass, ALICE)
    ring(opened, opened.zoe).answer()
    await opened.settled()
    assert players.told == []


# Announce the caller


async def announce_for(hass: HomeAssistant, *called: str, **inputs: object) -> Told:
    """Let calls be announced, and return what is said."""
    told = async_mock_service(hass, "tts", "speak")
    await use(
        hass,
        "announce_caller",
        called=[device_of(hass, name) for name in called],
        voice="tts.voice",
        speakers=["media_player.kitchen", "media_player.hall"],
        **inputs,
    )
    return told


def sentences(told: Told) -> list[str]:
    """Return what is heard."""
    return [one.data["message"] for one in told]


@pytest.mark.parametrize(
    ("number", "name", "heard"),
    [
        (OLIVE, "Olive Oyl", "Olive Oyl calls Alice Martin."),
        (OLIVE, None, "0 3 1 2 3 4 5 6 7 8 calls Alice Martin."),
        (None, None, "Somebody calls Alice Martin."),
        (OLIVE, "{{ 1 + 1 }}", "{{ 1 + 1 }} calls Alice Martin."),
        (OLIVE, SCRIPT, f"{SCRIPT} calls Alice Martin."),
        (OLIVE, "['Olive']", "['Olive'] calls Alice Martin."),
        (OLIVE, "{called}", "{called} calls Alice Martin."),
    ],
)
async def test_caller_is_announced(
    hass: HomeAssistant, opened: Office, number: str | None, name: str | None, heard: str
) -> None:
    told = await announce_for(hass, "Alice Martin")
    call = ring(opened, opened.alice, number, name)
    await opened.settled()
    assert [one.data for one in told] == [
        {
            "entity_id": ["tts.voice"],
            "media_player_entity_id": ["media_player.kitchen", "media_player.hall"],
            "message": heard,
        }
    ]
    call.answer()
    call.hang_up()
    await opened.settled()
    assert len(told) == 1


async def test_call_that_rings_several_is_announced_once(
    hass: HomeAssistant, opened: Office
) -> None:
    told = await announce_for(hass, "Alice Martin", "Zoë", "Sales")
    ring(opened, opened.sales, name="Olive Oyl")
    await opened.settled()
    assert sentences(told) == ["Olive Oyl calls Sales."]


async def test_call_that_goes_on_to_another_is_announced_again(
    hass: HomeAssistant, opened: Office
) -> None:
    told = await announce_for(hass, "Alice Martin", "Zoë")
    call = opened.system.incoming_call(OLIVE, opened.sales, name="Olive Oyl")
    call.ring(opened.alice)
    await opened.settled()
    call.no_answer(opened.alice)
    await opened.settled()
    call.ring(opened.zoe)
    await opened.settled()
    assert sentences(told) == ["Olive Oyl calls Alice Martin.", "Olive Oyl calls Zoë."]


async def test_two_calls_are_both_announced(hass: HomeAssistant, opened: Office) -> None:
    told = await announce_for(hass, "Alice Martin", "Zoë")
    ring(opened, opened.alice, name="Olive Oyl")
    ring(opened, opened.zoe, "0901", name="Popeye")
    await opened.settled()
    assert sentences(told) == ["Olive Oyl calls Alice Martin.", "Popeye calls Zoë."]


async def test_announcement_in_other_words(hass: HomeAssistant, opened: Office) -> None:
    told = await announce_for(
        hass,
        "Alice Martin",
        announcement="{caller} から {called} に電話です",
        withheld="非通知",
        language="ja",
    )
    ring(opened, opened.alice, None)
    await opened.settled()
    [one] = told
    assert one.data["message"] == "非通知 から Alice Martin に電話です"
    assert one.data["language"] == "ja"


async def test_only_calls_from_outside_may_be_announced(
    hass: HomeAssistant, opened: Office
) -> None:
    told = await announce_for(hass, "Alice Martin", location="external")
    opened.system.internal_call(opened.zoe, opened.alice).ring()
    await opened.settled()
    assert told == []


async def test_calls_of_others_are_not_announced(hass: HomeAssistant, opened: Office) -> None:
    told = await announce_for(hass, "Alice Martin")
    ring(opened, opened.zoe)
    opened.system.outgoing_call(opened.alice, OLIVE).ring()
    await opened.settled()
    assert told == []


# Notify a missed call


@pytest.fixture
def app(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the app's integration load without what nobody built for this Python."""
    monkeypatch.syspath_prepend(ROOT / "demo" / "stand_ins")


async def notify_missed(hass: HomeAssistant, **inputs: object) -> Told:
    """Let Alice's phone be told of missed calls, and return what it shows."""
    phone = MockConfigEntry(
        domain="mobile_app",
        title="Alice's phone",
        data={
            "app_data": {"push_token": "token", "push_url": "https://push.example/push"},
            "app_id": "app",
            "app_name": "Home Assistant",
            "app_version": "1.0",
            "device_id": "phone",
            "device_name": "Alice's phone",
            "manufacturer": "Example",
            "model": "Phone",
            "os_name": "Example",
            "os_version": "1.0",
            "secret": "secret",
            "supports_encryption": False,
            "user_id": "1",
            "webhook_id": "webhook",
        },
    )
    phone.add_to_hass(hass)
    assert await async_setup_component(hass, "mobile_app", {})
    await hass.async_block_till_done()
    told = async_mock_service(hass, "notify", "mobile_app_alice_s_phone")
    inputs = {
        "person": device_of(hass, "Alice Martin"),
        "phone": device_of(hass, "Alice's phone"),
        **inputs,
    }
    await use(hass, "missed_call_notification", **inputs)
    return told


def shown(told: Told) -> list[tuple[str, str]]:
    """Return titles and texts of the notifications."""
    return [(one.data["title"], one.data["message"]) for one in told]


def buttons(told: Told) -> list[str]:
    """Return the buttons of the only notification."""
    [one] = told
    return [button["title"] for button in one.data["data"]["actions"]]


async def tap(office: Office, told: Told) -> None:
    """Tap the button of the last notification, as the app then tells."""
    [button] = told[-1].data["data"]["actions"]
    office.hass.bus.async_fire("mobile_app_notification_action", {"action": button["action"]})
    await office.hass.async_block_till_done()
    await office.settled()


def asked(office: Office) -> list[tuple[str, object]]:
    """Return what the phone system was asked for."""
    return [(name, said["destination"]) for name, said in office.server.requests_received]


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    ("number", "name", "caller", "button"),
    [
        (OLIVE, "Olive Oyl", f"Olive Oyl ({OLIVE})", ["Call back"]),
        (OLIVE, None, OLIVE, ["Call back"]),
        (OLIVE, "{{ 1 + 1 }}", "{{ 1 + 1 }} (" + OLIVE + ")", ["Call back"]),
        (OLIVE, SCRIPT, f"{SCRIPT} ({OLIVE})", ["Call back"]),
        ("Unavailable", None, "Unavailable", []),
        (None, None, "Somebody who withholds the number", []),
    ],
)
async def test_missed_call_is_notified(
    hass: HomeAssistant,
    opened: Office,
    number: str | None,
    name: str | None,
    caller: str,
    button: list[str],
) -> None:
    told = await notify_missed(hass)
    await miss(opened, opened.alice, number, name)
    assert shown(told) == [("Missed call", f"{caller} called Alice Martin at 18:00.")]
    assert buttons(told) == button


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize("number", [OLIVE, "+81312345678", "312345678"])
async def test_button_calls_back(hass: HomeAssistant, opened: Office, number: str) -> None:
    told = await notify_missed(hass)
    await miss(opened, opened.alice, number, "Olive Oyl")
    await tap(opened, told)
    assert asked(opened) == [("call_user", number)]
    [call] = opened.system.calls.values()
    assert call.ringing_users == [opened.alice]
    assert len(told) == 1


@pytest.mark.usefixtures("app")
async def test_button_calls_a_colleague_back(hass: HomeAssistant, opened: Office) -> None:
    told = await notify_missed(hass)
    call = opened.system.internal_call(opened.zoe, opened.alice)
    call.ring()
    call.cancel()
    await opened.settled()
    await tap(opened, told)
    assert asked(opened) == [("call_user", "1002")]


@pytest.mark.usefixtures("app")
async def test_each_of_two_notifications_calls_back_its_own_caller(
    hass: HomeAssistant, opened: Office
) -> None:
    told = await notify_missed(hass)
    await miss(opened, opened.alice, "0901")
    await miss(opened, opened.alice, "0902")
    await tap(opened, told[:1])
    assert asked(opened) == [("call_user", "0901")]


@pytest.mark.usefixtures("app")
async def test_button_works_after_a_restart(hass: HomeAssistant, opened: Office) -> None:
    told = await notify_missed(hass)
    await miss(opened, opened.alice)
    for action in ("turn_off", "turn_on"):
        await hass.services.async_call(
            "automation", action, {"entity_id": AUTOMATION}, blocking=True
        )
    await opened.reopen()
    await tap(opened, told)
    assert asked(opened) == [("call_user", OLIVE)]


@pytest.mark.usefixtures("app")
@pytest.mark.parametrize(
    "action",
    [
        None,
        "OPEN_DOOR",
        f"WS_CTI_CALL_BACK_{'0' * 32}_{OLIVE}",
        f"WS_CTI_CALL_BACK_{OLIVE}",
    ],
)
async def test_buttons_of_others_call_nobody(
    hass: HomeAssistant, opened: Office, action: str | None
) -> None:
    await notify_missed(hass)
    hass.bus.async_fire("mobile_app_notification_action", {"action": action} if action else {})
    await hass.async_block_till_done()
    assert asked(opened) == []


@pytest.mark.usefixtures("app")
async def test_calling_back_that_is_not_possible_is_told(
    hass: HomeAssistant, opened: Office
) -> None:
    told = await notify_missed(hass)
    await miss(opened, opened.alice)
    opened.system.set_do_not_disturb(opened.alice, on=True)
    await tap(opened, told)
    assert shown(told)[1:] == [
        ("Missed call", f"{OLIVE} was probably not called. Look at your telephone.")
    ]
    assert opened.system.calls == {}


@pytest.mark.usefixtures("app")
async def test_call_that_a_colleague_took_is_notified_only_if_wanted(
    hass: HomeAssistant, opened: Office
) -> None:
    told = await notify_missed(hass, only_unanswered=False)
    call = ring(opened, opened.sales, name="Olive Oyl")
    call.answer(opened.zoe)
    await opened.settled()
    assert len(told) == 1


@pytest.mark.usefixtures("app")
async def test_answered_calls_and_those_of_others_are_not_notified(
    hass: HomeAssistant, opened: Office
) -> None:
    told = await notify_missed(hass)
    await miss(opened, opened.zoe)
    ring(opened, opened.sales).answer(opened.zoe)
    call = ring(opened, opened.alice)
    call.answer()
    call.hang_up()
    await opened.settled()
    assert told == []


@pytest.mark.usefixtures("app")
async def test_button_works_while_no_more_is_notified(hass: HomeAssistant, opened: Office) -> None:
    hass.states.async_set("person.alice", "away")
    away = {"condition": "state", "entity_id": "person.alice", "state": "away"}
    told = await notify_missed(hass, conditions=[away])
    await miss(opened, opened.alice)
    hass.states.async_set("person.alice", "home")
    await miss(opened, opened.alice, "0901")
    assert len(told) == 1
    await tap(opened, told)
    assert asked(opened) == [("call_user", OLIVE)]


# Light follows call state

LAMP: Final = "light.desk"
RED: Final = (255, 0, 0)
BLUE: Final = (0, 80, 255)
GREEN: Final = (0, 255, 0)
WARM: Final = (255, 200, 120)


class Lamp:
    """Be a lamp that does what it is told."""

    def __init__(self, hass: HomeAssistant) -> None:
        """Be off."""
        self._hass = hass
        self.turned = 0
        self.set(None)
        hass.services.async_register("light", "turn_on", self._turn)
        hass.services.async_register("light", "turn_off", self._turn)

    @callback
    def _turn(self, call: ServiceCall) -> None:
        assert call.data["entity_id"] in ([LAMP], LAMP)
        self.turned += 1
        self.set(tuple(call.data["rgb_color"]) if call.service == "turn_on" else None)

    def set(self, colour: tuple[int, ...] | None) -> None:
        """Let somebody handle the lamp."""
        said = {"supported_color_modes": ["rgb"], "color_mode": "rgb", "rgb_color": colour}
        self._hass.states.async_set(LAMP, "on" if colour else "off", said if colour else {})

    def shows(self) -> tuple[int, ...] | None:
        """Return the colour, or None while it is off."""
        state = self._hass.states.get(LAMP)
        assert state is not None
        return state.attributes["rgb_color"] if state.state == "on" else None


@pytest.fixture
async def lamp(hass: HomeAssistant, opened: Office) -> Lamp:
    """Return Alice's lamp."""
    assert await async_setup_component(hass, "scene", {})
    return Lamp(hass)


async def show_alice(hass: HomeAssistant, **inputs: object) -> None:
    """Let the lamp show what Alice does."""
    await use(hass, "light_follows_call_state", person=ALICE, lights=[LAMP], **inputs)


async def test_light_shows_each_state_of_a_call(
    hass: HomeAssistant, opened: Office, lamp: Lamp
) -> None:
    await show_alice(hass)
    call = ring(opened, opened.alice)
    await opened.settled()
    assert lamp.shows() == BLUE
    call.answer()
    await opened.settled()
    assert lamp.shows() == RED
    call.hold(opened.alice)
    await opened.settled()
    assert lamp.shows() == (255, 0, 160)
    call.hang_up()
    await opened.settled()
    assert lamp.shows() is None


async def test_light_shows_the_strongest_of_two_calls(
    hass: HomeAssistant, opened: Office, lamp: Lamp
) -> None:
    await show_alice(hass)
    first = ring(opened, opened.alice)
    first.answer()
    second = ring(opened, opened.alice, "0901")
    await opened.settled()
    assert lamp.shows() == RED
    first.hang_up()
    await opened.settled()
    assert lamp.shows() == BLUE
    second.cancel()
    await opened.settled()
    assert lamp.shows() is None


async def test_light_shows_a_free_phone(hass: HomeAssistant, opened: Office, lamp: Lamp) -> None:
    await show_alice(hass, after="colour")
    call = ring(opened, opened.alice)
    await opened.settled()
    call.cancel()
    await opened.settled()
    assert lamp.shows() == GREEN


@pytest.mark.parametrize("colour", [None, WARM])
async def test_light_is_as_before_after_the_call(
    hass: HomeAssistant, opened: Office, lamp: Lamp, colour: tuple[int, ...] | None
) -> None:
    lamp.set(colour)
    await show_alice(hass, after="restore")
    for _ in range(2):
        call = ring(opened, opened.alice)
        await opened.settled()
        assert lamp.shows() == BLUE
        call.answer()
        await opened.settled()
        assert lamp.shows() == RED
        call.hang_up()
        await opened.settled()
        assert lamp.shows() == colour


async def test_light_is_as_before_after_a_call_that_is_over_at_once(
    hass: HomeAssistant, opened: Office, lamp: Lamp
) -> None:
    lamp.set(WARM)
    await show_alice(hass, after="restore")
    call = ring(opened, opened.alice)
    call.answer()
    call.hang_up()
    await opened.settled()
    assert lamp.shows() == WARM


async def test_light_stays_as_it_is_while_nothing_is_known(
    hass: HomeAssistant, opened: Office, lamp: Lamp
) -> None:
    lamp.set(WARM)
    await show_alice(hass, after="restore")
    call = ring(opened, opened.alice)
    call.answer()
    await opened.settled()
    await opened.lose_connection()
    assert lamp.shows() == RED
    call.hang_up()
    await opened.find_connection()
    assert lamp.shows() == WARM


async def start(hass: HomeAssistant) -> None:
    """Let Home Assistant have started."""
    hass.set_state(CoreState.running)
    hass.bus.async_fire(EVENT_HOMEASSISTANT_STARTED)
    await hass.async_block_till_done()


@pytest.mark.parametrize("after", ["turn_off", "restore"])
async def test_light_shows_after_a_restart_what_is_going_on(
    hass: HomeAssistant, opened: Office, lamp: Lamp, after: str
) -> None:
    call = ring(opened, opened.alice)
    call.answer()
    await opened.settled()
    hass.set_state(CoreState.starting)
    await show_alice(hass, after=after)
    assert lamp.shows() is None
    await start(hass)
    assert lamp.shows() == RED
    call.hang_up()
    await opened.settled()
    assert lamp.shows() is None


@pytest.mark.parametrize(
    ("after", "colour", "expected"),
    [
        ("turn_off", RED, None),
        ("restore", RED, None),
        ("restore", WARM, WARM),
        ("colour", RED, GREEN),
    ],
)
async def test_light_shows_no_call_that_was_over_before_the_restart(
    hass: HomeAssistant,
    opened: Office,
    lamp: Lamp,
    after: str,
    colour: tuple[int, ...],
    expected: tuple[int, ...] | None,
) -> None:
    lamp.set(colour)
    hass.set_state(CoreState.starting)
    await show_alice(hass, after=after)
    await start(hass)
    assert lamp.shows() == expected


async def test_light_that_was_not_to_show_the_call_stays_as_it_is(
    hass: HomeAssistant, opened: Office, lamp: Lamp
) -> None:
    lamp.set(WARM)
    hass.states.async_set("sun.sun", "below_horizon")
    day = {"condition": "state", "entity_id": "sun.sun", "state": "above_horizon"}
    await show_alice(hass, after="restore", conditions=[day])
    call = ring(opened, opened.alice)
    call.answer()
    call.hang_up()
    await opened.settled()
    assert lamp.turned == 0


async def test_light_shows_no_calls_of_others(
    hass: HomeAssistant, opened: Office, lamp: Lamp
) -> None:
    await show_alice(hass)
    ring(opened, opened.zoe).answer()
    await opened.settled()
    assert lamp.turned == 0


# Warn when a queue grows or a caller waits too long


async def warn(hass: HomeAssistant, **inputs: object) -> Told:
    """Let Sales be watched, and return the messages."""
    told = async_mock_service(hass, "notify", "send_message")
    inputs = {"recipients": ["notify.boss"], **inputs}
    await use(hass, "queue_warning", group=device_of(hass, "Sales"), **inputs)
    return told


def wait(office: Office, *numbers: str) -> list[Call]:
    """Let callers wait for Sales."""
    return [office.system.incoming_call(number, office.sales) for number in numbers]


async def test_growing_queue_is_told(
    hass: HomeAssistant, clock: TickingDateTimeFactory, opened: Office, unfinished: None
) -> None:
    told = await warn(hass)
    wait(opened, "0901", "0902")
    await opened.settled()
    assert told == []
    wait(opened, "0903")
    await opened.settled()
    assert shown(told) == [("Sales needs help", "3 callers wait for Sales.")]
    assert told[0].data["entity_id"] == ["notify.boss"]


async def test_caller_who_waits_too_long_is_told(
    hass: HomeAssistant, clock: TickingDateTimeFactory, opened: Office, unfinished: None
) -> None:
    told = await warn(hass)
    wait(opened, "0901")
    await opened.settled()
    await pass_time(hass, clock, 100)
    assert told == []
    await pass_time(hass, clock, 25)
    assert shown(told) == [("Sales needs help", "A caller has waited for Sales for 2 minutes.")]


async def test_caller_who_is_answered_in_time_is_not_told(
    hass: HomeAssistant, clock: TickingDateTimeFactory, opened: Office, unfinished: None
) -> None:
    told = await warn(hass)
    [call] = wait(opened, "0901")
    call.ring(opened.zoe)
    await opened.settled()
    await pass_time(hass, clock, 100)
    call.answer()
    await opened.settled()
    await pass_time(hass, clock, 100)
    assert told == []


async def test_warnings_keep_quiet_for_a_while(
    hass: HomeAssistant, clock: TickingDateTimeFactory, opened: Office, unfinished: None
) -> None:
    told = await warn(hass, above=0, longer={"hours": 1})
    for minutes in (1, 6, 1):
        [call] = wait(opened, "0901")
        await opened.settled()
        call.cancel()
        await opened.settled()
        await pass_time(hass, clock, minutes * 60)
    assert len(told) == 2


async def test_short_rush_may_be_left_out(
    hass: HomeAssistant, clock: TickingDateTimeFactory, opened: Office, unfinished: None
) -> None:
    told = await warn(hass, above=0, **{"for": {"seconds": 30}})
    [call] = wait(opened, "0901")
    await opened.settled()
    call.cancel()
    await opened.settled()
    await pass_time(hass, clock, 31)
    assert told == []


async def test_warning_does_what_was_chosen(
    hass: HomeAssistant, clock: TickingDateTimeFactory, opened: Office, unfinished: None
) -> None:
    lit = async_mock_service(hass, "light", "turn_on")
    light = {"action": "light.turn_on", "target": {"entity_id": "light.warning"}}
    told = await warn(hass, above=0, recipients=[], actions=[light])
    wait(opened, "0901")
    await opened.settled()
    assert [one.data["entity_id"] for one in lit] == [["light.warning"]]
    assert told == []


async def test_warning_in_other_words(
    hass: HomeAssistant, clock: TickingDateTimeFactory, opened: Office, unfinished: None
) -> None:
    told = await warn(hass, above=0, title="{group}", many="{count} 人がお待ちです")
    wait(opened, "0901")
    await opened.settled()
    assert shown(told) == [("Sales", "1 人がお待ちです")]


async def test_warnings_may_be_bound_to_conditions(
    hass: HomeAssistant, clock: TickingDateTimeFactory, opened: Office, unfinished: None
) -> None:
    never = {"condition": "template", "value_template": "{{ false }}"}
    told = await warn(hass, above=0, conditions=[never])
    wait(opened, "0901")
    await opened.settled()
    assert told == []


# No calls at night


async def sleep(hass: HomeAssistant, *called: str, **inputs: object) -> Told:
    """Let the night be quiet from ten to seven, and return the messages."""
    told = async_mock_service(hass, "notify", "send_message")
    await use(
        hass,
        "no_calls_at_night",
        called=[device_of(hass, name) for name in called or ("Alice Martin",)],
        recipients=["notify.phone"],
        **inputs,
    )
    return told


class Day:
    """Let time pass for the house and the phone system alike."""

    def __init__(self, office: Office, clock: TickingDateTimeFactory) -> None:
        """Begin when the office is opened."""
        self._office = office
        self._clock = clock
        self._shown = dt_util.parse_datetime(NINE, raise_on_error=True)

    async def comes_to(self, time: str) -> None:
        """Let it be the next time that clocks in Tokyo show this, and a moment."""
        self.passes_to(time)
        async_fire_time_changed(self._office.hass)
        await self._office.hass.async_block_till_done()

    def passes_to(self, time: str) -> None:
        """Let the time pass, and nothing happen in the house meanwhile."""
        hour, minute = map(int, time.split(":"))
        now = dt_util.as_local(self._shown)
        then = now.replace(hour=hour, minute=minute)
        if then <= now:
            then += timedelta(days=1)
        self._office.later((then - now).total_seconds())
        self._clock.move_to(then.astimezone(UTC) + timedelta(seconds=0.6))
        self._shown = then


@pytest.fixture
async def day(clock: TickingDateTimeFactory, office: Office) -> AsyncGenerator[Day]:
    """Return what lets it be some time of the evening, the night or the morning."""
    yield Day(office, clock)
    await turn_off(office.hass)


async def test_morning_message_lists_who_called_at_night(
    hass: HomeAssistant, day: Day, opened: Office
) -> None:
    told = await sleep(hass)
    await miss(opened, opened.alice, "0900")
    await day.comes_to("22:00")
    await day.comes_to("23:10")
    await miss(opened, opened.alice, OLIVE, "Olive Oyl")
    await miss(opened, opened.alice, None)
    await miss(opened, opened.zoe, "0909")
    await day.comes_to("6:30")
    await miss(opened, opened.alice, "0901", "{{ 1 + 1 }}")
    answered = ring(opened, opened.alice, "0902")
    answered.answer()
    answered.hang_up()
    await opened.settled()
    assert told == []
    await day.comes_to("7:00")
    assert shown(told) == [
        (
            "Calls of the night: 3",
            f"23:10 Olive Oyl ({OLIVE})\n23:10 Number withheld\n06:30 {{{{ 1 + 1 }}}} (0901)",
        )
    ]
    assert told[0].data["entity_id"] == ["notify.phone"]
    await miss(opened, opened.alice, "0903")
    await day.comes_to("22:00")
    assert len(told) == 1


async def test_morning_message_tells_a_call_for_several_once(
    hass: HomeAssistant, day: Day, opened: Office
) -> None:
    told = await sleep(hass, "Alice Martin", "Zoë", "Sales")
    await day.comes_to("22:00")
    await miss(opened, opened.sales)
    await miss(opened, opened.zoe, "0901")
    await day.comes_to("7:00")
    [(title, text)] = shown(told)
    assert title == "Calls of the night: 2"
    first, second = text.splitlines()
    assert first.startswith(f"22:00 {OLIVE} → ")
    assert second == "22:00 0901 → Zoë"


async def test_quiet_night_is_told_only_if_wanted(
    hass: HomeAssistant, day: Day, opened: Office
) -> None:
    told = await sleep(hass)
    await day.comes_to("22:00")
    await day.comes_to("7:00")
    assert told == []


async def test_quiet_night_may_be_told(hass: HomeAssistant, day: Day, opened: Office) -> None:
    told = await sleep(hass, say_nobody=True)
    await day.comes_to("22:00")
    await day.comes_to("7:00")
    assert shown(told) == [("Calls of the night: 0", "Nobody called.")]


async def test_busy_night_is_cut_short(hass: HomeAssistant, day: Day, opened: Office) -> None:
    told = await sleep(hass)
    await day.comes_to("22:00")
    for number in range(901, 932):
        await miss(opened, opened.alice, f"0{number}")
    await day.comes_to("7:00")
    [(title, text)] = shown(told)
    assert title == "Calls of the night: 31"
    assert text.splitlines()[29:] == ["22:03 0930", "…"]


async def test_unknown_night_is_told(hass: HomeAssistant, day: Day, opened: Office) -> None:
    told = await sleep(hass)
    await day.comes_to("22:00")
    await opened.close()
    await day.comes_to("7:00")
    assert shown(told) == [("Calls of the night: ?", "The calls of the night are not known.")]


async def test_night_begins_and_ends_with_what_was_chosen(
    hass: HomeAssistant, day: Day, opened: Office
) -> None:
    plug = (
        async_mock_service(hass, "switch", "turn_off"),
        async_mock_service(hass, "switch", "turn_on"),
    )
    bell = {"entity_id": "switch.bell"}
    await sleep(
        hass,
        evening_actions=[{"action": "switch.turn_off", "target": bell}],
        morning_actions=[{"action": "switch.turn_on", "target": bell}],
    )
    await day.comes_to("21:59")
    assert [len(told) for told in plug] == [0, 0]
    await day.comes_to("22:00")
    assert [len(told) for told in plug] == [1, 0]
    await day.comes_to("7:00")
    assert [len(told) for told in plug] == [1, 1]


def rings(office: Office, call: Call) -> bool:
    """Return whether Alice's telephone rings, as she hears it."""
    return office.alice in call.ringing_users


async def test_calls_ring_at_night_unless_they_are_to_be_hung_up(
    hass: HomeAssistant, day: Day, opened: Office
) -> None:
    await sleep(hass)
    await day.comes_to("23:00")
    call = ring(opened, opened.alice)
    await opened.settled()
    assert rings(opened, call)
    call.cancel()


async def test_calls_of_the_night_may_be_hung_up(
    hass: HomeAssistant, day: Day, opened: Office
) -> None:
    told = await sleep(hass, hang_up=True)
    evening = ring(opened, opened.alice, "0900")
    await opened.settled()
    assert rings(opened, evening)
    evening.cancel()
    await opened.settled()
    await day.comes_to("22:00")
    call = ring(opened, opened.alice)
    other = ring(opened, opened.zoe, "0901")
    await opened.until(lambda: not rings(opened, call))
    assert other.ringing_users == [opened.zoe]
    for one in (call, other):
        one.cancel()
    colleague = opened.system.internal_call(opened.zoe, opened.alice)
    colleague.ring()
    await opened.settled()
    assert rings(opened, colleague)
    colleague.cancel()
    await opened.settled()
    await day.comes_to("7:00")
    assert shown(told) == [("Calls of the night: 2", f"22:00 {OLIVE}\n22:00 Zoë (1002)")]
    morning = ring(opened, opened.alice, "0902")
    await opened.settled()
    assert rings(opened, morning)
    morning.cancel()


async def test_colleagues_go_on_ringing_when_a_call_to_a_group_is_hung_up(
    hass: HomeAssistant, day: Day, opened: Office
) -> None:
    await sleep(hass, hang_up=True)
    await day.comes_to("22:00")
    call = ring(opened, opened.sales)
    await opened.until(lambda: not rings(opened, call))
    assert opened.zoe in call.ringing_users
    call.cancel()


@pytest.mark.parametrize("number", ["+81312345678", "0081312345678"])
async def test_some_numbers_may_be_let_through(
    hass: HomeAssistant, day: Day, opened: Office, number: str
) -> None:
    await sleep(hass, hang_up=True, which="all", let_through=["+81 3-1234-5678", " "])
    await day.comes_to("22:00")
    call = ring(opened, opened.alice, number)
    await opened.settled()
    assert rings(opened, call)
    call.cancel()
    withheld = ring(opened, opened.alice, None)
    await opened.until(lambda: not rings(opened, withheld))
    colleague = opened.system.internal_call(opened.zoe, opened.alice)
    colleague.ring()
    await opened.until(lambda: not rings(opened, colleague))


@pytest.mark.parametrize(
    ("last", "messages"),
    [
        ("2026-11-19T22:00:00+09:00", 1),
        ("2026-11-20T07:00:01+09:00", 0),
        (None, 0),
    ],
)
async def test_morning_while_home_assistant_was_not_running_is_made_up_for(
    hass: HomeAssistant, day: Day, office: Office, last: str | None, messages: int
) -> None:
    mock_restore_cache(hass, [State(AUTOMATION, "on", {"last_triggered": last})])
    await office.open()
    hass.set_state(CoreState.starting)
    told = await sleep(hass, say_nobody=True)
    await start(hass)
    assert len(told) == messages


async def test_evening_while_home_assistant_was_not_running_is_made_up_for(
    hass: HomeAssistant, day: Day, office: Office
) -> None:
    mock_restore_cache(
        hass, [State(AUTOMATION, "on", {"last_triggered": "2026-11-20T07:00:01+09:00"})]
    )
    off = async_mock_service(hass, "switch", "turn_off")
    await office.open()
    day.passes_to("23:00")
    hass.set_state(CoreState.starting)
    bell = {"action": "switch.turn_off", "target": {"entity_id": "switch.bell"}}
    told = await sleep(hass, say_nobody=True, evening_actions=[bell])
    await start(hass)
    assert len(off) == 1
    assert told == []
