"""A change of what is stored raises FORMAT, and what another format has left is refused in one sentence."""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.store import golden
from tests.store.format_samples import CONTENTS, ENTRY, NAMESPACE
from xpander_emulator.core.timeline import Millis
from xpander_emulator.errors import BadRequest
from xpander_emulator.journal.codec import from_record
from xpander_emulator.store import export
from xpander_emulator.store.codec.facts import FACTS
from xpander_emulator.store.codec.timelines import FORMAT, UnknownFormat
from xpander_emulator.store.open import open_store
from xpander_emulator.store.redis.store import RedisStore
from xpander_emulator.store.sqlite.store import SqliteStore
from xpander_emulator.web.control.contract import control_contract

# A mark is a column of its own; a fact is named, and what it is until it is set is stored nowhere.
NOT_IN_A_RECORD = {("Task", "mark")}
EARLIER = sorted(golden.FOLDER.glob("format-*-*.sql"))
RAISE = (
    "What is stored has changed: raise FORMAT in emulator/xpander_emulator/store/codec/timelines.py,"
    " then run python -m tests.store.golden."
)


def parts(value: Any) -> Iterator[Any]:
    """Give every record within a value, itself included."""
    if dataclasses.is_dataclass(value):
        yield value
        for field in dataclasses.fields(value):
            yield from parts(getattr(value, field.name))
    elif isinstance(value, Mapping):
        for key, each in value.items():
            yield from (*parts(key), *parts(each))
    elif isinstance(value, list | tuple):
        if hasattr(value, "_fields"):
            yield value
        for each in value:
            yield from parts(each)


def defaults(record: Any) -> dict[str, Any]:
    """Return the fields of a record that have a default."""
    if not dataclasses.is_dataclass(record):
        return dict(record._field_defaults)
    found = {}
    for field in dataclasses.fields(record):
        if field.default is not dataclasses.MISSING:
            found[field.name] = field.default
        elif field.default_factory is not dataclasses.MISSING:
            found[field.name] = field.default_factory()
    return {name: value for name, value in found.items() if not name.startswith("_")}


def test_the_samples_have_a_value_in_every_field_that_could_be_left_out() -> None:
    unused: dict[tuple[str, str], bool] = {}
    for record in parts((CONTENTS, ENTRY)):
        for name, default in defaults(record).items():
            place = (type(record).__name__, name)
            unused[place] = unused.get(place, True) and getattr(record, name) == default

    assert {place for place, is_unused in unused.items() if is_unused} == NOT_IN_A_RECORD


async def test_what_sqlite_stores_is_what_its_format_says(tmp_path: Path) -> None:
    await golden.fill(SqliteStore(tmp_path / "tasks.db"))

    assert golden.dump(tmp_path / "tasks.db") == golden.SQL.read_text(encoding="utf-8"), RAISE


def test_an_export_is_what_its_format_says() -> None:
    assert golden.export() == golden.EXPORT.read_text(encoding="utf-8"), RAISE


async def test_what_a_server_of_this_format_has_left_is_read_whole(tmp_path: Path) -> None:
    path = tmp_path / "tasks.db"
    golden.restore(golden.SQL.read_text(encoding="utf-8"), path)
    store = SqliteStore(path)

    found = await store.contents(NAMESPACE, FACTS)
    entries = [from_record(record) for record in await store.log.records(NAMESPACE)]
    await store.close()

    assert (found.tasks, found.ordinals, found.facts) == (list(CONTENTS.tasks), CONTENTS.ordinals, CONTENTS.facts)
    assert entries == [ENTRY]


def test_the_control_api_names_the_format_of_an_export() -> None:
    # Of an import, of an export, and of each of its parts.
    assert json.dumps(control_contract().document, default=str).count(f'"format": {{"const": {FORMAT}') == 3


@pytest.mark.parametrize("sql", EARLIER, ids=lambda path: path.stem)
def test_a_database_of_another_format_is_refused_and_not_a_byte_is_changed(sql: Path, tmp_path: Path) -> None:
    path = tmp_path / "tasks.db"
    golden.restore(sql.read_text(encoding="utf-8"), path)
    before = path.read_bytes()

    with pytest.raises(UnknownFormat) as refused:
        open_store(f"sqlite:{path}")

    assert refused.value.message == (
        f"{path} is in format 1; this version of the emulator reads format 2. "
        "Use the version that wrote it, or begin with an empty store."
    )
    assert path.read_bytes() == before
    assert [each.name for each in tmp_path.iterdir()] == ["tasks.db"]


@pytest.mark.parametrize("document", sorted(golden.FOLDER.glob("format-*-*.json")), ids=lambda path: path.stem)
def test_an_export_of_another_format_is_refused(document: Path) -> None:
    with pytest.raises(BadRequest, match=r"^The file is in format 1; this version of the emulator reads format 2\."):
        export.from_document(json.loads(document.read_text(encoding="utf-8")), Millis(0))


async def test_what_redis_stores_is_what_its_format_says(redis_url: str) -> None:
    await golden.fill(RedisStore(redis_url, redis_url))

    assert golden.keys(redis_url) == golden.REDIS.read_text(encoding="utf-8"), RAISE


def test_there_are_files_of_every_change_in_format_1() -> None:
    assert [path.stem for path in EARLIER] == [
        *("format-1-44f4169", "format-1-461192b", "format-1-8f3b058", "format-1-aa26847")
    ]
