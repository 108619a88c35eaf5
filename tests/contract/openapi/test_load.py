"""Loading: what a file says comes out as operations, what is wrong with it as mistakes with a place."""

import json
import subprocess
import sys
from contextlib import suppress
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contract.samples import HEAD, ROOT, contract_of, schema_at
from tests.profiles import examples
from xpander_emulator.common.yaml_document import parse_document
from xpander_emulator.contract.model import Credential
from xpander_emulator.contract.openapi.load import load_contract, read_contract, routing_order, served_document
from xpander_emulator.contract.request.message_validation import RequestValidator
from xpander_emulator.errors import InvalidFiles, NotFound

PETS = """\
security: [{Key: []}]
paths:
  /pets/{pet_id}:
    parameters: [{$ref: '#/components/parameters/PetId'}, {name: lang, in: query, schema: {type: string}}]
    get:
      tags: [pets]
      x-emulator: {action: read, subject: pet_id}
      parameters: [{name: lang, in: query, required: true, schema: {type: integer}}]
      responses:
        "200": {$ref: '#/components/responses/Pet'}
        4XX: {description: no}
    delete: {security: [], responses: {default: {description: gone}}}
  /pets/mine:
    get:
      operationId: mine
      security: [{}, {Key: []}]
      responses: {"204": {description: none}}
  /pets:
    post:
      operationId: add
      requestBody: {$ref: '#/components/requestBodies/Pet'}
      responses: {"201": {description: made, headers: {Location: {$ref: '#/components/headers/Where'}}}}
components:
  securitySchemes: {Key: {type: apiKey, in: header, name: X-Key}}
  parameters: {PetId: {name: pet_id, in: path, required: true, schema: {type: string}}}
  headers: {Where: {required: true, schema: {type: string}}}
  examples: {Rex: {value: {name: Rex}}}
  responses:
    Pet:
      description: A pet
      content:
        application/json:
          schema: {$ref: '#/components/schemas/Pet'}
          examples: {rex: {$ref: '#/components/examples/Rex'}}
  requestBodies:
    Pet:
      required: true
      content: {application/json: {schema: {$ref: '#/components/schemas/Alias'}, example: {name: A}}}
  schemas:
    Pet: {type: object, properties: {name: {type: string}, default: {$ref: '#/components/schemas/Name'}}}
    Name: {type: string, example: {$ref: is data here}}
    Alias: {$ref: '#/components/schemas/Pet'}
"""


def test_an_operation_carries_all_that_the_file_says_of_it() -> None:
    contract = contract_of(PETS)

    get = contract.operation("get_pets_pet_id")

    assert (get.method, get.path, get.tags, get.line) == ("GET", "/pets/{pet_id}", ("pets",), 7)
    assert get.pointer == "/paths/~1pets~1{pet_id}/get"
    assert dict(get.behaviour) == {"action": "read", "subject": "pet_id"}
    assert (contract.title, contract.version, contract.source) == ("Sample", "1", "api.yaml")


def test_an_operation_s_own_parameter_replaces_the_shared_one() -> None:
    parameters = contract_of(PETS).operation("get_pets_pet_id").parameters

    assert [(each.place, each.name, each.required) for each in parameters] == [
        ("path", "pet_id", True),
        ("query", "lang", True),
    ]
    assert parameters[0].pointer == "/components/parameters/PetId/schema"
    assert parameters[1].pointer == "/paths/~1pets~1{pet_id}/get/parameters/0/schema"


def test_references_are_followed_in_bodies_responses_examples_and_headers() -> None:
    contract = contract_of(PETS)

    add, get = contract.operation("add"), contract.operation("get_pets_pet_id")

    assert add.body is not None
    assert add.body.required
    assert add.body.content["application/json"].schema_pointer == "/components/schemas/Pet"
    assert add.body.content["application/json"].examples == {"default": {"name": "A"}}
    assert get.responses["200"].content["application/json"].examples == {"rex": {"name": "Rex"}}
    assert add.responses["201"].headers["Location"].required
    assert schema_at(contract, "#/components/schemas/Alias")["type"] == "object"


def test_the_api_key_is_needed_unless_security_allows_none() -> None:
    contract = contract_of(PETS)

    needed = {operation.id: operation.security for operation in contract.operations}

    key = ((Credential("header", "x-key"),),)
    assert needed == {"get_pets_pet_id": key, "delete_pets_pet_id": (), "mine": (), "add": key}


def test_every_kind_of_security_scheme_comes_down_to_what_a_request_must_carry() -> None:
    contract = contract_of("""\
        paths:
          /a:
            get: {operationId: a, security: [{both: [], query: []}, {cookie: []}], responses: {'200': {description: a}}}
          /b:
            get: {operationId: b, security: [{basic: []}, {oauth: []}], responses: {'200': {description: b}}}
        components:
          securitySchemes:
            both: {type: http, scheme: Bearer}
            query: {type: apiKey, in: query, name: Key}
            cookie: {type: apiKey, in: cookie, name: Sid}
            basic: {type: http, scheme: basic}
            oauth: {type: oauth2, flows: {}}
        """)

    bearer, basic = (Credential("header", "authorization", scheme) for scheme in ("bearer", "basic"))
    assert contract.operation("a").security == (
        (bearer, Credential("query", "Key")),
        (Credential("cookie", "Sid"),),
    )
    assert contract.operation("b").security == ((basic,), (bearer,))


def test_operations_are_served_below_the_path_of_the_first_server() -> None:
    contract = contract_of("""\
        servers:
          - url: https://{place}.example/{stage}/v2/
            variables: {place: {default: eu}, stage: {default: live}}
        paths:
          /pets: {get: {operationId: pets, responses: {'200': {description: ok}}}}
        """)

    assert contract.operation("pets").path == "/live/v2/pets"


def test_a_status_falls_back_to_its_class_and_to_default() -> None:
    contract = contract_of(PETS)

    get, delete = contract.operation("get_pets_pet_id"), contract.operation("delete_pets_pet_id")

    assert get.response(404) is get.responses["4XX"]
    assert get.response(500) is None
    assert delete.response(500) is delete.responses["default"]


def test_concrete_paths_are_routed_before_templated_ones() -> None:
    order = [operation.path for operation in routing_order(contract_of(PETS))]

    assert order == ["/pets", "/pets/mine", "/pets/{pet_id}", "/pets/{pet_id}"]


def test_an_unknown_operation_is_told_with_the_nearest() -> None:
    with pytest.raises(NotFound, match=r"^api.yaml has no operation 'ad'. Did you mean 'add'\?$"):
        contract_of(PETS).operation("ad")


def test_our_own_contract_has_no_fault() -> None:
    contract = load_contract(ROOT / "openapi.yaml", "openapi.yaml")

    assert contract.operation("invokeWorkflowAsync").security == ((Credential("header", "x-api-key"),),)
    assert {operation.id for operation in routing_order(contract)} == {each.id for each in contract.operations}


def test_loading_needs_no_heavy_import() -> None:
    code = (
        "import sys; from pathlib import Path; from xpander_emulator.contract.openapi.load import load_contract\n"
        "load_contract(Path('openapi.yaml'), check_schemas=False)\n"
        "heavy = {'jsonschema', 'referencing', 'faker', 'jsonschema_rs', 'rstr', 'email.policy', 'urllib.request'}\n"
        "print(heavy & sys.modules.keys())"
    )

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.stdout == "set()\n", done.stderr


FAULTS = [
    ("- a", ["1:1: an OpenAPI document is a mapping; found a list"]),
    (
        "openapi: 3.2.0\ninfo: {}\npaths: {}",
        ["1:10: this is OpenAPI 3.2.0; 3.0 and 3.1 are served, written as openapi: 3.1.0"],
    ),
    ("openapi: 3.1\n", ["1:10: 'openapi' is 3.1; 3.0 and 3.1 are served, written as openapi: 3.1.0"]),
    ("swagger: '2.0'", ["1:10: this is Swagger 2.0; OpenAPI 3.0 and 3.1 are served"]),
    ("title: x", ["1:1: 'openapi' is missing; the first line should be openapi: 3.1.0"]),
    ("openapi: 3.1.0", ["1:1: 'info' is missing", "1:1: 'paths' is missing"]),
    (
        "openapi: 3.1.0\ninfo: {title: T}\npaths: []",
        ["2:7: info needs a 'version', a text; found nothing", "3:8: a mapping was expected here; found a list"],
    ),
    (
        HEAD + "paths: {/a: {get: {responses: {default: {$ref: '#/components/responses/Nope'}}}}}\n"
        "components: {responses: {Note: {description: n}}}",
        ["3:48: '#/components/responses/Nope' does not exist. Did you mean '#/components/responses/Note'?"],
    ),
    (
        HEAD + "paths: {}\ncomponents: {schemas: {A: {items: {$ref: '#/component/schemas/A'}}}}",
        ["4:42: '#/component/schemas/A' does not exist. Did you mean '#/components/schemas/A'?"],
    ),
    (
        HEAD + "paths: {}\ncomponents: {schemas: {A: {$ref: other.yaml}, B: {$ref: '#X'}}}",
        [
            "4:34: 'other.yaml' is outside this file; only references within it, '#/…', are followed",
            "4:57: '#X' is no pointer; write '#/components/schemas/X'",
        ],
    ),
    (
        HEAD + "paths: {}\ncomponents: {schemas: {A: {$ref: '#/components/schemas/A'}, B: {$ref: 4}}}",
        [
            "4:34: '#/components/schemas/A' refers to itself in the end",
            "4:71: '$ref' is a text such as '#/components/schemas/Name'; found 4",
        ],
    ),
    (
        HEAD + "paths: {}\n"
        "components: {schemas: {A: {$ref: '#/components/headers/B'}, C: {$id: x}}, headers: {B: {schema: {}}}}",
        [
            "4:34: '#/components/headers/B' is a header; a schema is needed here",
            "4:70: '$id' would change what local references mean; remove it",
        ],
    ),
    (
        HEAD + "paths:\n  /a:\n    get: {operationId: x, responses: {default: {description: d}}}\n"
        "    post: {operationId: x, responses: {default: {description: d}}}",
        ["6:25: the operationId 'x' is taken by GET /a on line 5; each operation needs its own"],
    ),
    (
        HEAD + "paths:\n  /a/{b}:\n    get: {responses: {default: {description: d}}}",
        ["5:5: {b} in '/a/{b}' has no definition; add a parameter with in: path, name: b"],
    ),
    (
        HEAD + "paths:\n  /a/{task_id}:\n"
        "    parameters: [{name: task_id, in: path, required: true, schema: {}}]\n"
        "    get:\n"
        "      parameters: [{name: taskid, in: path, required: true, schema: {}}]\n"
        "      responses: {default: {description: d}}",
        ["7:20: '/a/{task_id}' has no {taskid}, which is defined as a path parameter. Did you mean 'task_id'?"],
    ),
    (
        HEAD + "paths:\n  /a/{b}: {}\n  /a/{c}: {}",
        ["5:3: '/a/{c}' is the same path as '/a/{b}' on line 4: they differ only in parameter names"],
    ),
    (
        HEAD + "paths:\n  a/{b: {get: {responses: {default: {description: d}}}}",
        [
            "4:3: a path begins with '/'; found 'a/{b'",
            "4:3: the braces of 'a/{b' do not pair; a parameter is written {name}",
        ],
    ),
    (
        HEAD + "paths:\n  /a:\n    get:\n      parameters:\n"
        "      - {name: b, in: body, schema: {}}\n"
        "      - {name: c, in: qery, schema: {}}\n"
        "      - {in: query, schema: {}}\n"
        "      - {name: d, in: query}\n"
        "      - {name: e, in: query, style: matrix, schema: {}}\n"
        "      - {name: f, in: header, schema: {}}\n"
        "      - {name: f, in: header, schema: {}}\n"
        "      responses: {}",
        [
            "7:23: parameter 'b' is in 'body'; it is one of path, query, header, cookie",
            "8:23: parameter 'c' is in 'qery'. Did you mean 'query'?",
            "9:9: a parameter needs a name, a text; found nothing",
            "10:9: parameter 'd' needs a schema, or content",
            "11:37: style 'matrix' of a query parameter; served are: form, spaceDelimited, pipeDelimited, deepObject",
            "13:9: the header parameter 'f' is given twice",
            "14:7: an operation needs responses; declare at least one",
        ],
    ),
    (
        HEAD + "paths:\n  /{a}:\n    get:\n"
        "      parameters: [{name: a, in: path, schema: {}}]\n      responses: {default: {description: d}}",
        ["6:20: path parameter 'a' must say required: true"],
    ),
    (
        HEAD
        + "paths:\n  /a:\n    get: {sumary: x, responses: {20: {description: d}, 200: {description: d, contnt: {}}}}",
        [
            "5:11: 'sumary' means nothing in this operation. Did you mean 'summary'?",
            "5:34: '20' is no status; write 200, a class such as 4XX, or default",
            "5:78: 'contnt' means nothing in this response. Did you mean 'content'?",
        ],
    ),
    (
        HEAD + "paths: {}\ncomponents:\n  schemas:\n    A: {type: strin, minLength: -1, required: id}\n"
        "    B: {pattern: '(', properties: [a]}\n    C: 3",
        [
            "6:15: no valid JSON Schema: 'array', 'boolean', 'integer', 'null', 'number', 'object' or 'string' "
            "was expected; found 'strin'",
            "6:33: no valid JSON Schema: at least 0 was expected; found -1",
            "6:47: no valid JSON Schema: a list was expected; found 'id'",
            "7:18: no valid JSON Schema: a text in the format regex was expected; found '('",
            "7:35: a mapping was expected here; found a list",
            "8:8: a mapping, true or false was expected here; found 3",
        ],
    ),
    (
        HEAD + "paths:\n  /a:\n    get:\n      responses: {default: {description: d}}\n"
        "      callbacks: {done: {'{$request.body#/url}': {post: {respones: {}}}}, more: {$ref: '#/nope'}}",
        [
            "7:58: 'respones' means nothing in this operation. Did you mean 'responses'?",
            "7:88: '#/nope' does not exist",
        ],
    ),
    (
        HEAD + "tags: {a: b}\npaths: {}\nservers: [3]",
        [
            "3:7: a list was expected here; found a mapping",
            "5:11: a mapping (server) was expected here; found 3",
        ],
    ),
    (
        HEAD + "security: [{Key: []}]\npaths: {/a: {get: {responses: {default: {description: d}}}}}\n"
        "components: {securitySchemes: {Kye: {type: apiKey, in: header, name: X}}}",
        ["3:13: the security scheme 'Key' is not defined. Did you mean 'Kye'?"],
    ),
    (
        HEAD + "paths: {}\nservers: [{url: 'https://{a}/{b}', variables: {a: {default: 3}}}]",
        [
            "4:47: {b} in 'https://{a}/{b}' needs variables: b: default: a text; found nothing",
            "4:61: {a} in 'https://{a}/{b}' needs variables: a: default: a text; found 3",
        ],
    ),
    (HEAD + "paths: {}\nservers: [{url: 3}]", ["4:17: a server needs a 'url', a text; found 3"]),
    (HEAD + "paths: {}\nservers: [{url: 'http://[a'}]", ["4:17: 'http://[a' is no URL: Invalid IPv6 URL"]),
    (
        HEAD + "paths:\n  /a: {get: {x-emulator: 3, operationId: 4, responses: {default: {description: d}}}}",
        ["4:26: 'x-emulator' is a mapping; found 3", "4:42: an operationId is a text; found 4"],
    ),
]


@pytest.mark.parametrize(("text", "wanted"), FAULTS)
def test_a_broken_file_is_refused_with_every_fault_at_its_place(text: str, wanted: list[str]) -> None:
    with pytest.raises(InvalidFiles) as refused:
        read_contract(parse_document(text, "api.yaml"))

    assert [str(diagnostic) for diagnostic in refused.value.diagnostics] == [
        f"api.yaml:{message}" for message in wanted
    ]


def test_a_file_that_is_not_there_is_told_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidFiles, match=r"^mine\.yaml:1:1: cannot be read: No such file or directory$"):
        load_contract(tmp_path / "absent.yaml", "mine.yaml")


def test_schemas_are_not_held_against_the_metaschema_when_that_is_not_asked_for() -> None:
    document = parse_document(HEAD + "paths: {}\ncomponents: {schemas: {A: {minLength: -1}}}", "api.yaml")

    assert read_contract(document, check_schemas=False).title == "Sample"


def places_in(node: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every part of a value."""
    children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [path, *(place for key, child in children for place in places_in(child, (*path, key)))]


SERVERS = "servers: [{url: 'https://{host}/v1', variables: {host: {default: a.example}}}]\n"
SOUND: Any = parse_document(HEAD + SERVERS + PETS, "api.yaml").value
JUNK = st.one_of(
    st.sampled_from([None, True, 3, -1.5, "", "x", "/{a}/{a}", "#/paths", "#/components/schemas/Pet", [], [1], [None]]),
    st.sampled_from([{}, {"a": 1}, {"$ref": "#/paths"}, {"$ref": 1}, {"$ref": "#/components/schemas/Pet"}]),
    st.just([{"name": "a", "in": "path"}]),
)


@given(st.lists(st.tuples(st.sampled_from(places_in(SOUND)[1:]), JUNK), min_size=1, max_size=3))
@examples(150)
def test_a_file_spoilt_anywhere_is_served_or_refused_with_places(spoilt: list[tuple[tuple[Any, ...], Any]]) -> None:
    document = json.loads(json.dumps(SOUND))
    for path, junk in spoilt:
        node = document
        with suppress(LookupError, TypeError):
            for part in path[:-1]:
                node = node[part]
            node[path[-1]] = deepcopy(junk)

    with suppress(InvalidFiles):
        contract = read_contract(parse_document(json.dumps(document), "api.yaml"))

        for operation in contract.operations:
            assert operation.line > 0
            RequestValidator(contract, operation).check({}, b"", [], b"{}")


SERVERS = (
    HEAD
    + """\
servers: [{url: 'https://api.example/{base}', variables: {base: {default: v2}}}, {url: 'https://other.example'}]
paths:
  /servers:
    servers: [{url: 'https://third.example'}]
    get: {servers: [{url: 'https://fourth.example'}], responses: {'200': {description: ok}}}
"""
)


def test_a_contract_as_it_is_served_names_no_server_but_the_emulator() -> None:
    contract = read_contract(parse_document(SERVERS, "servers.yaml"))

    served = served_document(contract)

    assert served["servers"] == [{"url": "/v2", "description": "The emulator"}]
    assert "example" not in json.dumps(served["paths"])
    assert list(served["paths"]) == ["/servers"]
    assert [operation.path for operation in contract.operations] == ["/v2/servers"]
    assert contract.document["servers"][0]["url"].startswith("https://")


def test_a_contract_as_it_is_served_is_whole(tmp_path: Path) -> None:
    (tmp_path / "main.yaml").write_text(
        HEAD + "paths: {/pets: {get: {responses: {'200': {$ref: 'parts.yaml#/ok'}}}}}", encoding="utf-8"
    )
    (tmp_path / "parts.yaml").write_text("ok: {description: ok}", encoding="utf-8")

    served = served_document(load_contract(tmp_path / "main.yaml"))

    assert "parts.yaml#" not in json.dumps(served)
    assert served["servers"][0]["url"] == "/"
    again = read_contract(parse_document(json.dumps(served), "served.json"), tmp_path / "served.json")
    assert [response.description for response in again.operations[0].responses.values()] == ["ok"]


def test_a_file_of_3_0_is_served_as_what_its_schemas_are_in() -> None:
    text = "components: {schemas: {A: {type: integer, nullable: true, minimum: 0, exclusiveMinimum: true}}}\npaths: {}"

    served = served_document(read_contract(parse_document(HEAD.replace("3.1.0", "3.0.3") + text, "api.yaml")))

    assert served["openapi"] == "3.1.0"
    assert served["components"]["schemas"]["A"] == {"type": ["integer", "null"], "exclusiveMinimum": 0}
