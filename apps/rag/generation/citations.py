"""Citations: which words of which passage stand behind a marker."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from apps.rag.analysis import terms
from apps.rag.generation.grounding import LocatedQuote
from apps.rag.generation.quotes import Found, locate, quotable
from apps.rag.generation.sentences import split_sentences
from apps.rag.types import Citation, Passage, Span

_MAX_QUOTE_CHARS = 600


def quote_hash(quote: str) -> str:
    """Return the SHA-256 (hex) of a quote as it is compared: it survives other spaces and apostrophes."""
    return hashlib.sha256(quotable(quote).reduced.encode()).hexdigest()


def locate_quote(quote: str, passage: Passage) -> Span | None:
    """Return where a quote stands in the version's plain text, or None when it is not in the passage."""
    found = locate(quote, quotable(passage.text))
    return None if found is None else _span(passage, found)


def citation(marker: int, start_index: int, passage: Passage, *, claim: str, located: Sequence[Found] = ()) -> Citation:
    """Bind the marker `[n]` at `start_index` of the answer to its passage.

    The quote is the one located in this passage, else the passage's sentence that is nearest to `claim`.
    """
    found = located[0] if located else nearest_sentence(claim, passage)
    return Citation(
        marker=marker,
        start_index=start_index,
        end_index=start_index + len(f"[{marker}]"),
        passage=passage,
        quote=passage.text[found.start : found.end],
        quote_span=_span(passage, found),
    )


def quotes_before(position: int, index: int, quotes: Sequence[LocatedQuote]) -> tuple[Found, ...]:
    """Return the quotations of source `index` that a marker at `position` closes, nearest first."""
    before = [quote for quote in quotes if quote.index == index and quote.quotation.start < position]
    after = [quote for quote in quotes if quote.index == index and quote.quotation.start >= position]
    return tuple(quote.found for quote in [*reversed(before), *after])


def nearest_sentence(claim: str, passage: Passage) -> Found:
    """Return the passage's sentence that shares most words with a claim."""
    wanted = set(terms(claim))
    sentences = split_sentences(passage.text)
    if not sentences:
        return Found(0, len(passage.text))
    best = max(sentences, key=lambda s: len(wanted & set(terms(passage.text[s.start : s.end]))))
    return Found(best.start, min(best.end, best.start + _MAX_QUOTE_CHARS))


def _span(passage: Passage, found: Found) -> Span:
    return Span(passage.span.start + found.start, passage.span.start + found.end)
