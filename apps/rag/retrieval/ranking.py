"""The last stage: what PostgreSQL admitted, put in order."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace

from apps.rag.config import RagConfig
from apps.rag.retrieval.diversify import distinct
from apps.rag.retrieval.fit import Probe, fit
from apps.rag.retrieval.fusion import fuse_reciprocal, fuse_weighted, ranked
from apps.rag.retrieval.query import Preference, bonus
from apps.rag.retrieval.resolve import Resolved
from apps.rag.stores.postgres import Hydrated
from apps.rag.types import Hit, RankedPassage, Ranking

# Who asks for an article by its number wants that article, and at most a look around it.
_MAX_AKIN = 4
_DIGITS = re.compile(r"\D")


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
    legs = [ranking for ranking in rankings if ranking.leg != "reference"]
    if config.is_calibrated:
        return fuse_weighted(legs, asdict(config.weights), config.n_candidates)
    return fuse_reciprocal(legs, config.rrf_k)


def order(candidates: Candidates, preference: Preference, probe: Probe, config: RagConfig) -> tuple[RankedPassage, ...]:
    """Return the passages that leave the engine: exact references first, then by fused score, none twice."""
    fused = {hit.entry_id: hit.score for hit in fuse(candidates.rankings, config)}
    preferred = {
        entry_id: fused.get(entry_id, 0.0) + bonus(entry.passage, entry.references, preference, config)
        for entry_id, entry in candidates.admitted.items()
    }
    for hit in ranked(preferred)[: config.n_fitted]:
        preferred[hit.entry_id] += _fit_bonus(probe, candidates.admitted[hit.entry_id], config)
    exact = dict.fromkeys(candidates.resolved.entry_ids)
    first = exact | dict.fromkeys(candidates.resolved.near_ids)
    others = [hit.entry_id for hit in ranked(preferred) if hit.entry_id not in first]
    if exact and candidates.is_reference_search:
        others = [entry_id for entry_id in others if _is_akin(entry_id, exact, candidates)][:_MAX_AKIN]
    ids = [*first, *others]
    passages = distinct(
        (candidates.admitted[entry_id].passage for entry_id in ids),
        k=config.n_passages,
        overlap=config.duplicate_overlap,
        max_per_locator=config.max_per_locator,
    )
    scores = _scores_by_entry(candidates.rankings)
    return tuple(
        RankedPassage(
            passage=passage,
            rank=rank,
            score=preferred[passage.entry_id],
            leg_scores=tuple(scores.get(passage.entry_id, ())),
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


def _fit_bonus(probe: Probe, entry: Hydrated, config: RagConfig) -> float:
    found = fit(probe, entry.passage)
    total = config.coverage_bonus * found.coverage + config.window_bonus * found.window
    if entry.passage.plan:
        # what counts is the label, and of accounts of one label the one that holds the others is meant
        total += config.label_bonus * found.window - config.depth_malus * len(_DIGITS.sub("", entry.passage.locator))
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
