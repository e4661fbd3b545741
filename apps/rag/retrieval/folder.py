"""The full-text folder on disk: which generation is current, how far it follows the change log, who may write.

`state.json` is replaced as a whole after each commit, so a reader sees the old state or the new one. A crash between
the commit and the replacement only makes the writer repeat changes, which are idempotent.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import TracebackType

import tantivy

from apps.rag.analysis import ANALYSIS_REVISION
from apps.rag.retrieval.integrity import panics_named, require_whole
from apps.rag.retrieval.lexical import SCHEMA, SCHEMA_REVISION, LexicalEntry, document

# tantivy refuses less than 15 MB; one thread makes one segment a commit, in the order of the documents
_HEAP_BYTES = 48_000_000


@dataclass(frozen=True, slots=True)
class FolderState:
    """What the current generation holds: the log up to `seq`, of the database that has this `log_identity` there."""

    generation: int
    seq: int
    log_identity: str
    n_deleted: int = 0
    analysis_revision: int = ANALYSIS_REVISION
    schema_revision: int = SCHEMA_REVISION

    @property
    def is_readable(self) -> bool:
        """Tell whether this code can search what that code wrote."""
        return (self.analysis_revision, self.schema_revision) == (ANALYSIS_REVISION, SCHEMA_REVISION)


class LexicalFolder:
    """Paths and state of the full text under `base`."""

    def __init__(self, base: Path) -> None:
        self.base = base / "lexical"
        self._state_path = self.base / "state.json"

    def state(self) -> FolderState | None:
        """Return the state, or None when there is no usable index."""
        try:
            state = FolderState(**json.loads(self._state_path.read_text(encoding="utf-8")))
        except (OSError, ValueError, TypeError):
            return None
        # tantivy takes a folder without this file for a new index and would find nothing in it
        is_there = (self.generation_path(state.generation) / "meta.json").is_file()
        return state if state.is_readable and is_there else None

    def generation_path(self, generation: int) -> Path:
        """Return the tantivy folder of a generation."""
        return self.base / f"generation-{generation:06d}"

    def ask_rebuild(self) -> None:
        """Leave word for the writer, whoever it is, to write everything anew."""
        self.base.mkdir(parents=True, exist_ok=True)
        (self.base / "rebuild.wanted").touch()

    def is_rebuild_asked(self) -> bool:
        """Tell whether somebody left word."""
        return (self.base / "rebuild.wanted").exists()

    def save(self, state: FolderState) -> None:
        """Replace the state in one step and remove generations that nobody will open again."""
        draft = self._state_path.with_suffix(".new")
        draft.write_text(json.dumps(asdict(state)), encoding="utf-8")
        draft.replace(self._state_path)
        # Readers keep the files of the generation before open or mapped; older ones nobody has.
        for path in self.base.glob("generation-*"):
            if int(path.name.rpartition("-")[2]) not in {state.generation, state.generation - 1}:
                shutil.rmtree(path, ignore_errors=True)


class WriterLock:
    """The writer's place, held by at most one process of the machine; lost with the process."""

    def __init__(self, folder: LexicalFolder) -> None:
        self._path = folder.base / "writer.lock"
        self._descriptor: int | None = None

    def acquire(self) -> bool:
        """Take the place if it is free; return whether we have it.

        A place whose file was removed meanwhile is given up: another process may hold the file that came after it.
        """
        if self._descriptor is not None:
            if self._is_in_place(self._descriptor):
                return True
            self.release()
        self._path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(descriptor)
            return False
        self._descriptor = descriptor
        return True

    def _is_in_place(self, descriptor: int) -> bool:
        try:
            return os.path.samestat(os.fstat(descriptor), self._path.stat())
        except OSError:
            return False

    def release(self) -> None:
        """Give the place back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def generation_write(
    folder: LexicalFolder, entries: Iterable[LexicalEntry], *, seq: int, log_identity: str
) -> FolderState:
    """Write a whole new generation without deletions and make it current; one that fails leaves nothing behind."""
    generation = _next_generation(folder, folder.state())
    path = folder.generation_path(generation)
    path.mkdir(parents=True)
    try:
        with panics_named():
            _fill(path, entries)
        state = FolderState(generation, seq, log_identity)
        folder.save(state)
    except BaseException:
        # a full disk would be fuller with every attempt
        shutil.rmtree(path, ignore_errors=True)
        raise
    (folder.base / "rebuild.wanted").unlink(missing_ok=True)
    return state


def _fill(path: Path, entries: Iterable[LexicalEntry]) -> None:
    writer = tantivy.Index(SCHEMA, path=str(path)).writer(_HEAP_BYTES, 1)
    for entry in entries:
        writer.add_document(document(entry))
    writer.commit()
    writer.wait_merging_threads()


def generation_apply(
    folder: LexicalFolder,
    state: FolderState,
    *,
    puts: Iterable[LexicalEntry],
    deletes: Iterable[int],
    seq: int,
    log_identity: str,
) -> FolderState:
    """Apply changes in one commit. `deletes` holds every id that was there and changes, put again or not.

    Raises ValueError where the folder is damaged.
    """
    path = folder.generation_path(state.generation)
    # before anything is merged: over a damaged file that would end the process
    require_whole(path)
    with panics_named():
        n_gone = _changed(path, puts, deletes)
    changed = replace(state, seq=seq, log_identity=log_identity, n_deleted=state.n_deleted + n_gone)
    folder.save(changed)
    return changed


def _changed(path: Path, puts: Iterable[LexicalEntry], deletes: Iterable[int]) -> int:
    """Commit changes to a generation and return how many documents went."""
    index = tantivy.Index(SCHEMA, path=str(path))
    n_before = _n_documents(index)
    writer = index.writer(_HEAP_BYTES, 1)
    # by query: deletion by term takes a number for a signed one and finds nothing in an unsigned field
    writer.delete_documents_by_query(tantivy.Query.term_set_query(SCHEMA, "entry_id", list(deletes)))
    n_added = 0
    for entry in puts:
        writer.add_document(document(entry))
        n_added += 1
    writer.commit()
    writer.wait_merging_threads()
    index.reload()
    return n_before + n_added - _n_documents(index)


def _n_documents(index: tantivy.Index) -> int:
    return int(index.searcher().num_docs)


def _next_generation(folder: LexicalFolder, state: FolderState | None) -> int:
    taken = [int(path.name.rpartition("-")[2]) for path in folder.base.glob("generation-*")]
    return max([*taken, state.generation if state else 0]) + 1
