"""Plays a conversation that is written as text, and writes the answers into it.

    # a comment
    > POST /v1/workflows/approval/invoke/async {"input": {"text": "Refund order 1042"}}
    $ clock advance 2s
    $ tasks approve {task} --by manager

`>` is a request; lines of `>` that follow it and start no other are its headers, or more of its body.
`$` is an act by the control API, worded as on the command line. `{task}` is the id of the task that was started
last, `{sub_task_1}` the first of its sub-tasks. The runner writes everything else: `<` an answer, of a task only
what has changed since its last one, and `=` the result of an act.
"""

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

import httpx2

from tests.contract.samples import schema_at
from xpander_emulator.clock import iso, machine_time
from xpander_emulator.contract.extension.property_names import reading_operation
from xpander_emulator.errors import EmulatorError
from xpander_emulator.scenario.durations import parse_duration
from xpander_emulator.settings import DEFAULT_KEY, DEFAULT_NAMESPACE, Settings
from xpander_emulator.web.app import Application, create_app

_HEADER = re.compile(r"([A-Za-z][A-Za-z-]+): ?(.*)")
_REQUEST = re.compile(r"> [A-Z]+ /")
_START = re.compile(r"/v1/.*/invoke.*|/agent-execution/[^/]+")
_WRITTEN = ("<", "=")


class Conversation:
    """One conversation with an emulator that has no tasks."""

    def __init__(self, app: Application) -> None:
        self._app = app
        self._defaults = _defaults(app)
        self._bodies: dict[str, dict[str, Any]] = {}
        self._task = ""

    async def play(self, text: str) -> str:
        """Return the text with all answers written anew."""
        transport = httpx2.ASGITransport(app=self._app)
        headers = {"x-api-key": DEFAULT_KEY}
        async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:4020", headers=headers) as client:
            written = [line for block in _blocks(text) for line in await self._block(client, block)]
        return "\n".join(written) + "\n"

    async def _block(self, client: httpx2.AsyncClient, block: list[str]) -> list[str]:
        if block[0].startswith("> "):
            return [*block, *await self._request(client, [line[2:] for line in block])]
        if block[0].startswith("$ "):
            return [*block, f"= {await self._act(self._filled(block[0][2:]))}"]
        return block

    async def _request(self, client: httpx2.AsyncClient, lines: list[str]) -> list[str]:
        method, _, rest = self._filled(lines[0]).partition(" ")
        path, _, body = rest.partition(" ")
        fields = [field for line in lines[1:] if (field := _HEADER.fullmatch(line))]
        body = "\n".join([body, *(line for line in lines[1:] if not _HEADER.fullmatch(line))]).strip()
        headers = {field[1]: field[2] for field in fields}
        if body:
            headers.setdefault("content-type", "application/json")
        answer = await client.request(method, path, content=self._filled(body).encode(), headers=headers)
        return list(self._answer(answer))

    def _answer(self, answer: httpx2.Response) -> Iterator[str]:
        yield f"< {answer.status_code}{_explained(answer)}"
        if not answer.content:
            return
        if not answer.headers["content-type"].endswith("json"):
            yield from (f"<   {line}" for line in answer.text.splitlines())
            return
        body = answer.json()
        if "x-emulator-step" in answer.headers:
            task = body[self._app.engine.renderer.names.property_name("id")]
            before = self._bodies.get(task, self._defaults)
            if answer.request.method == "POST" and (
                before is self._defaults or _START.fullmatch(answer.request.url.path)
            ):
                self._task = task
            self._bodies[task] = body
            changed = {name: value for name, value in body.items() if value != before[name]}
            yield from _listed(changed) if changed else ["<   nothing has changed"]
        else:
            yield from _listed(body)

    async def _act(self, act: str) -> str:
        match shlex.split(act):
            case ["clock", "advance", length]:
                clock = await self._app.engine.advance(DEFAULT_NAMESPACE, parse_duration(length))
                return iso(clock.now(machine_time()))
            case ["tasks", verb, task, *rest]:
                return await self._move(verb, task, rest)
        raise ValueError(f"unknown act: {act}")

    async def _move(self, verb: str, task: str, rest: list[str]) -> str:
        engine = self._app.engine
        if verb == "signal":
            verb, *rest = rest
        options = dict(zip(rest[::2], rest[1::2], strict=True))
        try:
            if verb == "skip":
                view = await engine.skip(DEFAULT_NAMESPACE, task, options.get("--until"))
            else:
                view = await engine.signal(
                    DEFAULT_NAMESPACE,
                    task,
                    verb,
                    by=options.get("--by"),
                    reason=options.get("--reason"),
                    payload=json.loads(options.get("--payload", "{}")),
                )
        except EmulatorError as error:
            return f"refused: {error.message}"
        snapshot = view.task_state.snapshot
        return f"{snapshot.status} at step {snapshot.step.id}"

    def _filled(self, text: str) -> str:
        text = text.replace("{task}", self._task)
        for place, child in enumerate(self._bodies.get(self._task, {}).get("sub_executions", []), start=1):
            text = text.replace(f"{{sub_task_{place}}}", child)
        return text


def emulator(**choices: Any) -> Application:
    """Return an emulator with a manual clock, and `<provider>` in place of every generated text."""
    settings = Settings(**{"clock": "manual", **choices})
    return create_app(settings, fake=lambda provider, key, pointer: f"<{provider}>")


def _blocks(text: str) -> Iterator[list[str]]:
    """Yield each request with all its lines, and every other line alone, without the lines of the runner."""
    block: list[str] = []
    for line in text.splitlines():
        if block and (_REQUEST.match(line) or not line.startswith("> ")):
            yield block
            block = []
        if line.startswith("> "):
            block.append(line)
        elif not line.startswith(_WRITTEN):
            yield [line]
    if block:
        yield block


def _explained(answer: httpx2.Response) -> str:
    headers = answer.headers
    if "x-emulator-step" not in headers:
        later = f"; retry after {headers['retry-after']}" if "retry-after" in headers else ""
        return f"   fault: {headers['x-emulator-fault']}{later}" if "x-emulator-fault" in headers else ""
    applied = f"; applied: {headers['preference-applied']}" if "preference-applied" in headers else ""
    return (
        f"   {headers['x-emulator-scenario']}: {headers['x-emulator-step']} ({headers['x-emulator-source']}){applied}"
    )


def _listed(value: Any, indent: str = "<   ") -> Iterator[str]:
    """Yield a line for each part of a value, and for each object of a list."""
    if isinstance(value, Mapping):
        for name, part in value.items():
            if isinstance(part, list) and part and isinstance(part[0], dict):
                yield f"{indent}{name}:"
                yield from _listed(part, f"{indent}  ")
            else:
                yield f"{indent}{name}: {_json(part)}"
    elif isinstance(value, list):
        yield from (f"{indent}- {_json(part)}" for part in value) if value else [f"{indent}[]"]
    else:
        yield f"{indent}{_json(value)}"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _defaults(app: Application) -> dict[str, Any]:
    read = reading_operation(app.contract)
    assert read is not None
    properties = schema_at(app.contract, read.responses["200"].content["application/json"].schema_pointer or "")[
        "properties"
    ]
    objects = {name: schema_at(app.contract, schema["$ref"]) for name, schema in properties.items() if "$ref" in schema}
    inner = {name: _own_defaults(each["properties"]) for name, each in objects.items() if "properties" in each}
    return {**_own_defaults(properties), **inner}


def _own_defaults(properties: dict[str, Any]) -> dict[str, Any]:
    return {name: schema.get("default") for name, schema in properties.items()}
