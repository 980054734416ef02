"""Show the dashboard of the documentation, which is written for this very office."""

from pathlib import Path
from typing import Any, Final, cast

from homeassistant.util.yaml import parse_yaml

from .errors import DemoError

DASHBOARD_PATH: Final = "phone-system"
_PAGE: Final = Path(__file__).parents[1] / "docs" / "dashboard.md"


def dashboard() -> dict[str, Any]:
    """Return the dashboard; raises DemoError where the page has none."""
    _, begin, rest = _PAGE.read_text(encoding="utf-8").partition("\n```yaml\n")
    text, end, _ = rest.partition("\n```\n")
    if not begin or not end:
        raise DemoError(f"There is no dashboard in {_PAGE}. Take the page from the repository.")
    return cast("dict[str, Any]", parse_yaml(text))
