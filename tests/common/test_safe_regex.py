"""A search that would take too long ends after a tenth of a second, with a message; in contracts and scenarios too."""

from pathlib import Path

import httpx2
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tests.contract.samples import HEAD
from tests.web.api_client import api
from xpander_emulator.common import safe_regex
from xpander_emulator.common.safe_regex import TakesTooLong, matches, search

BOMB = "^(a|aa)+$"
VICTIM = "a" * 60 + "!"


@pytest.fixture(autouse=True)
def nothing_learnt() -> None:
    safe_regex._too_long.clear()


@pytest.mark.parametrize(
    ("pattern", "text", "matches_anywhere"),
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
def test_a_pattern_matches_as_in_python(pattern: str, text: str, matches_anywhere: bool) -> None:
    assert search(pattern, text) is matches_anywhere


@given(st.text(max_size=20))
@example("\n")
@example("a\n")
@example("a\n\n")
def test_a_search_that_ends_in_time_has_its_result(text: str) -> None:
    # Python's `$` is also before a newline that ends the text; ECMA-262 has it at the very end alone.
    assert search("^[a-m]*$", text) is all("a" <= letter <= "m" for letter in text.removesuffix("\n"))


def test_a_search_that_does_not_end_is_stopped() -> None:
    with pytest.raises(TakesTooLong, match=r"matches '\^\(a\|aa\)\+\$' cannot be decided within 0\.1 s; write one"):
        search(BOMB, VICTIM)


def test_a_text_as_long_as_one_that_took_too_long_is_not_tried_again() -> None:
    assert not matches(BOMB, VICTIM)

    # A thousand searches would take longer than a test may.
    assert not any(matches(BOMB, VICTIM + "!" * length) for length in range(2_000))
    assert search(BOMB, "aaa")


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
    assert "cannot be decided within 0.1 s" in caplog.text


async def test_a_pattern_of_a_match_that_takes_too_long_is_named_in_the_response(tmp_path: Path) -> None:
    (tmp_path / "bomb.yaml").write_text(
        f'scenario: bomb\nmatch: {{input.text: {{regex: "{BOMB}"}}}}\nsteps: [{{status: completed}}]\n'
    )
    client = api(scenarios=(tmp_path,))

    answer = await client.http.post("/v1/workflows/any/invoke/async", json={"input": {"text": VICTIM}})

    assert answer.status_code == 500
    assert answer.json()["detail"].startswith(f"Whether a text matches '{BOMB}' cannot be decided within 0.1 s")
    assert (await client.start("any", text="aaa"))["status"] == "completed"
