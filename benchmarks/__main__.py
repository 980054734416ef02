"""Measure everything, print it, and say what is not good enough."""

from argparse import ArgumentParser
from collections.abc import Iterator
import json
import sys
from typing import Final, Protocol

from . import decode, event_path, flood, memory, scaling, setting_up, snapshot
from .lines import Line, missed


class Benchmark(Protocol):
    """Measure something and yield its figures."""

    def __call__(self, *, quick: bool) -> Iterator[Line]:
        """Measure; a quick one takes less time and is less exact."""


BENCHMARKS: Final[dict[str, Benchmark]] = {
    "decode": decode.run,
    "event": event_path.run,
    "scaling": scaling.run,
    "snapshot": snapshot.run,
    "setup": setting_up.run,
    "flood": flood.run,
    "memory": memory.run,
}


def main() -> int:
    """Do what the command line says, and return the exit status."""
    arguments = _parser().parse_args()
    lines: list[Line] = []
    for name in arguments.names or BENCHMARKS:
        for line in BENCHMARKS[name](quick=arguments.quick):
            lines.append(line)
            if not arguments.json:
                print(line, flush=True)
    if arguments.json:
        print(
            json.dumps([{"name": one.name, "value": one.value, "unit": one.unit} for one in lines])
        )
    sentences = missed(lines)
    for sentence in sentences:
        print(sentence, file=sys.stderr)
    return 1 if sentences else 0


def _parser() -> ArgumentParser:
    parser = ArgumentParser(prog="scripts/bench", description=__doc__)
    parser.add_argument(
        "names", nargs="*", metavar="name", help=f"what to measure: {', '.join(BENCHMARKS)}"
    )
    parser.add_argument("--quick", action="store_true", help="measure less, in less time")
    parser.add_argument("--json", action="store_true", help="print one JSON array")
    return parser


if __name__ == "__main__":
    sys.exit(main())
