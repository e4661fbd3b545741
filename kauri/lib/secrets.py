"""Keys that nobody gave are made once and kept in `var/secrets`, readable by their owner alone."""

import os
import secrets
from pathlib import Path


def kept_secret(folder: Path, name: str, *, n_bytes: int = 48) -> str:
    """Return the secret `name`, making it on first use.

    Two processes that start together agree on one value: the file is created exclusively under
    another name and linked into place, and whoever comes second reads what is there.
    """
    path = folder / name
    if path.exists():
        return path.read_text(encoding="ascii").strip()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = folder / f".{name}.{os.getpid()}"
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as stream:
        stream.write(secrets.token_urlsafe(n_bytes))
    try:
        os.link(draft, path)
    except FileExistsError:
        pass  # another process made it between our look and now
    finally:
        draft.unlink()
    return path.read_text(encoding="ascii").strip()
