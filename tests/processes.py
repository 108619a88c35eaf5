"""`serve` in a process of its own, over a store that outlives it."""

import http.client
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).parent.parent
KEY = {"x-api-key": "local", "content-type": "application/json"}
START = {"input": {"text": "Refund order 1042"}}
Json = dict[str, Any]


class Caller:
    """One connection to a server. A request raises OSError or HTTPException when the server is gone."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=20)

    def call(self, method: str, path: str, body: Any = None, headers: dict[str, str] = KEY) -> tuple[int, Any]:
        self._connection.request(method, path, None if body is None else json.dumps(body), headers)
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read() or b"null")

    def ok(self, method: str, path: str, body: Any = None, headers: dict[str, str] = KEY) -> Any:
        status, answer = self.call(method, path, body, headers)
        assert status == 200, answer
        return answer

    def start(self, story: str, task_id: str) -> Json:
        return dict(self.ok("POST", f"/v1/workflows/{story}/invoke/async", {**START, "id": task_id}))

    def signal(self, task_id: str, kind: str, **rest: Any) -> tuple[int, Any]:
        return self.call("POST", f"/__emulator/tasks/{task_id}/signals", {"signal": kind, **rest})

    def close(self) -> None:
        self._connection.close()


@contextmanager
def serving(folder: Path, *arguments: str) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Give a running server and its base URL; its log goes to log.txt in the folder."""
    ready = folder / "ready.json"
    ready.unlink(missing_ok=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EMULATOR_")}
    path = os.pathsep.join([str(ROOT), environment.get("PYTHONPATH", "")])
    command = [sys.executable, "-m", "xpander_emulator", "serve", "--port", "0", "--ready-file", str(ready), *arguments]
    with (folder / "log.txt").open("ab") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment | {"PYTHONPATH": path}, stderr=log)
        try:
            yield process, _url(ready, process, folder)
        finally:
            process.terminate()
            try:
                process.wait(15)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _url(ready: Path, process: "subprocess.Popen[bytes]", folder: Path) -> str:
    deadline = time.monotonic() + 30
    while not ready.exists():
        assert process.poll() is None, (folder / "log.txt").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    return str(json.loads(ready.read_text())["url"])


def until(is_so: Any, seconds: float = 20) -> None:
    """Return once something is so; fail when it does not come to that."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.005)
