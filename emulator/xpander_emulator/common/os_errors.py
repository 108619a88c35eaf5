"""Messages for errors of the operating system: those of POSIX on every system, in every language, on every Python."""

import errno
from typing import Final

_REASONS: Final = {
    errno.EACCES: "Permission denied",
    errno.ECONNREFUSED: "Connection refused",
    errno.ECONNRESET: "Connection reset by peer",
    errno.EEXIST: "File exists",
    errno.EHOSTUNREACH: "No route to host",
    errno.EISDIR: "Is a directory",
    errno.ELOOP: "Too many levels of symbolic links",
    errno.EMFILE: "Too many open files",
    errno.ENAMETOOLONG: "File name too long",
    errno.ENETUNREACH: "Network is unreachable",
    errno.ENFILE: "Too many open files in system",
    errno.ENOENT: "No such file or directory",
    errno.ENOEXEC: "Exec format error",
    errno.ENOSPC: "No space left on device",
    errno.ENOTDIR: "Not a directory",
    errno.EPERM: "Operation not permitted",
    errno.EPIPE: "Broken pipe",
    errno.EROFS: "Read-only file system",
    errno.ETIMEDOUT: "Connection timed out",
}


def reason(error: OSError) -> str:
    """Return the message of an error, without a full stop; for a rare error the name of its number."""
    # Errors of other modules, such as ssl and socket, have numbers of their own.
    if type(error).__module__ != "builtins":
        return error.strerror or str(error) or type(error).__name__
    # Errors that Python raises itself have no number, such as a timeout of a socket.
    if error.errno is None:
        return str(error).capitalize() or type(error).__name__
    return _REASONS.get(error.errno) or errno.errorcode.get(error.errno, f"error {error.errno}")
