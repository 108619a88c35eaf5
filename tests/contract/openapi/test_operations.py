"""The operations of a file: parameters, bodies, responses and security as plain values."""

import pytest

from tests.contract.samples import contract_of, schema_at
from xpander_emulator.contract.model import Credential
from xpander_emulator.contract.openapi.operations import derived_id

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


@pytest.mark.parametrize(
    ("method", "path", "operation_id"),
    [("get", "/v1/tasks/{task_id}", "get_v1_tasks_task_id"), ("post", "/", "post"), ("put", "/a-b/c.d", "put_a_b_c_d")],
)
def test_an_operation_without_an_id_gets_one_from_method_and_path(method: str, path: str, operation_id: str) -> None:
    assert derived_id(method, path) == operation_id


def test_a_parameter_with_a_media_type_is_json() -> None:
    contract = contract_of("""\
        paths:
          /a:
            get:
              operationId: a
              parameters:
                - {name: filter, in: query, content: {application/json: {schema: {type: object}}}}
                - {name: Accept, in: header, schema: {type: string}}
              responses: {'200': {description: ok}}
        """)

    [parameter] = contract.operation("a").parameters

    assert (parameter.style, parameter.schema) == ("json", {"type": "object"})
    assert parameter.pointer == "/paths/~1a/get/parameters/0/content/application~1json/schema"
