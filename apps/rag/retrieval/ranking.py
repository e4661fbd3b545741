"""The last stage: what PostgreSQL admitted, put in order."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields, replace
from uuid import UUID

import numpy as np

from apps.rag.calibration import RerankWeights
from apps.rag.config import RagConfig
from apps.rag.ports import Vectors
from apps.rag.retrieval.diversify import Limits, distinct
from apps.rag.retrieval.fit import fit
from apps.rag.retrieval.fusion import fuse_reciprocal, fuse_weighted, min_max, ranked
from apps.rag.retrieval.query import Preference, bonus
from apps.rag.retrieval.resolve import Resolved
from apps.rag.retrieval.signs import LEG_SIGNS, Cues, read_signs, reading_score
from apps.rag.stores.postgres import Hydrated
from apps.rag.types import Hit, Passage, RankedPassage, Ranking

_FUSED = ("bm25", "gram", "dense")
# Who asks for an article by its number wants that article, and at most a look around it.
_MAX_AKIN = 4
_DIGITS = re.compile(r"\D")
_NEAR = 5  # passages on either side that tell of what stands between them
_NEVER = 2.0  # a share that no two passages have in common


@dataclass(frozen=True, slots=True)
class Candidates:
    """Rankings of all legs, the admitted entries by id, and what the references led to."""

    rankings: tuple[Ranking, ...]
    admitted: Mapping[int, Hydrated]
    resolved: Resolved
    is_reference_search: bool


def fuse(rankings: Sequence[Ranking], config: RagConfig) -> tuple[Hit, ...]:
    """Fuse rankings by the calibrated weights, or by reciprocal rank where nothing is calibrated.

    Exact references take no part: they come first, whatever the others say.
    """
    legs = [ranking for ranking in rankings if ranking.leg in _FUSED]
    if config.is_calibrated:
        return fuse_weighted(legs, asdict(config.weights), config.n_candidates)
    return fuse_reciprocal(legs, config.rrf_k)


def fused_ranking(rankings: Sequence[Ranking], config: RagConfig) -> Ranking:
    """Return the leg "fused": the best `n_candidates` of the legs' weighted sum, before any passage is read."""
    started = time.perf_counter()
    hits = fuse(rankings, config)[: config.n_candidates]
    return Ranking("fused", hits, (time.perf_counter() - started) * 1e3)


def scored(candidates: Candidates, preference: Preference, cues: Cues, config: RagConfig) -> Mapping[int, float]:
    """Return the built-in scorer's verdict on each admitted candidate, by entry id: the default reranking.

    The legs and what the question prefers say which candidates are read; what is read in them is added.
    """
    by_legs, near = _by_legs(candidates.rankings, config), beside(candidates, config)
    preferred = {
        entry_id: by_legs.get(entry_id, 0.0)
        + config.rerank.beside * near.get(entry_id, 0.0)
        + bonus(entry.passage, entry.references, preference, config)
        for entry_id, entry in candidates.admitted.items()
    }
    for hit in ranked(preferred)[: config.n_fitted]:
        preferred[hit.entry_id] += _reading(cues, candidates.admitted[hit.entry_id].passage, config)
    return preferred


@dataclass(frozen=True, slots=True)
class SignTable:
    """Candidates with all their signs, in the order of RerankWeights' fields, and what the question's preference adds.

    `signs` is (n_candidates, n_signs), `added` (n_candidates,).
    """

    entry_ids: tuple[int, ...]
    signs: Vectors
    added: Vectors


def sign_table(candidates: Candidates, preference: Preference, cues: Cues, config: RagConfig) -> SignTable:
    """Read all admitted candidates; what `scored` sums, one by one."""
    names = [each.name for each in fields(RerankWeights)]
    by_leg = {**leg_signs(candidates.rankings, config), "beside": beside(candidates, config)}
    weightless = replace(config, rerank=RerankWeights())
    rows: list[list[float]] = []
    added: list[float] = []
    for entry_id, entry in candidates.admitted.items():
        read = read_signs(entry.passage, fit(cues.probe, entry.passage), cues)
        legs = {leg: values.get(entry_id, 0.0) for leg, values in by_leg.items()}
        rows.append([{**legs, **read}.get(name, 0.0) for name in names])
        preferred = bonus(entry.passage, entry.references, preference, config)
        added.append(preferred + _reading(cues, entry.passage, weightless))
    signs = np.array(rows, dtype=np.float32).reshape(len(rows), len(names))
    return SignTable(tuple(candidates.admitted), signs, np.array(added, dtype=np.float32))


def leg_signs(rankings: Sequence[Ranking], config: RagConfig) -> Mapping[str, Mapping[int, float]]:
    """Return by leg the signs, 0..1, of the entries that it names."""
    return {ranking.leg: min_max(ranking, config.n_candidates) for ranking in rankings if ranking.leg in LEG_SIGNS}


def beside(candidates: Candidates, config: RagConfig) -> Mapping[int, float]:
    """Return the sign, 0..1, of the candidates that stand near others in one text: what is told over several passages
    is found with any of them."""
    fused = next((ranking for ranking in candidates.rankings if ranking.leg == "fused"), None)
    shares = min_max(fused, config.n_candidates) if fused else {}
    texts: dict[UUID, list[tuple[int, int]]] = {}
    for entry_id, entry in candidates.admitted.items():
        texts.setdefault(entry.passage.version_id, []).append((entry.passage.ordinal, entry_id))
    found: dict[int, float] = {}
    for places in texts.values():
        places.sort()
        for n, (at, one) in enumerate(places):
            around = places[max(0, n - _NEAR) : n + _NEAR + 1]
            near = [shares.get(other, 0.0) for place, other in around if other != one and abs(place - at) <= _NEAR]
            found[one] = max(near, default=0.0)
    return found


def _by_legs(rankings: Sequence[Ranking], config: RagConfig) -> dict[int, float]:
    weights = {leg: getattr(config.rerank, leg) for leg in LEG_SIGNS}
    signs = leg_signs(rankings, config)
    if not config.is_calibrated:
        # nobody knows what a new embedder's legs are worth: their ranks stand for all of them
        fused = Ranking("", fuse(rankings, config), 0.0)
        signs, weights = {"": min_max(fused, len(fused.hits))}, {"": sum(weights.values())}
    total: dict[int, float] = {}
    for leg, values in signs.items():
        for entry_id, value in values.items():
            total[entry_id] = total.get(entry_id, 0.0) + weights[leg] * value
    return total


def blend(scores: Mapping[int, float], model_scores: Mapping[int, float], config: RagConfig) -> Mapping[int, float]:
    """Return the scores with a reranking model's verdict added, both min-max normalised over what the model read.

    What it did not read keeps its place below; without model scores the scores are what they were.
    """
    read = {entry_id: scores[entry_id] for entry_id in model_scores if entry_id in scores}
    if not read:
        return scores
    own, said = _unit(read), _unit({entry_id: model_scores[entry_id] for entry_id in read})
    share = config.model_share
    mixed = {entry_id: (1.0 - share) * own[entry_id] + share * said[entry_id] for entry_id in read}
    low = min(read.values())
    width = (max(read.values()) - low) or 1.0
    # back on the scale of the others, which the model did not read
    return {**scores, **{entry_id: low + width * value for entry_id, value in mixed.items()}}


def order(candidates: Candidates, scores: Mapping[int, float], config: RagConfig) -> tuple[RankedPassage, ...]:
    """Return the passages that leave the engine: exact references first, then by score, none twice."""
    preferred = {entry_id: scores.get(entry_id, 0.0) for entry_id in candidates.admitted}
    exact = dict.fromkeys(candidates.resolved.entry_ids)
    first = exact | dict.fromkeys(candidates.resolved.near_ids)
    others = [hit.entry_id for hit in ranked(preferred) if hit.entry_id not in first]
    if exact and candidates.is_reference_search:
        others = [entry_id for entry_id in others if _is_akin(entry_id, exact, candidates)][:_MAX_AKIN]
    ids = [*first, *others]
    passages = distinct(
        (candidates.admitted[entry_id].passage for entry_id in ids),
        k=config.n_passages,
        limits=Limits(
            config.duplicate_overlap if config.is_merged else _NEVER,
            config.max_per_locator,
            config.max_per_document if config.is_merged else config.n_candidates,
        ),
    )
    of_legs = _scores_by_entry(candidates.rankings)
    return tuple(
        RankedPassage(
            passage=passage,
            rank=rank,
            score=preferred[passage.entry_id],
            leg_scores=tuple(of_legs.get(passage.entry_id, ())),
            is_exact_reference=passage.entry_id in exact,
        )
        for rank, passage in enumerate(passages, start=1)
    )


def official_first(
    passages: tuple[RankedPassage, ...], judge: Callable[[Sequence[RankedPassage]], float], config: RagConfig
) -> tuple[RankedPassage, ...]:
    """Put samples last wherever other texts answer too: they are there for a corpus that has nothing else yet.

    `judge` returns the evidence of passages. Texts answer when theirs is above the threshold, and not far below that
    of the samples, which say things in a reader's words.
    """
    samples = [ranked for ranked in passages if ranked.passage.kind == "sample"]
    official = [ranked for ranked in passages if ranked.passage.kind != "sample"]
    if not samples or not official:
        return passages
    needed = max(config.evidence_threshold, judge(samples) - config.official_margin)
    falls_short = official[0].score < config.official_share * (samples[0].score + config.sample_malus)
    if falls_short or judge(official) < needed:
        return passages
    return tuple(replace(ranked, rank=rank) for rank, ranked in enumerate((*official, *samples), start=1))


def _unit(scores: Mapping[int, float]) -> dict[int, float]:
    return min_max(Ranking("", ranked(scores), 0.0), len(scores))


def _reading(cues: Cues, passage: Passage, config: RagConfig) -> float:
    found = fit(cues.probe, passage)
    total = reading_score(passage, found, cues, config.rerank)
    if passage.plan:
        # what counts is the label, and of accounts of one label the one that holds the others is meant
        total += config.label_bonus * found.window - config.depth_malus * len(_DIGITS.sub("", passage.locator))
    return total + config.definition_bonus * found.definition


def _is_akin(entry_id: int, exact: Iterable[int], candidates: Candidates) -> bool:
    """Tell whether a passage belongs to what was asked for by its number: the same text, or an account under it."""
    passage = candidates.admitted[entry_id].passage
    named = [candidates.admitted[each].passage for each in exact]
    if passage.plan:
        return any(other.plan == passage.plan and passage.locator.startswith(other.locator) for other in named)
    return any(other.version_id == passage.version_id for other in named)


def _scores_by_entry(rankings: Sequence[Ranking]) -> dict[int, list[tuple[str, float]]]:
    scores: dict[int, list[tuple[str, float]]] = {}
    for ranking in rankings:
        for hit in ranking.hits:
            scores.setdefault(hit.entry_id, []).append((ranking.leg, hit.score))
    return scores
