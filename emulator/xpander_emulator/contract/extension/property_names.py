"""How a contract names a task's properties and statuses, and where the schema of its task stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xpander_emulator.common import json_pointers
from xpander_emulator.contract.extension.vocabulary import READ
from xpander_emulator.contract.model import NOTHING, Contract, Operation
from xpander_emulator.core.status import Status
from xpander_emulator.errors import BadRequest, did_you_mean


@dataclass(frozen=True, slots=True)
class TaskNames:
    """The names of one contract for properties and statuses, from `x-emulator` of the operation that reads a task.

    properties: the contract's name by the emulator's (`id`, `status`, `created_at` …); the same where absent.
    statuses:   the contract's word by the emulator's status; the same where absent.
    """

    properties: Mapping[str, str]
    statuses: Mapping[str, str]

    def property_name(self, own: str) -> str:
        """Return the contract's name of a property that the emulator calls `own`."""
        return self.properties.get(own, own)

    def status_name(self, status: Status) -> str:
        """Return the contract's word for a status."""
        return self.statuses.get(status.value, status.value)

    def statuses_named(self, word: Any) -> tuple[Status, ...]:
        """Return the statuses that have this word in the contract, one or more. Raises BadRequest for none."""
        if statuses := tuple(status for status in Status if self.status_name(status) == word):
            return statuses
        known = tuple(str(self.status_name(status)) for status in Status)
        hint = did_you_mean(str(word), known) or "."
        raise BadRequest(f"'{word}' is not a status; a task is {', '.join(dict.fromkeys(known))}{hint}")


def task_pointer(contract: Contract) -> str | None:
    """Return the pointer of the schema of a task; None where no operation reads tasks, or its response has none."""
    read = reading_operation(contract)
    pointer = None if read is None else read.json_schema("200")
    return None if pointer is None else json_pointers.target(contract.document, pointer)


def reading_operation(contract: Contract) -> Operation | None:
    """Return the first operation that reads a task, or None."""
    return next((each for each in contract.operations if each.behaviour.get("action") == READ), None)


def task_names(contract: Contract) -> TaskNames:
    """Return the names that a contract gives to properties and statuses of a task."""
    read = reading_operation(contract)
    behaviour = NOTHING if read is None else read.behaviour
    return TaskNames(behaviour.get("names", NOTHING), behaviour.get("statuses", NOTHING))
