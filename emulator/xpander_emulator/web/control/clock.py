"""The clock of a namespace in the control API."""

from datetime import datetime

from xpander_emulator.clock import millis
from xpander_emulator.engine.engine import Engine
from xpander_emulator.errors import BadRequest
from xpander_emulator.scenario.durations import NotADuration, parse_duration
from xpander_emulator.web.context import RequestContext
from xpander_emulator.web.control import views
from xpander_emulator.web.http import Response, json_response


class ClockHandlers:
    """The handlers of `/clock`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    async def get_clock(self, context: RequestContext) -> Response:
        """Return the namespace's clock."""
        return json_response(views.clock_view(await self._engine.task_states.clock(context.namespace)))

    async def set_clock(self, context: RequestContext) -> Response:
        """Change the mode of the clock, and its scale."""
        clock = await self._engine.set_clock(context.namespace, context.body["mode"], context.body.get("scale"))
        return json_response(views.clock_view(clock))

    async def advance_clock(self, context: RequestContext) -> Response:
        """Move the clock forward, by a length of time or to an instant."""
        body = context.body
        if ("by" in body) == ("to" in body):
            raise BadRequest("Give either `by`, a length of time such as 30s, or `to`, an instant.")
        if "by" in body:
            by = _length(body["by"])
        else:
            by = _instant(body["to"]) - await self._engine.task_states.now(context.namespace)
        return json_response(views.clock_view(await self._engine.advance(context.namespace, by)))


def _length(text: str) -> int:
    try:
        return parse_duration(text)
    except NotADuration as error:
        raise BadRequest(f"`by`: {error}.") from None


def _instant(text: str) -> int:
    try:
        return millis(datetime.fromisoformat(text))
    except ValueError:
        # A leap second, for instance, is in RFC 3339 and not in Python's calendar.
        raise BadRequest(
            f"`to`: '{text}' is no instant that a clock here can show; write it as 2026-01-31T09:30:00Z."
        ) from None
