"""The reports in the control API: what clients have met, and how they behaved."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xpander_emulator.common.types import Headers
from xpander_emulator.report.registry import Reports
from xpander_emulator.web.context import RequestContext
from xpander_emulator.web.http import Response, json_response

if TYPE_CHECKING:
    from xpander_emulator.report.conduct import Finding


class ReportHandlers:
    """The handlers of `/coverage` and `/conduct`, for one namespace or with `?all=true` for all of them.

    workers: how many processes serve, each with reports of its own; a header says so where there are several.
    """

    def __init__(self, reports: Reports, workers: int = 1) -> None:
        self._coverage = reports.coverage
        self._conduct = reports.conduct
        self._headers: Headers = ((b"x-emulator-workers", b"%d" % workers),) if workers > 1 else ()

    async def get_coverage(self, context: RequestContext) -> Response:
        """Return what there is to meet and what clients have met."""
        from xpander_emulator.report.coverage_json import as_json

        coverage = self._coverage.of_all() if context.parameters["all"] else self._coverage.of(context.namespace)
        return json_response(as_json(coverage), headers=self._headers)

    async def delete_coverage(self, context: RequestContext) -> Response:
        """Delete what clients have met."""
        if context.parameters["all"]:
            self._coverage.delete_all()
        else:
            self._coverage.delete(context.namespace)
        return await self.get_coverage(context)

    async def get_conduct(self, context: RequestContext) -> Response:
        """Return the findings on how clients behaved."""
        return self._findings(await self._current(context))

    async def delete_conduct(self, context: RequestContext) -> Response:
        """Delete the findings; the requests so far are not judged again."""
        if context.parameters["all"]:
            await self._conduct.delete_all()
        else:
            await self._conduct.delete(context.namespace)
        return self._findings(await self._current(context))

    async def _current(self, context: RequestContext) -> Sequence["Finding"]:
        is_all = context.parameters["all"]
        return await (self._conduct.of_all() if is_all else self._conduct.of(context.namespace))

    def _findings(self, findings: Sequence["Finding"]) -> Response:
        from xpander_emulator.report.conduct import finding_view

        return json_response({"items": [finding_view(finding) for finding in findings]}, headers=self._headers)
