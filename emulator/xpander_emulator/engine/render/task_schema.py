"""The schema of the task in one contract: its properties, their defaults, and the values that it requires."""

from collections.abc import Mapping
from typing import Final

from xpander_emulator.common.types import Json
from xpander_emulator.contract.extension.property_names import task_pointer
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.schema.completion import completion, default_of, takes_null
from xpander_emulator.contract.schema.reader import ANYTHING, Branches, SchemaView


class TaskSchema:
    """The schema of the task.

    pointer:    of the schema in the contract; None for a contract without tasks.
    properties: by name, in the contract's order.
    defaults:   of each property, None where it has none.
    unset:      the properties that have no default and cannot be null. Until a value is set, a required one has a value
                drawn from its schema, which is here; any other is left out, and has None here.
    required:   of each property, the properties that its value must have.
    """

    def __init__(self, contract: Contract) -> None:
        self.pointer: Final = task_pointer(contract)
        task = ANYTHING if self.pointer is None else SchemaView.of_pointer(contract.document, self.pointer)
        self.properties: Final = task.properties_of(Branches.FIRST)
        self.defaults: Final[Mapping[str, Json]] = {
            name: default_of(contract, part) for name, part in self.properties.items()
        }
        required = task.required_of(Branches.FIRST)
        self.unset: Final[Mapping[str, Json]] = {
            name: part.schema if name in required else None
            for name, part in self.properties.items()
            if self.defaults[name] is None and not takes_null(contract, part)
        }
        self.required: Final = {name: _required(part) for name, part in self.properties.items()}
        self._completions = {name: completion(contract, part) for name, part in self.properties.items()}

    def complete(self, name: str, value: Json) -> Json:
        """Return a value of a property with all that the contract declares of it, in its order."""
        return self._completions[name](value)

    def of(self, name: str) -> SchemaView:
        """Return the schema of a property; ANYTHING for one that the contract does not declare."""
        return self.properties.get(name, ANYTHING)


def _required(view: SchemaView) -> Mapping[str, SchemaView]:
    """Return the properties that an object must have, each with its schema."""
    properties = view.properties_of(Branches.FIRST)
    return {name: properties[name] for name in view.required_of(Branches.FIRST) if name in properties}
