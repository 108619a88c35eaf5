"""The gateway of the control API: host, origin and token; namespaces; errors as RFC 9457 problem details."""

from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qs

from xpander_emulator.common.types import Headers
from xpander_emulator.contract.model import Operation
from xpander_emulator.contract.schema.violations import Violation
from xpander_emulator.errors import BadRequest, EmulatorError, did_you_mean
from xpander_emulator.journal.redacted_entry import Redaction
from xpander_emulator.settings import Settings
from xpander_emulator.web.auth import Keys, Unauthorized
from xpander_emulator.web.context import RequestContext
from xpander_emulator.web.control.contract import control_contract
from xpander_emulator.web.control_access import ControlAccess
from xpander_emulator.web.errors import problem, problem_violations
from xpander_emulator.web.http import Request, Response

# A container's health check may use any host name, and contains nothing that a stranger could use.
_UNDER_ANY_HOST: Final = frozenset({"health", "ready"})
_WITHOUT_TOKEN: Final = _UNDER_ANY_HOST | {"info"}
_NO_STORE: Final = ((b"cache-control", b"no-store"),)
_CHALLENGE: Final = ((b"www-authenticate", b"Bearer"),)


class ControlGateway:
    """Authenticates requests to the control API by host, origin and token, and renders errors as problem details."""

    def __init__(self, settings: Settings, keys: Keys) -> None:
        self._access = ControlAccess(settings)
        self._keys = keys
        self._redaction = Redaction(control_contract().operations)
        self._challenge = _CHALLENGE if settings.token is not None else ()
        self.header_names = frozenset(name for name, _ in _NO_STORE)

    def authenticate(self, request: Request, operation: Operation) -> str:
        """Return the namespace that a request is about. Raises Forbidden, Unauthorized and BadRequest."""
        action = operation.behaviour["action"]
        if action not in _UNDER_ANY_HOST:
            self._access.check_origin(request)
        query = parse_qs(request.query.decode("latin-1"), keep_blank_values=True)
        if action not in _WITHOUT_TOKEN:
            self._access.check_token(request)
            _check_names(query, operation)
        if any(parameter.name == "namespace" for parameter in operation.parameters):
            return self._namespace(request.header(b"x-api-key"), query.get("namespace", [None])[-1])
        return self._keys.default

    def _namespace(self, key: str | None, name: str | None) -> str:
        """Return the namespace of the key or of the query; validation checks the form of the latter."""
        if key is None:
            return self._keys.default if name is None else name
        namespace = self._keys.namespace(key)
        if name is not None and name != namespace:
            raise BadRequest(
                f"The key in x-api-key has the namespace '{namespace}', and ?namespace= names another one. "
                "Send only one of them."
            )
        return namespace

    async def extra_headers(self, context: RequestContext) -> Headers:
        """Return that no response may be stored by a cache."""
        return _NO_STORE

    def error(self, error: EmulatorError) -> Response:
        """Return problem details."""
        response = problem(error)
        return response.with_headers(self._challenge) if isinstance(error, Unauthorized) else response

    def violations(self, violations: Sequence[Violation]) -> Response:
        """Return problem details with every violation."""
        return problem_violations(violations, self._redaction)


def _check_names(query: dict[str, list[str]], operation: Operation) -> None:
    """Raise BadRequest for a parameter that the operation does not have: a misspelt filter would filter nothing."""
    known = [parameter.name for parameter in operation.parameters if parameter.place == "query"]
    for name in query:
        # Clients may send the namespace with all requests alike.
        if name not in (*known, "namespace"):
            takes = f"; it takes {', '.join(known)}." if known else "; it takes none."
            raise BadRequest(
                f"{operation.method} {operation.path} has no parameter '{name}'{did_you_mean(name, known) or takes}"
            )
