"""A pytest plugin for mutants: Hypothesis draws few examples, the same ones each time, and does not shrink.

python -m pytest -p tests.mutants.few_examples ...
"""

from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import RuleBasedStateMachine

MOST_EXAMPLES = 25
MOST_RUNS_OF_A_MACHINE = 8


def limited(usual: settings, most: int) -> settings:
    return settings(
        usual,
        max_examples=min(usual.max_examples, most),
        derandomize=True,
        database=None,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Limit each Hypothesis test, whatever number of examples its file asks for."""
    for item in items:
        test: Any = getattr(item, "obj", None)
        # Hypothesis lets nobody decorate a test twice, so what the decorator has set is replaced.
        if usual := getattr(test, "_hypothesis_internal_use_settings", None):
            test._hypothesis_internal_use_settings = limited(usual, MOST_EXAMPLES)
    for machine in RuleBasedStateMachine.__subclasses__():
        machine.TestCase.settings = limited(machine.TestCase.settings, MOST_RUNS_OF_A_MACHINE)
