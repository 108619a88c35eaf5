"""Whole conversations, kept as text: `UPDATE_GOLDEN=1 pytest tests/golden` writes the answers anew."""

import os
from pathlib import Path

import pytest

from emulator.settings import DEFAULT_NAMESPACE
from emulator.web.app import Application
from tests.golden.runner import Conversation, emulator

FOLDER = Path(__file__).parent
STORIES = {path.stem for path in (FOLDER.parents[1] / "scenarios").glob("*.yaml")}
CONVERSATIONS = sorted(FOLDER.glob("*.txt"))


@pytest.fixture(scope="module")
def app() -> Application:
    return emulator()


@pytest.mark.parametrize("path", CONVERSATIONS, ids=lambda path: path.stem)
async def test_a_conversation_goes_as_it_is_written(app: Application, path: Path) -> None:
    written = path.read_text(encoding="utf-8")

    await app.engine.reset(DEFAULT_NAMESPACE)
    played = await Conversation(app).play(written)

    if os.environ.get("UPDATE_GOLDEN"):
        path.write_text(played, encoding="utf-8")
    else:
        assert played == written


def test_every_built_in_story_is_played_in_a_conversation() -> None:
    texts = "".join(path.read_text(encoding="utf-8") for path in CONVERSATIONS)

    assert {name for name in STORIES if f"> POST /v1/workflows/{name}/invoke" in texts} == STORIES
