"""A question as the legs want it: weighted terms and grams, and what the question prefers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from apps.rag import analysis
from apps.rag.config import RagConfig
from apps.rag.retrieval.lexical import gram_weights, word_weights
from apps.rag.types import Passage, Question, Reference
from apps.rag.understanding.acts import acts_mentioned
from apps.rag.understanding.answerkinds import answer_kind
from apps.rag.understanding.charts import account_label
from apps.rag.understanding.classes import class_of_kind, is_rest, stands_aside
from apps.rag.understanding.compared import things_told_apart
from apps.rag.understanding.countries import countries_named
from apps.rag.understanding.editions import plan_meant
from apps.rag.understanding.forms import forms_bare, named_forms
from apps.rag.understanding.framewords import judging_weight, seeking_weight
from apps.rag.understanding.lexicon import Meaning, expansions, meanings
from apps.rag.understanding.rewriting import plain
from apps.rag.understanding.understand import Reading
from kauri.lib.text import fold

_ASKS_ACCOUNT = re.compile(
    r"\b(?:comptes?|sous-comptes?|classes?|numero|imput\w+|comptabilis\w+|debit\w*|credit\w*|enregistr\w+"
    r"|ecritures?|plan comptable)\b"
)
_NOT_AN_ACCOUNT = re.compile(
    r"\b(?:commissaires? (?:aux|au) comptes?|comptes? (?:annuels?|sociaux|courants?|rendus?|de resultats?|consolides?)"
    r"|(?:pour|a|mon|son) (?:le )?compte|approb\w+ des comptes|etablissement de credit|credit[- ]bail"
    r"|credit mobilier)\b"
)
_ASKS_ONLY_ACCOUNT = re.compile(
    r"\b(?:quels? comptes?|numeros? (?:du |de )?comptes?|comptes? (?:de|du|des|d'|pour|a debiter|a crediter))"
    r"|^comptes? "
)
_ASKS_DEFINITION = re.compile(
    r"\b(?:qu'est[- ]ce qu|c'est quoi|c koi|defini\w*|signifie|que veut dire|qu'entend|notion d|en quoi consiste)"
)
_ASKS_CLASS = re.compile(r"\bclasses?\b")
_SOURCES_OF_LAW = frozenset({"law", "case_law", "chart", "sample"})

_NO_DIGIT = re.compile(r"\D")
_HEADING_NUMBER = re.compile(
    r"(?i)^(?:partie|livre|titre|chapitre|section|sous-section|paragraphe|\d+|[ivx]+)[ .\d-]*[-:.)]* ?"
)

# What a form of company is, or how two differ, is told by who owes its debts and what its members hold.
_WHAT_FORMS_ARE = (
    "instituée associés responsables des dettes sociales apports droits représentés parts sociales actions"
)


@dataclass(frozen=True, slots=True)
class LexicalQuery:
    """Weighted terms and grams; `asked` holds the question's own terms, `meant` those of the lexicon, `meanings`
    which of them stand for which of the question's."""

    words: Mapping[str, float]
    grams: Mapping[str, float]
    asked: Mapping[str, float]
    meant: tuple[str, ...]
    meanings: tuple[Meaning, ...]


def lexical_query(text: str, context: str, config: RagConfig) -> LexicalQuery:
    """Weigh the words of a question, of the questions that it leans on, and of the lexicon."""
    text = plain(text)
    asked = word_weights(text, {}, config.max_query_terms)
    carried = {term: config.context_boost for term in analysis.terms(context) if term not in asked}
    whole = f"{context} {text}" if context else text
    meant = expansions(whole)
    if forms_bare(fold(text)):
        meant = tuple(dict.fromkeys((*meant, *analysis.terms(_WHAT_FORMS_ARE))))
    extra = carried | {term: config.expansion_boost for term in meant if term not in carried}
    words = {
        term: weight * seeking_weight(term)
        for term, weight in word_weights(text, extra, config.max_query_terms).items()
    }
    grams = gram_weights(f"{text} {context}", config.max_query_terms)
    return LexicalQuery(words, grams, {**carried, **asked}, meant, meanings(whole))


@dataclass(frozen=True, slots=True)
class Preference:
    """What a question says about the kind of passage that it wants."""

    codes: tuple[str, ...]
    plan: str
    asks_account: bool
    asks_only_account: bool
    asks_class: bool
    account_class: str
    countries: frozenset[str]
    under: tuple[Reference, ...]
    answer_kind: re.Pattern[str] | None
    terms: frozenset[str]
    asked: frozenset[str]
    forms: frozenset[str]
    is_definition: bool
    told_apart: tuple[frozenset[str], ...]
    folded: str


def preference_of(question: Question, reading: Reading, query: LexicalQuery) -> Preference:
    """Read a question's preference."""
    text, scope = plain(question.text), question.scope
    standalone = _NOT_AN_ACCOUNT.sub(" ", analysis.normalise(reading.understanding.standalone))
    normal, folded = analysis.normalise(text), fold(plain(reading.understanding.standalone))
    terms = frozenset((*query.asked, *query.meant))
    return Preference(
        codes=reading.codes,
        plan=plan_meant(text, scope.as_of),
        asks_account=_ASKS_ACCOUNT.search(standalone) is not None,
        asks_only_account=_ASKS_ONLY_ACCOUNT.search(standalone) is not None,
        asks_class=_ASKS_CLASS.search(normal) is not None,
        account_class=class_of_kind(fold(reading.understanding.standalone)),
        countries=countries_named(text) | ({scope.country} if scope.country else frozenset()),
        under=reading.context_references,
        answer_kind=answer_kind(text),
        terms=terms,
        asked=frozenset(query.asked),
        forms=frozenset(named_forms(folded)),
        is_definition=_ASKS_DEFINITION.search(normal) is not None,
        told_apart=things_told_apart(folded),
        folded=folded,
    )


def bonus(passage: Passage, references: tuple[str, ...], preference: Preference, config: RagConfig) -> float:
    """Return what is added to a passage's fused score because the question prefers, or does not want, its kind."""
    total = _kind_bonus(passage, preference, config)
    if preference.asks_class and any(key.startswith("classe:") for key in references):
        total += config.chart_bonus
    if any(key.startswith(each.key) for key in references for each in preference.under):
        total += config.named_act_bonus
    if _covers_heading(passage, preference):
        total += config.heading_bonus
    # the account of a company's capital is that of every form
    return total if preference.asks_only_account else total + _form_bonus(passage, preference.forms, config)


def speaks_of_act(passage: Passage, codes: tuple[str, ...]) -> bool:
    """Tell whether a passage stands in one of these acts, or in a text whose title names one."""
    return bool(codes) and (passage.code in codes or bool(set(codes) & _acts_of_title(passage.document_title)))


@lru_cache(maxsize=1_024)
def _acts_of_title(title: str) -> frozenset[str]:
    return frozenset(mention.act.code for mention in acts_mentioned(title))


def _kind_bonus(passage: Passage, preference: Preference, config: RagConfig) -> float:
    total = config.named_act_bonus if speaks_of_act(passage, preference.codes) else 0.0
    if passage.plan and passage.plan != preference.plan:
        total -= config.other_plan_malus
    elif passage.plan:
        total -= _account_malus(passage, preference, config)
        total += config.chart_bonus if preference.asks_account else -config.chart_malus
        total -= config.chart_malus * (preference.is_definition and not preference.asks_account)
        if preference.account_class:
            is_of_class = _number(passage.locator).startswith(preference.account_class)
            total += config.class_bonus if is_of_class else -config.class_bonus
    elif passage.kind not in _SOURCES_OF_LAW:
        total -= config.aside_malus
    if preference.asks_only_account and not passage.plan and passage.kind != "sample":
        total -= config.chart_bonus
    if passage.kind == "sample":
        total -= config.sample_malus
    if passage.country is not None and passage.country not in preference.countries:
        total -= config.national_malus
    return total


def _account_malus(passage: Passage, preference: Preference, config: RagConfig) -> float:
    label, folded = fold(account_label(passage.text)), preference.folded
    is_aside = stands_aside(_number(passage.locator), folded, preference.terms)
    return config.aside_account_malus * is_aside + config.rest_account_malus * is_rest(label, folded)


def _number(locator: str) -> str:
    return _NO_DIGIT.sub("", locator)


def _form_bonus(passage: Passage, asked: frozenset[str], config: RagConfig) -> float:
    """Prefer what stands under the heading of a form of company that the question names to what stands under others."""
    if not asked or passage.plan:
        return 0.0
    told = _forms_of_headings(passage.heading_path)
    if asked & told:
        return config.form_bonus
    return -config.form_bonus if told else 0.0


@lru_cache(maxsize=8_192)
def _forms_of_headings(headings: tuple[str, ...]) -> frozenset[str]:
    return frozenset(named_forms(fold(" ".join(headings))))


def _covers_heading(passage: Passage, preference: Preference) -> bool:
    """Tell whether the question says all of the passage's own heading: then it asks for what stands under it.

    Some of it in its own words: what an institution is called stands above much that is not about it.
    """
    if not passage.heading_path:
        return False
    heading = frozenset(_heading_terms(passage.heading_path[-1]))
    told = heading & preference.asked
    return heading <= preference.terms and any(judging_weight(term) == 1.0 for term in told)


@lru_cache(maxsize=8_192)
def _heading_terms(heading: str) -> tuple[str, ...]:
    return tuple(analysis.terms(_HEADING_NUMBER.sub("", heading)))
