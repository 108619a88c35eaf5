"""What the pages use of others is what was recorded, and all of it."""

import hashlib
import json
import re
import tomllib

import pytest

from tools.vendor import FOLDERS, LISTING, ROOT, adapted, recorded

FILES = [(folder, name, sha256) for folder in FOLDERS for name, sha256 in recorded(folder).items()]


@pytest.mark.parametrize(("folder", "name", "sha256"), FILES, ids=[name for _, name, _ in FILES])
def test_a_vendored_file_has_the_hash_that_was_recorded(folder: object, name: str, sha256: str) -> None:
    place = next(each for each in FOLDERS if each == folder)

    assert hashlib.sha256((place / name).read_bytes()).hexdigest() == sha256


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.parent.name)
def test_nothing_lies_there_that_was_not_recorded(folder: object) -> None:
    place = next(each for each in FOLDERS if each == folder)

    # The types of a module come from its npm package; a file of ours beside the module says which.
    names = [path.name for path in place.iterdir() if path.suffixes != [".d", ".mts"]]
    assert sorted(names) == sorted([*recorded(place), LISTING])


def test_the_types_of_the_modules_are_those_of_their_versions() -> None:
    packages = tomllib.loads((FOLDERS[0] / LISTING).read_text(encoding="utf-8"))["packages"]
    installed = json.loads((ROOT / "package.json").read_text(encoding="utf-8"))["devDependencies"]

    versions = {each["name"]: each["version"] for each in packages if each["name"] in installed}
    assert len(versions) == 4
    assert versions.items() <= installed.items()


def test_every_import_of_a_vendored_module_lies_beside_it() -> None:
    [pages, _] = FOLDERS

    for module in pages.glob("*.mjs"):
        for target in re.findall(r'(?:from|import)\s*"([^"]+)"', module.read_text(encoding="utf-8")):
            assert target.startswith("./")
            assert (pages / target).is_file(), f"{module.name}: {target}"


def test_bare_imports_become_paths_and_source_maps_are_not_asked_for() -> None:
    script = b'import{a}from"preact";import"preact/hooks";x="preact"\n//# sourceMappingURL=a.mjs.map\n'

    written = adapted("a.mjs", script, {"preact": "./preact.mjs", "preact/hooks": "./hooks.mjs"})

    assert written == b'import{a}from"./preact.mjs";import"./hooks.mjs";x="preact"\n'


def test_a_text_is_left_as_it_is() -> None:
    assert adapted("LICENSE.txt", b'from"preact"', {"preact": "./preact.mjs"}) == b'from"preact"'
