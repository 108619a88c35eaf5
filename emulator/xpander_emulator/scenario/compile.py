"""The compiler: scenario files to timelines. All mistakes in all files are raised at once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from xpander_emulator.common.types import DocPath
from xpander_emulator.common.yaml_document import Document, read_document
from xpander_emulator.contract.model import Contract
from xpander_emulator.core.timeline import After, Polls, Step, StepEvent, Timeline, Wait
from xpander_emulator.errors import Diagnostic, InvalidFiles
from xpander_emulator.scenario import keys
from xpander_emulator.scenario.diagnostics import Diagnostics, Node, Rules
from xpander_emulator.scenario.event_links import link
from xpander_emulator.scenario.faults import read_scenario_faults
from xpander_emulator.scenario.graph_checks import Targets, check_graph, check_streams, resolve
from xpander_emulator.scenario.match import read_match
from xpander_emulator.scenario.property_schemas import request_rules, task_rules
from xpander_emulator.scenario.selection import WORKFLOW_ID, Catalogue, Scenario, best_match
from xpander_emulator.scenario.steps import ParsedStep, read_steps

SUFFIXES = (".yaml", ".yml")


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A scenario and the document from which it was compiled."""

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

    trusted: leaves out what needs the contract, Jinja2 or Faker; for the built-in scenarios, which the tests check.
    beside:  scenarios loaded before, which these may start as sub-tasks or override.
    Two paths may hold scenarios of the same name. Both are returned, and a Catalogue takes the later one.
    Raises InvalidFiles with all mistakes in all files.
    """
    rules = Rules(templates=False) if trusted else rules_of(contract)
    diagnostics: list[Diagnostic] = []
    compiled: list[_Compiled] = []
    for path in paths:
        below = [_read(file, rules, diagnostics, trusted=trusted) for file in _files(path, diagnostics)]
        scenarios = [item for item in below if item]
        diagnostics.extend(_duplicates(scenarios))
        compiled.extend(scenarios)
    diagnostics.extend(_circles(compiled, beside))
    if diagnostics:
        raise InvalidFiles(diagnostics)
    return tuple(item.scenario for item in compiled)


def compile_document(document: Document, contract: Contract | None) -> Scenario:
    """Return the scenario of one document. Raises InvalidFiles with all mistakes in it."""
    return _compile(document, rules_of(contract))


def rules_of(contract: Contract | None) -> Rules:
    """Return what scenarios must satisfy where the emulator serves a contract."""
    if contract is None:
        return Rules(providers=_providers)
    actions = {operation.id: str(operation.behaviour.get("action", "")) for operation in contract.operations}
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
        message = "the directory has no *.yaml; name the one with the scenarios"
        diagnostics.append(Diagnostic(str(path), 1, 1, message))
    return files


def _read(file: Path, rules: Rules, diagnostics: list[Diagnostic], *, trusted: bool) -> _Compiled | None:
    try:
        document = read_document(file, f"{file.parent.name}/{file.name}" if trusted else _name_of(file))
        return _Compiled(_compile(document, rules), document)
    except InvalidFiles as error:
        diagnostics.extend(error.diagnostics)
        return None


def _name_of(file: Path) -> str:
    """Return a file's name as its user would type it: relative to the working directory, if the file is below it."""
    try:
        return file.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return str(file)


def _compile(document: Document, rules: Rules) -> Scenario:
    diagnostics = Diagnostics(document, rules)
    top = Node(diagnostics, (), document.value)
    if not top.expect_mapping("a scenario is a mapping with 'scenario' and 'steps'"):
        raise InvalidFiles(diagnostics.entries)
    # As in compose files: what begins with x- is the author's own, for instance to hold YAML anchors.
    own = [member.key for member in top.members if member.key.startswith("x-")]
    top.check_keys(keys.TOP_KEYS, keys.TOP_CORRECTIONS, reported=own)
    name = _name(top)
    if "description" in top:
        top["description"].expect_text("'description' takes text")
    match = read_match(top["match"]) if "match" in top else ()
    faults = read_scenario_faults(top)
    top.require("steps", "[{status: completed}]", keys.TOP_CORRECTIONS)
    steps = read_steps(top["steps"], faults.named) if "steps" in top else ()
    targets = resolve(steps)
    check_graph(steps, targets)
    check_streams(steps, targets)
    events = link(steps, targets)
    if diagnostics.entries:
        raise InvalidFiles(diagnostics.entries)
    timeline_steps = tuple(_step(step, index, targets, events[index]) for index, step in enumerate(steps))
    timeline = Timeline(name, timeline_steps, document.file, faults)
    return Scenario(name, str(top["description"].value or "").strip(), match, timeline, document.file)


def _name(top: Node) -> str:
    top.require("scenario", "refund_approval", keys.TOP_CORRECTIONS)
    if "scenario" in top:
        top["scenario"].expect_name("a scenario's name")
    return str(top["scenario"].value)


def _step(step: ParsedStep, index: int, targets: Targets, events: tuple[StepEvent, ...]) -> Step:
    if step.status is None:
        raise ValueError(f"step '{step.id}' has no status")
    return Step(
        id=step.id,
        status=step.status,
        leave=_leave(step, index, targets),
        sets=step.sets,
        pause=step.pause,
        sub_tasks=step.sub_tasks,
        events=events,
        streams_result=step.streams_result,
        faults=step.faults,
        line=step.node.line,
    )


def _leave(step: ParsedStep, index: int, targets: Targets) -> After | Polls | Wait | None:
    exits = [(exit_, targets[index, number]) for number, exit_ in enumerate(step.exits)]
    match exits:
        case []:
            return None
        case [(exit_, target)] if exit_.by == "polls":
            return Polls(exit_.count, target)
        case [(exit_, target)] if exit_.by == "after" and exit_.delay:
            return After(*exit_.delay, target)
        case _:
            expiry = next((After(*exit_.delay, target) for exit_, target in exits if exit_.delay), None)
            return Wait({exit_.by: target for exit_, target in exits if exit_.delay is None}, expiry)


def _duplicates(compiled: Iterable[_Compiled]) -> Iterator[Diagnostic]:
    first: dict[str, Scenario] = {}
    for item in compiled:
        other = first.setdefault(item.scenario.name, item.scenario)
        if other is not item.scenario:
            message = f"the scenario '{other.name}' is already in {other.source}; give one of them another name"
            yield item.document.diagnostic(("scenario",), message)


def _circles(compiled: Sequence[_Compiled], beside: Sequence[Scenario]) -> Iterator[Diagnostic]:
    """Yield a mistake for each circle of scenarios that start each other by their sub-tasks."""
    catalogue = Catalogue([*beside, *(item.scenario for item in compiled)])
    starts = {name: _started(scenario, catalogue) for name, scenario in catalogue.items()}
    reported: set[frozenset[str]] = set()
    for item in compiled:
        circle = _circle(item.scenario.name, starts)
        if circle and frozenset(circle) not in reported:
            reported.add(frozenset(circle))
            names = " → ".join([*circle, circle[0]])
            message = f"the scenarios {names} start each other without end; let one of them start none"
            path = _started(item.scenario, catalogue).get(circle[1 % len(circle)], ("steps",))
            yield item.document.diagnostic(path, message)


def _started(scenario: Scenario, catalogue: Catalogue) -> dict[str, DocPath]:
    """Return the scenarios that a scenario's sub-tasks run, each with the first place in the file that names it."""
    started: dict[str, DocPath] = {}
    for index, step in enumerate(scenario.timeline.steps):
        for number, task in enumerate(step.sub_tasks):
            if name := _name_run_by(task.runs, catalogue):
                started.setdefault(name, ("steps", index, "sub_tasks", number, "workflow_id"))
    return started


def _name_run_by(runs: str, catalogue: Catalogue) -> str | None:
    """Return the scenario that a workflow id takes whatever its request says; None where the request decides."""
    if runs in catalogue:
        return runs
    by_id = [item for item in catalogue.matching if all(matcher.path == WORKFLOW_ID for matcher in item.match)]
    matched = best_match(by_id, runs, {})
    return matched.name if matched else None


def _circle(name: str, starts: Mapping[str, Iterable[str]]) -> list[str]:
    """Return the shortest row of scenarios from `name` back to it, or nothing."""
    rows = [[name]]
    seen: set[str] = set()
    for row in rows:
        for started in starts.get(row[-1], ()):
            if started == name:
                return row
            if started not in seen:
                seen.add(started)
                rows.append([*row, started])
    return []
