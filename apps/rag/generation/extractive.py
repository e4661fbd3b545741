"""The built-in answerer: the sentences of the texts that answer best, quoted word for word and cited.

It returns a draft whose markers count `result.passages` from 1; the draft goes through the same checks as a
model's. It states nothing of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import override

from apps.rag.calibration.answers import AnswerModels
from apps.rag.config import RagConfig
from apps.rag.generation import wording
from apps.rag.generation.article_answers import articles
from apps.rag.generation.asked import Wanted, wanted
from apps.rag.generation.chart_answers import best_row, chart_answer, class_answer, is_named, meant_too, says_all
from apps.rag.generation.chart_rows import ChartRow, chart_rows, is_chart
from apps.rag.generation.choosing import Candidate, Found, Side, candidates_of, chosen, found_in, sides
from apps.rag.generation.excerpts import Excerpt, Weights, excerpt, weigh
from apps.rag.generation.markers import markers
from apps.rag.generation.quoting import quotation
from apps.rag.generation.sourcing import (
    acts_sought,
    asks_texts,
    institutions_named,
    is_missing,
    is_of,
    is_of_other_act,
    names,
)
from apps.rag.types import Question, RankedPassage, Reference, SearchResult
from apps.rag.understanding.accountsasked import asks_else
from apps.rag.understanding.references import says_account

_N_CANDIDATES = 6  # passages that are read closely
_N_COMPARED = 10  # the same where two things are compared: what tells of the second comes later
_MAX_SOURCES = 3
_N_CLOSE = 3
_NEAR_SHARE = 0.6
_RIVAL_SHARE = 0.75  # of an account that is named in full, at which another one may be meant all the same
_READ_CHARS = 1_200  # of each passage where it is decided which are quoted
_EXCERPT_CHARS = (0, 1_400, 900, 800, 600)  # of each passage that is quoted, by how many are
_WHOLE_CHARS = (0, 1_800, 1_200, 1_000, 900)  # up to which one is quoted whole


def draft(question: Question, result: SearchResult, config: RagConfig | None = None) -> str:
    """Return the answer in Markdown, "" when no passage answers."""
    with override(question.language):
        paragraphs = (
            []
            if is_missing(question, result)
            else _paragraphs(question, result, _models(result, config or RagConfig()))
        )
        text = "\n\n".join(paragraphs)
        note = _samples_note(text, result.passages)
    return f"{text}\n\n{note}" if note else text


def considered(question: Question, result: SearchResult) -> tuple[Candidate, ...]:
    """Return the passages that an answer is chosen from, () where it is no choice: what the models are fitted on."""
    asked = wanted(question, result.understanding)
    is_by_rule = any(ranked.is_exact_reference for ranked in result.passages) or is_missing(question, result)
    is_of_another_kind = _is_of_chart(asked, result.passages) or asks_texts(question, result)
    if not result.passages or is_by_rule or is_of_another_kind or asked.kind == "comparison":
        return ()
    found, read = found_in(result), _read_closely(question, result).read
    weights = weigh(asked, [result.passages[index].passage for index in read])
    return candidates_of(asked, found, _excerpts(asked, result.passages, read, weights, _READ_CHARS))


def _models(result: SearchResult, config: RagConfig) -> AnswerModels:
    has_vectors = any(leg == "sentence" for ranked in result.passages for leg, _score in ranked.leg_scores)
    return config.answers if has_vectors else config.lexical_answers


def _paragraphs(question: Question, result: SearchResult, models: AnswerModels) -> list[str]:
    asked = wanted(question, result.understanding)
    passages, references = result.passages, result.understanding.references
    found = found_in(result)
    exact = [index for index, ranked in enumerate(passages) if ranked.is_exact_reference]
    rows = chart_rows(passages)
    exact_rows = [row for row in rows if row.index in exact]
    if exact_rows:
        return class_answer(exact_rows, references) or chart_answer(exact_rows, (), rows)
    if exact and asked.kind == "article":
        return articles(asked, passages, exact, references)
    if _is_of_chart(asked, passages):
        near = [row for row in rows if passages[row.index].score >= _NEAR_SHARE * passages[0].score]
        if not is_named(asked, near):
            return []
        best = best_row(asked, near, passages)
        others = [row for row in near if row is not best]
        rival = max((passages[row.index].score for row in others), default=0.0)
        is_ahead = rival < _RIVAL_SHARE * passages[best.index].score
        is_plain = best.is_class or (says_all(asked, best) and not asked.asks_account and is_ahead)
        return chart_answer([best], [] if is_plain else meant_too(asked, others, best), rows)
    exact = exact or _telling(references, passages)
    if asks_texts(question, result):
        return _sources(asked, found, _read_closely(question, result), models)
    n_read = _N_COMPARED if asked.kind == "comparison" else _N_CANDIDATES
    reading = _read_closely(question, result, n_read)
    if not exact and is_of_other_act(question, [passages[index].passage for index in reading.read[:_MAX_SOURCES]]):
        return []
    return _quotes(asked, found, exact, reading, models)


def _is_of_chart(asked: Wanted, passages: Sequence[RankedPassage]) -> bool:
    """Tell whether an account or a class of a chart comes first and is what is asked for."""
    rows = chart_rows(passages[:1]) or _rows_said(asked, passages)
    is_meant = asked.asks_account or asked.kind in ("account", "class") or not asks_else(asked.folded)
    is_of_rows = bool(rows) and is_meant and not asked.must_say and not asked.asks_entry
    return is_of_rows and not _wants_prose(asked, passages)


def _rows_said(asked: Wanted, passages: Sequence[RankedPassage]) -> list[ChartRow]:
    """Return the accounts close behind running text whose labels a question for an account says whole."""
    if not asked.asks_account or asked.kind in ("account", "class", "comparison"):
        return []
    close = [ranked for ranked in passages[:_N_CLOSE] if ranked.score >= _NEAR_SHARE * passages[0].score]
    return [row for row in chart_rows(close) if not row.is_class and says_all(asked, row)]


def _telling(references: Sequence[Reference], passages: Sequence[RankedPassage]) -> list[int]:
    """Return the running text that tells of accounts asked for by number, of which no chart has a row."""
    numbers = [each.number for each in references if each.kind == "account"]
    running = [(i, ranked.passage.text) for i, ranked in enumerate(passages) if not is_chart(ranked.passage)]
    telling = [index for index, text in running if any(says_account(number, text) for number in numbers)]
    return telling[:_MAX_SOURCES]


def _wants_prose(asked: Wanted, passages: Sequence[RankedPassage]) -> bool:
    """Tell whether a definition is asked for, and not of an account, and there is running text to take it from."""
    is_about_accounts = asked.asks_account or asked.kind in ("account", "class")
    return asked.kind == "definition" and not is_about_accounts and any(not is_chart(r.passage) for r in passages[:3])


@dataclass(frozen=True, slots=True)
class _Reading:
    """The passages that are read closely, by their index; `is_named` tells that the question names their act."""

    read: tuple[int, ...]
    is_named: bool


def _read_closely(question: Question, result: SearchResult, n_read: int = _N_CANDIDATES) -> _Reading:
    """Choose the first passages of running text; a row of a chart is no sentence to quote.

    Where acts are named it is they that must answer, or texts about them; where an institution is, what names it.
    """
    passages = result.passages
    running = [index for index, ranked in enumerate(passages) if not is_chart(ranked.passage)]
    codes = acts_sought(question, result)
    named = [index for index in running if codes and is_of(passages[index].passage, codes)]
    institutions = frozenset() if named else institutions_named(question)
    if institutions:
        running = [index for index in running if names(passages[index].passage, institutions)]
    chosen_from = named or running or ([] if institutions else list(range(len(passages[:1]))))
    return _Reading(tuple(chosen_from[:n_read]), is_named=bool(named or institutions))


def _quotes(asked: Wanted, found: Found, exact: Sequence[int], reading: _Reading, models: AnswerModels) -> list[str]:
    passages, read = found.passages, list(exact) or reading.read
    weights = weigh(asked, [passages[index].passage for index in read])
    first = _excerpts(asked, passages, read, weights, _READ_CHARS)
    is_compared = asked.kind == "comparison" and not exact
    compared = sides(asked, found, first, models) if is_compared else []
    if is_compared:
        quoted = compared
    elif exact:
        quoted = [Side("", each) for each in first[:_MAX_SOURCES]]
    else:
        is_named = reading.is_named and not asked.must_say
        quoted = [Side("", each) for each in chosen(asked, found, first, models, is_named=is_named)]
    paragraphs: list[str] = []
    for position, side in enumerate(quoted):
        passage = passages[side.excerpt.index].passage
        # the more passages are quoted, the less is quoted of each but the likeliest
        n_beside = len(quoted) if position or compared else 1
        limits = {"max_chars": _EXCERPT_CHARS[n_beside], "whole_chars": _WHOLE_CHARS[n_beside]}
        final = excerpt(side.excerpt.index, passage, asked, weights, **limits) or side.excerpt
        words = quotation(passage, final)
        is_first = position == 0 or bool(compared)
        paragraphs.append(
            wording.on_side(side.form, passage, words)
            if side.form
            else wording.according_to(passage, words, is_first=is_first)
        )
    return paragraphs


def _sources(asked: Wanted, found: Found, reading: _Reading, models: AnswerModels) -> list[str]:
    """Name the documents that deal with a matter, each with its words on it."""
    passages = found.passages
    weights = weigh(asked, [passages[index].passage for index in reading.read])
    excerpts = _excerpts(asked, passages, reading.read, weights, _EXCERPT_CHARS[_MAX_SOURCES])
    if not reading.is_named and not chosen(asked, found, excerpts, models):
        return []
    by_document: dict[object, Excerpt] = {}
    # what an act is for stands in its first articles
    for each in sorted(excerpts, key=lambda e: passages[e.index].passage.ordinal) if reading.is_named else excerpts:
        by_document.setdefault(passages[each.index].passage.document_id, each)
    named = list(by_document.values())[:_MAX_SOURCES]
    if len(named) == 1:
        named = excerpts[:_MAX_SOURCES]
    return [
        wording.according_to(
            passages[each.index].passage, quotation(passages[each.index].passage, each), is_first=position == 0
        )
        for position, each in enumerate(named)
    ]


def _excerpts(
    asked: Wanted, passages: Sequence[RankedPassage], read: Sequence[int], weights: Weights, max_chars: int
) -> list[Excerpt]:
    made = [excerpt(index, passages[index].passage, asked, weights, max_chars=max_chars) for index in read]
    return [each for each in made if each is not None]


def _samples_note(text: str, passages: Sequence[RankedPassage]) -> str:
    cited = {number for marker in markers(text) for number in marker.numbers}
    n_samples = sum(passages[number - 1].passage.kind == "sample" for number in cited)
    return wording.samples_note(n_samples, len(cited)) if n_samples else ""
