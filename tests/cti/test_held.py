"""The picture holds what there is and nothing of what was, however oddly it went."""

from collections import deque
from dataclasses import replace
import gc
from types import FunctionType, ModuleType

from custom_components.ws_cti.cti.pbx import Pbx

from .scene import ALICE, BOB, SALES, SUPPORT, Scene, over, phone


def held(pbx: Pbx) -> int:
    """Return how many objects a picture keeps alive."""
    seen: set[int] = set()
    waiting: deque[object] = deque([pbx])
    while waiting:
        one = waiting.popleft()
        if id(one) in seen or isinstance(one, (type, FunctionType, ModuleType)):
            continue
        seen.add(id(one))
        waiting.extend(gc.get_referents(one))
    return len(seen)


def asked_by_a_client(scene: Scene, number: int) -> None:
    """Let a client ring a group's phones, of which one is handed to another group and user."""
    asked = ("call_group", f"text {number}")
    rung = phone(ALICE, of=None, uuid=f"phone-{number}", seconds=0)
    rung = replace(rung, origination=asked, group_id=SALES)
    other = replace(rung, uuid=f"other-{number}", user_id=BOB)
    scene.plays(rung, other)
    handed_on = replace(rung, group_id=SUPPORT)
    without_text = replace(other, origination=())
    scene.plays(handed_on, without_text)
    scene.ends(over(handed_on, "recv_bye,NORMAL_CLEARING"))
    scene.ends(over(without_text, "recv_bye,NORMAL_CLEARING"))


def test_nothing_is_kept_of_calls_whose_origin_has_changed() -> None:
    scene = Scene()
    asked_by_a_client(scene, 0)
    before = held(scene.pbx)
    for number in range(1, 50):
        asked_by_a_client(scene, number)
    assert scene.is_empty()
    assert held(scene.pbx) == before
