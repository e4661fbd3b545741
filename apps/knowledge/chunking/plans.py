"""The charts of accounts that are known by name, and the titles of their classes."""

import re
from datetime import date

from apps.rag.understanding.references import PLAN_FORMER, PLAN_NON_PROFIT, PLAN_REVISED
from kauri.lib.text import fold

# SYSCOHADA révisé, class titles as printed over each class of the official comparison of the two
# charts (annexe II, "Tableau de correspondance ancien-nouveau plan de comptes").
CLASS_TITLES: dict[int, str] = {
    1: "Comptes de ressources durables",
    2: "Comptes d'actif immobilisé",
    3: "Comptes de stocks",
    4: "Comptes de tiers",
    5: "Comptes de trésorerie",
    6: "Comptes de charges des activités ordinaires",
    7: "Comptes de produits des activités ordinaires",
    8: "Comptes des autres charges et des autres produits",
    9: "Comptes des engagements hors bilan et comptes de la comptabilité analytique de gestion",
}

PLAN_TITLES: dict[str, str] = {
    PLAN_REVISED: "SYSCOHADA révisé",
    PLAN_FORMER: "SYSCOHADA ancien",
    PLAN_NON_PROFIT: "SYCEBNL",
}

# The revised chart replaced the former one for the exercises opened from this day on.
# Keys are stored in columns of this width.
_MAX_KEY = 40
_REVISED_SINCE = date(2018, 1, 1)
_FORMER = re.compile(r"\b(?:ancien|former|2001|avant|old)\b")
_REVISED = re.compile(r"\b(?:revise|nouveau|2017|2018|revised)\b")


def plan_key(name: str) -> str:
    """Give the key of a plan named in any of its usual ways; an unknown name becomes its own key.

    "SYSCOHADA revise 2017" is `syscohada-revise`, "ancien plan" is `syscohada-ancien`.
    """
    folded = fold(name).replace("-", " ").replace("_", " ").strip()
    if not folded:
        return ""
    if "sycebnl" in folded or "non lucratif" in folded:
        return PLAN_NON_PROFIT
    if _FORMER.search(folded):
        return PLAN_FORMER
    if "syscohada" in folded or _REVISED.search(folded):
        return PLAN_REVISED
    return re.sub(r"[^a-z0-9]+", "-", folded)[:_MAX_KEY].strip("-")


def plan_title(plan: str) -> str:
    return PLAN_TITLES.get(plan, plan)


def class_title(plan: str, digit: int) -> str:
    """The title of a class; the SYSCOHADA's titles hold for its two charts only."""
    return CLASS_TITLES.get(digit, "") if plan in (PLAN_REVISED, PLAN_FORMER) else ""


def plan_in_force(plan: str) -> tuple[date | None, date | None] | None:
    """The half-open period of a plan where it differs from its document's, else None."""
    return (None, _REVISED_SINCE) if plan == PLAN_FORMER else None
