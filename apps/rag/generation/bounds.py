"""Whether a number is a least or a most, before or after: "au moins 5 000" is not "au plus 5 000"."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from apps.rag.generation.numbers import TIMES, Mention
from apps.rag.generation.sources import numbers_of, whole_of
from apps.rag.types import Passage

_UP, _DOWN, _BEFORE, _AFTER = "up", "down", "before", "after"
_OPPOSITE = {_UP: _DOWN, _DOWN: _UP, _BEFORE: _AFTER, _AFTER: _BEFORE}
# Over text in small letters that keeps its accents, so that places stay.
_COMPARED = re.compile(
    r"\b(?:(?P<more>sup[eé]rieur\w*|exc[eèé]d\w+|d[eé]pass\w+|plus de|au-del[aà] de|au-dessus|more than|exceed\w*"
    r"|above)"
    r"|(?P<less>inf[eé]rieur\w*|moins de|en de[cç][aà]|en dessous|less than|below|under)"
    r"|(?P<least>au moins|au minimum|minimum|minimale?s?|minimaux|at least)"
    r"|(?P<most>au plus(?! tard)|au maximum|maximum|maximale?s?|jusqu['’]\w+|dans la limite|plafonn\w+|at most|up to))"
    r"(?!\w)"
)
_NEGATED = re.compile(r"\b(?:ne|sans|pas|not|no|without|cannot)\b|\bn['’]")
_CLAUSE = re.compile(r"[.;:,()\[\]|]")
_REACH, _NEGATION_REACH, _GAP_WORDS = 60, 36, 4
_UNIT = re.compile(
    r"\)?\s*(?:\([^()]{0,30}\)\s*)?(?:(?:%|pour cent|percent|millions?|milliards?|(?:de |d['’])?(?:francs?|euros?)|f"
    r"|fcfa|cfa|xof|xaf|jours?|mois|ans?|ann[eé]es?|semaines?|heures?|days?|months?|years?|weeks?|hours?)(?!\w)\s*)*"
)
_BEHIND = re.compile(
    r"(?:(?P<least>au moins|au minimum|minimum|(?:et|ou) plus|at least|or more)"
    r"|(?P<most>au plus(?! tard)|au maximum|maximum|(?:et|ou) moins|at most|or less))(?!\w)"
)
_TIME_BEHIND = re.compile(
    r"(?:au moins |au plus tard |au plus |francs |at least )?"
    r"(?:(?P<before>avant|before)|(?P<after>apr[eè]s|after))(?!\w)"
)
_TIME_AHEAD = re.compile(
    r"\b(?:(?P<before>avant|before)|(?P<after>apr[eè]s|depuis|[aà] compter|[aà] partir|after|since))"
    r"(?: du| de| le| the| of| from)*\s*\Z"
)
_ANY = re.compile(
    re.sub(r"\?P<\w+>", "?:", f"{_COMPARED.pattern}|{_BEHIND.pattern}")
    + r"|\b(?:avant|apr[eè]s|depuis|compter|partir|before|after|since)\b"
)
# "jusqu'à cent millions, et 1,5 % au-delà" tells of both sides of the number.
_OTHER_SIDE = re.compile(
    r"\b(?:(?:au-del[aà]|en de[cç][aà]|au-dessus|en dessous)(?! de)|surplus|exc[eé]dent|inverse|contraire"
    r"|ces? (?:seuils?|montants?|plafonds?|d[eé]lais?|limites?))\b"
)
_OTHER_SIDE_REACH = 240


def is_turned(claim: str, numbers: Iterable[Mention], sources: Sequence[Passage]) -> bool:
    """Tell whether a claim makes a most of what its sources call a least, or a later day of an earlier one."""
    stated = [(number, marks) for number in numbers if (marks := _marks(claim, number))]
    return any(_is_opposed(number, marks, sources) for number, marks in stated)


def may_bound(own: str) -> bool:
    """Tell whether a claim says of a number, in words of its own, that it is a least or a most, or before or after."""
    return _ANY.search(own.lower()) is not None


def _is_opposed(number: Mention, marks: frozenset[str], sources: Sequence[Passage]) -> bool:
    told = frozenset[str]()
    for source in sources:
        same = [other for other in numbers_of(source) if other.end and _is_one(number, other)]
        told = told.union(*(_told(whole_of(source), other) for other in same))
    return any(_OPPOSITE[mark] in told and mark not in told for mark in marks)


def _is_one(number: Mention, other: Mention) -> bool:
    return bool(number.values & other.values) and (number.unit == other.unit or not (number.unit and other.unit))


def _told(text: str, number: Mention) -> frozenset[str]:
    marks = _marks(text, number)
    if marks & {_UP, _DOWN} and _OTHER_SIDE.search(text.lower(), number.end, number.end + _OTHER_SIDE_REACH):
        return marks | {_UP, _DOWN}
    return marks


def _marks(text: str, number: Mention) -> frozenset[str]:
    ahead = _CLAUSE.split(text[max(0, number.start - _REACH) : number.start].lower())[-1]
    behind = text[number.end : number.end + _REACH].lower()
    unit = _UNIT.match(behind)
    behind = behind[unit.end() if unit else 0 :]
    marks = {_compared(ahead), _side(_BEHIND.match(behind))}
    if number.unit in TIMES:
        marks.add(_side(_TIME_BEHIND.match(behind)))
    elif number.unit == "date":
        marks.add(_side(_TIME_AHEAD.search(ahead)))
    return frozenset(mark for mark in marks if mark)


def _compared(ahead: str) -> str:
    """Return what the last comparison before a number makes of it: "ne peut être inférieur à" is a least."""
    last = next(iter(reversed(list(_COMPARED.finditer(ahead)))), None)
    if last is None or len(ahead[last.end() :].split()) > _GAP_WORDS:
        return ""
    if last["least"] or last["most"]:
        return _UP if last["least"] else _DOWN
    is_negated = _NEGATED.search(ahead[max(0, last.start() - _NEGATION_REACH) : last.start()]) is not None
    return _UP if bool(last["more"]) != is_negated else _DOWN


def _side(match: re.Match[str] | None) -> str:
    names = {"least": _UP, "most": _DOWN, "before": _BEFORE, "after": _AFTER}
    return next((names[name] for name, found in match.groupdict().items() if found), "") if match else ""
