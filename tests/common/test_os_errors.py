import errno
import socket
from pathlib import Path

import pytest

from xpander_emulator.common.os_errors import reason


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (OSError(errno.ENOENT, "Datei oder Verzeichnis nicht gefunden"), "No such file or directory"),
        (OSError(errno.EACCES, "Permesso negato"), "Permission denied"),
        (OSError(errno.ECONNREFUSED, "Connexion refusée"), "Connection refused"),
        (OSError(errno.ETIMEDOUT, "Tiempo agotado"), "Connection timed out"),
        (OSError(errno.EXDEV, "Invalid cross-device link"), "EXDEV"),
        (OSError(99_999, "Unknown error"), "error 99999"),
        (TimeoutError("timed out"), "Timed out"),
        (OSError(), "OSError"),
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), "Name or service not known"),
    ],
)
def test_an_error_has_words_of_its_own_whatever_the_system_says(error: OSError, words: str) -> None:
    assert reason(error) == words


def test_a_real_error_has_the_words_of_its_number(tmp_path: Path) -> None:
    with pytest.raises(IsADirectoryError) as caught:
        tmp_path.read_text(encoding="utf-8")

    assert reason(caught.value) == "Is a directory"
