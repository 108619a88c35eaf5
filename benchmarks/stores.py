"""Requests a second over each store, with one worker and with two, which take turns.

Unlike requests.py, servers and load share the cores: two workers need two. `make bench`; needs `wrk`, `redis-server`.
"""

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

from requests import BIN, BODY, ROUNDS, SECONDS, Server, found, start_a_task
from startup import free_port, wait_for_an_answer

CONNECTIONS = 16
HEADERS = 'wrk.headers["x-api-key"] = "local"\n'


def serve(name: str, arguments: list[str]) -> Server:
    port = free_port()
    command = [str(BIN / "xpander-emulator"), "serve", "--port", str(port), "--log-level", "warning", *arguments]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    wait_for_an_answer(port)
    return Server(name, port, process)


def load(port: int, path: str, script: Path) -> float:
    wrk = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{SECONDS}s", "-s", str(script), f"http://127.0.0.1:{port}{path}"]
    told = subprocess.run(wrk, check=True, capture_output=True, text=True).stdout
    if "Non-2xx" in told:
        raise SystemExit(f"requests were refused:\n{told}")
    return float(found(r"Requests/sec:\s+([\d.]+)", told)[1])


def main() -> None:
    if shutil.which("wrk") is None or shutil.which("redis-server") is None:
        raise SystemExit("wrk or redis-server is not installed: apt-get install wrk redis-server")
    with tempfile.TemporaryDirectory() as place:
        get, post = Path(place, "get.lua"), Path(place, "post.lua")
        get.write_text(HEADERS)
        post.write_text(
            f'{HEADERS}wrk.method = "POST"\nwrk.headers["content-type"] = "application/json"\nwrk.body = \'{BODY}\'\n'
        )
        socket = Path(place, "s")
        options = ["--port", "0", "--unixsocket", str(socket), "--dir", place, "--save", "", "--appendonly", "yes"]
        redis = subprocess.Popen(["redis-server", *options], stdout=subprocess.DEVNULL)
        stores = {"memory": "memory", "SQLite": f"sqlite:{place}/tasks.db", "Redis": f"unix://{socket}"}
        while not socket.exists():
            time.sleep(0.01)
        choices = [(name, workers) for name in stores for workers in ((1,) if name == "memory" else (1, 2))]
        served: list[Server] = []
        try:
            for name, workers in choices:
                told = f"{name}, {workers} worker{'s' * (workers > 1)}"
                served.append(serve(told, ["--store", stores[name], "--workers", str(workers)]))
            measure(served, get, post)
        finally:
            for each in served:
                each.process.terminate()
                each.process.wait()
            redis.terminate()
            redis.wait()


def measure(served: list[Server], get: Path, post: Path) -> None:
    print(f"{CONNECTIONS} connections, {ROUNDS} rounds of {SECONDS} s, requests a second: median (least to most)\n")
    print("| store | GET task | POST invoke/async |\n|---|---|---|")
    rates: dict[tuple[str, str], list[float]] = {}
    tasks = [start_a_task(each) for each in served]
    for _ in range(ROUNDS):
        for each, task in zip(served, tasks, strict=True):
            rates.setdefault((each.name, "get"), []).append(load(each.port, f"/v1/tasks/{task}", get))
            path = "/v1/workflows/completed/invoke/async"
            rates.setdefault((each.name, "post"), []).append(load(each.port, path, post))
    for each in served:
        cells = [rates[each.name, what] for what in ("get", "post")]
        told = " | ".join(f"{median(cell):,.0f} ({min(cell):,.0f} to {max(cell):,.0f})" for cell in cells)
        print(f"| {each.name} | {told} |")


if __name__ == "__main__":
    main()
