"""Reads a question by rule: its references, its intent, and the question that it stands for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from apps.rag.types import Question, Reference, Understanding
from apps.rag.understanding.acts import acts_mentioned
from apps.rag.understanding.domain import belonging
from apps.rag.understanding.editions import day_asked, references_meant
from apps.rag.understanding.english import language_of
from apps.rag.understanding.followup import context_of, leaning, neighbour, standalone_of
from apps.rag.understanding.intent import CLARIFICATION, CONVERSATION, OUT_OF_SCOPE, RAG_QUERY, intent_of
from apps.rag.understanding.lexicon import meanings
from apps.rag.understanding.reading import ANY_ACT, act_itself, article_of, references_read
from apps.rag.understanding.rewriting import plain


@dataclass(frozen=True, slots=True)
class Reading:
    """An understanding with what retrieval needs beside it.

    `context` holds the earlier questions that a follow-up leans on; `context_references` what they named;
    `codes` the acts that the question names.
    """

    understanding: Understanding
    context: str
    context_references: tuple[Reference, ...]
    codes: tuple[str, ...]


def understand(question: Question) -> Reading:
    """Read a question with its history. Pure and quick: well under a millisecond."""
    text = plain(question.text)
    is_talk = intent_of(text, ()) == CONVERSATION
    history = () if is_talk else tuple(plain(earlier) for earlier in question.history)
    context = context_of(text, history)
    standalone = standalone_of(text, context)
    references = _with_known_act(references_read(text), history) or act_itself(text)
    beside = neighbour(text, history)
    if beside is not None:
        references = (beside,)
    intent = _intent(text, standalone, references, has_history=bool(history))
    understanding = Understanding(
        intent=intent,
        references=references,
        standalone=standalone,
        labels=tuple(reference.label for reference in references),
        is_unsure=_is_unsure(standalone, intent, references, leans=bool(context) and standalone != context),
        language=language_of(question.text) or question.language,
        # the words of a question in English are another's once it is plain
        as_of_hint=day_asked(question.text) or day_asked(text) or day_asked(standalone),
    )
    codes = tuple(dict.fromkeys(mention.act.code for mention in acts_mentioned(text)))
    return Reading(understanding, context, references_read(context) if context else (), codes)


def on_day(reading: Reading, day: date) -> Reading:
    """Return a reading whose accounts are those of the chart that was in force on a day."""
    understanding = reading.understanding
    return replace(
        reading,
        understanding=replace(understanding, references=references_meant(understanding.references, day)),
        context_references=references_meant(reading.context_references, day),
    )


def _intent(text: str, standalone: str, references: tuple[Reference, ...], *, has_history: bool) -> str:
    own = intent_of(text, references)
    if own in (CONVERSATION, CLARIFICATION, OUT_OF_SCOPE):
        return own
    if not has_history and not references and leaning(text) == "yes" and not belonging(text).own:
        # nothing was asked before that it could lean on
        return CLARIFICATION
    return intent_of(standalone, references)


def _is_unsure(standalone: str, intent: str, references: tuple[Reference, ...], *, leans: bool) -> bool:
    """Tell whether a model's reading is worth its time: of a follow-up, or of words that say nothing to the rules."""
    if intent in (CONVERSATION, OUT_OF_SCOPE) or references:
        return False
    if leans:
        return True
    own = belonging(standalone)
    return intent == RAG_QUERY and not (own.own or own.shared or meanings(standalone))


def _with_known_act(references: tuple[Reference, ...], history: tuple[str, ...]) -> tuple[Reference, ...]:
    """Give an article without an act the act that was last spoken of, and only that."""
    if not history or not any(reference.source == ANY_ACT for reference in references):
        return references
    code = next((found[-1].act.code for earlier in reversed(history) if (found := acts_mentioned(earlier))), "")
    if not code:
        return references
    return tuple(article_of(code, each.number) if each.source == ANY_ACT else each for each in references)
