"""Serve an OpenAPI file that nobody here wrote, in this process, and call every operation with a generated request.

    python -m tools.serve_any FILE...

Prints a table: operations, seconds until the file is ready, answers that were not what the contract declares. Exits
with 1 if there are any. A request is made from the contract too: parameters and body are examples or generated.
"""

import asyncio
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import httpx2
import orjson

from xpander_emulator.common.json_pointers import as_fragment
from xpander_emulator.common.keyed_hash import keyed
from xpander_emulator.contract.extension.property_names import task_names
from xpander_emulator.contract.extension.vocabulary import ACTIONS, START, TASK_ID
from xpander_emulator.contract.model import NOTHING, Contract, MediaType, Operation, Parameter, is_json
from xpander_emulator.contract.request.forms import MULTIPART, URLENCODED
from xpander_emulator.contract.sampling.values import generate
from xpander_emulator.errors import EmulatorError, InvalidFiles
from xpander_emulator.settings import DEFAULT_NAMESPACE, Settings
from xpander_emulator.web.app import Application, create_app

# A story that comes with the emulator, and so is a workflow and an agent.
_STORY = "completed"
_BOUNDARY = "xpander-emulator-serve-any"


def request_of(contract: Contract, operation: Operation, known: Mapping[str, str] = NOTHING) -> dict[str, Any]:
    """Return method, path, query and body of a request that the operation should take.

    known: parameters of the path that are to have a value that is there.
    """
    key = keyed("serve_any", operation.id)
    path, query = operation.path, dict[str, str]()
    headers: dict[str, str] = {}
    for credential in next(iter(operation.security), ()):
        if credential.place == "query":
            query[credential.name] = "local"
        elif credential.place == "cookie":
            headers["cookie"] = f"{credential.name}=local"
        else:
            headers[credential.name] = f"{credential.scheme} local".strip()
    for parameter in operation.parameters:
        value = known.get(parameter.name) or _value(contract, parameter, key)
        if parameter.place == "path":
            path = path.replace(f"{{{parameter.name}}}", quote(_text(value) or "x", safe=""))
        elif parameter.place == "query" and parameter.required and not isinstance(value, Mapping):
            query[parameter.name] = _text(value)
        elif parameter.place == "header" and parameter.required:
            headers[parameter.name] = _text(value)
    content: bytes | None = None
    if operation.body is not None and operation.body.content:
        name, media = next(((n, m) for n, m in operation.body.content.items() if is_json(n)), (None, None))
        if name is not None and media is not None:
            headers["content-type"] = name
            content = orjson.dumps(_body(contract, media, key))
        elif (form := operation.body.content.get(URLENCODED)) is not None:
            headers["content-type"] = URLENCODED
            content = urlencode(_fields(_body(contract, form, key))).encode()
        elif (form := operation.body.content.get(MULTIPART)) is not None:
            headers["content-type"] = f"{MULTIPART}; boundary={_BOUNDARY}"
            content = _multipart(_fields(_body(contract, form, key)))
        else:
            headers["content-type"] = next(iter(operation.body.content)).replace("*", "x")
            content = b"anything"
    return {"method": operation.method, "url": path, "params": query, "headers": headers, "content": content}


def _multipart(fields: list[tuple[str, str]]) -> bytes:
    parts = [
        f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in fields
    ]
    return "".join([*parts, f"--{_BOUNDARY}--\r\n"]).encode()


def _fields(body: Any) -> list[tuple[str, str]]:
    """Return a generated object as the fields of a form; what is null is left out, and nested lists."""
    several = {name: value if isinstance(value, list) else [value] for name, value in dict(body).items()}
    return [
        (name, _text(each))
        for name, values in several.items()
        for each in values
        if each is not None and not isinstance(each, list)
    ]


def _value(contract: Contract, parameter: Parameter, key: int) -> Any:
    return generate(contract, {"$ref": as_fragment(parameter.pointer)}, key, f"/{parameter.name}")


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(_text(each) for each in value)
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _body(contract: Contract, media: MediaType, key: int) -> Any:
    if media.schema_pointer is None:
        return {}
    return generate(contract, {"$ref": as_fragment(media.schema_pointer)}, key)


async def failures(app: Application) -> list[str]:
    """Return a line for each operation whose request was refused, or answered by what its contract does not declare.

    That an answer's body keeps the contract is checked by the emulator itself before it is sent; else it is a 500.
    """
    found = []
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://localhost:4020") as client:
        for operation in app.contract.operations:
            try:
                known = await _known(app, client, operation)
                answer = await client.request(**request_of(app.contract, operation, known))
            except EmulatorError as error:
                found.append(f"{operation.method} {operation.path}: no request: {error.message[:200]}")
                continue
            refused = answer.status_code in (400, 405, 406, 415, 422) or answer.status_code >= 500
            if refused or operation.response(answer.status_code) is None:
                found.append(f"{operation.method} {operation.path}: {answer.status_code} {answer.text[:200]}")
    return found


async def _known(app: Application, client: httpx2.AsyncClient, operation: Operation) -> Mapping[str, str]:
    """Return the id of what an operation is about, where the emulator must know it: of a task that was just started."""
    behaviour = operation.behaviour
    action = ACTIONS.get(behaviour.get("action", ""))
    if action is None:
        return NOTHING
    if not action.is_of_task:
        return {behaviour["subject"]: _STORY} if "subject" in behaviour else NOTHING
    # The generated request may name an id, which is free once.
    await app.engine.reset(DEFAULT_NAMESPACE)
    start = next(each for each in app.contract.operations if each.behaviour.get("action") == START)
    answer = await client.request(**request_of(app.contract, start, {start.behaviour.get("subject", ""): _STORY}))
    return {behaviour.get("subject", TASK_ID): answer.json()[task_names(app.contract).property_name("id")]}


def main(paths: list[Path]) -> int:
    """Serve each file and print the table."""
    print("| file | operations | ready in s | failures |\n|---|---|---|---|")
    told: list[str] = []
    for path in paths:
        began = time.perf_counter()
        try:
            app = create_app(Settings(spec=path, clock="auto"))
        except InvalidFiles as error:
            print(f"| {path.name} | refused | | {len(error.diagnostics)} |")
            told += [str(diagnostic) for diagnostic in error.diagnostics[:20]]
            continue
        ready = time.perf_counter() - began
        found = asyncio.run(failures(app))
        print(f"| {path.name} | {len(app.contract.operations)} | {ready:.2f} | {len(found)} |")
        told += found
    print("\n".join(told))
    return 1 if told else 0


if __name__ == "__main__":
    sys.exit(main([Path(path) for path in sys.argv[1:]]))
