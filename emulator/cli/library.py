"""Contract and scenarios as a server with the same settings would load them, without one."""

from pathlib import Path
from typing import TYPE_CHECKING

from emulator import embedded
from emulator.cli.failures import Refused
from emulator.errors import did_you_mean

if TYPE_CHECKING:
    from emulator.contract.spec import Contract
    from emulator.scenario.selection import Catalogue, Scenario


def contract_of(spec: Path | None) -> "Contract":
    """Return the contract of an OpenAPI file, or the embedded one. Raises InvalidFiles."""
    from emulator.contract.spec import load_contract

    if spec:
        return load_contract(spec)
    return load_contract(embedded.CONTRACT, embedded.CONTRACT.name, check_schemas=False)


def stories() -> "tuple[Scenario, ...]":
    """Return the built-in scenarios."""
    from emulator.scenario.compiler import load_scenarios

    return load_scenarios([embedded.SCENARIOS], None, trusted=True)


def catalogue_of(paths: tuple[Path, ...], spec: Path | None) -> "Catalogue":
    """Return the built-in scenarios and those of `paths`, which override them. Raises InvalidFiles."""
    from emulator.scenario.compiler import load_scenarios
    from emulator.scenario.selection import Catalogue

    built_in = stories()
    own = load_scenarios(paths, contract_of(spec), beside=built_in) if paths else ()
    return Catalogue([*built_in, *own])


def scenario_of(catalogue: "Catalogue", name: str) -> "Scenario":
    """Return the scenario called `name`. Raises Refused."""
    if name not in catalogue:
        raise Refused(f"No scenario is called '{name}'{did_you_mean(name, list(catalogue)) or '.'}")
    return catalogue[name]
