"""Patterns that never end, in contracts and stories, cost a tenth of a second and are told."""

from pathlib import Path

import httpx2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.contract.samples import HEAD
from tests.web.api_client import api
from xpander_emulator.common import safe_regex
from xpander_emulator.common.safe_regex import TakesTooLong, found, matches

BOMB = "^(a|aa)+$"
VICTIM = "a" * 60 + "!"


@pytest.fixture(autouse=True)
def nothing_learnt() -> None:
    safe_regex._too_long.clear()


@pytest.mark.parametrize(
    ("pattern", "text", "is_found"),
    [
        ("a", "cab", True),
        ("^a", "cab", False),
        (r"^\d{2}$", "42", True),
        ("(?i)refund", "a REFUND", True),
        ("", "", True),
        ("^a$", "a\n", True),
        ("^a$", "a\n\n", False),
    ],
)
def test_a_pattern_is_found_as_python_finds_it(pattern: str, text: str, is_found: bool) -> None:
    assert found(pattern, text) is is_found


@given(st.text(max_size=20))
@example("\n")
@example("a\n")
@example("a\n\n")
def test_what_ends_in_time_is_told(text: str) -> None:
    # Python's `$` is also before a newline that ends the text; ECMA-262 has it at the very end alone.
    assert found("^[a-m]*$", text) is all("a" <= letter <= "m" for letter in text.removesuffix("\n"))


def test_a_search_that_does_not_end_is_given_up() -> None:
    with pytest.raises(TakesTooLong, match=r"matches '\^\(a\|aa\)\+\$' cannot be told within 0\.1 s; write one"):
        found(BOMB, VICTIM)


def test_a_text_as_long_as_one_that_took_too_long_is_not_tried_again() -> None:
    assert not matches(BOMB, VICTIM)

    # A thousand tries would take more than the time that a test has.
    assert not any(matches(BOMB, VICTIM + "!" * length) for length in range(2_000))
    assert found(BOMB, "aaa")


async def test_a_request_that_meets_a_bomb_in_a_contract_is_refused(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    schema = f'{{type: object, properties: {{name: {{type: string, pattern: "{BOMB}"}}}}}}'
    body = f"content: {{application/json: {{schema: {schema}}}}}"
    spec = tmp_path / "api.yaml"
    spec.write_text(
        f"{HEAD}paths: {{/a: {{post: {{requestBody: {{{body}}}, responses: {{'204': {{description: d}}}}}}}}}}\n"
    )
    http: httpx2.AsyncClient = api(spec=spec).http

    refused = await http.post("/a", json={"name": VICTIM})
    taken = await http.post("/a", json={"name": "aaa"})

    assert (refused.status_code, taken.status_code) == (422, 204)
    assert "cannot be told within 0.1 s" in caplog.text


async def test_a_request_that_meets_a_bomb_in_a_match_is_told_which(tmp_path: Path) -> None:
    (tmp_path / "bomb.yaml").write_text(
        f'scenario: bomb\nmatch: {{input.text: {{regex: "{BOMB}"}}}}\nsteps: [{{status: completed}}]\n'
    )
    client = api(scenarios=(tmp_path,))

    answer = await client.http.post("/v1/workflows/any/invoke/async", json={"input": {"text": VICTIM}})

    assert answer.status_code == 500
    assert answer.json()["detail"].startswith(f"Whether a text matches '{BOMB}' cannot be told within 0.1 s")
    assert (await client.start("any", text="aaa"))["status"] == "completed"
