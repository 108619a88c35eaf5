"""An engine over the real contract and stories, without HTTP."""

from functools import cache
from typing import Any

import orjson

from xpander_emulator.clock import millis
from xpander_emulator.common import resources
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.openapi.load import load_contract
from xpander_emulator.engine.engine import Engine
from xpander_emulator.engine.render.task import TaskRenderer
from xpander_emulator.engine.start_task import Start
from xpander_emulator.journal.memory import MemoryJournal
from xpander_emulator.scenario.compile import load_scenarios
from xpander_emulator.scenario.selection import FALLBACK, Catalogue
from xpander_emulator.settings import Settings
from xpander_emulator.store.memory import MemoryStore
from xpander_emulator.store.port import Store


@cache
def contract() -> Contract:
    return load_contract(resources.CONTRACT, "openapi.yaml", check_schemas=False)


@cache
def catalogue() -> Catalogue:
    return Catalogue(load_scenarios((resources.SCENARIOS,), contract(), trusted=True))


def make_engine(store: Store | None = None, **choices: Any) -> Engine:
    settings = Settings(**{"clock": "manual", **choices})
    renderer = TaskRenderer(
        contract(),
        "00000000-0000-4000-8000-000000000000",
        millis(settings.start),
        lambda task_state: f"http://emulator/consent/{task_state.task.id}",
        lambda provider, key, pointer: f"<{provider}>",
    )
    return Engine(settings, catalogue(), FALLBACK, renderer, store or MemoryStore(), MemoryJournal())


def start(runs: str, **body: Any) -> Start:
    body = {"input": {"text": "Refund order 1042"}, **body}
    return Start(runs, "workflow", None, body, orjson.dumps(body), "http://emulator")
