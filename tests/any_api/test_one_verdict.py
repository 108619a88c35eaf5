"""One verdict: what `lint` accepts is served, and what it refuses would have broken the contract.

Needs nothing but the emulator, pytest and Hypothesis: `.ci/wheel` runs this file beside an installed wheel, without the
development packages and without jsonschema-rs.
"""

import asyncio
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from xpander_emulator.contract.schema.validation import part_validator
from xpander_emulator.errors import InvalidFiles
from xpander_emulator.scenario.lint import lint
from xpander_emulator.scenario.load import load_catalogue, load_spec
from xpander_emulator.settings import Settings
from xpander_emulator.web.app import create_app

FILE = yaml.safe_load((Path(__file__).parent / "rendering_jobs.yaml").read_text(encoding="utf-8"))

LEAVES = st.sampled_from([
    {"type": "string"}, {"type": "string", "format": "date-time"}, {"type": "string", "pattern": r"^\p{Lu}+$"},
    {"type": ["string", "null"], "maxLength": 3}, {"type": "integer", "minimum": 2}, {"type": "number"},
    {"type": "boolean", "default": False}, {"enum": ["a", "b", 3]}, {"const": "x"},
    {"type": "string", "readOnly": True}, {"type": "string", "writeOnly": True}, {}, True,
])  # fmt: skip


def _object(properties: dict[str, Any], required: list[str], more: Any) -> dict[str, Any]:
    closing = {"additionalProperties": more} if more is not None else {}
    return {"type": "object", "properties": properties, "required": required, **closing}


SCHEMAS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.builds(lambda each: {"type": "array", "items": each, "maxItems": 2}, inner),
        st.builds(lambda each: {"anyOf": [each, {"type": "null"}]}, inner),
        st.builds(lambda each: {"allOf": [each, {"description": "said beside"}]}, inner),
        st.builds(lambda one, other: {"oneOf": [one, other]}, inner, inner),
        st.builds(
            _object,
            st.dictionaries(st.sampled_from("abc"), inner, min_size=1),
            st.lists(st.sampled_from("abc"), max_size=2, unique=True),
            st.sampled_from([None, False, True]),
        ),
    ),
    max_leaves=4,
)
TEXTS = st.sampled_from(["", "a", "x", "ÄÖ", "abcd", "2026-04-10T19:01:35Z", "nonsense"])
VALUES = st.recursive(
    TEXTS | st.none() | st.booleans() | st.integers(0, 4) | st.just(1.5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abcd"), inner, max_size=3),
    max_leaves=4,
)


def write(folder: Path, schema: Any, value: Any) -> tuple[Path, Path]:
    """Write a contract whose job has a property of the schema, and a scenario that sets it."""
    contract = json.loads(json.dumps(FILE))
    contract["components"]["schemas"]["Extra"] = schema
    contract["components"]["schemas"]["Job"]["properties"]["extra"] = {"$ref": "#/components/schemas/Extra"}
    scenario = {
        "scenario": "submitJob",
        "steps": [{"status": "executing", "polls": 1, "set": {"extra": value}}, {"status": "completed"}],
    }
    (folder / "contract.json").write_text(json.dumps(contract), encoding="utf-8")
    (folder / "submit.yaml").write_text(json.dumps(scenario), encoding="utf-8")
    return folder / "contract.json", folder / "submit.yaml"


async def call(app: Any, method: str, path: str, body: bytes = b"") -> tuple[int, Any]:
    """Send one request to an ASGI application; return the status and the JSON of the response."""
    sent: list[Any] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": body, "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"emulator"), (b"content-type", b"application/json"), (b"content-length", b"%d" % len(body))]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("emulator", 80), "state": {},
    }  # fmt: skip
    await app(scope, receive, send)
    content = b"".join(message.get("body", b"") for message in sent[1:])
    return sent[0]["status"], json.loads(content)


async def served(contract: Path, scenario: Path) -> list[int]:
    """Return the statuses of a start, two polls and a list."""
    app = create_app(Settings(clock="manual", spec=contract, scenarios=(scenario,)))
    status, job = await call(app, "POST", "/jobs", b'{"scene": "harbour"}')
    polls = [await call(app, "GET", f"/jobs/{job['jobId']}") for _ in range(2)]
    listed, _ = await call(app, "GET", "/jobs")
    return [status, *(each for each, _ in polls), listed]


def assert_one_verdict(schema: Any, value: Any) -> bool:
    """Compare `lint`, the start of a server and the running server; return whether all accept the value."""
    with tempfile.TemporaryDirectory() as folder:
        files = write(Path(folder), schema, value)
        try:
            contract = load_spec(files[0])
        except InvalidFiles:
            assume(False)
        diagnostics = lint([files[1]], contract)
        if not diagnostics:
            assert asyncio.run(served(*files)) == [202, 200, 200, 200]
            return True
        with pytest.raises(InvalidFiles) as refused:
            load_catalogue([files[1]], contract)
        assert refused.value.diagnostics == diagnostics
        is_unknown = any(" has no '" in each.message for each in diagnostics)
        assert is_unknown or not part_validator(contract, schema).is_valid(value)
        return False


@given(SCHEMAS, VALUES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
def test_what_lint_accepts_is_served_and_what_it_refuses_breaks_the_contract(schema: Any, value: Any) -> None:
    assert_one_verdict(schema, value)


@pytest.mark.parametrize(
    ("schema", "value", "is_taken"),
    [
        ({"type": "string", "format": "date-time"}, "nonsense", False),
        ({"type": "string", "format": "date-time"}, "2026-04-10T19:01:35Z", True),
        ({"type": "string", "format": "email"}, "nobody", False),
        ({"type": "string", "format": "uri"}, "not one", False),
        ({"type": "string", "pattern": r"^\p{Script=Greek}+$"}, "abc", False),
        ({"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}, {}, False),
        ({"type": "object", "properties": {"a": {"default": 1}}, "required": ["a"]}, {}, True),
        ({"properties": {"a": {}}, "required": ["c"], "additionalProperties": True}, {"a": 1, "c": None}, True),
        ({"properties": {"a": {"writeOnly": True}}, "required": ["a"], "additionalProperties": False}, {}, True),
        ({"allOf": [{"properties": {"a": {"type": "integer"}}}, {"properties": {"b": {}}}]}, {"b": 1, "a": "x"}, False),
    ],
)
def test_formats_patterns_and_defaults_have_one_meaning(schema: Any, value: Any, is_taken: bool) -> None:
    is_accepted = assert_one_verdict(schema, value)

    assert is_accepted is is_taken
