"""Remember what happened while the connection was away and may be mistaken for something else.

Who comes back sees how things are, and not how they came to be so:

- A phone that stopped ringing and rings again has been ringing all the time.
- A caller who waits for a group once more has been waiting all the time.
- A caller who waits again was not answered in between, as far as anybody can see. So whoever did
  answer him is taken for somebody who was rung in vain, and may be rung once more.
"""

from typing import Final

from custom_components.ws_cti.cti.story import Step
from simulator.calls import Phase
from simulator.model import Channel
from simulator.phone_system import PhoneSystem

from .lived_part import CONNECTED, Lived
from .parts import Id

_SETTLING: Final = (*CONNECTED, Phase.VOICEMAIL)


class Unheard:
    """Keep the parts that ended and the channels that came unheard."""

    def __init__(self, system: PhoneSystem) -> None:
        self.lasts = False
        self.channels: list[Channel] = []
        self._system = system
        self._ended: dict[tuple[Id, Id], Lived] = {}

    def ended(self, lived: Lived) -> None:
        """Take note of the end of a part."""
        if self.lasts and lived.noticed and not lived.seen_answered:
            self._ended[lived.caller_uuid, lived.whose] = lived

    def goes_on(self, again: Lived) -> Lived | None:
        """Return the part that seems to go on where this one begins."""
        lived = self._ended.pop((again.caller_uuid, again.whose), None)
        return lived if lived is not None and lived.is_continued_by(again) else None

    def answered(self, caller: Channel) -> None:
        """Take note that somebody is seen to answer: nothing of before goes on."""
        if not self.lasts:
            for key in [key for key in self._ended if key[0] == caller.uuid]:
                del self._ended[key]

    def over(self) -> None:
        """Let the connection be back."""
        self.lasts = False
        self.channels = []
        for key, lived in list(self._ended.items()):
            caller = self._system.channels.live.get(lived.caller_uuid)
            lived.doubtful |= caller is not None and caller.call.phase not in CONNECTED
            is_settled = caller is None or caller.call.phase in _SETTLING
            if is_settled or lived.part.begin is Step.ENTERED:
                del self._ended[key]
