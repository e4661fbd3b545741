"""What every cross-encoder shares: what it reads of a passage, and that it loads once and fails by name."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Protocol

from apps.rag.errors import RerankerFailed
from apps.rag.types import Passage
from apps.rag.weights import WeightsUnusable, model_folder, packages_fault, short_name

# A passage has some 500 tokens and a question some 20; what a model reads it pays for with the square of the length.
MAX_TOKENS = 768
_MAX_CHARACTERS = 16 * MAX_TOKENS  # no token is longer


class PairScorer(Protocol):
    """A loaded model."""

    def __call__(self, pairs: Sequence[tuple[str, str]]) -> Sequence[float]:
        """Return one raw score a (question, passage) pair."""
        ...


class CrossEncoder:
    """Loads its model on first use, once per process, and scores one batch at a time."""

    def __init__(self, model: str) -> None:
        """Take a hub name or a folder. Raises RerankerFailed where the packages are not installed."""
        if fault := packages_fault(f"RERANKER={self.kind}"):
            raise RerankerFailed(fault)
        self._model = model
        self._lock = threading.Lock()

    kind = ""

    @property
    def name(self) -> str:
        """Return what distinguishes this model's order from another's."""
        return f"{self.kind}:{short_name(self._model)}"

    def score(self, question: str, passages: Sequence[Passage]) -> Sequence[float]:
        """Return one raw score (a logit) a passage, in the passages' order. Raises RerankerFailed."""
        if not passages:
            return ()
        pairs = [(question[:_MAX_CHARACTERS], text_of(passage)[:_MAX_CHARACTERS]) for passage in passages]
        with self._named_failures():
            return tuple(float(score) for score in self._scorer(pairs))

    def load(self) -> None:
        """Load the model, bringing it from the hub where it is not here yet. Raises RerankerFailed."""
        with self._named_failures():
            self._scorer([("compte", "compte")])

    @cached_property
    def _scorer(self) -> PairScorer:
        return self._open(model_folder("RERANKER_MODEL", self._model))

    def _open(self, folder: Path) -> PairScorer:
        raise NotImplementedError

    @contextmanager
    def _named_failures(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except WeightsUnusable as error:
                raise RerankerFailed(str(error)) from error
            except Exception as error:
                # torch, transformers, tokenizers and safetensors each raise whatever they like
                raise RerankerFailed from error


def text_of(passage: Passage) -> str:
    """Return a passage as a cross-encoder reads it: where it stands, then what it says."""
    place = ", ".join(filter(None, (passage.locator, *passage.heading_path[-1:])))
    return f"{place}\n{passage.text}" if place else passage.text


def require_reranker(folder: Path, n_labels: int) -> None:
    """Refuse what is no reranker: a mere encoder, which would get a random head, or a classifier of many classes.

    Raises WeightsUnusable.
    """
    made_as = json.loads((folder / "config.json").read_text(encoding="utf-8")).get("architectures") or []
    if n_labels != 1 or not any(name.endswith("ForSequenceClassification") for name in made_as):
        raise WeightsUnusable(f"RERANKER_MODEL: {folder.name} is no reranker (a model with one score for a pair).")


def readable_tokens(positions: int | None, offset: int) -> int:
    """Return how many tokens of a pair are read; `offset` positions are never used by RoBERTa's kind."""
    return min(MAX_TOKENS, (positions or MAX_TOKENS + offset) - offset)
