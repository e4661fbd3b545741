"""Finds an embedder's turn: the matrix that takes the vectors of questions towards the sentences that answer them.

A question and its answer are said in different words, and an embedder that was made to tell whether two sentences say
the same puts them apart. The turn maximises the likelihood of the relevant passage under a softmax over passages of its
dataset, each as near as its nearest sentence, and half as much over the vectors of whole passages (the contrastive loss
of Karpukhin and others, 2020, for the question's side alone). It stays near the identity. Pure formulas.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from apps.rag.ports import Vectors

Places = npt.NDArray[np.int64]

_STEPS, _RATE, _DECAY = 800, 3e-4, 3e-3
_SHARPNESS = 20.0
_PASSAGE_SHARE = 0.5
_BATCH, _N_OTHERS = 128, 500
_N_SEEDS = 3
_MANY = 1_500  # questions of a dataset, above which it is not drawn more often
_K = 10


@dataclass(frozen=True, slots=True)
class Pairs:
    """A dataset's questions (q, d) with the place of a relevant passage (q,); its passages (n, d) and their sentences
    (m, d), those of passage i from starts[i] on."""

    questions: Vectors
    relevant: Places
    passages: Vectors
    sentences: Vectors
    starts: Places

    def of(self, chosen: npt.NDArray[np.bool_]) -> Pairs:
        """Return the pairs of some of the questions."""
        return Pairs(self.questions[chosen], self.relevant[chosen], self.passages, self.sentences, self.starts)


@dataclass(frozen=True, slots=True)
class Nearness:
    """Means of recall@10 and MRR@10 of passages ranked by their nearest sentence alone."""

    recall: float
    mrr: float


def turn_fitted(datasets: Mapping[str, Pairs]) -> Vectors:
    """Return the turn (d, d), the mean of several runs."""
    turns = [_descended(tuple(datasets.values()), seed) for seed in range(_N_SEEDS)]
    return np.asarray(np.mean(turns, axis=0), dtype=np.float32)


def nearness(pairs: Pairs, turn: Vectors) -> Nearness:
    """Measure how near the turned questions are to the sentences that answer them."""
    scores = np.maximum.reduceat(pairs.questions @ turn @ pairs.sentences.T, pairs.starts, axis=1)
    own = scores[np.arange(len(scores)), pairs.relevant]
    ranks = 1 + (scores > own[:, None]).sum(axis=1)
    return Nearness(float((ranks <= _K).mean()), float(((ranks <= _K) / ranks).mean()))


def held_out(datasets: Mapping[str, Pairs]) -> dict[str, tuple[Nearness, Nearness]]:
    """Measure each dataset's second half before and after, by the turn that the first halves give.

    A dataset of one question has no second half, and is left out.
    """
    datasets = {name: pairs for name, pairs in datasets.items() if len(pairs.questions) > 1}
    halves = {name: np.arange(len(pairs.questions)) * 2 < len(pairs.questions) for name, pairs in datasets.items()}
    turn = turn_fitted({name: pairs.of(halves[name]) for name, pairs in datasets.items()})
    straight = np.eye(len(turn), dtype=np.float32)
    others = {name: pairs.of(~halves[name]) for name, pairs in datasets.items()}
    return {name: (nearness(pairs, straight), nearness(pairs, turn)) for name, pairs in others.items()}


def _descended(datasets: tuple[Pairs, ...], seed: int) -> Vectors:
    """Return the turn after Adam's steps (Kingma and Ba, 2015) over batches of one dataset each."""
    source = np.random.default_rng(seed)
    dimension = datasets[0].questions.shape[1]
    straight: Vectors = np.eye(dimension, dtype=np.float32)
    shift: Vectors = np.zeros_like(straight)
    first, second = np.zeros_like(straight), np.zeros_like(straight)
    odds = np.sqrt([min(len(pairs.questions), _MANY) for pairs in datasets])
    for step in range(1, _STEPS + 1):
        pairs = datasets[source.choice(len(datasets), p=odds / odds.sum())]
        turn = np.asarray(straight + shift, dtype=np.float32)
        slope = _slope(_drawn(pairs, source), turn) + _DECAY * shift
        first = np.asarray(0.9 * first + 0.1 * slope, dtype=np.float32)
        second = np.asarray(0.99 * second + 0.01 * slope**2, dtype=np.float32)
        stride = _RATE * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.99**step)) + 1e-8)
        shift = np.asarray(shift - stride, dtype=np.float32)
    return straight + shift


def _drawn(pairs: Pairs, source: np.random.Generator) -> Pairs:
    """Draw questions, their passages, and others that they must be told from."""
    n_questions, n_passages = len(pairs.questions), len(pairs.starts)
    asked = source.choice(n_questions, min(_BATCH, n_questions), replace=False)
    others = source.choice(n_passages, min(_N_OTHERS, n_passages), replace=False)
    places = np.union1d(pairs.relevant[asked], others)
    ends = np.append(pairs.starts[1:], len(pairs.sentences))
    rows = np.concatenate([np.arange(pairs.starts[place], ends[place]) for place in places])
    sizes = (ends - pairs.starts)[places]
    return Pairs(
        pairs.questions[asked],
        np.searchsorted(places, pairs.relevant[asked]),
        pairs.passages[places],
        pairs.sentences[rows],
        np.cumsum(sizes) - sizes,
    )


def _slope(pairs: Pairs, turn: Vectors) -> Vectors:
    asked = pairs.questions @ turn
    near = asked @ pairs.sentences.T
    best: Vectors = np.maximum.reduceat(near, pairs.starts, axis=1)
    whole = np.asarray(asked @ pairs.passages.T, dtype=np.float32)
    passage_of = np.repeat(np.arange(len(pairs.starts)), np.diff(np.append(pairs.starts, len(pairs.sentences))))
    pull = _excess(best, pairs.relevant)[:, passage_of] * (near >= best[:, passage_of]) @ pairs.sentences
    pull = pull + _PASSAGE_SHARE * _excess(whole, pairs.relevant) @ pairs.passages
    return np.asarray(pairs.questions.T @ pull / len(asked), dtype=np.float32)


def _excess(scores: Vectors, relevant: Places) -> Vectors:
    """Return by how much each passage is thought too likely (q, n)."""
    logits = _SHARPNESS * (scores - scores.max(axis=1, keepdims=True))
    odds = np.exp(logits)
    odds /= odds.sum(axis=1, keepdims=True)
    odds[np.arange(len(odds)), relevant] -= 1.0
    return np.asarray(odds, dtype=np.float32)
