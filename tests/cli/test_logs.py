import json
import logging
import sys

import pytest

from xpander_emulator.cli.logs import JsonLines, configure


def test_a_json_line_contains_what_the_caller_added() -> None:
    record = logging.makeLogRecord(
        {
            "name": "emulator",
            "levelname": "INFO",
            "msg": "GET %s",
            "args": ("/v1/tasks",),
            "created": 0.5,
            "status": 200,
        }
    )

    assert json.loads(JsonLines().format(record)) == {
        "ts": "1970-01-01T00:00:00.500Z",
        "level": "info",
        "logger": "emulator",
        "event": "GET /v1/tasks",
        "status": 200,
    }


def test_a_json_line_contains_the_traceback() -> None:
    try:
        raise ValueError("broken")
    except ValueError:
        record = logging.makeLogRecord({"msg": "failed", "exc_info": sys.exc_info()})

    assert "ValueError: broken" in json.loads(JsonLines().format(record))["error"]


@pytest.mark.parametrize(
    ("level", "libraries"), [("debug", logging.NOTSET), ("info", logging.WARNING), ("error", logging.ERROR)]
)
def test_libraries_are_quiet_unless_the_level_is_debug(level: str, libraries: int) -> None:
    logger = logging.getLogger("uvicorn.error")
    logger.setLevel(logging.NOTSET)

    configure(level, "text")

    assert logger.level == libraries
    assert logging.getLogger().level == getattr(logging, level.upper())


def test_the_form_of_a_line_is_chosen(capsys: pytest.CaptureFixture[str]) -> None:
    configure("info", "text")
    logging.getLogger("xpander_emulator").info("one")
    configure("info", "json")
    logging.getLogger("xpander_emulator").info("two", extra={"status": 200})

    text, json_line = capsys.readouterr().err.splitlines()
    assert text.endswith(" INFO one")
    assert json.loads(json_line)["event"] == "two"
    assert json.loads(json_line)["status"] == 200
