"""On which clock all servers of one store start their namespaces."""

from xpander_emulator.clock import Clock
from xpander_emulator.core.timeline import Millis


def agreed(first: Clock, kept: Clock | None, machine: Millis) -> Clock:
    """Return the clock of a server that joins a store in which `kept` was agreed on before, None for nothing.

    Only a scaled clock depends on when it was started: all servers go by the oldest, so that none is ahead of the
    others and none goes back when it is started again.
    """
    if first.mode != "scaled" or kept is None or kept.mode != "scaled":
        return first
    return kept if kept.scale == first.scale else kept.switched("scaled", first.scale, machine)
