"""The formats of JSON Schema, checked strictly and with the standard library alone.

jsonschema passes over `date-time` and `uri` silently unless packages of 50 MB are installed; hence our own.
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from xpander_emulator.contract.schema.regex_dialect import compiles

_DATE: Final = r"(\d{4})-(\d\d)-(\d\d)"
_TIME: Final = r"([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:\.\d+)?(?:[Zz]|([+-])([01]\d|2[0-3]):([0-5]\d))"
_DATE_PATTERN: Final = re.compile(_DATE, re.ASCII)
_TIME_PATTERN: Final = re.compile(_TIME, re.ASCII)
_DATE_TIME_PATTERN: Final = re.compile(rf"({_DATE})[Tt ]{_TIME}", re.ASCII)
# RFC 3339, appendix A: weeks stand alone, and a unit may be left out only at the ends.
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
_POINTER: Final = re.compile(r"(?:/(?:[^/~]|~[01])*)*")


def is_date(text: str) -> bool:
    """Return whether it is an RFC 3339 full-date, of a day that exists."""
    found = _DATE_PATTERN.fullmatch(text)
    return found is not None and _day_exists(*found.groups())


def _day_exists(year: str, month: str, day: str) -> bool:
    try:
        # RFC 3339 has a year 0000, Python has none; the calendar repeats itself every 400 years.
        date(2000 + int(year) % 400, int(month), int(day))
    except ValueError:
        return False
    return True


def is_time(text: str) -> bool:
    """Return whether it is an RFC 3339 full-time, offset included."""
    found = _TIME_PATTERN.fullmatch(text)
    return found is not None and _second_exists(*found.groups("0"))


def _second_exists(hour: str, minute: str, second: str, sign: str, hours: str, minutes: str) -> bool:
    """Return whether a 61st second is that of 23:59 in UTC, at whose end alone there are any (RFC 3339, 5.7)."""
    ahead = (int(hours) * 60 + int(minutes)) * (-1 if sign == "-" else 1)
    return second != "60" or (int(hour) * 60 + int(minute) - ahead) % 1440 == 1439


def is_date_time(text: str) -> bool:
    """Return whether it is an RFC 3339 date-time, offset included."""
    found = _DATE_TIME_PATTERN.fullmatch(text)
    return found is not None and is_date(found[1]) and is_time(text[11:])


def is_duration(text: str) -> bool:
    """Return whether it is an ISO 8601 duration as RFC 3339 has it: P1DT2H."""
    return _DURATION.fullmatch(text) is not None


def is_hostname(text: str) -> bool:
    """Return whether it is a host name by RFC 1123."""
    return _HOSTNAME.fullmatch(text) is not None


def is_email(text: str) -> bool:
    """Return whether it is an RFC 5321 mailbox, without quoted local part or address literal."""
    found = _LOCAL.match(text)
    return found is not None and is_hostname(text[found.end() :])


def is_idn_email(text: str) -> bool:
    """Return whether something stands on both sides of the last @."""
    local, _, host = text.rpartition("@")
    return bool(local and host) and not re.search(r"\s", text)


def is_uri(text: str) -> bool:
    """Return whether it is an RFC 3986 URI, scheme included."""
    return _SCHEME.match(text) is not None and is_uri_reference(text)


def is_uri_reference(text: str) -> bool:
    """Return whether it is an RFC 3986 URI, or the rest of one."""
    return _URI.fullmatch(text) is not None and _splits(text)


def is_iri(text: str) -> bool:
    """Return whether it is a URI that may hold letters beyond ASCII, RFC 3987."""
    return _SCHEME.match(text) is not None and not re.search(r'[\s<>"{}|\\^`]', text) and _splits(text)


def _splits(text: str) -> bool:
    try:
        # Reading the port is what checks it.
        _ = urlsplit(text).port
    except ValueError:
        return False
    return True


def is_uuid(text: str) -> bool:
    """Return whether it is a UUID in its 36 characters, RFC 9562."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


def is_ipv4(text: str) -> bool:
    """Return whether it is four decimal numbers."""
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def is_ipv6(text: str) -> bool:
    """Return whether it is an address by RFC 4291, without a zone."""
    try:
        ipaddress.IPv6Address(text)
    except ValueError:
        return False
    return "%" not in text


def is_byte(text: str) -> bool:
    """Return whether it is base64 with padding, RFC 4648 section 4."""
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def is_regex(text: str) -> bool:
    """Return whether it is a regular expression of Python's, or one of ECMA-262 with Unicode properties."""
    return compiles(text)


def is_json_pointer(text: str) -> bool:
    """Return whether it is a JSON Pointer, RFC 6901."""
    return _POINTER.fullmatch(text) is not None


CHECKS: Final[Mapping[str, Callable[[str], bool]]] = {
    "date": is_date,
    "time": is_time,
    "date-time": is_date_time,
    "duration": is_duration,
    "hostname": is_hostname,
    "email": is_email,
    "idn-email": is_idn_email,
    "uri": is_uri,
    "uri-reference": is_uri_reference,
    "iri": is_iri,
    "uuid": is_uuid,
    "ipv4": is_ipv4,
    "ipv6": is_ipv6,
    "byte": is_byte,
    "regex": is_regex,
    "json-pointer": is_json_pointer,
}
