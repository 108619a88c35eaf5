"""Error responses: in the vendor's shape for the emulated API, as RFC 9457 problem details for the control API."""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from xpander_emulator.common import json_pointers
from xpander_emulator.common.redaction import credentials_in, sentence_without
from xpander_emulator.common.types import Headers
from xpander_emulator.contract.schema.violations import Violation, violation_text
from xpander_emulator.errors import BrokenPromise, Conflict, EmulatorError
from xpander_emulator.journal.redacted_entry import Redaction
from xpander_emulator.store.port import StoreUnavailable
from xpander_emulator.web.http import PROBLEM, BodyTooLarge, Request, Response, json_response

# The phrases of RFC 9110, 15.5, which Python has from 3.13 on.
_RENAMED: Final = {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}
_PHRASES: Final = {each.value: each.phrase for each in HTTPStatus} | _RENAMED


class UnsupportedMediaType(EmulatorError):
    """A body of a media type that the operation does not take."""

    status = 415


def vendor_error(error: EmulatorError) -> Response:
    """Return `{"detail": …}`, the shape of every error of the API but 422."""
    return json_response({"detail": error.message}, error.status, _retry_after(error))


def vendor_violations(violations: Sequence[Violation], redaction: Redaction) -> Response:
    """Return FastAPI's HTTPValidationError with every violation, without credentials: programs log it."""
    return json_response({"detail": redaction.violations(violations)}, 422)


def problem(error: EmulatorError) -> Response:
    """Return problem details; those of a Conflict list the signals that the task takes under `allowed`."""
    details: dict[str, object] = {
        "type": f"urn:xpander-emulator:{_kebab(type(error).__name__)}",
        "title": phrase(error.status),
        "status": error.status,
        "detail": error.message,
    }
    if isinstance(error, Conflict):
        details["allowed"] = list(error.allowed)
    return json_response(details, error.status, _retry_after(error), PROBLEM)


def _retry_after(error: EmulatorError) -> Headers:
    return ((b"retry-after", b"%d" % error.retry_after),) if isinstance(error, StoreUnavailable) else ()


def problem_violations(violations: Sequence[Violation], redaction: Redaction) -> Response:
    """Return problem details with every violation, without credentials."""
    listed = redaction.violations(violations)
    details = {
        "type": "urn:xpander-emulator:invalid-request",
        "title": phrase(422),
        "status": 422,
        "detail": violation_text(listed[0]),
        "violations": listed,
    }
    return json_response(details, 422, media_type=PROBLEM)


def as_problem(response: Response) -> Response:
    """Return an error in the vendor's shape as problem details; violations get JSON pointers."""
    detail = response.data["detail"] if isinstance(response.data, Mapping) and "detail" in response.data else ""
    details: dict[str, object] = {
        "type": "about:blank",
        "title": phrase(response.status),
        "status": response.status,
        "detail": detail if isinstance(detail, str) else "The request breaks the contract.",
    }
    if not isinstance(detail, str):
        details["violations"] = [{**each, "pointer": json_pointers.join(*each["loc"])} for each in detail]
    return json_response(details, response.status, response.headers, PROBLEM)


def violations_of(error: EmulatorError, request: Request) -> tuple[Violation, ...]:
    """Return how a request breaks the contract that was rejected before its validation; () for any other error."""
    if isinstance(error, UnsupportedMediaType):
        media_type = request.header(b"content-type")
        expected = "a declared media type"
        return (Violation(("header", "content-type"), error.message, "media_type", media_type, expected),)
    if isinstance(error, BodyTooLarge):
        return (Violation(("body",), error.message, "too_large", None, "a smaller body"),)
    return ()


def broken_promise(where: str, violations: Sequence[Violation], source: str | None = None) -> BrokenPromise:
    """Return the error that says which response breaks the contract, and how.

    source: `file:line` of the scenario's step that the response comes from, whose texts may be at fault.
    """
    breaks = "; ".join(
        f"{violation.pointer or '/'}: {sentence_without(violation.msg, credentials_in(violation.input))}"
        for violation in violations[:5]
    )
    if source is None:
        return BrokenPromise(
            f"The emulator's answer to {where} breaks the contract, which is a defect of ours: {breaks}"
        )
    return BrokenPromise(f"The emulator's answer to {where} breaks the contract: {breaks}. See {source}.")


def phrase(status: int) -> str:
    """Return the phrase of a status; of one that is not registered, the phrase of its class."""
    return _PHRASES.get(status) or _PHRASES[status // 100 * 100]


def _kebab(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
