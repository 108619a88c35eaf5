"""Mutation testing: breaks the package on purpose, in copies, and counts which breaks the tests notice.

    .venv-mutants/bin/python -m tests.mutants .venv/bin/python --workers 2

The first argument is the interpreter that has what the tests need. Ends with 1 where a mutant survives that
survivors.toml does not list, or where too many survive.
"""

import argparse
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import accumulate
from math import ceil
from pathlib import Path
from typing import IO, Any, Final

from tests.mutants import report
from tests.mutants.mutations import Mutation, places, read, sample
from tests.mutants.report import ENDLESS, KILLED, SURVIVED, Result

HERE: Final = Path(__file__).parent
REPOSITORY: Final = HERE.parent.parent
# Of CPU time, for the tests of one mutant as they take it unbroken.
MOST_SECONDS: Final = 8.0
# A mutant is endless if its tests use so many times their CPU time, and that of starting pytest.
PATIENCE: Final = 5
START_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Unbroken:
    """A run of a room's tests on the package as it is.

    seconds: of CPU time, by test.
    lines:   by file and by line, the tests that run it; the empty text is one if it was run outside of tests.
    """

    seconds: Mapping[str, float]
    lines: Mapping[str, Mapping[str, Sequence[str]]]

    def tests_of(self, mutation: Mutation) -> list[str]:
        """Return the tests that run the function of a mutation, the quickest first.

        Where it is run outside of tests, or the mutation is outside of functions, all other tests come behind. Those
        beyond `MOST_SECONDS` are left out.
        """
        running = self._tests_that_run(mutation)
        tests = set(self.seconds) if "" in running else running
        ordered = sorted(tests, key=lambda test: (test not in running, self.seconds[test], test))
        spent = accumulate(self.seconds[test] for test in ordered)
        return [test for test, seconds in zip(ordered, spent, strict=True) if seconds <= MOST_SECONDS]

    def _tests_that_run(self, mutation: Mutation) -> set[str]:
        """Return the tests that run the function of a mutation; the empty text stands for what is no test."""
        if mutation.lines is None:
            return {""}
        first, last = mutation.lines
        lines = self.lines.get(mutation.mutant.file, {})
        return {test for line, tests in lines.items() if first <= int(line) <= last for test in tests}


@dataclass(frozen=True, slots=True)
class Job:
    """A mutation, the tests that are to notice it, and the CPU time after which they are stopped, in seconds."""

    room: str
    mutation: Mutation
    tests: Sequence[str]
    most: int


class Workplace:
    """A copy of the repository, and a process that runs tests in it."""

    def __init__(self, python: Path, folder: Path, package: str, root: str) -> None:
        self._folder = folder
        self._package = folder / package
        _copy(folder)
        # As bytecode is known by the second of its source, none of a mutant may be written.
        paths = f"{folder / root}{os.pathsep}{folder}"
        environment = {**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"}
        environment.pop("CI", None)
        self._process = subprocess.Popen(
            [python, "-m", "tests.mutants.worker"],
            cwd=folder,
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def run(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Run tests as `worker` is to be asked, and return what it says."""
        stdin, stdout = _pipes(self._process)
        print(json.dumps(request), file=stdin, flush=True)
        line = stdout.readline()
        if not line:
            raise SystemExit("A worker has ended; see above.")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def run_unbroken(self, files: Sequence[str]) -> Unbroken:
        """Run all tests of these files, and return which take how long and run what. Exits where one fails."""
        answer = self.run({"files": files, "tests": None, "most": None, "record": str(self._package)})
        if answer["outcome"] != "passed":
            raise SystemExit(f"{answer['printed']}\nThese tests fail without any mutant.")
        return Unbroken(**answer["recorded"])

    def try_out(self, job: Job) -> Result:
        """Return what becomes of a mutant. One that no test runs survives; one that is endless is tried backwards too.

        A test that fails is enough, and may stand behind the one that does not end.
        """
        mutant = job.mutation.mutant
        outcome, spent = SURVIVED, 0.0
        with _written(self._package / mutant.file, job.mutation.text):
            for tests in (job.tests, job.tests[::-1]) if job.tests else ():
                files = dict.fromkeys(test.partition("::")[0] for test in tests)
                answer = self.run({"files": [*files], "tests": tests, "most": job.most, "record": None})
                outcome, spent = report.outcome_of(answer["outcome"]), spent + answer["seconds"]
                if outcome != ENDLESS:
                    break
        return Result(job.room, mutant, outcome, spent)

    def close(self) -> None:
        stdin, _ = _pipes(self._process)
        stdin.close()
        self._process.wait(timeout=60)


def _pipes(process: subprocess.Popen[str]) -> tuple[IO[str], IO[str]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout


def _copy(folder: Path) -> None:
    """Copy all that git knows or would take, as it is now."""
    line = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(line, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.split("\0")
    for name in names:
        source, target = REPOSITORY / name, folder / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)


@contextmanager
def _written(path: Path, text: str) -> Iterator[None]:
    """Let a file have another text for a while, and another time, which is how Python knows its bytecode."""
    original, times = path.read_bytes(), path.stat()
    path.write_text(text, encoding="utf-8")
    os.utime(path, (times.st_atime, times.st_mtime + 60))
    try:
        yield
    finally:
        path.write_bytes(original)
        os.utime(path, (times.st_atime, times.st_mtime))


def draw(config: Mapping[str, Any], room: str, most: int | None) -> list[Mutation]:
    """Draw the mutants of a room."""
    asked = config["room"][room]
    texts = read(REPOSITORY / config["package"], asked["files"])
    found = [place for file, text in texts.items() for place in places(file, text, config["operators"])]
    drawn = sample(found, texts, config["seed"], min(asked["mutants"], most or asked["mutants"]))
    print(f"{room}: {len(drawn)} of {len(found)} mutants of {len(texts)} files", flush=True)
    return drawn


def jobs_of(config: Mapping[str, Any], room: str, drawn: Iterable[Mutation], workplace: Workplace) -> list[Job]:
    """Return the mutants of a room, each with the tests that run it."""
    unbroken = workplace.run_unbroken(config["room"][room]["tests"])
    print(f"{room}: {len(unbroken.seconds)} tests pass unbroken, {sum(unbroken.seconds.values()):.0f} s", flush=True)
    return [_job(room, mutation, unbroken) for mutation in drawn]


def _job(room: str, mutation: Mutation, unbroken: Unbroken) -> Job:
    tests = unbroken.tests_of(mutation)
    return Job(room, mutation, tests, ceil(PATIENCE * (START_SECONDS + sum(unbroken.seconds[each] for each in tests))))


def run_all(jobs: Sequence[Job], workplaces: Sequence[Workplace]) -> list[Result]:
    """Return what becomes of all mutants, each tried out where there is room first."""
    waiting: queue.SimpleQueue[tuple[int, Job]] = queue.SimpleQueue()
    for each in enumerate(jobs):
        waiting.put(each)
    results: dict[int, Result] = {}
    begun = time.monotonic()

    def work(workplace: Workplace) -> None:
        while True:
            try:
                number, job = waiting.get_nowait()
            except queue.Empty:
                return
            results[number] = result = workplace.try_out(job)
            if result.outcome != KILLED:
                print(f"{result.outcome}: {_line(result)}", flush=True)
            if len(results) % 20 == 0:
                minutes = (time.monotonic() - begun) / 60
                print(f"# {len(results)} of {len(jobs)} after {minutes:.1f} minutes", flush=True)

    threads = [threading.Thread(target=work, args=(workplace,)) for workplace in workplaces]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(results) < len(jobs):
        raise SystemExit("Not all mutants were tried out; see above.")
    return [results[number] for number in range(len(jobs))]


def _line(result: Result) -> str:
    mutant = result.mutant
    return f"{mutant.file} {mutant.function}: {mutant.before}  ->  {mutant.after}"


def judge(results: Sequence[Result], least: float) -> int:
    """Print the report and return the exit code."""
    listed = report.read_list(HERE / "survivors.toml")
    print(report.table(results))
    for mutant in report.killed_by_now(results, listed):
        print(f"Listed as a survivor, but killed: {mutant}")
    new = report.unlisted(results, listed)
    if new:
        print("\nNot in survivors.toml:\n")
        print("\n".join(report.as_toml(each) for each in new))
    if (noticed := report.killed_percent(results)) < least:
        print(f"{noticed:.1f} % of the mutants were noticed; {least} % is the least.")
    return 1 if new or noticed < least else 0


def main() -> int:
    config = tomllib.loads((HERE / "rooms.toml").read_text(encoding="utf-8"))
    parser = argparse.ArgumentParser(prog="python -m tests.mutants")
    parser.add_argument("python", type=Path, help="the interpreter that runs the tests")
    parser.add_argument("--workers", type=int, default=2, help="how many mutants at once")
    parser.add_argument("--room", action="append", choices=[*config["room"]], help="only this room (may be repeated)")
    parser.add_argument("--most", type=int, help="at most so many mutants of a room")
    options = parser.parse_args()
    rooms = options.room or [*config["room"]]
    drawn = {room: draw(config, room, options.most) for room in rooms}
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        workplaces = [
            Workplace(options.python.absolute(), Path(folder, str(number)), config["package"], config["root"])
            for number in range(options.workers)
        ]
        try:
            jobs = [job for room in rooms for job in jobs_of(config, room, drawn[room], workplaces[0])]
            results = run_all(jobs, workplaces)
        finally:
            for each in workplaces:
                each.close()
    return judge(results, config["least"])


if __name__ == "__main__":
    sys.exit(main())
