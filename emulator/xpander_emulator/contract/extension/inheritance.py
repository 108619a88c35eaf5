"""Inheritance: the behaviours of a known contract for a file without any, such as the vendor's next release.

A file is taken for another version of the known one if it reads and starts tasks under the same paths.
"""

from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any

from xpander_emulator.common import json_pointers
from xpander_emulator.common.yaml_document import Document
from xpander_emulator.contract.extension.behaviour import EXTENSION
from xpander_emulator.contract.extension.vocabulary import READ, START, TASK_ID
from xpander_emulator.contract.model import Contract, Operation, names_in, without_names


def adopted(document: Document, contract: Contract, known: Contract, without: Collection[str] = ()) -> Document | None:
    """Return the document with `x-emulator` on the operations that it shares with the known contract.

    contract: read from the document.
    without:  ids of operations whose behaviour does not fit.
    Returns None for a document with an `x-emulator` of its own, and for another API.
    """
    if EXTENSION in contract.document or any(each.behaviour for each in contract.operations):
        return None
    pairs = [pair for pair in _shared(contract, known) if pair[0].id not in without]
    if not {READ, START} <= {theirs.behaviour.get("action") for _, theirs in pairs}:
        return None
    value = deepcopy(document.value)
    for ours, theirs in pairs:
        json_pointers.look_up(value, ours.pointer)[EXTENSION] = _renamed(ours, theirs)
    return replace(document, value={**value, EXTENSION: known.document[EXTENSION]})


def _shared(contract: Contract, known: Contract) -> Iterator[tuple[Operation, Operation]]:
    """Yield each operation of the contract with that of the known one under the same method and path."""
    played = [each for each in known.operations if "action" in each.behaviour]
    by_path = {(each.method, without_names(each.path)): each for each in played}
    for ours in contract.operations:
        theirs = by_path.get((ours.method, without_names(ours.path)))
        if theirs is not None:
            yield ours, theirs


def _renamed(ours: Operation, theirs: Operation) -> Mapping[str, Any]:
    """Return the behaviour of the known operation with the name of its subject in ours."""
    names = dict(zip(names_in(theirs.path), names_in(ours.path), strict=True))
    behaviour = dict(theirs.behaviour)
    subject = behaviour.get("subject", TASK_ID)
    if subject in names:
        behaviour["subject"] = names[subject]
    return behaviour
