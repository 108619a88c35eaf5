"""`tasks`: see the tasks of a running server, send them signals, and move them through time."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import click

from xpander_emulator.cli.client import PER_PAGE, Client, answer_options, refusal, segment
from xpander_emulator.cli.failures import Refused
from xpander_emulator.cli.option_types import JsonText
from xpander_emulator.cli.output import emit, fields, table
from xpander_emulator.common.types import JsonObject

_EXAMPLES = """\b
Examples:
  xpander-emulator tasks start approval --text "Refund order 1042"
  xpander-emulator tasks list
  xpander-emulator tasks approve last --by manager
  xpander-emulator tasks reject 3f2a --reason "Over budget"
  xpander-emulator tasks signal last delivered --payload '{"parcel": 7}'
  xpander-emulator tasks skip last --until paused
\b
ID is the id of a task, the beginning of one, or `last` for the newest.
"""

_task: Final = click.argument("task", metavar="ID")
_by: Final = click.option("--by", metavar="NAME", help="Who sends it.")
_reason: Final = click.option("--reason", metavar="TEXT", help="Why; scenarios may repeat it in the result.")


@click.group(epilog=_EXAMPLES)
def tasks() -> None:
    """See tasks, send them signals, move them through time."""


@tasks.command("list")
@answer_options
def list_tasks(client: Client, output: str) -> None:
    """List the tasks, newest first."""
    client.settle()
    emit(client.get("/tasks", per_page=str(PER_PAGE)), output, tasks_text)


@tasks.command("start")
@click.argument("scenario")
@click.option("--text", metavar="TEXT", help="The text of the request, input.text.")
@click.option("--request", type=JsonText(), metavar="JSON", help="The whole request, as a client would send it.")
@answer_options
def start_task(client: Client, scenario: str, text: str | None, request: Any, output: str) -> None:
    """Start a task that takes SCENARIO."""
    if text is not None and request is not None:
        raise click.UsageError("--text and --request both set the request; keep one.")
    body = request if text is None else {"input": {"text": text}}
    emit(client.post("/tasks", {"scenario": scenario, "request": body}), output, state_text)


@tasks.command("show")
@_task
@answer_options
def show_task(client: Client, task: str, output: str) -> None:
    """Show one task with its history."""
    emit(client.get(task_path(client, task)), output, task_text)


@tasks.command("signal")
@_task
@click.argument("name")
@answer_options
@click.option("--payload", type=JsonText(), metavar="JSON", help="Data for the scenario's templates.")
@_by
@_reason
def signal_task(
    client: Client, task: str, name: str, output: str, payload: Any, by: str | None, reason: str | None
) -> None:
    """Send any signal, also one of the scenario's own."""
    send_signal(client, task, output, {"signal": name, "by": by, "reason": reason, "payload": payload})


@tasks.command("skip")
@_task
@answer_options
@click.option("--until", metavar="STATUS|STEP", help="The status or step to reach; default: the next change.")
def skip_task(client: Client, task: str, output: str, until: str | None) -> None:
    """Move one task through its own time."""
    emit(client.post(f"{task_path(client, task)}/skip", {"until": until}), output, state_text)


def _signal_command(name: str, summary: str) -> click.Command:
    def send(client: Client, task: str, output: str, by: str | None, reason: str | None) -> None:
        send_signal(client, task, output, {"signal": name, "by": by, "reason": reason})

    send.__doc__ = summary
    command: Callable[..., Any] = answer_options(send)
    return click.command(name)(_task(_by(_reason(command))))


for _name, _summary in (
    ("approve", "Approve what the task asks a person for."),
    ("reject", "Reject what the task asks a person for."),
    ("authorize", "Give the credential that a connector asks for."),
    ("deny", "Refuse the credential that a connector asks for."),
    ("expire", "End the time limit of a pause now."),
    ("stop", "Stop the task."),
):
    tasks.add_command(_signal_command(_name, _summary))


def send_signal(client: Client, task: str, output: str, body: JsonObject) -> None:
    """Send a signal to the task that `task` names, and print its state."""
    emit(client.post(f"{task_path(client, task)}/signals", body), output, state_text)


def task_path(client: Client, name: str) -> str:
    """Return the path of the task that `name` means, as `find_task` does."""
    return f"/tasks/{segment(find_task(client, name))}"


def find_task(client: Client, name: str) -> str:
    """Return the id of the task that `name` means, and move to its namespace if none is chosen.

    Raises Refused where no task or more than one has this name.
    """
    ids = _matches(client, name)
    if not ids and client.is_open():
        namespaces = [each for each in client.other_namespaces() if _matches(client.within(each), name)]
        if len(namespaces) > 1:
            names = ", ".join(sorted(namespaces))
            raise Refused(f"'{name}' is in several namespaces: {names}. Choose one with --namespace.")
        if namespaces:
            client.move(namespaces[0])
            ids = _matches(client, name)
    if not ids:
        raise Refused(_no_task(client, name))
    if len(ids) > 1:
        raise Refused(f"'{name}' begins the ids of {len(ids)} tasks: {_first_three(ids)}. Write more of the id.")
    return ids[0]


def _matches(client: Client, name: str) -> list[str]:
    """Return the ids that a name matches: one for `last` or a whole id, any number for the beginning of an id."""
    if name == "last":
        return [item["id"] for item in client.get("/tasks", per_page="1")["items"][:1]]
    status, answer = client.exchange("GET", f"/tasks/{segment(name)}")
    if status == 200:
        return [answer["id"]]
    if status != 404:
        raise Refused(refusal(status, answer))
    return [item["id"] for item in client.tasks() if item["id"].startswith(name)]


def _no_task(client: Client, name: str) -> str:
    place = f"in the namespace '{client.namespace}'" if client.namespace else "under this key" if client.key else "here"
    if name == "last":
        return f"There is no task {place} yet. Start one with the curl that `serve` prints."
    return f"No task '{name}' {place}. `tasks list` shows the tasks; --key or --namespace chooses others."


def _first_three(ids: Sequence[str]) -> str:
    return ", ".join(ids[:3]) + (", …" if len(ids) > 3 else "")


def tasks_text(answer: JsonObject) -> str:
    """Return a list of tasks as a table."""
    headings = ("id", "status", "scenario", "step", "waits for", "next change", "created")
    keys = ("id", "status", "scenario", "step", "waits_for", "next_change", "created_at")
    rows = [[item.get(key) for key in keys] for item in answer["items"]]
    text = table(headings, rows, "No tasks yet. Start one with the curl that `serve` prints.")
    left = answer.get("total", len(rows)) - len(rows)
    return f"{text}\n… and {left} more" if left > 0 else text


def task_text(task: JsonObject) -> str:
    """Return one task: its state, the signals that it waits for, and its history."""
    facts = fields(
        [
            ("Task", task["id"]),
            ("Status", task["status"]),
            ("Scenario", task["scenario"]),
            ("Step", task["step"]),
            ("Source", task.get("source")),
            ("Waits for", task["waits_for"]),
            ("Next change", task["next_change"]),
            *((name.replace("_", " ").capitalize(), value) for name, value in (task["pause"] or {}).items()),
            ("Result", task["snapshot"].get("result")),
        ]
    )
    headings = ("at", "status", "step", "cause", "by", "reason")
    history = table(headings, [[entry.get(key) for key in headings] for entry in task["history"]], "Nothing yet.")
    return f"{facts}\n\n{history}"


def state_text(task: JsonObject) -> str:
    """Return the state of a task as one line, with the signals that it waits for."""
    waits = f", waits for {', '.join(task['waits_for'])}" if task["waits_for"] else ""
    due = f", next change {task['next_change']}" if task["next_change"] else ""
    return f"{task['id']}  {task['status']} (step {task['step']}{waits}{due})"
