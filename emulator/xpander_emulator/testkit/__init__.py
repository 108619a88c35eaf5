"""The test kit: an emulator in the hands of a test. pytest has it as a fixture; here it is for everything else.

>>> with running("a refund", scenario="approval") as emulator:
...     client.start(emulator.base_url, emulator.api_key)
...     emulator.tasks[0].advance(until="paused").approve(by="manager")

Acts go straight to the engine, in the event loop of a server that has a thread of its own: each takes some tenths of a
millisecond and none of them waits for time to pass, so they may stand in an async test as well.
"""

from xpander_emulator.errors import BadRequest, Conflict, NotFound
from xpander_emulator.scenario.paths import ScenarioPath
from xpander_emulator.testkit.clock import TaskClock
from xpander_emulator.testkit.emulator import Emulator
from xpander_emulator.testkit.paths import paths
from xpander_emulator.testkit.requests import Request
from xpander_emulator.testkit.server import DEFAULTS, EmulatorServer, running
from xpander_emulator.testkit.task import Change, Task
from xpander_emulator.testkit.verification import NotVerified

__all__ = [
    "DEFAULTS",
    "BadRequest",
    "Change",
    "Conflict",
    "Emulator",
    "EmulatorServer",
    "NotFound",
    "NotVerified",
    "Request",
    "ScenarioPath",
    "Task",
    "TaskClock",
    "paths",
    "running",
]
