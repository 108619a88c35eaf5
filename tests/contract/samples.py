"""Small contracts for tests."""

from pathlib import Path
from textwrap import dedent
from typing import Any, Final

from xpander_emulator.common.json_pointers import look_up, target
from xpander_emulator.common.yaml_document import parse_document
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.openapi.load import load_contract, read_contract

ROOT: Final = Path(__file__).parents[2]
HEAD: Final = 'openapi: 3.1.0\ninfo: {title: Sample, version: "1"}\n'


def contract_of(text: str) -> Contract:
    """Read a contract from YAML below the usual two lines of head."""
    return read_contract(parse_document(HEAD + dedent(text), "api.yaml"))


def contract_with(**schemas: Any) -> Contract:
    """Return a contract that holds nothing but component schemas."""
    document = {"openapi": "3.1.0", "info": {"title": "S", "version": "1"}, "components": {"schemas": schemas}}
    return Contract(document, "api.yaml", "S", "1", ())


def ours() -> Contract:
    """Load the contract that the emulator serves."""
    return load_contract(ROOT / "openapi.yaml", "openapi.yaml", check_schemas=False)


def schema_at(contract: Contract, pointer: str) -> Any:
    """Return the schema at a pointer, a `$ref` at its top followed."""
    return look_up(contract.document, target(contract.document, pointer) or pointer)
