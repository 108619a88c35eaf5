"""The `Accept` header (RFC 9110, 12.5.1): how much a client likes a media type. And header fields that are lists."""

from collections.abc import Sequence


def items(value: str) -> list[str]:
    """Return the items of a header that is a list."""
    # Imported with the first such header: every start would pay 3 ms for it.
    from urllib.request import parse_http_list

    return parse_http_list(value)


def quality_of(media_type: str, accept: str) -> float:
    """Return the quality that an Accept header gives a media type, by the most specific of its ranges."""
    name = media_type.partition(";")[0].strip().lower()
    best = (-1, 0.0)
    for each in items(accept):
        wanted, *parameters = [part.strip().lower() for part in each.split(";")]
        main, _, sub = wanted.partition("/")
        ranks = {name: 2, f"{name.partition('/')[0]}/*": 1, "*/*": 0}
        covered = ranks.get(wanted, 0 if name == "*/*" and main and sub else -1)
        if covered >= 0:
            best = max(best, (covered, _quality(parameters)))
    return best[1]


def _quality(parameters: Sequence[str]) -> float:
    given = next((part[2:] for part in parameters if part.startswith("q=")), "1")
    try:
        return min(1.0, max(0.0, float(given)))
    except ValueError:
        return 1.0
