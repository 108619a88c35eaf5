"""`requests` and `verify`: the requests of a running server, the reasons for their responses, and checks of them."""

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

import click

from xpander_emulator.cli.client import PER_PAGE, Client, answer_options
from xpander_emulator.cli.failures import Refused
from xpander_emulator.cli.option_types import JsonText
from xpander_emulator.cli.output import emit, fields, table
from xpander_emulator.common.types import JsonObject
from xpander_emulator.contract.schema.violations import violation_text
from xpander_emulator.journal.expected_count import ExpectedCount, count_text, dropped_text

_EXAMPLES = """\b
Examples:
  xpander-emulator requests list --status 422
  xpander-emulator requests explain last
  xpander-emulator verify --operation invokeWorkflowAsync --times 1 --body '{"input.text": {"contains": "Refund"}}'
\b
ID is the number of a request, as in the header X-Emulator-Request of its response, or `last` for the newest.
"""
_POLL_SECONDS: Final = 0.25
_FIRST_OF_TAIL: Final = 10

_OBJECT: Final = JsonText(is_object=True)


@click.group(epilog=_EXAMPLES)
def requests() -> None:
    """See requests and responses, and the reasons for them."""


def _filters(command: Callable[..., Any]) -> Callable[..., Any]:
    for option in (
        click.option("--scenario", metavar="NAME", help="Only where the response shows a task of this scenario."),
        click.option("--task", "task_id", metavar="ID", help="Only where the response shows this task."),
        click.option("--status", type=click.IntRange(100, 599), help="Only with this HTTP status of the response."),
        click.option("--path", metavar="PATTERN", help="Only paths such as '/v1/tasks/*'."),
        click.option("--method", help="Only with this method."),
        click.option("--operation", metavar="ID", help="Only of this operation; `routes` lists them."),
    ):
        command = option(command)
    return command


@requests.command("list")
@answer_options
@_filters
def list_requests(client: Client, output: str, **filters: Any) -> None:
    """List the requests, newest first."""
    client.settle("requests")
    emit(client.get("/requests", **_query(filters)), output, requests_text)


@requests.command("unmatched")
@answer_options
def unmatched_requests(client: Client, output: str) -> None:
    """List the requests that match no operation or break the contract."""
    client.settle("requests")
    emit(client.get("/requests/unmatched", per_page=str(PER_PAGE)), output, unmatched_text)


@requests.command("show")
@click.argument("request", metavar="ID")
@answer_options
def show_request(client: Client, request: str, output: str) -> None:
    """Show one request with its response."""
    emit(_find(client, request), output, request_text)


@requests.command("explain")
@click.argument("request", metavar="ID")
@answer_options
def explain_request(client: Client, request: str, output: str) -> None:
    """Show in sentences why a request got its response."""
    emit(_find(client, request), output, lambda it: "\n".join(it["explanation"]))


@requests.command("tail")
@answer_options
@_filters
def tail_requests(client: Client, output: str, **filters: Any) -> None:
    """Show requests as they come, until interrupted."""
    client.settle("requests")
    for item in _follow(client, _query(filters)):
        click.echo(json.dumps(item, ensure_ascii=False) if output == "json" else line(item))


@click.command(epilog=_EXAMPLES)
@answer_options
@_filters
@click.option("--body", type=JsonText(), metavar="JSON", help="What the body contains; conditions may replace values.")
@click.option("--headers", type=_OBJECT, metavar="JSON", help="What the headers contain; conditions as well.")
@click.option("--query", type=_OBJECT, metavar="JSON", help="What the query contains; conditions as well.")
@click.option("--times", type=click.IntRange(0), help="The exact number of requests.")
@click.option("--at-least", type=click.IntRange(0), help="The lowest number; 1 unless a number is set.")
@click.option("--at-most", type=click.IntRange(0), help="The highest number.")
def verify(
    client: Client, output: str, times: int | None, at_least: int | None, at_most: int | None, **criteria: Any
) -> None:
    """Check how many requests match."""
    wanted = ExpectedCount.of(times, at_least, at_most, lambda name: f"--{name.replace('_', '-')}")
    client.settle("requests")
    answer = client.post("/requests/count", criteria)
    holds = wanted.holds(answer["count"])
    answer = {"holds": holds, "wanted": str(wanted), **answer}
    if output == "text" and not holds:
        raise Refused(verification_text(answer))
    emit(answer, output, verification_text)
    if not holds:
        raise SystemExit(Refused.exit_code)


def _query(filters: Mapping[str, Any]) -> dict[str, str]:
    return {"per_page": str(PER_PAGE)} | {name: str(value) for name, value in filters.items() if value is not None}


def _find(client: Client, name: str) -> JsonObject:
    """Return the request that `name` means. Raises Refused where there is none."""
    client.settle("requests")
    if name == "last":
        newest = client.get("/requests", per_page="1")["items"]
        if not newest:
            raise Refused("There is no request here yet; --key or --namespace chooses others.")
        name = str(newest[0]["id"])
    if not name.isdecimal():
        raise click.BadParameter(
            f"'{name}' is not the number of a request; `requests list` shows them.", param_hint="'ID'"
        )
    return client.get(f"/requests/{name}")


def _follow(client: Client, query: Mapping[str, str]) -> Iterator[JsonObject]:
    """Yield the newest ten requests, then each further one when it is answered."""
    items = client.get("/requests", **query)["items"]
    new = items[:_FIRST_OF_TAIL]
    while True:
        yield from reversed(new)
        # By the time too: after a reset the numbers start again, and those of several workers are not in order.
        shown = {(item["id"], item["time"]) for item in items}
        time.sleep(_POLL_SECONDS)
        items = client.get("/requests", **query)["items"]
        new = [item for item in items if (item["id"], item["time"]) not in shown]


def requests_text(answer: JsonObject) -> str:
    """Return a list of requests as a table."""
    headings = ("id", "at", "method", "path", "status", "ms", "fault", "task", "scenario", "step", "source")
    keys = ("id", "at", "method", "path", "status", "ms", "fault", "task_id", "scenario", "step", "source")
    rows = [[item[key] for key in keys] for item in answer["items"]]
    text = table(headings, rows, "No such requests.")
    left = answer["total"] - len(rows)
    return text + (f"\n… and {left} more" if left > 0 else "") + dropped_text(answer["forgotten"])


def unmatched_text(answer: JsonObject) -> str:
    """Return a list of requests as a table, with the mistake of each."""
    rows = [
        [item["id"], item["method"], item["path"], item["status"], _wrong(item) or "no operation matches"]
        for item in answer["items"]
    ]
    return table(("id", "method", "path", "status", "what is wrong"), rows, "No such requests.") + dropped_text(
        answer["forgotten"]
    )


def line(item: JsonObject) -> str:
    """Return a request as one line."""
    task = f"{item['task_id']} {item['scenario']}/{item['step']} {item['task_status']}" if item["task_id"] else ""
    ms = "-" if item["ms"] is None else f"{item['ms']:.1f}"
    cells = (item["id"], item["at"], item["method"], item["path"], item["status"], f"{ms} ms", task, _wrong(item))
    return "  ".join(str(cell) for cell in cells if cell != "")


def request_text(item: JsonObject) -> str:
    """Return one request and its response, with the step of the scenario that it shows."""
    facts = fields(
        [
            ("Request", item["id"]),
            ("At", item["at"]),
            ("Took", None if item["ms"] is None else f"{item['ms']:g} ms"),
            ("Operation", item["operation"]),
            ("Status", item["status"]),
            ("Wrong", _wrong(item)),
            ("Task", item["task_id"]),
            ("Task status", item["task_status"]),
            ("Scenario", item["scenario"]),
            ("Chosen", item["chosen"]),
            ("Step", item["step"]),
            ("Source", item["source"]),
            ("Fault", item["fault"]),
            ("Events", item["events"]),
        ]
    )
    request = _message(f"{item['method']} {item['path']}", item["query"], item["request"])
    return f"{facts}\n\n{request}\n\n{_message(str(item['status']), {}, item['answer'])}"


def verification_text(answer: JsonObject) -> str:
    """Return the result of a check, with the requests that nearly match where it failed."""
    near = [] if answer["holds"] else answer["near_misses"]
    return count_text(answer["count"], answer["wanted"], near, answer["forgotten"])


def _message(first: str, query: JsonObject, message: JsonObject) -> str:
    body = message["body"]
    text = body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)
    parameters = "".join(f"\n  {name} = {value}" for name, value in query.items())
    headers = "".join(f"\n{name}: {value}" for name, value in message["headers"].items())
    cut = f"\n… cut; {message['size']:,} bytes in all" if message["cut"] else ""
    return f"{first}{parameters}{headers}" + ("" if body is None else f"\n\n{text}{cut}")


def _wrong(item: JsonObject) -> str:
    return "; ".join(map(violation_text, item["violations"]))
