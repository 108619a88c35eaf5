"""Every test of the command line stands in an empty folder, with no variable of ours set."""

import logging
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from xpander_emulator.cli import main

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
    """Give back the log as it was: `serve` directs it to a stderr that ends with the command."""
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
    """Give the URL of a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}"
