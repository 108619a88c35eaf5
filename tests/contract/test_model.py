import pytest

from tests.contract.openapi.test_operations import PETS
from tests.contract.samples import contract_of
from xpander_emulator.contract.model import Contract, is_json, names_in
from xpander_emulator.errors import NotFound


def test_a_status_falls_back_to_its_class_and_to_default() -> None:
    contract = contract_of(PETS)

    get, delete = contract.operation("get_pets_pet_id"), contract.operation("delete_pets_pet_id")

    assert get.response(404) is get.responses["4XX"]
    assert get.response(500) is None
    assert delete.response(500) is delete.responses["default"]


def test_an_unknown_operation_is_refused_with_the_nearest() -> None:
    with pytest.raises(NotFound, match=r"^api.yaml has no operation 'ad'. Did you mean 'add'\?$"):
        contract_of(PETS).operation("ad")


def test_a_derived_value_is_made_once_for_each_contract() -> None:
    made: list[Contract] = []

    def make(contract: Contract) -> int:
        made.append(contract)
        return len(made)

    one, other = contract_of(PETS), contract_of(PETS)

    assert [one.derived(make), one.derived(make), other.derived(make)] == [1, 1, 2]
    assert one != other


@pytest.mark.parametrize(("path", "names"), [("/a/{b}/c/{d_e}", ("b", "d_e")), ("/a", ()), ("/{a}.{b}", ("a", "b"))])
def test_the_parameters_of_a_path_are_in_its_order(path: str, names: tuple[str, ...]) -> None:
    assert names_in(path) == names


@pytest.mark.parametrize(
    ("media_type", "json"),
    [
        ("application/json", True),
        ("Application/JSON; charset=utf-8", True),
        ("application/problem+json", True),
        ("text/json", False),
        ("application/jsonl", False),
        ("image/x+json", False),
    ],
)
def test_a_media_type_is_json_by_its_name(media_type: str, json: bool) -> None:
    assert is_json(media_type) is json
