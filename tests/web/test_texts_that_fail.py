"""A story whose text fails when a task is shown: that task says so, and the lists go on without it."""

from pathlib import Path

import pytest

from tests.web.api_client import Api, api


@pytest.fixture
def broken(tmp_path: Path) -> Api:
    story = tmp_path / "broken.yaml"
    story.write_text(
        """scenario: broken
steps:
  - status: executing
    after: 1s
    set: {internal_status: "{{ 1 // 0 }}", last_executed_node_id: read}
  - status: paused
    hitl: {wait_node_id: boss, title: "{{ 1 // 0 }}"}
    on: {approve: end}
    set: {internal_status: Waiting}
  - {id: end, status: completed, result: Done}
""",
        encoding="utf-8",
    )
    return api(scenarios=(story,))


async def test_a_list_tells_the_task_in_part_and_the_others_whole(broken: Api) -> None:
    good = await broken.start("completed")
    started = await broken.http.post("/v1/workflows/broken/invoke/async", json={"input": {"text": "Hi"}})

    listed = broken.ok(await broken.http.get("/v1/tasks"))["items"]

    assert started.status_code == 500
    assert [item["status"] for item in listed] == ["executing", "pending"]
    assert listed[1]["id"] == good["id"]
    own = await broken.http.get(f"/v1/tasks/{listed[0]['id']}")
    assert own.status_code == 500
    assert "the template at /internal_status, '{{ 1 // 0 }}', cannot be resolved" in own.json()["detail"]
    assert own.json()["detail"].endswith("broken.yaml:3.")


async def test_a_filter_that_reads_the_failing_text_finds_the_others(broken: Api) -> None:
    await broken.http.post("/v1/workflows/broken/invoke/async", json={"input": {"text": "Hi"}})
    good = await broken.start("completed")

    assert await broken.listed(internal_status="Waiting for a free worker") == [good["id"]]


async def test_the_control_api_lists_a_pause_whose_title_fails(broken: Api) -> None:
    await broken.http.post("/v1/workflows/broken/invoke/async", json={"input": {"text": "Hi"}})
    await broken.advance(2_000)

    answer = await broken.http.get("/__emulator/tasks", headers={"host": "localhost"})

    assert [item["status"] for item in broken.ok(answer)["items"]] == ["paused"]
