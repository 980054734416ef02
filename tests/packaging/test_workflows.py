"""Hold the workflows to what keeps a repository safe: pinned, bounded, and allowed little."""

from functools import cache
import json
from pathlib import Path
import re
from typing import Any, Final, cast

import homeassistant
from homeassistant.util.yaml import load_yaml_dict
from packaging.requirements import Requirement
import pytest

ROOT: Final = Path(__file__).parents[2]
WORKFLOWS: Final = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
PINNED: Final = re.compile(
    r"[\w.-]+/[\w./-]+@[0-9a-f]{40} # (v\d+\.\d+\.\d+|\w+ of \d{4}-\d\d-\d\d)"
)
USES: Final = re.compile(r"^\s*(?:- )?uses:\s*(.+)$", re.MULTILINE)
WRITERS: Final = {("release", "release"): {"contents", "id-token", "attestations"}}
"""The jobs that may change something, and what."""

type Job = dict[str, Any]


@cache
def workflow(path: Path) -> dict[str, Any]:
    """Return a workflow."""
    return cast("dict[str, Any]", load_yaml_dict(path))


def jobs() -> list[tuple[str, str, Job]]:
    """Return all jobs, each with the name of its workflow and its own."""
    return [
        (path.stem, name, job) for path in WORKFLOWS for name, job in workflow(path)["jobs"].items()
    ]


JOBS: Final = pytest.mark.parametrize(
    ("file", "name", "job"), jobs(), ids=[f"{file}-{name}" for file, name, _ in jobs()]
)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_every_action_is_pinned_by_its_commit_and_says_its_version(path: Path) -> None:
    used = USES.findall(path.read_text())
    assert [line for line in used if not PINNED.fullmatch(line)] == []


def test_an_action_has_the_same_version_everywhere() -> None:
    used = {line for path in WORKFLOWS for line in USES.findall(path.read_text())}
    assert len(used) == len({line.partition("@")[0] for line in used})


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_do_nothing_but_what_its_jobs_ask_for(path: Path) -> None:
    assert workflow(path)["permissions"] == {}


@JOBS
def test_a_job_is_allowed_no_more_than_it_needs(file: str, name: str, job: Job) -> None:
    writes = {what for what, how in job["permissions"].items() if how != "read"}
    assert writes == WRITERS.get((file, name), set())


@JOBS
def test_a_job_ends_in_time(file: str, name: str, job: Job) -> None:
    assert 0 < job["timeout-minutes"] <= 60


@JOBS
def test_no_later_step_finds_the_token_of_the_checkout(file: str, name: str, job: Job) -> None:
    checkouts = [
        step for step in job["steps"] if step.get("uses", "").startswith("actions/checkout")
    ]
    assert [step for step in checkouts if step["with"]["persist-credentials"] is not False] == []


@JOBS
def test_no_command_is_made_of_what_somebody_outside_wrote(file: str, name: str, job: Job) -> None:
    assert [step for step in job["steps"] if "${{" in step.get("run", "")] == []


def test_nothing_is_released_untested() -> None:
    assert (
        workflow(ROOT / ".github" / "workflows" / "release.yml")["jobs"]["release"]["needs"]
        == "test"
    )


# Updates


def updates() -> dict[str, Any]:
    """Return what is kept up to date, by the kind of package."""
    found = load_yaml_dict(ROOT / ".github" / "dependabot.yml")
    return {one["package-ecosystem"]: one for one in cast("list[dict[str, Any]]", found["updates"])}


def test_actions_and_packages_are_updated_after_a_few_days() -> None:
    assert updates().keys() == {"github-actions", "pip"}
    assert all(one["cooldown"]["default-days"] >= 7 for one in updates().values())


def requirements() -> dict[str, str]:
    """Return the lines of requirements_test.txt by the names of their packages."""
    lines = (ROOT / "requirements_test.txt").read_text().splitlines()
    return {Requirement(line).name: line for line in lines if line and not line.startswith("#")}


def asked_for_by_home_assistant() -> set[str]:
    """Return what the components of Home Assistant require."""
    folder = Path(homeassistant.__file__).parent / "components"
    manifests = [json.loads(path.read_text()) for path in folder.glob("*/manifest.json")]
    return {line for manifest in manifests for line in manifest.get("requirements", ())}


def test_what_is_not_updated_by_itself_follows_from_something_else() -> None:
    manifest = json.loads((ROOT / "custom_components" / "ws_cti" / "manifest.json").read_text())
    allowed = {one["dependency-name"] for one in updates()["pip"]["allow"]}
    assert allowed <= requirements().keys()
    left = {line for name, line in requirements().items() if name not in allowed}
    assert left - set(manifest["requirements"]) <= asked_for_by_home_assistant()
