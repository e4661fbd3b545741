"""One model call that reads a question where the rules are unsure: its intent, and the question that it stands for.

It runs beside the search for the question as it was asked and has its own short limit: when it comes late, fails or
says anything but what was asked for, the rules' reading stands. The providers, their order and their breakers are
those of the answers.
"""

from __future__ import annotations

import asyncio
import json
import logging
import re
import unicodedata
from collections.abc import Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Literal, cast, get_args

from apps.rag.errors import ModelFailed
from apps.rag.generation.numbers import mentions
from apps.rag.generation.providers import Opened, completion
from apps.rag.generation.templates import template
from apps.rag.ports import ChatModel, ChatTurn
from apps.rag.tracing import stage
from apps.rag.types import Question, SearchResult
from apps.rag.understanding.reading import references_read

logger = logging.getLogger(__name__)

Intent = Literal[
    "general_conversation",
    "rag_query",
    "clarification",
    "document_sourcing",
    "legal_reference_search",
    "case_law_research",
    "out_of_scope",
]
_INTENTS = frozenset(get_args(Intent))
# A model may say so of a question to which the texts do have an answer: what was found speaks first.
_TURNING_AWAY = frozenset({"general_conversation", "clarification", "out_of_scope"})
_MAX_READ_CHARS = 1_000  # a longer question says what it is about
_MAX_EARLIER = 3
_MAX_EARLIER_CHARS = 300
_MAX_REPLY_CHARS = 800
_MAX_REWRITTEN_CHARS = 400
_FENCE = re.compile(r"\A```(?:json)?\s*(.*?)\s*```\Z", re.DOTALL)
_FIGURE = re.compile(r"\d+")
_MARKUP = re.compile(r"[<>{}\[\]|`\\]|https?:|www\.", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Reread:
    """What a model read: the intent, and the question in words that stand alone."""

    intent: Intent
    standalone: str


async def searched_better(
    question: Question,
    models: Sequence[ChatModel],
    *,
    first: Awaitable[SearchResult],
    again: Callable[[Question], Awaitable[SearchResult]],
    deadline_s: float,
) -> SearchResult:
    """Return the result of `first`, or that of searching `again` with a model's wording where that found more.

    Waits `deadline_s` for the model and no longer; raises what the searches raise.
    """
    reading = asyncio.create_task(reread(question, models, deadline_s=deadline_s))
    try:
        result = await first
        said = await reading
    finally:
        reading.cancel()
    if said is None:
        return result
    if said.intent in _TURNING_AWAY:
        return result if result.is_answerable else _with_intent(result, said.intent)
    if said.standalone.casefold() == question.text.strip().casefold():
        return result
    better = await again(replace(question, text=said.standalone, history=()))
    if result.is_answerable and not better.is_answerable:
        return result
    # the rewriting is French, as the texts are; the person's language stays theirs
    return replace(better, understanding=replace(better.understanding, language=result.understanding.language))


async def reread(question: Question, models: Sequence[ChatModel], *, deadline_s: float) -> Reread | None:
    """Ask the first provider that may be asked, once; None where it fails, comes late or says something else."""
    if len(question.text) > _MAX_READ_CHARS:
        return None
    try:
        # A provider that answers later than this answers well enough for an answer: its breaker is not told.
        with stage("query_reformulation"):
            async with asyncio.timeout(deadline_s):
                reply = await _reply(models, _messages(question))
    except TimeoutError:
        logger.info("no model read the question within %.1f s", deadline_s)
        return None
    except ModelFailed as error:
        logger.info("no model read the question: %s", error.code)
        return None
    said = parse(reply, question)
    if said is None:
        logger.info("a model's reading of the question could not be used")
    return said


def parse(reply: str, question: Question) -> Reread | None:
    """Return what a reply says, or None unless it is exactly what was asked for and adds no figure and no reference."""
    fenced = _FENCE.match(reply.strip())
    try:
        said = json.loads(fenced[1] if fenced else reply)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or set(said) != {"intent", "question"}:
        return None
    intent, standalone = said["intent"], said["question"]
    if not (isinstance(intent, str) and intent in _INTENTS and isinstance(standalone, str)):
        return None
    standalone = " ".join(standalone.split())
    if not 1 <= len(standalone) <= _MAX_REWRITTEN_CHARS or _is_odd(standalone) or _adds(standalone, question):
        return None
    return Reread(cast("Intent", intent), standalone)


async def _reply(models: Sequence[ChatModel], messages: Sequence[ChatTurn]) -> str:
    reply = ""
    async with aclosing(completion(models, messages, n_attempts=1)) as pieces:
        async for piece in pieces:
            reply += "" if isinstance(piece, Opened) else piece.text
            if len(reply) > _MAX_REPLY_CHARS:
                break  # hangs up: what was asked for is shorter
    return reply


def _messages(question: Question) -> tuple[ChatTurn, ...]:
    earlier = [text[:_MAX_EARLIER_CHARS] for text in question.history[-_MAX_EARLIER:]]
    wording = template("reading.en" if question.language == "en" else "reading.fr")
    asked = json.dumps({"earlier": earlier, "question": question.text}, ensure_ascii=False)
    return (ChatTurn("system", wording.fill("rules")), ChatTurn("user", asked))


def _is_odd(text: str) -> bool:
    return bool(_MARKUP.search(text)) or any(
        unicodedata.category(char) in {"Cc", "Cf", "Co", "Cn", "Cs"} for char in text
    )


def _adds(standalone: str, question: Question) -> bool:
    """Tell whether a rewriting names a number or a reference that the person did not."""
    asked = " \n".join([question.text, *question.history])
    if not set(_FIGURE.findall(standalone)) <= set(_FIGURE.findall(asked)) | _figures_in_words(asked):
        return True
    numbers = {reference.number for reference in references_read(asked)}
    return not {reference.number for reference in references_read(standalone)} <= numbers | set(_FIGURE.findall(asked))


def _figures_in_words(text: str) -> set[str]:
    """Return "210" for "deux cent dix": a model may write a number in figures."""
    return {str(value) for mention in mentions(text) for value in mention.values if value.denominator == 1}


def _with_intent(result: SearchResult, intent: Intent) -> SearchResult:
    """Say of a result without an answer what the question is, so that the refusal fits it."""
    understanding = replace(result.understanding, intent=intent)
    reason = "out_of_scope" if intent == "out_of_scope" else result.refusal_reason
    if intent == "general_conversation":
        return replace(result, understanding=understanding, is_answerable=True, refusal_reason="")
    return replace(result, understanding=understanding, refusal_reason=reason)
