"""Compare what flows show with the texts that people read of it."""

from collections.abc import Iterator, Mapping
import json
from pathlib import Path
from string import Formatter
from typing import Any, Final, cast

from homeassistant.config_entries import ConfigFlowResult
from homeassistant.data_entry_flow import FlowResultType, section
from homeassistant.helpers.selector import ObjectSelector, Selector, SelectSelector
import probatio

import custom_components.ws_cti

ENGLISH: Final = Path(custom_components.ws_cti.__file__).parent / "translations" / "en.json"


class FlowTexts:
    """Note which texts the results of flows need, and which of them are missing."""

    def __init__(self) -> None:
        """Read the English texts."""
        self.texts: Final = dict(_paths(json.loads(ENGLISH.read_text(encoding="utf-8"))))
        self.used: Final[set[str]] = set()
        self.missing: Final[set[str]] = set()
        self._placeholders: Mapping[str, str] = {}

    def unused(self, *prefixes: str) -> set[str]:
        """Return the texts below some prefixes that nothing needed."""
        return {path for path in self.texts if path.startswith(prefixes)} - self.used

    def note(self, category: str, result: ConfigFlowResult) -> None:
        """Note what a result of a flow (`config` or `options`) needs."""
        self._placeholders = result.get("description_placeholders") or {}
        match result["type"]:
            case FlowResultType.FORM:
                self._note_form(category, result)
            case FlowResultType.MENU:
                self._note_menu(category, result)
            case FlowResultType.ABORT if "translation_domain" not in result:
                self.need(f"{category}.abort.{result['reason']}")

    def need(self, path: str) -> None:
        """Note one text, with the placeholders in it."""
        self.used.add(path)
        if path not in self.texts:
            self.missing.add(path)
            return
        for _, placeholder, _, _ in Formatter().parse(self.texts[path]):
            if placeholder is not None and placeholder not in self._placeholders:
                self.missing.add(f"{path}: {{{placeholder}}}")

    def _note_form(self, category: str, result: ConfigFlowResult) -> None:
        step = f"{category}.step.{result['step_id']}"
        self.need(f"{step}.title")
        self.need(f"{step}.description")
        schema = result["data_schema"]
        if schema is not None:
            self._note_fields(step, schema)
        for problem in (result["errors"] or {}).values():
            self.need(f"{category}.error.{problem}")

    def _note_menu(self, category: str, result: ConfigFlowResult) -> None:
        step = f"{category}.step.{result['step_id']}"
        self.need(f"{step}.title")
        self.need(f"{step}.description")
        for option in cast("list[str]", result["menu_options"]):
            self.need(f"{step}.menu_options.{option}")

    def _note_fields(self, step: str, schema: probatio.Schema) -> None:
        for key, value in schema.schema.items():
            if isinstance(value, section):
                self.need(f"{step}.sections.{key}.name")
                self.need(f"{step}.sections.{key}.description")
                self._note_fields(f"{step}.sections.{key}", value.schema)
                continue
            self.need(f"{step}.data.{key}")
            self.need(f"{step}.data_description.{key}")
            self._note_selector(value)

    def _note_selector(self, selector: Selector[Any]) -> None:
        if (translation_key := selector.config.get("translation_key")) is None:
            return
        match selector:
            case SelectSelector():
                for option in selector.config["options"]:
                    self.need(f"selector.{translation_key}.options.{option}")
            case ObjectSelector():
                for field in selector.config["fields"]:
                    self.need(f"selector.{translation_key}.fields.{field}.name")
                    self.need(f"selector.{translation_key}.fields.{field}.description")


def _paths(texts: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in texts.items():
        if isinstance(value, dict):
            yield from _paths(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
