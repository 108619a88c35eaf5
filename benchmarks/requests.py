"""Requests a second, and CPU per request, of the emulator beside a raw ASGI application on the same uvicorn.

Server and load generator (wrk) are pinned to one core each and the two servers take turns, so that the ratios of one
run can be trusted where the numbers of two runs cannot. All of it once on a server that has few tasks, and once while
100,000 are alive, as many as it keeps, so that each start has to forget one. `make bench`; needs `wrk`
(`apt-get install wrk`).
"""

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from startup import free_port, wait_for_an_answer

HERE = Path(__file__).parent
BIN = Path(sys.executable).parent
ROUNDS = int(os.environ.get("ROUNDS", "5"))
SECONDS = int(os.environ.get("SECONDS_EACH", "3"))
CONNECTIONS = (1, 16, 64)
TASKS = 100_000
STARTS = "/v1/workflows/completed/invoke/async"
# Its tasks wait for a person, for 24 hours.
LIVING = "/v1/workflows/approval/invoke/async"
BODY = '{"input": {"text": "Refund order 1042"}}'
SERVER_CORE, LOAD_CORE = "0", "1"


@dataclass(frozen=True)
class Server:
    name: str
    port: int
    process: "subprocess.Popen[bytes]"

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def memory_mb(self) -> float:
        found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{self.process.pid}/status").read_text())
        return int(found[1]) / 1024 if found else 0.0


@dataclass(frozen=True)
class Sample:
    per_second: float
    cpu_micros: float
    p99_ms: float


def start(name: str, command: list[str], port: int, path: str = "/v1/workflows") -> Server:
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    process = subprocess.Popen(
        ["taskset", "-c", SERVER_CORE, *command],
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=environment,
    )
    wait_for_an_answer(port, path)
    return Server(name, port, process)


def raw() -> Server:
    port = free_port()
    uvicorn = [sys.executable, "-m", "uvicorn", "--app-dir", str(HERE), "raw_app:app", "--port", str(port)]
    return start("raw ASGI", [*uvicorn, "--no-access-log", "--log-level", "error", "--http", "httptools"], port)


def emulator() -> Server:
    port = free_port()
    # A line in the log for each request would be measured too.
    serve = [str(BIN / "xpander-emulator"), "serve", "--port", str(port), "--log-level", "warning"]
    return start("emulator", serve, port)


def load(server: Server, path: str, script: Path, seconds: int, connections: int = 16) -> Sample:
    before = server.cpu_seconds()
    url = f"http://127.0.0.1:{server.port}{path}"
    wrk = [
        "taskset",
        "-c",
        LOAD_CORE,
        "wrk",
        "-t1",
        f"-c{connections}",
        f"-d{seconds}s",
        "--latency",
        "-s",
        str(script),
    ]
    told = subprocess.run([*wrk, url], check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in told:
        raise SystemExit(f"{server.name} refused requests:\n{told}")
    requests = int(found(r"(\d+) requests in", told)[1])
    p99 = found(r"99%\s+([\d.]+)(us|ms|s)", told)
    millis = float(p99[1]) * {"us": 0.001, "ms": 1.0, "s": 1000.0}[p99[2]]
    cpu = (server.cpu_seconds() - before) / requests * 1e6
    return Sample(float(found(r"Requests/sec:\s+([\d.]+)", told)[1]), cpu, millis)


def found(pattern: str, text: str) -> "re.Match[str]":
    match = re.search(pattern, text)
    if match is None:
        raise SystemExit(f"wrk said nothing of {pattern}:\n{text}")
    return match


def compare(
    what: str, servers: tuple[Server, Server], paths: tuple[str, str], script: Path, connections: int, *, is_fresh: bool
) -> None:
    samples: dict[str, list[Sample]] = {server.name: [] for server in servers}
    for server, path in zip(servers, paths, strict=True):
        load(server, path, script, 1, connections)
    for _ in range(ROUNDS):
        for server, path in zip(servers, paths, strict=True):
            if is_fresh:
                reset(server)
            samples[server.name].append(load(server, path, script, SECONDS, connections))
    ours, theirs = samples["emulator"], samples["raw ASGI"]
    for name, several in samples.items():
        rate, cpu, p99 = (statistics.median(getattr(each, field) for each in several) for field in FIELDS)
        ratios = ("1", "1")
        if name == "emulator":
            ratios = (
                spread([a.per_second / b.per_second for a, b in zip(ours, theirs, strict=True)]),
                spread([a.p99_ms / b.p99_ms for a, b in zip(ours, theirs, strict=True)]),
            )
        row = (what, connections, name, f"{rate:,.0f}", f"{cpu:.1f}", f"{p99:.1f}", *ratios)
        print("|", " | ".join(map(str, row)), "|", flush=True)


def spread(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"


FIELDS = ("per_second", "cpu_micros", "p99_ms")


def start_a_task(server: Server) -> str:
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}/v1/workflows/approval/invoke/async",
        data=BODY.encode(),
        headers={"x-api-key": "local", "content-type": "application/json"},
    )
    with urllib.request.urlopen(request) as answer:
        return str(json.load(answer)["id"])


def fill(server: Server, script: Path) -> None:
    """Start tasks that stay alive until the server holds as many as it keeps."""
    started = 0
    while started < TASKS:
        sample = load(server, LIVING, script, 3)
        started += int(sample.per_second * 3)


def reset(server: Server) -> None:
    """Let the emulator begin anew, so that no start has to forget a task."""
    if server.name == "emulator":
        request = urllib.request.Request(f"http://127.0.0.1:{server.port}/__emulator/reset", b"{}", method="POST")
        request.add_header("content-type", "application/json")
        urllib.request.urlopen(request).close()


def measure(
    servers: tuple[Server, Server], get: Path, post: Path, connections: tuple[int, ...], *, is_fresh: bool
) -> None:
    print("| request | connections | server | requests/s | CPU µs/request | p99 ms | ratio of requests/s | of p99 |")
    print("|---|---|---|---|---|---|---|---|")
    for each in connections:
        compare("GET task", servers, ("/", f"/v1/tasks/{start_a_task(servers[1])}"), get, each, is_fresh=False)
        compare("POST invoke/async", servers, ("/", STARTS), post, each, is_fresh=is_fresh)


def main() -> None:
    if shutil.which("wrk") is None:
        raise SystemExit("wrk is not installed: apt-get install wrk")
    with tempfile.TemporaryDirectory() as place:
        headers = 'wrk.headers["x-api-key"] = "local"\n'
        get, post = Path(place, "get.lua"), Path(place, "post.lua")
        get.write_text(headers)
        post.write_text(
            f'{headers}wrk.method = "POST"\nwrk.headers["content-type"] = "application/json"\nwrk.body = \'{BODY}\'\n'
        )
        servers = (raw(), emulator())
        try:
            time.sleep(0.5)
            at_start = servers[1].memory_mb()
            print(f"{ROUNDS} rounds of {SECONDS} s, medians (least to most)\n")
            measure(servers, get, post, CONNECTIONS, is_fresh=True)
            fill(servers[1], post)
            print(f"\nMemory: {at_start:.0f} MB at the start, {servers[1].memory_mb():.0f} MB with {TASKS:,} tasks")
            print(f"\nWhile {TASKS:,} tasks are alive:\n")
            measure(servers, get, post, (16,), is_fresh=False)
        finally:
            for server in servers:
                server.process.terminate()
                server.process.wait()


if __name__ == "__main__":
    main()
