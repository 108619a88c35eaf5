from tests.web.api_client import Api
from tests.web.coming_faults import coming, polls, put


async def test_always_is_without_end_until_it_is_cleared(manual: Api) -> None:
    task = await manual.start()
    await coming(manual, {"status": 503, "times": "always"})

    assert await polls(manual, task["id"], 5) == [503] * 5
    cleared = await manual.http.delete("/__emulator/faults", headers={"host": "localhost"})
    assert cleared.json() == {"items": []}
    assert await polls(manual, task["id"], 1) == [200]


async def test_the_faults_that_are_to_come_tell_how_many_requests_have_fitted_them(manual: Api) -> None:
    [before] = await coming(manual, {"latency": "1ms..5ms", "nth": 2})
    await manual.listed()
    [after] = (await manual.http.get("/__emulator/faults", headers={"host": "localhost"})).json()["items"]

    assert before == {
        "name": "latency",
        "kind": "latency",
        "status": None,
        "headers": {},
        "body": None,
        "latency": "1ms..5ms",
        "over": None,
        "event": None,
        "operation": None,
        "task_status": None,
        "nth": 2,
        "times": 1,
        "met": 0,
    }
    assert after == {**before, "met": 1}


async def test_everything_that_is_wrong_with_faults_is_told_at_once_and_nothing_is_kept(manual: Api) -> None:
    await coming(manual, "reset")

    refused = await put(manual, "resett", {"status": 42}, {"kind": "reset", "operation": "getTsk"})

    assert refused.status_code == 400
    assert refused.json()["detail"].split("; faults.")[1:] == [
        "1.status: 'status' of a fault takes an HTTP status from 200 to 599, found 42",
        "2.operation: the contract has no operation 'getTsk'. Did you mean 'getTask'?",
    ]
    assert refused.json()["detail"].startswith("faults.0: there is no fault 'resett'. Did you mean 'reset'?; ")
    kept = (await manual.http.get("/__emulator/faults", headers={"host": "localhost"})).json()["items"]
    assert [each["name"] for each in kept] == ["reset"]


async def test_a_reset_forgets_faults_and_what_was_counted(manual: Api) -> None:
    engine = manual.app.engine
    first = await manual.start("rate_limited")
    assert await polls(manual, first["id"], 2) == [200, 429]
    await coming(manual, {"status": 503, "times": "always"})

    await engine.reset(manual.namespace, ("faults",))
    assert await polls(manual, first["id"], 2) == [200, 429]
    await engine.reset(manual.namespace, ("tasks",))
    again = await manual.start("rate_limited")

    assert again["id"] == first["id"]
    assert await polls(manual, again["id"], 4) == [200, 429, 429, 200]
