"""The client of a running server's control API, and the options of the commands that use it.

It uses http.client, which loads in a third of the time of a full HTTP client, and takes no proxy to this machine.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import click
from click.core import ParameterSource

from xpander_emulator.cli.failures import Refused, Unreachable, WrongUsage
from xpander_emulator.cli.output import note, output_option
from xpander_emulator.common.os_errors import reason
from xpander_emulator.common.types import JsonObject
from xpander_emulator.settings import DEFAULT_KEY, DEFAULT_NAMESPACE, DEFAULT_PORT, Settings

PREFIX: Final = "/__emulator"
PER_PAGE: Final = 500  # the highest number that the control API allows
TIMEOUT_SECONDS: Final = 15.0  # a waiting call on a manual clock may take 10 s


@dataclass(slots=True)
class Client:
    """Calls the control API for one namespace: that of `key`, that of the name, or, with neither, the default one.

    namespace: `settle` and `move` change it.
    timeout:   of one request, in seconds.
    """

    url: str
    key: str | None = None
    namespace: str | None = None
    token: str | None = None
    timeout: float = TIMEOUT_SECONDS

    def get(self, path: str, /, **query: str) -> JsonObject:
        """Return the JSON of a GET. Raises Failure, as `send` does."""
        return self.send("GET", path, query=query)

    def post(self, path: str, body: Mapping[str, Any]) -> JsonObject:
        """Return the JSON of a POST, whose body has the members that are not None. Raises Failure."""
        return self.send("POST", path, {key: value for key, value in body.items() if value is not None})

    def send(self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> JsonObject:
        """Return the JSON of a response. Raises Failure for a refusal, and where no emulator answers."""
        status, answer = self.exchange(method, path, body, query)
        if status >= 400:
            raise Refused(refusal(status, answer))
        return answer

    def exchange(
        self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None
    ) -> tuple[int, JsonObject]:
        """Return status and JSON of any response. Raises Unreachable where no emulator answers."""
        query = dict(query or {}) | ({"namespace": self.namespace} if self.namespace else {})
        target = PREFIX + path + (f"?{urlencode(query)}" if query else "")
        headers = {"accept": "application/json"}
        if self.key and not self.namespace:
            headers["x-api-key"] = self.key
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        if body is not None:
            headers["content-type"] = "application/json"
        status, content = self._request(method, target, headers, None if body is None else json.dumps(body))
        try:
            answer = json.loads(content or b"{}")
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or (status == 404 and "detail" not in answer):
            raise Unreachable(f"{self.url} answers, but is no xpander-emulator. Name the right address with --url.")
        return status, answer

    def _request(self, method: str, target: str, headers: Mapping[str, str], body: str | None) -> tuple[int, bytes]:
        import http.client

        parts = urlsplit(self.url)
        connect = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        try:
            with closing(connect(parts.hostname or "", parts.port, timeout=self.timeout)) as connection:
                connection.request(method, parts.path.rstrip("/") + target, body, dict(headers))
                response = connection.getresponse()
                return response.status, response.read()
        except (OSError, http.client.HTTPException, ValueError) as error:
            why = reason(error) if isinstance(error, OSError) else str(error) or type(error).__name__
            raise Unreachable(
                f"No server answers at {self.url} ({why}). Start one with: xpander-emulator serve"
            ) from None

    def tasks(self) -> Iterator[JsonObject]:
        """Yield every task of the namespace, newest first."""
        page, left = 1, 1
        while left > 0:
            answer = self.get("/tasks", page=str(page), per_page=str(PER_PAGE))
            yield from answer["items"]
            left = answer["total"] - page * PER_PAGE
            page += 1

    def is_open(self) -> bool:
        """Return whether no namespace is chosen: neither by name nor by a key other than that of all examples."""
        return self.key in (None, "", DEFAULT_KEY) and not self.namespace

    def other_namespaces(self, having: str = "tasks") -> list[str]:
        """Return the names of the namespaces with `tasks`, or with `requests`, except for the default one."""
        items = self.get("/namespaces")["items"]
        return [item["name"] for item in items if item[having] and item["name"] != DEFAULT_NAMESPACE]

    def within(self, namespace: str) -> "Client":
        """Return a client of another namespace of the same server."""
        return replace(self, key=None, namespace=namespace)

    def settle(self, having: str = "tasks") -> None:
        """Move to the only namespace with tasks, or requests, if none is chosen and the default one has none."""
        if self.is_open() and not self.get(f"/{having}", per_page="1")["items"]:
            others = self.other_namespaces(having)
            if len(others) == 1:
                self.move(others[0])

    def move(self, namespace: str) -> None:
        """Call for `namespace` from now on, and say so on stderr."""
        self.namespace = namespace
        note(f"Using the namespace '{namespace}', the only one that fits; choose with --key or --namespace.")


url_option: Final = click.option(
    "-u", "--url", envvar="EMULATOR_URL", show_envvar=True, help="Server; default: where `serve` would listen."
)
token_option: Final = click.option(
    "--token", envvar="EMULATOR_TOKEN", show_envvar=True, help="Token of a server that others can reach."
)


def client_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a command that calls a server, and give it a Client as its first argument."""

    @wraps(command)  # the options that click has noted on the command so far are among its attributes
    def run(url: str | None, key: str | None, namespace: str | None, token: str | None, **rest: Any) -> Any:
        if key and namespace:
            if click.get_current_context().get_parameter_source("key") is ParameterSource.COMMANDLINE:
                raise click.UsageError("--key and --namespace both choose the namespace; keep one.")
            key = None
        return command(open_client(url, key, namespace, token), **rest)

    for option in (
        token_option,
        click.option("--namespace", metavar="NAME", help="Namespace by its name, in place of a key."),
        click.option("--key", envvar="XPANDER_API_KEY", show_envvar=True, help="x-api-key of the tasks."),
        url_option,
    ):
        run = option(run)
    return run


def answer_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a command that calls a server and prints its answer: `client_options` and `output_option`."""
    return client_options(output_option(command))


def open_client(url: str | None, key: str | None, namespace: str | None, token: str | None) -> Client:
    """Return a Client; without a URL, of the server that the settings in this folder describe."""
    if url is None:
        from xpander_emulator.cli.settings_options import settings_here

        settings = settings_here()
        url = local_url(settings)
        token = token or settings.token
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise WrongUsage(f"'{url}' is no URL of a server; write it as http://127.0.0.1:4020.")
    return Client(url.rstrip("/"), key, namespace, token)


def local_url(settings: Settings) -> str:
    """Return the URL of a server that runs with these settings on this machine."""
    host = "127.0.0.1" if settings.host in ("", "0.0.0.0", "::") else settings.host.strip("[]")  # noqa: S104  a comparison
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port or DEFAULT_PORT}"


def segment(text: str) -> str:
    """Return `text` as one segment of a path."""
    return quote(text, safe="")


def refusal(status: int, answer: JsonObject) -> str:
    """Return the message of a problem document, with the signals that are allowed instead."""
    detail = answer.get("detail")
    if isinstance(detail, list):  # FastAPI's form: one entry for each violation
        detail = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in detail)
    message = str(detail or answer.get("title") or f"The server refused with status {status}.")
    allowed = [str(name) for name in answer.get("allowed", ())]
    if allowed and not all(name in message for name in allowed):
        message += f" Allowed now: {', '.join(allowed)}."
    if status == 401 and "token" in message:
        message += " Give the server's token with --token or EMULATOR_TOKEN."
    return message
