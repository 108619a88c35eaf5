"""How long the command line takes: `--help`, and `serve` from its start to its first answer.

Prints the median, the least and the most of some runs, in milliseconds. `make bench`.
"""

import http.client
import os
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

RUNS = 11
COMMAND = str(Path(sys.executable).with_name("xpander-emulator"))
# Bytecode is kept, as on any machine where it is not switched off.
ENVIRONMENT = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}


def run_help() -> float:
    began = time.perf_counter()
    subprocess.run([COMMAND, "--help"], check=True, capture_output=True, env=ENVIRONMENT)
    return time.perf_counter() - began


def first_answer() -> float:
    port = free_port()
    began = time.perf_counter()
    server = subprocess.Popen([COMMAND, "serve", "--port", str(port)], stderr=subprocess.DEVNULL, env=ENVIRONMENT)
    try:
        return wait_for_an_answer(port) - began
    finally:
        server.terminate()
        server.wait()


def wait_for_an_answer(port: int, path: str = "/v1/workflows") -> float:
    limit = time.perf_counter() + 20
    while time.perf_counter() < limit:
        connection = http.client.HTTPConnection("127.0.0.1", port)
        try:
            connection.request("GET", path, headers={"x-api-key": "local"})
            if connection.getresponse().status == 200:
                return time.perf_counter()
        except OSError:
            time.sleep(0.002)
        finally:
            connection.close()
    raise TimeoutError("the server gave no answer within 20 s")


def free_port() -> int:
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        if "9016" not in str(port) and "8085" not in str(port):
            return port


def measure(name: str, run: Callable[[], float]) -> None:
    run()
    taken = sorted(run() * 1000 for _ in range(RUNS))
    print(f"| {name} | {statistics.median(taken):.0f} | {taken[0]:.0f} | {taken[-1]:.0f} |")


if __name__ == "__main__":
    print(f"| {RUNS} runs, ms | median | least | most |\n|---|---|---|---|")
    measure("`xpander-emulator --help`", run_help)
    measure("`xpander-emulator serve`, spawn to first answer", first_answer)
