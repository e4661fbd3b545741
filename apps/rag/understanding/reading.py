"""Reads references in questions as people type them: glued, misspelt, bare, in words."""

from __future__ import annotations

import re
from collections.abc import Iterable

from apps.rag.types import Reference
from apps.rag.understanding.acts import Mention, act_name, acts_mentioned
from apps.rag.understanding.numbers import NUMBER_WORDS, number_read
from apps.rag.understanding.references import (
    PLAN_FORMER,
    PLAN_NON_PROFIT,
    PLAN_REVISED,
    account_reference,
    article_reference,
    class_reference,
    normalise_article,
)
from kauri.lib.text import fold

# The source of an article whose act nobody named: it is looked up in every text of the scope.
ANY_ACT = "*"

_NUMBER = r"(?:[lrd][. ]{0,2})?\d{1,4}(?: ?- ?\d{1,3}){0,3}(?: (?:bis|ter|quater))?"
_LIST = rf"{_NUMBER}(?:(?: ?, ?| et | ou | a ){_NUMBER})*"
_ARTICLE = re.compile(rf"\bl?'?art(?:icles?|s)?\b[ .°n]*(?P<list>{_LIST}|1er\b|premiere?\b)(?!\d)")
_ARTICLE_IN_WORDS = re.compile(rf"\bl?'?articles? (?P<words>{NUMBER_WORDS.pattern})")
_BARE_ARTICLE = re.compile(r"(?<![\d-])\d{1,4}-\d{1,3}(?:-\d{1,3}){0,2}(?![\d-])")
_ACCOUNT = re.compile(
    r"\b(?:sous[- ])?comptes?\b(?: (?:numero|no|num|n°|general|generaux))?[ :n°]*(?P<list>\d{1,8}(?:(?: ?, ?| et "
    r"| ou | a |/|-)\d{1,8})*)"
)
_CLASS = re.compile(r"\bclasses?\b[ :n°]*(?P<list>[1-9](?:(?: ?, ?| et | ou )[1-9])*)\b(?!\d)")
# A group of three digits before or after makes it an amount: 500 000.
_BARE_ACCOUNT = re.compile(r"(?<![\d.,/-])(?<!\d )[1-9]\d{1,7}(?![\d.,]*\d)(?! \d{3}\b)(?![-/]\d)")
_UNIT_AFTER = re.compile(
    r"\s*(?:f\b|ht\b|ttc\b|hors taxes?|fcfa|francs?|%|pour ?cent|ans?\b|annees?|mois|jours?|heures?|millions?"
    r"|milliards?|personnes?|associes|actionnaires|salaries|euros?|parts|actions)"
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_CHART_WORDS = re.compile(
    r"\b(?:comptes?|libelles?|plan|imputer|debiter|crediter|debit|(?<!\ba )credit|numero|intitule)\b"
)
_FORMER = re.compile(
    r"\b(?:anciens? (?:plan|syscohada|systeme|referentiel|comptes?|numero)|(?:plan|syscohada"
    r"|referentiel)(?: comptable)? ancien"
    r"|avant 2018|(?:plan|syscohada) (?:de )?2001|non revise|former (?:plan|chart))\b"
)
_NON_PROFIT = re.compile(r"\b(?:sycebnl|ebnl|non lucratif)\b")
_PUT_IN_PLACE = re.compile(r"\b(?:articles?|art)\b")


def plan_asked(text: str) -> str:
    """Return the chart of accounts that a text means: the revised one unless it says otherwise."""
    folded = fold(text)
    if _NON_PROFIT.search(folded):
        return PLAN_NON_PROFIT
    return PLAN_FORMER if _FORMER.search(folded) else PLAN_REVISED


def references_read(text: str) -> tuple[Reference, ...]:
    """Return the articles, accounts and classes that a text names, each once, in the order of their kinds."""
    folded = fold(text).replace("’", "'")
    mentions = acts_mentioned(text)
    articles = _articles(folded, mentions)
    accounts = _accounts(folded, text)
    if not articles and not accounts:
        articles = [_article(match[0], mentions, match.start()) for match in _BARE_ARTICLE.finditer(folded)]
        accounts = _bare_accounts(folded, text) if not articles and not mentions else []
    unique = {reference.key: reference for reference in (*articles, *accounts)}
    return tuple(unique.values())


def _articles(folded: str, mentions: tuple[Mention, ...]) -> list[Reference]:
    found: list[Reference] = []
    for match in _ARTICLE.finditer(folded):
        found += [_article(number, mentions, match.start()) for number in _listed(match["list"], _NUMBER)]
    for match in _ARTICLE_IN_WORDS.finditer(folded):
        number = number_read(match["words"])
        if number:
            found.append(_article(str(number), mentions, match.start()))
    return found


def _article(number: str, mentions: tuple[Mention, ...], at: int) -> Reference:
    normal = normalise_article(number)
    after = [mention for mention in mentions if mention.start >= at]
    mention = min(after, key=lambda each: each.start) if after else (mentions[-1] if mentions else None)
    code = mention.act.code if mention else ANY_ACT
    label = f"{act_name(code)}, art. {normal}" if mention else f"art. {normal}"
    return Reference(article_reference(code, normal), "article", code, normal, label, is_explicit=mention is not None)


def article_of(code: str, number: str) -> Reference:
    """Return the reference to an article of an act."""
    normal = normalise_article(number)
    return Reference(article_reference(code, normal), "article", code, normal, f"{act_name(code)}, art. {normal}")


def _accounts(folded: str, text: str) -> list[Reference]:
    plan = plan_asked(text)
    found = [
        account_of(plan, number)
        for match in _ACCOUNT.finditer(folded)
        for number in _listed(match["list"], r"\d{1,8}")
        if len(number) > 1
    ]
    digits = [digit for match in _CLASS.finditer(folded) for digit in _listed(match["list"], r"[1-9]")]
    return found + [_class(plan, digit) for digit in digits]


def account_of(plan: str, number: str) -> Reference:
    """Return the reference to an account of a plan."""
    return Reference(account_reference(plan, number), "account", plan, number, f"compte {number}")


def _class(plan: str, digit: str) -> Reference:
    return Reference(class_reference(plan, digit), "class", plan, digit, f"classe {digit}")


def _bare_accounts(folded: str, text: str) -> list[Reference]:
    """Take a bare number for an account where the question is about accounts, or is little more than the number."""
    is_short = len(re.findall(r"[a-z]{4,}", folded)) <= 1
    if not is_short and not _CHART_WORDS.search(folded):
        return []
    found: list[Reference] = []
    for match in _BARE_ACCOUNT.finditer(folded):
        is_quantity = _UNIT_AFTER.match(folded, match.end()) or _YEAR.fullmatch(match[0])
        if not is_quantity and len(match[0]) <= 6:
            found.append(account_of(plan_asked(text), match[0]))
    return found


def _listed(text: str, number: str) -> Iterable[str]:
    if text.startswith(("1er", "premier")):
        return ["1"]
    return re.findall(number, text)
