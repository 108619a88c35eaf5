"""Behaviours for a file that names none, such as the vendor's own next release: those of the contract that is known.

A file is taken for another version of the known one where it reads and starts tasks under the same paths.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from typing import Any, Final

from xpander_emulator.common import json_pointers
from xpander_emulator.common.yaml_document import Document
from xpander_emulator.contract.extension.vocabulary import READ, START
from xpander_emulator.contract.model import Contract, Operation

EXTENSION: Final = "x-emulator"
_PARAMETER: Final = re.compile(r"\{([^{}]+)\}")


def adopted(document: Document, contract: Contract, known: Contract, without: Collection[str] = ()) -> Document | None:
    """Return the document with `x-emulator` on the operations that it shares with the known contract.

    contract: what the document says by itself.
    without:  ids of operations whose behaviour does not fit.
    None where it has an `x-emulator` of its own, or is another API.
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
    by_form = {(each.method, _form(each)): each for each in known.operations if "action" in each.behaviour}
    for ours in contract.operations:
        theirs = by_form.get((ours.method, _form(ours)))
        if theirs is not None:
            yield ours, theirs


def _form(operation: Operation) -> str:
    """Return a path whatever its parameters are called."""
    return _PARAMETER.sub("{}", operation.path)


def _renamed(ours: Operation, theirs: Operation) -> Mapping[str, Any]:
    """Return a behaviour with the subject by the name that it has here."""
    names = dict(zip(_PARAMETER.findall(theirs.path), _PARAMETER.findall(ours.path), strict=True))
    behaviour = dict(theirs.behaviour)
    subject = behaviour.get("subject", "task_id")
    if subject in names:
        behaviour["subject"] = names[subject]
    return behaviour
