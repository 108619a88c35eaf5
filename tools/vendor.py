"""Fetch what the pages use of others: the files and versions that each `vendor.toml` lists.

`make vendor` writes them beside it. A file of a version that was fetched before must come again with the same hash; for
a version that you have changed, empty its hashes first, and they are written anew.
"""

import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
FOLDERS: Final = (
    ROOT / "emulator" / "xpander_emulator" / "web" / "pages" / "static" / "vendor",
    ROOT / "tests" / "browser" / "vendor",
)
LISTING: Final = "vendor.toml"
_SOURCE_MAP: Final = re.compile(rb"\n?/[/*]# sourceMappingURL=[^\n]*\n?")


def main() -> int:
    """Fetch everything; return 1, and write nothing of a package, where a file is not what was recorded."""
    wrong = [line for folder in FOLDERS for line in fetch(folder)]
    print("\n".join(wrong) or "Everything is as recorded.")
    return 1 if wrong else 0


def fetch(folder: Path) -> Iterator[str]:
    """Write the files of a folder's listing and the hashes that were empty; yield what differs from its hash."""
    listing = folder / LISTING
    text = listing.read_text(encoding="utf-8")
    known = tomllib.loads(text)
    for package in known["packages"]:
        contents = packed(f"{package['name']}@{package['version']}")
        for file in package["files"]:
            content = adapted(file["file"], contents[file["from"]], known.get("imports", {}))
            found = hashlib.sha256(content).hexdigest()
            if file["sha256"] not in ("", found):
                yield f"{file['file']} of {package['name']} {package['version']} has another hash: {found}"
                continue
            text = text.replace(f'file = "{file["file"]}", sha256 = ""', f'file = "{file["file"]}", sha256 = "{found}"')
            (folder / file["file"]).write_bytes(content)
    listing.write_text(text, encoding="utf-8")


def packed(wanted: str) -> Mapping[str, bytes]:
    """Return the files of a package of exactly this version, by their paths in it."""
    with tempfile.TemporaryDirectory() as place:
        command = ["npm", "pack", "--silent", wanted]
        subprocess.run(command, cwd=place, check=True, stdout=subprocess.DEVNULL)  # noqa: S603  what vendor.toml lists
        [archive] = Path(place).glob("*.tgz")
        with tarfile.open(archive) as files:
            return {
                member.name.removeprefix("package/"): content.read()
                for member in files
                if (content := files.extractfile(member)) is not None
            }


def adapted(name: str, content: bytes, imports: Mapping[str, str]) -> bytes:
    """Return a script that finds its imports without an import map, and asks for no source map."""
    if not name.endswith((".mjs", ".js", ".css")):
        return content
    content = _SOURCE_MAP.sub(b"\n", content)
    for bare, path in imports.items() if name.endswith(".mjs") else ():
        content = re.sub(rb'\b(from|import)"%b"' % re.escape(bare.encode()), rb'\1"%b"' % path.encode(), content)
    return content


def recorded(folder: Path) -> dict[str, Any]:
    """Return the hash of each file that a folder's listing names."""
    known = tomllib.loads((folder / LISTING).read_text(encoding="utf-8"))
    return {file["file"]: file["sha256"] for package in known["packages"] for file in package["files"]}


if __name__ == "__main__":
    sys.exit(main())
