"""HTTP/1.1 by uvicorn's parser, with two differences: an offer to upgrade is ignored, and a defect is answered 500.

httptools ends HTTP at a request that offers another protocol: the body is skipped, and later requests are not read. A
server may ignore the offer (RFC 9110, 7.8), and the request is then like any other. httptools has no option for that,
so a new parser reads the head again, without its field `Upgrade`, and goes on with the bytes behind the head.
"""

import json
from collections.abc import Iterable
from typing import Any, Final

from httptools import (
    HttpParserCallbackError,
    HttpParserError,
    HttpParserInvalidURLError,
    HttpParserUpgrade,
    HttpRequestParser,
)
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from xpander_emulator.common.types import Header, Headers

_INVALID: Final = "Invalid HTTP request received."


class Http1Protocol(HttpToolsProtocol):
    """uvicorn's protocol, in which only CONNECT ends HTTP on its connection, which closes behind the response."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        # All headers of a request that offers another protocol, while a new parser reads its head again.
        self._offer: Headers | None = None
        # The bytes behind a CONNECT are no HTTP.
        self._is_tunnel = False

    def data_received(self, data: bytes) -> None:
        if self._is_tunnel:
            return
        self._unset_keepalive_if_required()
        try:
            self._parse(data)
        except HttpParserCallbackError as error:
            self._fail(error.__context__ or error)
        except HttpParserError:
            self._answer_invalid()

    def on_headers_complete(self) -> None:
        if self._offer is not None:
            # The request has the headers as they were sent.
            self.headers[:], self._offer = self._offer, None
        if not self.parser.should_upgrade():
            try:
                super().on_headers_complete()
            # Only the target of the request is decoded here.
            except (HttpParserInvalidURLError, UnicodeDecodeError) as error:
                raise _BadTarget from error
        elif self.parser.get_method() == b"CONNECT":
            self._answer_connect()

    def on_message_complete(self) -> None:
        if self._is_tunnel or not self.parser.should_upgrade():
            super().on_message_complete()

    def _parse(self, data: bytes | memoryview) -> None:
        while True:
            try:
                self.parser.feed_data(data)
                return
            except HttpParserUpgrade as upgrade:
                end = upgrade.args[0]
            if self._is_tunnel:
                return
            # Without a copy: a packet may hold thousands of such requests.
            data = memoryview(data)[end:]
            self._read_head_again()

    def _read_head_again(self) -> None:
        """Pass the head that has just ended to a new parser, without its offer."""
        old, self._offer = self.parser, self.headers
        target = b"%b %b HTTP/%b\r\n" % (old.get_method(), self.url, old.get_http_version().encode())
        self.parser = HttpRequestParser(self)
        # As uvicorn makes it.
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
        self.parser.feed_data(target + _fields(self.headers) + b"\r\n")

    def _answer_connect(self) -> None:
        """Answer CONNECT like a request to an unknown path. The connection closes behind the response."""
        self._is_tunnel = True
        # RFC 9112, 3.2.3: the target is host and port, which is no path.
        target, self.url = self.url, b"/"
        super().on_headers_complete()
        self.scope["path"], self.scope["raw_path"] = target.decode("latin-1"), target
        self.cycle.keep_alive = False

    def _fail(self, error: BaseException) -> None:
        """Answer for an error in a callback of the parser, which cannot go on."""
        if isinstance(error, _BadTarget | HttpParserError):
            self._answer_invalid()
            return
        if not isinstance(error, Exception):
            raise error
        self.logger.error("A request failed before it reached its operation", exc_info=error)
        if self.cycle is None or self.cycle.response_complete:
            detail = f"A defect of the emulator: {type(error).__name__}: {error}"
            self.transport.write(raw_error(b"500 Internal Server Error", detail))
        self.transport.close()

    def _answer_invalid(self) -> None:
        self.logger.warning(_INVALID)
        self.send_400_response(_INVALID)


class _BadTarget(Exception):
    """The target of a request is no URL."""


def _fields(headers: Iterable[Header]) -> bytes:
    return b"".join(b"%b: %b\r\n" % header for header in headers if header[0] != b"upgrade")


def raw_error(status: bytes, detail: str, headers: bytes = b"") -> bytes:
    """Return a whole error response, as bytes on the wire, after which the connection closes.

    status:  the code with its phrase.
    headers: further lines, each with its end.
    """
    body = json.dumps({"detail": detail}).encode()
    return b"HTTP/1.1 %b\r\ncontent-type: application/json\r\n%bconnection: close\r\ncontent-length: %d\r\n\r\n%b" % (
        status,
        headers,
        len(body),
        body,
    )
