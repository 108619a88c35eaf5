"""The client of a running server's control API.

The standard library's HTTP: it loads in a third of the time of a full client, and heeds no proxy on the way to
this machine.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlencode, urlsplit

import click
from click.core import ParameterSource

from xpander_emulator.cli.failures import Refused, Unreachable, WrongUsage
from xpander_emulator.cli.output import note
from xpander_emulator.common.os_errors import reason
from xpander_emulator.common.types import JsonObject
from xpander_emulator.settings import DEFAULT_KEY, DEFAULT_NAMESPACE, DEFAULT_PORT, Settings

PREFIX: Final = "/__emulator"
PER_PAGE: Final = 500  # the most that the control API gives at once
TIMEOUT_SECONDS: Final = 15.0  # a waiting call on a manual clock may take 10


@dataclass(slots=True)
class Client:
    """Speaks for one namespace: that of `key`, the one named, or, with neither, the default one.

    `namespace` changes once, when the default one proves empty and exactly one other is not.
    timeout: of one exchange, in seconds.
    """

    url: str
    key: str | None = None
    namespace: str | None = None
    token: str | None = None
    timeout: float = TIMEOUT_SECONDS

    def get(self, path: str, /, **query: str) -> JsonObject:
        """GET a path of the control API. Raises Failure, as `send` does."""
        return self.send("GET", path, query=query)

    def post(self, path: str, body: Mapping[str, Any]) -> JsonObject:
        """POST a body without its empty members. Raises Failure."""
        return self.send("POST", path, {key: value for key, value in body.items() if value is not None})

    def send(self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None) -> JsonObject:
        """Return the answer's JSON. Raises Failure: unreachable, refused, or no emulator at all."""
        status, answer = self.exchange(method, path, body, query)
        if status >= 400:
            raise Refused(refusal(status, answer))
        return answer

    def exchange(
        self, method: str, path: str, body: Any = None, query: Mapping[str, str] | None = None
    ) -> tuple[int, JsonObject]:
        """Return status and JSON of any answer. Raises Failure when nobody, or something else, answers."""
        query = dict(query or {}) | ({"namespace": self.namespace} if self.namespace else {})
        target = PREFIX + path + (f"?{urlencode(query)}" if query else "")
        headers = {"accept": "application/json"}
        if self.key and not self.namespace:
            headers["x-api-key"] = self.key
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        if body is not None:
            headers["content-type"] = "application/json"
        status, content = self._speak(method, target, headers, None if body is None else json.dumps(body))
        try:
            answer = json.loads(content or b"{}")
        except ValueError:
            answer = None
        if not isinstance(answer, dict) or (status == 404 and "detail" not in answer):
            raise Unreachable(f"{self.url} answers, but is no xpander-emulator. Choose its address with --url.")
        return status, answer

    def _speak(self, method: str, target: str, headers: Mapping[str, str], body: str | None) -> tuple[int, bytes]:
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
        """Return whether neither a key, but for the one that all examples use, nor a namespace was chosen."""
        return self.key in (None, "", DEFAULT_KEY) and not self.namespace

    def other_namespaces(self, having: str = "tasks") -> list[str]:
        """Return the names of the namespaces with `tasks`, or with `requests`, but for the default one."""
        items = self.get("/namespaces")["items"]
        return [item["name"] for item in items if item[having] and item["name"] != DEFAULT_NAMESPACE]

    def within(self, namespace: str) -> "Client":
        """Return a client of another namespace of the same server."""
        return Client(self.url, None, namespace, self.token)

    def settle(self, having: str = "tasks") -> None:
        """Move to the only namespace with tasks, or requests, when nothing was chosen and the default one has none."""
        if self.is_open() and not self.get(f"/{having}", per_page="1")["items"]:
            others = self.other_namespaces(having)
            if len(others) == 1:
                self.move(others[0])

    def move(self, namespace: str) -> None:
        """Speak for `namespace` from now on, and say so."""
        self.namespace = namespace
        note(f"Using the namespace '{namespace}', the only one that fits; choose with --key or --namespace.")


def client_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add what every command that speaks to a server needs, and give it a Client as its first argument."""

    def run(url: str | None, key: str | None, namespace: str | None, token: str | None, **rest: Any) -> Any:
        if key and namespace:
            if click.get_current_context().get_parameter_source("key") is ParameterSource.COMMANDLINE:
                raise click.UsageError("--key and --namespace both choose the namespace; keep one.")
            key = None
        return command(open_client(url, key, namespace, token), **rest)

    run.__name__, run.__doc__ = command.__name__, command.__doc__
    run.__dict__.update(command.__dict__)  # the options that click has noted on the command so far
    for option in (
        click.option("--token", envvar="EMULATOR_TOKEN", show_envvar=True, help="Token of a server off loopback."),
        click.option("--namespace", metavar="NAME", help="Namespace by its name, in place of a key."),
        click.option(
            "--key", envvar="XPANDER_API_KEY", show_envvar=True, help="x-api-key that the tasks were started with."
        ),
        click.option(
            "-u", "--url", envvar="EMULATOR_URL", show_envvar=True, help="Server; default: where `serve` would listen."
        ),
    ):
        run = option(run)
    return run


def open_client(url: str | None, key: str | None, namespace: str | None, token: str | None) -> Client:
    """Return a Client; without a URL, of the server that the settings of this folder describe."""
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
    host = "127.0.0.1" if settings.host in ("", "0.0.0.0", "::") else settings.host.strip("[]")  # noqa: S104  compared only
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port or DEFAULT_PORT}"


def segment(text: str) -> str:
    """Return `text` as one segment of a path."""
    return quote(text, safe="")


def refusal(status: int, answer: JsonObject) -> str:
    """Return what a problem document says, with the signals that would be taken instead."""
    detail = answer.get("detail")
    if isinstance(detail, list):  # FastAPI's form: one entry a violation
        detail = "; ".join(f"{'.'.join(map(str, item['loc']))}: {item['msg']}" for item in detail)
    message = str(detail or answer.get("title") or f"The server refused with status {status}.")
    allowed = [str(name) for name in answer.get("allowed", ())]
    if allowed and not all(name in message for name in allowed):
        message += f" Allowed now: {', '.join(allowed)}."
    if status == 401 and "token" in message:
        message += " Give the server's token with --token or EMULATOR_TOKEN."
    return message
