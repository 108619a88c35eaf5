"""The files that come with the emulator: contract, scenarios, schemas and pages."""

from pathlib import Path
from typing import Final

_PACKAGE: Final = Path(__file__).parents[1]
# In a wheel, contract and scenarios are inside the package; in a checkout they are at its top, where readers look.
_DATA: Final = _PACKAGE / "_data" if (_PACKAGE / "_data").is_dir() else _PACKAGE.parents[1]

CONTRACT: Final = _DATA / "openapi.yaml"
SCENARIOS: Final = _DATA / "scenarios"
CONTROL_CONTRACT: Final = _PACKAGE / "web" / "control" / "control.openapi.yaml"
PLAYLIST: Final = _PACKAGE / "web" / "control" / "playlist.yaml"
EDITOR_SCHEMA: Final = _PACKAGE / "scenario" / "scenario.schema.json"
# The pages: files that are served as they are, and templates.
PAGES: Final = _PACKAGE / "web" / "pages" / "static"
TEMPLATES: Final = _PACKAGE / "web" / "pages" / "templates"
# The palette of the pages and of the report.
TOKENS: Final = PAGES / "tokens.css"
