import gzip

import pytest

from tests.web.messages import request_of
from tests.web.pages.browser import browser
from xpander_emulator.common import resources
from xpander_emulator.web.pages import assets
from xpander_emulator.web.pages.assets import Asset
from xpander_emulator.web.pages.site import POLICY


@pytest.mark.parametrize("name", assets.names())
async def test_every_file_is_served_with_its_type_and_the_policy(name: str) -> None:
    answer = await browser().get(f"/__emulator/pages/{name}")

    assert answer.status_code == 200
    assert answer.content == (resources.PAGES / name).read_bytes()
    assert answer.headers["content-security-policy"] == POLICY
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert ("javascript" in answer.headers["content-type"]) == name.endswith(("js", "mjs"))


async def test_a_file_that_a_browser_has_is_not_sent_again() -> None:
    client = browser()
    first = await client.get("/__emulator/pages/emulator.css")

    again = await client.get("/__emulator/pages/emulator.css", headers={"if-none-match": first.headers["etag"]})
    other = await client.get("/__emulator/pages/emulator.css", headers={"if-none-match": '"another"'})

    assert first.headers["cache-control"] == "no-cache"
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    assert other.status_code == 200


async def test_a_file_is_packed_for_who_can_unpack_it() -> None:
    path = "/__emulator/pages/emulator.css"
    app = browser()

    plain = await app.get(path, headers={"accept-encoding": "identity"})
    packed = await app.get(path, headers={"accept-encoding": "gzip"})

    assert "content-encoding" not in plain.headers
    assert (packed.headers["content-encoding"], packed.headers["vary"]) == ("gzip", "accept-encoding")
    assert int(packed.headers["content-length"]) == len(gzip.compress(plain.content, mtime=0)) < len(plain.content)
    assert packed.content == plain.content


@pytest.mark.parametrize(
    "name", ["nothing.css", "../site.py", "..%2fsite.py", "%2e%2e/site.py", "", "vendor/vendor.toml"]
)
async def test_nothing_but_the_files_of_the_pages_is_served(name: str) -> None:
    answer = await browser().get(f"/__emulator/pages/{name}")

    assert answer.status_code == 404
    assert "from xpander_emulator" not in answer.text


ASSET = Asset(b"plain", b"packed", "text/css; charset=utf-8", '"abc"')


@pytest.mark.parametrize(
    ("headers", "status", "body"),
    [
        ({}, 200, b"plain"),
        ({"accept_encoding": "br, gzip"}, 200, b"packed"),
        ({"if_none_match": '"old", "abc"', "accept_encoding": "gzip"}, 304, b""),
        ({"if_none_match": '"old"'}, 200, b"plain"),
    ],
)
def test_a_file_is_sent_as_the_client_can_take_it(headers: dict[str, str], status: int, body: bytes) -> None:
    response = assets.response(request_of(**headers), ASSET, ((b"x-more", b"1"),))

    assert (response.status, response.body) == (status, body)
    assert {(b"etag", b'"abc"'), (b"cache-control", b"no-cache"), (b"x-more", b"1")} <= set(response.headers)


def test_a_short_file_is_never_packed() -> None:
    sizes = {name: len(asset.plain) for name in assets.names() if (asset := assets.asset(name)) and not asset.packed}

    assert sizes
    assert all(size < 1_024 for size in sizes.values())


def test_a_name_that_is_not_served_has_no_file() -> None:
    assert assets.asset("../site.py") is None
