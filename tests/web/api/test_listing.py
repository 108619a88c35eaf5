from tests.web.api_client import Api


async def test_each_filter_of_a_list_narrows_it(manual: Api) -> None:
    user = {"email": "a@b.c", "id": "u1"}
    await manual.start("completed", id="t1", input={"text": "", "user": user}, triggering_agent_id="agent")
    await manual.advance(1_000)
    await manual.start("approval", id="t2", parent_execution_id="t1")
    await manual.advance(1_500)
    await manual.start("approval", id="t3", input={"user": {**user, "id": "u2"}})

    assert await manual.listed() == ["t3", "t2", "t1"]
    assert await manual.listed(status="completed") == ["t1"]
    assert await manual.listed(status="paused") == ["t2"]
    assert await manual.listed(internal_status="Waiting for the manager") == ["t2"]
    assert await manual.listed(internal_status="waiting") == []
    assert await manual.listed(user_id="u2") == ["t3"]
    assert await manual.listed(parent_task_id="t1") == ["t2"]
    assert await manual.listed(agent_id="approval") == ["t3", "t2"]
    assert await manual.listed(triggering_agent_id="agent") == ["t1"]
    assert await manual.listed(from_date="2026-01-01T00:00:01Z") == ["t3", "t2"]
    assert await manual.listed(to_date="2026-01-01T00:00:01Z") == ["t2", "t1"]
    assert await manual.listed(from_date="2026-01-01T01:00:01+01:00", to_date="2026-01-01T00:00:01.5Z") == ["t2"]
    assert await manual.listed(agent_id="approval", status="pending") == ["t3"]
    assert await manual.listed(agent_id="approval", status="failed") == []


async def test_the_tasks_of_an_agent_are_filtered_in_the_same_way(manual: Api) -> None:
    await manual.start("approval", id="t1")
    await manual.start("completed", id="t2")
    await manual.advance(2_000)
    await manual.start("approval", id="t3")

    async def of_agent(query: str = "") -> list[str]:
        page = Api.ok(await manual.http.get(f"/v1/agents/approval/tasks{query}"))
        return [item["id"] for item in page["items"]]

    assert await of_agent() == ["t3", "t1"]
    assert await of_agent("?status=paused") == ["t1"]
    assert await of_agent("?agent_id=completed&per_page=1") == ["t3"]


async def test_a_list_is_newest_first_and_ties_follow_the_order_of_the_starts(manual: Api) -> None:
    ids = [(await manual.start())["id"] for _ in range(5)]

    assert await manual.listed() == ids[::-1]


async def test_a_list_comes_in_pages(manual: Api) -> None:
    ids = [(await manual.start())["id"] for _ in range(5)][::-1]

    pages = [Api.ok(await manual.http.get(f"/v1/tasks?per_page=2&page={page}")) for page in (1, 2, 3, 4)]

    assert [[item["id"] for item in page["items"]] for page in pages] == [ids[:2], ids[2:4], ids[4:], []]
    assert {(page["total"], page["per_page"], page["total_pages"]) for page in pages} == {(5, 2, 3)}
    assert [page["page"] for page in pages] == [1, 2, 3, 4]


async def test_an_item_of_a_list_agrees_with_the_task(manual: Api) -> None:
    user = {"email": "a@b.c", "id": "u1"}
    task = await manual.start(
        "completed", input={"user": user}, title="T", source="sdk", parent_execution_id="p", triggering_agent_id="a"
    )
    await manual.advance(2_000)
    task = await manual.task(task["id"])

    [item] = Api.ok(await manual.http.get("/v1/tasks"))["items"]

    assert item == {
        "id": task["id"],
        "agent_id": "completed",
        "user_id": "u1",
        "parent_task_id": "p",
        "triggering_agent_id": "a",
        "organization_id": task["organization_id"],
        "status": "completed",
        "created_at": task["created_at"],
        "updated_at": task["finished_at"],
        "source_node_type": "sdk",
        "result": task["result"],
        "title": "T",
    }


async def test_a_page_beyond_64_bits_is_empty_like_any_other_beyond_the_end(manual: Api) -> None:
    page = 21715403906640497084465152

    answer = manual.ok(await manual.http.get("/v1/tasks", params={"page": page}))

    assert (answer["items"], answer["page"]) == ([], page)
