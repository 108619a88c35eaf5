"""How a contract calls what the emulator says of a task: its own names of properties and its own words for a status."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from xpander_emulator.common import json_pointers
from xpander_emulator.contract.model import Contract, Operation
from xpander_emulator.core.task import Status
from xpander_emulator.errors import BadRequest, did_you_mean

NOTHING: Final[Mapping[str, str]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Words:
    """The names and words of one contract, from `x-emulator` of the operation that reads a task.

    names:    by the emulator's name of a property (`id`, `status`, `created_at` …), the contract's; same where absent.
    statuses: by the emulator's status, the contract's word; same where absent.
    """

    names: Mapping[str, str]
    statuses: Mapping[str, str]

    def name(self, own: str) -> str:
        """Return what the contract calls a property."""
        return self.names.get(own, own)

    def status(self, status: Status) -> str:
        """Return the contract's word for a status."""
        return self.statuses.get(status.value, status.value)

    def meant(self, word: Any) -> tuple[Status, ...]:
        """Return the statuses that the contract calls by a word: one, or several alike. Raises BadRequest for none."""
        found = tuple(status for status in Status if self.status(status) == word)
        if found:
            return found
        known = tuple(str(self.status(status)) for status in Status)
        hint = did_you_mean(str(word), known) or "."
        raise BadRequest(f"'{word}' is not a status; a task is {', '.join(dict.fromkeys(known))}{hint}")


def task_pointer(contract: Contract) -> str | None:
    """Return where the schema of a task stands; None where no operation reads one, or says how it looks."""
    read = reader(contract)
    response = None if read is None else read.responses.get("200")
    media = None if response is None else response.content.get("application/json")
    if media is None or media.schema_pointer is None:
        return None
    return json_pointers.target(contract.document, media.schema_pointer)


def reader(contract: Contract) -> Operation | None:
    """Return the operation that reads a task; None in a contract whose tasks do not live."""
    return next((each for each in contract.operations if each.behaviour.get("action") == "read"), None)


def words_of(contract: Contract) -> Words:
    """Return how a contract speaks of its tasks."""
    read = reader(contract)
    behaviour: Mapping[str, Any] = {} if read is None else read.behaviour
    return Words(behaviour.get("names", NOTHING), behaviour.get("statuses", NOTHING))
