"""JSON Pointers (RFC 6901) and the references made of them."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import quote, unquote

from xpander_emulator.errors import did_you_mean

MAX_HOPS: Final = 50


def join(*parts: str | int) -> str:
    """Return the pointer that leads through `parts`."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def split(pointer: str) -> tuple[str, ...]:
    """Return the parts of a pointer; a leading `#`, as in a reference, is allowed."""
    parts = pointer.removeprefix("#").split("/")[1:]
    if "~" not in pointer:
        return tuple(parts)
    return tuple(part.replace("~1", "/").replace("~0", "~") for part in parts)


def from_reference(reference: str) -> str:
    """Return the pointer of a local reference: `#/a%20b` gives `/a b`."""
    return unquote(reference.removeprefix("#"))


def as_fragment(pointer: str) -> str:
    """Return the pointer as the fragment of a URI, `#` included."""
    return "#" + quote(pointer, safe="/~!$&'()*+,;=:@")


def look_up(document: Any, pointer: str) -> Any:
    """Return the value at `pointer`. Raises LookupError where there is none, or for a text that is no pointer."""
    if pointer.removeprefix("#")[:1] not in ("", "/"):
        raise LookupError(pointer)
    for part in split(pointer):
        document = _step(document, part)
    return document


def _step(node: Any, part: str) -> Any:
    if isinstance(node, Mapping):
        return node[part]
    if isinstance(node, Sequence) and not isinstance(node, str) and part.isdecimal():
        return node[int(part)]
    raise LookupError(part)


def exists(document: Any, pointer: str) -> bool:
    """Return whether there is a value at `pointer`."""
    try:
        look_up(document, pointer)
    except LookupError:
        return False
    return True


def reference_to(pointer: str) -> dict[str, str]:
    """Return the object that refers to `pointer`."""
    return {"$ref": as_fragment(pointer)}


def bare_pointer(value: Any) -> str | None:
    """Return the pointer of an object with nothing but a local `$ref`; None for anything else."""
    reference = value.get("$ref") if isinstance(value, Mapping) and len(value) == 1 else None
    return from_reference(reference) if isinstance(reference, str) and reference.startswith("#/") else None


def resolve(document: Any, reference: str) -> tuple[str, Any]:
    """Return the pointer of a local reference and the value there. Raises LookupError for any other reference."""
    if not reference.startswith("#"):
        raise LookupError(reference)
    pointer = from_reference(reference)
    return pointer, look_up(document, pointer)


def target(document: Any, pointer: str) -> str | None:
    """Follow objects with nothing but a `$ref`; return the last pointer that leads to a value.

    None for references in a circle. Raises LookupError where there is no value at `pointer`.
    """
    node = look_up(document, pointer)
    for _ in range(MAX_HOPS):
        following = bare_pointer(node)
        if following is None or not exists(document, following):
            return pointer
        pointer, node = following, look_up(document, following)
    return None


def nearest(document: Any, pointer: str) -> str:
    """Return ". Did you mean '#/…'?" for a pointer without a value, or "" when no pointer is near."""
    node, walked = document, ""
    for part in split(pointer):
        try:
            node = _step(node, part)
        except LookupError:
            known = [str(key) for key in node] if isinstance(node, Mapping) else []
            hint = did_you_mean(part, known)
            similar = next((key for key in known if hint == f". Did you mean '{key}'?"), None)
            rest = split(pointer)[len(split(walked)) + 1 :]
            return f". Did you mean '#{walked}{join(similar, *rest)}'?" if similar is not None else ""
        walked += join(part)
    return ""


def is_self_contained(schema: Any) -> bool:
    """Return whether a schema refers to parts of itself, and to nothing else."""
    references = list(_references(schema))
    return bool(references) and all(each == "#" or exists(schema, from_reference(each)) for each in references)


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, Mapping):
        reference = node.get("$ref")
        if isinstance(reference, str) and reference.startswith("#"):
            yield reference
        for child in node.values():
            yield from _references(child)
    elif isinstance(node, list):
        for child in node:
            yield from _references(child)
