"""Reads references in questions as people type them: glued, misspelt, bare, in words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from functools import lru_cache

from apps.rag.types import Reference
from apps.rag.understanding.acts import Mention, act_name, acts_mentioned
from apps.rag.understanding.articles import Named, annexes_named, articles_bare, articles_named, number_beside
from apps.rag.understanding.caselaw import cases_read
from apps.rag.understanding.classes import class_meant
from apps.rag.understanding.folded import fold
from apps.rag.understanding.references import (
    PLAN_FORMER,
    PLAN_NON_PROFIT,
    PLAN_REVISED,
    account_reference,
    article_reference,
    class_reference,
    normalise_article,
)
from apps.rag.understanding.spelling import spelt

# The source of an article whose act nobody named: it is looked up in every text of the scope.
ANY_ACT = "*"

_DIGITS = r"\d{1,8}"
_ACCOUNT = re.compile(
    r"\b(?:sous[- ]?)?(?:comptes?|cptes?|cpt)\b(?: comptables?)?"
    r"(?: (?:numeros?|nos?|num|n[°o]|generaux|general)\b\.?)?[ :n°.]*"
    rf"(?P<list>{_DIGITS}(?:(?: ?, ?(?:et )?| et | ou | a |/|-| & )(?:l[ea]s? )?(?:comptes? )?{_DIGITS}\b)*)(?! ?/ ?\d)"
)
_CLASS = re.compile(
    r"\bclasses?\b[ :n°]*(?P<list>[1-9](?:(?: ?, ?(?:et )?| et | ou | a )(?:la )?(?:classe )?[1-9]\b)*)(?!\d)"
)
# A group of three digits before or after makes it an amount: 500 000; IFRS 16 and ISA 240 are standards.
_BARE_ACCOUNT = re.compile(
    r"(?<!\bifrs )(?<!\bias )(?<!\bisa )(?<![\d.,/-])(?<!\d )[1-9]\d{1,7}(?![\d.,]*\d)(?! \d{3}\b)(?![-/]\d)"
)
_UNIT_AFTER = re.compile(
    r"\s*(?:f\b|ht\b|ttc\b|hors taxes?|fcfa|francs?|%|pour ?cent|ans?\b|annees?|mois|jours?|heures?|millions?"
    r"|milliards?|personnes?|associes|actionnaires|salaries|euros?|parts|actions)"
)
_YEAR = re.compile(r"(?:19|20)\d\d")
_MAX_ACCOUNTS = 12  # of a range such as "comptes 40 à 48"
_CHART_WORDS = re.compile(
    r"\b(?:comptes?|libelles?|plan|imputer|debiter|crediter|debit|(?<!\ba )credit|numero|intitule|syscohada|sycebnl)\b"
)
_FORMER = re.compile(
    r"\b(?:anciens? (?:plan|syscohada|systeme|referentiel|comptes?|numero)|(?:plan|syscohada"
    r"|referentiel)(?: comptable)? ancien"
    r"|avant 2018|(?:plan|syscohada) (?:de )?2001|non revise|former (?:plan|chart))\b"
)
_NON_PROFIT = re.compile(r"\b(?:sycebnl|ebnl|non lucratif)\b")
_BESIDE = 8  # characters that may stand between an act and its article behind it: ", "
_OF = re.compile(r"^\W*(?:al\w*\.? \d+)?\W*(?:d[eu'](?: la| l')?)?\W*$")
# The SYSCOHADA is the annex of one act: its articles are that act's.
_SYSTEM = re.compile(r"\bsyscohada\b")


def plan_asked(text: str) -> str:
    """Return the chart of accounts that a text means: the revised one unless it says otherwise."""
    folded = fold(text)
    if _NON_PROFIT.search(folded):
        return PLAN_NON_PROFIT
    return PLAN_FORMER if _FORMER.search(folded) else PLAN_REVISED


_ASKS_WHAT = re.compile(
    r"(?:qu'est[- ]ce que?(?: c'est(?: que)?)?|c'est quoi|que signifie|que veut dire|definition (?:de|du)|definis\w*)"
    r"\s*(?:l'|le|la|d')?\s*"
)


@lru_cache(maxsize=2_048)
def references_read(text: str) -> tuple[Reference, ...]:
    """Return the articles, accounts, classes and judgments that a text names, each once, by kind."""
    plain = spelt(text)
    folded = fold(plain)
    mentions = acts_mentioned(text)
    cases = cases_read(text)
    articles = [_article(named, mentions, folded) for named in articles_named(plain)]
    articles += [_article(named, mentions, folded) for named in annexes_named(plain) if mentions]
    accounts = _accounts(folded, text)
    if not articles and not accounts and not cases:
        articles = [_article(named, mentions, folded) for named in articles_bare(plain)]
        articles = articles or _beside_an_act(folded, mentions)
        accounts = _bare_accounts(folded, text) if not articles and not mentions else []
    unique = {reference.key: reference for reference in (*articles, *accounts, *cases)}
    return tuple(unique.values())


def _article(named: Named, mentions: tuple[Mention, ...], folded: str) -> Reference:
    mention = _mention_of(named, mentions, folded)
    if mention is None and _SYSTEM.search(folded):
        return article_of("AUDCIF", named.number)
    code = mention.act.code if mention else ANY_ACT
    label = f"{act_name(code)}, art. {named.number}" if mention else f"art. {named.number}"
    key = article_reference(code, named.number)
    return Reference(key, "article", code, named.number, label, is_explicit=mention is not None)


def act_itself(text: str) -> tuple[Reference, ...]:
    """Return the first article of the act that a question asks about as such, "qu'est-ce que l'AUSCGIE ?": it tells
    what the act is for. Nobody named that article, so that it is not missed where the act is not held."""
    mentions = acts_mentioned(text)
    if len(mentions) != 1:
        return ()
    folded = fold(text)
    rest = f"{folded[: mentions[0].start]} {folded[mentions[0].end :]}"
    if not _ASKS_WHAT.fullmatch(rest.strip(" ?!.,:")):
        return ()
    return (replace(article_of(mentions[0].act.code, "1"), is_explicit=False),)


def _mention_of(named: Named, mentions: tuple[Mention, ...], folded: str) -> Mention | None:
    """Return the act that an article is said to be of: the next one named, unless one stands right before it."""
    after = min((each for each in mentions if each.start >= named.start), key=lambda each: each.start, default=None)
    before = max((each for each in mentions if each.start < named.start), key=lambda each: each.start, default=None)
    if after is None or before is None:
        return after or before
    is_of_the_next = _OF.match(folded[named.end : after.start]) is not None
    return before if named.start - before.end <= _BESIDE and not is_of_the_next else after


def article_of(code: str, number: str) -> Reference:
    """Return the reference to an article of an act."""
    normal = normalise_article(number)
    return Reference(article_reference(code, normal), "article", code, normal, f"{act_name(code)}, art. {normal}")


def _beside_an_act(folded: str, mentions: tuple[Mention, ...]) -> list[Reference]:
    """Read a question that is an act and a number, and nothing else: `311 AUSCGIE`, `cgi 86A`."""
    if len(mentions) != 1:
        return []
    mention = mentions[0]
    rest = f"{folded[: mention.start]} {folded[mention.end :]}".strip(" ?!.,:")
    number = number_beside(rest)
    if not number or _YEAR.fullmatch(number):
        return []
    return [article_of(mention.act.code, number)]


def _accounts(folded: str, text: str) -> list[Reference]:
    plan = plan_asked(text)
    found = [
        account_of(plan, number)
        for match in _ACCOUNT.finditer(folded)
        for number in _listed(match["list"], _DIGITS)
        if len(number) > 1 and not _UNIT_AFTER.match(folded, match.end())
    ]
    classes = [class_of(plan, digit) for match in _CLASS.finditer(folded) for digit in _listed(match["list"], r"[1-9]")]
    single = [
        class_of(plan, match["list"]) for match in _ACCOUNT.finditer(folded) if re.fullmatch(r"[1-9]", match["list"])
    ]
    if found or classes or single:
        return [*found, *classes, *([] if found or classes else single)]
    meant = class_meant(folded)
    return [class_of(plan, meant)] if meant else []


def account_of(plan: str, number: str) -> Reference:
    """Return the reference to an account of a plan."""
    return Reference(account_reference(plan, number), "account", plan, number, f"compte {number}")


def class_of(plan: str, digit: str) -> Reference:
    """Return the reference to a class of accounts of a plan."""
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
    """Return the numbers of a list; of a range of numbers of one length, those between as well, up to a bound."""
    bounds = re.fullmatch(rf"({number}) a (?:l[ea]s? )?(?:comptes? |classe )?({number})", text)
    if bounds and len(bounds[1]) == len(bounds[2]) and int(bounds[1]) < int(bounds[2]):
        return [str(each) for each in range(int(bounds[1]), min(int(bounds[2]), int(bounds[1]) + _MAX_ACCOUNTS) + 1)]
    return re.findall(number, text)
