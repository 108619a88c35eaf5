"""The compiler: scenario files to timelines, with everything wrong in all of them told at once."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from xpander_emulator.common.yaml_document import Document, read_document
from xpander_emulator.contract.model import Contract
from xpander_emulator.core.signals import EXPIRE
from xpander_emulator.core.timeline import After, Polls, Step, StepEvent, Timeline, Wait
from xpander_emulator.errors import Diagnostic, InvalidFiles
from xpander_emulator.scenario import keys
from xpander_emulator.scenario.diagnostics import Diagnostics, Rules
from xpander_emulator.scenario.event_links import link
from xpander_emulator.scenario.faults import read_scenario_faults
from xpander_emulator.scenario.graph_checks import Targets, check_graph, check_streams, resolve
from xpander_emulator.scenario.match import read_match
from xpander_emulator.scenario.property_schemas import request_rules, shown, task_rules
from xpander_emulator.scenario.selection import WORKFLOW_ID, Catalogue, Scenario, best_match
from xpander_emulator.scenario.steps import NAME, Draft, read_steps

SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class _Read:
    """A compiled scenario with the document it came from."""

    scenario: Scenario
    document: Document


def load_scenarios(
    paths: Sequence[Path],
    contract: Contract | None,
    *,
    trusted: bool = False,
    beside: Sequence[Scenario] = (),
) -> tuple[Scenario, ...]:
    """Return the scenarios of files and of directories (their *.yaml and *.yml, by name).

    trusted: leaves out what needs the contract, Jinja2 or Faker; for the built-in stories, which the tests check.
    beside:  scenarios loaded before, which these may start as sub-tasks or override.
    The same name in two paths is kept twice, the later one behind: a Catalogue lets it win.
    Raises InvalidFiles with everything wrong in all files.
    """
    rules = Rules(texts=False) if trusted else rules_of(contract)
    diagnostics: list[Diagnostic] = []
    read: list[_Read] = []
    for path in paths:
        found = [
            item for file in _files(path, diagnostics) if (item := _read(file, rules, diagnostics, trusted=trusted))
        ]
        diagnostics.extend(_duplicates(found))
        read.extend(found)
    diagnostics.extend(_starting_each_other(read, beside))
    if diagnostics:
        raise InvalidFiles(diagnostics)
    return tuple(item.scenario for item in read)


def compile_document(document: Document, contract: Contract | None) -> Scenario:
    """Return the scenario of one document. Raises InvalidFiles with everything wrong in it."""
    return _compile(document, rules_of(contract))


def rules_of(contract: Contract | None) -> Rules:
    """Return what scenarios are held to where the emulator serves `contract`."""
    if contract is None:
        return Rules(providers=_providers)
    actions = {each.id: str(each.behaviour.get("action", "")) for each in contract.operations}
    return Rules(task_rules(contract), request_rules(contract), _providers, actions)


@lru_cache(maxsize=1)
def _providers() -> frozenset[str]:
    from xpander_emulator.contract.sampling.faker_values import providers

    return frozenset(providers())


def _files(path: Path, diagnostics: list[Diagnostic]) -> list[Path]:
    if not path.is_dir():
        return [path]
    files = sorted(file for file in path.iterdir() if file.suffix in SUFFIXES and file.is_file())
    if not files:
        diagnostics.append(
            Diagnostic(str(path), 1, 1, "the directory holds no *.yaml; name the one with the scenarios")
        )
    return files


def _read(file: Path, rules: Rules, diagnostics: list[Diagnostic], *, trusted: bool) -> _Read | None:
    try:
        document = read_document(file, f"{file.parent.name}/{file.name}" if trusted else _shown(file))
        return _Read(_compile(document, rules), document)
    except InvalidFiles as error:
        diagnostics.extend(error.diagnostics)
        return None


def _shown(file: Path) -> str:
    """Return a file's name as its user would type it: from where they stand, if it is below."""
    try:
        return file.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(file)


def _compile(document: Document, rules: Rules) -> Scenario:
    findings = Diagnostics(document, rules)
    top: Any = document.value
    if not isinstance(top, dict):
        findings.add((), f"a scenario is a mapping with 'scenario' and 'steps', found {shown(top)}")
        raise InvalidFiles(findings.diagnostics)
    # As in compose files: what begins with x- is the author's own, for instance to hold YAML anchors.
    own = {key: value for key, value in top.items() if not key.startswith("x-")}
    findings.keys((), own, keys.TOP_KEYS, keys.TOP_SLIPS)
    name = _name(findings, top)
    description = (
        findings.text(("description",), top["description"], "'description' takes text") if "description" in top else ""
    )
    match = read_match(findings, top["match"]) if "match" in top else ()
    faults = read_scenario_faults(findings, top)
    drafts = _steps(findings, top)
    targets = resolve(findings, drafts)
    check_graph(findings, drafts, targets)
    check_streams(findings, drafts, targets)
    events = link(findings, drafts, targets)
    if findings.diagnostics:
        raise InvalidFiles(findings.diagnostics)
    steps = tuple(_step(drafts, index, targets, events[index]) for index in range(len(drafts)))
    timeline = Timeline(name, steps, document.file, faults)
    return Scenario(name, (description or "").strip(), match, timeline, document.file)


def _name(findings: Diagnostics, top: dict[str, Any]) -> str:
    if "scenario" not in top:
        if not any(key in keys.TOP_SLIPS and keys.TOP_SLIPS[key] == "'scenario'" for key in top):
            findings.add((), "'scenario' is missing; write the scenario's name, such as 'scenario: refund_approval'")
        return ""
    name = top["scenario"]
    if isinstance(name, str) and NAME.fullmatch(name):
        return name
    findings.add(("scenario",), f"a scenario's name is made of letters, digits, '-' and '_', found {shown(name)}")
    return ""


def _steps(findings: Diagnostics, top: dict[str, Any]) -> tuple[Draft, ...]:
    if "steps" in top:
        return read_steps(findings, top["steps"])
    if not any(keys.TOP_SLIPS.get(key) == "'steps'" for key in top):
        findings.add((), "'steps' is missing; write a list of steps, the last with an end such as 'status: completed'")
    return ()


def _step(drafts: Sequence[Draft], index: int, targets: Targets, events: tuple[StepEvent, ...]) -> Step:
    draft = drafts[index]
    if draft.status is None:
        raise ValueError(f"step '{draft.id}' has no status")
    return Step(
        id=draft.id,
        status=draft.status,
        leave=_leave(draft, index, targets),
        sets=draft.sets,
        pause=draft.pause,
        sub_tasks=draft.sub_tasks,
        events=events,
        streams_result=draft.streams,
        faults=draft.faults,
        line=draft.line,
    )


def _leave(draft: Draft, index: int, targets: Targets) -> After | Polls | Wait | None:
    ways = [(way, targets[index, number]) for number, way in enumerate(draft.exits)]
    match ways:
        case []:
            return None
        case [(way, target)] if way.by == "polls":
            return Polls(way.count, target)
        case [(way, target)] if way.by == "after" and way.delay:
            return After(*way.delay, target)
        case _:
            expiry = next((After(*way.delay, target) for way, target in ways if way.by == EXPIRE and way.delay), None)
            return Wait({way.by: target for way, target in ways if way.delay is None}, expiry)


def _duplicates(read: Iterable[_Read]) -> Iterator[Diagnostic]:
    first: dict[str, _Read] = {}
    for item in read:
        name = item.scenario.name
        if name in first:
            other = first[name].scenario.source
            message = f"the scenario '{name}' is already in {other}; give one of them another name"
            yield item.document.diagnostic(("scenario",), message)
        first.setdefault(name, item)


def _starting_each_other(read: Sequence[_Read], beside: Sequence[Scenario]) -> Iterator[Diagnostic]:
    """Yield a mistake for each scenario whose sub-tasks would, in the end, start it again."""
    catalogue = Catalogue([*beside, *(item.scenario for item in read)])
    starts = {name: _started(scenario, catalogue) for name, scenario in catalogue.items()}
    told: set[frozenset[str]] = set()
    for item in read:
        circle = _circle(item.scenario.name, starts)
        if circle and frozenset(circle) not in told:
            told.add(frozenset(circle))
            way = " → ".join([*circle, circle[0]])
            path = _where_started(item, circle[1 % len(circle)], catalogue)
            yield item.document.diagnostic(
                path, f"the scenarios {way} start each other without end; let one of them start none"
            )


def _started(scenario: Scenario, catalogue: Catalogue) -> list[str]:
    return [
        played
        for step in scenario.timeline.steps
        for task in step.sub_tasks
        if (played := _played(task.runs, catalogue))
    ]


def _played(runs: str, catalogue: Catalogue) -> str | None:
    """Return the scenario that `runs` takes whatever its request says; None where that cannot be told."""
    if runs in catalogue:
        return runs
    by_id = [item for item in catalogue.matching if all(matcher.path == WORKFLOW_ID for matcher in item.match)]
    matched = best_match(by_id, runs, {})
    return matched.name if matched else None


def _circle(name: str, starts: dict[str, list[str]]) -> list[str]:
    """Return the shortest row of scenarios from `name` back to it, or nothing."""
    rows = [[name]]
    seen: set[str] = set()
    while rows:
        row = rows.pop(0)
        for started in starts.get(row[-1], ()):
            if started == name:
                return row
            if started not in seen:
                seen.add(started)
                rows.append([*row, started])
    return []


def _where_started(item: _Read, name: str, catalogue: Catalogue) -> tuple[str | int, ...]:
    for index, step in enumerate(item.scenario.timeline.steps):
        for number, task in enumerate(step.sub_tasks):
            if _played(task.runs, catalogue) == name:
                return ("steps", index, "sub_tasks", number, "workflow_id")
    return ("steps",)
