import json
from pathlib import Path

from tests.cli.conftest import Run


def test_routes_show_the_action_and_the_source_of_each_operation(run: Run) -> None:
    lines = run("routes").stdout.splitlines()

    assert lines[0].split() == ["METHOD", "PATH", "OPERATION", "ACTION", "SOURCE"]
    assert ["GET", "/v1/tasks/{task_id}", "getTask", "read", "documented"] in [line.split() for line in lines]


def test_routes_of_another_contract(run: Run) -> None:
    Path("mine.yaml").write_text(
        "openapi: 3.1.0\ninfo: {title: Mine, version: '1'}\npaths:\n"
        "  /pets: {get: {operationId: listPets, responses: {'200': {description: Pets}}}}\n"
    )

    answer = json.loads(run("routes", "--spec", "mine.yaml", "-o", "json").stdout)

    assert answer["items"] == [{"method": "GET", "path": "/pets", "id": "listPets", "action": None, "source": None}]
