"""The gateway of the emulated API: keys, errors in the vendor's shape, and the `X-RateLimit-*` headers."""

from collections.abc import Sequence

from xpander_emulator.common.types import Headers
from xpander_emulator.contract.model import Contract, Operation
from xpander_emulator.contract.schema.violations import Violation
from xpander_emulator.engine.engine import Engine
from xpander_emulator.errors import EmulatorError
from xpander_emulator.journal.redacted_entry import Redaction
from xpander_emulator.store.port import StoreUnavailable
from xpander_emulator.web.api.rate_limit_headers import NAMES, RateLimit
from xpander_emulator.web.auth import Keys, Unauthorized, credential_of
from xpander_emulator.web.context import RequestContext
from xpander_emulator.web.errors import vendor_error, vendor_violations
from xpander_emulator.web.http import Request, Response


class ApiGateway:
    """Authenticates requests by the keys of the contract's security, and renders errors as the vendor does."""

    def __init__(self, engine: Engine, keys: Keys, contract: Contract) -> None:
        self._keys = keys
        alternatives = (each for operation in contract.operations for each in operation.security)
        self._security = tuple(dict.fromkeys(alternatives))
        self._rate_limited = frozenset(
            operation.id for operation in contract.operations if operation.security and _declares_rate_limit(operation)
        )
        self._task_states = engine.task_states
        self._rate_limit = RateLimit()
        self._redaction = Redaction(contract.operations)
        self.header_names = frozenset(NAMES)

    def authenticate(self, request: Request, operation: Operation) -> str:
        """Return the namespace of the request's key. Raises Unauthorized."""
        if not operation.security:
            return self._keys.default
        return self._keys.namespace(credential_of(request, operation.security))

    async def extra_headers(self, context: RequestContext) -> Headers:
        """Return the rate-limit headers, where the operation declares them and needs a key.

        None while the store, and with it the clock, is unavailable.
        """
        if context.operation.id not in self._rate_limited:
            return ()
        try:
            context.clock = context.clock or await self._task_states.clock(context.namespace)
        except StoreUnavailable:
            return ()
        return self._rate_limit.headers(context.namespace, context.clock)

    def namespace_of(self, request: Request) -> str:
        """Return the namespace of any credential of the contract; the default one without an accepted credential."""
        try:
            return self._keys.namespace(credential_of(request, self._security))
        except Unauthorized:
            return self._keys.default

    def error(self, error: EmulatorError) -> Response:
        """Return `{"detail": …}`."""
        return vendor_error(error)

    def violations(self, violations: Sequence[Violation]) -> Response:
        """Return an HTTPValidationError."""
        return vendor_violations(violations, self._redaction)


def _declares_rate_limit(operation: Operation) -> bool:
    names = (name.lower() for response in operation.responses.values() for name in response.headers)
    return "x-ratelimit-limit" in names
