"""What each format looks like where it is stored: `golden/format-N.*` of the present one, and what earlier ones left.

`python -m tests.store.golden` writes those of a format that has none yet; the others stay as they are.
Those with a commit in their name were made by a server of that commit, to which requests were sent.
"""

import asyncio
import json
import re
import sqlite3
import tempfile
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any, Final

from tests.redis_server import RedisServer
from tests.store.format_samples import CONTENTS, ENTRY, NAMESPACE
from xpander_emulator.clock import Clock
from xpander_emulator.core.timeline import Millis
from xpander_emulator.journal.codec import to_record
from xpander_emulator.store.codec.timelines import FORMAT
from xpander_emulator.store.export import to_document
from xpander_emulator.store.log import Bounds, Record
from xpander_emulator.store.port import Store
from xpander_emulator.store.redis.database import PREFIX
from xpander_emulator.store.redis.store import RedisStore
from xpander_emulator.store.sqlite.store import SqliteStore

FOLDER: Final = Path(__file__).parent / "golden"
SQL: Final = FOLDER / f"format-{FORMAT}.sql"
EXPORT: Final = FOLDER / f"format-{FORMAT}.json"
REDIS: Final = FOLDER / f"format-{FORMAT}.redis.txt"
_BOUNDS: Final = Bounds(10, 10, 1_000_000)


async def fill(store: Store) -> None:
    """Store all that a store takes."""
    assert store.log is not None
    store.agree_on(Clock("scaled", Millis(1), Millis(2), 60.0))
    await store.replace_all(NAMESPACE, CONTENTS)
    for task_id in ("", "parent"):
        await store.count_match(NAMESPACE, task_id, "busy once")
    epoch, ordinal = await store.log.next_number(NAMESPACE)
    await store.log.append([Record(NAMESPACE, epoch, ordinal, to_record(ENTRY))], _BOUNDS)
    await store.close()


def dump(path: Path) -> str:
    """Return the SQL that makes a database anew, without what is drawn at random."""
    with closing(sqlite3.connect(path)) as db:
        marks = [f"PRAGMA {name} = {db.execute(f'PRAGMA {name}').fetchone()[0]};" for name in _PRAGMAS]
        made = db.execute("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid").fetchall()
        names = [name for kind, name, _ in made if kind == "table"]
        tables = [f"{sql};" for kind, name, sql in made if kind == "table" and name != "sqlite_sequence"]
        rows = [statement for name in names for statement in _rows(db, name)]
        others = [f"{sql};" for kind, _, sql in made if kind != "table"]
    return "\n".join([*marks, *tables, *rows, *others, ""])


def restore(sql: str, path: Path) -> None:
    """Make the database of a dump, as it lies on the disk when nobody has it open."""
    with closing(sqlite3.connect(path)) as db:
        db.executescript(sql)


def export() -> str:
    """Return the document of the samples."""
    document = to_document(CONTENTS, Clock("manual", Millis(3), Millis(0)), Millis(0))
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def keys(url: str) -> str:
    """Return all that lies in a Redis, a key a line, without what is drawn at random."""
    import redis

    read: dict[str, Callable[[Any, bytes], Any]] = {
        "string": redis.Redis.get,
        "hash": redis.Redis.hgetall,
        "set": redis.Redis.smembers,
        "zset": lambda client, key: client.zrange(key, 0, -1, withscores=True),
        "list": lambda client, key: client.lrange(key, 0, -1),
    }
    with redis.Redis.from_url(url, decode_responses=False) as client:
        found = {key: read[client.type(key).decode()](client, key) for key in sorted(client.keys())}
    found[PREFIX.encode() + b"salt"] = b"salt"
    ordered = {key: dict(sorted(value.items())) if isinstance(value, dict) else value for key, value in found.items()}
    text = "".join(f"{key!r}: {value!r}\n" for key, value in ordered.items())
    epoch = int(found[PREFIX.encode() + b"epoch"])
    near = "|".join(str(epoch + count) for count in range(10))
    return re.sub(rf"(?<!\d)({near})(?!\d)", lambda number: f"EPOCH+{int(number[0]) - epoch}", text)


_PRAGMAS: Final = ("application_id", "user_version", "journal_mode")
_RANDOM: Final = {("total", "salt"): b"salt", ("ring", "sender"): "sender"}


def _rows(db: sqlite3.Connection, table: str) -> list[str]:
    found = db.execute(f'SELECT * FROM "{table}" ORDER BY 1, 2')
    names = [column[0] for column in found.description]
    before = ["DELETE FROM sqlite_sequence;"] if table == "sqlite_sequence" else []
    rows = [dict(zip(names, row, strict=True)) for row in found]
    told = [", ".join(_text(_RANDOM.get((table, name), row[name])) for name in names) for row in rows]
    return before + [f"INSERT INTO {table} VALUES ({values});" for values in told]


def _text(value: Any) -> str:
    match value:
        case None:
            return "NULL"
        case bytes():
            return f"CAST({_text(value.decode())} AS BLOB)"
        case str():
            return "'" + value.replace("'", "''") + "'"
        case _:
            return str(value)


def main() -> None:
    if SQL.exists() or EXPORT.exists() or REDIS.exists():
        raise SystemExit(f"Format {FORMAT} has its files. A change of what is stored raises FORMAT first.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "tasks.db")
        asyncio.run(fill(SqliteStore(path)))
        SQL.write_text(dump(path), encoding="utf-8")
    EXPORT.write_text(export(), encoding="utf-8")
    with RedisServer() as server:
        asyncio.run(fill(RedisStore(server.url, server.url)))
        REDIS.write_text(keys(server.url), encoding="utf-8")


if __name__ == "__main__":
    main()
