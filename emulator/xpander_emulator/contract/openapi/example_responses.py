"""Responses made from the contract alone, as a client asks for them by `Prefer` (RFC 7240)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from xpander_emulator.common import json_codec, json_pointers
from xpander_emulator.common.keyed_hash import keyed
from xpander_emulator.contract.model import Contract, Header, MediaType, Operation, Response, is_json
from xpander_emulator.contract.openapi.example_checks import violation_summary
from xpander_emulator.contract.request.accept import quality_of
from xpander_emulator.contract.request.prefer import Preferences
from xpander_emulator.contract.sampling.values import generate
from xpander_emulator.contract.schema.validation import judge
from xpander_emulator.errors import BadRequest, EmulatorError, did_you_mean


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole response; `applied` holds the items of the header Preference-Applied."""

    status: int
    media_type: str | None
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    applied: tuple[str, ...] = ()


class BrokenExample(EmulatorError):
    """The example that a client asks for breaks its own schema: a mistake in the contract's file."""


class NotAcceptable(EmulatorError):
    """The client accepts none of the media types of a response."""

    status = 406


def answer(
    contract: Contract, operation: Operation, preferences: Preferences, key: int, accept: str | None = None
) -> Answer:
    """Return the response with the first 2xx, or the preferred status, and the named or first example, or a value.

    key:    decides generated values, unless a seed is preferred.
    accept: the header Accept, which chooses among the media types (RFC 9110, 12.5.1); JSON before others.

    Raises BadRequest for a status or an example that the operation does not declare, BrokenExample, NotAcceptable.
    """
    status, response = _response(operation, preferences)
    if preferences.seed is not None:
        key = keyed("seed", preferences.seed, operation.id)
    media_type = _media_type(response, accept)
    body, is_generated = b"", False
    if media_type is not None:
        media = response.content[media_type]
        example = _example(contract, media_type, media, preferences, f"{operation.id} {status}")
        is_generated = example is None and media.schema_pointer is not None
        value = _generated(contract, media.schema_pointer, key) if example is None else example[0]
        body = _encoded(value, media_type)
    elif preferences.example is not None:
        raise BadRequest(f"{operation.id} {status} has no body, hence no example '{preferences.example}'")
    headers = tuple(_headers(contract, response, key))
    is_seeded = is_generated or any(not header.examples for header in _sent_headers(response).values())
    # A response cannot have a wildcard for its media type.
    sent = "text/plain" if media_type is not None and "*" in media_type else media_type
    return Answer(status, sent, body, headers, _applied(preferences, is_generated, is_seeded))


def _media_type(response: Response, accept: str | None) -> str | None:
    """Return the media type that the client prefers; None for a response without body. Raises NotAcceptable."""
    offered = sorted(response.content, key=lambda name: not is_json(name))
    if not offered or not accept:
        return next(iter(offered), None)
    qualities = {name: quality_of(name, accept) for name in offered}
    best = max(offered, key=lambda name: qualities[name])
    if qualities[best] <= 0:
        raise NotAcceptable(f"Accept: {accept}: this answer comes as {', '.join(offered)}.")
    return best


def _response(operation: Operation, preferences: Preferences) -> tuple[int, Response]:
    if preferences.code is not None:
        response = operation.response(preferences.code)
        if response is None:
            listed = ", ".join(operation.responses)
            raise BadRequest(f"{operation.id} declares no status {preferences.code}; declared are {listed}")
        return preferences.code, response
    for name, response in operation.responses.items():
        if name.startswith("2"):
            return int(name.replace("XX", "00")), response
    name, response = next(iter(operation.responses.items()))
    return 200 if name == "default" else int(name.replace("XX", "00")), response


def _example(
    contract: Contract, media_type: str, media: MediaType, preferences: Preferences, what: str
) -> tuple[Any] | None:
    """Return the preferred or first example, in a tuple since it may be null; None where a value is to be generated."""
    name = preferences.example
    if name is not None:
        if name not in media.examples:
            known = tuple(media.examples)
            listed = f"; there are {', '.join(known)}" if known else "; there are none"
            raise BadRequest(f"{what} has no example '{name}'{did_you_mean(name, known) or listed}")
        if is_json(media_type):
            _refuse_broken(contract, media, name, what)
        return (media.examples[name],)
    is_usual = media.examples and not preferences.dynamic
    valid = contract.derived(_ValidExamples).of(media, what) if is_usual else ()
    return (valid[0],) if valid else None


def _refuse_broken(contract: Contract, media: MediaType, name: str, what: str) -> None:
    """Raise BrokenExample where the named example breaks its schema."""
    pointer = media.schema_pointer
    summary = None if pointer is None else violation_summary(contract, pointer, media.examples[name])
    if summary is not None:
        place = f"{contract.source}#{media.places.get(name, '')}"
        raise BrokenExample(f"The example '{name}' of {what} breaks its own schema: {summary}. Correct it at {place}")


def _generated(contract: Contract, pointer: str | None, key: int) -> Any:
    return {} if pointer is None else generate(contract, json_pointers.reference_to(pointer), key)


class _ValidExamples:
    """The valid examples of one contract, by response; large public files have some that break their schema."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._by_operation: dict[str, list[Any]] = {}

    def of(self, media: MediaType, what: str) -> list[Any]:
        if what not in self._by_operation:
            pointer = media.schema_pointer
            is_valid = judge(self._contract, pointer) if pointer is not None else lambda value: True
            self._by_operation[what] = [each for each in media.examples.values() if is_valid(each)]
        return self._by_operation[what]


def _encoded(value: Any, media_type: str) -> bytes:
    if is_json(media_type) or not isinstance(value, str):
        return json_codec.dumps(value)
    return value.encode()


def _headers(contract: Contract, response: Response, key: int) -> list[tuple[str, str]]:
    return [(name, _header_text(contract, header, key, name)) for name, header in _sent_headers(response).items()]


def _sent_headers(response: Response) -> Mapping[str, Header]:
    return {name: header for name, header in response.headers.items() if header.required or header.examples}


def _header_text(contract: Contract, header: Header, key: int, name: str) -> str:
    if header.examples:
        value = next(iter(header.examples.values()))
    elif header.schema_pointer is None:
        value = ""
    else:
        value = generate(contract, json_pointers.reference_to(header.schema_pointer), key, f"/headers/{name}")
    return value if isinstance(value, str) else json_codec.dumps(value).decode()


def _applied(preferences: Preferences, is_generated: bool, is_seeded: bool) -> tuple[str, ...]:
    """Return the preferences that were honoured: a seed only where a value was generated from it (RFC 7240, 3)."""
    honoured = {
        "code": preferences.code,
        "example": preferences.example,
        "seed": preferences.seed if is_seeded else None,
        "dynamic": "true" if preferences.dynamic and is_generated else None,
    }
    return tuple(f"{name}={value}" for name, value in honoured.items() if value is not None)
