"""Recognise the structure lines of French legal texts: divisions and articles."""

import re
from dataclasses import dataclass

_ROMAN = r"[IVXLC][IVXLCl1]{0,7}"
_WORDS = (
    r"PREMI[EÈ]RE?|PR[EÉ]LIMINAIRE|UNIQUE|I[EÈ]RE?|1ER|1[EÈ]RE|DEUXI[EÈ]ME|SECONDE?|TROISI[EÈ]ME|QUATRI[EÈ]ME|"
    r"CINQUI[EÈ]ME|SIXI[EÈ]ME|SEPTI[EÈ]ME|HUITI[EÈ]ME|NEUVI[EÈ]ME|DIXI[EÈ]ME|FINALE?"
)
_DIVISIONS = r"PARTIE|LIVRE|SOUS[- ]TITRE|TITRE|CHAPITRE|SOUS[- ]SECTION|SECTION|PARAGRAPHE|§"
_MARK = rf"(?:{_WORDS}|{_ROMAN}|\d{{1,3}})(?:[- ]?(?:BIS|TER|QUATER))?"
_DIVISION = re.compile(
    rf"^(?P<name>{_DIVISIONS})\s*(?P<mark>{_MARK})(?![\w'’])\s*(?P<separator>[:.–—-]*)\s*(?P<title>.*)$", re.IGNORECASE
)
_ORDINAL_FIRST = re.compile(
    rf"^(?P<mark>{_WORDS})\s+(?P<name>PARTIE)\b\s*(?P<separator>[:.–—-]*)\s*(?P<title>.*)$", re.IGNORECASE
)

RANKS = {
    "partie": 1,
    "livre": 2,
    "titre": 3,
    "sous-titre": 4,
    "chapitre": 5,
    "section": 6,
    "sous-section": 7,
    "paragraphe": 8,
    "§": 8,
}
ARTICLE_RANK = 9

_NUMBER = (
    r"(?:PREMIER|UNIQUE|(?:[LRDA]\.?\s?)?\d{1,4}(?:er|°)?(?:\s?[-–.]\s?\d{1,3}(?!\d))*"
    # "86A", "122-A", "86 A :": a capital that begins no word, and after a space none that begins the text
    r"(?:[-–]?(?-i:[A-Z])(?![\w'’])(?:-\d{1,3})*| (?-i:[A-Z])(?=\s*(?:[:.–—(-]|$)))?"
    r"(?:[ -](?:bis|ter|quater|quinquies|sexies|septies|octies|nonies|decies)\b)?)"
)
_ARTICLE = re.compile(
    rf"^[«\"“]?\s*(?P<word>(?:NOUVEL\s+)?ART(?:ICLE|\.))\s*:?\s*(?P<number>{_NUMBER})(?P<rest>.*)$",
    re.IGNORECASE | re.DOTALL,
)
# What may stand between the number and the text: (nouveau), AU/DCG, a point, a dash, a colon.
_QUALIFIER = re.compile(
    r"^\s*(?P<qualifier>\((?:nouveau|ancien|abrog[ée]e?|nouvelle)\)|AU/\s?[A-Z]{2,5}|nouveau)?", re.IGNORECASE
)
_SEPARATOR = re.compile(r"^\s*(?:[:.]\s*[-–—]*|[-–—]+)\s*")


@dataclass(frozen=True, slots=True)
class StructureLine:
    """A division or article line: `rank` as in RANKS, `label` the mark, `rest` what follows it.

    `number` is the article's, as printed without spaces; empty for divisions. `qualifier` is
    what makes the number another text's or version's, such as AU/DCG.
    """

    rank: int
    label: str
    rest: str
    number: str = ""
    qualifier: str = ""


def read_structure(line: str) -> StructureLine | None:
    """Read one line (or paragraph) as a structure line; None for ordinary text."""
    stripped = line.strip()
    if not stripped or stripped[0].islower():
        return None
    return _article(stripped) or _division(stripped)


def _division(line: str) -> StructureLine | None:
    if len(line) > 250:
        return None
    match = _DIVISION.match(line) or _ORDINAL_FIRST.match(line)
    if match is None:
        return None
    title, separator = match["title"].strip(), match["separator"]
    # "Titre II du présent Acte…" and "Section 2 ci-dessus" are sentences that mention a division.
    if title and not separator and (title[0].islower() or title[0] in ",;)"):
        return None
    name = match["name"].lower().replace(" ", "-")
    return StructureLine(rank=RANKS[name], label=line[: match.start("separator")].strip(), rest=title)


def _article(line: str) -> StructureLine | None:
    match = _ARTICLE.match(line)
    if match is None:
        return None
    qualifier_match = _QUALIFIER.match(match["rest"])
    qualifier = (qualifier_match["qualifier"] or "") if qualifier_match else ""
    rest = match["rest"][qualifier_match.end() if qualifier_match else 0 :]
    separator = _SEPARATOR.match(rest)
    body = rest[separator.end() :] if separator else rest
    if not _may_follow(body.strip(), has_separator=separator is not None, glued=not match["rest"][:1].isspace()):
        return None
    number = re.sub(r"\s+", "", match["number"])
    label = f"Article {number}" + (f" {qualifier}" if qualifier else "")
    return StructureLine(rank=ARTICLE_RANK, label=label, rest=body.strip(), number=number, qualifier=qualifier)


def _may_follow(body: str, *, has_separator: bool, glued: bool) -> bool:
    """Tell "Article 5 : La société…" from "Article 5 du présent Acte" and "Article 5, alinéa 2"."""
    if not body:
        return True
    if has_separator:
        return body[0].isupper() or body[0] in '«"“([-–—•§' or body[0].isdigit() or body.startswith(("l'", "l’"))
    if glued:
        return False
    # Without a separator only a capital or the law of finance that it comes of, "(L.F. 2025)", may begin the article's
    # text, and no mere enumeration.
    return (body[0].isupper() or body.startswith("(L.F.")) and not body.startswith(("Et ", "Ou "))
