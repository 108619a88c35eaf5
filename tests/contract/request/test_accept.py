"""Which media type an answer comes in."""

import pytest

from tests.contract.samples import contract_of
from xpander_emulator.contract.openapi.example_responses import NotAcceptable, answer
from xpander_emulator.contract.request.prefer import parse_prefer

CONTRACT = contract_of("""\
    paths:
      /report:
        get:
          operationId: report
          responses:
            '200':
              description: In three forms.
              content:
                text/csv: {example: "a,b"}
                application/json: {example: {a: 1}}
                image/svg+xml: {example: <svg/>}
    """)


@pytest.mark.parametrize(
    ("accept", "media_type"),
    [
        (None, "application/json"),
        ("", "application/json"),
        ("*/*", "application/json"),
        ("text/csv", "text/csv"),
        ("TEXT/CSV; charset=utf-8", "text/csv"),
        ("text/*", "text/csv"),
        ("image/*, text/csv;q=0.5", "image/svg+xml"),
        ("application/json;q=0.1, text/csv;q=0.9", "text/csv"),
        ("application/json;q=0, */*;q=0.2", "text/csv"),
        ("*/*, application/json;q=0", "text/csv"),
        ("text/csv;q=much", "text/csv"),
    ],
)
def test_the_type_that_the_client_likes_best_is_answered(accept: str | None, media_type: str) -> None:
    found = answer(CONTRACT, CONTRACT.operation("report"), parse_prefer(()), 1, accept)

    assert found.media_type == media_type


@pytest.mark.parametrize("accept", ["application/xml", "*/*;q=0", "video/*", "json"])
def test_a_client_that_takes_none_of_them_is_told_which_there_are(accept: str) -> None:
    with pytest.raises(NotAcceptable) as refused:
        answer(CONTRACT, CONTRACT.operation("report"), parse_prefer(()), 1, accept)

    assert refused.value.message == (
        f"Accept: {accept}: this answer comes as application/json, text/csv, image/svg+xml."
    )
