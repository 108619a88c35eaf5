"""What one request costs inside the server: user CPU, function calls and files, without a socket and without a kernel.

The requests go through the very protocol that `serve` uses, with a transport that throws away what is written. The
figures take a few seconds to make, so that a change can be judged while it is made; `requests.py` measures the same
over sockets, beside a raw ASGI application. Beside each figure stands that of a raw ASGI application on uvicorn's own
protocol in the same process: ratios of one run can be trusted, microseconds of two machines cannot.

    python benchmarks/inprocess.py [--requests 20000] [--profile POST]
"""

import argparse
import asyncio
import cProfile
import gc
import json
import pstats
import resource
import statistics
import sys
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from raw_app import app as raw_app
from uvicorn.server import ServerState

from xpander_emulator.server.gc_policy import collect_new_objects_only
from xpander_emulator.server.server import Server, load
from xpander_emulator.settings import Settings

ROUNDS = 5
BODY = json.dumps({"input": {"text": "Refund order 1042"}}).encode()
HEAD = b"host: 127.0.0.1\r\nx-api-key: local\r\n"
# As long as a turn of the loop takes to answer what does not answer at once.
_TURNS = 200


def request(method: str, path: str, body: bytes = b"") -> bytes:
    length = b"content-type: application/json\r\ncontent-length: %d\r\n" % len(body) if body else b""
    return f"{method} {path} HTTP/1.1\r\n".encode() + HEAD + length + b"\r\n" + body


class Sink(asyncio.Transport):
    """A transport that remembers only the last response."""

    def __init__(self) -> None:
        super().__init__({"sockname": ("127.0.0.1", 4020), "peername": ("127.0.0.1", 50000)})
        self.written: list[bytes] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written.append(bytes(data))

    def is_closing(self) -> bool:
        return False

    def close(self) -> None: ...

    def abort(self) -> None: ...

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None: ...

    def take(self) -> bytes:
        written, self.written = b"".join(self.written), []
        return written


class Connection:
    """One open connection to an application, in this process."""

    def __init__(self, config: uvicorn.Config) -> None:
        self.sink = Sink()
        make: Any = config.http_protocol_class
        self.protocol = make(config, ServerState(), {})
        self.protocol.connection_made(self.sink)

    async def ask(self, message: bytes) -> bytes:
        """Send a request and return the whole response."""
        self.protocol.data_received(message)
        for _ in range(_TURNS):
            if self.sink.written:
                break
            await asyncio.sleep(0)
        return self.sink.take()

    async def body(self, message: bytes, status: int) -> Any:
        head, _, body = (await self.ask(message)).partition(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 %d " % status):
            raise SystemExit(f"{message!r} was answered with {head!r} {body!r}")
        return json.loads(body)


def user_seconds() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_utime


async def cpu_micros(connection: Connection, message: bytes, requests: int) -> float:
    """Return the user CPU of one request in microseconds, the median of some rounds."""
    rounds = []
    for _ in range(ROUNDS):
        gc.collect()
        before = user_seconds()
        for _ in range(requests // ROUNDS):
            await connection.ask(message)
        rounds.append((user_seconds() - before) / (requests // ROUNDS) * 1e6)
    return statistics.median(rounds)


async def calls(connection: Connection, message: bytes) -> tuple[int, int]:
    """Return how many Python functions one request calls, and in how many files of the emulator."""
    counted, files = 0, set()

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal counted
        if event == "call":
            counted += 1
            if "xpander_emulator" in frame.f_code.co_filename:
                files.add(frame.f_code.co_filename)

    sys.setprofile(count)
    try:
        await connection.ask(message)
    finally:
        sys.setprofile(None)
    return counted, len(files)


async def measure(requests: int, profiled: str) -> None:
    raw = uvicorn.Config(raw_app, http="httptools", log_config=None, access_log=False, server_header=False)
    raw.load()
    server = Server(load(Settings(log_level="warning")), lambda: None)
    server.config.load()
    connection, beside = Connection(server.config), Connection(raw)
    start = request("POST", "/v1/workflows/approval/invoke/async", BODY)
    task = await connection.body(start, 200)
    messages = {"POST": start, "GET": request("GET", f"/v1/tasks/{task['id']}")}
    collect_new_objects_only()

    print(f"{'request':<10} {'user CPU µs':>12} {'raw ASGI µs':>12} {'of raw':>7} {'calls':>6} {'files':>6}")
    for name, message in messages.items():
        if profiled in ("", name):
            await connection.ask(message)
            counted, files = await calls(connection, message)
            micros = await cpu_micros(connection, message, requests)
            plain = await cpu_micros(beside, request("GET", "/") if name == "GET" else start, requests)
            print(f"{name:<10} {micros:>12.1f} {plain:>12.1f} {plain / micros:>7.2f} {counted:>6} {files:>6}")
    if profiled:
        profile = cProfile.Profile()
        profile.enable()
        for _ in range(requests // ROUNDS):
            await connection.ask(messages[profiled])
        profile.disable()
        pstats.Stats(profile).strip_dirs().sort_stats("cumulative").print_stats(60)
    await server.app.engine.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--requests", type=int, default=20_000, help="of each kind")
    parser.add_argument("--profile", choices=["POST", "GET"], default="", help="print where the time goes")
    arguments = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).parent))
    asyncio.run(measure(arguments.requests, arguments.profile))


if __name__ == "__main__":
    main()
