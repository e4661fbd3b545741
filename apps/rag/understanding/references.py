"""Reference keys: the strings by which an article, an account, a class or a judgment is found exactly."""

from __future__ import annotations

import re

PLAN_REVISED = "syscohada-revise"
PLAN_FORMER = "syscohada-ancien"
PLAN_NON_PROFIT = "sycebnl"

# What numbers the articles that were put between two others, in the order of Latin.
ORDINALS = (
    "bis", "ter", "quater", "quinquies", "sexies", "septies", "octies", "nonies", "novies", "decies", "undecies",
    "duodecies", "terdecies", "quaterdecies", "quindecies",
)  # fmt: skip
_DASHES = re.compile(r"[‐-―−]")
_FIRST = re.compile(r"^(?:1er|1ère|1ere|premier|première|premiere)\b")
# "(L.F. 2025)" says when an article got its text, "~2" that an edition printed the number twice
_ASIDE = re.compile(r"\s*\([^)]*\)|~\d+$")
_SEPARATORS = re.compile(r"[\s._]+")
_CITED = re.compile(r"\D*(?P<number>\d{1,4})(?:\s*[/-]\s*(?P<year>(?:19|20)?\d\d))?\D*$")


def normalise_article(number: str) -> str:
    """Return an article number in its one form.

    `L. 123-4` is `l123-4`, `1er` is `1`, `269 - 2` is `269-2`, `86 A`, `86-A` and `86A` are `86a`, `127 quinquies`
    is `127quinquies`, `122 (L.F. 2025)` is `122`.
    """
    folded = _DASHES.sub("-", _ASIDE.sub("", number.strip()).lower()).replace("_", " ")
    folded = _FIRST.sub("1", folded.strip())
    joined = _SEPARATORS.sub("", re.sub(r"\s*-\s*", "-", folded))
    return re.sub(r"-(?=[a-z])|(?<=^[a-z])-", "", joined).strip("-")


def article_reference(code: str, number: str) -> str:
    """Return the key of an article, such as `art:AUSCGIE:269-2-1`."""
    return f"art:{code.upper()}:{normalise_article(number)}"


def article_keys(code: str, number: str) -> tuple[str, ...]:
    """Return the keys that an article may be kept under: its own, and that of indexes written before `86-A` was `86a`.

    Both are looked up, so that no index must be written anew.
    """
    normal = normalise_article(number)
    dashed = re.sub(r"(?<=\d)(?=[a-z])", "-", normal)
    return tuple(dict.fromkeys(f"art:{code.upper()}:{form}" for form in (normal, dashed)))


def account_reference(plan: str, number: str) -> str:
    """Return the key of an account, such as `compte:syscohada-revise:401`."""
    return f"compte:{plan}:{number.strip()}"


def class_reference(plan: str, digit: str) -> str:
    """Return the key of an account class, such as `classe:syscohada-revise:4`."""
    return f"classe:{plan}:{digit.strip()}"


def case_reference(court: str, number: str, year: str = "") -> str:
    """Return the key of a judgment, such as `arret:CCJA:056/2023`; a number without a year is `arret:CCJA:056`."""
    return f"arret:{court.upper()}:{normalise_case(number, year)}"


def normalise_case(number: str, year: str = "") -> str:
    """Return the number of a judgment in its one form: `56/2023`, `n° 056-23` and `56` of 2023 are `056/2023`."""
    cited = _CITED.match(number)
    if cited is None:
        return number.strip()
    when = cited["year"] or year
    century = "20" if len(when) == 2 and int(when) < 90 else "19" if len(when) == 2 else ""
    return f"{int(cited['number']):03d}" + (f"/{century}{when}" if when else "")


def says_account(number: str, text: str) -> bool:
    """Tell whether running text speaks of an account by its number: "transféré au compte 475"."""
    return re.search(rf"(?i)\bcomptes? (?:n° ?)?{re.escape(number)}\b(?![.,]?\d)", text) is not None
