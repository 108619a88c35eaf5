"""The settings file: emulator.toml, or [tool.emulator] in pyproject.toml, whose values become defaults of click."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

import click

from xpander_emulator.cli.option_types import OutputFile
from xpander_emulator.cli.runnables import TABLES, read_runnables
from xpander_emulator.errors import Diagnostic, did_you_mean
from xpander_emulator.settings import SQLITE, Runnable

SECTION: Final = "[tool.emulator]"


@dataclass(frozen=True, slots=True)
class SettingsFile:
    """The settings of a file by their keys, and its text for messages.

    runnables: the workflows and agents that the file lists, once it is checked.
    """

    path: Path
    values: Mapping[str, Any]
    text: str
    runnables: tuple[Runnable, ...] = ()

    def diagnostic(self, key: str, message: str) -> Diagnostic:
        """Return a diagnostic at the line that sets `key`."""
        start = self.text.find(SECTION) if self.path.name == "pyproject.toml" else 0
        pattern = re.compile(rf"^[ \t]*\[?[\"']?{re.escape(key)}[\"']?[ \t]*[=\].]", re.MULTILINE)
        match = pattern.search(self.text, max(start, 0))
        line = self.text.count("\n", 0, match.start()) + 1 if match else 1
        return Diagnostic(str(self.path), line, 1, message)


def read_into(ctx: click.Context, param: click.Parameter, path: Path | None) -> None:
    """Make the values of a settings file the defaults of the command; the callback of --config."""
    file = read_settings(path) if path else find_settings(Path())
    if file is not None:
        ctx.default_map, ctx.meta[SECTION] = _checked(ctx, file)


def find_settings(folder: Path) -> SettingsFile | None:
    """Return the settings of emulator.toml in a folder, else those of its pyproject.toml, else None."""
    for name in ("emulator.toml", "pyproject.toml"):
        path = folder / name
        # Most pyproject.toml files have no such section; searching the text is faster than parsing it.
        if path.is_file() and (
            name == "emulator.toml" or SECTION in path.read_text(encoding="utf-8", errors="replace")
        ):
            return read_settings(path)
    return None


def read_settings(path: Path) -> SettingsFile:
    """Read a settings file. Raises click.UsageError where it is not TOML."""
    import tomllib

    try:
        text = path.read_text(encoding="utf-8")
        values = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise click.UsageError(f"{path}: is not TOML: {error}") from None
    if path.name == "pyproject.toml":
        values = values.get("tool", {}).get("emulator", {})
    return SettingsFile(path, values, text)


def listed_here() -> tuple[Runnable, ...]:
    """Return the workflows and agents in the settings file of the present command, for which there is no flag."""
    context = click.get_current_context(silent=True)
    file: SettingsFile | None = context.meta.get(SECTION) if context else None
    return file.runnables if file else ()


def _checked(ctx: click.Context, file: SettingsFile) -> tuple[dict[str, Any], SettingsFile]:
    """Return the converted values of a file by the names of parameters, and the file with its runnables.

    Raises click.UsageError with every mistake.
    """
    options = {
        _key(param): param for param in ctx.command.params if isinstance(param, click.Option) and not param.is_eager
    }
    section = SECTION.strip("[]") if file.path.name == "pyproject.toml" else ""
    runnables, mistakes = read_runnables(file.path, file.text, file.values, section)
    defaults, diagnostics = {}, list(mistakes)
    for key, value in file.values.items():
        if key in TABLES:
            continue
        option = options.get(key.replace("-", "_"))
        if option is None or option.name is None:
            diagnostics.append(file.diagnostic(key, f"unknown setting '{key}'{did_you_mean(key, [*options, *TABLES])}"))
            continue
        try:
            defaults[option.name] = _convert(ctx, option, _relative(option, value, file.path.parent))
            _check_inside(option, defaults[option.name], file.path.parent)
        except click.BadParameter as error:
            diagnostics.append(file.diagnostic(key, f"{key}: {error.message}"))
    if diagnostics:
        raise click.UsageError("\n".join(str(diagnostic) for diagnostic in sorted(diagnostics)))
    return defaults, replace(file, runnables=runnables)


def _key(option: click.Option) -> str:
    """Return the key of an option in a settings file: its flag, with `_` for `-`."""
    return max(option.opts, key=len).lstrip("-").replace("-", "_")


def _convert(ctx: click.Context, option: click.Option, value: Any) -> Any:
    if option.multiple and not isinstance(value, list):
        raise click.BadParameter(f"a list was expected; write [{json.dumps(value, default=str)}].")
    if not option.multiple and isinstance(value, list | dict):
        raise click.BadParameter("one value was expected.")
    for each in value if isinstance(value, list) else [value]:
        _check_type(option, each)
    return option.type_cast_value(ctx, value)


def _check_type(option: click.Option, value: Any) -> None:
    """Refuse a value of another TOML type, which click would convert: true to 1, 4105.9 to 4105."""
    if option.is_bool_flag is not isinstance(value, bool) and not isinstance(value, str):
        expected = "true or false" if option.is_bool_flag else "a number or a text"
        raise click.BadParameter(f"{expected} was expected, found {json.dumps(value, default=str)}.")
    if isinstance(value, float) and isinstance(option.type, click.types.IntParamType):
        raise click.BadParameter(f"a whole number was expected, found {value}.")


def _relative(option: click.Option, value: Any, folder: Path) -> Any:
    """Return the paths of a value, relative to the folder of the settings file."""
    if option.name == "store" and isinstance(value, str) and value.startswith(SQLITE):
        return f"{SQLITE}{folder / value.removeprefix(SQLITE)}" if value != SQLITE else value
    if not isinstance(option.type, click.Path) or (option.multiple and not isinstance(value, list)):
        return value
    return [folder / str(item) for item in value] if isinstance(value, list) else folder / str(value)


def _check_inside(option: click.Option, value: Any, folder: Path) -> None:
    """Refuse a file to write outside of the settings file's folder: a settings file comes with a cloned project."""
    if option.name == "store" and value.startswith(SQLITE):
        path = Path(value.removeprefix(SQLITE))
    elif isinstance(option.type, OutputFile):
        path = value
    else:
        return
    try:
        real, allowed = path.resolve(), folder.resolve()
    except (OSError, RuntimeError) as error:
        raise click.BadParameter(f"{path} cannot be resolved: {error}.") from None
    if not real.is_relative_to(allowed):
        raise click.BadParameter(
            f"{real} is outside of {allowed}; a settings file names files to write in its own folder only."
            f" Name one there, or use the flag {max(option.opts, key=len)}."
        )
