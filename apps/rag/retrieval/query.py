"""A question as the legs want it: weighted terms and grams, and what the question prefers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from apps.rag import analysis
from apps.rag.config import RagConfig
from apps.rag.retrieval.lexical import gram_weights, word_weights
from apps.rag.types import Passage, Reference
from apps.rag.understanding.lexicon import expansions
from apps.rag.understanding.reading import plan_asked
from apps.rag.understanding.understand import Reading

_ASKS_ACCOUNT = re.compile(r"\b(?:comptes?|classes?|numero|imputer|comptabilis\w+|debiter|crediter|plan comptable)\b")


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
    under: tuple[Reference, ...]


def preference_of(text: str, reading: Reading) -> Preference:
    """Read a question's preference."""
    asks = _ASKS_ACCOUNT.search(analysis.normalise(reading.understanding.standalone)) is not None
    return Preference(reading.codes, plan_asked(text), asks, reading.context_references)


def bonus(passage: Passage, references: tuple[str, ...], preference: Preference, config: RagConfig) -> float:
    """Return what is added to a passage's fused score because the question prefers, or does not want, its kind."""
    total = config.named_act_bonus if passage.code in preference.codes else 0.0
    if passage.plan and passage.plan != preference.plan:
        total -= config.other_plan_malus
    elif passage.kind == "chart" and preference.asks_account:
        total += config.chart_bonus
    if any(key.startswith(each.key) for key in references for each in preference.under):
        total += config.named_act_bonus
    return total
