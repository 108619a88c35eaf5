"""Scenarios in the control API: shown, and chosen for the next starts; and the presenter's playlist."""

from typing import Final

from xpander_emulator.common.types import JsonObject
from xpander_emulator.engine.engine import Engine
from xpander_emulator.scenario.graph import mermaid
from xpander_emulator.scenario.load import built_in_playlist
from xpander_emulator.scenario.paths import as_json, path_of, paths
from xpander_emulator.scenario.playlist import Playlist
from xpander_emulator.web.context import RequestContext
from xpander_emulator.web.control import views
from xpander_emulator.web.control.start import Starter
from xpander_emulator.web.http import Response, json_response

MERMAID: Final = "text/vnd.mermaid"


class ScenarioHandlers:
    """The handlers of `/scenarios` and `/playlist`.

    playlist: the user's own; None for the built-in one.
    """

    def __init__(self, engine: Engine, starter: Starter, playlist: Playlist | None) -> None:
        self._engine = engine
        self._starter = starter
        self._playlist = playlist

    async def list_scenarios(self, context: RequestContext) -> Response:
        """Return every scenario, and which scenarios the next starts take."""
        items = [views.scenario_summary(scenario) for scenario in self._engine.catalogue.values()]
        return json_response({**await self._choices(context.namespace), "items": items})

    async def get_scenario(self, context: RequestContext) -> Response:
        """Return one scenario, or its graph as a Mermaid diagram."""
        scenario = self._engine.scenario(context.parameters["name"])
        if context.parameters["format"] == "mermaid":
            return Response(200, mermaid(scenario.timeline).encode(), f"{MERMAID}; charset=utf-8")
        return json_response(views.scenario_details(scenario))

    async def list_paths(self, context: RequestContext) -> Response:
        """Return every way in which a scenario can end."""
        timeline = self._engine.scenario(context.parameters["name"]).timeline
        items = [as_json(path) for path in paths(timeline, max_turns=context.parameters["max_turns"])]
        return json_response({"items": items})

    async def set_default_scenario(self, context: RequestContext) -> Response:
        """Choose the scenario of every further start that nothing else decides."""
        await self._engine.pin_default(context.namespace, context.body["scenario"])
        return json_response(await self._choices(context.namespace))

    async def set_next_scenario(self, context: RequestContext) -> Response:
        """Choose the scenario of the next start, or of the next few, and the path that they take."""
        body = context.body
        name, path_id = body["scenario"], body.get("path")
        timeline = self._engine.scenario(name).timeline
        path = None if path_id is None else path_of(timeline, path_id, max_turns=int(body.get("max_turns", 1)))
        await self._engine.pin_next(context.namespace, name, int(body.get("times", 1)), path)
        return json_response(await self._choices(context.namespace))

    async def get_playlist(self, context: RequestContext) -> Response:
        """Return the scenarios that the presenter shows."""
        if self._playlist is None:
            self._playlist = built_in_playlist()
        return json_response(views.playlist_view(self._playlist, self._starter.violations))

    async def _choices(self, namespace: str) -> JsonObject:
        return views.choices(await self._engine.pins(namespace), self._engine.default)
