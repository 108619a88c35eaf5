"""Objects of ours in the shape of a schema: what it requires beyond is made up, what it refuses is left out."""

from collections.abc import Mapping
from typing import Any

from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.sampling import values
from xpander_emulator.contract.schema.flattening import laid_out
from xpander_emulator.contract.schema.merging import Schema


class Fitting:
    """Makes objects fit one schema, whose references lead into the contract."""

    def __init__(self, contract: Contract, schema: Schema) -> None:
        flat = laid_out(contract.document, schema)
        self._contract = contract
        self._required: tuple[str, ...] = tuple(flat.get("required", ()))
        self._is_closed = flat.get("additionalProperties") is False
        self.properties: Mapping[str, Schema] = flat.get("properties", {})
        self.items: Schema = flat.get("items", True)

    def __call__(self, body: Mapping[str, Any], key: int, pointer: str = "") -> dict[str, Any]:
        """Return the object as it fits. Raises EmulatorError for a property of which no value is found.

        key, pointer: decide what is made up; the latter is where the object stands.
        """
        kept = {name: value for name, value in body.items() if not self._is_closed or name in self.properties}
        made = {
            name: values.generate(self._contract, self.properties.get(name, True), key, f"{pointer}/{name}")
            for name in self._required
            if name not in body
        }
        return kept | made
