"""What an article says: its own words, whole where they are not too long."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from apps.rag.generation import wording
from apps.rag.generation.asked import Wanted
from apps.rag.generation.excerpts import Excerpt, excerpt, terms_of, weigh, whole
from apps.rag.generation.parts import first_section, section_of
from apps.rag.generation.quoting import quotation
from apps.rag.types import Passage, RankedPassage, Reference

_MAX_ARTICLE_CHARS = 2_000
_LEAST_CHARS = 420
_NUMBER = re.compile(r"\bart\. (\S+)")


@dataclass(frozen=True, slots=True)
class _Article:
    """A passage as the article that is meant: its own, or one that stands inside its text within a range."""

    passage: Passage
    within: tuple[int, int]


def articles(
    asked: Wanted, passages: Sequence[RankedPassage], exact: Sequence[int], references: Sequence[Reference]
) -> list[str]:
    """Quote whole articles, each part of one that was cut in several passages in turn.

    Of one that is too long to quote, what it says of the rest of the question.
    """
    paragraphs: list[str] = []
    left = _MAX_ARTICLE_CHARS
    for index in sorted(exact, key=lambda i: (_first_rank(passages, exact, i), passages[i].passage.ordinal)):
        if left < _LEAST_CHARS and paragraphs:
            paragraphs.append(wording.article_goes_on())
            break
        article = _meant(passages[index].passage, references)
        found, is_whole = _quoted(index, article, asked, left)
        left -= sum(end - start for start, end in found.ranges)
        paragraphs.append(wording.article_says(article.passage, quotation(article.passage, found)))
        if not is_whole:
            paragraphs.append(wording.article_goes_on())
    return paragraphs


def _meant(passage: Passage, references: Sequence[Reference]) -> _Article:
    """Find the article that is asked for where it stands inside the passage of the one before it."""
    own = _NUMBER.search(passage.locator)
    for reference in references:
        inside = section_of(passage.text, reference.number) if reference.kind == "article" else None
        if inside and own and own[1] != reference.number:
            return _Article(replace(passage, locator=f"{passage.code} art. {reference.number}"), inside)
    return _Article(passage, first_section(passage.text))


def _quoted(index: int, article: _Article, asked: Wanted, max_chars: int) -> tuple[Excerpt, bool]:
    start, end = article.within
    if (
        end - start > max_chars
        and (start, end) == (0, len(article.passage.text))
        and _asks_more(asked, article.passage)
    ):
        weights = weigh(asked, [article.passage])
        found = excerpt(index, article.passage, asked, weights, max_chars=max_chars)
        if found is not None:
            return found, False
    return whole(index, article.passage.text, max_chars=max_chars, within=article.within)


def _asks_more(asked: Wanted, passage: Passage) -> bool:
    """Tell whether a question says more than which article it means, and the article speaks of that."""
    own = {term for term, weight in asked.weights if weight == 1.0 and not term[0].isdigit() and len(term) > 3}
    return bool((own - {"articl"}) & terms_of(passage))


def _first_rank(passages: Sequence[RankedPassage], exact: Sequence[int], index: int) -> int:
    version = passages[index].passage.version_id
    return min(i for i in exact if passages[i].passage.version_id == version)
