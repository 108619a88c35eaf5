"""Requests and what is sent for them, without an application."""

from starlette.types import Message

from xpander_emulator.web.http import Request


def request_of(target: str = "/", *chunks: bytes, method: str = "GET", **headers: str) -> Request:
    """Return a request whose body comes in chunks; in the names of headers, `_` stands for `-`."""
    path, _, query = target.partition("?")
    messages: list[Message] = [
        {"type": "http.request", "body": chunk, "more_body": index < len(chunks)}
        for index, chunk in enumerate(chunks, 1)
    ]

    async def receive() -> Message:
        return messages.pop(0) if messages else {"type": "http.disconnect"}

    sent = [(name.replace("_", "-").encode(), value.encode("latin-1")) for name, value in headers.items()]
    scope = {
        "type": "http",
        "method": method,
        "scheme": "http",
        "path": path,
        "query_string": query.encode(),
        "headers": sent,
        "server": ("127.0.0.1", 4020),
    }
    return Request(scope, receive, {})
