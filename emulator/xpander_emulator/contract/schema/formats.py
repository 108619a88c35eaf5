"""The formats of JSON Schema, checked strictly and with the standard library alone.

jsonschema passes over `date-time` and `uri` silently unless packages of 50 MB are installed; hence our own.
"""

import base64
import ipaddress
import re
from calendar import monthrange
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from xpander_emulator.contract.schema.regex_dialect import compiles

_DATE: Final = r"(\d{4})-(\d\d)-(\d\d)"
_TIME: Final = r"([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:\.\d+)?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))"
_DATE_PATTERN: Final = re.compile(_DATE, re.ASCII)
_TIME_PATTERN: Final = re.compile(_TIME, re.ASCII)
_DATE_TIME_PATTERN: Final = re.compile(rf"({_DATE})[Tt ]{_TIME}", re.ASCII)
# ISO 8601 durations as RFC 3339, appendix A, has them: weeks stand alone, and a unit may be left out only at the ends.
_DURATION: Final = re.compile(
    r"P(?:\d+W|(?=[\dT])(?:\d+Y(?:\d+M(?:\d+D)?)?|\d+M(?:\d+D)?|\d+D)?"
    r"(?:T(?:\d+H(?:\d+M(?:\d+S)?)?|\d+M(?:\d+S)?|\d+S))?)",
    re.ASCII,
)
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOSTNAME: Final = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*", re.ASCII)
_LOCAL: Final = re.compile(
    r"(?=.{1,64}@)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@", re.ASCII
)
# RFC 3986: the characters that may stand in a URI, percent-encoding paired.
_URI: Final = re.compile(r"(?:[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*", re.ASCII)
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:", re.ASCII)
_NOT_IN_IRI: Final = re.compile(r'[\s<>"{}|\\^`]')
_UUID: Final = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}", re.ASCII)
# RFC 6901, 3.
_POINTER: Final = re.compile(r"(?:/(?:[^/~]|~[01])*)*")


def _is_date(text: str) -> bool:
    """Return whether a text is an RFC 3339 full-date, of a day that exists."""
    match = _DATE_PATTERN.fullmatch(text)
    if match is None:
        return False
    # RFC 3339 has a year 0000, Python has none; the calendar repeats itself every 400 years.
    year, month, day = 2000 + int(match[1]) % 400, int(match[2]), int(match[3])
    return month in range(1, 13) and day in range(1, monthrange(year, month)[1] + 1)


def _is_time(text: str) -> bool:
    """Return whether a text is an RFC 3339 full-time, offset included; a 61st second ends a day of UTC (5.7)."""
    match = _TIME_PATTERN.fullmatch(text)
    if match is None:
        return False
    hour, minute, second, sign, hours, minutes = match.groups("0")
    offset = (int(hours) * 60 + int(minutes)) * (-1 if sign == "-" else 1)
    return second != "60" or (int(hour) * 60 + int(minute) - offset) % 1440 == 1439


def _is_date_time(text: str) -> bool:
    """Return whether a text is an RFC 3339 date-time, offset included."""
    match = _DATE_TIME_PATTERN.fullmatch(text)
    return match is not None and _is_date(match[1]) and _is_time(text[11:])


def _is_hostname(text: str) -> bool:
    """Return whether a text is a host name by RFC 1123."""
    return _HOSTNAME.fullmatch(text) is not None


def _is_email(text: str) -> bool:
    """Return whether a text is an RFC 5321 mailbox, without quoted local part or address literal."""
    match = _LOCAL.match(text)
    return match is not None and _is_hostname(text[match.end() :])


def _is_idn_email(text: str) -> bool:
    """Return whether something stands on both sides of the last @."""
    local, _, host = text.rpartition("@")
    return bool(local and host) and not re.search(r"\s", text)


def _is_uri(text: str) -> bool:
    """Return whether a text is an RFC 3986 URI, scheme included."""
    return _SCHEME.match(text) is not None and _is_uri_reference(text)


def _is_uri_reference(text: str) -> bool:
    """Return whether a text is an RFC 3986 URI or relative reference."""
    return _URI.fullmatch(text) is not None and _is_read_by(_port_of, text)


def _is_iri(text: str) -> bool:
    """Return whether a text is an RFC 3987 IRI: a URI that may hold letters beyond ASCII."""
    return _SCHEME.match(text) is not None and not _NOT_IN_IRI.search(text) and _is_read_by(_port_of, text)


def _port_of(text: str) -> int | None:
    """Return the port of a URI; reading it is what checks it. Raises ValueError."""
    return urlsplit(text).port


def _is_uuid(text: str) -> bool:
    """Return whether a text is a UUID in its 36 characters, RFC 9562."""
    return _UUID.fullmatch(text) is not None


def _is_ipv6(text: str) -> bool:
    """Return whether a text is an address by RFC 4291, without a zone."""
    return "%" not in text and _is_read_by(ipaddress.IPv6Address, text)


def _is_byte(text: str) -> bool:
    """Return whether a text is base64 with padding, RFC 4648 section 4."""
    return _is_read_by(lambda encoded: base64.b64decode(encoded, validate=True), text)


def _is_read_by(read: Callable[[str], object], text: str) -> bool:
    """Return whether `read` takes a text; it raises ValueError for any other."""
    try:
        read(text)
    except ValueError:
        return False
    return True


CHECKS: Final[Mapping[str, Callable[[str], bool]]] = {
    "date": _is_date,
    "time": _is_time,
    "date-time": _is_date_time,
    "duration": lambda text: _DURATION.fullmatch(text) is not None,
    "hostname": _is_hostname,
    "email": _is_email,
    "idn-email": _is_idn_email,
    "uri": _is_uri,
    "uri-reference": _is_uri_reference,
    "iri": _is_iri,
    "uuid": _is_uuid,
    "ipv4": lambda text: _is_read_by(ipaddress.IPv4Address, text),
    "ipv6": _is_ipv6,
    "byte": _is_byte,
    "regex": compiles,
    "json-pointer": lambda text: _POINTER.fullmatch(text) is not None,
}
