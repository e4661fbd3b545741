"""Reads a question by rule: its references, its intent, and the question that it stands for."""

from __future__ import annotations

from dataclasses import dataclass

from apps.rag.types import Question, Reference, Understanding
from apps.rag.understanding.acts import acts_mentioned
from apps.rag.understanding.followup import context_of, neighbour_article
from apps.rag.understanding.intent import CONVERSATION, intent_of
from apps.rag.understanding.reading import ANY_ACT, article_of, references_read
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
    """Read a question with its history. Pure and quick."""
    text = plain(question.text)
    is_talk = intent_of(text, ()) == CONVERSATION
    history = () if is_talk else tuple(plain(earlier) for earlier in question.history)
    context = context_of(text, history)
    standalone = f"{context} {text}".strip() if context else text
    before = references_read(context) if context else ()
    references = _with_known_act(references_read(text), history)
    neighbour = neighbour_article(text, history)
    if neighbour is not None:
        references = (neighbour,)
    codes = tuple(dict.fromkeys(mention.act.code for mention in acts_mentioned(text)))
    intent = intent_of(text if not context else standalone, references)
    labels = tuple(reference.label for reference in references)
    return Reading(Understanding(intent, references, standalone, labels), context, before, codes)


def _with_known_act(references: tuple[Reference, ...], history: tuple[str, ...]) -> tuple[Reference, ...]:
    """Give an article without an act the act that was last spoken of, and only that."""
    if not history or not any(reference.source == ANY_ACT for reference in references):
        return references
    mentions = acts_mentioned(history[-1])
    if not mentions:
        return references
    code = mentions[-1].act.code
    return tuple(article_of(code, each.number) if each.source == ANY_ACT else each for each in references)
