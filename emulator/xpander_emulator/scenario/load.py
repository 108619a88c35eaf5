"""The contract and the stories that a choice of files comes to; the same for a server and for a command without one."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from xpander_emulator.common import json_pointers, resources
from xpander_emulator.common.yaml_document import Document, read_document
from xpander_emulator.contract.extension.inheritance import adopted
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.openapi.load import load_contract, read_contract
from xpander_emulator.errors import Diagnostic, InvalidFiles, did_you_mean
from xpander_emulator.scenario.compile import load_scenarios
from xpander_emulator.scenario.playlist import Playlist, load_playlist
from xpander_emulator.scenario.selection import Catalogue, Scenario
from xpander_emulator.settings import Runnable


def load_spec(spec: Path | None) -> Contract:
    """Return the contract of an OpenAPI file, or the embedded one. Raises InvalidFiles.

    Another version of the embedded one need say nothing of behaviour: its tasks live by the same paths.
    """
    if spec is None:
        return _embedded()
    document = read_document(spec)
    contract = read_contract(document, spec)
    return _living(document, contract, spec)


def _living(document: Document, contract: Contract, spec: Path) -> Contract:
    """Return the contract with the behaviours of the embedded one where they fit; a doubt tells where they do not."""
    refused: dict[str, Diagnostic] = {}
    while True:
        living = adopted(document, contract, _embedded(), refused)
        if living is None:
            return contract
        try:
            found = read_contract(living, spec)
        except InvalidFiles as error:
            more = _by_operation(document, contract, error.diagnostics)
            if more.keys() <= refused.keys():
                return contract
            refused |= more
        else:
            return replace(found, warnings=(*found.warnings, *refused.values()))


def _by_operation(document: Document, contract: Contract, diagnostics: Sequence[Diagnostic]) -> dict[str, Diagnostic]:
    """Return the first mistake of each operation by the operation's id."""
    places = {document.locate(json_pointers.split(each.pointer)): each.id for each in contract.operations}
    told = "this operation is answered from the file alone, unlike that of the built-in contract: "
    return {
        places[diagnostic.line, diagnostic.column]: replace(diagnostic, message=told + diagnostic.message)
        for diagnostic in reversed(diagnostics)
        if (diagnostic.line, diagnostic.column) in places
    }


@lru_cache(maxsize=1)
def _embedded() -> Contract:
    """Return the embedded contract, read once for all servers of this process."""
    # The embedded contract is checked by the tests, so that every start is spared it.
    return load_contract(resources.CONTRACT, resources.CONTRACT.name, check_schemas=False, check_behaviours=False)


@lru_cache(maxsize=1)
def built_in_scenarios() -> tuple[Scenario, ...]:
    """Return the scenarios that come with the emulator, read once for all servers of this process."""
    return load_scenarios((resources.SCENARIOS,), None, trusted=True)


def load_catalogue(paths: Sequence[Path], contract: Contract) -> Catalogue:
    """Return the built-in scenarios and those of `paths`, which override by name. Raises InvalidFiles."""
    built_in = built_in_scenarios()
    own = load_scenarios(paths, contract, beside=built_in) if paths else ()
    return Catalogue((*built_in, *own))


def built_in_playlist() -> Playlist:
    """Return the playlist that comes with the emulator, held against nothing: the tests have done so."""
    return load_playlist(resources.PLAYLIST, None, None, resources.PLAYLIST.name)


def check_runnables(runnables: Sequence[Runnable], stories: Catalogue) -> None:
    """Raise InvalidFiles if a workflow or agent of the settings is to take a scenario that is not there."""
    unknown = [each for each in runnables if each.scenario is not None and each.scenario not in stories]
    if unknown:
        raise InvalidFiles([_unknown_scenario(each, str(each.scenario), stories) for each in unknown])


def _unknown_scenario(runnable: Runnable, scenario: str, stories: Catalogue) -> Diagnostic:
    hint = did_you_mean(scenario, list(stories)) or f"; known ones are {', '.join(stories)}"
    message = f"the {runnable.kind} '{runnable.id}' takes the scenario '{scenario}', which is not there{hint}"
    return Diagnostic(runnable.file, runnable.line, 1, message)
