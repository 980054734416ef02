"""Run Home Assistant in a Python that has only what it has at a user's home.

Run as `python -I bare.py <folder of stand-ins> <arguments of hass>`. What is installed here
for development alone cannot be imported: whatever neither Home Assistant, nor one of its
components, nor the integration's manifest asks for.
"""

from collections.abc import Iterable, Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from importlib.metadata import (
    Distribution,
    DistributionFinder,
    PackageNotFoundError,
    packages_distributions,
    requires,
)
from importlib.util import find_spec
import json
from pathlib import Path
import sys
from types import ModuleType
from typing import override

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


class Bare(MetaPathFinder):
    """Find on the path only what somebody has installed at home."""

    def __init__(self, absent: Iterable[str]) -> None:
        """Know the names of the packages that are not there."""
        self._absent = frozenset(absent)

    @override
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None, /
    ) -> ModuleSpec | None:
        """Look as Python does, with closed eyes for what is not there."""
        if fullname.partition(".")[0] in self._absent:
            return None
        return PathFinder.find_spec(fullname, path, target)

    def find_distributions(self, context: DistributionFinder.Context) -> Iterable[Distribution]:
        """Tell what is installed as Python does: packages ask for their own version."""
        return PathFinder.find_distributions(context)


def absent_packages(asked_for: Iterable[str]) -> set[str]:
    """Return the importable names that no home has, in which these requirements are met."""
    kept = {"homeassistant", *_with_theirs(["homeassistant", *_of_components(), *asked_for])}
    return {
        package
        for package, distributions in packages_distributions().items()
        if not {canonicalize_name(one) for one in distributions} & kept
    }


def _of_components() -> set[str]:
    spec = find_spec("homeassistant")
    assert spec is not None
    assert spec.origin is not None
    manifests = (Path(spec.origin).parent / "components").glob("*/manifest.json")
    return {
        line for one in manifests for line in json.loads(one.read_text()).get("requirements", ())
    }


def _with_theirs(wanted: Iterable[str]) -> set[str]:
    """Return the names of packages, and of those that they need in turn."""
    found: set[str] = set()
    waiting = [(Requirement(line), "") for line in wanted]
    seen: set[tuple[str, str]] = set()
    while waiting:
        requirement, extra = waiting.pop()
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": extra}):
            continue
        name = canonicalize_name(requirement.name)
        for one in ("", *requirement.extras):
            if (name, one) in seen:
                continue
            seen.add((name, one))
            try:
                theirs = requires(name) or ()
            except PackageNotFoundError:
                continue
            found.add(name)
            waiting += [(Requirement(line), one) for line in theirs]
    return found


def main() -> int:
    """Run Home Assistant with the arguments after the first."""
    stand_ins, *arguments = sys.argv[1:]
    config = Path(arguments[arguments.index("--config") + 1])
    [manifest] = config.glob("custom_components/*/manifest.json")
    absent = absent_packages(json.loads(manifest.read_text())["requirements"])
    sys.meta_path[sys.meta_path.index(PathFinder)] = Bare(absent)
    sys.path.append(stand_ins)
    sys.argv = ["hass", *arguments]
    from homeassistant.__main__ import main as hass  # noqa: PLC0415 - only now is it bare

    return hass()


if __name__ == "__main__":
    sys.exit(main())
