"""The last stage: what PostgreSQL admitted, put in order."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass

from apps.rag.config import RagConfig
from apps.rag.retrieval.diversify import distinct
from apps.rag.retrieval.fusion import fuse_reciprocal, fuse_weighted, ranked
from apps.rag.retrieval.query import Preference, bonus
from apps.rag.retrieval.resolve import Resolved
from apps.rag.stores.postgres import Hydrated
from apps.rag.types import Hit, RankedPassage, Ranking

# Who asks for an article by its number wants that article, and at most a look around it.
_MAX_AKIN = 4


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


def order(candidates: Candidates, preference: Preference, config: RagConfig) -> tuple[RankedPassage, ...]:
    """Return the passages that leave the engine: exact references first, then by fused score, none twice."""
    fused = {hit.entry_id: hit.score for hit in fuse(candidates.rankings, config)}
    preferred = {
        entry_id: fused.get(entry_id, 0.0) + bonus(entry.passage, entry.references, preference, config)
        for entry_id, entry in candidates.admitted.items()
    }
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
