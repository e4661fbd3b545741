"""Legal forms of companies: which ones a text names, however they are written."""

from __future__ import annotations

import re
from functools import lru_cache

from apps.rag.understanding.folded import fold

_OTHERS = "sarl|sas|snc|scs|gie"
# The possessive needs a noun after it, and never follows an article: what does is the company.
_SA = (
    r"(?:\b(?:la|une|des|les|d'une|the|an?) |\b(?:" + _OTHERS + r") (?:et|ou|contre|vs|versus|and|or) )sa\b"
    r"|(?<![\w'])sa(?=\s*(?:$|[?!.,;:)/]))"
    r"|(?<![\w'])sa(?= (?:et|ou|contre|vs|versus|and|or) (?:la |une |an? |the )?(?:" + _OTHERS + r")\b)"
)
_FORMS: dict[str, re.Pattern[str]] = {
    "SARL": re.compile(r"\bsarlu?\b|\bs\.a\.r\.l\b|responsabilite limitee"),
    "SAS": re.compile(r"\bsasu?\b|actions simplifiee"),
    "SA": re.compile(rf"{_SA}|\bs\.a\.(?!r)|societes? anonymes?"),
    "SNC": re.compile(r"\bsnc\b|nom collectif"),
    "SCS": re.compile(r"\bscs\b|commandite simple|commanditaire|commandite\b"),
    "GIE": re.compile(r"\bgie\b|\bg\.i\.e\b|interet economique"),
    "SEP": re.compile(r"societes? en participation"),
}
FULL_NAMES = {
    "SARL": "societe a responsabilite limitee",
    "SAS": "societe par actions simplifiee",
    "SA": "societe anonyme",
    "SNC": "societe en nom collectif",
    "SCS": "societe en commandite simple",
    "GIE": "groupement d'interet economique",
    "SEP": "societe en participation",
}
_ACT_TITLES = re.compile(r"groupements? d'interet economique|et du gie\b|ausc[ -]?gie")
# what a question says beside a form where it asks what that form is, or how two of them differ
_BESIDE_FORMS = re.compile(
    r"\b(?:qu'est|qu|est|ce|que?|c|k?oi|quoi|signifie|veut|dire|quell?es?|sont|definition|definir|definis\w*|notion|entend"
    r"|on|par|compar\w+|differen\w+|distin\w+|nuance|entre|et|ou|vs|versus|avec|contre|rapport|a|au|an?|the|what|is"
    r"|l[ae]s?|une?|d[eu]s?|l|d|societes?|groupements?|en|droit|ohada|moi|explique\w*|sa)\b|[\W_]"
)
_SIGLES = tuple(form for form in _FORMS if form not in ("SA", "SEP"))
_TYPED = re.compile(rf"(?i)(?<![\w'’-])(?:d['’])?(?:{'|'.join(_SIGLES)})u?(?![\w'’-])")
# "sarll", "saarl", "sral": a letter twice, or two of them swapped; the shorter sigles are a slip away from words
_MISSPELT_SARL = re.compile(r"(?i)(?<![\w'’-])(?P<elided>d['’])?(?!sarl\b)(?:s+a+r+l+|sral|salr|asrl)(?![\w'’-])")
_TYPED_SA = re.compile(rf"(?i){_SA}")
_ARTICLES = {"GIE": "un"}
_CHOOSES = re.compile(r"\b(?:l[ae]quel(?:le)?|choisi\w*|choix|hesit\w+|preferer|opter|mieux|meilleure?|plutot)\b")
# what is said beside the forms that one chooses between
_BESIDE_CHOICE = re.compile(
    r"\b(?:formes?|juridiques?|statuts?|creer|monter|lancer|prendre|faut|vaut|il|je|dois|peux|mon|ma|pour|entreprise)\b"
)


@lru_cache(maxsize=1_024)
def named_forms(folded: str) -> tuple[str, ...]:
    """Return the forms that a folded text names, in order of appearance; the title of the act names none."""
    bare = _ACT_TITLES.sub(" ", folded) if "societe" in folded or "ausc" in folded else folded
    found = [(match.end(), form) for form, pattern in _FORMS.items() if (match := pattern.search(bare))]
    return tuple(form for _, form in sorted(found))


def with_sigles(text: str) -> str:
    """Return a question with the sigles of companies in capitals, where they are meant: "la sa" is "la SA"."""
    text = _MISSPELT_SARL.sub(lambda found: f"{found['elided'] or ''}SARL", text)
    spelt = _TYPED.sub(lambda found: found[0].upper().replace("D'", "d'").replace("D’", "d’"), text)
    return _TYPED_SA.sub(lambda found: f"{found[0][:-2]}SA", spelt)


def put_form(text: str, form: str) -> str:
    """Return a text with the one form that it names replaced by another; as it is where it names none or several."""
    named = [each for each in (*_SIGLES, "SA") if re.search(rf"\b{each}\b", text)]
    return re.sub(rf"\b{named[0]}\b", form, text) if len(named) == 1 else text


def forms_bare(folded: str) -> bool:
    """Tell whether a folded text names forms of company and, but for small words and what frames a question, nothing
    else: "la SNC", "qu'est-ce qu'une société en nom collectif ?"."""
    bare = folded
    for pattern in _FORMS.values():
        bare = pattern.sub(" ", bare)
    return bare != folded and not _BESIDE_FORMS.sub(" ", bare).strip()


@lru_cache(maxsize=1_024)
def told_apart(text: str) -> str:
    """Return the question how forms of company differ where it is asked which of them to choose: no text says that.

    Any other question is returned as it is.
    """
    folded = fold(text)
    forms = named_forms(folded)
    is_choice = len(forms) > 1 and _CHOOSES.search(folded) is not None
    if not is_choice or not forms_bare(_BESIDE_CHOICE.sub(" ", _CHOOSES.sub(" ", folded))):
        return text
    *others, last = (f"{_ARTICLES.get(form, 'une')} {form}" for form in forms if form != "SEP")
    return f"Quelle est la différence entre {', '.join(others)} et {last} ?" if others else text
