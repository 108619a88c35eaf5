import re

import pytest

from xpander_emulator.core.faults import KINDS
from xpander_emulator.core.signals import DECISIONS
from xpander_emulator.core.status import Status
from xpander_emulator.scenario import keys

RULE_KEYS = (*keys.FAULT_KEYS, *keys.FAULT_RULE_KEYS)


@pytest.mark.parametrize(
    ("corrections", "known"),
    [
        (keys.TOP_CORRECTIONS, keys.TOP_KEYS),
        (keys.STEP_CORRECTIONS, keys.STEP_KEYS),
        (keys.FAULT_CORRECTIONS, RULE_KEYS),
        (keys.FAULT_KIND_CORRECTIONS, KINDS),
        (keys.SIGNAL_CORRECTIONS, DECISIONS),
        (keys.STATUS_CORRECTIONS, tuple(Status)),
        (keys.EVENT_CORRECTIONS, keys.EVENTS),
        (keys.REQUEST_CORRECTIONS, keys.REQUEST_KEYS),
        (keys.RESULT_CORRECTIONS, keys.RESULT_KEYS),
        (keys.SUB_AGENT_CORRECTIONS, keys.SUB_AGENT_KEYS),
        (keys.AUTH_CORRECTIONS, keys.AUTH_KEYS),
        (keys.HITL_CORRECTIONS, keys.HITL_KEYS),
        (keys.ECA_CORRECTIONS, keys.ECA_KEYS),
        (keys.SUB_TASK_CORRECTIONS, ("workflow_id",)),
        (keys.CONDITION_CORRECTIONS, keys.CONDITIONS),
    ],
)
def test_a_correction_is_of_an_unknown_word_and_begins_with_a_known_one(
    corrections: keys.Corrections, known: tuple[str, ...]
) -> None:
    for right, wrong in corrections.items():
        assert re.match(r"'?([\w-]+)", right)[1] in known, right  # type: ignore[index]
        for word in wrong.split():
            assert word == word.lower()
            assert word not in known
            assert keys.correction(word, corrections) == right, "each wrong word has one correction"


def test_the_events_of_the_emulator_are_no_events_of_an_author() -> None:
    assert not {*keys.EVENTS_OF_THE_EMULATOR, *keys.EVENT_ENVELOPE} & {*keys.EVENTS}


def test_reserved_signals_are_no_decisions() -> None:
    assert not {*keys.RESERVED_SIGNALS} & {*DECISIONS}
