"""Ten minutes at half of what the server can: starts, polls, lists, streams, faults, approvals and resets on many keys.

Measures first how many requests of the mix are answered in a second at full speed, all on one key, until its journal
is as full as it gets (or for a tenth of the time): what is bounded is then at its bound. Then asks for half as many and
looks each second at memory, open files, kept tasks and the latency of `/__emulator/health`. Ends with 1 where a request
failed that was not to, where memory grew by more than 8 MB after the first third, or where a file stayed open.
`make soak`; SOAK_SECONDS=8 for the short form that the CI runs.
"""

import asyncio
import json
import math
import os
import random
import statistics
import sys
import time
from collections import Counter, deque
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from requests import Server, start
from startup import free_port

SECONDS = int(os.environ.get("SOAK_SECONDS", "600"))
FULL_SPEED_SECONDS = max(3, SECONDS // 10)
CONNECTIONS = 16
# The first key is never reset: what it has is bounded by what a server keeps.
KEYS = tuple(f"soak-{number}" for number in range(8))
JOURNAL = 10_000
RESETS_EACH = 30
MOST_TASKS = 2_000
MOST_GROWTH_MB = 8.0
STORIES = (
    "completed",
    "approval",
    "two_approvals",
    "tool_calls",
    "polled",
    "json_result",
    "sub_agents",
    "deep_planning",
)
FAULTS = ("rate-limited", "server-error", "unavailable", "reset", "empty", "truncated", "malformed", "garbage")
STREAM_FAULTS = ("", "", "", "cut-stream", "duplicate-event", "out-of-order")
MIX = {"start": 30, "poll": 44, "list": 5, "approve": 7, "stop": 3, "fault": 6, "wrong": 3, "stream": 2}
BROKEN = (ConnectionError, asyncio.IncompleteReadError)


class Connection:
    """A connection that is kept alive, and made again where it was broken."""

    def __init__(self, port: int) -> None:
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, key: str, body: object = None, prefer: str = "") -> tuple[int, bytes]:
        """Return status and body of an answer. Raises what BROKEN has."""
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self._port)
        reader, writer = self._streams
        try:
            writer.write(message(method, path, key, body, prefer))
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            if b"text/event-stream" in head:
                content = await reader.read(-1)
            else:
                length = head.partition(b"content-length: ")[2].partition(b"\r\n")[0]
                content = await reader.readexactly(int(length or 0))
            if b"connection: close" in head or b"text/event-stream" in head:
                self.close()
            return int(head[9:12]), content
        except BROKEN:
            self.close()
            raise

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def message(method: str, path: str, key: str, body: object, prefer: str) -> bytes:
    content = b"" if body is None else json.dumps(body).encode()
    lines = [f"{method} {path} HTTP/1.1", "host: 127.0.0.1", f"x-api-key: {key}", f"content-length: {len(content)}"]
    lines += ["content-type: application/json"] if content else []
    lines += [f"prefer: fault={prefer}"] if prefer else []
    lines += ["connection: close"] if path.endswith("/stream") else []
    return "\r\n".join((*lines, "", "")).encode() + content


@dataclass
class Load:
    """What is asked of a server, at most so much, and what came of it.

    failed: what was not to fail, by what it was.
    """

    port: int
    keys: tuple[str, ...] = KEYS
    most: int = sys.maxsize
    answered: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    ids: dict[str, deque[str]] = field(default_factory=lambda: {key: deque(maxlen=100) for key in KEYS})
    streams: set["asyncio.Task[None]"] = field(default_factory=set)

    async def work(self, number: int, until: float, each: float) -> None:
        """Ask for one thing after the other, at most one in `each` seconds."""
        draw, connection, due = random.Random(number), Connection(self.port), time.perf_counter()
        kinds, weights = list(MIX), list(MIX.values())
        while (now := time.perf_counter()) < until and self.answered.total() < self.most:
            if now < due:
                await asyncio.sleep(due - now)
            due = max(due + each, now - 1)
            await self.step(draw.choices(kinds, weights)[0], draw, connection)
        connection.close()

    async def step(self, kind: str, draw: random.Random, connection: Connection) -> None:
        key = draw.choice(self.keys)
        known = self.ids[key]
        task = draw.choice(known) if known else "none-yet"
        start_path = f"/v1/workflows/{draw.choice(STORIES)}/invoke/async"
        body = {"input": {"text": f"Refund order {draw.randrange(10_000)}"}}
        match kind:
            case "start":
                content = await self.ask(connection, kind, "POST", start_path, key, body, taken=(200,))
                if content:
                    known.append(json.loads(content)["id"])
            case "poll":
                await self.ask(connection, kind, "GET", f"/v1/tasks/{task}", key, taken=(200, 404))
            case "list":
                await self.ask(connection, kind, "GET", "/v1/tasks?per_page=20", key, taken=(200,))
            case "approve":
                path = f"/__emulator/tasks/{task}/signals"
                await self.ask(connection, kind, "POST", path, key, {"signal": "approve"}, taken=(200, 404, 409))
            case "stop":
                await self.ask(connection, kind, "POST", f"/v1/tasks/{task}/stop", key, taken=(200, 404, 405))
            case "wrong":
                await self.ask(connection, kind, "POST", start_path, key, {"input": 5}, taken=(422,))
            case "fault":
                await self.spoiled(connection, start_path, key, body, draw.choice(FAULTS))
            case "stream":
                listening = asyncio.create_task(self.listen(key, body, draw.choice(STREAM_FAULTS)))
                self.streams.add(listening)
                listening.add_done_callback(self.streams.discard)

    async def ask(
        self,
        by: Connection,
        kind: str,
        method: str,
        path: str,
        key: str,
        body: object = None,
        *,
        taken: tuple[int, ...],
    ) -> bytes:
        try:
            status, content = await by.ask(method, path, key, body)
        except BROKEN as error:
            self.failed[f"{kind}: {type(error).__name__}"] += 1
            return b""
        self.answered[kind] += 1
        if status not in taken:
            self.failed[f"{kind}: {status}"] += 1
            return b""
        return content

    async def spoiled(self, connection: Connection, path: str, key: str, body: object, fault: str) -> None:
        """Ask for what goes wrong; whatever comes back was asked for."""
        with suppress(*BROKEN):
            await connection.ask("POST", path, key, body, fault)
        self.answered["fault"] += 1

    async def listen(self, key: str, body: object, fault: str) -> None:
        path = "/v1/workflows/streaming_answer/invoke/stream"
        connection = Connection(self.port)
        try:
            status, content = await connection.ask("POST", path, key, body, fault)
        except BROKEN as error:
            status, content = 0, type(error).__name__.encode()
        self.answered["stream"] += 1
        # A reset takes the task away that is streamed, whose stream then ends without its last event.
        if not fault and (status != 200 or b"data: " not in content):
            self.failed[f"stream: {status} {content[:40]!r}"] += 1

    async def run(self, seconds: float, each: float) -> float:
        """Work for so long, or until there was enough, and return for how long it was."""
        began = time.perf_counter()
        until = began + seconds
        await asyncio.gather(*(self.work(number, until, each) for number in range(CONNECTIONS)))
        taken = time.perf_counter() - began
        if self.streams:
            await asyncio.wait(self.streams, timeout=20)
        return taken

    async def reset(self, seconds: float) -> None:
        """Reset the keys but for the first, in turn, each thirty times in so many seconds."""
        connection, others = Connection(self.port), KEYS[1:]
        count = RESETS_EACH * len(others)
        for number in range(count):
            await asyncio.sleep(seconds / count)
            key = others[number % len(others)]
            await self.ask(connection, "reset", "POST", "/__emulator/reset", key, {}, taken=(200,))
        connection.close()


@dataclass(frozen=True)
class Sample:
    """What the server looked like in one second. at: seconds since the start."""

    at: float
    memory_mb: float
    files: int
    tasks: int
    journalled: int
    lag_ms: float
    answered: int
    cpu_seconds: float


def open_files(server: Server) -> int:
    return len(list(Path(f"/proc/{server.process.pid}/fd").iterdir()))


async def watch(server: Server, load: Load, seconds: float) -> list[Sample]:
    connection, began, samples = Connection(server.port), time.perf_counter(), []
    while (at := time.perf_counter() - began) < seconds:
        asked = time.perf_counter()
        await connection.ask("GET", "/__emulator/health", KEYS[0])
        lag = (time.perf_counter() - asked) * 1000
        namespaces = json.loads((await connection.ask("GET", "/__emulator/namespaces", KEYS[0]))[1])["items"]
        tasks, journalled = (sum(each[name] for each in namespaces) for name in ("tasks", "requests"))
        answered = load.answered.total()
        samples.append(
            Sample(at, server.memory_mb(), open_files(server), tasks, journalled, lag, answered, server.cpu_seconds())
        )
        await asyncio.sleep(1 - (time.perf_counter() - began - at) % 1)
    connection.close()
    return samples


def growth_mb(samples: list[Sample]) -> float:
    """Return by how much memory grew after the first third, along the line that fits best."""
    later = samples[len(samples) // 3 :]
    line = statistics.linear_regression([each.at for each in later], [each.memory_mb for each in later])
    return line.slope * (later[-1].at - later[0].at)


def table(samples: list[Sample], parts: int = 6) -> str:
    rows = [
        "| seconds | requests/s | server's CPU | memory, MB | open files | tasks | journal | lag, ms: median (most) |",
        "|---|---|---|---|---|---|---|---|",
    ]
    size = math.ceil(len(samples) / parts)
    for first in range(0, len(samples), size):
        part = samples[first : first + size + 1]
        first_one, last = part[0], part[-1]
        taken = (last.at - first_one.at) or 1
        lags = [each.lag_ms for each in part]
        rows.append(
            f"| {first_one.at:.0f} to {last.at:.0f} | {(last.answered - first_one.answered) / taken:,.0f} | "
            f"{(last.cpu_seconds - first_one.cpu_seconds) / taken:.0%} | {last.memory_mb:.1f} | {last.files} | "
            f"{last.tasks:,} | {last.journalled:,} | {statistics.median(lags):.1f} ({max(lags):.0f}) |"
        )
    return "\n".join(rows)


async def soak(server: Server) -> list[str]:
    """Run all of it, print what was seen, and return what is wrong."""
    idle = open_files(server)
    full, cpu = Load(server.port, KEYS[:1], JOURNAL), server.cpu_seconds()
    taken = await full.run(FULL_SPEED_SECONDS, 0)
    capacity = full.answered.total() / taken
    busy = (server.cpu_seconds() - cpu) / taken
    load = Load(server.port)
    resets = asyncio.create_task(load.reset(SECONDS))
    watching = asyncio.create_task(watch(server, load, SECONDS))
    await load.run(SECONDS, CONNECTIONS / (capacity / 2))
    await resets
    samples = await watching
    left = max(0, await settled(server, idle) - idle)

    told = ", ".join(f"{count:,} {kind}" for kind, count in sorted(load.answered.items()))
    print(f"Full speed: {capacity:,.0f} requests/s by {CONNECTIONS} connections, the server's CPU at {busy:.0%}.\n")
    print(table(samples))
    grown = growth_mb(samples)
    print(f"\nAnswered: {told}.")
    print(f"Memory after the first third: {grown:+.1f} MB, {MOST_GROWTH_MB:.0f} at most. Files left open: {left}.")
    failed = [f"{count} x {what}" for what, count in (full.failed + load.failed).items()]
    failed += [f"memory grew by {grown:.1f} MB"] if grown > MOST_GROWTH_MB else []
    return failed + ([f"{left} files were left open"] if left else [])


async def settled(server: Server, idle: int) -> int:
    """Return how many files are open once every connection is closed."""
    deadline = time.perf_counter() + 10
    while (left := open_files(server)) > idle and time.perf_counter() < deadline:
        await asyncio.sleep(0.1)
    return left


def main() -> None:
    port = free_port()
    command = [sys.executable, "-m", "xpander_emulator", "serve", "--port", str(port), "--log-level", "warning"]
    server = start("emulator", [*command, "--max-tasks", str(MOST_TASKS)], port)
    try:
        failed = asyncio.run(soak(server))
    finally:
        server.process.terminate()
        server.process.wait()
    if failed:
        raise SystemExit("FAILED: " + "; ".join(failed))


if __name__ == "__main__":
    main()
