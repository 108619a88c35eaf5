"""What an error looks like: in the vendor's shape for the API, as RFC 9457 problem details for the control API."""

import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Final

from xpander_emulator.common import json_pointers
from xpander_emulator.common.secrets import credentials_in, sentence_without
from xpander_emulator.common.types import Headers
from xpander_emulator.contract.schema.violations import Violation, in_words
from xpander_emulator.errors import BrokenPromise, Conflict, EmulatorError
from xpander_emulator.journal.redaction import Redaction
from xpander_emulator.store.port import StoreUnavailable
from xpander_emulator.web.http import PROBLEM, Reply, json_reply

# The words of RFC 9110, 15.5, which Python took over in 3.13.
_RENAMED: Final = {
    413: "Content Too Large",
    414: "URI Too Long",
    416: "Range Not Satisfiable",
    422: "Unprocessable Content",
}
_PHRASES: Final = {each.value: each.phrase for each in HTTPStatus} | _RENAMED


def vendor_error(error: EmulatorError) -> Reply:
    """Return `{"detail": …}`, the shape of every error of the API but 422."""
    return json_reply({"detail": error.message}, error.status, _when_to_come_again(error))


def vendor_violations(violations: Sequence[Violation], redaction: Redaction) -> Reply:
    """Return FastAPI's HTTPValidationError with every violation; programs log it, so it tells no credential."""
    return json_reply({"detail": redaction.violations(violations)}, 422)


def problem(error: EmulatorError) -> Reply:
    """Return problem details; a Conflict tells the signals that would be taken."""
    details: dict[str, object] = {
        "type": f"urn:xpander-emulator:{_kebab(type(error).__name__)}",
        "title": phrase(error.status),
        "status": error.status,
        "detail": error.message,
    }
    if isinstance(error, Conflict):
        details["allowed"] = list(error.allowed)
    return json_reply(details, error.status, _when_to_come_again(error), PROBLEM)


def _when_to_come_again(error: EmulatorError) -> Headers:
    return ((b"retry-after", b"%d" % error.retry_after),) if isinstance(error, StoreUnavailable) else ()


def problem_violations(violations: Sequence[Violation], redaction: Redaction) -> Reply:
    """Return problem details with every violation."""
    listed = redaction.violations(violations)
    details = {
        "type": "urn:xpander-emulator:invalid-request",
        "title": phrase(422),
        "status": 422,
        "detail": in_words(listed[0]),
        "violations": listed,
    }
    return json_reply(details, 422, media_type=PROBLEM)


def as_problem(reply: Reply) -> Reply:
    """Return a vendor's error as problem details; violations keep their JSON pointers."""
    told = reply.data["detail"] if isinstance(reply.data, Mapping) and "detail" in reply.data else ""
    details: dict[str, object] = {
        "type": "about:blank",
        "title": phrase(reply.status),
        "status": reply.status,
        "detail": told if isinstance(told, str) else "The request breaks the contract.",
    }
    if not isinstance(told, str):
        details["violations"] = [{**each, "pointer": json_pointers.join(*each["loc"])} for each in told]
    return json_reply(details, reply.status, reply.headers, PROBLEM)


def broken_promise(where: str, violations: Sequence[Violation], source: str | None = None) -> BrokenPromise:
    """Return the error that says which answer broke the contract, and how.

    source: where the story stands that the answer comes from; its text may be at fault.
    """
    told = "; ".join(
        f"{violation.pointer or '/'}: {sentence_without(violation.msg, credentials_in(violation.input))}"
        for violation in violations[:5]
    )
    whose = ", which is a defect of ours" if source is None else ""
    seen = "" if source is None else f". See {source}."
    return BrokenPromise(f"The emulator's answer to {where} breaks the contract{whose}: {told}{seen}")


def with_headers(reply: Reply, headers: Headers) -> Reply:
    """Return the reply with further headers."""
    return reply._replace(headers=(*reply.headers, *headers))


def phrase(status: int) -> str:
    """Return the phrase of a status; of one that nobody has registered, that of its class."""
    return _PHRASES.get(status) or _PHRASES[status // 100 * 100]


def _kebab(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
