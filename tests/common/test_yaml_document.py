import json
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xpander_emulator.common.types import DocPath
from xpander_emulator.common.yaml_document import MAX_DEPTH, parse_document, read_document
from xpander_emulator.errors import InvalidFiles


def value_of(text: str) -> Any:
    return parse_document(dedent(text), "f.yaml").value


def mistakes_of(text: str) -> list[str]:
    with pytest.raises(InvalidFiles) as caught:
        parse_document(dedent(text), "f.yaml")
    return [str(diagnostic) for diagnostic in caught.value.diagnostics]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("False", False),
        ("null", None),
        ("~", None),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("-3", -3),
        ("1_000", "1_000"),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        (".inf", float("inf")),
        ("-.inf", float("-inf")),
        ("2026-01-01", "2026-01-01"),
        ("12:30", "12:30"),
        ("300ms", "300ms"),
        ("'5'", "5"),
        ('"null"', "null"),
        ("<<", "<<"),
        ("=", "="),
    ],
)
def test_a_plain_word_is_read_by_yaml_1_2(text: str, value: object) -> None:
    assert value_of(f"key: {text}") == {"key": value}


def test_not_a_number_is_a_number() -> None:
    assert value_of("key: .nan")["key"] != value_of("key: .nan")["key"]


def test_the_text_of_a_block_is_unchanged() -> None:
    assert value_of("key: |\n  5\n  true\n") == {"key": "5\ntrue\n"}


def test_an_alias_is_the_same_value_again() -> None:
    assert value_of("a: &x [1, 2]\nb: *x\n") == {"a": [1, 2], "b": [1, 2]}


def test_a_merge_key_is_a_key_like_any_other() -> None:
    assert value_of("a: &x {k: 1}\nb: {<<: *x}\n")["b"] == {"<<": {"k": 1}}


json_texts = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs"]))
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | json_texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abc_", max_size=5), inner, max_size=4),
    max_leaves=15,
)  # fmt: skip


@given(json_values)
def test_json_is_read_as_json(value: Any) -> None:
    assert parse_document(json.dumps({"v": value}), "f.json").value == {"v": value}


def test_a_pair_of_escapes_is_one_character_in_json_and_text_in_yaml() -> None:
    assert parse_document(r'{"v": "\uD83D\uDE80 \\ud83d\\ude80"}', "f.json").value == {"v": r"🚀 \ud83d\ude80"}
    assert parse_document(r"v: '\ud83d\ude80'", "f.yaml").value == {"v": r"\ud83d\ude80"}


PLACES = "steps:\n  - id: a\n    status: pending\n  - {id: b, on: {approve: c}}\n"


@pytest.mark.parametrize(
    ("path", "of_key", "place"),
    [
        ((), False, (1, 1)),
        (("steps",), True, (1, 1)),
        (("steps",), False, (2, 3)),
        (("steps", 0, "status"), True, (3, 5)),
        (("steps", 0, "status"), False, (3, 13)),
        (("steps", 1, "on", "approve"), False, (4, 27)),
        (("steps", 1, "absent", "deeper"), False, (4, 5)),
        (("steps", 9), False, (2, 3)),
        (("absent",), False, (1, 1)),
    ],
)
def test_every_part_has_its_line_and_column(path: DocPath, of_key: bool, place: tuple[int, int]) -> None:
    assert parse_document(PLACES, "f.yaml").locate(path, key=of_key) == place


def test_a_mistake_says_file_line_and_column() -> None:
    diagnostic = parse_document(PLACES, "f.yaml").diagnostic(("steps", 0, "status"), "is wrong")

    assert str(diagnostic) == "f.yaml:3:13: is wrong"


@pytest.mark.parametrize(
    ("text", "diagnostics"),
    [
        ("", ["f.yaml:1:1: is empty; a mapping was expected"]),
        ("# only a comment\n", ["f.yaml:1:1: is empty; a mapping was expected"]),
        ("a: 1\nb: 2\na: 3\n", ["f.yaml:3:1: duplicate key 'a', first given on line 1; keep one of them"]),
        ("a: !!python/none x\n", ["f.yaml:1:4: the tag 'tag:yaml.org,2002:python/none' means nothing here; remove it"]),
        ("a: !thing {b: 1}\n", ["f.yaml:1:4: the tag '!thing' means nothing here; remove it"]),
        ("? [a]\n: 1\n", ["f.yaml:1:3: a key must be text"]),
        ("a: &x {b: *x}\n", ["f.yaml:1:4: an alias to something that contains it; such a value has no end"]),
    ],
)  # fmt: skip
def test_what_means_nothing_is_refused_at_its_place(text: str, diagnostics: list[str]) -> None:
    assert mistakes_of(text) == diagnostics


@pytest.mark.parametrize(
    ("text", "start"),
    [
        ("a: [1, 2\nb: 3\n", "f.yaml:2:"),
        ("a: b: c\n", "f.yaml:1:"),
        ("a:\n\tb: 1\n", "f.yaml:2:1: is not YAML: indented with a tab; write spaces"),
        ("a:\r\n  \t- b: 1\r\n", "f.yaml:2:3: is not YAML: indented with a tab; write spaces"),
        ("a:\n  - b: 1\n\t  c: 1\n", "f.yaml:3:1: is not YAML: indented with a tab; write spaces"),
        ('{"a": 1,\n\t"b": 2,\n\t"c": 3', "f.yaml:4:1: is not YAML: did not find"),
        ("a: 1\n---\nb: 2\n", "f.yaml:2:1: is not YAML: another document begins here; give it a file of its own"),
        ("a: *absent\n", "f.yaml:1:4: is not YAML"),
        ("a: \x00\n", "f.yaml:1:"),
    ],
)
def test_what_is_no_yaml_is_refused_at_its_place(text: str, start: str) -> None:
    [diagnostic] = mistakes_of(text)

    assert diagnostic.startswith(start)
    assert "is not YAML: " in diagnostic


def test_all_mistakes_of_a_file_are_reported_at_once() -> None:
    diagnostics = mistakes_of("a: 1\na: !x 2\nb: !y 3\nb: 4\n")

    assert [diagnostic.split(": ")[0] for diagnostic in diagnostics] == [
        "f.yaml:2:1",
        "f.yaml:2:4",
        "f.yaml:3:4",
        "f.yaml:4:1",
    ]


def test_a_file_nested_too_deeply_is_refused() -> None:
    assert value_of("[" * MAX_DEPTH + "]" * MAX_DEPTH) is not None
    [diagnostic] = mistakes_of("[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2))

    assert diagnostic == f"f.yaml:1:{MAX_DEPTH + 2}: is nested deeper than {MAX_DEPTH} levels"


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidFiles, match=r"absent.yaml:1:1: cannot be read: No such file or directory$"):
        read_document(tmp_path / "absent.yaml")


def test_a_file_that_is_not_utf_8_is_refused_with_its_byte(tmp_path: Path) -> None:
    (tmp_path / "f.yaml").write_bytes(b"a: \xff\n")

    with pytest.raises(InvalidFiles, match=r"^called so:1:1: is not UTF-8: byte 3 is 0xff$"):
        read_document(tmp_path / "f.yaml", "called so")


def test_aliases_that_multiply_are_refused_where_they_grow_too_many() -> None:
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 30)]

    assert mistakes_of("\n".join(lines)) == [
        "f.yaml:6:5: is more than 200,000 values once its aliases are expanded; write less of it"
    ]
