"""Run the JSON Schema test suite's 2020-12 cases through the validator of requests and through the generator.

    python -m tools.json_schema_suite FOLDER

FOLDER is a checkout of the suite (json-schema-org/JSON-Schema-Test-Suite), which is not part of this project. Each
schema of the suite is put into a contract as a component, as a user's OpenAPI file would hold it. Prints a table: cases
passed and failed, what is left out and why, and what the generator makes of each schema.
"""

import json
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.sampling.values import generate
from xpander_emulator.contract.schema.formats import CHECKS
from xpander_emulator.contract.schema.validation import find_schema_violations, judge
from xpander_emulator.errors import EmulatorError

# Where a schema holds values, in which `$ref` is a name like any other.
_DATA: Final = frozenset({"enum", "const", "default", "examples"})
# An address of its own, which a schema inside a contract does not have, or one on the network, which is refused.
_ADDRESSES: Final = (
    '"$id"', '"$anchor"', '"$dynamicRef"', '"$dynamicAnchor"', '"$schema": "http://localhost', '"$ref": "http',
)  # fmt: skip
_ADDRESS: Final = "schemas with an address of their own, or with a reference to the network"
_PATTERN: Final = "patterns that Python's engine does not know"
_UNKNOWN: Final = "formats that are not checked"
_FORMAT: Final = "the suite holds a format for a remark by default; here, as with FastAPI, it is checked"


def cases(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield each group of cases with the name of its file: the required ones, then those of the formats."""
    tests = folder / "tests" / "draft2020-12"
    for path in [*sorted(tests.glob("*.json")), *sorted((tests / "optional" / "format").glob("*.json"))]:
        name = f"format: {path.stem}" if path.parent.name == "format" else path.stem
        for group in json.loads(path.read_text(encoding="utf-8")):
            yield name, group


def as_component(schema: Any) -> Any:
    """Return a schema as it stands inside a contract: a reference to its own root leads to the component."""
    if isinstance(schema, dict):
        return {
            name: value if name in _DATA else _moved(value) if name == "$ref" else as_component(value)
            for name, value in schema.items()
            if name != "$schema"
        }
    return [as_component(each) for each in schema] if isinstance(schema, list) else schema


def _moved(reference: Any) -> Any:
    """Return a reference as it leads inside the contract; what is no text is a property that is called `$ref`."""
    is_local = isinstance(reference, str) and reference.startswith("#")
    return f"#/components/schemas/S{reference[1:]}" if is_local else as_component(reference)


def _reason(name: str, written: Any, schema: Any) -> str | None:
    """Return why a group of cases is left out, or None."""
    if any(mark in json.dumps(written) for mark in _ADDRESSES):
        return _ADDRESS
    if name.startswith("format: ") and written.get("format", "unknown") not in {*CHECKS, "unknown"}:
        return _UNKNOWN
    return _PATTERN if find_schema_violations(schema) else None


def main(folder: Path) -> int:
    """Run everything and print the table; the exit code says whether any case failed but those of the formats."""
    passed: Counter[str] = Counter()
    failed: Counter[str] = Counter()
    left: dict[str, str] = {}
    left_groups: Counter[str] = Counter()
    made, unmade, wrong, optional = 0, 0, 0, 0
    told: list[str] = []
    for name, group in cases(folder):
        schema = as_component(group["schema"])
        reason = _reason(name, group["schema"], schema)
        if reason is not None:
            left_groups[name] += 1
            left[name] = reason
            continue
        document = {
            "openapi": "3.1.0",
            "info": {"title": name, "version": "1"},
            "components": {"schemas": {"S": schema}},
        }
        contract = Contract(document, name, name, "1", ())
        is_right = judge(contract, "/components/schemas/S")
        for case in group["tests"]:
            if "only an annotation by default" in case["description"]:
                left_groups[name] += 1
                left[name] = _FORMAT
            elif is_right(case["data"]) == case["valid"]:
                passed[name] += 1
            else:
                failed[name] += 1
                optional += name.startswith("format: ")
                told.append(f"{name}: {group['description']}: {case['description']}")
        try:
            value = generate(contract, {"$ref": "#/components/schemas/S"}, 1)
        except EmulatorError:
            unmade += 1
        else:
            made, wrong = (made + 1, wrong) if is_right(value) else (made, wrong + 1)
    print("| keyword | passed | failed | left out |\n|---|---|---|---|")
    for name in sorted({*passed, *failed, *left_groups}):
        note = f"{left_groups[name]}: {left[name]}" if left_groups[name] else ""
        print(f"| {name} | {passed[name]} | {failed[name]} | {note} |")
    print(f"| all | {passed.total()} | {failed.total()} | {left_groups.total()} |")
    print(f"\nGenerated: {made} schemas validly, {wrong} wrongly; {unmade} said that no value could be made.")
    print("\n".join(told))
    return 1 if len(told) > optional or wrong else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
