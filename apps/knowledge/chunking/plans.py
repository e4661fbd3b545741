"""The charts of accounts that are known by name, and when they are in force."""

import re
from collections.abc import Collection
from datetime import date

from apps.rag.understanding.charts import FORMER_SINCE, REVISED_SINCE
from apps.rag.understanding.references import PLAN_FORMER, PLAN_NON_PROFIT, PLAN_REVISED
from kauri.lib.text import fold

# Keys are stored in columns of this width.
_MAX_KEY = 40
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


def plan_in_force(plan: str, of_file: Collection[str]) -> tuple[date | None, date | None] | None:
    """The half-open period of a plan where it differs from its document's, else None; `of_file` are all its plans.

    The former plan ended where the revised one began. A file that compares the two is dated by the revised one: then
    the former one's beginning is given, too.
    """
    if plan != PLAN_FORMER:
        return None
    return (FORMER_SINCE if PLAN_REVISED in of_file else None, REVISED_SINCE)
