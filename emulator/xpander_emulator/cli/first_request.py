"""A first request for any contract, as a curl command to paste, which is validated before it is shown."""

import json
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, Final
from urllib.parse import quote, urlencode

from xpander_emulator.common.json_pointers import reference_to
from xpander_emulator.common.keyed_hash import keyed
from xpander_emulator.contract.extension.vocabulary import ACTIONS, REPLIES, START
from xpander_emulator.contract.model import Contract, MediaType, Operation, Parameter, is_json
from xpander_emulator.contract.request.forms import URLENCODED
from xpander_emulator.contract.request.message_validation import Accepted, RequestValidator
from xpander_emulator.contract.sampling.values import generate
from xpander_emulator.contract.schema.read_write_only import for_requests
from xpander_emulator.errors import EmulatorError

# The number of operations that are tried; a large file may have many more.
MOST_TRIED: Final = 20
# RFC 3986, 3.3: the characters that a path may contain unescaped.
_IN_PATH: Final = "/%:@!$&'()*+,;=~"


@dataclass(frozen=True, slots=True)
class _Request:
    """The parts of a request; `path` by the names of the template's parameters."""

    path: Mapping[str, str]
    query: Sequence[tuple[str, str]]
    headers: Sequence[tuple[str, str]]
    body: str = ""


def first_curl(contract: Contract, url: str, key: str, scenario: str) -> tuple[Operation, str] | None:
    """Return the operation to call first, and the command; None where no request can be made.

    The order: starts of tasks, first those that answer at once; then operations with GET; then all others.
    scenario: the name of the scenario, for a start whose path has it.
    """
    taking = for_requests(contract)
    for operation in islice(_candidates(contract), MOST_TRIED):
        validator = RequestValidator(taking, operation)
        for request in _requests(taking, operation, key, scenario):
            if _is_accepted(validator, request):
                return operation, _command(operation, url, request)
    return None


def _candidates(contract: Contract) -> Iterator[Operation]:
    starts = [each for each in contract.operations if each.behaviour.get("action") == START]
    yield from sorted(starts, key=lambda each: REPLIES.index(each.behaviour.get("reply", REPLIES[0])))
    others = [each for each in contract.operations if not _needs_a_task(each) and each not in starts]
    yield from sorted(others, key=lambda each: each.method != "GET")


def _needs_a_task(operation: Operation) -> bool:
    action = operation.behaviour.get("action")
    return action is not None and ACTIONS[action].is_of_task


def _requests(contract: Contract, operation: Operation, key: str, scenario: str) -> Iterator[_Request]:
    """Yield requests that the operation may accept, the best one first."""
    subject = operation.behaviour.get("subject") if operation.behaviour.get("action") == START else None
    for chosen in ({subject: scenario}, {}) if subject else ({},):
        try:
            bare = _with_credentials(_bare(contract, operation, chosen), operation, key)
        except EmulatorError:
            continue  # no value could be made for a parameter
        if operation.body is None or not operation.body.required:
            yield bare
            continue
        for media_type, media in operation.body.content.items():
            for body in _bodies(contract, media_type, media):
                yield replace(bare, headers=(("Content-Type", media_type), *bare.headers), body=body)


def _bare(contract: Contract, operation: Operation, chosen: Mapping[str, str]) -> _Request:
    """Return a request with its required parameters and without a body. Raises EmulatorError."""
    path: dict[str, str] = {}
    query: list[tuple[str, str]] = []
    headers: list[tuple[str, str]] = []
    for parameter in (each for each in operation.parameters if each.required):
        name = parameter.name
        value = chosen[name] if name in chosen else _generated(contract, parameter.pointer, f"/{name}")
        if parameter.place == "path":
            path[name] = _text(value)
        elif parameter.place == "query":
            query += _pairs(parameter, value)
        elif parameter.place == "header":
            headers.append((name, _text(value)))
        else:
            headers.append(("Cookie", f"{name}={_text(value)}"))
    return _Request(path, query, headers)


def _with_credentials(request: _Request, operation: Operation, key: str) -> _Request:
    query, headers = list(request.query), list(request.headers)
    for credential in next(iter(operation.security), ()):
        if credential.place == "query":
            query.append((credential.name, key))
        elif credential.place == "cookie":
            headers.append(("Cookie", f"{credential.name}={key}"))
        else:
            headers.append((credential.name, f"{credential.scheme} {key}".strip()))
    return replace(request, query=query, headers=headers)


def _bodies(contract: Contract, media_type: str, media: MediaType) -> Iterator[str]:
    """Yield possible bodies: the examples, then a generated value; none for a media type other than JSON and forms."""
    if not is_json(media_type) and media_type != URLENCODED:
        return
    values = list(media.examples.values())
    with suppress(EmulatorError):  # where no value can be generated, the examples remain
        values.append({} if media.schema_pointer is None else _generated(contract, media.schema_pointer, ""))
    for value in values:
        if is_json(media_type):
            yield json.dumps(value, ensure_ascii=False)
        elif isinstance(value, Mapping):
            yield urlencode({name: _text(each) for name, each in value.items() if each is not None})


def _generated(contract: Contract, pointer: str, place: str) -> Any:
    return generate(contract, reference_to(pointer), keyed("first request", pointer), place)


def _pairs(parameter: Parameter, value: Any) -> list[tuple[str, str]]:
    each = value if isinstance(value, list) and parameter.explode else [value]
    return [(parameter.name, _text(item)) for item in each]


def _text(value: Any) -> str:
    if isinstance(value, list):
        return ",".join(_text(each) for each in value)
    return value if isinstance(value, str) else json.dumps(value)


def _is_accepted(validator: RequestValidator, request: _Request) -> bool:
    headers = [(name.lower().encode(), value.encode()) for name, value in request.headers]
    query = urlencode(request.query).encode()
    return all(request.path.values()) and isinstance(
        validator.check(request.path, query, headers, request.body.encode()), Accepted
    )


def _command(operation: Operation, url: str, request: _Request) -> str:
    path = re.sub(
        r"\{([^{}]+)\}|([^{}]+)",
        lambda match: quote(request.path[match[1]], safe="") if match[1] else quote(match[2], safe=_IN_PATH),
        operation.path,
    )
    query = f"?{urlencode(request.query)}" if request.query else ""
    method = "" if operation.method == "GET" else f"-X {operation.method} "
    headers = "".join(f" -H {shlex.quote(f'{name}: {value}')}" for name, value in request.headers)
    body = f" -d {shlex.quote(request.body)}" if request.body else ""
    return f"curl {method}{shlex.quote(url + path + query)}{headers}{body}"
