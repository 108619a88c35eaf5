"""Figures of the code: `python -m tools.figures` counts modules, imports, functions and lines of a checkout.

`--root DIR` measures another checkout, an older commit for instance. `--missing-tests` fails if a module has no test.
"""

import argparse
import ast
import json
import statistics
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import grimp

ROOT: Final = Path(__file__).resolve().parent.parent
LARGE: Final = 400
# Modules for which a test of their own would say nothing, each with the reason.
WITHOUT_TEST: Final[dict[str, str]] = {
    "common/types.py": "aliases of types",
    "core/signals.py": "records and words; their meaning is in core/replay.py",
}


@dataclass(frozen=True, slots=True)
class Function:
    """A function or method, and how many lines its body has; a docstring is not part of the body."""

    place: str
    lines: int


class Checkout:
    """A checkout of the project, at any commit that names its package in pyproject.toml."""

    def __init__(self, root: Path) -> None:
        project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
        self.root = root
        self._contracts = project["tool"]["importlinter"]["contracts"]
        self.name: str = project["tool"]["importlinter"]["root_package"]
        self.package = next(path for path in (root / "emulator" / self.name, root / self.name) if path.is_dir())

    @cached_property
    def modules(self) -> list[Path]:
        """The files of all modules, relative to the package."""
        return sorted(path.relative_to(self.package) for path in self.package.rglob("*.py"))

    @cached_property
    def graph(self) -> grimp.ImportGraph:
        """Which module imports which."""
        sys.path.insert(0, str(self.package.parent))
        return grimp.build_graph(self.name, cache_dir=None)

    def loose_modules(self) -> list[str]:
        """Return the modules that stand in no room."""
        return [path.name for path in self.modules if len(path.parts) == 1 and not path.name.startswith("__")]

    def layers(self) -> int:
        """Return how many layers the whole package has, as import-linter holds them."""
        return next(
            len(each["layers"])
            for each in self._contracts
            if each["type"] == "layers" and each.get("containers", [self.name]) == [self.name]
        )

    def imports(self) -> int:
        """Return how many modules import how many others, counted as pairs."""
        return sum(len(self.graph.find_modules_directly_imported_by(module)) for module in self.graph.modules)

    def circles(self) -> list[list[str]]:
        """Return the groups of modules that need each other, a group as large as can be."""
        groups = {
            frozenset(
                {module} | (self.graph.find_upstream_modules(module) & self.graph.find_downstream_modules(module))
            )
            for module in self.graph.modules
        }
        return sorted(sorted(group) for group in groups if len(group) > 1)

    def sibling_circles(self) -> list[str]:
        """Return the imports that would have to go for no two siblings, modules or rooms, to need each other."""
        broken = (self.graph.nominate_cycle_breakers(module) for module in self.graph.modules)
        return sorted({f"{importer} -> {imported}" for pairs in broken for importer, imported in pairs})

    def lines(self, module: Path) -> int:
        """Return how many lines a module has."""
        return len((self.package / module).read_text(encoding="utf-8").splitlines())

    def functions(self) -> Iterator[Function]:
        """Yield every function and method of the package."""
        for module in self.modules:
            tree = ast.parse((self.package / module).read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                    yield Function(f"{module.as_posix()}:{node.lineno} {node.name}", _body_lines(node))

    def missing_tests(self) -> list[str]:
        """Return each module that has no test file and needs one."""
        needing = [path for path in self.modules if not path.name.startswith("__") and str(path) not in WITHOUT_TEST]
        return [path.as_posix() for path in needing if not (self.root / test_file(path)).exists()]


def figures(checkout: Checkout) -> dict[str, Any]:
    """Return the figures of a checkout by their names."""
    functions = sorted(checkout.functions(), key=lambda function: function.lines)
    sizes = [function.lines for function in functions]
    lines = {module.as_posix(): checkout.lines(module) for module in checkout.modules}
    return {
        "lines of code": sum(lines.values()),
        "modules": len(lines),
        "loose modules": len(checkout.loose_modules()),
        "layers": checkout.layers(),
        "import arrows": checkout.imports(),
        "circles among modules": checkout.circles(),
        "imports that close a circle of siblings": checkout.sibling_circles(),
        "functions": len(functions),
        "body lines, median": statistics.median(sizes),
        "body lines, 90th percentile": statistics.quantiles(sizes, n=10, method="inclusive")[-1],
        "body lines, longest": f"{sizes[-1]} ({functions[-1].place})",
        f"modules over {LARGE} lines": [f"{name} ({count})" for name, count in lines.items() if count > LARGE],
        "modules without a test file": checkout.missing_tests(),
    }


def table(values: dict[str, Any]) -> str:
    """Return figures as lines of text; a list is its length, with its members below."""
    width = max(map(len, values)) + 2
    lines = []
    for name, value in values.items():
        members = value if isinstance(value, list) else []
        lines.append(f"{name:{width}}{len(value) if isinstance(value, list) else _shown(value)}")
        lines += [f"  {' '.join(member) if isinstance(member, list) else member}" for member in members]
    return "".join(f"{line}\n" for line in lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what the arguments ask for, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m tools.figures", description="Figures of the code.")
    parser.add_argument("--root", type=Path, default=ROOT, help="the checkout to measure")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--missing-tests", action="store_true", help="name each module without a test file, and fail")
    options = parser.parse_args(arguments)
    checkout = Checkout(options.root.resolve())
    if options.missing_tests:
        missing = checkout.missing_tests()
        sys.stdout.write("".join(f"{name} has no {test_file(Path(name))}\n" for name in missing))
        return bool(missing)
    values = figures(checkout)
    sys.stdout.write(json.dumps(values, indent=2) + "\n" if options.json else table(values))
    return 0


def test_file(module: Path) -> Path:
    """Return the place of a module's test file in the repository: ROOM/MODULE.py has tests/ROOM/test_MODULE.py."""
    return Path("tests") / module.parent / f"test_{module.name}"


def _body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = node.body[1:] if ast.get_docstring(node, clean=False) is not None else node.body
    return (node.end_lineno or 0) - body[0].lineno + 1 if body else 0


def _shown(value: object) -> str:
    return f"{value:,g}" if isinstance(value, float) else f"{value:,}" if isinstance(value, int) else str(value)


if __name__ == "__main__":
    sys.exit(main())
