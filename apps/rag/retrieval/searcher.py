"""Takes a question through retrieval: legs, fusion, hydration, ranking, evidence."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

from apps.rag.config import RagConfig, overridden
from apps.rag.ports import Vectors
from apps.rag.rerankers.stage import RerankStage
from apps.rag.retrieval.evidence import evidence_of, signs_of
from apps.rag.retrieval.fit import probe_of
from apps.rag.retrieval.fusion import ranked
from apps.rag.retrieval.legs import Legs
from apps.rag.retrieval.query import lexical_query, preference_of
from apps.rag.retrieval.ranking import (
    Candidates,
    blend,
    fused_ranking,
    official_first,
    order,
    scored,
    sign_table,
)
from apps.rag.retrieval.resolve import are_told, lookup_keys, resolve, wanted
from apps.rag.retrieval.signs import Letters, cues_of
from apps.rag.retrieval.stages import (
    Asked,
    Examined,
    Found,
    Weighed,
    chosen,
    is_of_act_asked,
    is_of_country_asked,
    refusal_reason,
    sentence_rankings,
    stored_rankings,
    timings,
    wants,
)
from apps.rag.stores.postgres import FirstRound
from apps.rag.tracing import stage
from apps.rag.types import Question, RankedPassage, Ranking, SearchResult
from apps.rag.understanding.editions import scope_meant, words_sought
from apps.rag.understanding.intent import CONVERSATION, REFERENCE_SEARCH
from apps.rag.understanding.reading import ANY_ACT
from apps.rag.understanding.rewriting import plain
from apps.rag.understanding.understand import Reading, on_day, understand


class Searcher:
    """Finds the passages for a question. Safe for any number of questions at once."""

    def __init__(self, legs: Legs, config: RagConfig, rerank: RerankStage | None) -> None:
        self.rerank = rerank
        self._legs, self._config = legs, config

    async def search(self, question: Question, reading: Reading, started: float) -> SearchResult:
        """Find the passages for a question, under way since `started` (perf_counter). Raises RetrievalUnavailable."""
        scope = scope_meant(question, reading.understanding.as_of_hint)
        meant = scope.as_of if scope.as_of != question.scope.as_of else None
        # whoever shows the result says whose law it is
        reading = on_day(reading, scope.as_of)
        reading = replace(reading, understanding=replace(reading.understanding, as_of_hint=meant))
        question = replace(question, scope=scope)
        marks = [("understand", started, time.perf_counter())]
        if not question.scope.namespaces or reading.understanding.intent == CONVERSATION:
            return self._nothing(question, reading, marks)
        asked = await self._asked(question, reading)
        with stage("hybrid_search"):
            return await self._retrieved(asked, marks)

    async def examine(self, question: Question) -> Examined:
        """Search without a model, and return what ranking and evidence are made of. Raises RetrievalUnavailable."""
        asked = await self._asked(question, read(question))
        now = time.perf_counter()
        marks = [("understand", now, now)]
        found = await self._found(asked, marks)
        weighed = await self._weighed_with_acts(asked, found)
        result = await asyncio.to_thread(self._ranked, asked, found, weighed, {}, marks)
        resolved = weighed.candidates.resolved
        is_by_rule = resolved.entry_ids or resolved.missing or result.refusal_reason == "out_of_scope"
        standalone = asked.reading.understanding.standalone
        signs = signs_of(standalone, weighed.cues.probe, result.passages, result.rankings)
        table = sign_table(weighed.candidates, weighed.preference, weighed.cues, asked.config)
        return Examined(result, table, None if is_by_rule or not result.evidence else signs)

    async def _retrieved(self, asked: Asked, marks: list[tuple[str, float, float]]) -> SearchResult:
        found = await self._found(asked, marks)
        with stage("reranking"):
            weighed = await self._weighed_with_acts(asked, found)
            model_scores = await self._model_scores(asked, weighed)
            return await asyncio.to_thread(self._ranked, asked, found, weighed, model_scores, marks)

    async def _found(self, asked: Asked, marks: list[tuple[str, float, float]]) -> Found:
        question = asked.question
        # the vectors first: a search by words holds the interpreter for a millisecond before the index takes over, and
        # the statement that takes the longest would wait for it
        (vector, towards, first), lexical = await asyncio.gather(
            self._stored(asked), self._legs.lexical(asked.query, question.scope)
        )
        marks.append(("legs", marks[-1][2], time.perf_counter()))
        legs = chosen((*lexical, *stored_rankings(first, vector)), question.overrides.legs)
        legs = (*legs, fused_ranking(legs, asked.config))
        ids = self._candidate_ids(legs[-1], first)
        admitted = await self._legs.hydrate(question.scope, ids)
        marks.append(("hydrate", marks[-1][2], time.perf_counter()))
        # for ranking alone, and of what was admitted; beside the hydration they took as long as after it
        sentences = await self._legs.sentences(list(admitted)) if vector is not None else {}
        marks.append(("sentences", marks[-1][2], time.perf_counter()))
        return Found(legs, first, vector, towards, admitted, sentences, len(ids))

    async def _asked(self, question: Question, reading: Reading) -> Asked:
        references = reading.understanding.references
        needs_codes = any(reference.source == ANY_ACT for reference in references)
        codes = await self._legs.codes(question.scope) if needs_codes else frozenset()
        config = overridden(self._config, question.overrides)
        with stage("query_reformulation"):
            query = lexical_query(words_sought(question.text, question.scope.as_of), reading.context, config)
        return Asked(question, reading, query, wanted(references, codes), config)

    async def _stored(self, asked: Asked) -> tuple[Vectors | None, Vectors | None, FirstRound]:
        legs = asked.question.overrides.legs
        standalone = asked.reading.understanding.standalone
        vector = await self._legs.embed(standalone) if wants("dense", legs) else None
        towards = self._legs.towards_answers(vector) if vector is not None else None
        first = await self._legs.first_round(asked.question.scope, lookup_keys(asked.sought), towards)
        return vector, towards, first

    def _candidate_ids(self, fused: Ranking, first: FirstRound) -> list[int]:
        ids = dict.fromkeys(hit.entry_id for hit in first.by_reference)
        return list(ids | dict.fromkeys(hit.entry_id for hit in fused.hits[: self._config.n_hydrated]))

    async def _weighed_with_acts(self, asked: Asked, found: Found) -> Weighed:
        weighed = await asyncio.to_thread(self._weighed, asked, found)
        if not weighed.candidates.resolved.missing:
            return weighed
        return replace(weighed, held=await self._legs.codes(asked.question.scope))

    def _weighed(self, asked: Asked, found: Found) -> Weighed:
        admitted = found.admitted
        resolved = resolve(asked.sought, found.first.by_reference, admitted, frozenset(asked.query.asked))
        rankings = (*found.legs, *sentence_rankings(found))
        preference = preference_of(asked.question, asked.reading, asked.query)
        by_number = asked.reading.understanding.intent == REFERENCE_SEARCH
        frequencies, n_documents = self._legs.frequencies(list(asked.query.asked))
        probe = probe_of(
            asked.query.asked,
            asked.query.meanings,
            frequencies,
            n_documents,
            is_definition=preference.is_definition,
            told_apart=preference.told_apart,
        )
        candidates = Candidates(rankings, admitted, resolved, by_number)
        letters = Letters(asked.query.grams, *self._legs.frequencies(asked.query.grams, "grams"))
        cues = cues_of(plain(asked.question.text), probe, letters, preference.answer_kind)
        if not asked.config.is_reranked:
            return Weighed(candidates, preference, cues, {hit.entry_id: hit.score for hit in found.legs[-1].hits})
        return Weighed(candidates, preference, cues, scored(candidates, preference, cues, asked.config))

    async def _model_scores(self, asked: Asked, weighed: Weighed) -> Mapping[int, float] | None:
        """Return a cross-encoder's scores of the best candidates, by entry id: {} where there is none, None if late."""
        if self.rerank is None or not asked.config.is_reranked or weighed.candidates.is_reference_search:
            return {}
        best = ranked(weighed.scores)[: asked.config.n_reranked]
        passages = [weighed.candidates.admitted[hit.entry_id].passage for hit in best]
        return await self.rerank.scores_in_time(asked.reading.understanding.standalone, passages)

    def _ranked(
        self,
        asked: Asked,
        found: Found,
        weighed: Weighed,
        model_scores: Mapping[int, float] | None,
        marks: list[tuple[str, float, float]],
    ) -> SearchResult:
        resolved = weighed.candidates.resolved
        scores = blend(weighed.scores, model_scores or {}, asked.config)
        passages = order(weighed.candidates, scores, asked.config)
        judge = partial(self._evidence, weighed, asked.reading.understanding.standalone)
        if asked.config.is_reranked:
            passages = official_first(passages, judge, asked.config)
        evidence = judge(passages)
        is_of_asked = is_of_act_asked(asked.reading.codes, passages) and is_of_country_asked(
            asked.question.text, passages
        )
        if not resolved.entry_ids and not is_of_asked:
            evidence = 0.0
        reason = refusal_reason(asked, resolved, evidence, weighed.held)
        marks.append(("rank", marks[-1][2], time.perf_counter()))
        return SearchResult(
            understanding=asked.reading.understanding,
            passages=passages,
            rankings=weighed.candidates.rankings,
            evidence=evidence,
            is_answerable=not reason,
            refusal_reason=reason,
            degraded=self._degraded(found, asked.question.overrides.legs, model_scores),
            dropped=found.n_wanted - len(found.admitted),
            index_revision=self._legs.revision,
            timings_ms=timings(marks, weighed.candidates.rankings),
        )

    def _evidence(self, weighed: Weighed, standalone: str, passages: Sequence[RankedPassage]) -> float:
        """Return the evidence, 0..1, that the passages answer the question."""
        resolved = weighed.candidates.resolved
        if resolved.entry_ids:
            return 1.0
        if resolved.missing or not passages:
            # another article is no answer to a question for this one; what tells of an account outside a chart is
            return float(bool(passages) and are_told(resolved.missing, [ranked.passage.text for ranked in passages]))
        signs = signs_of(standalone, weighed.cues.probe, passages, weighed.candidates.rankings)
        return evidence_of(signs, self._config)

    def _degraded(self, found: Found, legs: Sequence[str], model_scores: Mapping[int, float] | None) -> tuple[str, ...]:
        """Name what is missing of what was asked for; `legs` are those asked for, all when empty."""
        marks: list[str] = []
        if not self._legs.has_embedder:
            marks.append("lexical_only")
        elif wants("dense", legs) and found.lacks_vectors:
            marks.append("vectors_unavailable")
        if wants("bm25", legs) and not any(ranking.leg == "bm25" for ranking in found.legs):
            marks.append("full_text_unavailable")
        if model_scores is None:
            marks.append("rerank_unavailable")
        return tuple(marks)

    def _nothing(self, question: Question, reading: Reading, marks: list[tuple[str, float, float]]) -> SearchResult:
        reason = "" if reading.understanding.intent == CONVERSATION else "empty_scope"
        return SearchResult(
            understanding=reading.understanding,
            passages=(),
            rankings=(),
            evidence=0.0,
            is_answerable=not reason,
            refusal_reason=reason,
            degraded=(),
            dropped=0,
            index_revision=self._legs.revision,
            timings_ms=timings(marks, ()),
        )


def read(question: Question) -> Reading:
    """Read a question by rule."""
    with stage("intent_classification"):
        return understand(question)
