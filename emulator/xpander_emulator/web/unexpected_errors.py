"""The web boundary: where an unexpected exception ends, so that the client is answered and the log says why."""

import logging
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

from starlette.types import Message, Scope, Send

from xpander_emulator.errors import EmulatorError
from xpander_emulator.web.fault_injection import BrokenConnection

Result = TypeVar("Result")
_logger = logging.getLogger("xpander_emulator")


@dataclass(frozen=True, slots=True)
class Defect:
    """A defect of the emulator, in the place of the result that it has prevented."""

    exception: Exception

    @property
    def error(self) -> EmulatorError:
        """The error that the client is answered with."""
        if isinstance(self.exception, EmulatorError):
            return self.exception
        return EmulatorError(f"A defect of the emulator: {type(self.exception).__name__}: {self.exception}")


async def attempt(work: Awaitable[Result], scope: Scope) -> Result | Defect:
    """Return the result of some work for a request, or the defect that has prevented it, which is logged."""
    try:
        return await work
    except BrokenConnection:
        # A fault does this on purpose to a client in the same process.
        raise
    except Exception as exception:
        # Percent-encoded again, so that no path can write lines of its own.
        _logger.exception("%s %s failed", scope["method"], quote(scope["path"], safe="/:@!$&'()*+,;=~"))
        return Defect(exception)


async def attempt_or(default: Result, work: Awaitable[Result], scope: Scope) -> Result:
    """Return the result of some work for a request, or a default where a defect, which is logged, has prevented it."""
    result = await attempt(work, scope)
    return default if isinstance(result, Defect) else result


class SendTracker:
    """A `send` that remembers how far a response has come."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_begun = False
        self.is_complete = False

    async def send(self, message: Message) -> None:
        """Send a message of the response."""
        self.has_begun = True
        await self._send(message)
        self.is_complete = message["type"] == "http.response.body" and not message.get("more_body", False)
