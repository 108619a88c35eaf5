"""The pages that a reader sees, and what stands in them."""

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
PAGES = (
    *(ROOT / name for name in ("README.md", "ARCHITECTURE.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")),
    *sorted((ROOT / "docs").glob("*.md")),
)


@dataclass(frozen=True, slots=True)
class Curl:
    """One request, as a page shows it."""

    method: str
    target: str
    headers: dict[str, str]
    body: str | None


def doc(name: str) -> str:
    """Return the text of a page of docs/."""
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def blocks(page: str, language: str) -> list[str]:
    """Return the code blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)


def sections(page: str, level: int) -> dict[str, str]:
    """Return the text below each heading of one level, up to the next heading of that level or above."""
    parts = re.split(rf"^(#{{1,{level}}}) (.+)$", _without_blocks(page), flags=re.MULTILINE)
    marks, titles, texts = parts[1::3], parts[2::3], parts[3::3]
    return {title: text for mark, title, text in zip(marks, titles, texts, strict=True) if len(mark) == level}


def whole_sections(page: str, level: int) -> dict[str, str]:
    """Return the same, code blocks included."""
    parts = re.split(rf"^#{{{level}}} (.+)$", page, flags=re.MULTILINE)
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def first_cells(text: str) -> list[str]:
    """Return the first cell of each row of the tables in a text, headings left out."""
    rows = [line for line in text.splitlines() if line.startswith("| `")]
    return [row.split(" | ")[0].removeprefix("| ").strip() for row in rows]


def anchors(page: str) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", _without_blocks(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def links(page: str) -> list[str]:
    """Return where the links of a page lead that stay in the repository."""
    found = re.findall(r"\]\(([^)\s]+)\)", _without_blocks(page))
    return [target for target in found if not urlsplit(target).scheme]


def curls(page: str) -> Iterator[Curl]:
    """Yield each request that a page shows with curl."""
    for block in blocks(page, "sh"):
        for line in block.replace("\\\n", " ").splitlines():
            if line.startswith("curl "):
                yield _curl(shlex.split(line)[1:])


def _curl(words: list[str]) -> Curl:
    method, body, target = None, None, ""
    headers: dict[str, str] = {}
    rest = iter(words)
    for word in rest:
        match word:
            case "-X":
                method = next(rest)
            case "-H":
                name, _, value = next(rest).partition(": ")
                headers[name] = value
            case "-N":
                pass
            case "-d":
                body = next(rest)
            case _:
                assert word.startswith("http://127.0.0.1:4020/"), word
                target = word.removeprefix("http://127.0.0.1:4020")
    return Curl(method or ("GET" if body is None else "POST"), target, headers, body)


def _without_blocks(page: str) -> str:
    return re.sub(r"^```.*?^```$", "", page, flags=re.MULTILINE | re.DOTALL)
