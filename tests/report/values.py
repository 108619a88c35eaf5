"""Coverage without a server."""

from hypothesis import strategies as st

from xpander_emulator.report.conduct import Finding
from xpander_emulator.report.coverage import ANSWER, KINDS, Coverage, Item
from xpander_emulator.report.report import Report
from xpander_emulator.report.summary import Summary, summarize

_names = st.text(min_size=1, max_size=4)
items = st.builds(Item, st.sampled_from(["approval", "flaky", "<b>&|\n"]), st.sampled_from(KINDS), _names) | st.builds(
    Item, st.just(""), st.just(ANSWER), _names
)
coverages = st.builds(
    Coverage,
    st.dictionaries(items, st.integers(0, 9), max_size=8),
    st.frozensets(items, max_size=8),
    st.dictionaries(st.sampled_from(["approval", "flaky"]), _names, max_size=2),
)


def coverage(*declared: str, reached: tuple[str, ...] = (), scenario: str = "refund") -> Coverage:
    """Return coverage of one scenario from texts such as `step pay`, each on the next line of its file."""
    lines = {_item(scenario, text): line for line, text in enumerate(declared, start=1)}
    return Coverage(lines, frozenset(_item(scenario, text) for text in reached), {scenario: f"{scenario}.yaml"})


def counted(*declared: str, reached: tuple[str, ...] = ()) -> Summary:
    return summarize(coverage(*declared, reached=reached))


def _item(scenario: str, text: str) -> Item:
    kind, _, name = text.partition(" ")
    return Item("" if kind == ANSWER else scenario, kind, name)


FINDING = Finding("polls-after-end", "warning", "3 polls after an answer.", (4, 5), "t-1", "test_it.py::test_a")


HOSTILE = "<script>alert(1)</script>|`]]>&\"'\x1b[31m\u202e\n\x00"


REPORT = Report(
    counted(
        "step pending", "step paid", "transition pending → paid (after)", "signal stop", "status pending",
        reached=("step pending", "status pending"),
    ),
    [FINDING],
    90,
    ["polls-after-end"],
)  # fmt: skip


def hostile() -> Report:
    summary = counted(f"step {HOSTILE}", f"signal {HOSTILE}", reached=(f"step {HOSTILE}",))
    return Report(summary, [Finding("polls-too-fast", "warning", HOSTILE, (1,), HOSTILE, HOSTILE)], 99)
