"""A corpus of any size out of real French sentences: the same one on every machine.

A made passage holds what a passage of a code or a guide holds: some sentences that stand together in one real
passage, and some others of the same set. Nothing in it is true; words, lengths and their frequencies are real.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

SETS = ("cgi_congo_2026", "cgi_congo_2025", "service_public_faq", "cnil_faq", "piaf", "ohada_actes", "dgfip_fiches")
SEED = 20261122


@dataclass(frozen=True, slots=True)
class MadePassage:
    """A made passage and the real sentences that it is made of."""

    passage_id: str
    title: str
    sentences: tuple[str, ...]

    @property
    def text(self) -> str:
        """The passage as a reader would see it."""
        return " ".join(self.sentences)


@dataclass(frozen=True, slots=True)
class _Source:
    title: str
    sentences: tuple[str, ...]


def passages_make(
    data_dir: Path, n_passages: int, *, seed: int = SEED, sets: Sequence[str] = SETS
) -> Iterator[MadePassage]:
    """Yield `n_passages` made passages; the first n of a longer corpus are the corpus of n."""
    by_set = [_sources(data_dir / "retrieval" / name / "corpus.jsonl") for name in sets]
    sizes = [sum(len(source.sentences) for source in sources) for sources in by_set]
    chance = random.Random(seed)
    for number in range(n_passages):
        (sources,) = chance.choices(by_set, sizes)
        home = chance.choice(sources)
        at = chance.randrange(len(home.sentences))
        kept = list(home.sentences[at : at + chance.randint(1, 3)])
        kept += [chance.choice(chance.choice(sources).sentences) for _ in range(chance.randint(1, 3))]
        yield MadePassage(f"made-{number:07d}", home.title, tuple(kept))


def questions_read(data_dir: Path, n_questions: int, *, seed: int = SEED) -> list[str]:
    """Return real questions of many kinds, shuffled the same way every time."""
    path = data_dir / "queries" / "load_questions_fr.jsonl"
    texts = [json.loads(line)["text"] for line in path.read_text(encoding="utf-8").splitlines()]
    random.Random(seed).shuffle(texts)
    return texts[:n_questions]


def _sources(path: Path) -> list[_Source]:
    from apps.rag.retrieval.sentences import sentences

    found: list[_Source] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        kept = tuple(sentence for sentence in sentences(row["text"]) if len(sentence) > 40)
        if kept:
            found.append(_Source(row["title"], kept))
    return found
