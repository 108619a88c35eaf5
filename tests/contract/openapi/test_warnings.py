"""What is doubtful in a file that is served."""

import pytest

from tests.contract.samples import ROOT, contract_of
from xpander_emulator.contract.openapi.load import load_contract

SCHEMA = "paths: {}\ncomponents:\n  schemas:\n    A: "


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (SCHEMA + "{format: uuidd}", ["6:17: the format 'uuidd' is not checked. Did you mean 'uuid'?"]),
        (SCHEMA + "{format: color}\n    B: {format: color}\n    C: {format: color}",
         ["6:17: the format 'color' is not checked (and 2 more)"]),
        (SCHEMA + "{requried: [a]}",
         ["6:9: 'requried' is no keyword of JSON Schema and says nothing. Did you mean 'required'?"]),
        (SCHEMA + "{$anchor: a}", ["6:9: '$anchor' is not followed"]),
        (SCHEMA + "{format: int32, x-mine: 1, xml: {}, properties: {requried: {format: uuid}}}", []),
        ("paths: {/a: {get: {responses: {default: {description: d}}}}}",
         ["3:14: an operation without operationId is named after its method and path"]),
        ("paths: {'/a?b': {get: {operationId: a, responses: {default: {description: d}}}}}",
         ["3:18: a path with '?' in it is met only by requests that send it as %3F"]),
        ("paths: {/a: {servers: [{url: /b}]}}",
         ["3:14: the servers of a path item are left aside; paths begin with that of the file's first server"]),
        ("paths: {}\nwebhooks: {a: {}}", ["4:1: webhooks are not called"]),
        ("paths: {}\ncomponents: {securitySchemes: {A: {type: mutualTLS}, B: {type: http, scheme: basic}}}",
         ["4:42: security of the type 'mutualTLS' is not checked; nothing is asked for"]),
        ("paths: {}\ncomponents: {securitySchemes: {A: {type: apiKey, in: body, name: a}}}",
         ["4:42: an API key in 'body' is not known; nothing is asked for"]),
    ],
)  # fmt: skip
def test_what_is_doubtful_is_told_with_its_first_place(text: str, wanted: list[str]) -> None:
    assert [str(doubt) for doubt in contract_of(text).warnings] == [f"api.yaml:{each}" for each in wanted]


def test_our_own_contract_leaves_no_doubt() -> None:
    assert load_contract(ROOT / "openapi.yaml", "openapi.yaml").warnings == ()
