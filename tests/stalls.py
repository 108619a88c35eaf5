"""A pytest plugin: a test fails when an event loop of the emulator was held up while it ran.

A server that computes or blocks in one callback answers nobody else meanwhile. Such a stall is a defect, as a 500 is.
What is measured, each as one callback:

- in a thread with a server, each callback of its event loop, of asyncio and of uvloop, and each call of a protocol;
- in every thread, each step of the application: what it does for a request between two suspensions.

The event loop of the test's own thread is measured by the second rule alone: its callbacks are mostly the test's work.
What a test calls without HTTP there, such as `await engine.start(...)`, is not measured.

A callback stalls when it uses more than LIMIT_SECONDS of its thread's CPU time, or makes one of the BLOCKING calls.
CPU time, not time on the wall: a busy machine fails no test. Not counted are the garbage collector, which goes through
all that pytest holds, and the wait of SQLite for a lock: it is not in Python, and the store bounds it itself.
"""

import asyncio
import gc
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Coroutine, Generator, Mapping, Sequence
from concurrent.futures import Future
from functools import partial, wraps
from typing import Any, Final

import pytest

from xpander_emulator.server.connections import _Protocol
from xpander_emulator.web.app import Application

LIMIT_SECONDS: Final = 0.25
# coverage.py makes Python code several times slower (its trace function is called for each line).
TRACED: Final = 4
# The tests that may stall, by their ids without parameters, each with the defect that is still to be mended.
KNOWN: Mapping[str, str] = {
    "tests/hostile/test_sockets.py::test_somebody_who_never_reads_is_given_up_without_growth": (
        "All requests of one read, some 800 in 64 KiB, are answered in one callback."
    ),
}

_PROTOCOL: Final = ("connection_made", "data_received", "eof_received", "connection_lost")
# The calls that block, each with what tells by its first argument whether it will.
BLOCKING: Final[Sequence[tuple[Any, str, Callable[[Any], bool]]]] = (
    (time, "sleep", lambda seconds: seconds > 0),
    *(
        (socket.socket, name, lambda it: it.gettimeout() != 0)
        for name in ("accept", "connect", "recv", "recv_into", "sendall")
    ),
    (subprocess.Popen, "wait", lambda process: process.returncode is None),
    (Future, "result", lambda future: not future.done()),
)
# What uvloop is given to call, and the place of the callback among the arguments.
_UVLOOP: Final = {"call_soon": 0, "call_soon_threadsafe": 0, "call_later": 1, "call_at": 1}

_stalls: Final[list[str]] = []


class _Thread(threading.local):
    """What is measured in the present thread, and how long its garbage collector has run."""

    measured: int = 0
    collected: float = 0.0
    collection_began: float = 0.0


_thread: Final = _Thread()


def pytest_configure(config: pytest.Config) -> None:
    patches = pytest.MonkeyPatch()
    config.add_cleanup(patches.undo)
    gc.callbacks.append(_on_collection)
    config.add_cleanup(partial(gc.callbacks.remove, _on_collection))
    _measure_callbacks(patches)
    _watch_blocking_calls(patches)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Fail a test in whose set-up, call or tear-down an event loop was held up."""
    try:
        yield
    finally:
        found = _stalls[:]
        _stalls.clear()
        if found and item.nodeid.partition("[")[0] not in KNOWN:
            pytest.fail("An event loop was held up:\n" + "\n".join(f"- {each}" for each in found), pytrace=False)


def _on_collection(phase: str, _: Mapping[str, int]) -> None:
    if phase == "start":
        _thread.collection_began = time.thread_time()
    else:
        _thread.collected += time.thread_time() - _thread.collection_began


def _measured(what: Callable[[], str], call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """Call something as one callback of an event loop, and note when it stalls."""
    began = time.thread_time() - _thread.collected
    _thread.measured += 1
    try:
        return call(*arguments, **named)
    finally:
        _thread.measured -= 1
        used = time.thread_time() - _thread.collected - began
        if used > LIMIT_SECONDS * (TRACED if sys.gettrace() else 1):
            _stalls.append(f"{what()} used {used * 1000:.0f} ms of CPU time")


def _measure_callbacks(patches: pytest.MonkeyPatch) -> None:
    patches.setattr(asyncio.Handle, "_run", _handle_run(asyncio.Handle._run))
    patches.setattr(Application, "__call__", _application_call(Application.__call__))
    for name in _PROTOCOL:
        patches.setattr(_Protocol, name, _protocol_call(getattr(_Protocol, name)))
    try:
        import uvloop
    except ImportError:
        return
    for name, place in _UVLOOP.items():
        patches.setattr(uvloop.Loop, name, _uvloop_call(getattr(uvloop.Loop, name), place))


def _handle_run(original: Callable[[Any], None]) -> Callable[[Any], None]:
    def _run(self: Any) -> None:
        try:
            if threading.current_thread() is threading.main_thread():
                original(self)
            else:
                _measured(partial(_name, self._callback), original, self)
        finally:
            # As asyncio does: an error that refers to this frame would be a circle with it.
            self = None

    return _run


def _uvloop_call(original: Callable[..., Any], place: int) -> Callable[..., Any]:
    @wraps(original)
    def call(self: Any, *arguments: Any, **named: Any) -> Any:
        callback = arguments[place]
        measured = partial(_measured, lambda: _name(callback), callback)
        return original(self, *arguments[:place], measured, *arguments[place + 1 :], **named)

    return call


def _name(callback: Any) -> str:
    """Return a callback as it is shown; a step of a task as the task, which names its coroutine."""
    owner = getattr(callback, "__self__", None)
    return repr(owner if isinstance(owner, asyncio.Task) else callback)


def _protocol_call(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def call(self: Any, *arguments: Any) -> Any:
        return _measured(lambda: f"{original.__name__}{arguments!r:.120}", original, self, *arguments)

    return call


def _application_call(original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    async def call(self: Application, scope: Any, receive: Any, send: Any) -> None:
        await _Steps(f"{scope.get('method')} {scope.get('path')}", original(self, scope, receive, send))

    return call


class _Steps(Generator[Any, Any, None]):
    """Awaits a coroutine, each of whose steps is measured."""

    def __init__(self, name: str, coroutine: Coroutine[Any, Any, None]) -> None:
        self._name = name
        self._coroutine = coroutine

    def __await__(self) -> Generator[Any, Any, None]:
        return self

    def send(self, value: Any) -> Any:
        return _measured(lambda: self._name, self._coroutine.send, value)

    def throw(self, *error: Any) -> Any:
        return _measured(lambda: self._name, self._coroutine.throw, *error)


def _watch_blocking_calls(patches: pytest.MonkeyPatch) -> None:
    for owner, name, blocks in BLOCKING:
        patches.setattr(owner, name, _watched(getattr(owner, name), blocks))


def _watched(original: Callable[..., Any], blocks: Callable[[Any], bool]) -> Callable[..., Any]:
    @wraps(original)
    def call(first: Any, *arguments: Any, **named: Any) -> Any:
        if _thread.measured and blocks(first):
            _stalls.append(
                f"{original.__qualname__} was called, which blocks:\n{''.join(traceback.format_stack(limit=4)[:-1])}"
            )
        return original(first, *arguments, **named)

    return call
