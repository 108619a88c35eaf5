import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.request.test_message_validation import PAGE_REQUEST
from tests.contract.samples import contract_with, ours
from tests.contract.schema.test_violations import BODIES, NODE
from xpander_emulator.contract.model import Contract
from xpander_emulator.contract.schema.validation import MAX_DEPTH, find_violations, judge
from xpander_emulator.contract.schema.violations import Violation

OURS = ours()


def quick_judge(contract: Contract, pointer: str) -> Any:
    from xpander_emulator.contract.schema.validation import _Validators

    return _Validators(contract)._quick(pointer) or pytest.skip("jsonschema-rs is not installed")


@pytest.mark.parametrize(("schema", "sent", "wanted"), BODIES)
def test_both_validators_agree_on_every_keyword(schema: Any, sent: Any, wanted: list[object]) -> None:
    assert quick_judge(contract_with(S=schema), "/components/schemas/S")(sent) is (not wanted)


_SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=3),
    st.sampled_from(["text", "json", "harder", "a@b.c"]),
)  # fmt: skip


_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=2), inner, max_size=2)
)


_USERS = st.fixed_dictionaries({}, optional={"email": _SCALARS, "id": _SCALARS, "role": _SCALARS, "x": _VALUES})


_INPUTS = st.fixed_dictionaries({}, optional={"text": _SCALARS, "files": _VALUES, "user": _USERS | _SCALARS})


_REQUESTS = st.fixed_dictionaries(
    {}, optional={"input": _INPUTS | _VALUES, **dict.fromkeys([key for key in PAGE_REQUEST if key != "input"], _VALUES)}
)


@given(_REQUESTS | _VALUES)
def test_both_validators_agree_on_any_request(body: Any) -> None:
    media = OURS.operation("invokeWorkflowAsync").body
    assert media is not None
    pointer = media.content["application/json"].schema_pointer
    assert pointer is not None

    quick = quick_judge(OURS, pointer)(body)

    assert quick == judge(OURS, pointer, strict=True)(body) == (not find_violations(OURS, pointer, body, ("body",)))


def test_the_deepest_body_allowed_is_explained_without_running_out_of_stack() -> None:
    contract = contract_with(S=NODE)
    sent: Any = 3
    for _ in range(MAX_DEPTH):
        sent = {"child": sent}

    def deep(frames: int) -> tuple[Violation, ...]:
        return deep(frames - 1) if frames else find_violations(contract, "/components/schemas/S", sent, ("body",))

    found = deep(150)

    assert [len(each.loc) for each in found] == [MAX_DEPTH + 1]
    assert sys.getrecursionlimit() <= 1000


def test_a_pattern_that_only_python_knows_is_judged_by_jsonschema_alone() -> None:
    contract = contract_with(S={"pattern": r"^(?P<a>x|y)(?P=a)\Z"})

    is_valid = judge(contract, "/components/schemas/S")

    assert [text for text in ("xx", "yy", "xy", "xx\n") if is_valid(text)] == ["xx", "yy"]
