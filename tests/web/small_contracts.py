"""Small contracts that are not the vendor's."""

from typing import Final

SHOP: Final = """
openapi: 3.1.0
info: {title: Shop, version: '1'}
paths:
  /orders:
    post:
      operationId: order
      security: [{key: []}]
      requestBody:
        required: true
        content:
          application/json:
            schema: {type: object, required: [item], properties: {item: {type: string}}}
      responses:
        '200': {description: Ordered.}
        '401':
          description: Who are you?
          headers: {WWW-Authenticate: {required: true, schema: {const: Key}}}
          content:
            application/json:
              schema: {type: object, required: [error, code], properties: {error: {type: string}, code: {const: 7}}}
              example: {error: no key, code: 7}
        '415':
          description: In a shape that ours keeps.
          content: {application/json: {schema: {type: object, required: [detail]}}}
  /coupons:
    post:
      requestBody: {content: {application/json: {schema: {type: integer}}}}
      responses:
        '200': {description: Taken.}
        4XX:
          description: Refused.
          content:
            application/json:
              schema: {type: object, required: [fault], properties: {fault: {const: yours}}}
  /gifts:
    post:
      requestBody: {content: {application/json: {schema: {type: integer}}}}
      responses: {'200': {description: Taken.}, '422': {description: Refused.}}
  /prices:
    get:
      responses:
        '200':
          description: In two forms.
          content:
            text/csv: {example: "a,1"}
            application/json: {example: {a: 1}}
components:
  securitySchemes:
    key: {type: apiKey, in: header, name: key}
"""

PETS: Final = """
openapi: 3.1.0
info: {title: Pets, version: "1"}
paths:
  /pets:
    get:
      operationId: listPets
      parameters: [{name: limit, in: query, required: true, schema: {type: integer, maximum: 10}}]
      responses:
        "200":
          description: Pets
          content: {application/json: {schema: {type: array, items: {$ref: "#/components/schemas/Pet"}, minItems: 2}}}
    post:
      operationId: addPet
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}
      responses:
        "201": {description: Added, content: {application/json: {schema: {$ref: "#/components/schemas/Pet"}}}}
        default: {description: Refused, content: {application/json: {example: {error: no}}}}
  /pets/{id}:
    get:
      operationId: getPet
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses:
        "200":
          description: A pet
          content:
            application/json:
              schema: {$ref: "#/components/schemas/Pet"}
              examples: {rex: {value: {name: Rex}}, tom: {value: {name: Tom, email: tom@example.com}}}
  /pets/{id}/tag:
    get:
      operationId: getTag
      parameters: [{name: id, in: path, required: true, schema: {type: integer}}]
      responses:
        "200":
          description: A tag
          content: {application/json: {schema: {type: string}, examples: {wrong: {value: 5}, right: {value: blue}}}}
components:
  schemas:
    Pet:
      type: object
      required: [name]
      properties: {name: {type: string}, email: {type: [string, "null"], format: email}}
"""
