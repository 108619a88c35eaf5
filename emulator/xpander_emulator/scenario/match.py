"""Matchers: the conditions of a scenario's `match`."""

import re
from collections.abc import Iterator
from typing import Final

from xpander_emulator.errors import did_you_mean
from xpander_emulator.scenario import keys
from xpander_emulator.scenario.diagnostics import Node
from xpander_emulator.scenario.selection import WORKFLOW_ID, Matcher

_NAMES_OF_THE_WORKFLOW: Final = ("agent_id", "workflow", "agent", "id_or_name")
_NAMES_OF_THE_INPUT: Final = ("text", "prompt", "message")


def read_match(node: Node) -> tuple[Matcher, ...]:
    """Return the conditions of a `match`, in the order of the file."""
    node.expect_mapping("'match' takes a mapping such as {workflow_id: \"refund-*\"}")
    if node.value == {}:
        node.report("'match' is empty and would never hold; remove it or name a 'workflow_id'")
    return tuple(matcher for member in node.members if _is_field(member) for matcher in _matchers(member))


def _is_field(member: Node) -> bool:
    """Return whether a key names a field of requests, or the workflow; report anything else."""
    name, request = member.key, member.rules.request
    first = name.split(".")[0]
    if name == "workflow_id":
        return True
    if name in _NAMES_OF_THE_WORKFLOW:
        message = f"write 'workflow_id' instead of '{name}'; it is for agents too"
    elif "" in name.split("."):
        message = f"'{name}' is not a path; write the names with single dots between"
    elif request and first not in request.properties:
        known = ["workflow_id", *request.properties]
        right = ". Did you mean 'input.text'?" if name in _NAMES_OF_THE_INPUT else did_you_mean(first, known)
        message = f"a request has no field '{first}'{right}"
    else:
        return True
    member.report(message, key=True)
    return False


def _matchers(member: Node) -> Iterator[Matcher]:
    path = WORKFLOW_ID if member.key == "workflow_id" else tuple(member.key.split("."))
    if isinstance(member.value, dict):
        yield from _conditions(member, path)
    elif path == WORKFLOW_ID:
        patterns = member.value if isinstance(member.value, list) else [member.value]
        are_patterns = bool(patterns) and all(isinstance(pattern, str) and pattern for pattern in patterns)
        if member.expect(are_patterns, "'workflow_id' takes a pattern such as \"refund-*\", or a list of them"):
            yield Matcher(WORKFLOW_ID, "glob", tuple(patterns))
    elif isinstance(member.value, list):
        member.report('write {equals: […]} to compare with the whole list, or {regex: "^(a|b)$"} for one of several')
    else:
        yield Matcher(path, "equals", member.value)


def _conditions(node: Node, path: tuple[str, ...]) -> Iterator[Matcher]:
    pattern = {"the pattern itself, as in 'workflow_id: \"refund-*\"',": "glob"} if path == WORKFLOW_ID else {}
    node.check_keys(keys.CONDITIONS, {**pattern, **keys.CONDITION_CORRECTIONS})
    if not node.members:
        node.report(f"no condition is given; write one of {', '.join(keys.CONDITIONS)}")
    for member in node.members:
        if member.key in keys.CONDITIONS and _is_valid(member):
            yield Matcher(path, member.key, member.value)


def _is_valid(condition: Node) -> bool:
    wanted = condition.value
    match condition.key:
        case "exists":
            return condition.expect(isinstance(wanted, bool), "'exists' takes true or false")
        case "contains":
            is_plain = isinstance(wanted, str | int | float)
            return condition.expect(is_plain, "'contains' takes a text, a number, true or false")
        case "regex":
            is_text = condition.expect(isinstance(wanted, str), "'regex' takes a regular expression as text")
            return is_text and _compiles(condition)
        case _:
            return True


def _compiles(condition: Node) -> bool:
    try:
        re.compile(condition.value)
    except re.error as error:
        condition.report(f"'{condition.value}' is not a regular expression: {error}")
        return False
    return True
