"""The full text's files against their checksums."""

from __future__ import annotations

from pathlib import Path

import pytest

from apps.rag.retrieval.folder import LexicalFolder, generation_apply, generation_write
from apps.rag.retrieval.integrity import FolderDamaged, panics_named, require_whole
from apps.rag.retrieval.lexical import LexicalEntry

N_ENTRIES = 40


@pytest.fixture
def generation(tmp_path: Path) -> Path:
    """Return a generation of two segments, one with a deletion."""
    folder = LexicalFolder(tmp_path)
    made = [LexicalEntry(n, f"le gérant {n}", "", "references", None, None, None, None) for n in range(N_ENTRIES)]
    state = generation_write(folder, made[1:], seq=1, log_identity="log")
    generation_apply(folder, state, puts=made[:1], deletes=[5], seq=2, log_identity="log")
    return folder.generation_path(state.generation)


def test_what_tantivy_wrote_is_whole(generation: Path) -> None:
    kinds = {path.suffix for path in generation.iterdir()}
    assert {".del", ".fast", ".fieldnorm", ".idx", ".pos", ".store", ".term"} <= kinds
    require_whole(generation)


@pytest.mark.parametrize("kind", ["del", "fast", "fieldnorm", "idx", "pos", "store", "term"])
def test_one_bit_is_one_too_many(generation: Path, kind: str) -> None:
    path = next(generation.glob(f"*.{kind}"))
    raw = path.read_bytes()
    for at in (0, len(raw) - 9, len(raw) - 1):
        spoilt = bytearray(raw)
        spoilt[at] ^= 1
        path.write_bytes(spoilt)
        with pytest.raises(FolderDamaged):
            require_whole(generation)
    path.write_bytes(raw)
    require_whole(generation)


@pytest.mark.parametrize("n_bytes", [0, 4, 100])
def test_a_file_that_was_cut_off_is_damaged(generation: Path, n_bytes: int) -> None:
    path = next(generation.glob("*.term"))
    path.write_bytes(path.read_bytes()[:n_bytes])
    with pytest.raises(FolderDamaged, match="term"):
        require_whole(generation)


@pytest.mark.parametrize("told", [b"{", b"[]", b"{}", b'{"segments": [{"segment_id": "no", "deletes": null}]}'])
def test_a_garbled_list_of_segments_is_damage(generation: Path, told: bytes) -> None:
    (generation / "meta.json").write_bytes(told)
    with pytest.raises(FolderDamaged, match="meta"):
        require_whole(generation)


def test_what_is_being_written_or_was_replaced_is_none_of_its_business(generation: Path) -> None:
    path = next(generation.glob("*.term"))
    (generation / f"{'0' * 32}.term").write_bytes(b"half a segment that nobody committed")
    path.with_name(f"{path.stem}.99.del").write_bytes(b"half a deletion")
    path.unlink()
    require_whole(generation)


def test_panics_have_a_name_and_nothing_else_is_caught() -> None:
    class PanicException(BaseException):
        """As pyo3's: no Exception."""

    def fail(error: type[BaseException]) -> None:
        with panics_named():
            raise error

    with pytest.raises(FolderDamaged):
        fail(PanicException)
    with pytest.raises(KeyboardInterrupt):
        fail(KeyboardInterrupt)
