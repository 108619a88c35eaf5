"""A file with mistakes is refused with all of them, each with its place and what would be right."""

import pytest

from tests.contract.samples import HEAD
from xpander_emulator.common.yaml_document import parse_document
from xpander_emulator.contract.openapi.load import read_contract
from xpander_emulator.errors import InvalidFiles

BROKEN_FILES = [
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


@pytest.mark.parametrize(("text", "wanted"), BROKEN_FILES)
def test_a_broken_file_is_refused_with_every_mistake_at_its_place(text: str, wanted: list[str]) -> None:
    with pytest.raises(InvalidFiles) as refused:
        read_contract(parse_document(text, "api.yaml"))

    assert [str(diagnostic) for diagnostic in refused.value.diagnostics] == [
        f"api.yaml:{message}" for message in wanted
    ]
