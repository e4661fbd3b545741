"""The folders of the embedded servers: short private ones for sockets, `var/` for the rest."""

import os
import shutil
import stat
import tempfile
from pathlib import Path

from kauri.launcher.errors import LaunchError, gettext_noop
from kauri.launcher.process import Account

# A Unix socket's path is limited to 107 bytes on Linux and 103 on macOS; PostgreSQL appends 14.
MAX_SOCKET_DIR_BYTES = 80


def socket_dir_make(account: Account | None) -> Path:
    """Make a short folder of mode 0700, the account's own, for Unix sockets."""
    base = tempfile.gettempdir()
    if len(os.fsencode(base)) > MAX_SOCKET_DIR_BYTES - len("/kauri-12345678"):
        base = "/tmp"  # noqa: S108 - mkdtemp makes the private folder inside it
    path = Path(tempfile.mkdtemp(prefix="kauri-", dir=base))
    if account:
        os.chown(path, account.uid, account.gid)
    return path


def socket_dir_reuse(recorded: str, account: Account | None) -> Path | None:
    """Return the recorded socket folder if it is still there and still private, else None."""
    if not recorded:
        return None
    path = Path(recorded)
    owner = account.uid if account else os.getuid()
    try:
        status = path.lstat()
    except OSError:
        return None
    is_private = stat.S_ISDIR(status.st_mode) and stat.S_IMODE(status.st_mode) == 0o700
    return path if is_private and status.st_uid == owner else None


def socket_dir_remove(path: Path) -> None:
    """Remove a socket folder and what a killed server left in it."""
    shutil.rmtree(path, ignore_errors=True)


def folder_make(path: Path, *, mode: int = 0o755) -> Path:
    """Make the folder, a new one with exactly this mode; say in one sentence why it cannot be used.

    An existing folder keeps the mode that its owner gave it.
    """
    try:
        if not path.is_dir():
            path.mkdir(parents=True)
            path.chmod(mode)  # whatever the umask is
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise LaunchError(
            gettext_noop(
                "The folder %(folder)s cannot be written to (%(reason)s): give --var-dir a folder of your own."
            ),
            folder=path,
            reason=error.strerror,
        ) from error
    return path


def log_tail(path: Path, *, lines: int = 3) -> str:
    """Return the last lines of a log, for a sentence about why its server stopped."""
    try:
        with path.open("rb") as log:
            log.seek(max(0, path.stat().st_size - 4096))
            text = log.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return " | ".join(line.strip() for line in text.splitlines()[-lines:])
