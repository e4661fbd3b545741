"""Article numbers in a text: one, a list, a range, with their suffixes; an alinea is no article."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from apps.rag.understanding.references import ORDINALS, normalise_article

# Of a range, no more than this many articles are looked up; of "et suivants", these many behind the first.
MAX_RANGE = 12
_N_FOLLOWING = 2

_ORDINAL = "|".join(sorted(ORDINALS, key=len, reverse=True))
# A capital may stand apart ("86 A"); a small letter only at the end, for "a" is a word: "10 a 12", "l'article 5 a".
_LETTER = (
    r"(?:-?(?!e (?:al|par|point|et\b))[a-l](?![a-z'])| (?-i:[A-L])(?![a-zA-Z'])"
    r"| [b-l](?=\s*(?:$|[?!.,;)]| du cgi| cgi)))"
)
_UNIT = r" ?(?:f\b|fcfa|francs?|%|ans?\b|annees?|mois|jours?|heures?|millions?|milliards?|euros?|membres|personnes)"
# Not the beginning of a longer figure, nor of "2e alinéa", "3 mois", "1°".
_END = rf"(?![\d°]|\.\d|(?:e|eme|nde?)\b|{_UNIT})"
NUMBER = (
    rf"(?:nc-|[lrd][. ]{{0,2}}(?=\d))?\d{{1,4}}(?:er\b|{_LETTER})?"
    rf"(?: ?- ?(?:\d{{1,3}}|[a-l]\b)| ?-?_?(?:{_ORDINAL})\b{_LETTER}?){{0,4}}{_END}"
)
_ASIDE = r"(?:,? (?:al(?:inea)?s?\b\.?|§|paragraphes?|points?|par\.) ?\d+(?:er|e|eme)?(?: (?:et|a) \d+)?)?"
_JOIN = r"(?: ?, ?(?:et |ou )?| et | ou | a | au | jusqu'(?:a|au) | & )"
_MORE = rf"(?:{_JOIN}(?:l'|les |art(?:icles?|s)?\.? )*{NUMBER}{_ASIDE})"
_WORD = r"(?:articles?|arts?)\b(?: n[°o]\.?| numeros?| no)?[ .:°]*(?:de )?"
_ARTICLES = re.compile(
    rf"(?i)(?<![a-z])(?:l ?'? ?)?{_WORD}(?:(?P<list>{NUMBER}{_ASIDE}{_MORE}*)(?P<on> et (?:suivants?|s\b\.?))?"
    r"|(?P<first>1 ?ers?\b|premiere?\b|ier\b|i\b|un\b(?! (?:seul|peu|des)))|(?P<annex>annexe ?\d+))"
)
_GLUED = re.compile(r"(?i)\b(l')?(arts?|articles?)(?=\d)")
_ANNEX = re.compile(r"(?i)\bannexe (?:n[°o] ?)?(\d{1,2})\b")
_EACH = re.compile(rf"(?i)(?P<join>{_JOIN})?(?:l'|les |art(?:icles?|s)?\.? )*(?P<number>{NUMBER}){_ASIDE}")
_BARE = re.compile(
    rf"(?i)(?<![\d\w/-])(?P<number>\d{{1,4}}(?:-\d{{1,3}}){{1,3}}|\d{{1,4}} ?(?:{_ORDINAL})\b)(?![\d/-])"
)
# "les 4 et 5", "10 du CGI": a bare number right beside the name of an act
_BESIDE = re.compile(rf"(?i)^\W*(?:(?:le |l'|au |les |du )?(?P<number>{NUMBER}))(?:\s*,)?(?: de | du | de l'| d'| )*$")


@dataclass(frozen=True, slots=True)
class Named:
    """An article's number in its one form, and where its mention begins in the text."""

    number: str
    start: int
    end: int


def articles_named(text: str) -> tuple[Named, ...]:
    """Return the articles that a spelt text names by the word article, in order, ranges written out."""
    found: list[Named] = []
    glued = _GLUED.sub(lambda match: match[0] + " ", text)
    # what was put in shifts the places by a few characters: they only serve to find the nearest act
    for match in _ARTICLES.finditer(glued):
        found += [Named(number, match.start(), match.end()) for number in _numbers(match)]
    return tuple(found)


def articles_bare(text: str) -> tuple[Named, ...]:
    """Return what is an article's number by its look alone: `853-12`, `127 quinquies`."""
    return tuple(
        Named(normalise_article(match["number"]), match.start(), match.end()) for match in _BARE.finditer(text)
    )


def annexes_named(text: str) -> tuple[Named, ...]:
    """Return the numbered annexes that a text names, in the form `annexe3`."""
    return tuple(Named(f"annexe{int(match[1])}", match.start(), match.end()) for match in _ANNEX.finditer(text))


def number_beside(text: str) -> str:
    """Return the number that a text without its act's name is, or "": `5 bis du` before `CGI`."""
    match = _BESIDE.match(text)
    return normalise_article(match["number"]) if match else ""


def _numbers(match: re.Match[str]) -> Iterator[str]:
    if match["first"]:
        yield "1"
        return
    if match["annex"]:
        yield normalise_article(match["annex"])
        return
    before = ""
    is_plural = match[0].lower().lstrip("l' ").startswith(("articles", "arts"))
    for each in _EACH.finditer(match["list"]):
        number = normalise_article(each["number"])
        is_range = (each["join"] or "").strip().split("'")[0] in ("a", "au", "jusqu")
        yield from _between(before, number) if is_range and before else _one(number, is_plural=is_plural)
        before = number
    if match["on"] and before.isdigit():
        yield from (str(int(before) + step) for step in range(1, _N_FOLLOWING + 1))


def _one(number: str, *, is_plural: bool) -> list[str]:
    """Return a number; `articles 10-12` is a range, for 10 has no twelfth insertion and is not said in the plural."""
    low, dash, high = number.partition("-")
    if is_plural and dash and low.isdigit() and high.isdigit() and int(low) < int(high):
        return [low, *_between(low, high)]
    return [number]


def _between(low: str, high: str) -> list[str]:
    """Return the articles after `low` up to `high`, MAX_RANGE in all; only `high` where they do not count up."""
    stem, _, first = low.rpartition("-")
    other, _, last = high.rpartition("-")
    if stem != other or not (first.isdigit() and last.isdigit()) or not int(first) < int(last):
        return [high]
    numbers = range(int(first) + 1, min(int(last), int(first) + MAX_RANGE - 1) + 1)
    return [f"{stem}-{number}" if stem else str(number) for number in numbers]
