"""The test kit: an emulator for each test. pytest has it as the fixture `emulator`; other runners use it directly.

>>> with running("a refund", scenario="approval") as emulator:
...     client.start(emulator.base_url, emulator.api_key)
...     emulator.tasks[0].advance(until="paused").approve(by="manager")

The server runs in a thread of its own. Every method runs in its event loop, takes some tenths of a millisecond and
waits for no clock, so that an async test may call it too. A server that does not run makes them raise NotRunning.
"""

from xpander_emulator.errors import BadRequest, Conflict, NotFound
from xpander_emulator.scenario.paths import ScenarioPath
from xpander_emulator.testkit.clock import TaskClock
from xpander_emulator.testkit.emulator import Emulator
from xpander_emulator.testkit.faults import ComingFaults
from xpander_emulator.testkit.paths import paths
from xpander_emulator.testkit.requests import Request, Requests
from xpander_emulator.testkit.server import DEFAULTS, EmulatorServer, running
from xpander_emulator.testkit.task import Change, Task
from xpander_emulator.testkit.verification import Criteria, NotVerified

__all__ = [
    "DEFAULTS",
    "BadRequest",
    "Change",
    "ComingFaults",
    "Conflict",
    "Criteria",
    "Emulator",
    "EmulatorServer",
    "NotFound",
    "NotVerified",
    "Request",
    "Requests",
    "ScenarioPath",
    "Task",
    "TaskClock",
    "paths",
    "running",
]
