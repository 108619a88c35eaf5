"""A documented thing exists, and an existing thing is documented."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import click
import httpx2
import pytest

from tests.docs.pages import (
    PAGES,
    ROOT,
    Curl,
    anchors,
    blocks,
    curls,
    doc,
    first_cells,
    links,
    sections,
    whole_sections,
)
from tests.web.listening import heard
from xpander_emulator.cli import failures, main
from xpander_emulator.cli.settings_options import settings_options
from xpander_emulator.common import resources
from xpander_emulator.common.yaml_document import parse_document
from xpander_emulator.contract.extension import vocabulary
from xpander_emulator.contract.model import Contract, Operation
from xpander_emulator.contract.openapi.load import load_contract
from xpander_emulator.contract.request.message_validation import ResponseChecker
from xpander_emulator.contract.schema.validation import find_violations
from xpander_emulator.core.faults import BUILT_IN
from xpander_emulator.core.faults import KINDS as FAULT_KINDS
from xpander_emulator.report.conduct_rules import RULES
from xpander_emulator.report.coverage import ANSWER, KINDS
from xpander_emulator.scenario import playlist
from xpander_emulator.scenario.compile import compile_document
from xpander_emulator.settings import Settings
from xpander_emulator.web.app import Application, create_app

SCHEMA = json.loads(resources.EDITOR_SCHEMA.read_text(encoding="utf-8"))
# Options of every command that speaks to a server; documented once, above those commands.
SHARED = {"-u", "--url", "--key", "--namespace", "--token", "-o", "--output"}


@cache
def contract() -> Contract:
    return load_contract(resources.CONTRACT, "openapi.yaml", check_schemas=False)


@cache
def control() -> Contract:
    return load_contract(resources.CONTROL_CONTRACT, check_schemas=False, check_behaviours=False)


# The command line


def commands(command: click.Command = main, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    if isinstance(command, click.Group):
        for name, child in command.commands.items():
            yield from commands(child, (*path, name))
    else:
        yield " ".join(path), command


def options(command: click.Command) -> list[click.Option]:
    return [option for option in command.params if isinstance(option, click.Option)]


def flags(command: click.Command) -> set[str]:
    return {flag for option in options(command) for flag in (*option.opts, *option.secondary_opts)}


def flags_in(text: str) -> set[str]:
    return set(re.findall(r"`(--?[a-z][a-z-]*)", text))


def settings() -> dict[str, click.Option]:
    @click.command()
    @settings_options
    def command(**_: Any) -> None: ...

    return {max(option.opts, key=len): option for option in options(command)}


def test_every_command_has_its_section_and_every_section_its_command() -> None:
    page = doc("cli.md")
    told = {"serve", *sections(page, 3)} - {"Settings"}

    assert told == {path for path, _ in commands()}


@pytest.mark.parametrize(
    ("path", "command"), [pair for pair in commands() if pair[0] not in ("serve", "exec", "doctor")]
)
def test_a_command_is_documented_with_its_flags_and_no_others(path: str, command: click.Command) -> None:
    text = sections(doc("cli.md"), 3)[path]
    shared = SHARED if "--namespace" in flags(command) else set()

    assert flags_in(text) - shared == flags(command) - shared


def test_the_shared_flags_are_those_of_the_commands_for_a_server() -> None:
    text = sections(doc("cli.md"), 2)["Commands for a running server"]

    assert {flag for cell in first_cells(text) for flag in flags_in(cell)} == SHARED
    assert flags(dict(commands())["tasks list"]) == SHARED


def test_every_setting_is_documented_with_its_variable_its_key_and_its_default() -> None:
    rows = [row.split(" | ") for row in sections(doc("cli.md"), 3)["Settings"].splitlines() if row.startswith("| `-")]
    known = settings()

    assert {max(flags_in(row[0]), key=len) for row in rows} == {
        max((*option.opts, *option.secondary_opts), key=len) for option in known.values()
    }
    for row in rows:
        option = next(each for each in known.values() if flags_in(row[0]) == {*each.opts, *each.secondary_opts})
        assert row[1].strip(" |") == f"`{option.envvar}`"
        if option.name == "config":
            continue
        assert row[2] == f"`{max(option.opts, key=len).lstrip('-').replace('-', '_')}`"
        if option.to_info_dict()["default"] not in (None, ()):
            default = option.default
            assert row[3] == f"`{f'{default:g}' if isinstance(default, float) else str(default).lower()}`" or (
                row[3] == f"`{default}`"
            )


def test_every_variable_on_the_page_is_read() -> None:
    printed = {"XPANDER_BASE_URL", "XPANDER_ORGANIZATION_ID"}
    read = {str(option.envvar) for _, command in commands() for option in options(command) if option.envvar}

    assert set(re.findall(r"\b(?:EMULATOR|XPANDER)_[A-Z_]+\b", doc("cli.md"))) - printed == read


def test_every_exit_code_is_documented() -> None:
    kinds = (failures.Refused, failures.WrongUsage, failures.NotStarted, failures.Unreachable, failures.TimedOut)
    codes = {0, failures.INTERRUPTED, *(kind.exit_code for kind in kinds)}

    assert [cell.strip("`") for cell in first_cells(sections(doc("cli.md"), 2)["Exit codes"])] == [
        str(code) for code in sorted(codes)
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_command_that_a_page_shows_exists(page: Any) -> None:
    known = dict(commands())
    shown = re.findall(
        r"(?:^|[`(])xpander-emulator ([a-z]+)(?: ([a-z]+))?", page.read_text(encoding="utf-8"), re.MULTILINE
    )

    for first, second in shown:
        assert first in known or f"{first} {second}" in known, f"{first} {second}"


# The reports


def test_every_rule_of_conduct_is_defined_with_its_severity() -> None:
    table = sections(doc("reports.md"), 2)["The rules of conduct"]
    rows = [row.strip("| ").split(" | ")[:2] for row in table.splitlines() if row.startswith("| `")]

    assert {name.strip("`"): severity for name, severity in rows} == {
        name: rule.severity for name, rule in RULES.items()
    }


def test_every_kind_of_coverage_is_defined() -> None:
    table = sections(doc("reports.md"), 2)["What counts as reached"]
    rows = [row.strip("| ").split(" | ")[0] for row in table.splitlines() if row.startswith("| ")]

    assert rows[2:] == [*KINDS, ANSWER]


# The control API


def operations() -> dict[str, Operation]:
    return {f"{operation.method} {operation.path}": operation for operation in control().operations}


def test_every_operation_of_the_control_api_has_its_section_and_no_others() -> None:
    assert set(sections(doc("control-api.md"), 3)) == set(operations())


@pytest.mark.parametrize("name", operations())
def test_an_operation_of_the_control_api_is_shown_with_an_answer_that_keeps_its_contract(name: str) -> None:
    [shown] = blocks(whole_sections(doc("control-api.md"), 3)[name], "json")

    operation = operations()[name]
    event = operation.behaviour.get("event")

    if event:
        assert find_violations(control(), f"/components/schemas/{event}", json.loads(shown), ()) == ()
    else:
        checker = ResponseChecker(control(), strict=True)
        assert checker.check(operation, 200, "application/json", json.loads(shown)) == ()


@pytest.mark.anyio
@pytest.mark.parametrize("name", operations())
async def test_an_operation_of_the_control_api_is_shown_with_a_request_that_works(name: str) -> None:
    [request] = curls(whole_sections(doc("control-api.md"), 3)[name])
    app = create_app(Settings(clock="manual"))
    operation = operations()[name]
    template = re.sub(r"\{\w+\}", "[^/]+", re.escape(operation.path).replace(r"\{", "{").replace(r"\}", "}"))

    task = await ask(app, START)
    await ask(app, Curl("POST", f"/__emulator/tasks/{task['id']}/skip", JSON, '{"until": "paused"}'))

    assert request.method == operation.method
    assert re.fullmatch(template, request.target.partition("?")[0])
    if "event" in operation.behaviour:
        assert [event["type"] for event in await heard(app, request.target, 1, request.headers)] == ["stale"]
        return
    await ask(app, Curl(request.method, request.target.replace("$ID", task["id"]), request.headers, request.body))


JSON = {"Content-Type": "application/json"}
START = Curl("POST", "/v1/workflows/approval/invoke/async", {**JSON, "x-api-key": "local"}, '{"input": {"text": "Hi"}}')


async def ask(app: Application, request: Curl) -> Any:
    """Return the answer to a request, which is 200."""
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://127.0.0.1:4020") as client:
        answer = await client.request(request.method, request.target, headers=request.headers, content=request.body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_every_type_of_event_is_documented() -> None:
    types = control().document["components"]["schemas"]["Event"]["properties"]["type"]["enum"]

    told = [cell.strip("`") for cell in first_cells(sections(doc("control-api.md"), 3)["GET /__emulator/events"])]

    assert told == types


# Pages


def test_every_key_of_a_playlist_is_documented() -> None:
    told = [cell.strip("`") for cell in first_cells(sections(doc("pages.md"), 2)["Presenter mode"])]

    assert {*playlist.KEYS, *playlist.ENTRY_KEYS} <= set(told)


# Scenarios


def keys_of(place: str) -> list[str]:
    """Return the keys that the schema knows at a place; a row of the page's tables each."""
    definitions = SCHEMA["$defs"]
    events = definitions["event"]["properties"]
    found = {
        "Top level": {**SCHEMA["properties"], "x-": {}},
        "match": definitions["match"]["properties"],
        "Conditions": definitions["condition"]["properties"],
        "Steps": definitions["step"]["properties"],
        "on": definitions["on"]["properties"],
        "expire": definitions["on"]["properties"]["expire"]["anyOf"][1]["properties"],
        "hitl": definitions["hitl"]["properties"],
        "eca": definitions["eca"]["properties"],
        "sub_tasks": definitions["subTask"]["properties"],
        "events": events,
        "tool_call_request": events["tool_call_request"]["anyOf"][1]["properties"],
        "tool_call_result": events["tool_call_result"]["anyOf"][1]["properties"],
        "sub_agent_trigger": events["sub_agent_trigger"]["anyOf"][1]["properties"],
        "auth_event": events["auth_event"]["properties"],
        "faults": definitions["fault"]["properties"],
        "fault": set(definitions["rule"]["properties"]) - set(definitions["fault"]["properties"]),
    }
    return list(found[place])


@pytest.mark.parametrize(
    "place",
    [
        *("Top level", "match", "Conditions", "Steps", "on", "expire", "hitl", "eca", "sub_tasks"),
        *("events", "tool_call_request", "tool_call_result", "sub_agent_trigger", "auth_event"),
        *("faults", "fault"),
    ],
)
def test_the_keys_of_a_scenario_are_documented_and_no_others(place: str) -> None:
    told = [cell.strip("`") for cell in first_cells(sections(doc("scenarios.md"), 2)[place])]

    assert sorted(told) == sorted(keys_of(place))


def test_every_definition_of_the_schema_has_a_place_on_the_page() -> None:
    assert set(SCHEMA["$defs"]) == {
        "stepId", "duration", "match", "condition", "hitl", "eca", "on", "subTask", "event", "step",
        "fault", "rule", "strike",
    }  # fmt: skip


def test_every_kind_of_fault_is_documented_with_its_built_in_names() -> None:
    table = sections(doc("faults.md"), 2)["Kinds"]
    rows = [row.strip("| ").split(" | ") for row in table.splitlines() if row.startswith("| `")]

    assert [row[0].strip("`") for row in rows] == list(FAULT_KINDS)
    assert {row[0].strip("`"): re.findall(r"`([a-z-]+)`", row[-1]) for row in rows} == {
        kind: [name for name, fault in BUILT_IN.items() if fault.kind == kind] for kind in FAULT_KINDS
    }


def test_every_name_of_a_template_is_documented() -> None:
    from xpander_emulator.scenario.templates import NAMES

    told = [cell.strip("`") for cell in first_cells(sections(doc("scenarios.md"), 2)["Templates"])]

    assert told == list(NAMES)


def stories_on(pages: Any) -> list[str]:
    texts = [block for page in pages for block in blocks(page.read_text(encoding="utf-8"), "yaml")]
    return [text for text in texts if re.search(r"^scenario:", text, re.MULTILINE)]


@pytest.mark.parametrize(
    "text", stories_on(PAGES), ids=lambda text: re.findall(r"^scenario: (\w+)", text, re.MULTILINE)[0]
)
def test_a_scenario_that_a_page_shows_compiles(text: str) -> None:
    # The page on other APIs shows a story for the file that it is about.
    served = load_contract(ROOT / "tests/any_api/rendering_jobs.yaml") if "submitJob" in text else contract()

    assert compile_document(parse_document(text, "page.yaml"), served).timeline.steps


def test_the_built_in_stories_are_in_the_readme_and_no_others() -> None:
    told = first_cells(sections(README, 2)["All states on demand"])
    built_in = [path.stem for path in resources.SCENARIOS.glob("*.yaml")]

    assert sorted(cell.strip("`") for cell in told) == sorted(built_in)


# Everything else

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.anyio
async def test_the_requests_of_the_readme_work_one_after_the_other() -> None:
    app = create_app(Settings())
    shown = list(curls(README))

    first = await ask(app, shown[0])
    for request in shown[1:]:
        await ask(app, request)

    assert first["id"] in shown[1].target, "The id of the first task has changed; the README shows another one."


def test_the_preferences_that_the_page_explains_are_those_that_are_known() -> None:
    from xpander_emulator.contract.request.prefer import Preferences

    told = [cell.strip("`") for cell in first_cells(sections(doc("contract.md"), 2)["Prefer"])]

    assert sorted(told) == sorted(set(Preferences.__slots__) - {"ignored"})


def test_the_words_of_x_emulator_are_on_the_page_and_no_others() -> None:
    page = sections(doc("contract.md"), 2)["--spec: another file"]
    rows = {line.split(" | ")[0]: line for line in page.splitlines() if line.startswith("| `")}
    keys = [key for cell in rows for key in re.findall(r"`(\w+)`", cell)]

    assert sorted(keys) == sorted(vocabulary.KEYS)
    assert re.findall(r"`(\w+)`", rows["| `action`"])[1:] == list(vocabulary.ACTIONS)
    assert set(vocabulary.REPLIES) <= set(re.findall(r"`(\w+)`", rows["| `reply`"]))


def test_all_that_can_be_named_is_on_the_page() -> None:
    told = re.findall(r"`(\w+)`", doc("any-api.md"))

    assert set(vocabulary.FACTS) <= set(told)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_link_leads_somewhere(page: Any) -> None:
    for target in links(page.read_text(encoding="utf-8")):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page

        assert file.exists(), target
        assert not anchor or anchor in anchors(file.read_text(encoding="utf-8")), target


def test_every_page_of_the_docs_can_be_reached_from_the_readme() -> None:
    reached, ahead = set(), [ROOT / "README.md"]
    while ahead:
        page = ahead.pop()
        if page.suffix == ".md" and page not in reached:
            reached.add(page)
            ahead += [(page.parent / target.partition("#")[0]).resolve() for target in links(page.read_text("utf-8"))]

    assert set(PAGES) <= reached


def test_the_architecture_fits_150_lines_and_names_every_room() -> None:
    import tomllib

    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = project["tool"]["importlinter"]["contracts"][0]["layers"]

    assert len(text.splitlines()) <= 150
    assert [re.findall(r"`(\w+)`", cell) for cell in first_cells(sections(text, 2)["Rooms"])] == [
        re.findall(r"\w+", layer) for layer in layers
    ]


@pytest.mark.parametrize("page", ["ARCHITECTURE.md", "CONTRIBUTING.md"])
def test_every_file_and_folder_that_a_page_for_developers_names_exists(page: str) -> None:
    text = (ROOT / page).read_text(encoding="utf-8")
    paths = re.findall(r"`([a-z_0-9]+/[a-z_0-9/*.]*)`", text)
    places = (ROOT, ROOT / "emulator/xpander_emulator")

    assert len(paths) > 10
    assert [path for path in paths if not any([*place.glob(path.rstrip("/"))] for place in places)] == []
