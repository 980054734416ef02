"""Compare the decoder with erlastic, which reads the same format in plain Python."""

from collections.abc import Callable, Iterator
from typing import Final

import erlastic

from custom_components.ws_cti.cti.basix.bert import BertDecoder

from .frames import Office, recorded
from .lines import Line
from .measuring import ratio

_USERS: Final = 1_000
_REPETITIONS: Final = 4


def run(*, quick: bool) -> Iterator[Line]:
    """Tell how many times as fast as erlastic's the decoder is; the worse of two figures counts."""
    session = _decode(recorded() * _REPETITIONS, 20 if quick else 60)
    snapshot = _decode(Office(_USERS).opening(), 10 if quick else 30)
    yield Line("decode_session_vs_erlastic", session, "times")
    yield Line("decode_snapshot_vs_erlastic", snapshot, "times")
    yield Line("decode_vs_erlastic", min(session, snapshot), "times")


def _decode(frames: list[bytes], rounds: int) -> float:
    # One decoder serves one connection for as long as that lasts.
    ours = BertDecoder()
    return ratio(_each(frames, erlastic.decode), _each(frames, ours.decode), rounds)


def _each(frames: list[bytes], decode: Callable[[bytes], object]) -> Callable[[], None]:
    def work() -> None:
        for frame in frames:
            decode(frame)

    return work
