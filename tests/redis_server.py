"""A real Redis or Valkey of the tests' own, on a socket in a folder of its own."""

import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import pytest

from xpander_emulator.store.redis.autopipeline import Autopipeline

NOT_INSTALLED = "no redis-server or valkey-server here: apt-get install redis-server"
_PLACES = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin", "/usr/local/bin"])


def binary() -> str:
    """Return the server's path; without one the test is skipped, in CI it fails."""
    found = shutil.which("redis-server", path=_PLACES) or shutil.which("valkey-server", path=_PLACES)
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(NOT_INSTALLED)
    return found


async def messages(pipeline: Autopipeline) -> int:
    """Return how many messages a Redis has got, this one included."""
    return int((await pipeline.execute("INFO", "stats"))["total_reads_processed"])


class RedisServer:
    """Can be stopped, killed and started again over the same files. With `durable` every write is on the disk first."""

    def __init__(self, *, durable: bool = False) -> None:
        self._binary = binary()
        # A socket's path is bounded to 107 characters, which a test's own folder may exceed.
        self.folder = Path(tempfile.mkdtemp(prefix="emulator-redis-"))
        self.socket = self.folder / "s"
        self.url = f"unix://{self.socket}"
        self._durable = durable
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        keeps = ("--appendonly", "yes", "--appendfsync", "always") if self._durable else ("--appendonly", "no")
        options = ("--port", "0", "--unixsocket", str(self.socket), "--dir", str(self.folder), "--save", "", *keeps)
        self._process = subprocess.Popen([self._binary, *options], stdout=subprocess.DEVNULL)
        deadline = time.monotonic() + 20
        while not self._answers():
            assert time.monotonic() < deadline, "redis-server did not start"

    def _answers(self) -> bool:
        import redis

        try:
            with redis.Redis.from_url(self.url) as client:
                return bool(client.ping())
        except redis.exceptions.RedisError:
            time.sleep(0.01)
            return False

    def kill(self) -> None:
        """End it as a crash would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def flush(self) -> None:
        import redis

        with redis.Redis.from_url(self.url) as client:
            client.flushall()

    def save(self) -> None:
        """Write a snapshot, to which the next `kill` and `start` go back."""
        import redis

        with redis.Redis.from_url(self.url) as client:
            client.save()

    def drop_snapshot(self) -> None:
        """Let the next `kill` and `start` lose everything."""
        (self.folder / "dump.rdb").unlink(missing_ok=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        shutil.rmtree(self.folder)
