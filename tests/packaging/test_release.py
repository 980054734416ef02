"""A release holds the integration and nothing else, and says what is in it."""

from hashlib import sha256
import json
from pathlib import Path
import shutil
import subprocess
import sys
from typing import Any, Final
from zipfile import ZipFile

from packaging.version import Version
import pytest

ROOT: Final = Path(__file__).parents[2]
INTEGRATION: Final = Path("custom_components") / "ws_cti"
MANIFEST: Final[dict[str, Any]] = json.loads((ROOT / INTEGRATION / "manifest.json").read_text())
TAG: Final = f"v{MANIFEST['version']}"
HACS: Final[dict[str, Any]] = json.loads((ROOT / "hacs.json").read_text())
NEEDED: Final = {
    "__init__.py",
    "manifest.json",
    "config_flow.py",
    "icons.json",
    "services.yaml",
    "translations/en.json",
    "brand/icon.png",
    "cti/basix/driver.py",
}
KINDS: Final = {".json", ".png", ".py", ".yaml"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Return a copy of what a release is made of, to be changed by a test."""
    folder = tmp_path / "checkout"
    (folder / "scripts").mkdir(parents=True)
    shutil.copy(ROOT / "scripts" / "release", folder / "scripts")
    shutil.copy(ROOT / "CHANGELOG.md", folder)
    shutil.copytree(ROOT / INTEGRATION, folder / INTEGRATION)
    return folder


def release(checkout: Path, tag: str = TAG) -> subprocess.CompletedProcess[str]:
    """Run the script as the workflow does."""
    return subprocess.run(  # noqa: S603 - our own script
        [sys.executable, checkout / "scripts" / "release", tag],
        capture_output=True,
        text=True,
        check=False,
    )


def released(checkout: Path, tag: str = TAG) -> Path:
    """Make a release, which has to succeed, and return the folder of its files."""
    done = release(checkout, tag)
    assert done.returncode == 0, done.stderr
    return checkout / "dist"


def test_the_archive_bears_the_name_that_hacs_looks_for(checkout: Path) -> None:
    assert HACS["zip_release"] is True
    files = {path.name for path in released(checkout).iterdir()}
    assert files == {HACS["filename"], f"{HACS['filename']}.sha256", "notes.md"}


def test_the_archive_holds_the_integration_and_nothing_else(checkout: Path) -> None:
    cache = checkout / INTEGRATION / "__pycache__"
    cache.mkdir(exist_ok=True)
    (cache / "bus.cpython-314.pyc").touch()
    (checkout / INTEGRATION / ".DS_Store").touch()
    with ZipFile(released(checkout) / HACS["filename"]) as archive:
        names = set(archive.namelist())
        assert json.loads(archive.read("manifest.json")) == MANIFEST
    assert names >= NEEDED
    assert {Path(name).suffix for name in names} == KINDS
    sources = {path.relative_to(ROOT / INTEGRATION) for path in (ROOT / INTEGRATION).rglob("*.py")}
    assert {str(path) for path in sources} == {name for name in names if name.endswith(".py")}


def test_the_same_files_make_the_same_archive(checkout: Path) -> None:
    first = (released(checkout) / HACS["filename"]).read_bytes()
    for path in (checkout / INTEGRATION).rglob("*.py"):
        path.touch()
        path.chmod(0o600)
    assert (released(checkout) / HACS["filename"]).read_bytes() == first


def test_the_checksum_is_that_of_the_archive(checkout: Path) -> None:
    folder = released(checkout)
    said, name = (folder / f"{HACS['filename']}.sha256").read_text().split()
    assert name == HACS["filename"]
    assert said == sha256((folder / name).read_bytes()).hexdigest()


def test_the_notes_are_the_section_of_the_version(checkout: Path) -> None:
    (checkout / "CHANGELOG.md").write_text(
        "# Changelog\n\n## Unreleased\n\nLater.\n\n"
        f"## {MANIFEST['version']}\n\n### Added\n\n- This.\n\n## 0.0.9\n\n- That.\n"
    )
    assert (released(checkout) / "notes.md").read_text() == "### Added\n\n- This.\n"


def test_the_oldest_version_has_its_notes_too(checkout: Path) -> None:
    (checkout / "CHANGELOG.md").write_text(f"# Changelog\n\n## {MANIFEST['version']}\n\n- This.\n")
    assert (released(checkout) / "notes.md").read_text() == "- This.\n"


def test_a_tag_that_is_not_the_version_makes_no_release(checkout: Path) -> None:
    done = release(checkout, "v99.0.0")
    assert done.returncode == 1
    assert f"the tag is v99.0.0, but manifest.json says {MANIFEST['version']}" in done.stderr
    assert not (checkout / "dist").exists()


@pytest.mark.parametrize("text", ["## 0.0.9\n\n- That.\n", f"## {MANIFEST['version']}\n\n"])
def test_a_version_without_notes_makes_no_release(checkout: Path, text: str) -> None:
    (checkout / "CHANGELOG.md").write_text(f"# Changelog\n\n{text}")
    done = release(checkout)
    assert done.returncode == 1
    assert f"CHANGELOG.md says nothing of {MANIFEST['version']}" in done.stderr


def test_this_version_can_be_released(tmp_path: Path) -> None:
    done = subprocess.run(  # noqa: S603 - our own script
        [sys.executable, ROOT / "scripts" / "release", TAG, "--to", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "notes.md").read_text().strip()


def test_versions_stand_in_their_order_below_what_is_not_released() -> None:
    lines = (ROOT / "CHANGELOG.md").read_text().splitlines()
    first, *versions = [line.removeprefix("## ") for line in lines if line.startswith("## ")]
    assert first == "Unreleased"
    assert MANIFEST["version"] == versions[0]
    assert versions == sorted(versions, key=Version, reverse=True)
