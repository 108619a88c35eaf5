"""Checks of `x-emulator`, made when a file is loaded, before any request comes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from xpander_emulator.common.quoting import describe
from xpander_emulator.common.yaml_document import Document
from xpander_emulator.contract.extension import vocabulary
from xpander_emulator.contract.extension.behaviour import EXTENSION, Behaviour, nearest_or_all
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
from xpander_emulator.errors import Diagnostic, did_you_mean

# A client gives these to a task in another way than by a signal.
_NO_SIGNALS: Final = frozenset({POLL, SKIP})
_EXAMPLES: Final = {
    "signal": ", the name of what is given to the task, such as 'signal: approve'",
    "kind": f": {' or '.join(vocabulary.CHOICES['kind'])}",
    "event": ", the name of the schema of one event in components",
}


def behaviour_diagnostics(document: Document, operations: Sequence[Operation]) -> Iterator[Diagnostic]:
    """Yield what keeps an operation from being played as `x-emulator` says."""
    yield from _of_root(document)
    behaviours = [Behaviour(document, operation) for operation in operations]
    for each in behaviours:
        yield from _of_keys(each)
        if each.action is not None:
            yield from _of_action(each, each.action)
    yield from _of_lists(behaviours)
    for each in behaviours:
        yield from _of_names(each)
        yield from _of_statuses(each)
    yield from _of_missing_operations(behaviours)


# --- keys ---


def _of_root(document: Document) -> Iterator[Diagnostic]:
    if EXTENSION not in document.value:
        return
    root = document.value[EXTENSION]
    if not isinstance(root, Mapping):
        yield document.diagnostic((EXTENSION,), f"'x-emulator' is a mapping; found {describe(root)}")
        return
    for key, value in root.items():
        at = (EXTENSION, key)
        if key not in vocabulary.ROOT:
            message = f"'x-emulator' of the whole file has no '{key}'{nearest_or_all(key, tuple(vocabulary.ROOT))}"
            yield document.diagnostic(at, message, key=True)
        elif value not in vocabulary.ROOT[key]:
            yield document.diagnostic(at, f"'{key}' is {describe(value)}{nearest_or_all(value, vocabulary.ROOT[key])}")


def _of_keys(behaviour: Behaviour) -> Iterator[Diagnostic]:
    """Yield unknown keys and values of an operation, and keys without effect on its action."""
    for key, value in behaviour.keys.items():
        if key not in vocabulary.KEYS:
            hint = nearest_or_all(key, vocabulary.KEYS)
            yield behaviour.diagnostic(f"'x-emulator' has no '{key}'{hint}", key, key=True)
        elif key in vocabulary.MAPPINGS and not isinstance(value, Mapping):
            yield behaviour.diagnostic(f"'{key}' is a mapping; found {describe(value)}", key)
        elif key in vocabulary.TEXTS and not (isinstance(value, str) and value):
            yield behaviour.diagnostic(f"'{key}' is a text; found {describe(value)}", key)
        elif key in vocabulary.CHOICES and value not in vocabulary.CHOICES[key]:
            hint = nearest_or_all(value, vocabulary.CHOICES[key])
            yield behaviour.diagnostic(f"there is no {key} {describe(value)}{hint}", key)
        elif key not in ("action", "source"):
            yield from _of_key_without_effect(behaviour, key)


def _of_key_without_effect(behaviour: Behaviour, key: str) -> Iterator[Diagnostic]:
    if "action" not in behaviour.keys:
        message = f"'{key}' has no effect without an action; add one, such as 'action: read'"
        yield behaviour.diagnostic(message, key, key=True)
    elif behaviour.action is not None and key not in behaviour.action.keys:
        owners = ", ".join(name for name, action in ACTIONS.items() if key in action.keys)
        message = f"'{key}' has no effect on the action '{behaviour.name}'; it belongs to {owners}"
        yield behaviour.diagnostic(message, key, key=True)


# --- one action ---


def _of_action(behaviour: Behaviour, action: Action) -> Iterator[Diagnostic]:
    for key in action.required:
        if key not in behaviour.keys and key != "subject":
            yield behaviour.diagnostic(f"the action '{behaviour.name}' needs '{key}'{_EXAMPLES[key]}", key=True)
    yield from _of_subject(behaviour, action)
    yield from _of_event(behaviour)
    signal = behaviour.text("signal")
    if signal in _NO_SIGNALS:
        yield behaviour.diagnostic(f"'{signal}' is not a signal that a client gives; choose another name", "signal")
    for name in action.parameters:
        if name not in _certain_parameters(behaviour.operation):
            message = f"the action '{behaviour.name}' needs the parameter '{name}', required or with a default"
            yield behaviour.diagnostic(message, "action")
    yield from _of_responses(behaviour, action)


def _of_responses(behaviour: Behaviour, action: Action) -> Iterator[Diagnostic]:
    declared = behaviour.operation.responses
    if behaviour.name in (READ, CATALOGUE_GET):
        if behaviour.operation.json_schema("200") is None:
            message = f"the action '{behaviour.name}' needs the schema of application/json in the answer 200"
            yield behaviour.diagnostic(message, "action")
    elif action.status is not None and declared and behaviour.operation.response(action.status) is None:
        message = f"the action '{behaviour.name}' answers {action.status}, which is not declared; declared are "
        yield behaviour.diagnostic(message + ", ".join(declared), "action")


def _of_subject(behaviour: Behaviour, action: Action) -> Iterator[Diagnostic]:
    """Yield a subject that a valid request may lack, or an action that lacks its subject."""
    operation, subject = behaviour.operation, behaviour.text("subject")
    in_path = names_in(operation.path)
    is_filter = behaviour.name in ("list", "history")
    others = [each.name for each in operation.parameters] if is_filter else _certain_parameters(operation)
    known = (*in_path, *others)
    if "subject" in behaviour.keys:
        if subject and subject not in known:
            hint = did_you_mean(subject, known) or (f"; it has {', '.join(dict.fromkeys(known))}" if known else "")
            yield behaviour.diagnostic(f"'{subject}' is no path parameter of {operation.path}{hint}", "subject")
    elif "subject" in action.required or (action.is_of_task and TASK_ID not in known):
        wanted = "the task's id" if action.is_of_task else "the id of what is meant"
        right = f"write 'subject: {in_path[-1]}'" if in_path else f"{operation.path} has no parameter that holds it"
        yield behaviour.diagnostic(f"the action '{behaviour.name}' needs {wanted}; {right}", key=True)


def _certain_parameters(operation: Operation) -> tuple[str, ...]:
    """Return the parameters that have a value in every valid request."""
    return tuple(each.name for each in operation.parameters if each.required or _has_default(each))


def _has_default(parameter: Parameter) -> bool:
    return isinstance(parameter.schema, Mapping) and "default" in parameter.schema


def _of_event(behaviour: Behaviour) -> Iterator[Diagnostic]:
    if behaviour.name == START and behaviour.text("reply") == STREAM and "event" not in behaviour.keys:
        yield behaviour.diagnostic(f"the reply 'stream' needs 'event'{_EXAMPLES['event']}", "reply")
    event = behaviour.text("event")
    components = behaviour.document.value.get("components")
    schemas = components.get("schemas") if isinstance(components, Mapping) else None
    known = tuple(schemas) if isinstance(schemas, Mapping) else ()
    if event and event not in known:
        yield behaviour.diagnostic(f"components has no schema '{event}'{did_you_mean(event, known)}", "event")


# --- lists ---


def _of_lists(behaviours: Sequence[Behaviour]) -> Iterator[Diagnostic]:
    read = _first_read(behaviours)
    for behaviour in behaviours:
        if behaviour.name == "list":
            yield from _of_list(behaviour, read)
        elif behaviour.name == "history" and read is not None and (lacking := _lacks(read)):
            message = f"the action 'history' lists tasks as xpander.ai does; {lacking}; use list"
            yield behaviour.diagnostic(message, "action")


def _of_list(behaviour: Behaviour, read: Behaviour | None) -> Iterator[Diagnostic]:
    response, items = behaviour.response, behaviour.text("items")
    if items is not None:
        yield from _of_items(behaviour, items, response)
    elif "items" not in behaviour.keys and any(each.name == "page" for each in behaviour.operation.parameters):
        yield from _of_pages(behaviour, read)
    elif "items" not in behaviour.keys and response.types == frozenset({"object"}):
        arrays = [name for name, each in response.properties.items() if "array" in (each.types or ())]
        right = f"write 'items: {arrays[0]}'" if arrays else "name with 'items' the property that holds the tasks"
        yield behaviour.diagnostic(f"the list is an object in the answer 200, not an array; {right}", "action")


def _of_items(behaviour: Behaviour, items: str, response: SchemaView) -> Iterator[Diagnostic]:
    types = response.at(items).types or frozenset()
    if response.types and "object" not in response.types:
        yield behaviour.diagnostic("the list is no object in the answer 200; leave 'items' out", "items")
    elif items not in response.properties and response.is_closed:
        hint = nearest_or_all(items, tuple(response.properties))
        yield behaviour.diagnostic(f"the answer 200 has no '{items}'{hint}", "items")
    elif types and "array" not in types:
        yield behaviour.diagnostic(f"'{items}' is {' or '.join(sorted(types))} in the answer 200, not array", "items")


def _of_pages(behaviour: Behaviour, read: Behaviour | None) -> Iterator[Diagnostic]:
    """Yield why a list with the parameter `page` and without `items` cannot be paged as xpander.ai's are."""
    lacking = _lacks(read) if read is not None else ""
    if "per_page" not in _certain_parameters(behaviour.operation):
        lacking = "it lacks the parameter 'per_page', required or with a default"
    if lacking:
        message = f"a list with 'page' and without 'items' is paged as xpander.ai's; {lacking}; add 'items'"
        yield behaviour.diagnostic(message, "action")


def _lacks(read: Behaviour) -> str:
    """Return which properties of xpander.ai's lists a task lacks; "" for none, and for a task without a schema."""
    if read.operation.json_schema("200") is None:
        return ""
    properties = read.response.properties
    lacking = [name for name in vocabulary.SUMMARISED if name not in properties]
    return f"a task here has no {', '.join(repr(name) for name in lacking[:3])}" if lacking else ""


# --- tasks ---


def _first_read(behaviours: Sequence[Behaviour]) -> Behaviour | None:
    return next((each for each in behaviours if each.name == READ), None)


def _of_names(behaviour: Behaviour) -> Iterator[Diagnostic]:
    properties = tuple(behaviour.response.properties) if behaviour.response.is_closed else ()
    for own, name in behaviour.mapping("names").items():
        if own not in vocabulary.FACTS:
            message = f"the emulator knows no '{own}' of a task{nearest_or_all(own, vocabulary.FACTS)}"
            yield behaviour.diagnostic(message, "names", own, key=True)
        elif not (isinstance(name, str) and name):
            yield behaviour.diagnostic(f"a name is a text; found {describe(name)}", "names", own)
        elif behaviour.response.is_closed and name not in properties:
            hint = nearest_or_all(name, properties)
            yield behaviour.diagnostic(f"the answer 200 has no '{name}'{hint}", "names", own)


def _of_statuses(behaviour: Behaviour) -> Iterator[Diagnostic]:
    name, values = behaviour.status_values()
    for status, word in behaviour.mapping("statuses").items():
        if status not in vocabulary.STATUSES:
            message = f"there is no status '{status}'{nearest_or_all(status, vocabulary.STATUSES)}"
            yield behaviour.diagnostic(message, "statuses", status, key=True)
        elif word is None or isinstance(word, Mapping | list):
            yield behaviour.diagnostic(f"the word for a status is a text; found {describe(word)}", "statuses", status)
        elif values and word not in values:
            message = f"'{name}' in the answer 200 is never {describe(word)}"
            hint = nearest_or_all(word, tuple(map(str, values)))
            yield behaviour.diagnostic(f"{message}{hint}", "statuses", status)


def _of_missing_operations(behaviours: Sequence[Behaviour]) -> Iterator[Diagnostic]:
    """Yield actions that need another operation: those of tasks need a read, those of the catalogue a get."""
    of_tasks = [each for each in behaviours if each.action is not None and each.name not in CATALOGUE]
    if of_tasks and _first_read(behaviours) is None:
        message = f"the action '{of_tasks[0].name}' needs an operation with 'action: read'"
        yield of_tasks[0].diagnostic(f"{message}, whose answer says how a task looks", "action")
    gets = {each.text("kind") for each in behaviours if each.name == CATALOGUE_GET}
    for each in behaviours:
        kind = each.text("kind")
        if each.name in CATALOGUE and kind in vocabulary.CHOICES["kind"] and kind not in gets:
            message = f"the action '{each.name}' needs an operation with 'action: {CATALOGUE_GET}' of the kind '{kind}'"
            yield each.diagnostic(f"{message}, whose answer says how one looks", "action")
