"""Whether the files of the full text are still those that tantivy wrote.

tantivy ends each file with its checksum and never looks at it again when it opens a folder. A flipped bit then ranks
wrongly, panics in a search, or ends the whole process in a merge, at each start anew.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from uuid import UUID

_PIECE = 1 << 20
_MAGIC: Final = 1337  # of tantivy's footers
_TRAILER_BYTES: Final = 8  # length of the footer's JSON, then the magic number, each little-endian


class FolderDamaged(ValueError):
    """A file is not what tantivy wrote; a ValueError, as what tantivy raises for whatever it notices itself."""


def require_whole(generation: Path) -> None:
    """Compare each committed file of a generation with its own checksum. Raises FolderDamaged.

    Reads them all, at some 2 GB a second. Files that are gone are left to tantivy, which knows whether the
    writer replaced them meanwhile; files that are not committed may be half written, and are left out.
    """
    for path in _committed(generation):
        try:
            is_whole = _is_whole(path)
        except FileNotFoundError:
            continue
        if not is_whole:
            raise FolderDamaged(f"{path.name} is damaged")


@contextmanager
def panics_named() -> Iterator[None]:
    """Raise FolderDamaged in place of tantivy's panics, which are no Exception and would end a thread in silence."""
    try:
        yield
    except BaseException as error:
        # the class is made anew by each extension module, and none gives it away
        if type(error).__name__ != "PanicException":
            raise
        raise FolderDamaged("tantivy cannot read what is there") from error


def _committed(generation: Path) -> Iterator[Path]:
    try:
        segments = json.loads((generation / "meta.json").read_bytes())["segments"]
        for segment in segments:
            name, deletes = UUID(segment["segment_id"]).hex, segment["deletes"]
            of_deletes = f".{deletes['opstamp']}.del" if deletes else ""
            yield from (path for path in generation.glob(f"{name}.*") if path.suffix != ".del")
            if of_deletes:
                yield generation / f"{name}{of_deletes}"
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise FolderDamaged("meta.json is damaged") from error


def _is_whole(path: Path) -> bool:
    size = path.stat().st_size
    with path.open("rb") as opened:
        opened.seek(max(0, size - _TRAILER_BYTES))
        trailer = opened.read(_TRAILER_BYTES)
        n_footer, magic = int.from_bytes(trailer[:4], "little"), int.from_bytes(trailer[4:], "little")
        n_body = size - _TRAILER_BYTES - n_footer
        if magic != _MAGIC or n_body < 0:
            return False
        opened.seek(n_body)
        try:
            told = json.loads(opened.read(n_footer))["crc"]
        except (KeyError, TypeError, ValueError):
            return False
        opened.seek(0)
        checksum, left = 0, n_body
        while left > 0 and (piece := opened.read(min(_PIECE, left))):
            checksum, left = zlib.crc32(piece, checksum), left - len(piece)
    return left == 0 and checksum == told
