"""Reads the body of an embeddings endpoint's reply, and believes nothing of it."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from apps.rag.embedders.faults import Again, named
from apps.rag.errors import EmbedderMisconfigured
from apps.rag.ports import Vectors


def read_vectors(body: bytes, *, n_texts: int, dimension: int) -> Vectors:
    """Return (n_texts, dimension) float32 rows of length 1, in the order in which the texts were sent.

    Raises Again for what may come better, EmbedderMisconfigured for vectors of another length, and what `named`
    says for an error in the place of vectors.
    """
    try:
        reply = json.loads(body)
    except ValueError as error:
        raise Again from error
    if isinstance(reply, dict) and reply.get("error"):
        raise named(0, reply, {})
    rows = _rows(reply, n_texts)
    lengths = {len(row) for row in rows}
    if lengths - {dimension}:
        sentence = _("The embedding endpoint gives vectors of length {found} where EMBEDDER_DIMENSION says {said}.")
        found = ", ".join(map(str, sorted(lengths - {dimension})))
        raise EmbedderMisconfigured(format_lazy(sentence, found=found, said=dimension))
    return _unit(rows)


def _rows(reply: Any, n_texts: int) -> list[list[float]]:
    try:
        found = {int(each.get("index", at)): list(each["embedding"]) for at, each in enumerate(reply["data"])}
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise Again from error
    if sorted(found) != list(range(n_texts)):
        raise Again
    return [found[at] for at in range(n_texts)]


def _unit(rows: list[list[float]]) -> Vectors:
    try:
        vectors = np.array(rows, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise Again from error
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if not np.isfinite(lengths).all() or not (lengths > 0).all():
        raise Again
    unit: Vectors = vectors / lengths
    return unit
