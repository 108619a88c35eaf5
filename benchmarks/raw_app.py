"""The measure of all: a raw ASGI application that reads the body and answers a constant of a task's size."""

from typing import Any

TASK = b'{"id": "' + b"x" * 1480 + b'"}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(TASK)).encode())]


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    while (await receive()).get("more_body", False):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": TASK})
