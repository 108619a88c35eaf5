import json

import pytest

from tests.cli.conftest import Run


def test_env_prints_exports_for_eval(run: Run, url: str) -> None:
    lines = run("env").stdout.splitlines()

    assert lines[0] == f"export XPANDER_BASE_URL={url}"
    assert lines[1] == "export XPANDER_API_KEY=local"
    assert lines[2].startswith("export XPANDER_ORGANIZATION_ID=")
    assert json.loads(run("env", "-o", "json", "--key", "it's").stdout)["XPANDER_API_KEY"] == "it's"
    assert """export XPANDER_API_KEY='it'"'"'s'""" in run("env", "--key", "it's").stdout


def test_env_does_not_print_a_key_of_the_real_service(run: Run, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XPANDER_API_KEY", "real")

    assert "real" not in run("env").stdout
