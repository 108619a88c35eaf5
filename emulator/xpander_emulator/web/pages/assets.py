"""The files of the pages: read at their first request, then cached, each with a hash of its content as ETag."""

import gzip
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Final

from xpander_emulator.common import resources
from xpander_emulator.common.types import Headers
from xpander_emulator.web.http import Request, Response

_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
}
# In bytes; below this, gzip saves less than the header `content-encoding` costs.
_PACKED_FROM: Final = 1_024


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is sent: plain, and packed by gzip where that is shorter."""

    plain: bytes
    packed: bytes | None
    media_type: str
    etag: str


def names() -> tuple[str, ...]:
    """Return the name of every file that is served, with `/` between folders."""
    return tuple(_files())


@cache
def asset(name: str) -> Asset | None:
    """Return a file by its name; None where there is none."""
    path = _files().get(name)
    if path is None:
        return None
    plain = path.read_bytes()
    packed = gzip.compress(plain, mtime=0) if len(plain) >= _PACKED_FROM else None
    return Asset(plain, packed, _TYPES[path.suffix], f'"{blake2b(plain, digest_size=12).hexdigest()}"')


@cache
def _files() -> dict[str, Path]:
    files = sorted(path for path in resources.PAGES.rglob("*") if path.suffix in _TYPES)
    return {path.relative_to(resources.PAGES).as_posix(): path for path in files}


def response(request: Request, asset: Asset, headers: Headers) -> Response:
    """Return a file, or 304 where the client has it already. A client revalidates each time and shows no old file."""
    common = (
        (b"etag", asset.etag.encode()),
        (b"cache-control", b"no-cache"),
        (b"vary", b"accept-encoding"),
        *headers,
    )
    if asset.etag in (request.header(b"if-none-match") or ""):
        return Response(304, media_type=None, headers=common)
    if asset.packed is not None and "gzip" in (request.header(b"accept-encoding") or ""):
        return Response(200, asset.packed, asset.media_type, ((b"content-encoding", b"gzip"), *common))
    return Response(200, asset.plain, asset.media_type, common)
