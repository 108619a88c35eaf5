"""Matchers: a scenario's `match` read into conditions."""

import re
from collections.abc import Iterator
from typing import Any, Final

from xpander_emulator.common.types import DocPath
from xpander_emulator.errors import did_you_mean
from xpander_emulator.scenario import keys
from xpander_emulator.scenario.diagnostics import Diagnostics
from xpander_emulator.scenario.property_schemas import shown
from xpander_emulator.scenario.selection import WORKFLOW_ID, Matcher

_ABOUT_THE_TARGET: Final = ("agent_id", "workflow", "agent", "id_or_name")


def read_match(findings: Diagnostics, raw: Any) -> tuple[Matcher, ...]:
    """Return the conditions of a `match`, in the order of the file."""
    given = findings.mapping(("match",), raw, "'match' takes a mapping such as {workflow_id: \"refund-*\"}")
    if raw == {}:
        findings.add(("match",), "'match' is empty and would never hold; remove it or name a 'workflow_id'")
    return tuple(
        matcher
        for name, wanted in given.items()
        if _is_field(findings, name)
        for matcher in _field(findings, ("match", name), name, wanted)
    )


def _is_field(findings: Diagnostics, name: str) -> bool:
    first = name.split(".")[0]
    if name == "workflow_id":
        return True
    if name in _ABOUT_THE_TARGET:
        findings.add(("match", name), f"write 'workflow_id' instead of '{name}'; it holds for agents too", key=True)
        return False
    if "" in name.split("."):
        findings.add(("match", name), f"'{name}' is no path; write the names with single dots between", key=True)
        return False
    request = findings.rules.request
    if request and first not in request.properties:
        hint = did_you_mean(first, ["workflow_id", *request.properties])
        right = ". Did you mean 'input.text'?" if name in ("text", "prompt", "message") else hint
        findings.add(("match", name), f"a request has no field '{first}'{right}", key=True)
        return False
    return True


def _field(findings: Diagnostics, path: DocPath, name: str, wanted: Any) -> Iterator[Matcher]:
    at = WORKFLOW_ID if name == "workflow_id" else tuple(name.split("."))
    if isinstance(wanted, dict):
        yield from _conditions(findings, path, at, wanted)
    elif at == WORKFLOW_ID:
        yield from _globs(findings, path, wanted)
    elif isinstance(wanted, list):
        findings.add(path, 'a list says nothing here; write {equals: […]} for the whole list, or {regex: "^(a|b)$"}')
    else:
        yield Matcher(at, "equals", wanted)


def _globs(findings: Diagnostics, path: DocPath, wanted: Any) -> Iterator[Matcher]:
    patterns = wanted if isinstance(wanted, list) else [wanted]
    if patterns and all(isinstance(pattern, str) and pattern for pattern in patterns):
        yield Matcher(WORKFLOW_ID, "glob", tuple(patterns))
    else:
        findings.add(
            path, f"'workflow_id' takes a pattern such as \"refund-*\", or a list of them, found {shown(wanted)}"
        )


def _conditions(findings: Diagnostics, path: DocPath, at: tuple[str, ...], given: dict[str, Any]) -> Iterator[Matcher]:
    slips = {
        **dict.fromkeys(("eq", "is", "equal", "value"), "'equals'"),
        **dict.fromkeys(("include", "includes", "has"), "'contains'"),
        **dict.fromkeys(("matches", "pattern", "regexp"), "'regex'"),
        **dict.fromkeys(("present", "exist"), "'exists'"),
        "glob": "the pattern itself, as in 'workflow_id: \"refund-*\"'," if at == WORKFLOW_ID else "'regex'",
    }
    findings.keys(path, given, keys.CONDITIONS, slips)
    if not given:
        findings.add(path, f"no condition is given; write one of {', '.join(keys.CONDITIONS)}")
    for kind, wanted in given.items():
        if kind in keys.CONDITIONS and not (wrong := _wrong_condition(kind, wanted)):
            yield Matcher(at, kind, wanted)
        elif kind in keys.CONDITIONS:
            findings.add((*path, kind), wrong)


def _wrong_condition(kind: str, wanted: Any) -> str:
    if kind == "exists" and not isinstance(wanted, bool):
        return f"'exists' takes true or false, found {shown(wanted)}"
    if kind == "contains" and not isinstance(wanted, str | int | float):
        return f"'contains' takes a text, a number, true or false, found {shown(wanted)}"
    if kind == "regex":
        return _wrong_regex(wanted)
    return ""


def _wrong_regex(wanted: Any) -> str:
    if not isinstance(wanted, str):
        return f"'regex' takes a regular expression as text, found {shown(wanted)}"
    try:
        re.compile(wanted)
    except re.error as error:
        return f"'{wanted}' is no regular expression: {error}"
    return ""
