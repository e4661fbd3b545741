"""A question for the law or the chart that was replaced, put to the law itself: "sous l'ancien acte uniforme" is "sous
l'acte uniforme" once another day is asked for."""

from __future__ import annotations

import re

from apps.rag.understanding.references import PLAN_FORMER, PLAN_REVISED

# law that nothing else names goes whole: "sous l'ancien droit ?"
_UNNAMED = (
    r"(?:sous|dans|selon|avec|d['’]apr[eè]s)\s+(?:l['’]ancien(?:ne)?|les\s+anciens|les\s+anciennes)\s+"
    r"(?:droit|lois?|versions?|textes?|r[eé]gime|r[eé]daction|r[eé]glementation|l[eé]gislation)(?=\s*(?:[?!.,;]|$))"
)
# "l'ancien gérant" stays who he is
_NAMED = (
    r"(?=(?:actes?|droit|lois?|versions?|textes?|r[eé]gime|r[eé]daction|r[eé]glementation|l[eé]gislation|au[a-z]{1,6}"
    r"|plan|syscohada|syst[eè]me|r[eé]f[eé]rentiel|comptes?|num[eé]ro)\b)"
)
_OWN_WORDS = (
    (_UNNAMED, ""),
    (rf"\bde\s+l['’]ancien\s+(?={_NAMED}[aeiou])", "de l'"),
    (rf"\bà\s+l['’]ancien\s+(?={_NAMED}[aeiou])", "à l'"),
    (rf"\bde\s+l['’]ancien\s+(?={_NAMED})", "du "),
    (rf"\bà\s+l['’]ancien\s+(?={_NAMED})", "au "),
    (rf"\bl['’]ancien(?:ne)?\s+(?={_NAMED}[aeiou])", "l'"),
    (rf"\bl['’]ancien\s+(?={_NAMED})", "le "),
    (rf"\bl['’]ancienne\s+(?={_NAMED})", "la "),
    (r"\bavant\s+la\s+(?:r[eé]forme|r[eé]vision)(?:\s+de\s+l['’](?:acte\s+uniforme|acte|au[a-z]+))?", ""),
    (r"\banciens?\s+(?=(?:plan|syscohada|syst[eè]me|r[eé]f[eé]rentiel|comptes?|num[eé]ro)\b)", ""),
    (r"(?<=plan|able|tiel|hada)\s+ancien\b", ""),
    (r"\s+non\s+r[eé]vis[eé]", ""),
    (r"\b(?:former|old)\s+(?=(?:plan|chart|act|law)\b)", ""),
)
_AND = (
    r"^(?:(?:et|mais|puis|alors|and|but|so|what about|how about)\b[ ,]*)*(?:(?:dans|selon|sous|avec|pour|in|under) )?"
)
_CHART = r"(?:plan|syscohada|systeme|referentiel)(?: comptable)?(?: ohada| syscohada)?"
_FORMER_CHART = (
    rf"l'ancien {_CHART}|le {_CHART} (?:ancien|d'avant|non revise)|the (?:former|old) (?:plan|chart(?: of accounts)?)"
)
_REVISED_CHART = (
    rf"le nouveau {_CHART}|le {_CHART} (?:revise|actuel|nouveau|d'aujourd'hui|en vigueur)"
    r"|the (?:new|current|revised) (?:plan|chart(?: of accounts)?)"
)
_CHARTS_ALONE = tuple(
    (plan, re.compile(rf"{_AND}(?:{words})(?: alors)?[ ?!.]*$"))
    for plan, words in ((PLAN_FORMER, _FORMER_CHART), (PLAN_REVISED, _REVISED_CHART))
)
_WORDS = tuple((re.compile(f"(?i){pattern}"), put) for pattern, put in _OWN_WORDS)


def without_former(text: str) -> str:
    """Return a question without the words that ask for what was replaced; as it is where it has none."""
    made = text
    for words, put in _WORDS:
        made = words.sub(put, made)
    return text if made == text else " ".join(made.split())


def chart_alone(folded: str) -> str:
    """Return the plan of the chart that is all a folded follow-up names, "et dans l'ancien plan ?"; "" for none."""
    return next((plan for plan, words in _CHARTS_ALONE if words.match(folded)), "")
