"""A contract that is loaded is served: whatever the schema of a property says, no poll and no list is a 500."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml
from hypothesis import HealthCheck, given

from tests.contract.request.test_client_schemas import CIRCLES, SCHEMAS
from tests.profiles import examples
from xpander_emulator.errors import InvalidFiles
from xpander_emulator.settings import Settings
from xpander_emulator.web.app import create_app

HERE = Path(__file__).parent
FILE = yaml.safe_load((HERE / "rendering_jobs.yaml").read_text(encoding="utf-8"))
PLACE = "#/components/schemas/Extra"


def contract_with(schema: Any, folder: Path) -> Path:
    """Write the contract of the jobs with a further property of the job; the references of its schema lead into it."""
    text = json.dumps(schema).replace('"#/', f'"{PLACE}/').replace('"#"', f'"{PLACE}"')
    contract = json.loads(json.dumps(FILE))
    contract["components"]["schemas"]["Extra"] = json.loads(text)
    contract["components"]["schemas"]["Job"]["properties"]["extra"] = {"$ref": PLACE}
    path = folder / "contract.json"
    path.write_text(json.dumps(contract), encoding="utf-8")
    return path


async def statuses(path: Path) -> list[int]:
    """Return the statuses of a start, a poll and a list."""
    app = create_app(Settings(clock="manual", spec=path, scenarios=(HERE / "scenarios",)))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://emulator") as http:
        start = await http.post("/jobs", json={"scene": "harbour"})
        location = start.headers.get("location", "/nowhere")
        return [start.status_code, (await http.get(location)).status_code, (await http.get("/jobs")).status_code]


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"next": {"$ref": "#"}}},
        {"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["next"]},
        {"properties": {"a": True, "b": False}},
        {"not": {"type": "null"}},
        {"anyOf": [False, {"type": "null"}]},
        {"if": {"type": "null"}, "then": False},
        {"oneOf": [{}, {"type": "null"}]},
        {"properties": {"a": {"const": {"b": 1}}}, "required": ["a"]},
        {"properties": {"a": {"default": 1}}, "not": {"required": ["a"]}},
        {"properties": {"a": {}}, "minProperties": 3},
        {"type": "object", "minProperties": 1, "unevaluatedProperties": {"$ref": "#"}},
        {"pattern": "^(a|aa)+$", "const": "a" * 40 + "!"},
        {"allOf": [{"type": "string"}], "properties": {"a": {"$ref": "#/allOf/0"}}},
        {"properties": {"a b": {"$ref": "#/$defs/c%20d"}}, "$defs": {"c d": {"type": "string"}}},
    ],
)
async def test_a_property_of_any_schema_is_served(schema: Any, tmp_path: Path) -> None:
    assert await statuses(contract_with(schema, tmp_path)) == [202, 200, 200]


@pytest.mark.parametrize("schema", [each for each in CIRCLES if set(each) != {"$ref"}])
def test_a_circle_is_refused_when_the_contract_is_loaded(schema: Any, tmp_path: Path) -> None:
    with pytest.raises(InvalidFiles, match=r"contract.json:1:\d+: (a schema applies itself to|'.*' refers to itself)"):
        create_app(Settings(spec=contract_with(schema, tmp_path)))


@given(SCHEMAS)
@examples(
    10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
)
async def test_a_contract_is_refused_when_it_is_loaded_or_never_answers_500(tmp_path: Path, schema: Any) -> None:
    refusal, answers = "", [202, 200, 200]
    try:
        answers = await statuses(contract_with(schema, tmp_path))
    except InvalidFiles as refused:
        refusal = refused.message

    assert "contract.json:1:" in refusal or answers == [202, 200, 200]
