"""What an account of a chart says as a passage, and the titles of the charts and of their classes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from apps.rag.understanding.references import PLAN_FORMER, PLAN_NON_PROFIT, PLAN_REVISED

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
# The former chart came with the uniform act of 24 March 2000; the revised one replaced it for the exercises opened from
# this day on.
FORMER_SINCE = date(2001, 1, 1)
REVISED_SINCE = date(2018, 1, 1)
_MAX_LISTED = 60
# A line that names an account, in a passage of ours or of an older chart.
ACCOUNT_LINE = re.compile(
    r"^(?:Compte[ \u00a0]+)?(?P<number>\d{1,8})[ \u00a0]*[:.–—|-]?[ \u00a0]+(?P<label>\S.*)$", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Named:
    """An account's number and label."""

    number: str
    label: str


@dataclass(frozen=True, slots=True)
class AccountPassage:
    """An account as a passage: its text, the headings above it from the top, and what is searched."""

    text: str
    headings: tuple[str, ...]
    search_text: str


def plan_title(plan: str) -> str:
    """Return what a chart is called; a chart without a name is called by its key."""
    return PLAN_TITLES.get(plan, plan)


def class_title(plan: str, digit: int) -> str:
    """Return the title of a class; the SYSCOHADA's titles hold for its two charts only."""
    return CLASS_TITLES.get(digit, "") if plan in (PLAN_REVISED, PLAN_FORMER) else ""


def class_named(digit: int, label: str) -> str:
    """Return a class's heading."""
    return f"Classe {digit} : {label}" if label else f"Classe {digit}"


def account_passage(
    account: Named, *, plan: str, root: str, above: Sequence[Named], below: Sequence[Named]
) -> AccountPassage:
    """Write an account as a passage.

    `root` is the chart's title, `above` the accounts that hold it from the top, `below` those right under it.
    """
    digit = int(account.number[0])
    class_name = class_named(digit, class_title(plan, digit))
    headings = tuple(part for part in (root, class_name, *(f"{each.number} {each.label}" for each in above)) if part)
    lines = [f"Compte {account.number} : {account.label}"]
    if above:
        lines.append(f"Subdivision du compte {above[-1].number} : {above[-1].label}")
    if below:
        lines.append(f"Sous-comptes : {listed(below)}")
    searched = (" > ".join(searched_headings(headings, plan)), f"compte n° {account.number}", lines[0], listed(below))
    return AccountPassage("\n".join(lines), headings, "\n".join(part for part in searched if part))


def searched_headings(headings: tuple[str, ...], plan: str) -> tuple[str, ...]:
    """Return which headings of a chart's row, from its title down, it is searched by.

    The former chart is found by its days. With its title in each of its rows the SYSCOHADA's name would be no rare word
    any more, and questions about the SYSCOHADA of today would be refused.
    """
    return headings[1:] if plan == PLAN_FORMER else headings


def account_label(text: str) -> str:
    """Return the label in an account's passage."""
    named = ACCOUNT_LINE.match(text)
    return named["label"] if named else text.partition("\n")[0]


def listed(accounts: Sequence[Named]) -> str:
    """Return accounts as one line, the first ones of many."""
    return " ; ".join(f"{each.number} {each.label}" for each in accounts[:_MAX_LISTED])
