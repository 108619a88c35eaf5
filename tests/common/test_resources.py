from pathlib import Path

import pytest

from xpander_emulator.common import resources

FILES = {name: path for name, path in vars(resources).items() if name.isupper() and not name.startswith("_")}


@pytest.mark.parametrize("name", FILES)
def test_every_file_that_comes_with_the_emulator_is_there(name: str) -> None:
    path: Path = FILES[name]

    assert path.is_absolute()
    assert path.exists()
    assert path.is_file() or any(path.iterdir())
