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
from apps.rag.understanding.countries import countries_named
from apps.rag.understanding.lexicon import expansions
from apps.rag.understanding.reading import plan_asked
from apps.rag.understanding.understand import Reading
from kauri.lib.text import fold

_ASKS_ACCOUNT = re.compile(
    r"\b(?:comptes?|sous-comptes?|classes?|numero|imput\w+|comptabilis\w+|debit\w*|credit\w*|enregistr\w+"
    r"|ecritures?|plan comptable)\b"
)
_ASKS_CLASS = re.compile(r"\bclasses?\b")
_SOURCES_OF_LAW = frozenset({"law", "case_law", "chart", "sample"})

_NUMBER = (
    r"(?:\d[\d .,]*|deux|trois|quatre|cinq|six|sept|huit|neuf|dix|douze|quinze|vingt|trente|soixante|cent|mille|un)\)?"
)
# What a question asks for, and how a passage looks that says it. Both patterns read normalised text.
_ANSWER_KINDS = (
    (
        re.compile(
            r"\b(?:delais?|duree|temps|combien de (?:jours|mois|temps|annees)|limite en annees|quand|prescri\w+"
            r"|preavis)\b"
        ),
        re.compile(rf"\b{_NUMBER} (?:jours?|mois|ans?|annees?|semaines?|heures?)\b"),
    ),
    (
        re.compile(r"\b(?:taux|pourcentage|proportion|quotite|quelle (?:part|fraction)|majorite|quorum)\b"),
        re.compile(r"%|\bpour cent\b|\b(?:tiers|quarts?|moitie|dixiemes?|cinquiemes?|majorite|unanimite)\b"),
    ),
    (
        re.compile(r"\b(?:capital (?:social )?minim\w+|montants?|valeur|seuils?|somme|prix|cout|combien)\b"),
        re.compile(rf"\b{_NUMBER} (?:millions? |milliards? |\(\d+\) )?(?:de )?(?:f|fcfa|francs?)\b"),
    ),
)

_HEADING_NUMBER = re.compile(
    r"(?i)^(?:partie|livre|titre|chapitre|section|sous-section|paragraphe|\d+|[ivx]+)[ .\d-]*[-:.)]* ?"
)


@dataclass(frozen=True, slots=True)
class LexicalQuery:
    """Weighted terms and grams; `asked` holds the question's own terms, `meant` those of the lexicon."""

    words: Mapping[str, float]
    grams: Mapping[str, float]
    asked: Mapping[str, float]
    meant: tuple[str, ...]


def lexical_query(text: str, context: str, config: RagConfig) -> LexicalQuery:
    """Weigh the words of a question, of the questions that it leans on, and of the lexicon."""
    asked = word_weights(text, {}, config.max_query_terms)
    carried = {term: config.context_boost for term in analysis.terms(context) if term not in asked}
    meant = expansions(f"{context} {text}" if context else text)
    extra = carried | {term: config.expansion_boost for term in meant if term not in carried}
    words = word_weights(text, extra, config.max_query_terms)
    grams = gram_weights(f"{text} {context}", config.max_query_terms)
    return LexicalQuery(words, grams, {**carried, **asked}, meant)


@dataclass(frozen=True, slots=True)
class Preference:
    """What a question says about the kind of passage that it wants."""

    codes: tuple[str, ...]
    plan: str
    asks_account: bool
    asks_class: bool
    countries: frozenset[str]
    under: tuple[Reference, ...]
    answer_kind: re.Pattern[str] | None
    terms: frozenset[str]


def preference_of(question: Question, reading: Reading, query: LexicalQuery) -> Preference:
    """Read a question's preference."""
    text, scope = question.text, question.scope
    asks = _ASKS_ACCOUNT.search(analysis.normalise(reading.understanding.standalone)) is not None
    normal = analysis.normalise(text)
    kind = next((says for asked, says in _ANSWER_KINDS if asked.search(normal)), None)
    terms = frozenset((*query.asked, *query.meant))
    return Preference(
        codes=reading.codes,
        plan=plan_asked(text),
        asks_account=asks,
        asks_class=_ASKS_CLASS.search(normal) is not None,
        countries=countries_named(text) | ({scope.country} if scope.country else frozenset()),
        under=reading.context_references,
        answer_kind=kind,
        terms=terms,
    )


def bonus(passage: Passage, references: tuple[str, ...], preference: Preference, config: RagConfig) -> float:
    """Return what is added to a passage's fused score because the question prefers, or does not want, its kind."""
    total = config.named_act_bonus if passage.code in preference.codes else 0.0
    if passage.plan and passage.plan != preference.plan:
        total -= config.other_plan_malus
    elif passage.plan:
        total += config.chart_bonus if preference.asks_account else -config.chart_malus
    elif passage.kind not in _SOURCES_OF_LAW:
        total -= config.aside_malus
    if passage.kind == "sample":
        total -= config.sample_malus
    if passage.country is not None and passage.country not in preference.countries:
        total -= config.national_malus
    if preference.asks_class and any(key.startswith("classe:") for key in references):
        total += config.chart_bonus
    if any(key.startswith(each.key) for key in references for each in preference.under):
        total += config.named_act_bonus
    if preference.answer_kind is not None and _says(preference.answer_kind, passage.text):
        total += config.answer_kind_bonus
    if _covers_heading(passage, preference.terms):
        total += config.heading_bonus
    return total


@lru_cache(maxsize=16_384)
def _says(kind: re.Pattern[str], text: str) -> bool:
    return kind.search(fold(text)) is not None


def _covers_heading(passage: Passage, terms: frozenset[str]) -> bool:
    """Tell whether the question says all of the passage's own heading: then it asks for what stands under it."""
    if not passage.heading_path:
        return False
    heading = frozenset(_heading_terms(passage.heading_path[-1]))
    return bool(heading) and heading <= terms


@lru_cache(maxsize=8_192)
def _heading_terms(heading: str) -> tuple[str, ...]:
    return tuple(analysis.terms(_HEADING_NUMBER.sub("", heading)))
