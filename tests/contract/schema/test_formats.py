"""Formats, strictly."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpander_emulator.contract.schema.formats import CHECKS

TABLE = [
    ("date-time", ["2026-04-10T19:01:35Z", "2026-04-10t19:01:35.114410+02:00", "2024-02-29T23:59:60Z",
      "1998-12-31T15:59:60-08:00"],
     ["2026-04-10T19:01:35", "2026-02-30T00:00:00Z", "2026-04-10", "2026-04-10T24:00:00Z", "2026-04-10T00:00:60Z",
      "2026-04-10T19:01:35Z\n", ""]),
    ("date", ["2026-04-10", "2024-02-29", "0000-02-29"],
     ["2023-02-29", "1900-02-29", "2026-4-1", "20260410", "2026-W01-1"]),
    ("time", ["19:01:35Z", "00:00:00.5-01:30"], ["19:01:35", "25:00:00Z", "19:01Z", "23:59:60+01:00"]),
    ("duration", ["P1D", "PT5M", "P1Y2M3DT4H5M6S", "P2W"], ["P", "PT", "1D", "P1S", "P1W2D", "P1DT"]),
    ("email", ["a@b.c", "first.last+tag@example.com"], ["a", "@b", "a@", "a b@c.d", "a..b@c.d", "a@-b.c"]),
    ("idn-email", ["ä@ö.de"], ["ä", "a b@c"]),
    ("hostname", ["localhost", "a.example.com"], ["-a", "a_b", "a..b", "a" * 64, ""]),
    ("uri", ["https://example.com/a?b#c", "urn:a:b", "http://[::1]:80/"],
     ["/a", "example.com", "http://a b", "http://a:x"]),
    ("uri-reference", ["/a", "#b", "https://x"], ["a b", "%zz"]),
    ("iri", ["https://exämple.com/ö"], ["/ö", "https://a b"]),
    ("uuid", ["de4bcafe-b427-44d7-97e4-6c9296c5a938", "DE4BCAFE-B427-44D7-97E4-6C9296C5A938"],
     ["de4bcafeb42744d797e46c9296c5a938", "x", "{de4bcafe-b427-44d7-97e4-6c9296c5a938}"]),
    ("ipv4", ["127.0.0.1"], ["127.0.0.256", "127.1", "01.2.3.4"]),
    ("ipv6", ["::1", "2001:db8::8a2e:370:7334"], ["1::2::3", "fe80::1%eth0", "127.0.0.1"]),
    ("byte", ["", "aGk="], ["aGk", "a b=", "ä"]),
    ("regex", ["^a+$"], ["("]),
    ("json-pointer", ["", "/a~1b/0"], ["a", "/~2"]),
]  # fmt: skip


@pytest.mark.parametrize(("name", "right", "wrong"), TABLE)
def test_a_format_takes_what_it_means_and_nothing_else(name: str, right: list[str], wrong: list[str]) -> None:
    check = CHECKS[name]

    assert [text for text in right if not check(text)] == []
    assert [text for text in wrong if check(text)] == []


def test_every_format_is_tested() -> None:
    assert {name for name, _, _ in TABLE} == set(CHECKS)


DATES = r"[0-9]{4}-[01][0-9]-[0-3][0-9]"
TIMES = r"[0-2][0-9]:[0-6][0-9]:[0-6][0-9](\.[0-9]{1,7})?([Zz]|[+-][0-2][0-9]:[0-6][0-9])?"


@given(st.from_regex(rf"\A{DATES}[Tt ]{TIMES}\Z"))
def test_jsonschema_rs_takes_no_date_time_that_we_do_not(text: str) -> None:
    jsonschema_rs = pytest.importorskip("jsonschema_rs")
    quick = jsonschema_rs.Draft202012Validator({"format": "date-time"}, validate_formats=True)

    assert CHECKS["date-time"](text) or not quick.is_valid(text)
