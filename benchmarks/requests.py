"""Requests a second, and CPU per request, of the emulator beside a raw ASGI application on the same uvicorn.

Server and load generator (wrk) are pinned to one core each and the two servers take turns, so that the ratios of one
run can be trusted where the numbers of two runs cannot. `make bench`; needs `wrk` (`apt-get install wrk`).
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
CONNECTIONS = 16
TASKS = 100_000
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


def load(server: Server, path: str, script: Path, seconds: int, connections: int = CONNECTIONS) -> Sample:
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


def compare(what: str, servers: tuple[Server, Server], paths: tuple[str, str], script: Path) -> None:
    samples: dict[str, list[Sample]] = {server.name: [] for server in servers}
    for server, path in zip(servers, paths, strict=True):
        load(server, path, script, 1)
    for _ in range(ROUNDS):
        for server, path in zip(servers, paths, strict=True):
            samples[server.name].append(load(server, path, script, SECONDS))
    ours, theirs = samples["emulator"], samples["raw ASGI"]
    ratios = sorted(a.per_second / b.per_second for a, b in zip(ours, theirs, strict=True))
    for name, several in samples.items():
        rate, cpu, p99 = (statistics.median(getattr(each, field) for each in several) for field in FIELDS)
        ratio = f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})" if name == "emulator" else "1"
        print(f"| {what} | {name} | {rate:,.0f} | {cpu:.1f} | {p99:.1f} | {ratio} |")


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
    """Start tasks until the server holds as many as it keeps."""
    started = 0
    while started < TASKS:
        sample = load(server, "/v1/workflows/completed/invoke/async", script, 3)
        started += int(sample.per_second * 3)


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
            print(f"{CONNECTIONS} connections, {ROUNDS} rounds of {SECONDS} s, medians; ratio of requests a second\n")
            print("| request | server | requests/s | CPU µs/request | p99 ms | ratio (least to most) |")
            print("|---|---|---|---|---|---|")
            task = start_a_task(servers[1])
            compare("GET task", servers, ("/", f"/v1/tasks/{task}"), get)
            compare("POST invoke/async", servers, ("/", "/v1/workflows/completed/invoke/async"), post)
            fill(servers[1], post)
            print(f"\nMemory: {at_start:.0f} MB at the start, {servers[1].memory_mb():.0f} MB with {TASKS:,} tasks")
        finally:
            for server in servers:
                server.process.terminate()
                server.process.wait()


if __name__ == "__main__":
    main()
