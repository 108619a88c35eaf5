import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.profiles import examples
from tests.web.messages import request_of
from xpander_emulator.settings import Settings
from xpander_emulator.web.auth import Unauthorized
from xpander_emulator.web.control_access import ControlAccess, Forbidden, is_loopback

OPEN = ControlAccess(Settings())
GUARDED = ControlAccess(Settings(token="secret"))
PUBLIC = ControlAccess(Settings(public_url="https://demo.example:8443", allow_hosts=("proxy.example",)))


@pytest.mark.parametrize("host", ["localhost", "emulator.localhost", "127.0.0.1", "127.1.2.3", "::1"])
def test_a_loopback_name_or_address_is_known(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["", "localhost.example", "notlocalhost", "10.0.0.1", "0.0.0.0", "::2", "127.0.0"])
def test_any_other_name_or_address_is_no_loopback(host: str) -> None:
    assert not is_loopback(host)


@pytest.mark.parametrize("host", ["127.0.0.1:4020", "[::1]:4020", "localhost", "demo.example:8443", "proxy.example"])
def test_a_host_of_this_server_passes(host: str) -> None:
    PUBLIC.check_host(request_of(host=host))


@pytest.mark.parametrize(("host", "named"), [("evil.example:4020", "evil.example"), ("", ""), ("[::1", "")])
def test_another_host_is_refused(host: str, named: str) -> None:
    with pytest.raises(Forbidden) as refused:
        PUBLIC.check_host(request_of(host=host))

    assert (refused.value.status, refused.value.message) == (
        403,
        f"Host '{named}' is not known here. If it is yours, serve with --allow-host.",
    )


@pytest.mark.parametrize("origin", ["http://127.0.0.1:4020", "https://demo.example:8443"])
def test_a_page_of_this_server_or_of_its_public_address_passes(origin: str) -> None:
    PUBLIC.check_origin(request_of(host="127.0.0.1:4020", origin=origin))


@pytest.mark.parametrize("origin", ["null", "", "http://127.0.0.1:4021", "https://demo.example", "http://[::1"])
def test_a_page_of_another_origin_is_refused(origin: str) -> None:
    wanted = f"The control API takes no request from a page of '{origin}', only from its own pages."

    with pytest.raises(Forbidden) as refused:
        PUBLIC.check_origin(request_of(host="127.0.0.1:4020", origin=origin))

    assert refused.value.message == wanted


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"sec_fetch_site": "same-origin"},
        {"origin": "http://127.0.0.1"},
        {"origin": ""},
        {"sec_fetch_site": "same-origin", "origin": "null"},
    ],
    ids=["no page", "own page", "own origin", "no origin", "own page without origin"],
)
def test_a_form_of_our_own_page_or_of_no_page_passes(headers: dict[str, str]) -> None:
    OPEN.check_form(request_of(host="127.0.0.1", **headers))


@pytest.mark.parametrize(
    "headers",
    [
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "none"},
        {"origin": "http://evil.example"},
        {"sec_fetch_site": "cross-site", "origin": "http://127.0.0.1"},
    ],
)
def test_a_form_of_another_site_is_refused(headers: dict[str, str]) -> None:
    with pytest.raises(Forbidden, match=r"^This answer was sent by a page of another site, and was rejected\."):
        OPEN.check_form(request_of(host="127.0.0.1", **headers))


@pytest.mark.parametrize("sent", ["Bearer secret", "bearer  secret "])
def test_the_token_is_taken_as_bearer(sent: str) -> None:
    GUARDED.check_token(request_of(authorization=sent))


@pytest.mark.parametrize("sent", ["secret", "Basic secret", "Bearer", "Bearer secre", "Bearer sécret"])
def test_another_authorization_is_refused(sent: str) -> None:
    with pytest.raises(Unauthorized) as refused:
        GUARDED.check_token(request_of(authorization=sent))

    assert refused.value.message == "The control API needs the server's token: `Authorization: Bearer TOKEN`."


def test_a_server_without_a_token_needs_none() -> None:
    OPEN.check_token(request_of())

    assert OPEN.is_token("anything")


@pytest.mark.parametrize(("secure", "end"), [(True, "; SameSite=Strict; Secure"), (False, "; SameSite=Strict")])
def test_the_cookie_opens_and_never_shows_the_token(secure: bool, end: str) -> None:
    cookie = GUARDED.cookie(secure=secure)

    assert GUARDED.has_token(request_of(cookie=cookie.partition(";")[0]))
    assert cookie.endswith(f"; Path=/__emulator; HttpOnly{end}")
    assert "secret" not in cookie


@given(st.text(min_size=1), st.text(min_size=1))
@examples(40)
def test_the_cookie_of_one_token_opens_no_server_with_another(one: str, other: str) -> None:
    cookie = ControlAccess(Settings(token=one)).cookie(secure=False).partition(";")[0]

    assert ControlAccess(Settings(token=other)).has_token(request_of(cookie=cookie)) == (one == other)
