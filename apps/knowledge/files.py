"""The files as sent: kept under the hash of their content, never under a user's file name."""

import hashlib
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from django.core.files.base import File
from django.core.files.storage import default_storage

from apps.knowledge.errors import StoredFileDamaged

_BLOCK_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file in the storage: its name there, its content's hash and its size in bytes."""

    name: str
    sha256: str
    byte_count: int


def file_store(file: "File[bytes]") -> StoredFile:
    """Keep a file and return where; a file with the same content is kept once."""
    sha256, byte_count = _measure(file)
    name = f"documents/{sha256[:2]}/{sha256}"
    if default_storage.exists(name):
        if _is_intact(name, sha256):
            return StoredFile(name, sha256, byte_count)
        # A process died while it wrote it.
        default_storage.delete(name)
    file.seek(0)
    return StoredFile(default_storage.save(name, file), sha256, byte_count)


@contextmanager
def local_copy(name: str, sha256: str) -> Iterator[Path]:
    """Yield a path on this machine with a stored file's content, checked against its hash.

    Raises StoredFileDamaged where the file is gone or differs.
    """
    try:
        with default_storage.open(name, "rb") as stored, tempfile.NamedTemporaryFile(prefix="kauri-") as copy:
            shutil.copyfileobj(stored, copy, _BLOCK_BYTES)
            copy.flush()
            with Path(copy.name).open("rb") as reread:
                if hashlib.file_digest(reread, "sha256").hexdigest() != sha256:
                    raise StoredFileDamaged
            yield Path(copy.name)
    except FileNotFoundError as error:
        raise StoredFileDamaged from error


def _measure(file: "File[bytes]") -> tuple[str, int]:
    file.seek(0)
    digest = hashlib.sha256()
    byte_count = 0
    while block := file.read(_BLOCK_BYTES):
        digest.update(block)
        byte_count += len(block)
    file.seek(0)
    return digest.hexdigest(), byte_count


def _is_intact(name: str, sha256: str) -> bool:
    with default_storage.open(name, "rb") as stored:
        return _measure(stored)[0] == sha256
