"""The reports in the control API: what clients have met, and how they behaved."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from xpander_emulator.common.types import Headers
from xpander_emulator.report.registry import Reports
from xpander_emulator.web.http import Reply, json_reply
from xpander_emulator.web.pipeline import Call, Handler

if TYPE_CHECKING:
    from xpander_emulator.report.conduct import Finding


class ReportHandlers:
    """The handlers of `/coverage` and `/conduct`, for one namespace or with `?all=true` for all of them.

    workers: how many processes serve, each with reports of its own; where they are several an answer tells it.
    """

    def __init__(self, reports: Reports, workers: int = 1) -> None:
        self._coverage = reports.coverage
        self._conduct = reports.conduct
        self._headers: Headers = ((b"x-emulator-workers", b"%d" % workers),) if workers > 1 else ()

    def table(self) -> Mapping[str, Handler]:
        """Return the handlers by the action that an operation names."""
        return {
            "get_coverage": self.get_coverage,
            "forget_coverage": self.forget_coverage,
            "get_conduct": self.get_conduct,
            "forget_conduct": self.forget_conduct,
        }

    async def get_coverage(self, call: Call) -> Reply:
        """Return what there is to meet and what was met."""
        from xpander_emulator.report.coverage_json import as_json

        found = self._coverage.of_all() if call.parameters["all"] else self._coverage.of(call.namespace)
        return json_reply(as_json(found), headers=self._headers)

    async def forget_coverage(self, call: Call) -> Reply:
        """Forget what was met."""
        if call.parameters["all"]:
            self._coverage.delete_all()
        else:
            self._coverage.delete(call.namespace)
        return await self.get_coverage(call)

    async def get_conduct(self, call: Call) -> Reply:
        """Return what was found."""
        return self._findings(await self._found(call))

    async def forget_conduct(self, call: Call) -> Reply:
        """Forget what was found, and judge none of it again."""
        if call.parameters["all"]:
            await self._conduct.delete_all()
        else:
            await self._conduct.delete(call.namespace)
        return self._findings(await self._found(call))

    async def _found(self, call: Call) -> Sequence["Finding"]:
        return await (self._conduct.of_all() if call.parameters["all"] else self._conduct.of(call.namespace))

    def _findings(self, found: Sequence["Finding"]) -> Reply:
        from xpander_emulator.report.conduct import finding_view

        return json_reply({"items": [finding_view(finding) for finding in found]}, headers=self._headers)
