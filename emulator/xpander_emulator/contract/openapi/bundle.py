"""Bundling: the parts of other local files become parts of one document, in which all references are local."""

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
from xpander_emulator.common.types import DocPath
from xpander_emulator.common.yaml_document import PARTS, Document, read_document
from xpander_emulator.contract.document_objects import Site, walk
from xpander_emulator.errors import Diagnostic, EmulatorError, InvalidFiles

SUFFIXES: Final = (".yaml", ".yml", ".json")
_NO_FILE: Final = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


@dataclass(frozen=True, slots=True)
class Bundle:
    """A document all of whose references are local.

    starts:      the paths, beside its root, at which a walk begins, each with the kind of object that stands there.
    diagnostics: references that could not be followed, and files that could not be read.
    reported:    file, line and column of the references for which these diagnostics are all that need be said.
    """

    document: Document
    starts: Mapping[DocPath, str]
    diagnostics: tuple[Diagnostic, ...]
    reported: frozenset[tuple[str, int, int]]

    def sites(self) -> Iterator[Site]:
        """Yield every object of the document, each once."""
        yield from walk(self.document.value)
        seen: set[DocPath] = set()
        for place, kind in self.starts.items():
            for site in walk(_at(self.document.value, place), kind, place):
                if site.path not in seen:
                    seen.add(site.path)
                    yield site


def bundled(document: Document, path: Path | None) -> Bundle:
    """Return a document with the files below its folder to which it refers, and those to which they refer.

    path: of the document's file; None for a document without one, whose references to files are left as they are.
    """
    sites = list(walk(document.value))
    if path is not None and any(_leads_out(site) for site in sites):
        document = replace(document, value=deepcopy(document.value))
        sites = list(walk(document.value))
    bundler = _Bundler(document, path.resolve() if path else None, {tuple(map(str, site.path)) for site in sites})
    bundler.run(sites)
    if bundler.parts:
        values = {name: part.value for name, part in bundler.parts.items()}
        document = replace(document, value={**document.value, PARTS: values}, parts=bundler.parts)
    diagnostics = tuple(part.diagnostic(inside, message) for part, inside, message in bundler.problems)
    return Bundle(document, bundler.starts, (*diagnostics, *bundler.unreadable), frozenset(bundler.reported))


def readable(reference: str) -> str:
    """Return a reference as it stands in its file: with the name of the other file, if it leads into one."""
    parts = json_pointers.split(json_pointers.from_reference(reference))
    if parts[:1] != (PARTS,) or len(parts) < 2:
        return reference
    rest = json_pointers.as_fragment(json_pointers.join(*parts[2:]))
    return parts[1] + (rest if rest != "#" else "")


def _leads_out(site: Site) -> bool:
    return site.reference is not None and not site.reference.startswith("#")


def _discriminator_references(site: Site) -> list[tuple[dict[str, Any], str, str]]:
    """Return the references in the mapping of a schema's discriminator; its other values are names of schemas."""
    discriminator = site.value.get("discriminator") if site.kind == "schema" else None
    mapping = discriminator.get("mapping") if isinstance(discriminator, Mapping) else None
    if not isinstance(mapping, dict):
        return []
    texts = [(key, target) for key, target in mapping.items() if isinstance(target, str)]
    return [(mapping, key, target) for key, target in texts if "#" in target or target.endswith(SUFFIXES)]


def _at(value: Any, place: DocPath) -> Any:
    return json_pointers.look_up(value, json_pointers.join(*place))


class _NotFollowed(EmulatorError):
    """A reference cannot be followed; its message is empty where the problem is reported elsewhere."""


@dataclass(slots=True)
class _Bundler:
    """Follows references; `known` are the paths of the main file that a walk from its root visits."""

    document: Document
    main: Path | None
    known: set[tuple[str, ...]]
    parts: dict[str, Document] = field(default_factory=dict)
    starts: dict[DocPath, str] = field(default_factory=dict)
    problems: list[tuple[Document, DocPath, str]] = field(default_factory=list)
    unreadable: list[Diagnostic] = field(default_factory=list)
    reported: set[tuple[str, int, int]] = field(default_factory=set)
    _broken: set[str] = field(default_factory=set)
    _done: set[int] = field(default_factory=set)

    def run(self, sites: list[Site]) -> None:
        waiting: deque[tuple[str, list[Site]]] = deque([("", sites)])
        while waiting:
            name, group = waiting.popleft()
            for site in group:
                for place in self._follow(name, site):
                    inside, value = self._value_at(place)
                    targets = list(walk(value, site.kind, place))
                    self.starts[place] = site.kind
                    self.known.update(tuple(map(str, each.path)) for each in targets)
                    waiting.append((inside, targets))

    def _value_at(self, place: DocPath) -> tuple[str, Any]:
        name = str(place[1]) if place[:1] == (PARTS,) and len(place) > 1 else ""
        # A document that was bundled before contains its parts.
        if name in self.parts:
            return name, _at(self.parts[name].value, place[2:])
        return "", _at(self.document.value, place)

    def _follow(self, name: str, site: Site) -> Iterator[DocPath]:
        """Make the references of one object local; yield the paths that they lead to and no walk has visited."""
        if not isinstance(site.value, dict) or id(site.value) in self._done:
            return
        self._done.add(id(site.value))
        references = _discriminator_references(site)
        if site.reference is not None:
            references.append((site.value, "$ref", site.reference))
        for owner, key, reference in references:
            try:
                target = self._target(name, reference)
            except _NotFollowed as error:
                if key == "$ref":
                    self._report(name, site, error.message)
                continue
            if name or not reference.startswith("#"):
                owner[key] = json_pointers.as_fragment(json_pointers.join(*target))
            if target and target not in self.known:
                yield target

    def _report(self, name: str, site: Site, message: str) -> None:
        """Record the problem of a `$ref`; without a message, one that is reported elsewhere."""
        part = self.parts[name] if name else self.document
        inside: DocPath = (*(site.path[2:] if name else site.path), "$ref")
        if message:
            self.problems.append((part, inside, message))
        if self.main is not None and (name or _leads_out(site)):
            self.reported.add((part.file, *part.locate(inside)))

    def _target(self, name: str, reference: str) -> tuple[str, ...]:
        """Return the path in the whole document to which a reference of the file `name` leads. Raises _NotFollowed."""
        file, _, fragment = reference.partition("#")
        try:
            target = self._file(name, file) if file else name
        except _NotFollowed as error:
            raise _NotFollowed(f"'{reference}' {error.message}" if error.message else "") from None
        value = self.parts[target].value if target else self.document.value
        pointer = unquote(fragment)
        if not json_pointers.exists(value, pointer):
            # A broken local reference of the main file is reported with the other mistakes of that file.
            if not (name or file):
                raise _NotFollowed("")
            is_pointer = pointer[:1] in ("", "/")
            near = json_pointers.nearest(value, pointer).replace("'#", f"'{file}#") if is_pointer else ""
            problem = f"does not exist{near}" if is_pointer else "is no pointer, '#/…'"
            raise _NotFollowed(f"'{reference}' {problem}")
        return (*((PARTS, target) if target else ()), *json_pointers.split(pointer))

    def _file(self, name: str, file: str) -> str:
        """Return the path of a file from the main file's folder; "" for the main file. Raises _NotFollowed."""
        if self.main is None:
            raise _NotFollowed("")
        if "://" in file or file.startswith("//"):
            raise _NotFollowed("is not fetched; save it below the folder of this file and refer to it there")
        folder = self.main.parent
        try:
            path = ((folder / name).parent if name else folder).joinpath(unquote(file)).resolve()
            if not path.is_relative_to(folder):
                raise _NotFollowed(f"is outside of the folder of {self.main.name}; only files below it are read")
            is_file = stat.S_ISREG(path.stat().st_mode)
        except (ValueError, RuntimeError):
            # Before Python 3.13, `resolve` raises so for a NUL in the name, and for links that lead in a circle.
            raise _NotFollowed("is no file") from None
        except OSError as error:
            raise _NotFollowed(
                "is no file" if error.errno in _NO_FILE else f"cannot be read: {reason(error)}"
            ) from None
        if not is_file:
            raise _NotFollowed("is no file")
        target = path.relative_to(folder).as_posix()
        if path == self.main:
            return ""
        if target not in self.parts and target not in self._broken:
            try:
                self.parts[target] = read_document(path, str(Path(self.document.file).parent / target))
            except InvalidFiles as error:
                self.unreadable += error.diagnostics
                self._broken.add(target)
        if target in self._broken:
            raise _NotFollowed("")
        return target
