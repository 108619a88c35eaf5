"""An API of another style, emulated by `x-emulator` alone; the conversation is the one of docs/any-api.md."""

import os
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.golden.runner import Conversation, emulator
from xpander_emulator.settings import DEFAULT_NAMESPACE, Settings
from xpander_emulator.web.app import Application, create_app

HERE = Path(__file__).parent
SETTINGS = Settings(clock="manual", spec=HERE / "rendering_jobs.yaml", scenarios=(HERE / "scenarios",))


class Jobs:
    """A client of the invented API."""

    def __init__(self, app: Application) -> None:
        self.app = app
        self.http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://emulator")

    async def submit(self, **body: Any) -> httpx2.Response:
        return await self.http.post("/jobs", json={"scene": "harbour", **body})

    async def job(self, location: str) -> Any:
        answer = await self.http.get(location)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def advance(self, by: int) -> None:
        await self.app.engine.advance(DEFAULT_NAMESPACE, by)


@pytest.mark.parametrize("path", sorted(HERE.glob("*.txt")), ids=lambda path: path.stem)
async def test_a_conversation_goes_as_it_is_written(path: Path) -> None:
    written = path.read_text(encoding="utf-8")

    played = await Conversation(emulator(spec=SETTINGS.spec, scenarios=SETTINGS.scenarios)).play(written)

    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(played, encoding="utf-8")
    else:
        assert played.replace(f"{HERE.as_posix()}/", "tests/any_api/") == written


@pytest.fixture
def jobs() -> Jobs:
    return Jobs(create_app(SETTINGS))


async def test_a_start_answers_202_with_the_location_of_the_job(jobs: Jobs) -> None:
    answer = await jobs.submit(frames=24)

    job = answer.json()
    assert answer.status_code == 202
    assert answer.headers["location"] == f"/jobs/{job['jobId']}"
    assert list(job) == ["jobId", "state", "scene", "frames", "progress", "submittedAt", "endedAt", "image"]
    assert (job["state"], job["scene"], job["frames"], job["endedAt"]) == ("QUEUED", "harbour", 24, None)


async def test_a_job_runs_in_the_words_of_its_contract(jobs: Jobs) -> None:
    location = (await jobs.submit()).headers["location"]
    seen = []
    for by in (0, 1_000, 10_000):
        await jobs.advance(by)
        job = await jobs.job(location)
        seen.append((job["state"], job["progress"]))

    accepted = await jobs.http.post(f"{location}/review")

    assert seen == [("QUEUED", 0), ("RUNNING", 40), ("NEEDS_REVIEW", 90)]
    assert accepted.json() == await jobs.job(location)
    assert (accepted.json()["state"], accepted.json()["image"]) == ("DONE", "https://images.example/harbour.png")
    assert accepted.json()["endedAt"] == "2026-01-01T00:00:11.000000Z"


async def test_a_job_is_listed_filtered_and_cancelled(jobs: Jobs) -> None:
    first = (await jobs.submit()).headers["location"]
    await jobs.submit(scene="forest")

    cancelled = await jobs.http.delete(first)

    assert cancelled.json()["state"] == "CANCELLED"
    listed = (await jobs.http.get("/jobs")).json()["jobs"]
    assert [job["scene"] for job in listed] == ["forest", "harbour"]
    queued = (await jobs.http.get("/jobs", params={"status": "QUEUED"})).json()["jobs"]
    assert [job["scene"] for job in queued] == ["forest"]


async def test_a_worker_updates_a_job_in_the_words_of_its_contract(jobs: Jobs) -> None:
    location = (await jobs.submit()).headers["location"]
    whole = await jobs.job(location)

    async def amend(**body: Any) -> httpx2.Response:
        return await jobs.http.patch(location, json=body)

    runs = (await amend(**whole | {"state": "RUNNING", "progress": 70})).json()
    again = (await amend(state="QUEUED", jobId="other")).json()
    ended = (await amend(state="CRASHED")).json()

    assert (runs["state"], runs["progress"]) == ("RUNNING", 70)
    assert again == runs
    assert (ended["state"], ended["endedAt"]) == ("CRASHED", "2026-01-01T00:00:00.000000Z")
    assert (await jobs.http.patch(location)).json() == ended


async def test_a_word_that_is_no_status_of_the_contract_is_refused(jobs: Jobs) -> None:
    location = (await jobs.submit()).headers["location"]

    answer = await jobs.http.patch(location, json={"state": "RUNING"})

    assert answer.status_code == 400
    assert answer.json()["detail"] == (
        "'RUNING' is not a status; a task is QUEUED, RUNNING, NEEDS_REVIEW, CRASHED, REJECTED, DONE, CANCELLED. "
        "Did you mean 'RUNNING'?"
    )


async def test_a_built_in_scenario_runs_on_another_contract_too(jobs: Jobs) -> None:
    answer = await jobs.http.post("/jobs", json={"scene": "x"}, headers={"prefer": "scenario=approval"})
    await jobs.advance(5_000)

    job = await jobs.job(answer.headers["location"])
    await jobs.app.engine.signal(DEFAULT_NAMESPACE, job["jobId"], "approve")

    assert job["state"] == "NEEDS_REVIEW"
    assert (await jobs.job(answer.headers["location"]))["state"] == "RUNNING"


async def test_an_unknown_job_is_404_and_a_wrong_one_422(jobs: Jobs) -> None:
    assert (await jobs.http.get("/jobs/none")).status_code == 404
    assert (await jobs.http.post("/jobs", json={"frames": 0})).status_code == 422
