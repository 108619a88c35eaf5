"""The server as an ASGI application for other event loops than its own."""

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from starlette.types import Message, Receive, Scope, Send

from xpander_emulator.server.threaded import ThreadedServer

Returned = TypeVar("Returned")


class ForwardingApp:
    """Calls a running server's application without sockets, from any asyncio loop of this process.

    The server's loop answers the request, over the same state as over HTTP; `receive` and `send` run in the caller's.
    """

    def __init__(self, server: ThreadedServer) -> None:
        self._server = server

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        here = asyncio.get_running_loop()

        async def receive_here() -> Message:
            return await _in_loop(receive(), here)

        async def send_here(message: Message) -> None:
            await _in_loop(send(message), here)

        await asyncio.wrap_future(self._server.submit(self._answer(scope, receive_here, send_here)))

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._server.app(scope, receive, send)


async def _in_loop(work: Awaitable[Returned], loop: asyncio.AbstractEventLoop) -> Returned:
    async def awaited() -> Returned:
        return await work

    return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(awaited(), loop))
