"""The test kit: an emulator in the hands of a test. pytest has it as a fixture; here it is for everything else.

>>> with running("a refund", scenario="approval") as emulator:
...     client.start(emulator.base_url, emulator.api_key)
...     emulator.tasks[0].advance(until="paused").approve(by="manager")

Acts go straight to the engine, in the event loop of a server that has a thread of its own: each takes some tenths of a
millisecond and none of them waits for time to pass, so they may stand in an async test as well.
"""

from emulator.errors import BadRequest, Conflict, NotFound
from emulator.scenario.paths import Path
from emulator.testkit.clock import TaskClock
from emulator.testkit.emulator import Emulator
from emulator.testkit.hosting import DEFAULTS, EmulatorServer, running
from emulator.testkit.journal import NotVerified
from emulator.testkit.requests import Request
from emulator.testkit.stories import paths
from emulator.testkit.task import Change, Task

__all__ = [
    "DEFAULTS",
    "BadRequest",
    "Change",
    "Conflict",
    "Emulator",
    "EmulatorServer",
    "NotFound",
    "NotVerified",
    "Path",
    "Request",
    "Task",
    "TaskClock",
    "paths",
    "running",
]
