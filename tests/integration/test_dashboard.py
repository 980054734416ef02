"""Tests of the dashboard in the documentation, which is the one that the demo shows."""

from collections.abc import Iterator
import json
import re
from typing import Any, Final

import hass_frontend
from homeassistant.core import HomeAssistant
from homeassistant.helpers import entity_registry as er
from homeassistant.helpers.template import Template
import pytest

from custom_components.ws_cti.const import CONF_PBX_DOMAIN
from demo.dashboard import dashboard
from demo.telephone import PBX_DOMAIN
from simulator.phone_system import PhoneSystem
from simulator.server import SimulatorServer
from tests.integration.conftest import TOKEN
from tests.integration.office import Office

ENTITY: Final = re.compile(r"\b(?:binary_sensor|button|event|sensor)\.\w+")
DASHBOARD: Final = dashboard()
TEXT: Final = json.dumps(DASHBOARD)


@pytest.fixture
def phone_system() -> PhoneSystem:
    """Return the office of the demo."""
    return PhoneSystem.office(domain=PBX_DOMAIN, token=TOKEN)


@pytest.fixture
def entry_data(entry_data: dict[str, Any], simulator: SimulatorServer) -> dict[str, Any]:
    """Return the data of the demo's entry."""
    return entry_data | {CONF_PBX_DOMAIN: PBX_DOMAIN}


def cards() -> Iterator[dict[str, Any]]:
    """Yield every card, those within others too."""
    waiting = [section for view in DASHBOARD["views"] for section in view["sections"]]
    while waiting:
        card: dict[str, Any] = waiting.pop(0)
        yield card
        waiting += card.get("cards", [])
        if "card" in card:
            waiting.append(card["card"])


def standard_cards() -> set[str]:
    """Return the types of card that the frontend has a form for."""
    folder = hass_frontend.where() / "static" / "translations" / "lovelace"
    [english] = [
        path for path in folder.glob("en-*.json") if re.fullmatch(r"en-[0-9a-f]+", path.stem)
    ]
    known = re.compile(r"ui\.panel\.lovelace\.editor\.card\.([\w-]+)\.name")
    return {found[1] for key in json.loads(english.read_text()) if (found := known.fullmatch(key))}


def test_every_card_is_one_that_every_home_assistant_has() -> None:
    types = {card["type"] for card in cards()}
    assert {"entity-filter", "glance", "markdown", "tile"} <= types
    assert types <= standard_cards()


async def test_every_entity_of_the_dashboard_exists(hass: HomeAssistant, office: Office) -> None:
    await office.open()
    named = set(ENTITY.findall(TEXT))
    assert len(named) > 20
    assert {one for one in named if hass.states.get(one) is None} == set()
    registry = er.async_get(hass)
    assert {registry.entities[one].platform for one in named} == {"ws_cti"}


async def test_everybody_of_the_office_is_on_the_dashboard(office: Office) -> None:
    await office.open()
    everybody = {one for one in office.entity_ids if one.endswith("_call_state")}
    lists = [card["entities"] for card in cards() if card["type"] == "entity-filter"]
    assert len(lists) == 2
    assert [{one["entity"] for one in users} for users in lists] == [everybody] * 2
    names = {one["name"] for one in lists[0]}
    assert names <= office.device_names


async def test_users_are_free_or_on_the_phone(office: Office) -> None:
    await office.open()
    free, busy = (card["conditions"][0]["state"] for card in cards() if "conditions" in card)
    options = office.attributes("sensor.alice_martin_call_state")["options"]
    assert {free, *busy} == set(options)


async def test_missed_calls_are_listed_with_their_callers(
    hass: HomeAssistant, office: Office
) -> None:
    await hass.config.async_set_time_zone("Asia/Tokyo")
    await office.open()
    [content] = [card["content"] for card in cards() if card["type"] == "markdown"]
    assert shown(hass, content) == "Nobody has called in vain."

    office.system.incoming_call("0312345678", office.sales, name="Olive Oyl").cancel()
    office.later(60)
    office.system.incoming_call("0901", office.sales).cancel()
    office.later(60)
    office.system.incoming_call(None, office.sales).cancel()
    await office.settled()
    assert shown(hass, content) == (
        "- 18:02 **Number withheld** for Sales "
        "- 18:01 **0901** for Sales "
        "- 18:00 **Olive Oyl** for Sales"
    )


async def test_a_caller_cannot_put_links_or_pictures_on_the_dashboard(
    hass: HomeAssistant, office: Office
) -> None:
    await office.open()
    [content] = [card["content"] for card in cards() if card["type"] == "markdown"]
    name = "![x](https://pictures.example/x.png)<img src=x> www.example.com"
    office.system.incoming_call("0901", office.sales, name=name).cancel()
    await office.settled()
    said = shown(hass, content)
    assert "pictures" in said
    assert set("!<>()[]:/.").isdisjoint(said.partition(" ")[2].partition(" ")[2])


def shown(hass: HomeAssistant, content: str) -> str:
    """Return what the card shows, without the breaks that it does not show."""
    rendered: str = Template(content, hass).async_render(parse_result=False)
    return " ".join(rendered.split())
