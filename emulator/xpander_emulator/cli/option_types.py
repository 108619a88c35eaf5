"""The types of options and arguments beyond those of click."""

import math
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from xpander_emulator.common.json_syntax import NotJson, read_json
from xpander_emulator.settings import MEMORY

if TYPE_CHECKING:
    from datetime import datetime

_UNITS: Final = {"": 1, "b": 1, "kb": 1000, "mb": 1000**2, "gb": 1000**3, "kib": 1024, "mib": 1024**2, "gib": 1024**3}


class Number(click.FloatRange):
    """A finite number within a range: click's own takes `nan`, which every range contains, and `inf`."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number = click.FLOAT.convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{value!r} is not a finite number.", param, ctx)
        return float(super().convert(number, param, ctx))


class JsonText(click.ParamType[Any]):
    """A value as JSON.

    is_object: whether only an object is accepted.
    """

    name = "json"

    def __init__(self, *, is_object: bool = False) -> None:
        self._is_object = is_object

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        try:
            parsed = read_json(value)
        except NotJson as error:
            self.fail(f"is not JSON: {error}", param, ctx)
        if self._is_object and not isinstance(parsed, dict):
            self.fail(f'takes an object such as {{"name": "value"}}, found {value}', param, ctx)
        return parsed


class Size(click.ParamType[int]):
    """A number of bytes: 5MiB, 500kB or 4096."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        match = re.fullmatch(r"(\d{1,15}(?:\.\d+)?)\s*([a-z]*)", str(value).strip().lower())
        if not match or match[2] not in _UNITS:
            self.fail(f"'{value}' is not a size; write it as 5MiB, 500kB or 4096.", param, ctx)
        size = int(float(match[1]) * _UNITS[match[2]])
        if size < 1:
            self.fail(f"'{value}' is less than a byte; at least 1 byte is needed.", param, ctx)
        return size


class Instant(click.ParamType["datetime"]):
    """An ISO 8601 instant; without an offset it is UTC."""

    name = "iso"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> "datetime":
        from datetime import UTC, datetime

        try:
            instant = value if isinstance(value, datetime) else datetime.fromisoformat(str(value))
        except ValueError:
            self.fail(f"'{value}' is not an instant; write it as 2026-01-31T09:30:00Z.", param, ctx)
        return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)


class ApiKey(click.ParamType[tuple[str, str | None]]):
    """An accepted API key, or KEY=NAME for a key of the namespace NAME."""

    name = "key"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str | None]:
        if isinstance(value, tuple):
            return value
        text = str(value)
        # A key may itself end with '=', as Base64 does: only a plain name after the last '=' is a namespace.
        match = re.fullmatch(r"(.+)=([A-Za-z0-9][A-Za-z0-9._-]*)", text)
        if not text.strip():
            self.fail("an empty key is never accepted; write --api-key KEY or --api-key KEY=NAME.", param, ctx)
        return (match[1], match[2]) if match else (text, None)


class Origin(click.ParamType[str]):
    """Scheme and host, as a browser sends them in `Origin`."""

    name = "origin"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value).rstrip("/")
        if text != "*" and not re.fullmatch(r"https?://[^/\s?#]+", text):
            self.fail(f"'{value}' is not an origin; write it as http://localhost:3000.", param, ctx)
        return text


class StoreChoice(click.ParamType[str]):
    """A store of tasks."""

    name = "store"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if value == MEMORY:
            return MEMORY
        from xpander_emulator.store.open import BadStore, check_choice

        try:
            return check_choice(str(value))
        except BadStore as error:
            self.fail(error.message, param, ctx)


class Existing(click.Path):
    """An existing file or folder."""

    def __init__(self) -> None:
        super().__init__(exists=True, path_type=Path)


class OutputFile(click.Path):
    """A file that a command writes or removes; a settings file may only name one inside its own folder."""

    def __init__(self) -> None:
        super().__init__(dir_okay=False, path_type=Path)
