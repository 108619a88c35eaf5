"""The vocabulary is consistent in itself; tests/web/test_vocabulary.py holds it equal to the handlers."""

import pytest

from tests.contract.samples import ours
from xpander_emulator.contract.extension.vocabulary import (
    ACTIONS,
    CATALOGUE,
    CHOICES,
    FACTS,
    KEYS,
    MAPPINGS,
    STATUSES,
    TEXTS,
    Action,
)
from xpander_emulator.core.status import Status


@pytest.mark.parametrize("action", ACTIONS.values(), ids=ACTIONS)
def test_an_action_requires_only_keys_that_it_may_have(action: Action) -> None:
    assert set(action.required) <= set(action.keys) <= set(KEYS)


def test_each_key_is_a_text_or_a_mapping_and_is_listed_once() -> None:
    assert sorted(KEYS) == sorted({*TEXTS, *MAPPINGS})
    assert set(CHOICES) <= set(TEXTS)
    assert {"action", "source"} | {key for action in ACTIONS.values() for key in action.keys} == set(KEYS)


def test_actions_of_the_catalogue_are_about_no_task() -> None:
    assert set(ACTIONS) >= CATALOGUE
    assert not any(ACTIONS[name].is_of_task for name in CATALOGUE)


def test_statuses_are_those_of_a_task_and_facts_differ() -> None:
    assert tuple(Status) == STATUSES
    assert len(set(FACTS)) == len(FACTS)


def test_the_embedded_contract_speaks_this_vocabulary() -> None:
    for operation in ours().operations:
        action = ACTIONS.get(operation.behaviour.get("action", ""), Action())

        assert {key for key in operation.behaviour if key not in ("action", "source")} <= set(action.keys), operation.id
