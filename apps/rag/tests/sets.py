"""Small datasets written to disk, as `manage.py rag_eval` reads them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

Row = dict[str, Any]

ACT = "Acte uniforme sur les sociétés - Article"
CORPUS: tuple[Row, ...] = (
    {"id": "AUSCGIE 311", "title": f"{ACT} 311", "text": "Le capital social de la SARL est d'un million (1.000.000) "
     "de francs CFA au moins. Il est divisé en parts sociales égales."},
    {"id": "AUSCGIE 326", "title": f"{ACT} 326", "text": "Le gérant est révocable par décision des associés. Si la "
     "révocation est décidée sans juste motif, elle peut donner lieu à dommages et intérêts."},
    {"id": "AUSCGIE 346", "title": f"{ACT} 346", "text": "Un dixième au moins du bénéfice est affecté à la réserve "
     "légale."},
    {"id": "AUSCGIE 420", "title": f"{ACT} 420", "text": "La durée du mandat des administrateurs ne peut excéder six "
     "ans."},
)  # fmt: skip
QUESTIONS: tuple[Row, ...] = (
    {"id": "q1", "text": "Quel est le capital social de la SARL ?", "relevant": ["AUSCGIE 311"], "kind": "threshold",
     "expected_answer": "Un million de francs CFA.", "must_contain": ["1 000 000"]},
    {"id": "q2", "text": "Que dit l'article 420 de l'AUSCGIE ?", "relevant": ["AUSCGIE 420"], "kind": "direct_ref",
     "expected_answer": "Six ans au plus."},
    {"id": "q3", "text": "Comment faire pousser des tomates sous serre ?", "relevant": [], "kind": "refuse",
     "must_refuse": True},
)  # fmt: skip


def write_lines(path: Path, rows: Sequence[Row]) -> Path:
    """Write rows as JSON lines and return the path."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path


def write_set(folder: Path, *, corpus: Sequence[Row] = CORPUS, questions: Sequence[Row] = QUESTIONS) -> Path:
    """Write a dataset and return its folder."""
    write_lines(folder / "corpus.jsonl", corpus)
    write_lines(folder / "questions.jsonl", questions)
    return folder
