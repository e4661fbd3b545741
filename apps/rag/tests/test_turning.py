"""The turn of questions: one that was hidden in made vectors is found again, on questions that took no part."""

from __future__ import annotations

import numpy as np
import pytest

from apps.rag.evaluation.turning import Nearness, Pairs, held_out, nearness, turn_fitted

DIMENSION, N_PASSAGES, N_SENTENCES = 16, 80, 3


def pairs(seed: int) -> Pairs:
    """Return questions that are some sentence of their passage, with as much that leads away from it."""
    source = np.random.default_rng(seed)
    sentences = source.normal(size=(N_PASSAGES * N_SENTENCES, DIMENSION)).astype(np.float32)
    sentences /= np.linalg.norm(sentences, axis=1, keepdims=True)
    starts = np.arange(0, len(sentences), N_SENTENCES)
    relevant = source.integers(0, N_PASSAGES, 400)
    said = sentences[starts[relevant] + source.integers(0, N_SENTENCES, 400)]
    questions = said + np.roll(said, 3, axis=1)
    passages = (np.add.reduceat(sentences, starts) / N_SENTENCES).astype(np.float32)
    return Pairs(questions, relevant, passages, sentences, starts)


def test_the_turn_that_was_hidden_is_found_for_questions_that_took_no_part() -> None:
    before, after = held_out({"one": pairs(1)})["one"]
    assert after.mrr > before.mrr + 0.1
    assert after.recall == 1.0


def test_questions_that_need_no_turn_get_hardly_any() -> None:
    made = pairs(2)
    straight = np.eye(DIMENSION, dtype=np.float32)
    plain = made.sentences[made.starts[made.relevant]]
    asked = Pairs(plain, made.relevant, made.passages, made.sentences, made.starts)
    assert nearness(asked, straight) == Nearness(1.0, 1.0)
    assert nearness(asked, turn_fitted({"one": asked})).mrr > 0.99


def test_a_passage_is_as_near_as_its_nearest_sentence() -> None:
    sentences = np.array([[1, 0], [0, 1], [0.8, 0.6], [0.8, 0.6]], dtype=np.float32)
    asked = np.array([[0, 1], [0.8, 0.6]], dtype=np.float32)
    made = Pairs(asked, np.array([0, 0]), sentences[[0, 2]], sentences, np.array([0, 2]))
    found = nearness(made, np.eye(2, dtype=np.float32))
    # the first question is the second sentence of its passage; the second one is nearer to the other passage
    assert found.recall == 1.0
    assert found.mrr == pytest.approx(0.75)
