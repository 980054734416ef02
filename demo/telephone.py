"""Use the simulated telephones as somebody at a terminal would: with scripts/pbx."""

import asyncio
from pathlib import Path
from typing import Final

from .errors import DemoError

ROOT: Final = Path(__file__).parents[1]
PBX_DOMAIN: Final = "office.example"


async def pbx(*words: str) -> str:
    """Run `scripts/pbx` with these words and return what it says."""
    process = await asyncio.create_subprocess_exec(
        ROOT / "scripts" / "pbx",
        *words,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    said = output.decode().strip()
    if process.returncode:
        raise DemoError(f"scripts/pbx {' '.join(words)} failed: {said}")
    return said
