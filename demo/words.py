"""Know what stands on the screen, in the language of whoever looks at it."""

from collections.abc import Mapping
import json
from pathlib import Path
from typing import Any, Final

import hass_frontend
from homeassistant import components

from .telephone import ROOT

_OURS: Final = ROOT / "custom_components" / "ws_cti" / "translations"
_FRONTEND: Final = hass_frontend.where() / "static" / "translations"
_CORE: Final = Path(components.__path__[0])
_ENGLISH: Final = "en"


class Words:
    """Look up the words of Home Assistant, of its integrations, and of PBX CTI."""

    def __init__(self, language: str) -> None:
        """Read the words of one language; whatever of ours it lacks is an error."""
        self.language = language
        self._ours = _read(_OURS / f"{language}.json")
        self._frontend: dict[str, str] = {}
        for part in ("", "config", "page-authorize"):
            [path] = (_FRONTEND / part).glob(f"{language}-????????????????????????????????.json")
            self._frontend |= _read(path)

    def __call__(self, key: str) -> str:
        """Return words of the frontend by their key, such as `ui.common.save`."""
        return self._frontend[key]

    def ours(self, key: str, **placeholders: str) -> str:
        """Return words of PBX CTI as they are shown, by their path in the translations."""
        # Marks of Markdown are not shown.
        return self._ours[key].format_map(placeholders).replace("`", "")

    def of(self, integration: str, key: str) -> str:
        """Return words of an integration that Home Assistant brings, if need be in English."""
        return _read(_language_of(_CORE / integration / "translations", self.language))[key]


def _language_of(folder: Path, language: str) -> Path:
    path = folder / f"{language}.json"
    return path if path.exists() else folder / f"{_ENGLISH}.json"


def _read(path: Path) -> dict[str, str]:
    return dict(_flat(json.loads(path.read_text(encoding="utf-8"))))


def _flat(tree: Mapping[str, Any], above: str = "") -> list[tuple[str, str]]:
    flat: list[tuple[str, str]] = []
    for key, value in tree.items():
        where = f"{above}.{key}".lstrip(".")
        flat += _flat(value, where) if isinstance(value, dict) else [(where, value)]
    return flat
