"""The pages of people who were sent a link: what they see, what their answers do, and what links cannot do."""

import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx2
import pytest

from tests.web.api_client import Api, api
from xpander_emulator.errors import NotFound
from xpander_emulator.web.pages import links
from xpander_emulator.web.pages.links import Link, secret_of_token, sign, verify

HOST = {"host": "127.0.0.1:4020"}
OWN = {**HOST, "origin": "http://127.0.0.1:4020", "sec-fetch-site": "same-origin"}
HOSTILE = """<script>alert(1)</script><svg onload=alert(1)>"'>{{ 7 * 7 }}{% raw %}${7*7}<b>"""


async def asked(client: Api, story: str = "approval", text: str = "Refund order 1042", **body: Any) -> tuple[str, str]:
    """Start a task, take it to its pause, and return its id and the path of its link."""
    task = await client.start(story, text, **body)
    await client.app.engine.skip(client.namespace, task["id"], "paused")
    return task["id"], urlsplit((await shown(client, task["id"]))["pause"]["link"]).path


async def access_link(client: Api) -> str:
    """Start a task that asks for access to a connector, and return the path of the link that its client is given."""
    task = await client.start("connector_authorization")
    await client.app.engine.skip(client.namespace, task["id"], "paused")
    return str(urlsplit((await client.task(task["id"]))["pending_eca_request"]["auth_url"]).path)


async def shown(client: Api, task_id: str) -> dict[str, Any]:
    answer = await client.http.get(f"/__emulator/tasks/{task_id}", headers=HOST)
    return dict(client.ok(answer))


async def seen(client: Api, link: str, status: int = 200) -> str:
    """Return the page behind a link, once it is a page as all are."""
    answer = await client.http.get(link, headers=HOST)
    assert answer.status_code == status, answer.text
    return page(answer)


def page(answer: httpx2.Response) -> str:
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["content-security-policy"] == (
        "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; form-action 'self'; "
        "frame-ancestors 'none'"
    )
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-store"
    assert "<script" not in answer.text
    return answer.text


async def answered(client: Api, link: str, answer: str, **fields: str) -> httpx2.Response:
    return await client.http.post(link, data={"answer": answer, **fields}, headers=OWN)


def buttons(text: str) -> list[str]:
    return re.findall(r'name="answer" value="(\w+)"', text)


async def status(client: Api, task_id: str) -> str:
    return str((await shown(client, task_id))["status"])


class TestDecision:
    async def test_a_person_sees_what_is_asked_and_may_approve_or_reject(self, manual: Api) -> None:
        task_id, link = await asked(manual)

        text = await seen(manual, link)

        pause = (await shown(manual, task_id))["pause"]
        assert f"<h1>{pause['title']}</h1>" in text
        assert "Refund order 1042" in text
        assert task_id in text
        assert buttons(text) == ["approve", "reject"]

    async def test_looking_at_a_link_changes_nothing(self, manual: Api) -> None:
        task_id, link = await asked(manual)
        before = await shown(manual, task_id)

        await seen(manual, link)
        assert (await manual.http.head(link, headers=HOST)).status_code == 200

        assert await shown(manual, task_id) == before

    async def test_an_approval_goes_to_the_task_with_name_and_comment_and_leads_to_the_outcome(
        self, manual: Api
    ) -> None:
        task_id, link = await asked(manual)

        answer = await answered(manual, link, "approve", by=" Ada ", reason="Within the budget")

        assert (answer.status_code, answer.headers["location"]) == (303, link)
        entry = (await shown(manual, task_id))["history"][-1]
        assert (entry["cause"], entry["by"], entry["reason"]) == ("approve", "Ada", "Within the budget")
        text = await seen(manual, link)
        assert all(told in text for told in ("<h1>Approved</h1>", "Ada", "Within the budget", "executing"))
        assert buttons(text) == []

    async def test_a_rejection_without_a_word_says_that_the_page_gave_it(self, manual: Api) -> None:
        task_id, link = await asked(manual)

        await answered(manual, link, "reject", by="", reason=" ")

        entry = (await shown(manual, task_id))["history"][-1]
        assert (entry["status"], entry["by"], entry["reason"]) == ("stopped", "decision page", None)
        assert "<h1>Rejected</h1>" in await seen(manual, link)

    async def test_an_answer_that_comes_too_late_changes_nothing_and_says_so(self, manual: Api) -> None:
        task_id, link = await asked(manual)
        await answered(manual, link, "reject", reason="No")
        before = await shown(manual, task_id)

        late = await answered(manual, link, "approve")

        assert late.status_code == 409
        assert "came too late" in page(late)
        assert "<h1>Rejected</h1>" in late.text
        assert await shown(manual, task_id) == before

    async def test_an_answer_that_nobody_asked_for_is_refused_with_those_that_were(self, manual: Api) -> None:
        task_id, link = await asked(manual)

        for unknown in ("authorize", "", "stop", "<b>"):
            answer = await answered(manual, link, unknown)

            assert answer.status_code == 400
            assert "is not an answer to this question; send one of approve, reject, expire." in page(answer)
        assert await status(manual, task_id) == "paused"

    @pytest.mark.parametrize(
        ("signal", "told"),
        [("expire", "Nobody answered in time"), ("stop", "The task was stopped before anybody answered")],
    )
    async def test_a_link_to_a_step_that_is_over_says_what_happened(self, manual: Api, signal: str, told: str) -> None:
        task_id, link = await asked(manual)

        await manual.app.engine.signal(manual.namespace, task_id, signal)

        assert f"<h1>{told}</h1>" in await seen(manual, link)

    async def test_a_worker_that_moved_the_task_on_is_told_too(self, manual: Api) -> None:
        task_id, link = await asked(manual)

        await manual.app.engine.signal(manual.namespace, task_id, "update", payload={"status": "completed"})

        assert "The task went on before anybody answered" in await seen(manual, link)

    async def test_a_link_to_an_earlier_turn_never_answers_the_next_one(self, manual: Api) -> None:
        task_id, link = await asked(manual, id="twice")
        await manual.app.engine.signal(manual.namespace, task_id, "reject")
        _, newer = await asked(manual, id="twice")

        late = await answered(manual, link, "approve")

        assert (late.status_code, await status(manual, task_id)) == (409, "paused")
        assert "<h1>Rejected</h1>" in await seen(manual, link)
        assert buttons(await seen(manual, newer)) == ["approve", "reject"]

    async def test_a_link_to_a_step_that_the_story_comes_back_to_answers_its_own_visit_alone(
        self, tmp_path: Any
    ) -> None:
        story = tmp_path / "story.yaml"
        story.write_text(
            "scenario: review\nsteps:\n"
            "  - {id: ask, status: paused, hitl: {wait_node_id: w}, on: {approve: done, reject: again}}\n"
            "  - {id: again, status: executing, after: 1s, goto: ask}\n"
            "  - {id: done, status: completed}\n",
            encoding="utf-8",
        )
        client = api(scenarios=(story,))
        task_id, first = await asked(client, "review")
        await answered(client, first, "reject", reason="Once more")
        await client.advance(1_000)
        second = urlsplit((await shown(client, task_id))["pause"]["link"]).path

        late = await answered(client, first, "approve")

        assert (late.status_code, await status(client, task_id)) == (409, "paused")
        assert "<h1>Rejected</h1>" in await seen(client, first)
        assert buttons(await seen(client, second)) == ["approve", "reject"]

    async def test_a_link_to_a_task_that_is_gone_says_so(self, manual: Api) -> None:
        task_id, link = await asked(manual)
        await manual.app.engine.delete(manual.namespace, task_id)

        assert "The task of this link was deleted" in await seen(manual, link, 410)

    async def test_a_link_to_a_task_that_was_started_again_says_so(self) -> None:
        client = api()
        _, link = await asked(client)
        await client.app.engine.reset(client.namespace)
        await client.start("approval")

        assert "was started again" in await seen(client, link, 410)

    async def test_the_signals_of_an_author_are_answers_too(self, tmp_path: Any) -> None:
        story = tmp_path / "story.yaml"
        story.write_text(
            "scenario: review\nsteps:\n"
            "  - status: paused\n    hitl: {wait_node_id: w}\n    on: {approve: done, request_changes: done}\n"
            "  - {id: done, status: completed, result: ok}\n",
            encoding="utf-8",
        )
        client = api(scenarios=(story,))
        task_id, link = await asked(client, "review")

        text = await seen(client, link)
        await answered(client, link, "request_changes")

        assert buttons(text) == ["approve", "request_changes"]
        assert "<h1>Your decision is needed</h1>" in text
        assert "Request changes</button>" in text
        assert "Answered with &#39;request_changes&#39;" in await seen(client, link)
        assert await status(client, task_id) == "completed"


class TestConsent:
    async def test_the_link_is_the_auth_url_that_the_client_gets(self, manual: Api) -> None:
        task_id, _ = await asked(manual, "connector_authorization")

        view = await shown(manual, task_id)

        assert view["pause"]["link"] == view["snapshot"]["pending_eca_request"]["auth_url"]
        assert "/__emulator/consent/" in view["pause"]["link"]

    async def test_a_person_sees_who_asks_for_what(self, manual: Api) -> None:
        _, link = await asked(manual, "connector_authorization")

        text = await seen(manual, link)

        assert "Google Drive" in text
        assert "https://www.googleapis.com/auth/drive.readonly" in text
        assert buttons(text) == ["authorize", "deny", "close", "expire", "wrong_user"]

    @pytest.mark.parametrize(
        ("answer", "step", "reason", "told"),
        [
            ("authorize", "read", None, "Access was given"),
            ("deny", "denied", None, "Access was denied"),
            ("wrong_user", "denied", "signed in as another user", "Access was denied"),
            ("expire", "expired", None, "Nobody answered in time"),
        ],
    )
    async def test_an_answer_moves_the_task(
        self, manual: Api, answer: str, step: str, reason: str | None, told: str
    ) -> None:
        task_id, link = await asked(manual, "connector_authorization")

        reply = await answered(manual, link, answer)

        assert (reply.status_code, reply.headers["location"]) == (303, link)
        entry = (await shown(manual, task_id))["history"][-1]
        assert (entry["step"], entry["by"], entry["reason"]) == (step, "consent page", reason)
        assert f"<h1>{told}</h1>" in await seen(manual, link)

    async def test_a_closed_window_leaves_the_task_waiting(self, manual: Api) -> None:
        task_id, link = await asked(manual, "connector_authorization")

        reply = await answered(manual, link, "close")

        assert (reply.status_code, reply.headers["location"]) == (303, f"{link}?window=closed")
        assert "the task still waits" in await seen(manual, reply.headers["location"])
        assert await status(manual, task_id) == "paused"
        assert (await answered(manual, reply.headers["location"], "authorize")).headers["location"] == link

    @pytest.mark.parametrize(
        ("answer", "outcome"),
        [
            ("authorize", {"code": ["emulated"]}),
            ("deny", {"error": ["access_denied"]}),
            ("wrong_user", {"error": ["access_denied"]}),
        ],
    )
    async def test_an_address_to_go_back_to_gets_the_outcome_and_the_state(
        self, manual: Api, answer: str, outcome: dict[str, list[str]]
    ) -> None:
        _, link = await asked(manual, "connector_authorization")
        target = f"{link}?redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Fback%3Fa%3D1&state=x%26y"

        before = await manual.http.get(target, headers=HOST)
        reply = await answered(manual, target, answer)

        assert "localhost:3000" in before.text
        assert "form-action 'self' http://localhost:3000;" in before.headers["content-security-policy"]
        back = urlsplit(reply.headers["location"])
        assert (reply.status_code, back.netloc, back.path) == (303, "localhost:3000", "/back")
        assert parse_qs(back.query) == {"a": ["1"], **outcome, "state": ["x&y"]}

    @pytest.mark.parametrize(
        "address",
        [
            "javascript:alert(1)",
            "//evil.example",
            "http://",
            "http://a b/",
            "http://a;script-src *",
            "http://[x",
            "ftp://a/",
        ],
    )
    async def test_what_is_no_address_is_none_to_go_back_to(self, manual: Api, address: str) -> None:
        task_id, link = await asked(manual, "connector_authorization")
        target = f"{link}?{httpx2.QueryParams(redirect_uri=address)}"

        looked, sent = await manual.http.get(target, headers=HOST), await answered(manual, target, "authorize")

        for reply in (looked, sent):
            assert reply.status_code == 400
            assert "redirect_uri is " in page(reply)
        assert await status(manual, task_id) == "paused"


class TestStrangers:
    @pytest.mark.parametrize("link", ["x", "%00", "ü", "A" * 3_000, "a/b", "", "..%2f..%2fetc"])
    @pytest.mark.parametrize("page_name", ["decision", "consent"])
    async def test_a_link_of_somebody_elses_making_is_a_clear_page(
        self, manual: Api, page_name: str, link: str
    ) -> None:
        text = await seen(manual, f"/__emulator/{page_name}/{link}", 404)

        assert "This link was not made by this server, or is incomplete." in text

    async def test_a_forged_link_changes_nothing(self, manual: Api) -> None:
        task_id, link = await asked(manual)
        forged = sign(Link(manual.namespace, task_id, 0, "waiting", 2), b"a guess")

        answer = await answered(manual, f"/__emulator/decision/{forged}", "approve")

        assert answer.status_code == 404
        assert link.rpartition("/")[2] != forged
        assert await status(manual, task_id) == "paused"

    async def test_a_link_into_another_namespace_cannot_be_made_from_ones_own(self, manual: Api) -> None:
        other = Api(manual.app, f"somebody else than {manual.namespace}")
        task_id, _ = await asked(manual, id="same")
        _, theirs = await asked(other, id="same")

        await answered(other, theirs, "approve")

        assert (await status(manual, task_id), await status(other, task_id)) == ("paused", "executing")

    async def test_a_link_of_another_seed_or_token_is_none_of_ours(self) -> None:
        _, link = await asked(api())

        for choices in ({"seed": 2}, {"token": "t"}):
            other = api(**choices)
            assert (await other.http.get(link, headers=HOST)).status_code == 404

    async def test_with_a_token_nobody_can_try_tokens_on_a_link_as_fast_as_a_hash_goes(self) -> None:
        text = (await access_link(api(token="t"))).rpartition("/")[2]

        for guess in (b"1\0t", b"1\0", b"t", secret_of_token("t", b""), secret_of_token("t", b"1")):
            with pytest.raises(NotFound):
                verify(text, guess)

    async def test_servers_with_one_token_know_each_other_s_links_only_if_they_share_a_store(
        self, tmp_path: Path
    ) -> None:
        on_file = {"token": "t", "store": f"sqlite:{tmp_path / 'tasks.db'}"}
        first, again, elsewhere = api(**on_file), api(**on_file), api(token="t")

        link = await access_link(first)

        assert (await again.http.get(link, headers=HOST)).status_code == 200
        assert (await elsewhere.http.get(link, headers=HOST)).status_code == 404
        for client in (first, again):
            await client.app.close()

    async def test_the_key_of_links_is_made_once_with_the_first_link(self, monkeypatch: pytest.MonkeyPatch) -> None:
        made: list[str] = []

        def counted(token: str, salt: bytes) -> bytes:
            made.append(token)
            return salt

        monkeypatch.setattr(links, "secret_of_token", counted)
        client = api(token="t")
        await client.start("approval")
        before = list(made)

        for _ in range(2):
            await access_link(client)

        assert (before, made) == ([], ["t"])

    @pytest.mark.parametrize(
        "headers",
        [
            {"origin": "http://evil.example"},
            {"origin": "null"},
            {"origin": "http://127.0.0.1:3000", "sec-fetch-site": "same-site"},
            {"origin": "http://127.0.0.1:4020", "sec-fetch-site": "cross-site"},
            {"sec-fetch-site": "cross-site"},
        ],
    )
    async def test_a_form_of_another_site_is_not_taken(self, manual: Api, headers: dict[str, str]) -> None:
        task_id, link = await asked(manual)

        answer = await manual.http.post(link, data={"answer": "approve"}, headers={**HOST, **headers})

        assert answer.status_code == 403
        assert "was sent by a page of another site" in page(answer)
        assert await status(manual, task_id) == "paused"

    async def test_an_answer_without_a_browser_is_taken(self, manual: Api) -> None:
        task_id, link = await asked(manual)

        answer = await manual.http.post(link, data={"answer": "approve"}, headers=HOST)

        assert (answer.status_code, await status(manual, task_id)) == (303, "executing")

    async def test_without_a_token_a_name_that_is_not_ours_is_refused(self, manual: Api) -> None:
        task_id, link = await asked(manual)

        looked = await manual.http.get(link, headers={"host": "evil.example"})
        sent = await manual.http.post(link, data={"answer": "approve"}, headers={"host": "evil.example"})

        assert (looked.status_code, sent.status_code) == (403, 403)
        assert "--allow-host" in page(looked)
        assert await status(manual, task_id) == "paused"

    async def test_with_a_token_the_link_alone_is_enough_under_any_name(self) -> None:
        client = api(token="secret", host="0.0.0.0")
        link = await access_link(client)

        looked = await client.http.get(link, headers={"host": "emulator:4020"})
        sent = await client.http.post(link, data={"answer": "authorize"}, headers={"host": "emulator:4020"})

        assert (looked.status_code, sent.status_code) == (200, 303)
        [task] = await client.app.engine.store.all(client.namespace)
        assert (await client.task(task.id))["status"] == "executing"

    @pytest.mark.parametrize(
        ("content", "content_type", "status_code"),
        [
            (b"{}", "application/json", 415),
            (b"answer=approve", "text/plain", 415),
            (b"answer=" + b"a" * 70_000, "application/x-www-form-urlencoded", 413),
            (b"&".join(b"a=b" for _ in range(30)), "application/x-www-form-urlencoded", 413),
            (b"\xff\xfe", "application/x-www-form-urlencoded", 400),
        ],
    )
    async def test_what_is_no_form_of_ours_is_refused(
        self, manual: Api, content: bytes, content_type: str, status_code: int
    ) -> None:
        task_id, link = await asked(manual)

        answer = await manual.http.post(link, content=content, headers={**OWN, "content-type": content_type})

        assert answer.status_code == status_code
        assert page(answer)
        assert await status(manual, task_id) == "paused"

    async def test_a_link_is_read_and_answered_and_nothing_else(self, manual: Api) -> None:
        _, link = await asked(manual)

        answer = await manual.http.put(link, headers=HOST)

        assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, POST")


class TestHostileTexts:
    async def test_what_a_client_sends_is_text_on_the_page(self, manual: Api) -> None:
        _, link = await asked(manual, text=HOSTILE, id="<img src=x onerror=alert(1)>")

        text = await seen(manual, link)

        assert "&lt;script&gt;alert(1)&lt;/script&gt;&lt;svg onload=alert(1)&gt;" in text
        assert "{{ 7 * 7 }}" in text
        assert "<h1>49" not in text
        assert not re.search(r"<(svg|img|b)\b", text)

    async def test_what_a_person_writes_is_text_on_the_page(self, manual: Api) -> None:
        _, link = await asked(manual)

        await answered(manual, link, "approve", by=HOSTILE, reason=HOSTILE)

        text = await seen(manual, link)
        assert text.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 2
        assert not re.search(r"<(svg|img|b)\b", text)
        assert "{{ 7 * 7 }}" in text

    async def test_what_stands_in_an_address_is_text_on_the_page(self, manual: Api) -> None:
        _, link = await asked(manual, "connector_authorization")

        answer = await manual.http.get(f"{link}?{httpx2.QueryParams(redirect_uri=HOSTILE)}", headers=HOST)

        assert "&lt;script&gt;" in page(answer)

    async def test_a_long_name_and_a_long_comment_are_cut(self, manual: Api) -> None:
        task_id, link = await asked(manual)

        await answered(manual, link, "approve", by="n" * 2_000, reason="r" * 20_000)

        entry = (await shown(manual, task_id))["history"][-1]
        assert (len(entry["by"]), len(entry["reason"])) == (1_000, 10_000)
