"""How `make serve` and `make test` come to their virtual environment, with Pythons that only say that they are some."""

import os
import subprocess
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
MINORS: Final = (11, 12, 13, 14)
# Says its version, makes environments of itself, and writes down what is installed.
PYTHON: Final = """#!/bin/sh
case "$1 $2" in
"-c import pip") [ ! -e "${0%/*}/no-pip" ] ;;
"-c "*) echo 'VERSION' ;;
"-m venv")
    mkdir -p "$3/bin"
    cp "$0" "$3/bin/python"
    echo "#!$PWD/$3/bin/python" >"$3/bin/pip"
    touch "$3/pyvenv.cfg"
    echo "venv VERSION" >>log.txt
    ;;
"-m pip")
    for last in "$@"; do :; done
    echo "install $last" >>log.txt
    ;;
esac
"""
SERVING: Final = "Installing xpander-emulator into .venv, once; about 10 s ...\n"
TESTING: Final = "Installing xpander-emulator and all that tests it into .venv, once; about 40 s ...\n"


class Checkout:
    """A folder with the files that the script looks at, on a machine with the Pythons that a test puts there."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.programs = folder / "programs"
        self.programs.mkdir(parents=True)
        for name in ("pyproject.toml", "constraints.txt"):
            (folder / name).touch()
        # Those of the machine that runs the tests are hidden.
        for minor in MINORS:
            self.has(f"python3.{minor}", "")

    def has(self, name: str, version: str) -> None:
        path = self.programs / name
        path.write_text(PYTHON.replace("VERSION", version), encoding="utf-8")
        path.chmod(0o755)

    def prepare(self, goal: str, python: str = "python3", *chosen: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["/bin/sh", str(ROOT / "tools/venv.sh"), goal, ".venv", python, *chosen],
            cwd=self.folder,
            env={"PATH": f"{self.programs}:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
        )

    def done(self) -> list[str]:
        """Return what was made and installed since the last call."""
        log = self.folder / "log.txt"
        lines = log.read_text(encoding="utf-8").splitlines() if log.exists() else []
        log.unlink(missing_ok=True)
        return lines


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    made = Checkout(tmp_path / "checkout")
    made.has("python3", "3.11")
    return made


def test_serving_installs_only_what_serving_needs_and_says_so_first(checkout: Checkout) -> None:
    result = checkout.prepare("serve")

    assert (result.returncode, result.stdout, result.stderr) == (0, SERVING, "")
    assert checkout.done() == ["venv 3.11", "install .[fast]"]


def test_what_is_installed_is_installed_once(checkout: Checkout) -> None:
    checkout.prepare("serve")
    checkout.done()

    result = checkout.prepare("serve")

    assert (result.returncode, result.stdout + result.stderr, checkout.done()) == (0, "", [])


def test_tests_add_their_tools_to_the_same_environment_and_serving_then_needs_nothing(checkout: Checkout) -> None:
    checkout.prepare("serve")
    checkout.done()

    tests, serving = checkout.prepare("test"), checkout.prepare("serve")

    assert (tests.stdout, serving.stdout) == (TESTING, "")
    assert checkout.done() == ["install .[fast,dev]"]


@pytest.mark.parametrize("name", ["pyproject.toml", "constraints.txt"])
def test_new_dependencies_are_installed_into_the_environment_that_is_there(checkout: Checkout, name: str) -> None:
    checkout.prepare("serve")
    checkout.done()
    later = (checkout.folder / ".venv/.serving").stat().st_mtime + 1
    os.utime(checkout.folder / name, (later, later))

    assert checkout.prepare("serve").stdout == SERVING
    assert checkout.done() == ["install .[fast]"]


@pytest.mark.parametrize("version", ["2.7", "3.6", "3.9", "3.10"])
def test_a_python_that_is_too_old_is_told_in_one_sentence_before_anything_is_made(
    checkout: Checkout, version: str
) -> None:
    checkout.has("python3", version)

    result = checkout.prepare("serve")

    assert (result.returncode, result.stdout, checkout.done()) == (1, "", [])
    assert result.stderr == (
        f"'python3' is Python {version}, and xpander-emulator needs Python 3.11 or newer;"
        " install one, and name it: make serve PYTHON=python3.12\n"
    )
    assert not (checkout.folder / ".venv").exists()


def test_a_python_that_would_do_is_named(checkout: Checkout) -> None:
    checkout.has("python3", "3.9")
    checkout.has("python3.12", "3.12")
    checkout.has("python3.13", "3.13")

    assert checkout.prepare("test").stderr.endswith("here is one that will do: make test PYTHON=python3.13\n")


def test_a_python_that_is_not_there_is_told(checkout: Checkout) -> None:
    result = checkout.prepare("serve", "python4")

    assert result.returncode == 1
    assert result.stderr.startswith(
        "'python4' is no Python that runs, and xpander-emulator needs Python 3.11 or newer;"
    )


def test_an_environment_that_works_is_used_though_the_default_python_is_too_old(checkout: Checkout) -> None:
    checkout.has("python3.12", "3.12")
    checkout.prepare("serve", "python3.12", "chosen")
    checkout.has("python3", "3.9")
    checkout.done()

    result = checkout.prepare("serve")

    assert (result.returncode, result.stdout + result.stderr, checkout.done()) == (0, "", [])


def test_an_environment_of_another_version_than_was_chosen_is_made_anew(checkout: Checkout) -> None:
    checkout.prepare("serve")
    checkout.has("python3.12", "3.12")
    checkout.done()

    result = checkout.prepare("serve", "python3.12", "chosen")

    assert result.stdout == f"Removing .venv: it is of Python 3.11, not 3.12.\n{SERVING}"
    assert checkout.done() == ["venv 3.12", "install .[fast]"]


def test_an_environment_of_an_old_python_is_made_anew(checkout: Checkout) -> None:
    checkout.prepare("test")
    old = PYTHON.replace("VERSION", "3.10")
    (checkout.folder / ".venv/bin/python").write_text(old, encoding="utf-8")
    checkout.done()

    assert checkout.prepare("serve").stdout == f"Removing .venv: it is of Python 3.10.\n{SERVING}"
    assert checkout.done() == ["venv 3.11", "install .[fast]"]


def test_an_environment_whose_python_is_gone_is_made_anew(checkout: Checkout) -> None:
    checkout.prepare("serve")
    (checkout.folder / ".venv/bin/python").unlink()
    (checkout.folder / ".venv/bin/python").symlink_to("/nowhere/python3.11")

    assert checkout.prepare("serve").stdout == f"Removing .venv: its Python is gone.\n{SERVING}"


def test_an_environment_without_its_packages_is_made_anew(checkout: Checkout) -> None:
    checkout.prepare("serve")
    (checkout.folder / ".venv/bin/no-pip").touch()

    assert (
        checkout.prepare("serve").stdout == f"Removing .venv: it has no pip, or another Python has made it.\n{SERVING}"
    )


def test_an_environment_in_a_folder_that_was_moved_is_made_anew(checkout: Checkout) -> None:
    checkout.prepare("serve")
    moved = checkout.folder.with_name("moved")
    checkout.folder.rename(moved)
    checkout.folder, checkout.programs = moved, moved / "programs"

    assert checkout.prepare("serve").stdout == f"Removing .venv: it was made in another folder.\n{SERVING}"


def test_an_environment_whose_installation_was_broken_off_is_completed(checkout: Checkout) -> None:
    checkout.prepare("serve")
    (checkout.folder / ".venv/.serving").unlink()
    checkout.done()

    assert checkout.prepare("serve").stdout == SERVING
    assert checkout.done() == ["install .[fast]"]


def test_a_folder_that_is_no_environment_is_not_removed(checkout: Checkout) -> None:
    precious = checkout.folder / ".venv/precious.txt"
    precious.parent.mkdir()
    precious.touch()

    result = checkout.prepare("serve")

    assert result.returncode == 1
    assert result.stderr == (
        ".venv is there, but is no virtual environment; remove it, or choose another: make serve VENV=.venv-mine\n"
    )
    assert precious.exists()


def test_make_serve_refuses_an_old_python(checkout: Checkout) -> None:
    checkout.has("old", "3.9")

    result = subprocess.run(
        [
            "make",
            "--directory",
            str(ROOT),
            "serve",
            f"PYTHON={checkout.programs / 'old'}",
            f"VENV={checkout.folder / 'x'}",
        ],
        env={"PATH": f"{checkout.programs}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == 2
    assert "old' is Python 3.9, and xpander-emulator needs Python 3.11 or newer; install one" in result.stderr
    assert not (checkout.folder / "x").exists()


def test_make_serve_keeps_to_a_python_that_was_chosen_and_installs_no_test_tools() -> None:
    dry_run = ["make", "--directory", str(ROOT), "--dry-run", "serve"]

    default = subprocess.run(dry_run, env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True)
    chosen = subprocess.run(
        [*dry_run, "PYTHON=python3.12"], env={"PATH": "/usr/bin:/bin"}, capture_output=True, text=True, check=True
    )

    assert "sh tools/venv.sh serve '.venv' 'python3' \n" in default.stdout
    assert "sh tools/venv.sh serve '.venv' 'python3.12' command line\n" in chosen.stdout
    assert "venv.sh test" not in default.stdout + chosen.stdout


def test_ci_finds_the_pythons_of_path_and_pyenv_oldest_first_one_of_each_version(tmp_path: Path) -> None:
    def put(name: str, says: str) -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"#!/bin/sh\necho {says}\n" if says else "#!/bin/sh\nexit 1\n", encoding="utf-8")
        path.chmod(0o755)
        return str(path)

    # A name on PATH without a Python behind it, as pyenv has them, and a version that is not released.
    put("programs/python3.11", "")
    put("programs/python3.14", "''")
    put("programs/python3.12", "/usr/bin/python3.12")
    put("pyenv/versions/3.12.1/bin/python", "pyenv/3.12.1")
    put("pyenv/versions/3.11.7/bin/python", "pyenv/3.11.7")
    put("pyenv/versions/3.13.0/bin/python", "pyenv/3.13.0")
    put("pyenv/versions/3.10.13/bin/python", "pyenv/3.10.13")

    found = subprocess.run(
        ["/bin/sh", str(ROOT / ".ci/pythons")],
        env={"PATH": str(tmp_path / "programs"), "PYENV_ROOT": str(tmp_path / "pyenv")},
        capture_output=True,
        text=True,
        check=True,
    )

    assert found.stdout.splitlines() == ["pyenv/3.11.7", "/usr/bin/python3.12", "pyenv/3.13.0"]
