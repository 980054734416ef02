"""Read the recorded sessions: what the PBX sent, and what the official client made of it."""

import json
from pathlib import Path
from typing import Any, Final

DATA: Final = Path(__file__).parents[1] / "data" / "basix"
SESSIONS: Final = ("session", "legacy_plain", "legacy_wrapped")


def path_of(name: str = "session") -> Path:
    """Return where a recording is."""
    return DATA / f"{name}.frames"


def frames(name: str = "session") -> list[bytes]:
    """Return the frames of a recording."""
    data = path_of(name).read_bytes()
    found = []
    while data:
        end = 4 + int.from_bytes(data[:4])
        found.append(data[4:end])
        data = data[end:]
    return found


def expected(name: str = "session") -> list[dict[str, Any]]:
    """Return what the official client made of each frame."""
    lines = (DATA / f"{name}.expected.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


ALL_FRAMES: Final = [frame for name in SESSIONS for frame in frames(name)]
