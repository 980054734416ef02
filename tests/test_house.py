"""Hold the architecture to its drawing: which room may know of which."""

import ast
from collections.abc import Iterator
from pathlib import Path
import subprocess
import sys
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[1]
INTEGRATION: Final = ROOT / "custom_components" / "ws_cti"
LIBRARY: Final = INTEGRATION / "cti"
SIMULATOR: Final = ROOT / "simulator"

LAYERS: Final[dict[str, set[str]]] = {
    # What each module of the library may import from the library, and nothing else.
    "errors": set(),
    "words": set(),
    "values": set(),
    "plain": set(),
    "model": {"values", "words"},
    "commands": {"model"},
    "driver": {"commands", "errors", "model"},
    "patience": {"errors"},
    "link": {"driver", "errors", "model", "patience"},
    "turns": set(),
    "story": {"model", "values"},
    "queues": {"model"},
    "call": {"model", "story"},
    "peers": {"call", "model", "story"},
    "user_calls": {"call", "model", "peers", "story"},
    "telling": {"call", "peers", "story"},
    "overview": {"call", "model", "peers", "story", "user_calls"},
    "handles": {"call", "model", "peers"},
    "placed": {"call", "model", "story"},
    "originated": {"call", "model"},
    "calls": {"call", "model", "originated", "peers", "story", "telling", "user_calls"},
    "pbx": {"calls", "model", "peers", "queues", "story"},
    "basix.opaque": {"errors"},
    "basix.bert": {"basix.opaque", "errors"},
    "basix.terms": {"basix.bert", "basix.opaque", "model", "plain"},
    "basix.messages": {"basix.bert", "basix.terms", "errors", "model", "values"},
    "basix.states": {"basix.bert", "basix.terms", "model"},
    "basix.elements": {"basix.bert", "basix.messages", "basix.states", "basix.terms", "model"},
    "basix.api": {"errors", "model"},
    "basix.orders": {"commands", "model"},
    "basix.driver": {
        "basix.api",
        "basix.bert",
        "basix.elements",
        "basix.messages",
        "basix.orders",
        "commands",
        "driver",
        "errors",
        "model",
    },
    # The library as a command: it puts everything together.
    "__main__": {
        "basix.driver",
        "basix.messages",
        "errors",
        "link",
        "model",
        "pbx",
        "plain",
        "story",
    },
    "__init__": set(),
    "basix.__init__": set(),
}


WORDS: Final = {"words"}
"""What every module may use: the words that all of them speak."""


def named(path: Path) -> str:
    """Return a name for a file that no other file has."""
    return str(path.relative_to(ROOT))


def modules_in(folder: Path) -> dict[str, Path]:
    """Return the modules in a folder by their dotted names."""
    return {
        ".".join(path.relative_to(folder).with_suffix("").parts): path
        for path in sorted(folder.rglob("*.py"))
    }


def imports_of(path: Path) -> Iterator[ast.Import | ast.ImportFrom]:
    """Return the import statements of a file, wherever they stand in it."""
    tree = ast.parse(path.read_text())
    return (node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom)))


def absolute_imports_of(path: Path) -> set[str]:
    """Return the modules that a file imports by their full names."""
    found: set[str] = set()
    for statement in imports_of(path):
        if isinstance(statement, ast.Import):
            found |= {alias.name for alias in statement.names}
        elif statement.level == 0 and statement.module is not None:
            found.add(statement.module)
    return found


def relative_imports_of(path: Path, folder: Path) -> set[str]:
    """Return the modules in a folder that a file imports by relative names."""
    known = modules_in(folder)
    found: set[str] = set()
    for statement in imports_of(path):
        if isinstance(statement, ast.Import) or statement.level == 0:
            continue
        package = path.relative_to(folder).parts[: -statement.level]
        base = [*package, *(statement.module or "").split(".")]
        name = ".".join(part for part in base if part)
        named = {f"{name}.{alias.name}".lstrip(".") for alias in statement.names}
        # `from .room import thing` names a module, `from . import room` names it last.
        found |= {name} if name in known else {one for one in named if one in known} or {name}
    return found


def roots_of(path: Path) -> set[str]:
    """Return the top packages that a file imports by their full names."""
    return {name.partition(".")[0] for name in absolute_imports_of(path)}


def test_every_module_of_the_library_has_its_layer() -> None:
    assert modules_in(LIBRARY).keys() == LAYERS.keys()


@pytest.mark.parametrize("module", LAYERS)
def test_a_module_of_the_library_knows_only_the_layers_below(module: str) -> None:
    path = modules_in(LIBRARY)[module]
    assert relative_imports_of(path, LIBRARY) <= LAYERS[module] | WORDS


def test_the_layers_go_one_way() -> None:
    height: dict[str, int] = {}
    while len(height) < len(LAYERS):
        next_up = [
            module
            for module, below in LAYERS.items()
            if module not in height and below <= height.keys()
        ]
        assert next_up, "some layers know each other in a circle"
        height |= dict.fromkeys(next_up, len(height))


def test_only_the_command_knows_a_phone_system_by_name() -> None:
    knowing = {
        module
        for module, below in LAYERS.items()
        if not module.startswith("basix.") and any(one.startswith("basix.") for one in below)
    }
    assert knowing == {"__main__"}


@pytest.mark.parametrize("module", LAYERS)
def test_the_library_knows_nothing_of_its_host(module: str) -> None:
    roots = roots_of(modules_in(LIBRARY)[module])
    assert not roots & {"homeassistant", "custom_components", "simulator", "tests", "cti"}


@pytest.mark.parametrize("module", LAYERS)
def test_the_library_stays_inside_its_folder(module: str) -> None:
    path = modules_in(LIBRARY)[module]
    depth = len(path.relative_to(LIBRARY).parts)
    assert all(
        statement.level <= depth
        for statement in imports_of(path)
        if isinstance(statement, ast.ImportFrom)
    )


def test_only_accounts_and_their_forms_know_a_phone_system_by_name() -> None:
    knowing = {
        module
        for module, path in modules_in(INTEGRATION).items()
        if not module.startswith("cti.")
        and any(name.startswith("cti.basix") for name in relative_imports_of(path, INTEGRATION))
    }
    assert knowing == {"account", "config_flow"}


def test_the_websocket_library_is_used_in_one_place() -> None:
    users = {
        module for module, path in modules_in(INTEGRATION).items() if "websockets" in roots_of(path)
    }
    assert users == {"cti.link"}


def test_http_is_spoken_in_one_place() -> None:
    users = {
        module for module, path in modules_in(INTEGRATION).items() if "aiohttp" in roots_of(path)
    }
    # The account makes the session, the coordinator holds it, and drivers are handed it.
    handing_on = {"account", "coordinator", "cti.driver", "cti.basix.driver"}
    assert users == handing_on | {"cti.basix.api"}


def test_the_integration_serves_no_web_pages() -> None:
    assert not {
        module
        for module, path in modules_in(INTEGRATION).items()
        if "aiohttp.web" in absolute_imports_of(path)
    }


@pytest.mark.parametrize("path", sorted(SIMULATOR.rglob("*.py")), ids=named)
def test_the_simulator_shares_nothing_with_what_it_tests(path: Path) -> None:
    assert not roots_of(path) & {"custom_components", "homeassistant", "erlastic", "tests"}


@pytest.mark.parametrize("path", sorted(INTEGRATION.rglob("*.py")), ids=named)
def test_the_integration_knows_nothing_of_the_simulator_and_the_tests(path: Path) -> None:
    assert not roots_of(path) & {"simulator", "tests", "custom_components"}


def test_the_library_runs_without_home_assistant() -> None:
    program = """
import importlib, sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("homeassistant", "custom_components"):
            raise ImportError(f"{name} is no part of the library")
sys.meta_path.insert(0, Blocked())
sys.path.append(sys.argv[1])
for module in sys.argv[2:]:
    importlib.import_module(module)
"""
    modules = [f"cti.{name}".removesuffix(".__init__") for name in modules_in(LIBRARY)]
    finished = subprocess.run(  # noqa: S603 - our own interpreter, our own words
        [sys.executable, "-I", "-c", program, str(INTEGRATION), *modules],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (finished.returncode, finished.stderr) == (0, "")
