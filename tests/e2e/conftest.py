"""The emulator in processes of its own, and clients that know nothing of it but three environment variables."""

import json
import os
import secrets
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from xpander_sdk.core.module_base import ModuleBase
from xpander_sdk.core.xpander_api_client import APIClient

EMULATOR = os.environ.get("EMULATOR", str(Path(__file__).parents[2] / ".venv" / "bin" / "xpander-emulator"))
START_SECONDS = 20
WELCOME = "welcome-key"
CONTROL = httpx.Client(timeout=30)

# How each server is started; every test has a key, and with it a namespace, of its own.
SERVERS = {
    "auto": ("--clock", "auto"),
    "manual": ("--clock", "manual"),
    "real": ("--clock", "real"),
    "scaled": ("--clock", "scaled", "--scale", "50"),
    "latest": ("--clock", "auto", "--events", "latest"),
    "locked": ("--clock", "auto", "--api-key", WELCOME),
    "known_only": ("--clock", "auto", "--known-only"),
}


def program(name: str, package: str) -> str:
    """Return where a program is; where it is missing, the test is skipped, but in CI it fails."""
    found = shutil.which(name)
    if found is not None:
        return found
    missing = f"'{name}' is not installed (Debian: {package}): this client is NOT shown to work"
    if os.environ.get("CI"):
        pytest.fail(missing)
    pytest.skip(missing)


@dataclass(frozen=True, slots=True)
class Emulator:
    """A served emulator, as one test sees it."""

    url: str
    key: str
    organization_id: str

    def api(self) -> httpx.Client:
        """Return a plain client of the emulated API."""
        return httpx.Client(base_url=self.url, headers={"x-api-key": self.key}, timeout=30)

    def signal(self, task_id: str, signal: str, **more: Any) -> None:
        """Give a task a signal, as a person or another system would."""
        self._control("POST", f"/tasks/{task_id}/signals", {"signal": signal, **more})

    def advance(self, by: str) -> None:
        """Move this test's clock on."""
        self._control("POST", "/clock/advance", {"by": by})

    def skip(self, task_id: str, until: str) -> None:
        """Move one task to a status or a step."""
        self._control("POST", f"/tasks/{task_id}/skip", {"until": until})

    def scenarios(self) -> list[str]:
        """Return the names of all stories."""
        return [each["name"] for each in self._control("GET", "/scenarios")["items"]]

    def _control(self, method: str, path: str, body: Any = None) -> Any:
        answer = CONTROL.request(method, f"{self.url}/__emulator{path}", json=body, headers={"x-api-key": self.key})
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def serve(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], str]]:
    """Give a function that returns the URL of a server by its name; each starts once. None may have logged an error."""
    place = tmp_path_factory.mktemp("servers")
    running: dict[str, tuple[subprocess.Popen[bytes], str]] = {}

    def url(name: str) -> str:
        if name not in running:
            running[name] = _start(name, place)
        return running[name][1]

    yield url

    for process, _ in running.values():
        process.terminate()
    assert [process.wait(timeout=10) for process, _ in running.values()] == [0] * len(running)
    for name in running:
        log = (place / f"{name}.log").read_text(encoding="utf-8")
        assert "ERROR" not in log, log
        assert "Traceback" not in log, log


def _start(name: str, place: Path) -> tuple[subprocess.Popen[bytes], str]:
    ready, log = place / f"{name}.json", place / f"{name}.log"
    command = [EMULATOR, "serve", "--port", "0", "--ready-file", str(ready), *SERVERS[name]]
    with log.open("wb") as stream:
        process = subprocess.Popen(command, stderr=stream, stdout=stream)
    end = time.monotonic() + START_SECONDS
    while not ready.exists():
        assert process.poll() is None, log.read_text(encoding="utf-8")
        assert time.monotonic() < end, f"{command} was not ready within {START_SECONDS} s"
        time.sleep(0.05)
    return process, json.loads(ready.read_text(encoding="utf-8"))["url"]


Point = Callable[..., Emulator]


@pytest.fixture
def point(serve: Callable[[str], str], monkeypatch: pytest.MonkeyPatch) -> Point:
    """Give a function that points the SDK at a server, by the three variables that a user would set."""

    def to(name: str, key: str | None = None) -> Emulator:
        url, key = serve(name), key or secrets.token_hex(8)
        info = CONTROL.get(f"{url}/__emulator/info").json()
        monkeypatch.setenv("XPANDER_BASE_URL", url)
        monkeypatch.setenv("XPANDER_API_KEY", key)
        monkeypatch.setenv("XPANDER_ORGANIZATION_ID", info["organization_id"])
        # Used without a configuration, the SDK keeps what its first call read of them for the life of the process.
        for keeper in (APIClient, ModuleBase):
            monkeypatch.setattr(keeper, "_shared_instances", {})
        return Emulator(url, key, info["organization_id"])

    return to


@pytest.fixture
def auto(point: Point) -> Emulator:
    return point("auto")


@pytest.fixture
def manual(point: Point) -> Emulator:
    return point("manual")


@pytest.fixture
def real(point: Point) -> Emulator:
    return point("real")
