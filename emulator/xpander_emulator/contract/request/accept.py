"""The `Accept` header (RFC 9110, 12.5.1): how much a client prefers a media type. And header fields that are lists."""

from xpander_emulator.contract.model import essence


def list_items(value: str) -> list[str]:
    """Return the items of a header field that is a list (RFC 9110, 5.6.1)."""
    # Imported with the first such header: every start would pay 3 ms for it.
    from urllib.request import parse_http_list

    return parse_http_list(value)


def quality_of(media_type: str, accept: str) -> float:
    """Return the quality, 0 to 1, that an Accept header gives a media type, by the most specific of its ranges."""
    name = essence(media_type)
    ranks = {"*/*": 0, f"{name.partition('/')[0]}/*": 1, name: 2}
    best = (-1, 0.0)
    for item in list_items(accept):
        media_range, *parameters = [part.strip().lower() for part in item.split(";")]
        main, _, sub = media_range.partition("/")
        # A response whose media type is declared as a wildcard satisfies every range.
        rank = ranks.get(media_range, 0 if name == "*/*" and main and sub else -1)
        if rank >= 0:
            best = max(best, (rank, _quality(parameters)))
    return best[1]


def _quality(parameters: list[str]) -> float:
    weight = next((part[2:] for part in parameters if part.startswith("q=")), "1")
    try:
        return min(1.0, max(0.0, float(weight)))
    except ValueError:
        return 1.0
