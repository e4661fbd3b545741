"""Whether a claim says the contrary of what it cites: obliged or free, forbidden or allowed, denied or affirmed.

A claim is laid beside the sentences of its sources that share most of its words. It is contradicted where these take
the opposite stance and not its own: "n'est pas obligatoire" beside "est obligatoire", "interdit" beside "peut",
"débité" beside "crédité", or a predicate that one denies and the other affirms. What cannot be laid beside anything is
not judged here.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from apps.rag.analysis import terms
from apps.rag.generation.copies import CASES, is_turned_copy
from apps.rag.generation.sentences import split_sentences
from apps.rag.generation.sides import BARRED, FREE, MAY, MUST, sides, without_bounds
from apps.rag.generation.translated import translated
from apps.rag.types import Passage
from kauri.lib.text import fold

_OPPOSITE = {MUST: (FREE,), FREE: (MUST,), BARRED: (MAY, MUST), MAY: (BARRED,)}
# What is free or forbidden is so by a text that says it, or says at least that one may or must not.
_GROUNDS = {FREE: (FREE, MAY), BARRED: (BARRED,)}
_OTHERWISE = {
    FREE: re.compile(r"\b(?:si|s'il|sauf|lorsqu\w*|except\w*|exoner\w*|ne|non|seul\w*)\b|\bn'"),
    BARRED: re.compile(
        r"\b(?:sous|a) peine\b|\b(?:nul(?:le)?s?|nullite|ne|ni|non|seul\w*|exclu\w*|sans|puni\w*)\b|\bn'"
    ),
}
# Of two contraries a text says one; each is known by its beginning.
_CONTRARIES = (
    (r"debit", r"credit"),
    (r"incompatib", r"compatib"),
    (r"inega\w+", r"egal(?:e|es|ite|itaire)?\b|egaux"),
    (r"illimit", r"limite"),
    (r"irrevoca", r"revoca"),
    (r"irreceva", r"receva"),
    (r"indivisib", r"divisib"),
    (r"extraordinaire", r"ordinaire"),
    (r"minorit", r"majorit"),
    (r"augment|hausse", r"redui|reduct|diminu|baisse"),
    (r"gratuit", r"onereu"),
    (r"immobilie", r"mobilie"),
)
_PAIRS = tuple((re.compile(rf"\b(?:{one})"), re.compile(rf"\b(?:{other})")) for one, other in _CONTRARIES)
_WORD = re.compile(r"\w+")
_TOKEN = re.compile(r"[^\W_]+'?|[.;:,()]")
_DENIES = frozenset(["ne", "n'"])
_NOT = frozenset(["pas", "point", "jamais", "aucun", "aucune", "aucunement", "nul", "nulle", "ni", "guere", "plus"])
_STOPS = frozenset(".;:,()")
_REVERSES = re.compile(
    r"interdi|prohib|incompat|dispens|exempt|exoner|exclu|sauf|except|hormis|sans|nul|irrec|inoppos|contrair|cess|refus"
    r"|perd|defaut|ne$|n'$|ni$|non$|aucun|seul|unique|pas$|jamais|not$|never|no$|hors$|limit"
)
# What a text does not say is told of it, and not denied of the matter.
_OF_TEXTS = frozenset(
    terms("précise dit indique prévoit mentionne figure contient répond évoque aborde distingue fixe définit")
)
_MODALS = frozenset(terms("peut peuvent pourra doit doivent devra faut fait font"))
_CASE_REACH = 5
_WINDOW, _REACH, _AFTER = 8, 6, 4
_FEW_SHARED = 2
_NEAR_SHARE, _BEST_SHARE, _SURE_SHARE = 0.7, 0.5, 0.6


@dataclass(frozen=True, slots=True)
class _Told:
    """A sentence, or a line of a list with what introduces it: its words, without denials that bound, and stance."""

    whole: str
    folded: str
    stems: frozenset[str]
    sides: frozenset[str]
    denied: frozenset[str]


def contradicts(said: str, own: str, sources: Sequence[Passage], *, has_quotes: bool) -> bool:
    """Tell whether a claim takes the opposite stance of its sources; `own` is it without what it quotes."""
    own_folded = fold(own) if has_quotes else ""
    if has_quotes and not (sides(own_folded) or _denied(own_folded)):
        return False  # what it quotes is as it stands there
    told = _told(said)
    units = [unit for source in sources for unit in _units(source)]
    english = translated(own)
    words = (
        told.stems if english is None else english.stems() | told.stems & frozenset().union(*(u.stems for u in units))
    )
    near, share = _nearest(words, units)
    if _is_against_sides(told, near, share, units) or _is_against_contraries(told, near, sources):
        return True
    copies = [is_turned_copy(told.whole, unit.whole) for unit in near]
    if False in copies:
        return False  # as it stands there
    if True in copies:
        # another sentence there may say so of another case
        others = _all_sides(unit for unit, is_turned in zip(near, copies, strict=True) if is_turned is None)
        return told.sides.isdisjoint(others)
    return share >= _BEST_SHARE and (_denies_what_stands(told, near) or _affirms_what_is_denied(told, near, share))


def _nearest(words: frozenset[str], units: Sequence[_Told]) -> tuple[list[_Told], float]:
    """Return the sentences nearest to a claim and the share of its words in the best; none where nothing is near."""
    best = max((len(words & unit.stems) for unit in units), default=0)
    if best < _FEW_SHARED or not words:
        return [], 0.0
    return [unit for unit in units if len(words & unit.stems) >= _NEAR_SHARE * best], best / len(words)


def _is_against_sides(told: _Told, near: Sequence[_Told], share: float, units: Sequence[_Told]) -> bool:
    everywhere = _all_sides(units)
    for side in told.sides:
        opposite = _OPPOSITE[side]
        if not told.sides.isdisjoint(opposite):
            continue
        beside = _all_sides(near)
        if side in beside:
            continue
        if share >= (_SURE_SHARE if side == MAY else _BEST_SHARE) and not beside.isdisjoint(opposite):
            return True
        grounds = _GROUNDS.get(side)
        if (
            grounds
            and everywhere.isdisjoint(grounds)
            and not any(_OTHERWISE[side].search(unit.folded) for unit in near or units)
        ):
            return True
    return False


def _all_sides(units: Iterable[_Told]) -> frozenset[str]:
    return frozenset[str]().union(*(unit.sides for unit in units))


def _is_against_contraries(told: _Told, near: Sequence[_Told], sources: Sequence[Passage]) -> bool:
    for pair in _PAIRS:
        for one, other in (pair, pair[::-1]):
            found = one.search(told.folded)
            if found is None or other.search(told.folded) or not told.denied.isdisjoint(terms(_word_at(found))):
                continue
            if any(other.search(unit.folded) for unit in near) and not any(
                one.search(_folded(each)) for each in sources
            ):
                return True
    return False


def _word_at(found: re.Match[str]) -> str:
    return _WORD.match(found.string, found.start())[0]  # type: ignore[index]  # a word begins where it was found


def _denies_what_stands(told: _Told, near: Sequence[_Told]) -> bool:
    """Tell whether a claim denies a predicate that the sources beside it affirm, and nothing there turns round."""
    for stem in told.denied:
        if any(stem in unit.denied for unit in near):
            continue
        if any(_affirms_plainly(stem, unit.folded) for unit in near if stem in unit.stems):
            return True
    return False


def _affirms_what_is_denied(told: _Told, near: Sequence[_Told], share: float) -> bool:
    """Tell whether a claim affirms plainly what the sources beside it only deny."""
    if share < _SURE_SHARE:
        return False
    for unit in near:
        for stem in unit.denied & told.stems - told.denied:
            is_affirmed = any(stem in other.stems and stem not in other.denied for other in near)
            if (
                not is_affirmed
                and _affirms_plainly(stem, told.folded, unit.folded)
                and not _is_turned_twice(stem, unit, told)
            ):
                return True
    return False


def _is_turned_twice(stem: str, unit: _Told, told: _Told) -> bool:
    """Tell whether a denial is denied itself, "n'est pas révocable sans motif", and the claim leaves out both."""
    tail = _after(stem, unit.folded)
    turns = re.search(r"\b(?:sans|sauf|que|qu'|si|hors|moins)\b", tail)
    return turns is not None and turns[0] not in told.folded.split()


def _after(stem: str, folded: str) -> str:
    tokens = _TOKEN.findall(folded)
    at = next((i for i, token in enumerate(tokens) if stem in terms(token)), len(tokens))
    return " ".join(tokens[at + 1 : at + 2 * _WINDOW])


def _affirms_plainly(stem: str, folded: str, beside: str = "") -> bool:
    """Tell whether a text says a predicate with nothing about it that reverses, but what stands `beside` as well."""
    tokens = _TOKEN.findall(folded)
    for i, token in enumerate(tokens):
        if stem not in terms(token):
            continue
        around = (*tokens[max(0, i - _WINDOW) : i], *tokens[i + 1 : i + _WINDOW])
        known = set(_TOKEN.findall(beside)) - _DENIES - _NOT
        if not any(_REVERSES.match(each) and each not in known for each in around):
            return True
    return False


def _told(text: str) -> _Told:
    whole = fold(text)
    folded = without_bounds(whole)
    stems = frozenset(word for word in terms(text) if not word[0].isdigit())
    return _Told(whole, folded, stems, sides(folded), _denied(folded))


@lru_cache(maxsize=512)
def _units(source: Passage) -> tuple[_Told, ...]:
    units: list[_Told] = []
    introduction = ""
    for span in split_sentences(source.text):
        sentence = source.text[span.start : span.end]
        units.append(_told(f"{introduction} {sentence}" if span.kind == "list" else sentence))
        if span.kind != "list" or sentence.rstrip().endswith(":"):
            introduction = sentence if sentence.rstrip().endswith(":") else ""
    return tuple(units)


@lru_cache(maxsize=512)
def _folded(source: Passage) -> str:
    return fold(" ".join([source.text, *source.heading_path, source.document_title]))


def _denied(folded: str) -> frozenset[str]:
    """Return the stems of the predicates that a text denies: "n'est pas révocable", "ne déclare pas"."""
    tokens = _TOKEN.findall(folded)
    denied: set[str] = set()
    for i, token in enumerate(tokens):
        if token not in _DENIES or not CASES.isdisjoint(tokens[max(0, i - _CASE_REACH) : i]):
            continue
        reach = tokens[i + 1 : i + 1 + _REACH]
        at = next((n for n, each in enumerate(reach) if each in _NOT), None)
        if at is None:
            continue
        behind = tokens[i + 2 + at : i + 2 + at + _AFTER]
        stem = _predicate(reach[:at]) or _predicate(behind)
        if stem and stem not in _OF_TEXTS:
            denied.add(stem)
    return frozenset(denied)


def _predicate(tokens: Iterable[str]) -> str:
    for token in tokens:
        if token in _STOPS:
            return ""
        stems = [stem for stem in terms(token) if stem not in _MODALS]
        if stems:
            return stems[0]
    return ""
