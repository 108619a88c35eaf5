import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.scenario.test_lint import GOLDEN
from xpander_emulator.common.yaml_document import read_document
from xpander_emulator.core.faults import BUILT_IN, KINDS
from xpander_emulator.scenario import keys

ROOT = Path(__file__).parents[2]
SCHEMA: dict[str, Any] = json.loads(
    (ROOT / "emulator/xpander_emulator/scenario/scenario.schema.json").read_text(encoding="utf-8")
)
DEFS = SCHEMA["$defs"]
EVENTS: dict[str, Any] = DEFS["event"]["properties"]
VALIDATOR = Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)
SCENARIOS = sorted((ROOT / "scenarios").glob("*.yaml"))

# Mistakes that no JSON Schema can express: names that must agree, the contract, Jinja2 and Faker.
ONLY_FOR_THE_COMPILER = (
    *("circle", "circle_by_expiry", "circle_of_one", "last_step_goes_on", "unreachable", "goto_unknown"),
    *("id_duplicate", "id_of_a_status", "on_unknown_step", "on_corrections", "on_near_miss", "expire_duration"),
    *("transition_by_goto", "transition_forbidden", "after_backwards", "after_too_long", "duplicate_key"),
    *("fake_and_set", "fake_unknown", "result_twice", "match_unknown_field", "set_unknown_property"),
    *("set_wrong_type", "set_wrong_enum", "set_out_of_bounds", "set_nested", "set_nested_unknown", "set_comma"),
    *("set_not_json", "set_template_for_number", "sub_tasks_itself", "sub_tasks_template", "sub_tasks_unknown_field"),
    *("sub_tasks_wrong_value", "template_syntax", "template_tag", "template_unknown_fake", "template_unknown_filter"),
    *("template_unknown_name", "events_out_of_order", "events_too_late", "events_result_unasked"),
    *("events_result_on_one_way", "events_plan_differs", "stream_without_result", "fault_unknown_name"),
)


@pytest.mark.parametrize(
    ("properties", "known"),
    [
        (SCHEMA["properties"], keys.TOP_KEYS),
        (DEFS["step"]["properties"], keys.STEP_KEYS),
        (DEFS["fault"]["properties"], keys.FAULT_KEYS),
        (DEFS["rule"]["properties"], (*keys.FAULT_KEYS, *keys.FAULT_RULE_KEYS)),
        (DEFS["hitl"]["properties"], keys.HITL_KEYS),
        (DEFS["eca"]["properties"], keys.ECA_KEYS),
        (DEFS["condition"]["properties"], keys.CONDITIONS),
        (DEFS["on"]["properties"]["expire"]["anyOf"][1]["properties"], keys.EXPIRY_KEYS),
        (EVENTS, ("at", *keys.EVENTS)),
        (EVENTS["tool_call_request"]["anyOf"][1]["properties"], keys.REQUEST_KEYS),
        (EVENTS["tool_call_result"]["anyOf"][1]["properties"], keys.RESULT_KEYS),
        (EVENTS["sub_agent_trigger"]["anyOf"][1]["properties"], keys.SUB_AGENT_KEYS),
        (EVENTS["auth_event"]["properties"], keys.AUTH_KEYS),
    ],
)
def test_the_schema_and_the_compiler_know_the_same_keys(properties: dict[str, Any], known: tuple[str, ...]) -> None:
    assert sorted(properties) == sorted(known)


def test_the_schema_and_the_compiler_know_the_same_faults() -> None:
    assert DEFS["fault"]["properties"]["kind"]["enum"] == list(KINDS)
    assert DEFS["rule"]["properties"]["use"]["examples"] == list(BUILT_IN)
    assert {fault.kind for fault in BUILT_IN.values()} == set(KINDS)


def test_the_schema_and_the_compiler_know_the_same_types_of_an_authorization() -> None:
    assert EVENTS["auth_event"]["properties"]["type"]["enum"] == list(keys.AUTH_TYPES)


def test_the_schema_requires_exactly_one_known_event() -> None:
    assert [option["required"] for option in DEFS["event"]["oneOf"]] == [[name] for name in keys.EVENTS]


def test_the_schema_refuses_the_reserved_signals() -> None:
    assert set(DEFS["on"]["propertyNames"]["not"]["enum"]) == set(keys.RESERVED_SIGNALS)


def test_the_schema_refuses_the_reserved_properties() -> None:
    assert set(DEFS["step"]["properties"]["set"]["properties"]) == set(keys.RESERVED_PROPERTIES)


def test_the_schema_is_a_json_schema() -> None:
    meta_schema = Draft202012Validator(Draft202012Validator.META_SCHEMA)

    assert [error.message for error in meta_schema.iter_errors(SCHEMA)] == []


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda path: path.stem)
def test_an_editor_reports_no_mistake_in_a_built_in_scenario(file: Path) -> None:
    assert [error.message for error in VALIDATOR.iter_errors(read_document(file).value)] == []


@pytest.mark.parametrize("file", SCENARIOS, ids=lambda path: path.stem)
def test_a_built_in_scenario_names_the_schema_for_editors(file: Path) -> None:
    modeline = "# yaml-language-server: $schema=../emulator/xpander_emulator/scenario/scenario.schema.json"

    assert file.read_text(encoding="utf-8").splitlines()[0] == modeline
    assert (file.parent / modeline.partition("=")[2]).resolve().is_file()


@pytest.mark.parametrize(
    "case",
    [path for path in sorted(GOLDEN.glob("*.yaml")) if path.stem not in ("not_yaml", *ONLY_FOR_THE_COMPILER)],
    ids=lambda path: path.stem,
)
def test_an_editor_underlines_a_mistake_of_shape(case: Path) -> None:
    text = case.read_text(encoding="utf-8")

    assert not VALIDATOR.is_valid(read_document(case).value), text
