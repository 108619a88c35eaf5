"""Each test of the command line runs in an empty folder, without the emulator's environment variables."""

import logging
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from xpander_emulator.cli import main
from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Settings

Run = Callable[..., Result]


@pytest.fixture(autouse=True)
def empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in os.environ:
        if name.startswith(("EMULATOR_", "XPANDER_")):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture(autouse=True)
def own_log() -> Iterator[None]:
    """Restore the log, which `serve` directs to the stderr of its command."""
    loggers = [logging.getLogger(name) for name in (None, "uvicorn.error", "asyncio")]
    before = [(logger, logger.handlers[:], logger.level) for logger in loggers]
    yield
    for logger, handlers, level in before:
        logger.handlers[:] = handlers
        logger.setLevel(level)


@pytest.fixture
def run() -> Run:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(main, arguments, prog_name="xpander-emulator")

    return run


@pytest.fixture
def nobody() -> str:
    """Return the URL of a port that no process listens on."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"


@pytest.fixture(scope="module")
def shared() -> Iterator[str]:
    """Yield the URL of a server for all tests of a module."""
    with ThreadedServer(Settings(port=0, clock="manual", seed=7)) as server:
        yield server.base_url


@pytest.fixture
def url(shared: str, run: Run, monkeypatch: pytest.MonkeyPatch) -> str:
    """Return the URL of a server as it was when it started."""
    monkeypatch.setenv("EMULATOR_URL", shared)
    assert run("reset").exit_code == 0
    return shared
