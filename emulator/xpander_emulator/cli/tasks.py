"""`tasks`: see the tasks of a running server, decide for them, move them on."""

from collections.abc import Callable, Sequence
from typing import Any

import click

from xpander_emulator.cli.client import PER_PAGE, Client, client_options, refusal, segment
from xpander_emulator.cli.failures import Refused
from xpander_emulator.cli.output import emit, fields, output_option, table
from xpander_emulator.common.json_syntax import NotJson, read_json
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

Command = Callable[..., Any]


@click.group(epilog=_EXAMPLES)
def tasks() -> None:
    """See tasks, decide for them, move them on."""


@tasks.command("list")
@client_options
@output_option
def list_tasks(client: Client, output: str) -> None:
    """List the tasks, newest first."""
    client.settle()
    emit(client.get("/tasks", per_page=str(PER_PAGE)), output, tasks_text)


@tasks.command("start")
@click.argument("scenario")
@click.option("--text", metavar="TEXT", help="What the task is to do: input.text of the request.")
@click.option("--request", metavar="JSON", help="The whole request, as a client would send it.")
@client_options
@output_option
def start_task(client: Client, scenario: str, text: str | None, request: str | None, output: str) -> None:
    """Start a task that plays SCENARIO."""
    if text is not None and request is not None:
        raise click.UsageError("--text and --request both say what is asked; keep one.")
    asked = _parsed(request, "--request") if text is None else {"input": {"text": text}}
    emit(client.post("/tasks", {"scenario": scenario, "request": asked}), output, outcome_text)


@tasks.command("show")
@click.argument("task", metavar="ID")
@client_options
@output_option
def show_task(client: Client, task: str, output: str) -> None:
    """Show one task with its history."""
    found = find_task(client, task)
    emit(client.get(f"/tasks/{segment(found)}"), output, task_text)


@tasks.command("signal")
@click.argument("task", metavar="ID")
@click.argument("name")
@client_options
@output_option
@click.option("--payload", metavar="JSON", help="What the signal carries, for the scenario's templates.")
@click.option("--by", metavar="NAME", help="Who decided.")
@click.option("--reason", metavar="TEXT", help="Why.")
def signal_task(
    client: Client, task: str, name: str, output: str, payload: str | None, by: str | None, reason: str | None
) -> None:
    """Send any signal, also an author's own."""
    send_signal(
        client, task, output, {"signal": name, "by": by, "reason": reason, "payload": _parsed(payload, "--payload")}
    )


@tasks.command("skip")
@click.argument("task", metavar="ID")
@client_options
@output_option
@click.option("--until", metavar="STATUS|STEP", help="Go on to this status or step; default: to the next change.")
def skip_task(client: Client, task: str, output: str, until: str | None) -> None:
    """Move one task on in its own time."""
    found = find_task(client, task)
    emit(client.post(f"/tasks/{segment(found)}/skip", {"until": until}), output, outcome_text)


def _decision(name: str, summary: str) -> click.Command:
    def decide(client: Client, task: str, output: str, by: str | None, reason: str | None) -> None:
        send_signal(client, task, output, {"signal": name, "by": by, "reason": reason})

    decide.__doc__ = summary
    run: Command = output_option(client_options(decide))
    run = click.option("--reason", metavar="TEXT", help="Why; scenarios may repeat it in the result.")(run)
    run = click.option("--by", metavar="NAME", help="Who decided.")(run)
    return click.command(name)(click.argument("task", metavar="ID")(run))


for _name, _summary in (
    ("approve", "Approve what a human is asked for."),
    ("reject", "Reject what a human is asked for."),
    ("authorize", "Give the credential that a connector asks for."),
    ("deny", "Refuse the credential that a connector asks for."),
    ("expire", "Let a wait run out."),
    ("stop", "Stop the task."),
):
    tasks.add_command(_decision(_name, _summary))


def send_signal(client: Client, task: str, output: str, body: JsonObject) -> None:
    """Send a signal to the task that `task` names, and print what became of it."""
    found = find_task(client, task)
    emit(client.post(f"/tasks/{segment(found)}/signals", body), output, outcome_text)


def find_task(client: Client, wanted: str) -> str:
    """Return the id that `wanted` means, moving to the namespace that holds it when none was chosen.

    Raises Refused when there is no such task, or more than one.
    """
    found = _matches(client, wanted)
    if not found and client.is_open():
        holders = [name for name in client.other_namespaces() if _matches(client.within(name), wanted)]
        if len(holders) > 1:
            names = ", ".join(sorted(holders))
            raise Refused(f"'{wanted}' is in several namespaces: {names}. Choose one with --namespace.")
        if holders:
            client.move(holders[0])
            found = _matches(client, wanted)
    if not found:
        raise Refused(_absent(client, wanted))
    if len(found) > 1:
        raise Refused(f"'{wanted}' begins the ids of {len(found)} tasks: {_some(found)}. Give more of it.")
    return found[0]


def _matches(client: Client, wanted: str) -> list[str]:
    """Return the ids that `wanted` names: one for `last` and for a whole id, any number for a beginning."""
    if wanted == "last":
        return [item["id"] for item in client.get("/tasks", per_page="1")["items"][:1]]
    status, answer = client.exchange("GET", f"/tasks/{segment(wanted)}")
    if status == 200:
        return [answer["id"]]
    if status != 404:
        raise Refused(refusal(status, answer))
    return [item["id"] for item in client.tasks() if item["id"].startswith(wanted)]


def _absent(client: Client, wanted: str) -> str:
    place = f"in the namespace '{client.namespace}'" if client.namespace else "under this key" if client.key else "here"
    if wanted == "last":
        return f"There is no task {place} yet. Start one with the curl that `serve` prints."
    return f"No task '{wanted}' {place}. `tasks list` shows the tasks; --key or --namespace chooses others."


def _some(ids: Sequence[str]) -> str:
    return ", ".join(ids[:3]) + (", …" if len(ids) > 3 else "")


def _parsed(text: str | None, option: str) -> Any:
    if text is None:
        return None
    try:
        return read_json(text)
    except NotJson as error:
        raise click.BadParameter(f"is not JSON: {error}", param_hint=f"'{option}'") from None


def tasks_text(answer: JsonObject) -> str:
    """Return the list as a table."""
    headings = ("id", "status", "scenario", "step", "waits for", "next change", "created")
    keys = ("id", "status", "scenario", "step", "waits_for", "next_change", "created_at")
    rows = [[item.get(key) for key in keys] for item in answer["items"]]
    text = table(headings, rows, "No tasks yet. Start one with the curl that `serve` prints.")
    left = answer.get("total", len(rows)) - len(rows)
    return f"{text}\n… and {left} more" if left > 0 else text


def task_text(task: JsonObject) -> str:
    """Return one task: where it stands, what it waits for, and how it came there."""
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


def outcome_text(task: JsonObject) -> str:
    """Return one line: where the task stands now, and what it waits for."""
    waits = f", waits for {', '.join(task['waits_for'])}" if task["waits_for"] else ""
    due = f", next change {task['next_change']}" if task["next_change"] else ""
    return f"{task['id']}  {task['status']} (step {task['step']}{waits}{due})"
