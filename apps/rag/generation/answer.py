"""From a search result to the events of an answer: refusal, small talk, a model's text, or extracts."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace

from django.utils.translation import override

from apps.rag.arrivals import TEXTS_ARRIVING, arriving_now, nothing_arrives
from apps.rag.config import RagConfig
from apps.rag.errors import ModelFailed
from apps.rag.generation import extractive, refusals, wording
from apps.rag.generation.daywords import note_on_day
from apps.rag.generation.errors import ProviderDenied, ProviderTruncated
from apps.rag.generation.prompt import NO_TEXT, build_prompt
from apps.rag.generation.providers import Opened, completion
from apps.rag.generation.release import ReleaseEvent, Releaser
from apps.rag.generation.things import forms_defined
from apps.rag.ports import Arrivals, ChatModel
from apps.rag.tracing import stage
from apps.rag.types import (
    AnswerEvent,
    AnswerMode,
    CitationAdded,
    Finished,
    Grounded,
    ModelsFailed,
    Passage,
    Question,
    Refused,
    Restarted,
    SearchResult,
    TextDelta,
    Usage,
)
from apps.rag.understanding.editions import scope_meant
from apps.rag.understanding.intent import CONVERSATION
from kauri.lib.text import fold

logger = logging.getLogger(__name__)

_MAX_NEAREST = 5
# Below this evidence what was found has nothing to do with the question (gibberish, injections): chance, not near.
_NEAR_EVIDENCE = 0.01
_DEGRADED = "model_unavailable"
_DENIED = "model_denied"  # beside the other: no reader's patience mends it


async def generate(
    question: Question,
    result: SearchResult,
    *,
    providers: Sequence[ChatModel],
    config: RagConfig,
    arrivals: Arrivals = nothing_arrives,
) -> AsyncGenerator[AnswerEvent, None]:
    """Yield the events of an answer from after Retrieved on; the last one is Finished.

    The text is what the TextDeltas after the last Restarted say, and only grows. Raises nothing of its own:
    where every model fails the answer is made of extracts and marked `model_unavailable`. An answer or a refusal while
    texts are being imported says so and is marked `texts_arriving`.
    """
    # the day that the question asks for in words is the one that was searched, and the one that the answer is about
    question = replace(question, scope=scope_meant(question, result.understanding.as_of_hint))
    cited: list[Passage] = []
    marks: tuple[str, ...] = ()
    async with aclosing(_events(question, result, providers=providers, config=config)) as events:
        async for event in events:
            match event:
                case Restarted():
                    cited.clear()
                case CitationAdded(citation):
                    cited.append(citation.passage)
                case Grounded():
                    with override(question.language):
                        note = note_on_day(question, result, cited)
                    if note:
                        yield TextDelta(f"\n\n{note}")
                    if cited and (arriving := await arriving_now(arrivals, question.scope)):
                        marks = (TEXTS_ARRIVING,)
                        with override(question.language):
                            note = wording.may_be_completed(arriving)
                        yield TextDelta(f"\n\n{note}")
                case Refused(reason=reason) if refusals.is_for_want_of_texts(result, reason):
                    if arriving := await arriving_now(arrivals, question.scope):
                        marks = (TEXTS_ARRIVING,)
                        yield replace(event, text=refusals.refusal_text(question, result, reason, arriving))
                        continue
                case Finished(degraded=degraded):
                    yield replace(event, degraded=(*degraded, *marks))
                    continue
            yield event


async def _events(
    question: Question, result: SearchResult, *, providers: Sequence[ChatModel], config: RagConfig
) -> AsyncGenerator[AnswerEvent, None]:
    if result.understanding.intent == CONVERSATION:
        for event in _conversation(question, result):
            yield event
        return
    if not (result.is_answerable or _tells_forms(result)) or not result.passages:
        for event in _refusal(question, result, result.refusal_reason or "no_evidence"):
            yield event
        return
    run = _Run(question, result, config)
    if providers:
        with stage("llm_generation", is_current=False):
            async with aclosing(_from_models(run, providers)) as events:
                async for event in events:
                    yield event
        if run.is_done:
            return
    # Reading passages is work for the processor: not on the loop that every open stream shares.
    with stage("llm_generation"):
        extracts = await asyncio.to_thread(_extracts, run, is_degraded=bool(providers) and not run.was_answered)
    for event in extracts:
        yield event


def _tells_forms(result: SearchResult) -> bool:
    """Tell whether forms of company are compared and what each is was found: little of the question is in the texts."""
    folded = fold(result.understanding.standalone)
    is_unsure = result.refusal_reason == "no_evidence"
    return is_unsure and bool(forms_defined(folded, [ranked.passage.text for ranked in result.passages]))


@dataclass(slots=True)
class _Run:
    """What one answer has come to; `has_sent` tells that a Restarted must precede other text."""

    question: Question
    result: SearchResult
    config: RagConfig
    has_sent: bool = False
    is_done: bool = False
    was_denied: bool = False
    was_answered: bool = False  # a provider answered to its end, whatever its text was worth


async def _from_models(run: _Run, providers: Sequence[ChatModel]) -> AsyncGenerator[AnswerEvent, None]:
    """Yield what the providers' answer is worth; `run.is_done` tells whether it ended the answer.

    An answer of which nothing stands ends the asking too: another model is no cure for that.
    """
    draft: _ModelDraft | None = None
    is_complete = True
    try:
        messages = build_prompt(run.question, run.result.passages, run.config)
        async with aclosing(completion(providers, messages)) as pieces:
            async for piece in pieces:
                if isinstance(piece, Opened):
                    if run.has_sent:
                        run.has_sent = False
                        yield Restarted()
                    draft = _ModelDraft(run, piece.model)
                elif draft is not None:
                    for released in draft.take(piece.text, piece.usage):
                        run.has_sent = True
                        yield released
    except ProviderTruncated:
        is_complete = False
    except ModelFailed as error:
        logger.warning("no provider gave an answer: %s", error.code)
        run.was_denied = isinstance(error, ProviderDenied)
        yield ModelsFailed()
        return
    run.was_answered = True
    if draft is not None:
        for event in draft.end(is_complete=is_complete):
            yield event


class _ModelDraft:
    """One provider's text on its way through the checks."""

    def __init__(self, run: _Run, model: ChatModel) -> None:
        self.releaser = Releaser(run.question, [ranked.passage for ranked in run.result.passages])
        self._run, self._model = run, model
        self._usage = Usage()
        self._opening: str | None = ""  # held while it may still be the word for "no text answers"

    def take(self, text: str, usage: Usage | None) -> Iterator[ReleaseEvent]:
        """Take a delta and yield what it makes whole."""
        self._usage = usage or self._usage
        if self._opening is not None:
            self._opening += text
            if NO_TEXT.startswith(self._opening.strip()[: len(NO_TEXT)]):
                return
            text, self._opening = self._opening, None
        yield from self.releaser.feed(text)

    def end(self, *, is_complete: bool) -> Iterator[AnswerEvent]:
        """Yield the end of the answer, or nothing where nothing of it could be sent."""
        if self._opening is not None and self._opening.strip().startswith(NO_TEXT):
            self._run.is_done = True
            yield from _refusal(self._run.question, self._run.result, "no_evidence", self._finished("refusal"))
            return
        if self._opening:
            yield from self.releaser.feed(self._opening)
        yield from self.releaser.close(is_complete=is_complete)
        if not self.releaser.has_released:
            logger.warning("nothing of the answer of %s could be sent", self._model.provider)
            return
        self._run.is_done = True
        yield _grounded(self.releaser)
        yield self._finished("model")

    def _finished(self, mode: AnswerMode) -> Finished:
        return Finished(mode, self._model.provider, self._model.model, self._usage, self._run.result.degraded)


def _conversation(question: Question, result: SearchResult) -> Iterator[AnswerEvent]:
    yield TextDelta(refusals.conversation_text(question))
    yield Grounded(0, 0, 0)
    yield Finished("conversation", "", "", Usage(), result.degraded)


def _refusal(
    question: Question, result: SearchResult, reason: str, finished: Finished | None = None
) -> Iterator[AnswerEvent]:
    # A reference that is not held has no evidence by rule: what stands near it is still of use.
    is_near = reason in ("reference_not_found", "act_not_held") or (
        reason != "out_of_scope" and result.evidence >= _NEAR_EVIDENCE
    )
    nearest = result.passages[:_MAX_NEAREST] if is_near else ()
    yield Refused(refusals.refusal_text(question, result, reason), reason, nearest)
    yield Grounded(0, 0, 0)
    yield finished or Finished("refusal", "", "", Usage(), result.degraded)


def _extracts(run: _Run, *, is_degraded: bool) -> list[AnswerEvent]:
    """Return the built-in answer; it passes the same checks, and where it has nothing to quote Kauri refuses."""
    releaser = Releaser(run.question, [ranked.passage for ranked in run.result.passages])
    events = [*releaser.feed(extractive.draft(run.question, run.result, run.config)), *releaser.close()]
    marks = (_DEGRADED, _DENIED) if run.was_denied else (_DEGRADED,)
    degraded = (*run.result.degraded, *(marks if is_degraded else ()))
    before: list[AnswerEvent] = [Restarted()] if run.has_sent else []
    if not events:
        finished = Finished("refusal", "", "", Usage(), degraded)
        return [*before, *_refusal(run.question, run.result, "no_evidence", finished)]
    return [*before, *events, _grounded(releaser), Finished("extractive", "", "", Usage(), degraded)]


def _grounded(releaser: Releaser) -> Grounded:
    counts = releaser.counts
    return Grounded(counts.n_sentences, counts.n_dropped, counts.n_computed)
