"""What a question is on its way through retrieval, stage by stage, and small judgements on the way."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from apps.rag.calibration import EvidenceSigns
from apps.rag.config import RagConfig
from apps.rag.ports import Vectors
from apps.rag.rerankers.builtin import best_sentences
from apps.rag.retrieval.query import LexicalQuery, Preference, speaks_of_act
from apps.rag.retrieval.ranking import Candidates, SignTable
from apps.rag.retrieval.resolve import Resolved, Wanted
from apps.rag.retrieval.signs import Cues
from apps.rag.stores.postgres import FirstRound, Hydrated
from apps.rag.types import Hit, Question, RankedPassage, Ranking, SearchResult
from apps.rag.understanding.acts import COMMON_ACTS
from apps.rag.understanding.countries import countries_named
from apps.rag.understanding.editions import is_of_taxes
from apps.rag.understanding.intent import OUT_OF_SCOPE
from apps.rag.understanding.reading import ANY_ACT
from apps.rag.understanding.understand import Reading
from kauri.lib.text import fold

# The passages that carry an answer; further down, a match is chance.
_FIRST = 3
_OF_A_STATE = frozenset({"law", "case_law", "sample", "chart"})


@dataclass(frozen=True, slots=True)
class Asked:
    """A question on its way through retrieval."""

    question: Question
    reading: Reading
    query: LexicalQuery
    sought: tuple[Wanted, ...]
    config: RagConfig


@dataclass(frozen=True, slots=True)
class Found:
    """What the legs and PostgreSQL brought; `n_wanted` candidates were asked for, `admitted` came.

    `vector` is the question's, `towards` the same turned towards answers; `sentences` are the (n_sentences, dimension)
    vectors of their sentences.
    """

    legs: tuple[Ranking, ...]
    first: FirstRound
    vector: Vectors | None
    towards: Vectors | None
    admitted: Mapping[int, Hydrated]
    sentences: Mapping[int, Vectors]
    n_wanted: int

    @property
    def lacks_vectors(self) -> bool:
        """Tell whether vectors failed: the question's, the nearest ones where other legs found something, or those of
        the sentences of what was found."""
        has_failed = self.vector is None or self.first.have_vectors_failed
        return has_failed or (bool(self.admitted) and not (self.first.nearest and self.sentences))


@dataclass(frozen=True, slots=True)
class Weighed:
    """The candidates with the built-in scorer's verdict on each, by entry id, before a model has read them.

    `held` are the codes of the texts in scope where an article is missing: is its whole act?
    """

    candidates: Candidates
    preference: Preference
    cues: Cues
    scores: Mapping[int, float]
    held: AbstractSet[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Examined:
    """A search with the signs that order its candidates, and those of its evidence: None where a rule decides."""

    result: SearchResult
    table: SignTable
    evidence: EvidenceSigns | None


def wants(leg: str, legs: Sequence[str]) -> bool:
    return not legs or leg in legs


def chosen(rankings: tuple[Ranking, ...], legs: Sequence[str]) -> tuple[Ranking, ...]:
    return tuple(ranking for ranking in rankings if wants(ranking.leg, legs))


def refusal_reason(asked: Asked, resolved: Resolved, evidence: float, held: AbstractSet[str]) -> str:
    """Return why there is no answer, "" where there is one; `held` are the codes in scope where one is missing."""
    if asked.reading.understanding.intent == OUT_OF_SCOPE:
        return "out_of_scope"
    if evidence >= asked.config.evidence_threshold:
        return ""
    if not resolved.missing:
        return "no_evidence"
    is_held = any(each.kind != "article" or each.source in {*held, ANY_ACT} for each in resolved.missing)
    return "reference_not_found" if is_held else "act_not_held"


def is_of_act_asked(codes: tuple[str, ...], passages: Sequence[RankedPassage]) -> bool:
    """Tell whether the first passages speak for the acts that a question names: no other law answers for them.

    Samples may: they tell what an act says before the act itself is there.
    """
    first = [ranked.passage for ranked in passages[:_FIRST]]
    return not codes or any(passage.kind == "sample" or speaks_of_act(passage, codes) for passage in first)


def is_of_country_asked(question: str, passages: Sequence[RankedPassage]) -> bool:
    """Tell whether the first passages may speak for the states whose taxes a question asks for.

    A guide may be about another state's, and a common act fixes no tax; a law whose state nobody gave may be that one.
    """
    countries = countries_named(question) if is_of_taxes(fold(question)) else frozenset()
    first = [ranked.passage for ranked in passages[:_FIRST]]
    return not countries or any(
        passage.country in countries
        or (passage.country is None and passage.kind in _OF_A_STATE and passage.code not in COMMON_ACTS)
        or countries_named(f"{passage.document_title} {passage.text}") & countries
        for passage in first
    )


def stored_rankings(first: FirstRound, vector: Vectors | None) -> tuple[Ranking, ...]:
    rankings: list[Ranking] = []
    if first.by_reference:
        hits = tuple(Hit(hit.entry_id, 1.0) for hit in first.by_reference)
        rankings.append(Ranking("reference", hits, first.reference_ms))
    if vector is not None:
        rankings.append(Ranking("dense", first.nearest, first.nearest_ms))
    return tuple(rankings)


def sentence_rankings(found: Found) -> tuple[Ranking, ...]:
    """Rank admitted candidates by the sentence most like the question, and by the one and the first nearest to answers
    to it; nothing without vectors."""
    if found.vector is None or found.towards is None:
        return ()
    started = time.perf_counter()
    alike, _ = best_sentences(found.vector, found.sentences)
    best, first = best_sentences(found.towards, found.sentences)
    elapsed_ms = (time.perf_counter() - started) * 1e3
    legs = {"sentence": alike, "answer": best, "opening": first}
    return tuple(Ranking(leg, hits, elapsed_ms) for leg, hits in legs.items())


def timings(marks: Sequence[tuple[str, float, float]], rankings: Sequence[Ranking]) -> tuple[tuple[str, float], ...]:
    stages = [(name, (end - start) * 1e3) for name, start, end in marks]
    legs = [(ranking.leg, ranking.elapsed_ms) for ranking in rankings]
    return (*stages, *legs, ("total", (marks[-1][2] - marks[0][1]) * 1e3))
