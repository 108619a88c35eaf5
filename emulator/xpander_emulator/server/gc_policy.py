"""Collecting: when a process that is a server's own searches for circles of references."""

import gc


def collect_what_is_new() -> None:
    """Let the search look at what is new alone: often, briefly, and never at what has stayed.

    Tasks and journals are immutable and hold no circles. What is new is looked through in a millisecond; what is kept
    would take 50, and each start would pay for it (benchmarks/README.md).
    """
    gc.freeze()
    gc.set_threshold(2_000, 10_000, 1_000)
    gc.enable()


class QuietMoments:
    """Searches through the rest, once after each time of work, when nothing is asked."""

    def __init__(self) -> None:
        self._answered = 0
        self._searched = 0

    def tick(self, answered: int) -> None:
        """Look whether this is such a moment; to be called every second with how many requests were ever answered."""
        if answered == self._answered != self._searched:
            gc.collect()
            # What is still there is not looked at the next time.
            gc.freeze()
            self._searched = answered
        self._answered = answered
