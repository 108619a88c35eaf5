"""What is wrong, or doubtful, in the `x-emulator` of a file: told when it is loaded, not when a request comes."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from xpander_emulator.common import json_pointers
from xpander_emulator.common.quoting import describe
from xpander_emulator.common.yaml_document import Document
from xpander_emulator.contract.document_objects import Site
from xpander_emulator.contract.extension import vocabulary
from xpander_emulator.contract.extension.vocabulary import (
    ACTIONS,
    CATALOGUE,
    CATALOGUE_GET,
    READ,
    START,
    STREAM,
    TASK_ID,
    Action,
)
from xpander_emulator.contract.model import Operation, Parameter, names_in
from xpander_emulator.contract.schema.reader import SchemaView
from xpander_emulator.core.signals import POLL, SKIP
from xpander_emulator.core.status import TERMINAL
from xpander_emulator.errors import Diagnostic, did_you_mean

_EXTENSION: Final = "x-emulator"
_JSON: Final = "application/json"
# What a client gives to a task by another way than a signal that it names.
_NO_SIGNALS: Final = frozenset({POLL, SKIP})


def behaviour_diagnostics(document: Document, operations: Sequence[Operation]) -> Iterator[Diagnostic]:
    """Yield what keeps an operation from being played as `x-emulator` says."""
    yield from _of_root(document)
    acts = [_Act(document, operation) for operation in operations]
    for act in acts:
        yield from _of_words(act)
        if act.action is not None:
            yield from _of_action(act, act.action)
    yield from _of_lists(acts)
    yield from _of_task(acts)
    yield from _lacking_others(acts)


def behaviour_warnings(
    document: Document, sites: Iterable[Site], operations: Sequence[Operation]
) -> Iterator[Diagnostic]:
    """Yield what `x-emulator` says in vain, or so that a client cannot tell what it is told."""
    for site in sites:
        if site.kind not in ("document", "operation") and isinstance(site.value, Mapping) and _EXTENSION in site.value:
            told = f"'x-emulator' says nothing of a {site.kind}; write it at an operation"
            yield document.diagnostic((*site.path, _EXTENSION), told, key=True)
    acts = [_Act(document, operation) for operation in operations]
    for act in (each for each in acts if each.name == "list"):
        yield from _unlisted(act)
    reads = [act for act in acts if act.name == READ]
    for act in reads[:1]:
        yield from _unnamed(act)
        yield from _unworded(act)
        yield from _alike(act)
    for act in reads[1:]:
        yield from _of_further_read(act, reads[0])


@dataclass(frozen=True, slots=True)
class _Act:
    """One operation with what it says of its behaviour."""

    document: Document
    operation: Operation

    @property
    def behaviour(self) -> Mapping[str, Any]:
        return self.operation.behaviour

    @property
    def name(self) -> str | None:
        """What it calls its action; None without one, or one that is no text."""
        return self.text("action")

    @property
    def action(self) -> Action | None:
        return None if self.name is None else ACTIONS.get(self.name)

    def fault(self, message: str, *inner: str, key: bool = False) -> Diagnostic:
        """Return a mistake at a part of `x-emulator`, or at the whole of it."""
        return self.document.diagnostic(
            (*json_pointers.split(self.operation.pointer), _EXTENSION, *inner), message, key=key
        )

    def text(self, key: str) -> str | None:
        found = self.behaviour.get(key)
        return found if isinstance(found, str) else None

    def mapping(self, key: str) -> Mapping[str, Any]:
        found = self.behaviour.get(key)
        return found if isinstance(found, Mapping) else {}

    def schema(self, status: str) -> Mapping[str, Any]:
        """Return a reference to the schema of the JSON that is answered with a status; {} where it has none."""
        response = self.operation.responses.get(status)
        media = response.content.get(_JSON) if response is not None else None
        return (
            {}
            if media is None or media.schema_pointer is None
            else {"$ref": json_pointers.as_fragment(media.schema_pointer)}
        )

    def shape(self, status: str = "200") -> SchemaView:
        return SchemaView(self.document.value, self.schema(status))

    def __str__(self) -> str:
        return f"{self.operation.method} {self.operation.path} on line {self.operation.line}"


# --- words ---


def _of_root(document: Document) -> Iterator[Diagnostic]:
    if _EXTENSION not in document.value:
        return
    root = document.value[_EXTENSION]
    if not isinstance(root, Mapping):
        yield document.diagnostic((_EXTENSION,), f"'x-emulator' is a mapping; found {describe(root)}")
        return
    for key, value in root.items():
        at = (_EXTENSION, key)
        if key not in vocabulary.ROOT:
            told = f"'x-emulator' of the whole file has no '{key}'{_right(key, tuple(vocabulary.ROOT))}"
            yield document.diagnostic(at, told, key=True)
        elif value not in vocabulary.ROOT[key]:
            yield document.diagnostic(at, f"'{key}' is {describe(value)}{_right(value, vocabulary.ROOT[key])}")


def _of_words(act: _Act) -> Iterator[Diagnostic]:
    """Yield unknown keys and values of an operation, and keys that say nothing of its action."""
    for key, value in act.behaviour.items():
        if key not in vocabulary.KEYS:
            yield act.fault(f"'x-emulator' has no '{key}'{_right(key, vocabulary.KEYS)}", key, key=True)
        elif key in vocabulary.MAPPINGS and not isinstance(value, Mapping):
            yield act.fault(f"'{key}' is a mapping; found {describe(value)}", key)
        elif key in vocabulary.TEXTS and not (isinstance(value, str) and value):
            yield act.fault(f"'{key}' is a text; found {describe(value)}", key)
        elif key in vocabulary.CHOICES and value not in vocabulary.CHOICES[key]:
            yield act.fault(f"there is no {key} {describe(value)}{_right(value, vocabulary.CHOICES[key])}", key)
        elif key not in ("action", "source"):
            yield from _out_of_place(act, key)


def _out_of_place(act: _Act, key: str) -> Iterator[Diagnostic]:
    if "action" not in act.behaviour:
        yield act.fault(f"'{key}' says nothing without an action; add one, such as 'action: read'", key, key=True)
    elif act.action is not None and key not in act.action.keys:
        owners = ", ".join(name for name, action in ACTIONS.items() if key in action.keys)
        yield act.fault(f"'{key}' says nothing of the action '{act.name}'; it belongs to {owners}", key, key=True)


def _right(found: Any, known: Sequence[str]) -> str:
    """Return the end of a message: the nearest of what is known, else all of it."""
    hint = did_you_mean(found, known) if isinstance(found, str) else ""
    return hint or f"; known {'is' if len(known) == 1 else 'are'} {', '.join(known)}"


# --- one action ---


def _of_action(act: _Act, action: Action) -> Iterator[Diagnostic]:
    for key in action.required:
        if key not in act.behaviour and key != "subject":
            yield act.fault(f"the action '{act.name}' needs '{key}'{_example(key)}", key=True)
    yield from _of_subject(act, action)
    yield from _of_event(act)
    if act.text("signal") in _NO_SIGNALS:
        yield act.fault(f"'{act.text('signal')}' is not a signal that a client gives; choose another name", "signal")
    for name in action.parameters:
        if name not in _given(act.operation):
            told = f"the action '{act.name}' needs the parameter '{name}', required or with a default"
            yield act.fault(told, "action")
    yield from _of_answer(act, action)


def _of_answer(act: _Act, action: Action) -> Iterator[Diagnostic]:
    declared = act.operation.responses
    if act.name in (READ, CATALOGUE_GET):
        if not act.schema("200"):
            yield act.fault(f"the action '{act.name}' needs the schema of {_JSON} in the answer 200", "action")
    elif action.status is not None and declared and act.operation.response(action.status) is None:
        told = f"the action '{act.name}' answers {action.status}, which is not declared; declared are "
        yield act.fault(told + ", ".join(declared), "action")


def _example(key: str) -> str:
    examples = {"signal": ", the name of what is given to the task, such as 'signal: approve'",
                "kind": f": {' or '.join(vocabulary.CHOICES['kind'])}",
                "event": ", the name of the schema of one event in components"}  # fmt: skip
    return examples[key]


def _of_subject(act: _Act, action: Action) -> Iterator[Diagnostic]:
    """Yield a subject that the request need not have, or one that is missing."""
    in_path = names_in(act.operation.path)
    all_names = tuple(parameter.name for parameter in act.operation.parameters)
    is_filter = act.name in ("list", "history")
    known = (*in_path, *(all_names if is_filter else _given(act.operation)))
    subject = act.text("subject")
    if "subject" in act.behaviour:
        if subject and subject not in known:
            hint = did_you_mean(subject, known) or (f"; it has {', '.join(dict.fromkeys(known))}" if known else "")
            yield act.fault(f"'{subject}' is no path parameter of {act.operation.path}{hint}", "subject")
    elif "subject" in action.required or (action.is_of_task and TASK_ID not in known):
        wanted = "the task's id" if action.is_of_task else "the id of what is meant"
        right = f"write 'subject: {in_path[-1]}'" if in_path else f"{act.operation.path} has no parameter that holds it"
        yield act.fault(f"the action '{act.name}' needs {wanted}; {right}", key=True)


def _given(operation: Operation) -> tuple[str, ...]:
    """Return the parameters that are there in every request that is valid."""
    return tuple(each.name for each in operation.parameters if each.required or _has_default(each))


def _has_default(parameter: Parameter) -> bool:
    return isinstance(parameter.schema, Mapping) and "default" in parameter.schema


def _of_event(act: _Act) -> Iterator[Diagnostic]:
    if act.name == START and act.text("reply") == STREAM and "event" not in act.behaviour:
        yield act.fault(f"the reply 'stream' needs 'event'{_example('event')}", "reply")
    event = act.text("event")
    components = act.document.value.get("components")
    schemas = components.get("schemas") if isinstance(components, Mapping) else None
    known = tuple(schemas) if isinstance(schemas, Mapping) else ()
    if event and event not in known:
        yield act.fault(f"components has no schema '{event}'{did_you_mean(event, known)}", "event")


# --- lists ---


def _of_lists(acts: Sequence[_Act]) -> Iterator[Diagnostic]:
    read = _reader(acts)
    for act in acts:
        if act.name == "list":
            yield from _of_list(act, read)
        elif act.name == "history" and read is not None and (lacking := _lacks(read)):
            yield act.fault(f"the action 'history' tells of tasks as xpander.ai does; {lacking}; use list", "action")


def _of_list(act: _Act, read: _Act | None) -> Iterator[Diagnostic]:
    shape, items = act.shape(), act.text("items")
    if items is not None:
        yield from _of_items(act, items, shape)
    elif "items" not in act.behaviour and any(each.name == "page" for each in act.operation.parameters):
        yield from _of_pages(act, read)
    elif "items" not in act.behaviour and shape.types == frozenset({"object"}):
        arrays = [name for name, each in shape.properties.items() if "array" in (each.types or ())]
        right = f"write 'items: {arrays[0]}'" if arrays else "name with 'items' the property that holds the tasks"
        yield act.fault(f"the list is an object in the answer 200, not an array; {right}", "action")


def _of_items(act: _Act, items: str, shape: SchemaView) -> Iterator[Diagnostic]:
    types = shape.at(items).types or frozenset()
    if shape.types and "object" not in shape.types:
        yield act.fault("the list is no object in the answer 200; leave 'items' out", "items")
    elif items not in shape.properties and shape.is_closed:
        yield act.fault(f"the answer 200 has no '{items}'{_right(items, tuple(shape.properties))}", "items")
    elif types and "array" not in types:
        yield act.fault(f"'{items}' is {' or '.join(sorted(types))} in the answer 200, not array", "items")


def _of_pages(act: _Act, read: _Act | None) -> Iterator[Diagnostic]:
    """Yield why a list with the parameter `page` and without `items` cannot be paged as xpander.ai's are."""
    lacking = _lacks(read) if read is not None else ""
    if "per_page" not in _given(act.operation):
        lacking = "it lacks the parameter 'per_page', required or with a default"
    if lacking:
        told = f"a list with 'page' and without 'items' is paged as xpander.ai's; {lacking}; add 'items'"
        yield act.fault(told, "action")


def _lacks(read: _Act) -> str:
    """Return what a task lacks to be told as xpander.ai's lists tell it; "" where it has all of it, or says nothing."""
    if not read.schema("200"):
        return ""
    lacking = [name for name in vocabulary.SUMMARISED if name not in read.shape().properties]
    return f"a task here has no {', '.join(repr(name) for name in lacking[:3])}" if lacking else ""


# --- the task ---


def _reader(acts: Iterable[_Act]) -> _Act | None:
    return next((act for act in acts if act.name == READ), None)


def _of_task(acts: Sequence[_Act]) -> Iterator[Diagnostic]:
    """Yield names and statuses that a task of this contract cannot have."""
    for act in acts:
        if act.mapping("names"):
            yield from _of_names(act)
        if act.mapping("statuses"):
            yield from _of_statuses(act)


def _of_names(act: _Act) -> Iterator[Diagnostic]:
    shape = act.shape()
    for own, name in act.mapping("names").items():
        if own not in vocabulary.FACTS:
            told = f"the emulator says no '{own}' of a task{_right(own, vocabulary.FACTS)}"
            yield act.fault(told, "names", own, key=True)
        elif not (isinstance(name, str) and name):
            yield act.fault(f"a name is a text; found {describe(name)}", "names", own)
        elif shape.is_closed and name not in shape.properties:
            yield act.fault(f"the answer 200 has no '{name}'{_right(name, tuple(shape.properties))}", "names", own)


def _of_statuses(act: _Act) -> Iterator[Diagnostic]:
    name, known = _status_words(act)
    for status, word in act.mapping("statuses").items():
        if status not in vocabulary.STATUSES:
            told = f"there is no status '{status}'{_right(status, vocabulary.STATUSES)}"
            yield act.fault(told, "statuses", status, key=True)
        elif word is None or isinstance(word, Mapping | list):
            yield act.fault(f"the word for a status is a text; found {describe(word)}", "statuses", status)
        elif known and word not in known:
            right = _right(word, tuple(str(each) for each in known))
            yield act.fault(f"'{name}' in the answer 200 is never {describe(word)}{right}", "statuses", status)


def _status_words(act: _Act) -> tuple[str, tuple[Any, ...]]:
    """Return what the contract calls the status, and its words for it; no words where it does not list them."""
    called = act.mapping("names").get("status", "status")
    name = called if isinstance(called, str) else "status"
    return name, act.shape().at(name).values


def _lacking_others(acts: Sequence[_Act]) -> Iterator[Diagnostic]:
    """Yield actions that another operation must stand beside: tasks without a read, a catalogue without a get."""
    of_tasks = [act for act in acts if act.action is not None and act.name not in CATALOGUE]
    if of_tasks and _reader(acts) is None:
        told = f"the action '{of_tasks[0].name}' needs an operation with 'action: read'"
        yield of_tasks[0].fault(f"{told}, whose answer says how a task looks", "action")
    got = {act.text("kind") for act in acts if act.name == CATALOGUE_GET}
    for act in acts:
        kind = act.text("kind")
        if act.name in CATALOGUE and kind in vocabulary.CHOICES["kind"] and kind not in got:
            told = f"the action '{act.name}' needs an operation with 'action: {CATALOGUE_GET}' of the kind '{kind}'"
            yield act.fault(f"{told}, whose answer says how one looks", "action")


# --- doubts ---


def _unlisted(act: _Act) -> Iterator[Diagnostic]:
    """Yield the name under which a list tells its tasks, where the schema names others and leaves this one open."""
    shape, items = act.shape(), act.text("items")
    if items is not None and shape.properties and items not in shape.properties:
        hint = did_you_mean(items, tuple(shape.properties))
        yield act.fault(f"the answer 200 names no '{items}', under which the tasks are listed{hint}", "items")


def _unnamed(act: _Act) -> Iterator[Diagnostic]:
    """Yield names that lead to nothing in a schema that leaves others open, and facts that are told nowhere."""
    shape, names = act.shape(), act.mapping("names")
    if not shape.properties:
        return
    for own, name in names.items():
        if own in vocabulary.FACTS and isinstance(name, str) and name not in shape.properties and not shape.is_closed:
            hint = did_you_mean(name, tuple(shape.properties))
            yield act.fault(f"the answer 200 names no '{name}'; '{own}' is told nowhere{hint}", "names", own)
    for own in ("id", "status"):
        if own not in names and own not in shape.properties:
            told = f"the answer 200 names no '{own}'; say with 'names: {{{own}: …}}' which property holds it"
            yield act.fault(told, key=True)


def _unworded(act: _Act) -> Iterator[Diagnostic]:
    """Yield the statuses for which the contract has no word: a story that comes to one breaks it."""
    name, known = _status_words(act)
    told = act.mapping("statuses")
    lacking = [each for each in vocabulary.STATUSES if each not in told and known and each not in known]
    if lacking:
        yield act.fault(f"'{name}' has no word for {', '.join(lacking)}; give one with 'statuses'", key=True)


def _alike(act: _Act) -> Iterator[Diagnostic]:
    """Yield a word by which a client cannot tell whether a task goes on."""
    told = act.mapping("statuses")
    ends = {word: status for status, word in told.items() if status in TERMINAL and isinstance(word, str)}
    for status, word in told.items():
        if status not in TERMINAL and isinstance(word, str) and word in ends:
            message = f"'{word}' is both {status} and {ends[word]}: a client cannot tell whether the task has ended"
            yield act.fault(message, "statuses", status)


def _of_further_read(act: _Act, first: _Act) -> Iterator[Diagnostic]:
    for key in vocabulary.MAPPINGS:
        if key in act.behaviour:
            yield act.fault(f"'{key}' says nothing here; that of {first} counts", key, key=True)
    if act.schema("200") != first.schema("200"):
        yield act.fault(f"a task looks as {first} answers it, and this answer 200 has another schema", "action")
