"""The web boundary: where an unexpected exception ends, so that the client is answered and the log says why."""

import logging
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar
from urllib.parse import quote

from starlette.types import Message, Scope, Send

from xpander_emulator.errors import EmulatorError
from xpander_emulator.web.fault_injection import BrokenConnection

Made = TypeVar("Made")
_logger = logging.getLogger("xpander_emulator")


@dataclass(frozen=True, slots=True)
class Defect:
    """Something of ours that went wrong, in the place of what was to be made."""

    exception: Exception

    @property
    def error(self) -> EmulatorError:
        """The error that the client is answered with."""
        if isinstance(self.exception, EmulatorError):
            return self.exception
        return EmulatorError(f"A defect of the emulator: {type(self.exception).__name__}: {self.exception}")


async def attempt(work: Awaitable[Made], scope: Scope) -> Made | Defect:
    """Return what `work` makes for a request, or the defect that has stopped it, which is logged."""
    try:
        return await work
    except BrokenConnection:
        # What a fault does on purpose to a client in the same process.
        raise
    except Exception as exception:
        # Percent-encoded again, so that no path can write lines of its own.
        _logger.exception("%s %s failed", scope["method"], quote(scope["path"], safe="/:@!$&'()*+,;=~"))
        return Defect(exception)


class Sending:
    """Stands in the place of `send` and notes how far an answer has come."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.has_begun = False
        self.is_complete = False

    async def send(self, message: Message) -> None:
        """Send a message of the answer."""
        self.has_begun = True
        await self._send(message)
        self.is_complete = message["type"] == "http.response.body" and not message.get("more_body", False)
