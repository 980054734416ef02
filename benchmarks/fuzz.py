"""Send damaged frames through the library, and see that it bears them all.

What comes out of a frame is applied to a picture, as in a living connection. Rounds are
independent of each other and made from the seed and their number alone, so that any of
them can be run again.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
import gc
from multiprocessing import Pool
import os
from pathlib import Path
from random import Random
import sys
import tempfile
import time
from typing import Final

from custom_components.ws_cti.cti.basix.driver import BasixSession
from custom_components.ws_cti.cti.basix.messages import SystemMessage
from custom_components.ws_cti.cti.errors import CtiError, ProtocolError, RejectedError
from custom_components.ws_cti.cti.model import Notice
from custom_components.ws_cti.cti.pbx import Pbx
from tests.cti import recorded

from .damage import SYNTHETIC, Vandal

SEED: Final = 20260401
FRAMES: Final = 1_000_000
LIMIT_MS: Final = 5.0
ROUND: Final = 4_000
"""Frames that one connection and its picture must bear."""

_FRAMES_BETWEEN_GOOD_ONES: Final = 100
_ROUNDS_BETWEEN_NEWS: Final = 25

_GOOD: Final = recorded.frames()
_SPECS: Final = [frame for frame in _GOOD if b"field_spec" in frame[:20]]
_INITIAL: Final = [frame for frame in _GOOD if b"initial_info" in frame[:20]]
_EVENTS: Final = [frame for frame in _GOOD if b"info_event" in frame[:20]]
_TO_DAMAGE: Final = recorded.ALL_FRAMES + SYNTHETIC


@dataclass(frozen=True, slots=True)
class Offence:
    """Say which frame did what it must not."""

    number: int
    what: str
    frame: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """Sum up a round; a frame that seemed slow counts with the best of three times."""

    frames: int
    understood: int
    slowest_ms: float
    seemed_slow: int
    offences: tuple[Offence, ...]


class Connection:
    """Hold one connection as the integration does: its session, and the picture."""

    def __init__(self) -> None:
        """Connect, and hear how everything stands."""
        self.session = BasixSession()
        self.pbx = Pbx()
        self.resynchronise()

    def resynchronise(self) -> None:
        """Hear once more how everything stands."""
        for frame in (*_SPECS, *_INITIAL):
            self.take(frame)

    def take(self, frame: bytes) -> None:
        """Take in a frame."""
        for update in self.session.receive(frame):
            if not isinstance(update, Notice):
                self.pbx.apply(update)

    def picture(self) -> object:
        """Return what a resynchronisation must set right whatever came before."""
        pbx = self.pbx
        members = {one: dict(pbx.members(one)) for one in pbx.groups}
        return dict(pbx.users), dict(pbx.groups), members, dict(pbx.channels), dict(pbx.terminals)


def run_round(seed: int, number: int, frames: int) -> Outcome:
    """Run one round, whose frames are made from the seed and its number."""
    random = Random(f"{seed} {number}")  # noqa: S311 - to be repeated, not to be secret
    vandal = Vandal(_TO_DAMAGE, random)
    connection = Connection()
    taken: list[bytes] = []
    offences: list[Offence] = []
    understood, slowest, seemed_slow = 0, 0.0, 0
    for index in range(frames):
        frame = vandal.frame()
        started = time.thread_time()
        wrong, good = _taken(connection, frame)
        spent = (time.thread_time() - started) * 1000
        understood += good
        if spent > LIMIT_MS:
            seemed_slow += 1
            spent = min(spent, *(_time_again(taken, frame) for _ in range(2)))
            if spent > LIMIT_MS:
                wrong = wrong or f"took {spent:.1f} ms"
        slowest = max(slowest, spent)
        taken.append(frame)
        if wrong is None and index % _FRAMES_BETWEEN_GOOD_ONES == 0:
            good_frames = (*_SPECS, random.choice(_EVENTS))
            wrong = _broken(connection, good_frames)
            taken += good_frames
        if wrong is not None:
            offences.append(Offence(number * ROUND + index, wrong, frame))
            break
    if not offences and (wrong := _astray(connection)) is not None:
        offences.append(Offence(number * ROUND + frames - 1, wrong, taken[-1]))
    return Outcome(index + 1, understood, slowest, seemed_slow, tuple(offences))


def _taken(connection: Connection, frame: bytes) -> tuple[str | None, bool]:
    """Return what is wrong with how a frame was taken, and whether it was understood."""
    try:
        connection.take(frame)
    except ProtocolError:
        return None, False
    except RejectedError as err:
        if _tells_of_an_end(frame):
            return None, True
        return f"raised {err!r} without being told", False
    except Exception as err:  # noqa: BLE001 - that is what is looked for
        return f"raised {err!r}", False
    return None, True


def _tells_of_an_end(frame: bytes) -> bool:
    try:
        return isinstance(BasixSession().read(frame), SystemMessage)
    except ProtocolError:
        return False


def _broken(connection: Connection, frames: tuple[bytes, ...]) -> str | None:
    """Return how good frames are not understood any more, as they must be at any time."""
    try:
        updates = [connection.session.receive(frame) for frame in frames]
        fresh = BasixSession()
        if updates != [fresh.receive(frame) for frame in frames]:
            return "made the session read a good frame otherwise"
        for update in updates[-1]:
            if not isinstance(update, Notice):
                connection.pbx.apply(update)
    except Exception as err:  # noqa: BLE001
        return f"left a connection in which a good frame raised {err!r}"
    return None


def _astray(connection: Connection) -> str | None:
    """Return how the picture differs from a fresh one, once it was told all again."""
    try:
        connection.resynchronise()
        if connection.picture() != Connection().picture():
            return "left a picture that a resynchronisation did not set right"
    except Exception as err:  # noqa: BLE001
        return f"left a connection in which a resynchronisation raised {err!r}"
    return None


def _time_again(taken: list[bytes], frame: bytes) -> float:
    """Return how many milliseconds a frame takes in the same place, without collections."""
    connection = Connection()
    for earlier in taken:
        try:
            connection.take(earlier)
        except CtiError:
            continue
    gc.collect()
    gc.disable()
    try:
        started = time.thread_time()
        _taken(connection, frame)
        return (time.thread_time() - started) * 1000
    finally:
        gc.enable()


def _rounds(frames: int) -> list[tuple[int, int]]:
    return [(start // ROUND, min(ROUND, frames - start)) for start in range(0, frames, ROUND)]


def _outcomes(seed: int, rounds: list[tuple[int, int]], workers: int) -> Iterator[Outcome]:
    if workers == 1:
        yield from (run_round(seed, number, frames) for number, frames in rounds)
        return
    with Pool(workers) as pool:
        yield from pool.imap_unordered(partial(_run, seed), rounds)


def _run(seed: int, numbered: tuple[int, int]) -> Outcome:
    return run_round(seed, *numbered)


def fuzz(seed: int, rounds: list[tuple[int, int]], workers: int, folder: Path) -> bool:
    """Run rounds, say how it went, and return whether all went well."""
    done = understood = seemed_slow = 0
    slowest = 0.0
    offences: list[Offence] = []
    total = sum(frames for _, frames in rounds)
    for count, outcome in enumerate(_outcomes(seed, rounds, workers), 1):
        done += outcome.frames
        understood += outcome.understood
        seemed_slow += outcome.seemed_slow
        slowest = max(slowest, outcome.slowest_ms)
        offences += outcome.offences
        if count % _ROUNDS_BETWEEN_NEWS == 0:
            print(f"{done} of {total} frames", flush=True)
    for offence in offences:
        path = folder / f"fuzz-{seed}-{offence.number}.txt"
        path.write_text(
            f"seed {seed}\nframe {offence.number}\n"
            f"again: scripts/fuzz --seed {seed} --round {offence.number // ROUND}\n"
            f"{offence.what}\n{offence.frame.hex()}\n"
        )
        print(f"frame {offence.number} {offence.what}: see {path}")
    print(
        f"{understood} were understood, {done - understood} refused; {seemed_slow} took above "
        f"{LIMIT_MS:g} ms at first and were measured twice more without garbage collection"
    )
    unexpected = sum("raised" in offence.what for offence in offences)
    print(f"fuzzed {done} frames, {unexpected} unexpected exceptions, slowest {slowest:.1f} ms")
    return not offences


def main(arguments: list[str] | None = None) -> int:
    """Read the command line, fuzz, and return the exit code."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=SEED, help="(default: %(default)s)")
    parser.add_argument("--frames", type=int, default=FRAMES, help="(default: %(default)s)")
    parser.add_argument("--round", type=int, help="run one round again, and nothing else")
    parser.add_argument("--workers", type=int, default=os.process_cpu_count() or 1)
    parser.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()))
    said = parser.parse_args(arguments)
    if said.frames < 1 or said.workers < 1:
        parser.error("--frames and --workers are numbers above 0")
    rounds = _rounds(said.frames) if said.round is None else [(said.round, ROUND)]
    return 0 if fuzz(said.seed, rounds, said.workers, said.folder) else 1


if __name__ == "__main__":
    sys.exit(main())
