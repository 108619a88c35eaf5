"""What the control API has for pages and demonstrations: starting by a story's name, looking back, the playlist."""

from collections.abc import Mapping

from xpander_emulator.contract.model import Contract
from xpander_emulator.core.replay import moments
from xpander_emulator.engine.engine import Engine
from xpander_emulator.engine.task_state import TaskState
from xpander_emulator.errors import NotFound
from xpander_emulator.journal.redaction import Redaction
from xpander_emulator.scenario.load import built_in_playlist
from xpander_emulator.scenario.playlist import Playlist
from xpander_emulator.web.control import views
from xpander_emulator.web.control.start import Starter
from xpander_emulator.web.errors import problem_violations
from xpander_emulator.web.http import Reply, json_reply
from xpander_emulator.web.pages.decision import Links
from xpander_emulator.web.pipeline import Call, Handler


class PageHandlers:
    """The handlers that the pages ask for, over one engine.

    contract: the one that the engine's tasks are answered by.
    playlist: the user's own; None for the built-in one.
    """

    def __init__(self, engine: Engine, contract: Contract, links: Links, playlist: Playlist | None) -> None:
        self._engine = engine
        self._links = links
        self._starter = Starter(engine, contract)
        self._playlist = playlist
        self._redaction = Redaction(contract.operations)

    def table(self) -> Mapping[str, Handler]:
        """Return the handlers by the action that an operation names."""
        return {"start_task": self.start_task, "get_moment": self.get_moment, "get_playlist": self.get_playlist}

    async def start_task(self, call: Call) -> Reply:
        """Start a task that plays a scenario."""
        request = call.body.get("request")
        found = () if request is None else self._starter.refused(request)
        if found:
            return problem_violations(found, self._redaction)
        view = await self._starter.start(call.namespace, call.body["scenario"], request, call.request.origin)
        shown = {**self._engine.renderer.pause_details(view.task_state), "link": self._links.pause(view.task_state)}
        return json_reply(views.task_details(view, shown))

    async def get_moment(self, call: Call) -> Reply:
        """Return one entry of a task's history, and the task as a client saw it then."""
        task_state = await self._engine.task_states.get(call.namespace, call.parameters["task_id"])
        number = int(call.parameters["entry"])
        listed = list(views.history(task_state))
        if number > len(listed):
            raise NotFound(f"The history of task '{task_state.task.id}' has {len(listed)} entries, and no {number}.")
        then = _as_left(task_state, number)
        return json_reply({**listed[number - 1], "snapshot": self._engine.renderer.task(then)})

    async def get_playlist(self, call: Call) -> Reply:
        """Return what the presenter mode shows."""
        if self._playlist is None:
            self._playlist = built_in_playlist()
        return json_reply(views.playlist_view(self._playlist, self._starter.refused))


def _as_left(task_state: TaskState, number: int) -> TaskState:
    """Return where a task stood last before the entry of its history that followed this one."""
    met = [each for each in moments(task_state.turn, task_state.now) if len(each.visits) == number]
    return task_state._replace(snapshot=met[-1])
