"""References to other local files: what they lead to becomes part of the one document, and all references local."""

import errno
import stat
from collections import deque
from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote

from xpander_emulator.common import json_pointers
from xpander_emulator.common.os_errors import reason
from xpander_emulator.common.yaml_document import PARTS, Document, read_document
from xpander_emulator.contract.document_objects import Site, walk
from xpander_emulator.errors import Diagnostic, InvalidFiles

SUFFIXES: Final = (".yaml", ".yml", ".json")
_NO_FILE: Final = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)
Place = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Bundle:
    """A document that refers to itself alone.

    starts:   where else than at its root a walk begins, and what kind of object stands there.
    mistakes: references that could not be followed; `told` are the places at which no more need be said.
    """

    document: Document
    starts: Mapping[Place, str]
    diagnostics: tuple[Diagnostic, ...]
    told: frozenset[tuple[str, int, int]]

    def sites(self) -> Iterator[Site]:
        """Yield every object of the document, each once."""
        yield from walk(self.document.value)
        seen: set[Place] = set()
        for place, kind in self.starts.items():
            for site in walk(_at(self.document.value, place), kind, place):
                if site.path not in seen:
                    seen.add(site.path)
                    yield site


def bundled(document: Document, path: Path | None) -> Bundle:
    """Follow the references of a document to other files below its folder, and theirs.

    path: of the document; None where it has none, and its references to files stay as they are.
    """
    sites = list(walk(document.value))
    if path is not None and any(_leaves(site) for site in sites):
        document = replace(document, value=deepcopy(document.value))
        sites = list(walk(document.value))
    bundler = _Bundler(document, path.resolve() if path else None, {tuple(map(str, site.path)) for site in sites})
    bundler.run(sites)
    if bundler.parts:
        values = {name: part.value for name, part in bundler.parts.items()}
        document = replace(document, value={**document.value, PARTS: values}, parts=bundler.parts)
    diagnostics = tuple(part.diagnostic(inside, message) for part, inside, message in bundler.faults)
    return Bundle(document, bundler.starts, (*diagnostics, *bundler.unreadable), frozenset(bundler.told))


def readable(reference: str) -> str:
    """Return a reference as its file has it: that into another file by the name of the file."""
    parts = json_pointers.split(json_pointers.from_reference(reference))
    if parts[:1] != (PARTS,) or len(parts) < 2:
        return reference
    rest = json_pointers.as_fragment(json_pointers.join(*parts[2:]))
    return parts[1] + (rest if rest != "#" else "")


def _leaves(site: Site) -> bool:
    return site.reference is not None and not site.reference.startswith("#")


def _mapped(site: Site) -> list[tuple[dict[str, Any], str, str]]:
    """Return the references among the words of a schema's discriminator; the others are names of schemas."""
    discriminator = site.value.get("discriminator") if site.kind == "schema" else None
    mapping = discriminator.get("mapping") if isinstance(discriminator, Mapping) else None
    if not isinstance(mapping, dict):
        return []
    targets = [(word, target) for word, target in mapping.items() if isinstance(target, str)]
    return [(mapping, word, target) for word, target in targets if "#" in target or target.endswith(SUFFIXES)]


def _at(value: Any, place: Place) -> Any:
    return json_pointers.look_up(value, json_pointers.join(*place))


@dataclass(slots=True)
class _Bundler:
    """Follows references; `known` are the places of the main file that a walk from its root comes to."""

    document: Document
    main: Path | None
    known: set[tuple[str, ...]]
    parts: dict[str, Document] = field(default_factory=dict)
    starts: dict[Place, str] = field(default_factory=dict)
    faults: list[tuple[Document, Place, str]] = field(default_factory=list)
    unreadable: list[Diagnostic] = field(default_factory=list)
    told: set[tuple[str, int, int]] = field(default_factory=set)
    _broken: set[str] = field(default_factory=set)
    _done: set[int] = field(default_factory=set)

    def run(self, sites: list[Site]) -> None:
        waiting: deque[tuple[str, list[Site]]] = deque([("", sites)])
        while waiting:
            name, group = waiting.popleft()
            for site in group:
                for place in self._follow(name, site):
                    inside, value = self._value_at(place)
                    found = list(walk(value, site.kind, place))
                    self.starts[place] = site.kind
                    self.known.update(tuple(map(str, each.path)) for each in found)
                    waiting.append((inside, found))

    def _value_at(self, place: Place) -> tuple[str, Any]:
        name = str(place[1]) if place[:1] == (PARTS,) and len(place) > 1 else ""
        # A document that was bundled before has its parts in itself.
        if name in self.parts:
            return name, _at(self.parts[name].value, place[2:])
        return "", _at(self.document.value, place)

    def _follow(self, name: str, site: Site) -> Iterator[Place]:
        """Make one object's references local; yield the places that they lead to, where that is news."""
        if not isinstance(site.value, dict) or id(site.value) in self._done:
            return
        self._done.add(id(site.value))
        references = _mapped(site)
        if site.reference is not None:
            references.append((site.value, "$ref", site.reference))
        for owner, key, reference in references:
            found = self._lead(name, reference)
            if isinstance(found, Unfit):
                if key == "$ref":
                    self._tell(name, site, found.message)
                continue
            if name or not reference.startswith("#"):
                owner[key] = json_pointers.as_fragment(json_pointers.join(*found))
            if found and found not in self.known:
                yield found

    def _tell(self, name: str, site: Site, message: str) -> None:
        """Note a fault of a `$ref`; without a message, only that there is one which is told elsewhere."""
        part = self.parts[name] if name else self.document
        inside: Place = (*(site.path[2:] if name else site.path), "$ref")
        if message:
            self.faults.append((part, inside, message))
        if self.main is not None and (name or _leaves(site)):
            self.told.add((part.file, *part.locate(inside)))

    def _lead(self, name: str, reference: str) -> "tuple[str, ...] | Unfit":
        """Return the place of the whole document to which a reference of the file `name` leads."""
        file, _, fragment = reference.partition("#")
        target = self._file(name, file) if file else name
        if isinstance(target, Unfit):
            return Unfit(f"'{reference}' {target.message}" if target.message else "")
        value = self.parts[target].value if target else self.document.value
        pointer = unquote(fragment)
        if not json_pointers.exists(value, pointer):
            # What is wrong with a local reference of the main file is told with all else that is wrong there.
            if not (name or file):
                return Unfit("")
            is_pointer = pointer[:1] in ("", "/")
            near = json_pointers.nearest(value, pointer).replace("'#", f"'{file}#") if is_pointer else ""
            return Unfit(f"'{reference}' does not exist{near}" if is_pointer else f"'{reference}' is no pointer, '#/…'")
        return (*((PARTS, target) if target else ()), *json_pointers.split(pointer))

    def _file(self, name: str, file: str) -> "str | Unfit":
        """Return the name of a file, read if need be: its path from the main file's folder, "" for the main file."""
        if self.main is None:
            return Unfit("")
        if "://" in file or file.startswith("//"):
            return Unfit("is not fetched; save it below the folder of this file and refer to it there")
        folder = self.main.parent
        try:
            path = ((folder / name).parent if name else folder).joinpath(unquote(file)).resolve()
            if not path.is_relative_to(folder):
                return Unfit(f"is outside of the folder of {self.main.name}; only files below it are read")
            is_file = stat.S_ISREG(path.stat().st_mode)
        except (ValueError, RuntimeError):
            # Before Python 3.13, `resolve` raises so for a NUL in the name, and for links that lead in a circle.
            return Unfit("is no file")
        except OSError as error:
            return Unfit("is no file" if error.errno in _NO_FILE else f"cannot be read: {reason(error)}")
        if not is_file:
            return Unfit("is no file")
        target = path.relative_to(folder).as_posix()
        if path == self.main:
            return ""
        if target not in self.parts and target not in self._broken:
            try:
                self.parts[target] = read_document(path, str(Path(self.document.file).parent / target))
            except InvalidFiles as error:
                self.unreadable += error.diagnostics
                self._broken.add(target)
        return Unfit("") if target in self._broken else target


@dataclass(frozen=True, slots=True)
class Unfit:
    """Why a reference cannot be followed; no message where that is told elsewhere."""

    message: str
