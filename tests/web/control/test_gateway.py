import httpx2
import pytest

from tests.web.control.clients import BASE, CONTROL, client_of, problem, started
from xpander_emulator.settings import Settings
from xpander_emulator.web.app import Application, create_app
from xpander_emulator.web.auth import derived_namespace


async def test_no_answer_is_kept_by_a_cache(client: httpx2.AsyncClient) -> None:
    assert (await client.get(f"{CONTROL}/tasks")).headers["cache-control"] == "no-store"


async def test_a_namespace_is_named_by_key_or_by_name(app: Application, key: str) -> None:
    async with client_of(app) as client:
        task_id = await started(client, "approval", key)
        name = derived_namespace(key)

        by_key = await client.get(f"{CONTROL}/tasks", headers={"x-api-key": key})
        by_name = await client.get(f"{CONTROL}/tasks", params={"namespace": name})
        by_both = await client.get(f"{CONTROL}/tasks", params={"namespace": name}, headers={"x-api-key": key})

    for answer in (by_key, by_name, by_both):
        assert [item["id"] for item in answer.json()["items"]] == [task_id]


async def test_two_different_names_are_refused(client: httpx2.AsyncClient, key: str) -> None:
    answer = await client.get(f"{CONTROL}/tasks", params={"namespace": "default"})

    told = problem(answer, 400)
    assert f"has the namespace '{derived_namespace(key)}'" in told
    assert key not in told


async def test_without_either_it_is_the_default_one(app: Application) -> None:
    async with client_of(app) as client:
        task_id = await started(client, "approval", "local")

        listed = (await client.get(f"{CONTROL}/tasks")).json()

    assert task_id in [item["id"] for item in listed["items"]]


async def test_the_first_key_that_is_welcome_opens_the_default_one() -> None:
    app = create_app(Settings(api_keys=(("k1", "team"), ("k2", None))))
    async with client_of(app) as client:
        await started(client, "approval", "k1")

        info = (await client.get(f"{CONTROL}/info")).json()
        listed = (await client.get(f"{CONTROL}/namespaces")).json()
        refused = await client.get(f"{CONTROL}/tasks", headers={"x-api-key": "k3"})
        without = await client.get(f"{CONTROL}/namespaces", headers={"x-api-key": "k3"})

    assert info["namespace"] == "team"
    assert [(item["name"], item["tasks"]) for item in listed["items"]] == [("team", 1)]
    assert problem(refused, 401) == "Invalid or missing API key"
    assert "www-authenticate" not in refused.headers
    assert without.status_code == 200


@pytest.mark.parametrize("name", ["", "two words", "-dash", "a/b", "a" * 257])
async def test_a_name_without_the_form_of_one_is_refused(app: Application, name: str) -> None:
    async with client_of(app) as client:
        answer = await client.get(f"{CONTROL}/tasks", params={"namespace": name})

    assert problem(answer, 422).startswith("query.namespace: String should ")


async def test_an_empty_key_is_not_welcome(app: Application) -> None:
    async with client_of(app) as client:
        answer = await client.get(f"{CONTROL}/tasks", headers={"x-api-key": ""})

    assert problem(answer, 401) == "Invalid or missing API key"


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ("requests?stauts=404", "GET /__emulator/requests has no parameter 'stauts'. Did you mean 'status'?"),
        ("clock?verbose=", "GET /__emulator/clock has no parameter 'verbose'; it takes namespace."),
        ("namespaces?x=1", "GET /__emulator/namespaces has no parameter 'x'; it takes none."),
    ],
)
async def test_a_parameter_that_is_unknown_is_refused_with_what_was_meant(
    client: httpx2.AsyncClient, asked: str, told: str
) -> None:
    assert problem(await client.get(f"{CONTROL}/{asked}"), 400) == told


@pytest.mark.parametrize("path", ["info", "namespaces", "scenarios", "health?probe=1"])
async def test_a_namespace_may_be_named_everywhere_and_a_probe_may_ask_as_it_likes(
    client: httpx2.AsyncClient, path: str
) -> None:
    asked = httpx2.URL(f"{CONTROL}/{path}").copy_add_param("namespace", "x")

    del client.headers["x-api-key"]
    assert (await client.get(asked)).status_code == 200


@pytest.mark.parametrize("path", ["info", "tasks", "clock", "scenarios", "namespaces", "openapi.json"])
async def test_a_rebound_name_is_refused(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(f"{CONTROL}/{path}", headers={"host": "evil.example:4020"})

    assert problem(answer, 403) == "Host 'evil.example' is not known here. If it is yours, serve with --allow-host."


@pytest.mark.parametrize("host", ["localhost:4020", "[::1]:4020", "emulator.localhost", "127.0.0.2"])
async def test_every_name_of_this_machine_is_welcome(client: httpx2.AsyncClient, host: str) -> None:
    assert (await client.get(f"{CONTROL}/tasks", headers={"host": host})).status_code == 200


@pytest.mark.parametrize("host", ["", "[", "[::1", "@", "localhost.evil.example"])
async def test_a_host_that_is_none_is_refused(client: httpx2.AsyncClient, host: str) -> None:
    problem(await client.get(f"{CONTROL}/tasks", headers={"host": host}), 403)


async def test_a_host_that_was_allowed_is_welcome() -> None:
    async with client_of(create_app(Settings(allow_hosts=("emulator",)))) as client:
        answer = await client.get(f"{CONTROL}/tasks", headers={"host": "emulator:4020"})

    assert answer.status_code == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://127.0.0.1:4021", "http://[x", ""])
async def test_a_page_of_another_origin_is_refused(client: httpx2.AsyncClient, origin: str) -> None:
    answer = await client.post(f"{CONTROL}/reset", headers={"origin": origin})

    assert (
        problem(answer, 403) == f"The control API takes no request from a page of '{origin}', only from its own pages."
    )


async def test_a_page_of_our_own_is_welcome(client: httpx2.AsyncClient) -> None:
    assert (await client.post(f"{CONTROL}/reset", headers={"origin": BASE})).status_code == 200


@pytest.mark.parametrize("sent", [None, "Bearer wrong", "Basic secret", "secret", "Bearer"])
async def test_a_token_is_asked_for(guarded: Application, sent: str | None) -> None:
    async with client_of(guarded, {"authorization": sent} if sent else None) as client:
        answer = await client.get(f"{CONTROL}/tasks")

    assert "`Authorization: Bearer TOKEN`" in problem(answer, 401)
    assert answer.headers["www-authenticate"] == "Bearer"


async def test_the_right_token_opens(guarded: Application) -> None:
    async with client_of(guarded, {"authorization": "bearer secret"}) as client:
        assert (await client.get(f"{CONTROL}/tasks")).status_code == 200


@pytest.mark.parametrize("path", ["health", "ready", "info"])
async def test_what_strangers_may_know_needs_no_token(guarded: Application, path: str) -> None:
    async with client_of(guarded) as client:
        assert (await client.get(f"{CONTROL}/{path}")).status_code == 200


async def test_a_body_above_the_bound_is_refused(guarded: Application) -> None:
    async with client_of(guarded, {"authorization": "Bearer secret"}) as client:
        answer = await client.post(f"{CONTROL}/reset", content=b" " * 101)

    assert problem(answer, 413).startswith("The request's body is larger than 100 bytes")


async def test_a_body_that_is_no_json_is_refused(client: httpx2.AsyncClient) -> None:
    answer = await client.post(f"{CONTROL}/reset", content=b"scope", headers={"content-type": "text/plain"})

    assert problem(answer, 415) == "Content type 'text/plain' is not taken here; send application/json."


async def test_a_body_that_does_not_parse_is_refused(client: httpx2.AsyncClient) -> None:
    assert "body.1: JSON decode error: Expecting property name" in problem(
        await client.post(f"{CONTROL}/reset", content=b"{"), 422
    )
