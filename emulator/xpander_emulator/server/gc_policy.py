"""Garbage collection: when a process that belongs to one server searches for circles of references."""

import gc


def collect_new_objects_only() -> None:
    """Make the collector search new objects alone: often, briefly, and never the objects that have stayed.

    Tasks and journals are immutable and hold no circles. A search of the new objects takes a millisecond; one of the
    stored objects would take 50, and each start would pay for it (benchmarks/README.md).
    """
    gc.freeze()
    gc.set_threshold(2_000, 10_000, 1_000)
    gc.enable()


class IdleCollector:
    """Collects the other objects, once after each time of work, when no request comes."""

    def __init__(self) -> None:
        self._answered = 0
        self._collected_at = 0

    def tick(self, answered: int) -> None:
        """Collect if the server is idle; to be called every second with the number of all requests ever answered."""
        if answered == self._answered != self._collected_at:
            gc.collect()
            # What is still there is not searched the next time.
            gc.freeze()
            self._collected_at = answered
        self._answered = answered
