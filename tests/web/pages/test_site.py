"""The pages themselves: who may see them, what a browser may do on them, and their files."""

import re
from base64 import b64encode
from hashlib import sha256

import pytest

from tests.web.pages.browser import browser
from xpander_emulator.common import resources
from xpander_emulator.web.pages import assets
from xpander_emulator.web.pages.site import POLICY, SHELLS


@pytest.mark.parametrize("path", SHELLS)
async def test_a_page_is_html_under_a_strict_policy(path: str) -> None:
    answer = await browser().get(path)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "unsafe" not in POLICY


async def test_the_report_tells_what_was_met_and_runs_nothing_that_others_wrote() -> None:
    client = browser(seed=1)
    key = {"x-api-key": "local"}
    started = await client.post("/v1/workflows/completed/invoke/async", json={"input": {"text": "x"}}, headers=key)
    await client.get(f"/v1/tasks/{started.json()['id']}", headers=key)

    mine, none, every = [
        await client.get(f"/__emulator/report{query}") for query in ("", "?namespace=<b>", "?all=true")
    ]

    assert [answer.status_code for answer in (mine, none, every)] == [200, 200, 200]
    assert "completed" in mine.text
    assert "completed" in every.text
    assert "<b>" not in none.text
    assert '<a href="/__emulator/journal">Journal</a>' in mine.text
    policy = mine.headers["content-security-policy"]
    style = mine.text.partition("<style>")[2].partition("</style>")[0]
    assert b64encode(sha256(style.encode()).digest()).decode() in policy
    assert "unsafe" not in policy
    assert "<script" not in mine.text


def test_no_page_and_no_template_has_a_script_or_a_style_in_it() -> None:
    files = [*resources.PAGES.glob("*.html"), *resources.TEMPLATES.glob("*.html")]

    assert len(files) >= len(SHELLS) + 5
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert "<style" not in text
        assert " style=" not in text
        assert " on" not in "".join(part.partition(">")[0] for part in text.split("<")[1:]).replace(" one", "")
        assert all("src=" in part.partition(">")[0] for part in text.split("<script")[1:])


def test_no_line_of_a_page_is_longer_than_120_characters() -> None:
    files = [path for folder in (resources.PAGES, resources.TEMPLATES) for path in folder.iterdir() if path.is_file()]

    long = [
        path.name for path in files if any(len(line) > 120 for line in path.read_text(encoding="utf-8").splitlines())
    ]

    assert long == ["icon.svg"]


async def test_a_page_is_read_and_nothing_else() -> None:
    answer = await browser().post("/__emulator/")

    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD")


@pytest.mark.parametrize("path", ["/", "/__emulator"])
async def test_a_browser_that_knows_only_the_address_finds_the_pages(path: str) -> None:
    answer = await browser().get(path)

    assert (answer.status_code, answer.headers["location"]) == (303, "/__emulator/")


async def test_a_program_at_the_root_is_told_that_nothing_is_there_for_it() -> None:
    answer = await browser().get("/", headers={"accept": "*/*", "x-api-key": "local"})

    assert answer.status_code == 404
    assert answer.json()["detail"] == "No operation matches GET /. The emulator's pages are at /__emulator/."


async def test_a_contract_that_has_a_root_keeps_it(tmp_path: object) -> None:
    from pathlib import Path

    spec = Path(str(tmp_path)) / "root.yaml"
    spec.write_text(
        "openapi: 3.1.0\ninfo: {title: t, version: '1'}\npaths:\n  /: {get: {responses: {'204': {description: ok}}}}\n",
        encoding="utf-8",
    )

    assert (await browser(spec=spec).get("/")).status_code == 204


@pytest.mark.parametrize("path", [*SHELLS, "/__emulator", "/__emulator/report"])
@pytest.mark.parametrize("headers", [{"host": "evil.example"}, {"origin": "http://evil.example"}])
async def test_pages_are_for_nobody_elses_name_and_origin(path: str, headers: dict[str, str]) -> None:
    answer = await browser().get(path, headers=headers)

    assert answer.status_code == 403
    assert answer.headers["content-type"] == "text/html; charset=utf-8"


class TestToken:
    async def test_a_page_asks_for_the_token_and_files_do_not(self) -> None:
        client = browser(token="s3cret")

        answer = await client.get("/__emulator/")

        assert answer.status_code == 401
        assert '<input id="token" name="token" type="password"' in answer.text
        assert (await client.get("/__emulator/pages/emulator.css")).status_code == 200

    @pytest.mark.parametrize(
        ("path", "place"),
        [
            ("/__emulator/?token=s3cret", "/__emulator/"),
            ("/__emulator?token=s3cret", "/__emulator/"),
            ("/__emulator/docs?a=1%262&token=s3cret", "/__emulator/docs?a=1%262"),
        ],
    )
    async def test_the_token_is_taken_from_the_address_into_a_cookie(self, path: str, place: str) -> None:
        answer = await browser(token="s3cret").get(path)

        assert (answer.status_code, answer.headers["location"]) == (303, place)
        cookie = answer.headers["set-cookie"]
        assert cookie.endswith("; Path=/__emulator; HttpOnly; SameSite=Strict")
        assert "s3cret" not in cookie

    async def test_the_cookie_opens_the_pages_and_the_control_api(self) -> None:
        client = browser(token="s3cret")

        opened = await client.get("/__emulator/?token=s3cret", follow_redirects=True)

        assert opened.status_code == 200
        assert (await client.get("/__emulator/tasks")).status_code == 200
        refused = await client.post("/__emulator/reset", headers={"origin": "http://evil.example"})
        assert refused.status_code == 403

    async def test_over_https_the_cookie_stays_there(self) -> None:
        client = browser(token="s3cret")

        answer = await client.get("https://127.0.0.1:4020/__emulator/?token=s3cret")

        assert answer.headers["set-cookie"].endswith("; Secure")

    @pytest.mark.parametrize("path", ["/__emulator/?token=wrong", "/__emulator/?token=", "/__emulator/docs?token=%00"])
    async def test_a_wrong_token_opens_nothing(self, path: str) -> None:
        answer = await browser(token="s3cret").get(path)

        assert answer.status_code == 401
        assert "That is not this server&#39;s token." in answer.text
        assert "set-cookie" not in answer.headers

    async def test_the_cookie_of_another_token_opens_nothing(self) -> None:
        other = await browser(token="other").get("/__emulator/?token=other")
        cookie = other.headers["set-cookie"].partition(";")[0]

        answer = await browser(token="s3cret").get("/__emulator/tasks", headers={"cookie": cookie})

        assert answer.status_code == 401

    async def test_without_a_token_the_address_is_cleaned_all_the_same(self) -> None:
        answer = await browser().get("/__emulator/?token=any")

        assert (answer.status_code, answer.headers["location"]) == (303, "/__emulator/")
        assert "set-cookie" not in answer.headers


async def test_the_page_of_another_origin_that_is_the_public_one_is_ours() -> None:
    client = browser(public_url="https://emulator.example", token="t")
    headers = {"host": "127.0.0.1:4020", "origin": "https://emulator.example", "authorization": "Bearer t"}

    assert (await client.post("/__emulator/reset", headers=headers)).status_code == 200


def modules_of(file: str) -> set[str]:
    """Return the modules that a module imports, and those that they import."""
    found = assets.asset(file)
    assert found is not None
    folder = file.rpartition("/")[0]
    names = re.findall(rb'from ?"\./([\w/-]+\.mjs)"', found.plain)
    own = {f"{folder}/{name.decode()}".lstrip("/") for name in names}
    return own.union(*(modules_of(name) for name in own))


@pytest.mark.parametrize("name", ["index.html", "journal.html", "present.html"])
def test_a_page_asks_for_all_of_its_modules_at_once(name: str) -> None:
    found = assets.asset(name)
    assert found is not None
    text = found.plain.decode()
    [script] = re.findall(r'<script type="module" src="/__emulator/pages/([^"]+)"', text)

    asked = re.findall(r'<link rel="modulepreload" href="/__emulator/pages/([^"]+)"', text)

    assert asked == sorted(modules_of(script))
