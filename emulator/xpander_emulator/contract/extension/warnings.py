"""Warnings about `x-emulator`: keys without effect, and responses that a client cannot read."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from xpander_emulator.common.yaml_document import Document
from xpander_emulator.contract.document_objects import Site
from xpander_emulator.contract.extension import vocabulary
from xpander_emulator.contract.extension.behaviour import EXTENSION, Behaviour
from xpander_emulator.contract.model import Operation
from xpander_emulator.core.status import TERMINAL
from xpander_emulator.errors import Diagnostic, did_you_mean


def behaviour_warnings(
    document: Document, sites: Iterable[Site], operations: Sequence[Operation]
) -> Iterator[Diagnostic]:
    """Yield what in `x-emulator` has no effect, or hides from a client what it needs to know."""
    for site in sites:
        if site.kind not in ("document", "operation") and isinstance(site.value, Mapping) and EXTENSION in site.value:
            message = f"'{EXTENSION}' has no effect on a {site.kind}; write it at an operation"
            yield document.diagnostic((*site.path, EXTENSION), message, key=True)
    behaviours = [Behaviour(document, operation) for operation in operations]
    for each in behaviours:
        if each.name == "list":
            yield from _of_list(each)
    reads = [each for each in behaviours if each.name == vocabulary.READ]
    for read in reads[:1]:
        yield from _of_names(read)
        yield from _of_missing_statuses(read)
        yield from _of_equal_statuses(read)
    for read in reads[1:]:
        yield from _of_further_read(read, reads[0])


def _of_list(behaviour: Behaviour) -> Iterator[Diagnostic]:
    """Yield the name of the list of tasks, where the schema declares other names and leaves this one open."""
    items, properties = behaviour.text("items"), tuple(behaviour.response.properties)
    if items is not None and properties and items not in properties:
        message = f"the answer 200 names no '{items}', under which the tasks are listed"
        yield behaviour.diagnostic(message + did_you_mean(items, properties), "items")


def _of_names(read: Behaviour) -> Iterator[Diagnostic]:
    """Yield names that the schema of a task does not declare though it leaves others open, and facts without a name."""
    response, names = read.response, read.mapping("names")
    if not response.properties:
        return
    for own, name in names.items():
        is_name = own in vocabulary.FACTS and isinstance(name, str)
        if is_name and name not in response.properties and not response.is_closed:
            hint = did_you_mean(name, tuple(response.properties))
            yield read.diagnostic(f"the answer 200 names no '{name}'; '{own}' is not shown{hint}", "names", own)
    for own in ("id", "status"):
        if own not in names and own not in response.properties:
            message = f"the answer 200 names no '{own}'; say with 'names: {{{own}: …}}' which property holds it"
            yield read.diagnostic(message, key=True)


def _of_missing_statuses(read: Behaviour) -> Iterator[Diagnostic]:
    """Yield the statuses without a word in the contract: a scenario that comes to one breaks the contract."""
    name, values = read.status_values()
    words = read.mapping("statuses")
    missing = [each for each in vocabulary.STATUSES if each not in words and values and each not in values]
    if missing:
        yield read.diagnostic(f"'{name}' has no word for {', '.join(missing)}; give one with 'statuses'", key=True)


def _of_equal_statuses(read: Behaviour) -> Iterator[Diagnostic]:
    """Yield a word for both a status of a task that goes on and one of a task that has ended."""
    words = read.mapping("statuses")
    ends = {word: status for status, word in words.items() if status in TERMINAL and isinstance(word, str)}
    for status, word in words.items():
        if status not in TERMINAL and isinstance(word, str) and word in ends:
            message = f"'{word}' is both {status} and {ends[word]}: a client cannot see whether the task has ended"
            yield read.diagnostic(message, "statuses", status)


def _of_further_read(read: Behaviour, first: Behaviour) -> Iterator[Diagnostic]:
    for key in vocabulary.MAPPINGS:
        if key in read.keys:
            yield read.diagnostic(f"'{key}' has no effect here; that of {first} counts", key, key=True)
    if read.operation.json_schema("200") != first.operation.json_schema("200"):
        yield read.diagnostic(f"a task has the schema of {first}, and this answer 200 has another one", "action")
