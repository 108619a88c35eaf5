from tools import fidelity, generated_page
from xpander_emulator.common import resources
from xpander_emulator.contract.openapi.load import load_contract


def test_the_page_on_disk_is_what_contract_and_decisions_give() -> None:
    assert fidelity.PAGE.read_text(encoding="utf-8") == fidelity.built(), "Run `make docs`."


def test_every_operation_is_on_the_page_with_its_mark() -> None:
    lines = fidelity.built().splitlines()

    for operation in load_contract(resources.CONTRACT, "openapi.yaml", check_schemas=False).operations:
        line = next(line for line in lines if f"`{operation.method} {operation.path}`" in line)
        assert f"| {operation.behaviour['source']} |" in line


def test_a_property_that_is_called_like_a_keyword_is_not_passed_over() -> None:
    document = {"components": {"schemas": {"T": {"properties": {"default": {"description": "A guess (inferred)."}}}}}}

    assert list(fidelity._remarks(document)) == [("`T.default`", "inferred", "A guess (inferred).")]


def test_a_description_without_a_word_on_its_source_is_left_out() -> None:
    document = {"paths": {"/a": {"get": {"operationId": "readA", "description": "Reads A."}}}}

    assert list(fidelity._remarks(document)) == []


def test_a_bar_in_a_cell_does_not_end_it() -> None:
    assert generated_page.table(("a",), [("x | y",)]).endswith(r"| x \| y |")
