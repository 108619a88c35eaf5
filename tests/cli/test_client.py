from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from tests.cli.conftest import Run
from xpander_emulator.cli.client import local_url, refusal, segment
from xpander_emulator.common.types import JsonObject
from xpander_emulator.server.threaded import ThreadedServer
from xpander_emulator.settings import Settings


@pytest.mark.parametrize("command", [("tasks", "list"), ("clock", "show"), ("reset",), ("env",)])
def test_a_command_without_a_server_says_how_to_start_one(run: Run, nobody: str, command: tuple[str, ...]) -> None:
    result = run(*command, "--url", nobody)

    assert result.exit_code == 4
    assert result.stderr == (
        f"Error: No server answers at {nobody} (Connection refused). Start one with: xpander-emulator serve\n"
    )


def test_another_server_is_not_taken_for_an_emulator(run: Run) -> None:
    class Other(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(404)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the name of the library's
            pass

    with HTTPServer(("127.0.0.1", 0), Other) as server:
        Thread(target=server.handle_request, daemon=True).start()
        result = run("tasks", "list", "--key", "k", "--url", f"http://127.0.0.1:{server.server_port}")

    assert result.exit_code == 4
    assert "answers, but is no xpander-emulator. Name the right address with --url." in result.stderr


def test_a_url_without_a_scheme_is_wrong_usage(run: Run) -> None:
    result = run("tasks", "list", "--url", "localhost:4020")

    assert result.exit_code == 2
    assert "'localhost:4020' is no URL of a server; write it as http://127.0.0.1:4020." in result.stderr


def test_without_a_url_the_settings_say_where_the_server_is(
    run: Run, nobody: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EMULATOR_PORT", nobody.rpartition(":")[2])

    assert nobody in run("tasks", "list").stderr


def test_off_loopback_the_token_is_required(run: Run) -> None:
    with ThreadedServer(Settings(host="0.0.0.0", port=0, token="secret")) as server:
        refused = run("tasks", "list", "--url", server.base_url)
        welcome = run("tasks", "list", "--url", server.base_url, "--token", "secret")

    assert refused.exit_code == 1
    assert "Give the server's token with --token or EMULATOR_TOKEN." in refused.stderr
    assert welcome.exit_code == 0


@pytest.mark.parametrize(
    ("status", "answer", "message"),
    [
        (400, {"detail": "Unknown scope 'a'"}, "Unknown scope 'a'"),
        (404, {"title": "Not Found"}, "Not Found"),
        (500, {}, "The server refused with status 500."),
        (
            422,
            {"detail": [{"loc": ["body", "by", 0], "msg": "Field required"}, {"loc": ["query"], "msg": "too long"}]},
            "body.by.0: Field required; query: too long",
        ),
        (409, {"detail": "Too late.", "allowed": ["approve", "stop"]}, "Too late. Allowed now: approve, stop."),
        (409, {"detail": "It takes approve and stop.", "allowed": ["approve", "stop"]}, "It takes approve and stop."),
        (
            401,
            {"detail": "The control API needs the server's token."},
            "The control API needs the server's token. Give the server's token with --token or EMULATOR_TOKEN.",
        ),
    ],
)
def test_a_refusal_says_what_the_problem_document_says(status: int, answer: JsonObject, message: str) -> None:
    assert refusal(status, answer) == message


@pytest.mark.parametrize(
    ("settings", "url"),
    [
        (Settings(), "http://127.0.0.1:4020"),
        (Settings(port=0), "http://127.0.0.1:4020"),
        (Settings(host="0.0.0.0", port=5000), "http://127.0.0.1:5000"),
        (Settings(host="::"), "http://127.0.0.1:4020"),
        (Settings(host="::1"), "http://[::1]:4020"),
        (Settings(host="emulator"), "http://emulator:4020"),
    ],
)
def test_a_local_server_is_addressed_by_its_settings(settings: Settings, url: str) -> None:
    assert local_url(settings) == url


def test_a_segment_of_a_path_escapes_slashes() -> None:
    assert segment("a/b ?é") == "a%2Fb%20%3F%C3%A9"
