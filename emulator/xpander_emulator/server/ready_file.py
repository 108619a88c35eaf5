"""The ready file: {"url", "pid"} of a server that answers, for scripts that wait for it.

Only a file that this module has written, or an empty one, is ever replaced, and only a file with this process's id is
removed at the end: a path may be mistyped, or come from a settings file of somebody else.
"""

import json
import os
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final, NamedTuple

from xpander_emulator.errors import EmulatorError

# A URL is far shorter; a longer file was not written here.
_MAX_BYTES: Final = 4_096
_KEYS: Final = {"url", "pid"}
_ADVICE: Final = "Only a ready file of an earlier server, or an empty file, is replaced; choose another path."


class BadReadyFile(EmulatorError):
    """A path at which no ready file can be written, or that is another file."""


class Ready(NamedTuple):
    """The content of a ready file."""

    url: str
    pid: int


@contextmanager
def ready_file(path: Path | None) -> Iterator[Callable[[str], None]]:
    """Provide a function that writes the URL to `path`, and remove the file at the end; without a path it does nothing.

    A ready file of an earlier server is removed at once. Raises BadReadyFile where `path` cannot be written, or is a
    file that was not written here; so does the function, if such a file has appeared since.
    """
    if path is None:
        yield lambda url: None
        return
    _clear(path)
    try:
        yield lambda url: _write(path, url)
    finally:
        _remove_own(path)


def _clear(path: Path) -> None:
    if not os.access(path.parent, os.W_OK):
        raise BadReadyFile(f"The ready file {path} cannot be written. Choose one in a folder that exists and is yours.")
    _check_replaceable(path)
    # `mktemp` makes an empty file, in which nothing can be lost. It stays until the server is ready, so that nobody
    # else takes its name meanwhile.
    if _read(path) is not None:
        _unlink(path)


def _write(path: Path, url: str) -> None:
    """Write the file so that a reader sees all of it or nothing."""
    _check_replaceable(path)
    # A random name that must be new: otherwise a symbolic link that somebody has put there would be followed.
    part = path.with_name(f".{path.name}.{os.urandom(8).hex()}")
    try:
        with part.open("x", encoding="utf-8") as file:
            file.write(json.dumps(Ready(url, os.getpid())._asdict()) + "\n")
        part.replace(path)
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise BadReadyFile(f"The ready file {path} cannot be written: {error.strerror}.") from None


def _remove_own(path: Path) -> None:
    """Remove the file if this process wrote it: another server may have replaced it, and workers know the path."""
    with suppress(BadReadyFile, OSError):
        ready = _read(path)
        if ready is not None and ready.pid == os.getpid():
            path.unlink()


def _check_replaceable(path: Path) -> None:
    """Raise BadReadyFile unless `path` is free, empty, or a ready file."""
    try:
        status = path.lstat()
    except FileNotFoundError:
        return
    except OSError as error:
        raise BadReadyFile(
            f"The ready file {path} cannot be examined: {error.strerror}. Choose another path."
        ) from None
    if not stat.S_ISREG(status.st_mode):
        raise BadReadyFile(f"The ready file {path} is {_kind(status.st_mode)}. {_ADVICE}")
    if status.st_size and _read(path) is None:
        raise BadReadyFile(
            f"The ready file {path} is not a ready file, but a file of {status.st_size:,} bytes. {_ADVICE}"
        )


def _read(path: Path) -> Ready | None:
    """Return the content of a ready file; None for any other file. Raises BadReadyFile where it cannot be read."""
    try:
        if not stat.S_ISREG(path.lstat().st_mode):
            return None
        with path.open("rb") as file:
            text = file.read(_MAX_BYTES + 1)
        content = json.loads(text) if len(text) <= _MAX_BYTES else None
    except (FileNotFoundError, ValueError, RecursionError):
        return None
    except OSError as error:
        raise BadReadyFile(f"The ready file {path} cannot be read: {error.strerror}. {_ADVICE}") from None
    if not isinstance(content, dict) or content.keys() != _KEYS:
        return None
    url, pid = content["url"], content["pid"]
    return Ready(url, pid) if isinstance(url, str) and type(pid) is int else None


def _unlink(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise BadReadyFile(
            f"The ready file {path} cannot be replaced: {error.strerror}. Choose another path."
        ) from None


def _kind(mode: int) -> str:
    if stat.S_ISLNK(mode):
        return "a symbolic link"
    return "a folder" if stat.S_ISDIR(mode) else "no regular file"
