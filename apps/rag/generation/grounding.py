"""What may be sent: one piece of an answer at a time is checked against the passages that it cites.

A piece is kept when every marker names a retrieved passage, every quotation stands in a passage that the
piece cites, every number stands in a cited passage or in the question or is the result of a calculation
that comes out right when computed again, and nothing in it is markup that could act on the reader. What is
cited must have to do with the piece: it shares words with it, names the texts, courts, countries and forms of company
that the piece names, and does not say the contrary (see `stance` and `bounds`).
A piece without a marker is kept only as framing (see `_frames`), as a calculation from numbers that
are already vouched for, or as a line of a list or table whose introduction carries the marker.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from apps.rag.analysis import terms
from apps.rag.generation import bounds, framing, markup, named, signs, stance
from apps.rag.generation.arithmetic import steps
from apps.rag.generation.chart_rows import label_place
from apps.rag.generation.dates import Day, dates, days
from apps.rag.generation.markers import markers
from apps.rag.generation.numbers import Mention, disagree, mentions
from apps.rag.generation.orders import gives_order
from apps.rag.generation.quotes import Found, Quotation, locate, quotations
from apps.rag.generation.relation import has_to_do
from apps.rag.generation.sentences import is_list_line
from apps.rag.generation.sources import date_numbers, dates_of, stems_of, tokens_of, words_of
from apps.rag.generation.support import is_supported
from apps.rag.types import Passage, Question

# "45) jours" is no numbered line
_LINE_PREFIX = re.compile(
    r"\s*(?:(?:#{1,6}|>|[-*+•–])\s+|(?:\*\*)?\d{1,2}(?:[.)]|°\)?)\s+"
    r"(?!(?:jours?|mois|ans?|ann[ée]es?|semaines?|heures?|%|pour|francs?|F|FCFA|days?|months?|years?|percent)(?!\w)))*",
    re.IGNORECASE,
)
_QUOTE_DRESSING = re.compile(r"[*_>]+|[\s.;:,]+\Z")
_FIGURES = re.compile(r"\d[\d\s.,]*")


@dataclass(frozen=True, slots=True)
class Context:
    """What earlier pieces and the question vouch for; `cited` and `inherited` are indexes into `sources`."""

    sources: tuple[Passage, ...]
    given: tuple[Mention, ...]
    given_days: tuple[Day, ...]
    given_tokens: frozenset[str]
    asked: str
    asked_stems: frozenset[str]
    is_same_language: bool
    computed: tuple[Mention, ...] = ()
    cited: frozenset[int] = frozenset()
    inherited: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class LocatedQuote:
    """A quotation of the piece and where its words stand in source `index`."""

    quotation: Quotation
    index: int
    found: Found


@dataclass(frozen=True, slots=True)
class Checked:
    """The verdict on one piece. `reason` is "" when kept, else what failed."""

    is_kept: bool
    reason: str
    context: Context
    quotes: tuple[LocatedQuote, ...] = ()
    n_computed: int = 0
    is_framing: bool = False


def open_context(question: Question, passages: Sequence[Passage]) -> Context:
    """Return the context of an answer's first piece; passage i is what marker [i + 1] names."""
    asked = " \n".join([question.text, *question.history])
    return Context(
        sources=tuple(passages),
        given=(*mentions(asked), *date_numbers(question.scope.as_of)),
        given_days=(*dates(asked), *days([question.scope.as_of])),
        given_tokens=frozenset(signs.mixed_tokens(asked)),
        asked=asked,
        asked_stems=frozenset(terms(asked)),
        is_same_language=question.language == "fr",
    )


def check(piece: str, context: Context) -> Checked:
    """Judge one piece (a sentence, a list line, a table row) and return the context of the next one."""
    if framing.is_structure(piece):
        return Checked(is_kept=True, reason="", context=context, is_framing=True)
    cited = {number - 1 for marker in markers(piece) for number in marker.numbers}
    if any(not 0 <= index < len(context.sources) for index in cited):
        return _refuse("unknown_marker", context)
    is_line = is_list_line(piece) or piece.lstrip().startswith("|")
    backing = frozenset(cited) or (frozenset(context.inherited) if is_line else frozenset())
    quotes = _located(piece, backing, context)
    if quotes is None:
        return _refuse("quotation", context)
    claim = _blank(piece, quotes)
    if markup.is_unsafe(claim) or markup.is_active(piece):
        return _refuse("markup", context)
    if signs.has_odd_sign(claim):
        return _refuse("signs", context)
    if piece.lstrip().startswith(">") and not _stands_whole(claim, backing, context):
        return _refuse("quotation", context)
    return _check_claim(_Piece(piece, claim, frozenset(cited), backing, is_line), quotes, context)


@dataclass(frozen=True, slots=True)
class _Piece:
    """A piece under judgement: its text, what it claims in its own words, the sources it names and may lean on."""

    text: str
    claim: str
    named: frozenset[int]
    backing: frozenset[int]
    is_line: bool


def _check_claim(piece: _Piece, quotes: tuple[LocatedQuote, ...], context: Context) -> Checked:
    vouching = piece.backing or context.cited
    numbers = mentions(piece.claim)
    computed = _computed(piece.claim, numbers, vouching, context)
    if computed is None:
        return _refuse("arithmetic", context)
    context = replace(context, computed=(*context.computed, *computed.mentions))
    stated = [number for i, number in enumerate(numbers) if i not in computed.results]
    if not _are_numbers_supported(piece.claim, stated, vouching, context) or disagree(piece.claim, numbers):
        return _refuse("number", context)
    frames = not piece.named and not quotes and _frames(piece.text, context)
    if piece.backing:
        cited = _passages(piece.backing, context)
        if _is_told_otherwise(piece, cited, context, has_quotes=bool(quotes)):
            return _refuse("contrary", context)
        is_vouched = bool(quotes) or has_to_do(
            piece.claim, numbers, cited, context.sources, is_in_french=context.is_same_language
        )
    else:
        is_vouched = (bool(computed.results) and _is_of_the_matter(piece.claim, context)) or frames
    if not is_vouched:
        return _refuse("unrelated" if piece.backing else "uncited", context)
    if not piece.backing and stance.contradicts(piece.text, piece.claim, context.sources, has_quotes=False):
        return _refuse("contrary", context)
    if gives_order(piece.claim):
        return _refuse("order", context)
    return Checked(
        is_kept=True,
        reason="",
        context=_following(piece, context),
        quotes=quotes,
        n_computed=len(computed.results),
        is_framing=frames and not computed.results,
    )


def _is_told_otherwise(piece: _Piece, cited: Sequence[Passage], context: Context, *, has_quotes: bool) -> bool:
    """Tell whether the cited passages say the contrary, or speak of other texts, places and forms than the claim."""
    bare = _without_markers(piece.text)
    return (
        named.names_stranger(piece.claim, cited, context.asked)
        or (bounds.may_bound(piece.claim) and bounds.is_turned(bare, mentions(bare), cited))
        or stance.contradicts(bare, piece.claim, cited, has_quotes=has_quotes)
    )


def _without_markers(text: str) -> str:
    for marker in reversed(markers(text)):
        text = text[: marker.start] + text[marker.end :]
    return text


def _are_numbers_supported(claim: str, stated: Sequence[Mention], vouching: frozenset[int], context: Context) -> bool:
    return (
        not signs.hides_number(claim)
        and all(_is_supported(claim, number, vouching, context) for number in stated)
        and _are_dates_supported(claim, vouching, context)
        and _are_tokens_supported(claim, vouching, context)
    )


def _frames(text: str, context: Context) -> bool:
    if not framing.has_form(text):
        return False
    return _is_of_the_matter(text, context)


def _is_of_the_matter(text: str, context: Context) -> bool:
    """Tell whether a text says little but what the question and the passages say."""
    known = context.asked_stems.union(*(stems_of(passage) for passage in context.sources))
    return framing.is_known(_FIGURES.sub(" ", text), known, is_in_french=context.is_same_language)


def _refuse(reason: str, context: Context) -> Checked:
    return Checked(is_kept=False, reason=reason, context=replace(context, inherited=()))


def _following(judged: _Piece, context: Context) -> Context:
    piece, cited, is_line = judged.text, judged.named, judged.is_line
    if is_line and not cited:
        return context
    introduces = piece.rstrip().rstrip("*").endswith(":") or (is_line and piece.lstrip().startswith("|"))
    inherited = tuple(sorted(cited)) if introduces or is_line else ()
    if is_line and context.inherited:
        inherited = context.inherited
    return replace(context, cited=context.cited | cited, inherited=inherited)


def _located(piece: str, named: Iterable[int], context: Context) -> tuple[LocatedQuote, ...] | None:
    """Find every quotation in a passage that the piece cites; None when one is in none of them."""
    located: list[LocatedQuote] = []
    for quotation in quotations(piece):
        hits = ((index, _place(quotation.words, context.sources[index])) for index in sorted(named))
        hit = next(((index, found) for index, found in hits if found is not None), None)
        if hit is None:
            return None
        located.append(LocatedQuote(quotation, *hit))
    return tuple(located)


def _place(words: str, source: Passage) -> Found | None:
    return label_place(source, words) or locate(words, words_of(source))


def _blank(piece: str, quotes: tuple[LocatedQuote, ...]) -> str:
    """Return the piece with quotations, markers and its line prefix as spaces: what Kauri's model claims itself."""
    chars = list(piece)
    ranges = [(quote.quotation.start, quote.quotation.end) for quote in quotes]
    ranges += [(marker.start, marker.end) for marker in markers(piece)]
    prefix = _LINE_PREFIX.match(piece)
    ranges.append((0, prefix.end() if prefix else 0))
    for start, end in ranges:
        chars[start:end] = " " * (end - start)
    return "".join(chars)


@dataclass(frozen=True, slots=True)
class _Computed:
    results: frozenset[int]
    mentions: tuple[Mention, ...]


def _computed(claim: str, numbers: Sequence[Mention], backing: frozenset[int], context: Context) -> _Computed | None:
    """Compute written calculations again; None when one is wrong or starts from a number that nothing vouches for."""
    results: set[int] = set()
    found: list[Mention] = []
    for step in steps(claim, numbers):
        grown = replace(context, computed=(*context.computed, *found))
        operands_stand = all(i in results or _is_supported(claim, numbers[i], backing, grown) for i in step.operands)
        if not step.is_right or not operands_stand:
            return None
        results.update(step.results)
        found.extend(numbers[i] for i in step.results)
    return _Computed(frozenset(results), tuple(found))


def _is_supported(claim: str, number: Mention, backing: frozenset[int], context: Context) -> bool:
    return is_supported(claim, number, context.given, context.computed, _passages(backing, context))


def _passages(backing: Iterable[int], context: Context) -> list[Passage]:
    return [context.sources[index] for index in sorted(backing)]


def _are_dates_supported(claim: str, backing: frozenset[int], context: Context) -> bool:
    stated = [*context.given_days, *(day for passage in _passages(backing, context) for day in dates_of(passage))]
    return all(any(day.agrees(other) for other in stated) for day in dates(claim))


def _are_tokens_supported(claim: str, backing: frozenset[int], context: Context) -> bool:
    """Tell whether every word of letters and figures stands in what is cited: "4O" is neither 40 nor a word."""
    wanted = set(signs.mixed_tokens(claim))
    known = frozenset[str]().union(*(tokens_of(passage) for passage in _passages(backing, context)))
    return wanted <= known | context.given_tokens


def _stands_whole(claim: str, backing: frozenset[int], context: Context) -> bool:
    """Tell whether a line set as a quotation holds, beside quotations in it, only words of a passage that it cites."""
    words = _QUOTE_DRESSING.sub(" ", claim).strip()
    return not re.search(r"\w", words) or any(locate(words, words_of(context.sources[i])) for i in backing)
