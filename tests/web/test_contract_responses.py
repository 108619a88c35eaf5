from pathlib import Path

import httpx2
import pytest

from tests.engines import contract
from tests.web.api_client import Api, api, prefer
from tests.web.small_contracts import PETS
from xpander_emulator.core.faults import Fault
from xpander_emulator.engine.fault_selection import Hit
from xpander_emulator.errors import BrokenPromise
from xpander_emulator.settings import Settings
from xpander_emulator.web.contract_responses import ContractResponses
from xpander_emulator.web.http import json_response

KEY = {"key": "a"}


async def test_an_error_that_is_declared_has_the_declared_shape(shop: httpx2.AsyncClient) -> None:
    answer = await shop.post("/orders", json={"item": "a"})

    assert (answer.status_code, answer.json()) == (401, {"error": "no key", "code": 7})
    assert answer.headers["www-authenticate"] == "Key"


async def test_our_own_words_are_kept_where_they_have_the_declared_shape(shop: httpx2.AsyncClient) -> None:
    answer = await shop.post("/orders", content=b"<a/>", headers={**KEY, "content-type": "text/xml"})

    assert answer.status_code == 415
    assert answer.json() == {"detail": "Content type 'text/xml' is not taken here; send application/json."}


async def test_a_request_that_is_refused_is_told_in_the_declared_shape(shop: httpx2.AsyncClient) -> None:
    coupon, gift = await shop.post("/coupons", json="a"), await shop.post("/gifts", json="a")

    assert (coupon.status_code, coupon.json()) == (422, {"fault": "yours"})
    assert (gift.status_code, gift.headers["content-type"]) == (422, "application/problem+json")


async def test_a_foreign_contract_is_answered_by_its_first_example(pets: Api) -> None:
    rex = await pets.http.get("/pets/7")
    tom = await pets.http.get("/pets/7", headers=prefer("example=tom"))

    assert (rex.status_code, rex.json()) == (200, {"name": "Rex"})
    assert tom.json() == {"name": "Tom", "email": "tom@example.com"}


async def test_an_example_that_breaks_its_schema_is_passed_over_and_by_its_name_the_file_is_to_blame(pets: Api) -> None:
    passed = await pets.http.get("/pets/7/tag")
    wrong = await pets.http.get("/pets/7/tag", headers=prefer("example=wrong"))

    assert passed.json() == "blue"
    assert wrong.status_code == 500
    assert wrong.headers["content-type"] == "application/problem+json"
    told = wrong.json()["detail"]
    assert told.startswith("The example 'wrong' of getTag 200 breaks its own schema: a string was expected; found 5.")
    assert told.endswith("/get/responses/200/content/application~1json/examples/wrong/value")


async def test_without_an_example_a_value_of_the_schema_is_made_the_same_for_the_same_request(pets: Api) -> None:
    one, again, other = [await pets.http.get(f"/pets?limit={limit}") for limit in (2, 2, 3)]

    assert len(one.json()) >= 2
    assert all(isinstance(pet["name"], str) for pet in one.json())
    assert one.content == again.content != other.content


async def test_another_seed_of_the_server_makes_other_values(tmp_path: Path) -> None:
    file = tmp_path / "pets.yaml"
    file.write_text(PETS, encoding="utf-8")

    one, same, other = [await api(spec=file, seed=seed).http.get("/pets?limit=2") for seed in (1, 1, 2)]

    assert one.content == same.content != other.content


RESPONSES = ContractResponses(contract(), frozenset(), Settings())
GET = contract().operation("getTask")


def test_a_response_that_breaks_the_contract_is_a_broken_promise() -> None:
    with pytest.raises(
        BrokenPromise,
        match=r"answer to GET /v1/tasks/\{task_id\} breaks .*/body/id: Field required",
    ):
        RESPONSES.check(GET, json_response({"status": "pending"}))


def test_an_error_that_the_contract_does_not_declare_is_not_checked() -> None:
    RESPONSES.check(GET, json_response({"any": "thing"}, 418))


def test_a_body_that_was_checked_is_not_checked_again() -> None:
    RESPONSES.check(GET, json_response({})._replace(checked={"getTask"}))


def test_what_goes_beyond_the_contract_and_a_fault_may_break_it() -> None:
    RESPONSES.check(GET, json_response({})._replace(beyond="a status"))
    RESPONSES.check(GET, json_response({}).with_fault(Hit(Fault("busy", "status", 200))))


def test_a_response_that_is_no_error_keeps_its_shape() -> None:
    response = json_response({"any": "thing"})

    assert RESPONSES.shaped(GET, response) is response


@pytest.mark.parametrize(
    ("fault", "status", "body", "media_type"),
    [
        (Fault("gone", "status", 204), 204, b"", None),
        (Fault("busy", "status", 503), 503, b'{"detail":"Service Unavailable"}', "application/json"),
        (Fault("busy", "status", 503, body="Paper jam"), 503, b"Paper jam", "text/plain; charset=utf-8"),
        (Fault("busy", "status", 503, body={"a": 1}), 503, b'{"a":1}', "application/json"),
        (Fault("x", "status", 500, (("Content-Type", "text/html"),), "<p>"), 500, b"<p>", "text/html"),
    ],
    ids=["no body", "contract", "text", "json", "own type"],
)
def test_a_fault_with_a_status_has_the_body_of_its_rule_else_of_the_contract(
    fault: Fault, status: int, body: bytes, media_type: str | None
) -> None:
    response = RESPONSES.of_fault(GET, Hit(fault))

    assert (response.status, response.body, response.media_type) == (status, body, media_type)
    assert b"content-type" not in dict(response.headers)


def test_headers_of_a_fault_are_sent_in_lower_case() -> None:
    response = RESPONSES.of_fault(GET, Hit(Fault("limit", "status", 429, (("Retry-After", "2"),))))

    assert (b"retry-after", b"2") in response.headers
