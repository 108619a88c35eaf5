"""Keys derived from keys, and identifiers made of them: equal parts give equal values on every machine."""

from hashlib import blake2b


def keyed(*parts: object) -> int:
    """Return a 64-bit number made of `parts`. All keys that derive from keys are made here."""
    text = "\x1f".join(map(str, parts))
    return int.from_bytes(blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(), "big")


def uuid4(key: int, pointer: str) -> str:
    """Return the version 4 UUID of a key and a pointer."""
    digits = blake2b(f"{key}\x1f{pointer}".encode(), digest_size=16).hexdigest()
    # RFC 9562, 4: the version is the 13th digit, the variant the first two bits of the 17th.
    variant = "89ab"[int(digits[16], 16) & 3]
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"
