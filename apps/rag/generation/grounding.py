"""What may be sent: one piece of an answer at a time is checked against the passages that it cites.

A piece is kept when every marker names a retrieved passage, every quotation stands in a passage that the
piece cites, every number stands in a cited passage or in the question or is the result of a calculation
that comes out right when computed again, and nothing in it is markup that could act on the reader.
A piece without a marker is kept only as framing (see `_frames`), as a calculation from numbers that
are already vouched for, or as a line of a list or table whose introduction carries the marker.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from functools import lru_cache

from apps.rag.analysis import terms
from apps.rag.generation import framing
from apps.rag.generation.arithmetic import steps
from apps.rag.generation.markers import markers
from apps.rag.generation.numbers import Mention, mentions
from apps.rag.generation.quotes import Found, QuotableText, Quotation, locate, quotable, quotations
from apps.rag.generation.sentences import is_list_line, paragraphs
from apps.rag.types import Passage, Question, display_locator

_UNSAFE = re.compile(
    r"<\s*/?\s*[a-z!?]|\]\s*\(|!\[|\b(?:https?|ftp|javascript|data|vbscript|file)\s*:\s*/{0,2}\S|\bwww\.\S|&(?:#|lt|gt)"
    r"|\[[^\]]*\]\s*:\s*\S",
    re.IGNORECASE,
)
_LINE_PREFIX = re.compile(r"\s*(?:(?:#{1,6}|>|[-*+•–])\s+|(?:\*\*)?\d{1,2}(?:[.)]|°\)?)\s+)*")
_PARAGRAPH_REFERENCE = re.compile(r"(?:\bal\.|alin[ée]as?|paragraphs?|§)\s*\Z", re.IGNORECASE)
_FIRST_YEAR = 1_900
_CLASS_REFERENCE = re.compile(r"\bclass(?:es?)?\s*\Z", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Context:
    """What earlier pieces and the question vouch for; `cited` and `inherited` are indexes into `sources`."""

    sources: tuple[Passage, ...]
    given: tuple[Mention, ...]
    asked_stems: frozenset[str]
    is_same_language: bool
    computed: frozenset[Fraction] = frozenset()
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
        given=(*mentions(asked), *_date_numbers(question.scope.as_of)),
        asked_stems=frozenset(terms(asked)),
        is_same_language=question.language == "fr",
    )


def check(piece: str, context: Context) -> Checked:
    """Judge one piece (a sentence, a list line, a table row) and return the context of the next one."""
    if framing.is_structure(piece):
        return Checked(is_kept=True, reason="", context=context, is_framing=True)
    named = {number - 1 for marker in markers(piece) for number in marker.numbers}
    if any(not 0 <= index < len(context.sources) for index in named):
        return _refuse("unknown_marker", context)
    is_line = is_list_line(piece) or piece.lstrip().startswith("|")
    backing = frozenset(named) or (frozenset(context.inherited) if is_line else frozenset())
    quotes = _located(piece, backing, context)
    if quotes is None:
        return _refuse("quotation", context)
    claim = _blank(piece, quotes)
    if _UNSAFE.search(claim):
        return _refuse("markup", context)
    return _check_claim(_Piece(piece, claim, frozenset(named), backing, is_line), quotes, context)


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
    context = replace(context, computed=context.computed | computed.values)
    stated = [number for i, number in enumerate(numbers) if i not in computed.results]
    if not all(_is_supported(piece.claim, number, vouching, context) for number in stated):
        return _refuse("number", context)
    frames = not piece.named and not quotes and _frames(piece.text, context)
    if piece.backing:
        is_vouched = bool(quotes or numbers) or _shares_words(piece.claim, piece.backing, context)
    else:
        is_vouched = bool(computed.results) or frames
    if not is_vouched:
        return _refuse("unrelated" if piece.backing else "uncited", context)
    return Checked(
        is_kept=True,
        reason="",
        context=_following(piece, context),
        quotes=quotes,
        n_computed=len(computed.results),
        is_framing=frames and not computed.results,
    )


def _frames(text: str, context: Context) -> bool:
    if not framing.has_form(text):
        return False
    if not context.is_same_language:
        return True
    known = context.asked_stems.union(*(_stems(passage) for passage in context.sources))
    return framing.is_known(text, known)


def _refuse(reason: str, context: Context) -> Checked:
    return Checked(is_kept=False, reason=reason, context=replace(context, inherited=()))


def _following(judged: _Piece, context: Context) -> Context:
    piece, named, is_line = judged.text, judged.named, judged.is_line
    if is_line and not named:
        return context
    introduces = piece.rstrip().rstrip("*").endswith(":") or (is_line and piece.lstrip().startswith("|"))
    inherited = tuple(sorted(named)) if introduces or is_line else ()
    if is_line and context.inherited:
        inherited = context.inherited
    return replace(context, cited=context.cited | named, inherited=inherited)


# Reading a passage takes some five microseconds a character: once for all pieces and answers, and only if cited.
@lru_cache(maxsize=512)
def _words(passage: Passage) -> QuotableText:
    return quotable(passage.text)


@lru_cache(maxsize=512)
def _numbers(passage: Passage) -> tuple[Mention, ...]:
    days = [day for day in (passage.in_force.start, passage.in_force.end) if day]
    dates = (number for day in days for number in _date_numbers(day))
    return (*mentions(f"{_around(passage)} \n{passage.text}"), *dates)


@lru_cache(maxsize=512)
def _stems(passage: Passage) -> frozenset[str]:
    return frozenset(terms(f"{_around(passage)} {passage.text}"))


def _around(passage: Passage) -> str:
    place = display_locator(passage.locator, passage.code)
    return " \n".join([place, *passage.heading_path, passage.document_title])


def _date_numbers(day: date) -> tuple[Mention, ...]:
    return tuple(Mention(0, 0, frozenset({Fraction(part)}), "date") for part in (day.day, day.month, day.year))


def _located(piece: str, named: Iterable[int], context: Context) -> tuple[LocatedQuote, ...] | None:
    """Find every quotation in a passage that the piece cites; None when one is in none of them."""
    located: list[LocatedQuote] = []
    for quotation in quotations(piece):
        hits = ((index, locate(quotation.words, _words(context.sources[index]))) for index in sorted(named))
        hit = next(((index, found) for index, found in hits if found is not None), None)
        if hit is None:
            return None
        located.append(LocatedQuote(quotation, *hit))
    return tuple(located)


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
    values: frozenset[Fraction]


def _computed(claim: str, numbers: Sequence[Mention], backing: frozenset[int], context: Context) -> _Computed | None:
    """Compute written calculations again; None when one is wrong or starts from a number that nothing vouches for."""
    results: set[int] = set()
    values: set[Fraction] = set()
    for step in steps(claim, numbers):
        grown = replace(context, computed=context.computed | values)
        operands_stand = all(i in results or _is_supported(claim, numbers[i], backing, grown) for i in step.operands)
        if not step.is_right or not operands_stand:
            return None
        results.update(step.results)
        values.update(value for i in step.results for value in numbers[i].values)
    return _Computed(frozenset(results), frozenset(values))


def _is_supported(claim: str, number: Mention, backing: frozenset[int], context: Context) -> bool:
    support = [*context.given, *(n for index in sorted(backing) for n in _numbers(context.sources[index]))]
    if number.code:
        return any(number.code == other.code for other in support)
    if number.values & context.computed or any(_agree(number, other) for other in support):
        return True
    before = claim[max(0, number.start - 20) : number.start]
    if _PARAGRAPH_REFERENCE.search(before):
        return any(
            number.values & {Fraction(n + 1)} for i in backing for n in range(len(paragraphs(context.sources[i].text)))
        )
    if _CLASS_REFERENCE.search(before):
        return any(str(next(iter(number.values))) == _account_class(context.sources[index]) for index in backing)
    return False


def _agree(number: Mention, other: Mention) -> bool:
    """Tell whether a claimed number is the same as one that stands: value and, where both have one, unit."""
    if number.unit == "%":
        return bool(_shares(number) & _shares(other))
    if number.unit == "part" and _shares(number) & _shares(other):
        return True
    if not number.values & other.values:
        return False
    if other.unit == "date":
        # "2014" may be a year without a month; "5" is the fifth of a month only beside one.
        return number.unit == "date" or (not number.unit and min(number.values) >= _FIRST_YEAR)
    return not (number.unit and other.unit) or number.unit == other.unit


def _shares(number: Mention) -> frozenset[Fraction]:
    """Return a percentage or a fraction as a share of one; other numbers are no share."""
    if number.unit == "%":
        return frozenset(value / 100 for value in number.values)
    return number.values if number.unit == "part" else frozenset()


def _account_class(passage: Passage) -> str:
    name, _, number = passage.locator.rpartition(" ")
    return number[:1] if name.lower() == "compte" else ""


def _shares_words(claim: str, backing: frozenset[int], context: Context) -> bool:
    """Tell whether a claim has anything to do with what it cites; translated answers share too few words to ask."""
    words = {word for word in terms(claim) if not word[0].isdigit()}
    if not words or not context.is_same_language:
        return True
    return any(words & _stems(context.sources[index]) for index in backing)
