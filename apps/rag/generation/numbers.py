"""Numbers as French (and English) texts write them: figures, words, percentages, fractions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

_SMALL = {
    "zero": 0, "un": 1, "une": 1, "deux": 2, "trois": 3, "quatre": 4, "cinq": 5, "six": 6, "sept": 7, "huit": 8,
    "neuf": 9, "dix": 10, "onze": 11, "douze": 12, "treize": 13, "quatorze": 14, "quinze": 15, "seize": 16,
    "vingt": 20, "vingts": 20, "trente": 30, "quarante": 40, "cinquante": 50, "soixante": 60, "septante": 70,
    "huitante": 80, "octante": 80, "nonante": 90,
    "dizaine": 10, "douzaine": 12, "quinzaine": 15, "vingtaine": 20, "trentaine": 30, "quarantaine": 40,
    "cinquantaine": 50, "soixantaine": 60, "dizaines": 10, "douzaines": 12, "quinzaines": 15, "vingtaines": 20,
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11, "twelve": 12, "dozen": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
    "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
    "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_BIG = {"mille": 10**3, "mil": 10**3, "millier": 10**3, "milliers": 10**3, "thousand": 10**3, "million": 10**6,
        "millions": 10**6, "milliard": 10**9, "milliards": 10**9, "billion": 10**9}  # fmt: skip
_HUNDRED = {"cent": 100, "cents": 100, "centaine": 100, "centaines": 100, "hundred": 100}
_PARTS = {
    "moitie": 2, "demi": 2, "demie": 2, "half": 2, "tiers": 3, "third": 3, "quart": 4, "quarts": 4, "quarter": 4,
    "deuxieme": 2, "troisieme": 3, "quatrieme": 4, "cinquieme": 5, "sixieme": 6, "septieme": 7, "huitieme": 8,
    "neuvieme": 9, "dixieme": 10, "onzieme": 11, "douzieme": 12, "treizieme": 13, "quatorzieme": 14, "quinzieme": 15,
    "seizieme": 16, "vingtieme": 20, "trentieme": 30, "quarantieme": 40, "cinquantieme": 50, "soixantieme": 60,
    "centieme": 100, "millieme": 1000, "fifth": 5, "tenth": 10,
}  # fmt: skip
_SHORT_SCALES = {"k": 10**3, "K": 10**3, "M": 10**6, "Md": 10**9, "Mds": 10**9, "Mrd": 10**9, "Mrds": 10**9}
_ROMAN = {"I": 1, "V": 5, "X": 10, "L": 50}
# Signs of the same length, so that places stay: a hyphen that does not break is a hyphen.
_ACCENTS = str.maketrans("éèêÉÈÊ\u2010\u2011", "eeeEEE--")
# Numbers of one sign: fractions, powers and indexes, circled and Roman ones.
SIGNS = "\u00b2\u00b3\u00b9\u00bc-\u00be\u2070-\u2079\u2080-\u2089\u2150-\u2188\u2460-\u249b\u24ea-\u24ff\u2776-\u2793"
_SIGN = f"[{SIGNS}]"
_AREA = re.compile(r"\b[cdhk]?m\Z")

_GAP = "[ \u00a0\u202f\u2009]"
_FIGURE = (
    rf"\d{{1,3}}(?:{_GAP}\d{{3}})+(?!\d)(?:,\d+)?|\d{{1,3}}(?:\.\d{{3}})+(?!\d)(?:,\d+)?"
    rf"|\d{{1,3}}(?:,\d{{3}}){{2,}}(?!\d)(?:\.\d+)?|\d+[.,]\d+|\d+"
)
_WORD = "|".join(sorted([*_SMALL, *_BIG, *_HUNDRED], key=len, reverse=True))
NUMBER_WORDS = _WORD  # as a pattern, over folded text
_PART = "|".join(sorted(_PARTS, key=len, reverse=True))
_TOKEN = re.compile(
    rf"(?P<percent>(?:pour|per|p\.){_GAP}?(?:100|cent|mille)\b)"
    rf"|(?P<code>(?<![\w.,])\d+(?:-\d+)+(?![\w]))"
    rf"|(?P<figure>(?<![\d])(?:{_FIGURE}))(?P<scale>{_GAP}?(?:(?:mille|milliers|millions?"
    rf"|milliards?|thousand|billion)\b|(?-i:k|K|M|Mds?|Mrds?)(?![\w.'’])))?"
    rf"|(?<!\w)(?P<words>(?:{_WORD})(?:(?:[ \u00a0-]"
    rf"|{_GAP}et{_GAP})(?:{_WORD}))*)(?![\w])(?P<part>[ \u00a0-](?:{_PART})s?\b)?"
    rf"|(?<!\w)(?P<roman>(?-i:(?=[IVXL]{{2}})(?:X[LX]|L?X{{0,3}})(?:I[XV]|V?I{{0,3}})))(?!\w)"
    rf"|(?<!\w)(?P<lone>{_PART})s?(?!\w)|(?P<sign>{_SIGN})",
    re.IGNORECASE,
)
_MONTH = (
    r"(?:janvier|fevrier|mars|avril|mai|juin|juillet|ao[uû]t|septembre|octobre|novembre|decembre|january|february|march"
    r"|april|may|june|july|august|september|october|november|december)"
)
_UNIT_WORDS = (
    ("date", _MONTH),
    ("%", r"%|pour{g}cent|pour{g}100|p\.{g}?(?:100|cent|c\.)|percent|per{g}cent"),
    ("day", r"(?:de{g})?(?:jours?|jrs?|days?)"),
    ("month", r"(?:de{g})?(?:mois|months?)"),
    ("year", r"(?:d['’])?(?:ans?|ann[ée]es?|years?)"),
    ("week", r"(?:de{g})?(?:semaines?|weeks?)"),
    ("hour", r"(?:d['’])?(?:heures?|hours?|h)"),
    ("euro", r"(?:d['’]|de{g})?(?:euros?|€|EUR)"),
    ("dollar", r"(?:de{g})?(?:dollars?|\$|USD|US\$)"),
    ("naira", r"(?:de{g})?(?:nairas?|NGN|₦)"),
    ("cedi", r"(?:de{g})?(?:cedis?|GHS|GH₵)"),
    ("pound", r"(?:de{g})?(?:livres?{g}sterling|pounds?|£|GBP)"),
    ("yuan", r"(?:de{g})?(?:yuans?|CNY|RMB|yens?|JPY|¥)"),
    ("dirham", r"(?:de{g})?(?:dirhams?|MAD|AED|ouguiyas?|MRU|dinars?)"),
    (
        "other franc",
        r"(?:de{g})?(?:francs?{g}(?:guineens?|congolais|suisses?|comoriens?|francais|rwandais)|GNF|CDF|KMF|CHF|FF)",
    ),
    ("money", r"(?:de{g}|d')?(?:F{g}?CFA|FCFA|francs?|CFA|XOF|XAF|F)"),
    ("mille", r"‰|pour{g}mille|per{g}mille?|per{g}thousand|p\.{g}?mille|points?{g}de{g}base|basis{g}points?"),
)
TIMES = frozenset({"day", "month", "year", "week", "hour"})
CURRENCIES = frozenset({"euro", "dollar", "naira", "cedi", "pound", "yuan", "dirham", "other franc"})
_UNIT = re.compile(
    r"(?:er\b)?\s*\)?\s*(?:"
    + "|".join(f"(?P<u{i}>{pattern.replace('{g}', _GAP)})" for i, (_, pattern) in enumerate(_UNIT_WORDS))
    + r")(?!\w)",
    re.IGNORECASE,
)
# What is counted where it is no unit: "trois associés". Lower case: "401 Fournisseurs" is an account.
_COUNTED = re.compile(r"\s*\)?\s*(?P<noun>[a-zà-ÿ]{3,}[sx])(?!\w)")
_NOT_COUNTED = re.compile(
    "dans|sans|sous|mais|plus|moins|puis|alors|fois|tous|toutes|vers|hors|lors|apres|depuis|jamais|toujours"
    "|this|these|less|unless|has|does|was|its"
)
_RESTATED = re.compile(r"\s*\(\s*[\d.,\s]{1,20}(%?)\s*\)")
_OF_SOMETHING = re.compile(r"\s+(?:de|du|des|d['’]|au|of)\b|\s*\(", re.IGNORECASE)
_RANGE = re.compile(r"\s*\)?\s*(?:,|à|a|ou|et|to|or|and|-|–)\s*\Z", re.IGNORECASE)
_REFERENCE = re.compile(
    r"(?:\b(?:arts?\.?|articles?|comptes?|accounts?|classes?|class|al\.|alin[ée]as?|n°|n°s|num[ée]ro|page|p\.|section"
    r"|chapitre|titre|livre|loi|d[ée]cret)\s*(?:n°\s*)?(?:\d[\d\s,;.-]*(?:\bet\b|\bou\b|\bà\b|,)\s*)*)\Z",
    re.IGNORECASE,
)
# "3°" counts a line of a text, as "3)" and "3." do where they begin it: no ground for three months.
_ENUMERATES = re.compile(r"°")
_ENUMERATES_LINE = re.compile(r"[.)](?!\d)|\s?[-–]\s")
_LINE_START = re.compile(r"(?:\A|\n)[ \t\u00a0(]*\Z")
_NUMERIC_DATE = re.compile(r"/\d")
_NUMERIC_DATE_BEFORE = re.compile(r"\d/\Z")
_ONE = frozenset({"un", "une", "one"})


@dataclass(frozen=True, slots=True)
class Mention:
    """A number in a text. `values` holds its possible readings ("5,000" has two); `code` is set for 269-2-1.

    `unit` is "" (none read), %, mille, one of TIMES, money (francs of the zone), one of CURRENCIES, date, part (a
    fraction or an ordinal), thing (associates, shares…) or ref (an article, an account…).
    """

    start: int
    end: int
    values: frozenset[Fraction]
    unit: str
    code: str = ""


def mentions(text: str) -> tuple[Mention, ...]:
    """Return every number that a text states, in order; the articles "un" and "une" alone are none."""
    plain = text.translate(_ACCENTS)
    found = [mention for match in _TOKEN.finditer(plain) if (mention := _read(plain, match)) is not None]
    return _spread_units(plain, found)


def disagree(text: str, found: Sequence[Mention]) -> bool:
    """Tell whether a number in words is followed by another in figures: "dix (2)"."""
    for words, figures in pairwise(found):
        between, after = text[words.end : figures.start], text[figures.end : figures.end + 3].lstrip()
        is_restated = between.strip() == "(" and after[:1] in {")", "%"} and text[words.start].isalpha()
        if is_restated and text[figures.start].isdigit() and not _is_one_number(words, figures):
            return True
    return False


def _is_one_number(words: Mention, figures: Mention) -> bool:
    return bool(words.values & figures.values) or "part" in {words.unit, figures.unit}


def _read(text: str, match: re.Match[str]) -> Mention | None:
    start, end = match.span()
    if match["percent"]:
        return None
    if match["code"]:
        return Mention(start, end, frozenset(), "ref", match["code"])
    if match["lone"]:
        if match["lone"].lower() == "tiers" and _OF_SOMETHING.match(text, end) is None:
            return None  # third parties
        part = Fraction(_PARTS[match["lone"].lower()])
        return Mention(start, end, frozenset({part, 1 / part}), "part")
    if match["words"]:
        return _read_words(text, match)
    if match["sign"]:
        return _read_sign(text, match)
    if match["roman"]:
        return Mention(start, end, frozenset({Fraction(_roman_value(match["roman"]))}), _unit(text, start, end))
    scale = _scale(match["scale"]) if match["scale"] else 1
    values = frozenset(value * scale for value in _figure_values(match["figure"]))
    return Mention(start, end, values, _unit(text, start, end))


def _read_words(text: str, match: re.Match[str]) -> Mention | None:
    start, end = match.span()
    value = Fraction(_words_value(match["words"]))
    if match["part"]:
        name = match["part"].strip(" \u00a0-").lower()
        part = Fraction(_PARTS.get(name) or _PARTS[name.rstrip("s")])
        return Mention(start, end, frozenset({value / part}), "part")
    unit = _unit(text, start, end)
    if (
        match["words"].lower() in _ONE
        and unit in {"", "money", "euro", "dollar", "ref"}
        and not _RESTATED.match(text, end)
    ):
        return None
    return Mention(start, end, frozenset({value}), unit)


def _read_sign(text: str, match: re.Match[str]) -> Mention | None:
    if match["sign"] in "\u00b2\u00b3" and _AREA.search(text, max(0, match.start() - 3), match.start()):
        return None  # m²
    value = Fraction(unicodedata.numeric(match["sign"])).limit_denominator(1_000)
    return Mention(*match.span(), frozenset({value}), "part" if value.denominator > 1 else "")


def _figure_values(figure: str) -> set[Fraction]:
    compact = re.sub(_GAP, "", figure)
    if re.fullmatch(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?", compact):
        whole = Fraction(compact.replace(".", "").replace(",", "."))
        return {whole}
    if re.fullmatch(r"\d{1,3}(?:,\d{3}){2,}(?:\.\d+)?", compact):
        return {Fraction(compact.replace(",", ""))}
    if re.fullmatch(r"[1-9]\d{0,2},\d{3}", compact):
        return {Fraction(compact.replace(",", ".")), Fraction(compact.replace(",", ""))}
    return {Fraction(compact.replace(",", "."))}


def _words_value(words: str) -> int:
    total = current = 0
    for word in re.split(rf"[\s\u00a0-]+|{_GAP}et{_GAP}", words.lower()):
        if word in _SMALL:
            current = _with_small(current, word)
        elif word in _HUNDRED:
            current = max(1, current) * 100
        elif word in _BIG:
            total, current = total + max(1, current) * _BIG[word], 0
    return total + current


def _scale(written: str) -> int:
    word = written.strip(_GAP)
    return _SHORT_SCALES.get(word) or _BIG[word.lower()]


def _roman_value(written: str) -> int:
    digits = [_ROMAN[letter] for letter in written]
    return sum(
        -digit if digit < following else digit for digit, following in zip(digits, [*digits[1:], 0], strict=True)
    )


def _with_small(current: int, word: str) -> int:
    if word.endswith(("aine", "aines")):
        return max(1, current) * _SMALL[word]  # une quinzaine
    # quatre-vingt: the only product among the numbers themselves
    return current * 20 if current % 100 == 4 and word.startswith("vingt") else current + _SMALL[word]


def _unit(text: str, start: int, end: int) -> str:
    if _REFERENCE.search(text[max(0, start - 60) : start]) or _ENUMERATES.match(text, end):
        return "ref"
    if _LINE_START.search(text[max(0, start - 20) : start]) and _ENUMERATES_LINE.match(text, end):
        return "ref"
    if _NUMERIC_DATE.match(text, end) or _NUMERIC_DATE_BEFORE.search(text[max(0, start - 2) : start]):
        return "date"
    restated = _RESTATED.match(text, end)
    if restated and restated[1]:
        return "%"
    end = restated.end() if restated else end
    return _unit_word(text, end) or _unit_of_counted(text, end)


def _unit_word(text: str, end: int) -> str:
    match = _UNIT.match(text, end)
    return next((name for i, (name, _) in enumerate(_UNIT_WORDS) if match[f"u{i}"]), "") if match else ""


def _unit_of_counted(text: str, end: int) -> str:
    counted = _COUNTED.match(text, end)
    if counted is None or _NOT_COUNTED.fullmatch(counted["noun"]):
        return ""
    # "les quinze derniers jours"
    return _unit_word(text, counted.end()) or "thing"


def _spread_units(text: str, found: list[Mention]) -> tuple[Mention, ...]:
    """Give "dix à quinze jours" its unit on both numbers."""
    for index in range(len(found) - 2, -1, -1):
        mention, successor = found[index], found[index + 1]
        if not mention.unit and successor.unit and _RANGE.fullmatch(text[mention.end : successor.start]):
            found[index] = replace(mention, unit=successor.unit)
    return tuple(found)
