"""Five hundred streams at once of a story with twenty events, on the real clock: is any event lost or out of order?

Prints events a second, how late the last one of each stream came, and memory. `make bench`.
"""

import asyncio
import json
import os
import statistics
import sys
import time
from pathlib import Path

from requests import Server, start
from startup import free_port

STREAMS = int(os.environ.get("STREAMS", "500"))
EVENTS = 20
SCENARIOS = Path(__file__).parent / "scenarios"
BODY = b'{"input": {"text": "Go"}}'
# From the birth to the end of the story, by its own delays.
STORY_SECONDS = 2.1


async def listen(port: int, number: int) -> tuple[list[str], float]:
    """Return the types of the events of one stream, and how many seconds it took."""
    began = time.perf_counter()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = (
        f"POST /v1/workflows/twenty_events/invoke/stream HTTP/1.1\r\nhost: 127.0.0.1:{port}\r\n"
        f"x-api-key: key-{number % 10}\r\ncontent-type: application/json\r\ncontent-length: {len(BODY)}\r\n"
        "connection: close\r\n\r\n"
    )
    writer.write(head.encode() + BODY)
    whole = await reader.read(-1)
    writer.close()
    lines = [line for line in whole.split(b"\n") if line.startswith(b"data: ")]
    told = [json.loads(line.removeprefix(b"data: ")) for line in lines]
    if [event["time"] for event in told] != sorted(event["time"] for event in told):
        raise SystemExit(f"stream {number} was told out of order")
    return [event["type"] for event in told], time.perf_counter() - began


async def listen_to_all(port: int) -> list[tuple[list[str], float]]:
    return await asyncio.gather(*(listen(port, number) for number in range(STREAMS)))


def serve() -> Server:
    port = free_port()
    command = [str(Path(sys.executable).with_name("xpander-emulator")), "serve", "--port", str(port)]
    return start("emulator", [*command, "--scenarios", str(SCENARIOS)], port)


def main() -> None:
    server = serve()
    try:
        at_start = server.memory_mb()
        began, cpu = time.perf_counter(), server.cpu_seconds()
        heard = asyncio.run(listen_to_all(server.port))
        taken, cpu = time.perf_counter() - began, server.cpu_seconds() - cpu
        memory = server.memory_mb()
    finally:
        server.process.terminate()
        server.process.wait()
    whole = heard[0][0]
    lost = sum(1 for types, _ in heard if types != whole)
    late = sorted(1000 * (seconds - STORY_SECONDS) for _, seconds in heard)
    count = sum(len(types) for types, _ in heard)
    print("| streams | events | events each | streams that differ | seconds | events/s | CPU µs/event | memory |")
    print("|---|---|---|---|---|---|---|---|")
    print(
        f"| {STREAMS} | {count:,} | {len(whole)} | {lost} | {taken:.1f} | {count / taken:,.0f} | "
        f"{cpu / count * 1e6:.0f} | {at_start:.0f} to {memory:.0f} MB |"
    )
    print(
        f"\nThe end of a stream came {statistics.median(late):.0f} ms after its time (median), {late[-1]:.0f} at most."
    )
    if lost or len(whole) != EVENTS:
        raise SystemExit("events were lost")


if __name__ == "__main__":
    main()
