"""Export and import of a namespace, as one document."""

import asyncio
from collections.abc import Mapping
from typing import Any

import orjson

from xpander_emulator.clock import machine_time
from xpander_emulator.engine.engine import Engine
from xpander_emulator.engine.feed import STALE
from xpander_emulator.engine.render.task import RENDER_ERRORS
from xpander_emulator.engine.task_state import TaskStates
from xpander_emulator.errors import BadRequest, Conflict
from xpander_emulator.store.codec.facts import CLOCK, FACTS
from xpander_emulator.store.export import from_document, to_document
from xpander_emulator.store.memory import MemoryStore
from xpander_emulator.store.port import Contents


async def export(engine: Engine, namespace: str) -> dict[str, Any]:
    """Return the contents of a namespace as one JSON document, equal for equal facts."""
    contents = await engine.store.contents(namespace, FACTS)
    clock = contents.facts[CLOCK] or engine.task_states.first_clock
    return to_document(contents, clock, machine_time())


async def restore(engine: Engine, namespace: str, document: Mapping[str, Any], *, replacing: bool) -> int:
    """Replace the contents of a namespace by a document of `export`, and return how many tasks it has now.

    Raises BadRequest for an invalid document, and Conflict for a namespace that has tasks unless `replacing`; nothing
    has changed then.
    """
    contents = from_document(document, machine_time())
    held = (await engine.store.namespaces()).get(namespace, 0)
    if held and not replacing:
        raise Conflict(f"Namespace '{namespace}' has {held:,} tasks. Replace them, or import into another one.")
    if await engine.store.count() - held + len(contents.tasks) > engine.settings.max_tasks:
        raise Conflict(
            f"The file has {len(contents.tasks):,} tasks; with the others here they would be more than the"
            f" {engine.settings.max_tasks:,} that --max-tasks allows."
        )
    await _check_rendering(engine, namespace, contents)
    await engine.store.replace_all(namespace, contents)
    engine.feed.publish(namespace, STALE)
    return len(contents.tasks)


async def _check_rendering(engine: Engine, namespace: str, contents: Contents) -> None:
    """Raise BadRequest for a task that cannot be rendered."""
    scratch = MemoryStore()
    await scratch.replace_all(namespace, contents)
    task_states = TaskStates(scratch, engine.task_states.first_clock)
    for task in contents.tasks:
        # A file may have many tasks that take long to render; other requests are served between them.
        await asyncio.sleep(0)
        try:
            task_state = await task_states.find(namespace, task.id)
            if task_state is not None:
                orjson.dumps(engine.renderer.task(task_state))
        except RENDER_ERRORS as error:
            raise BadRequest(f"Task '{task.id}' cannot be shown: {error}") from None
