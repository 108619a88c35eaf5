from typing import Any

import httpx2
import pytest

from tests.web.control.clients import CONTROL, NOW, problem


async def test_it_starts_as_the_server_was_told(client: httpx2.AsyncClient) -> None:
    assert (await client.get(f"{CONTROL}/clock")).json() == {"mode": "manual", "now": NOW, "scale": None}


async def test_a_scaled_clock_tells_its_scale(client: httpx2.AsyncClient) -> None:
    answer = await client.put(f"{CONTROL}/clock", json={"mode": "scaled", "scale": 2.5})

    assert (answer.json()["mode"], answer.json()["scale"]) == ("scaled", 2.5)


async def test_what_get_tells_can_be_put(client: httpx2.AsyncClient) -> None:
    told = (await client.get(f"{CONTROL}/clock")).json()

    answer = await client.put(f"{CONTROL}/clock", json={"mode": told["mode"], "scale": told["scale"]})

    assert answer.json() == told


@pytest.mark.parametrize(
    ("move", "shown"),
    [
        ({"by": "30s"}, "2026-01-01T00:00:30.000000Z"),
        ({"by": "1h30m"}, "2026-01-01T01:30:00.000000Z"),
        ({"to": "2026-01-02T09:00:00Z"}, "2026-01-02T09:00:00.000000Z"),
        ({"to": "2026-01-02T09:00:00+09:00"}, "2026-01-02T00:00:00.000000Z"),
        ({"to": NOW}, NOW),
    ],
)
async def test_it_is_advanced_by_a_length_or_to_an_instant(
    client: httpx2.AsyncClient, move: dict[str, str], shown: str
) -> None:
    assert (await client.post(f"{CONTROL}/clock/advance", json=move)).json()["now"] == shown


@pytest.mark.parametrize(
    ("move", "told"),
    [
        ({"by": "30"}, "`by`: '30' has no unit; write '30s' or '30ms'."),
        ({"by": " "}, "`by`: an empty text is not a length of time; write for instance 300ms"),
        ({}, "Give either `by`, a length of time such as 30s, or `to`, an instant."),
        ({"by": "1s", "to": NOW}, "Give either `by`, a length of time such as 30s, or `to`, an instant."),
        ({"by": "-1s"}, "`by`: '-1s' is negative; write a length of time without '-'."),
        ({"to": "2025-12-31T00:00:00Z"}, f"A clock never goes back: {NOW} cannot be moved by -86400000 ms."),
        ({"to": "2026-01-01T23:59:60Z"}, "`to`: '2026-01-01T23:59:60Z' is no instant that a clock here can show"),
    ],
)
async def test_a_move_that_cannot_be_is_refused(client: httpx2.AsyncClient, move: dict[str, str], told: str) -> None:
    assert problem(await client.post(f"{CONTROL}/clock/advance", json=move), 400).startswith(told)


@pytest.mark.parametrize("move", [{"by": 30}, {"to": "tomorrow"}, {"seconds": "1s"}])
async def test_a_move_is_one_of_two(client: httpx2.AsyncClient, move: Any) -> None:
    problem(await client.post(f"{CONTROL}/clock/advance", json=move), 422)


async def test_a_scale_without_its_mode_is_refused(client: httpx2.AsyncClient) -> None:
    answer = await client.put(f"{CONTROL}/clock", json={"mode": "auto", "scale": 3})

    assert problem(answer, 400) == "`scale` goes with mode 'scaled', not with 'auto'."


@pytest.mark.parametrize("setting", [{"mode": "fast"}, {"scale": 2}, {"mode": "scaled", "scale": 0}])
async def test_a_setting_outside_the_contract_is_refused(client: httpx2.AsyncClient, setting: Any) -> None:
    problem(await client.put(f"{CONTROL}/clock", json=setting), 422)
