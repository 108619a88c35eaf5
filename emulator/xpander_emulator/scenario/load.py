"""Loading: the contract, the scenarios and the playlist of the files that a user names, or the built-in ones."""

from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from xpander_emulator.common import json_pointers, resources
from xpander_emulator.common.yaml_document import Document, read_document
from xpander_emulator.contract.extension.inheritance import adopted
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.openapi.load import load_contract, read_contract
from xpander_emulator.errors import Diagnostic, InvalidFiles
from xpander_emulator.scenario.compile import load_scenarios
from xpander_emulator.scenario.diagnostics import suggestion
from xpander_emulator.scenario.playlist import Playlist, load_playlist
from xpander_emulator.scenario.selection import Catalogue, Scenario
from xpander_emulator.settings import Runnable


def load_spec(spec: Path | None) -> Contract:
    """Return the contract of an OpenAPI file, or the embedded one. Raises InvalidFiles.

    A file without any `x-emulator` that reads and starts tasks under the paths of the embedded contract is another
    version of it, and takes its behaviours.
    """
    if spec is None:
        return _embedded()
    document = read_document(spec)
    return _with_behaviours(document, read_contract(document, spec), spec)


def _with_behaviours(document: Document, contract: Contract, spec: Path) -> Contract:
    """Return the contract with the behaviours of the embedded one where they fit, and a warning where they do not."""
    refused: dict[str, Diagnostic] = {}
    while True:
        extended = adopted(document, contract, _embedded(), refused)
        if extended is None:
            return contract
        try:
            result = read_contract(extended, spec)
        except InvalidFiles as error:
            more = _by_operation(document, contract, error.diagnostics)
            if more.keys() <= refused.keys():
                return contract
            refused |= more
        else:
            return replace(result, warnings=(*result.warnings, *refused.values()))


def _by_operation(document: Document, contract: Contract, diagnostics: Sequence[Diagnostic]) -> dict[str, Diagnostic]:
    """Return the first mistake of each operation by the operation's id."""
    places = {document.locate(json_pointers.split(each.pointer)): each.id for each in contract.operations}
    prefix = "this operation is answered from the file alone, unlike that of the built-in contract: "
    return {
        places[diagnostic.line, diagnostic.column]: replace(diagnostic, message=prefix + diagnostic.message)
        for diagnostic in reversed(diagnostics)
        if (diagnostic.line, diagnostic.column) in places
    }


@lru_cache(maxsize=1)
def _embedded() -> Contract:
    """Return the embedded contract, read once for all servers of this process."""
    # The tests check the embedded contract; a start need not.
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
    """Return the playlist that comes with the emulator, without the checks that the tests make."""
    return load_playlist(resources.PLAYLIST, None, None, resources.PLAYLIST.name)


def check_runnables(runnables: Sequence[Runnable], catalogue: Catalogue) -> None:
    """Raise InvalidFiles if a workflow or agent of the settings takes a scenario that does not exist."""
    mistakes: list[Diagnostic] = []
    for runnable in runnables:
        if runnable.scenario is not None and runnable.scenario not in catalogue:
            taken = f"the {runnable.kind} '{runnable.id}' takes the scenario '{runnable.scenario}'"
            message = f"{taken}, which does not exist{suggestion(runnable.scenario, [*catalogue])}"
            mistakes.append(Diagnostic(runnable.file, runnable.line, 1, message))
    if mistakes:
        raise InvalidFiles(mistakes)
