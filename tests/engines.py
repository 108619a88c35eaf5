"""An engine over the real contract and stories, without HTTP."""

from functools import cache
from typing import Any

import orjson

from emulator import embedded
from emulator.births import Start
from emulator.clock import millis
from emulator.contract.spec import Contract, load_contract
from emulator.engine import Engine
from emulator.journal.memory import MemoryJournal
from emulator.rendering import TaskRenderer
from emulator.scenario.compiler import load_scenarios
from emulator.scenario.selection import FALLBACK, Catalogue
from emulator.settings import Settings
from emulator.store import Store
from emulator.store.memory import MemoryStore


@cache
def contract() -> Contract:
    return load_contract(embedded.CONTRACT, "openapi.yaml", check_schemas=False)


@cache
def stories() -> Catalogue:
    return Catalogue(load_scenarios((embedded.SCENARIOS,), contract(), trusted=True))


def make_engine(store: Store | None = None, **choices: Any) -> Engine:
    settings = Settings(**{"clock": "manual", **choices})
    renderer = TaskRenderer(
        contract(),
        "00000000-0000-4000-8000-000000000000",
        millis(settings.start),
        lambda standing: f"http://emulator/consent/{standing.task.id}",
        lambda provider, key, pointer: f"<{provider}>",
    )
    return Engine(settings, stories(), FALLBACK, renderer, store or MemoryStore(), MemoryJournal())


def start(runs: str, **body: Any) -> Start:
    body = {"input": {"text": "Refund order 1042"}, **body}
    return Start(runs, "workflow", None, body, orjson.dumps(body), "http://emulator")
