"""Fitting: an object changed to satisfy a schema; missing required properties are made, refused ones removed."""

from collections.abc import Mapping
from typing import Any

from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.sampling import values
from xpander_emulator.contract.schema.reader import Branches, SchemaView


class Fitting:
    """Makes objects satisfy one schema of a contract."""

    def __init__(self, contract: Contract, view: SchemaView) -> None:
        self._contract = contract
        self._required = view.required_of(Branches.FIRST)
        self._is_closed = view.is_closed
        self.properties = view.properties_of(Branches.FIRST)

    def __call__(self, body: Mapping[str, Any], key: int, pointer: str = "") -> dict[str, Any]:
        """Return the object with the properties that it needs. Raises EmulatorError for one that has no value.

        key:     decides the generated values.
        pointer: of the object in its body.
        """
        allowed = {name: value for name, value in body.items() if not self._is_closed or name in self.properties}
        made = {
            name: values.generate(self._contract, self._schema(name), key, f"{pointer}/{name}")
            for name in self._required
            if name not in body
        }
        return allowed | made

    def _schema(self, name: str) -> Mapping[str, Any] | bool:
        return self.properties[name].schema if name in self.properties else True
