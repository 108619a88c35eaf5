from operator import itemgetter

from hypothesis import given
from hypothesis import strategies as st

from tests.web.api_client import Api
from xpander_emulator.clock import Clock
from xpander_emulator.core.timeline import Millis
from xpander_emulator.web.api.rate_limit_headers import RateLimit

# A namespace, and the minute of a request.
REQUESTS = st.tuples(st.sampled_from("ab"), st.integers(0, 2))


async def test_the_rate_limit_is_told_for_each_key_and_minute_of_its_clock(manual: Api) -> None:
    first = await manual.http.get("/v1/tasks")
    second = await manual.http.get("/v1/tasks/none")
    await manual.advance(60_000)
    third = await manual.http.get("/v1/tasks")

    assert first.headers["x-ratelimit-limit"] == "100"
    told = [
        (each.headers["x-ratelimit-remaining"], each.headers["x-ratelimit-reset"]) for each in (first, second, third)
    ]
    assert told == [("99", "1767225660"), ("98", "1767225660"), ("99", "1767225720")]


async def test_the_rate_limit_is_told_and_not_enforced(manual: Api) -> None:
    answers = [await manual.http.get("/v1/tasks/none") for _ in range(102)]

    assert {answer.status_code for answer in answers} == {404}
    assert answers[-1].headers["x-ratelimit-remaining"] == "0"


def clock(minute: int = 0) -> Clock:
    return Clock("manual", Millis(minute * 60_000), Millis(0))


def test_the_headers_name_the_limit_what_is_left_and_the_end_of_the_minute() -> None:
    assert RateLimit().headers("ns", clock(2)) == (
        (b"x-ratelimit-limit", b"100"),
        (b"x-ratelimit-remaining", b"99"),
        (b"x-ratelimit-reset", b"180"),
    )


@given(st.lists(REQUESTS, max_size=30))
def test_each_namespace_counts_its_requests_in_each_minute(asked: list[tuple[str, int]]) -> None:
    asked.sort(key=itemgetter(1))
    limit = RateLimit()

    remaining = [int(limit.headers(namespace, clock(minute))[1][1]) for namespace, minute in asked]

    assert remaining == [100 - asked[: index + 1].count(each) for index, each in enumerate(asked)]
