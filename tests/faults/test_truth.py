"""What is compared after each fault: sentences that say what is shown and is not so."""

from random import Random

from homeassistant.core import HomeAssistant
import pytest

from simulator.calls import StepName
from tests.integration.office import CONNECTION, Office
from tests.model.chance import Chance
from tests.model.lived import LivedRecord

from .truth import differences


@pytest.fixture
def lived(office: Office) -> LivedRecord:
    """Return the record of what everybody lives, from the first call on."""
    return LivedRecord(office.system)


def found(office: Office) -> list[str]:
    """Return what is shown and is not so."""
    return differences(office.hass, office.entry, office.system)


@pytest.mark.parametrize("seed", range(3))
async def test_office_in_which_nothing_fails_is_shown_as_it_is(
    office: Office, lived: LivedRecord, seed: int
) -> None:
    await office.open()
    chance = Chance(office.system, Random(seed))
    for step in range(600):
        name, take = chance.choose()
        office.later(1)
        lived.comes(name.partition(" ")[0])
        take()
        if step % 20 == 0:
            await office.settled()
            assert found(office) == []
    lived.comes(StepName.DISCONNECT)
    office.system.end_all_calls()
    await office.settled()
    assert found(office) == []


async def test_each_thing_that_is_not_so_is_a_sentence(
    hass: HomeAssistant, office: Office, lived: LivedRecord
) -> None:
    await office.open()
    office.system.incoming_call("0312345678", office.alice).ring()
    await office.settled()
    hass.states.async_set("sensor.alice_martin_phone_presence", "7", {"code": 7})
    hass.states.async_set("sensor.sales_waiting_calls", "1")
    assert found(office) == [
        "sensor.alice_martin_phone_presence has the code 7, and should have 0.",
        "sensor.alice_martin_phone_presence is 7, and should be 0.",
        "sensor.sales_waiting_calls is 1, and should be 0.",
    ]


async def test_state_that_is_not_known_is_a_difference(office: Office, lived: LivedRecord) -> None:
    await office.open()
    await office.lose_connection()
    office.system.add_user("Bob", extension="1050")
    sentences = found(office)
    assert f"{CONNECTION} is off, and should be on." in sentences
    assert "sensor.alice_martin_call_state is unavailable." in sentences
    assert "There is no user_10001050_call_state." in sentences


async def test_who_has_gone_and_is_shown_is_a_difference(
    office: Office, lived: LivedRecord
) -> None:
    await office.open()
    await office.lose_connection()
    office.system.remove_user(office.zoe)
    assert f"There is a user_{office.zoe.id}_presence, of nobody who is there." in found(office)
