"""Who runs the embedded PostgreSQL, and where its cluster lives."""

import hashlib
import json
import os
import pwd
from pathlib import Path

from kauri.launcher.errors import LaunchError, gettext_noop
from kauri.launcher.folders import folder_make
from kauri.launcher.process import Account

ROOT_FOLDER = Path("/var/lib/kauri")
# Ordinary accounts that machines already have, the fitting one first; none is ever created.
CANDIDATES = ("postgres", "_postgres", "nobody")
_MARK = "cluster.json"  # in var: where its cluster lies
_OWNER = "var_dir"  # beside the cluster: whose it is


def account_for(var_dir: Path) -> Account | None:
    """Return the account PostgreSQL must run as: None for an ordinary user, who runs it himself.

    Raises LaunchError when root opens a `var` whose cluster belongs to an ordinary user.
    """
    if os.geteuid() != 0:
        return None
    own = var_dir / "postgres" / "cluster"
    if own.exists():
        raise LaunchError(
            gettext_noop(
                "The database in %(folder)s belongs to the user %(user)s: start Kauri as that user, not as root."
            ),
            folder=own,
            user=own.owner(),
        )
    recorded = _recorded(var_dir)
    if recorded and recorded.exists():
        status = recorded.stat()  # the owner decides, also after another account has been added
        return Account(status.st_uid, status.st_gid)
    return _candidate()


def cluster_folder(var_dir: Path, account: Account | None) -> Path:
    """Return where the cluster lies or will lie; its parent exists and belongs to the account.

    Root's clusters carry a hash of the `var` folder's path. The folder is remembered inside `var`,
    so a new clone at an old path starts afresh instead of opening the removed one's database.
    """
    if account is None:
        return folder_make(var_dir / "postgres", mode=0o700) / "cluster"
    recorded = _recorded(var_dir)
    if recorded:
        return recorded
    folder_make(ROOT_FOLDER)
    digest = hashlib.sha256(os.fsencode(var_dir.resolve())).hexdigest()[:16]
    home = next(path for path in _names(digest) if not path.exists())
    folder_make(home, mode=0o700)
    os.chown(home, account.uid, account.gid)
    cluster = home / "cluster"
    (home / _OWNER).write_text(str(var_dir.resolve()), encoding="utf-8")
    mark = folder_make(var_dir / "postgres", mode=0o700) / _MARK
    mark.write_text(json.dumps({"cluster": str(cluster), "var_dir": str(var_dir)}), encoding="utf-8")
    return cluster


def orphans() -> tuple[Path, ...]:
    """Return root's clusters whose `var` folder has gone, or has another cluster by now."""
    return tuple(path.parent for path in sorted(ROOT_FOLDER.glob(f"*/{_OWNER}")) if _is_orphan(path))


def _is_orphan(owner: Path) -> bool:
    try:
        return _recorded(Path(owner.read_text(encoding="utf-8"))) != owner.parent / "cluster"
    except OSError:
        return False


def _names(digest: str) -> list[Path]:
    return [ROOT_FOLDER / (digest if number == 1 else f"{digest}-{number}") for number in range(1, 1000)]


def _recorded(var_dir: Path) -> Path | None:
    try:
        mark = json.loads((var_dir / "postgres" / _MARK).read_text(encoding="utf-8"))
        return Path(mark["cluster"])
    except (OSError, ValueError, KeyError):
        return None


def _candidate() -> Account:
    for name in CANDIDATES:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(entry.pw_uid, entry.pw_gid)
    raise LaunchError(
        gettext_noop(
            "PostgreSQL does not run as root and this machine has no ordinary account for it: start Kauri as a user."
        )
    )
