"""Messages as the pages draw them. No queries: what is read here was fetched by the selectors."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from apps.chat.models import Citation, Conversation, Message
from apps.chat.scopes import ScopeChoice, scope_words
from apps.chat.selectors import filters_of
from apps.chat.types import STREAM_PATH
from apps.knowledge.selectors import citation_url
from kauri.lib import clock, days, markdown
from kauri.lib.countries import title_with_country

MAX_FOUND_SHOWN = 5
_LAW = frozenset({"law", "chart"})
STATES: dict[str, str] = {
    Message.Status.PENDING: "live",
    Message.Status.COMPLETED: "completed",
    Message.Status.CANCELLED: "stopped",
    Message.Status.INTERRUPTED: "interrupted",
    Message.Status.FAILED: "failed",
}
# What was missing when an answer came about (`Message.degraded`): a title, and what it means for the reader.
_BY_WORDS = (
    gettext_lazy("Search by words only."),
    gettext_lazy("Passages that say the same thing in other words may be missing."),
)
_WARNINGS = {
    "model_unavailable": (
        gettext_lazy("Answer by extracts only."),
        gettext_lazy("Writing is not available just now: here are the sentences of the texts, quoted as they stand."),
    ),
    "lexical_only": _BY_WORDS,
    "vectors_unavailable": _BY_WORDS,
    "full_text_unavailable": (
        gettext_lazy("The full text could not be searched."),
        gettext_lazy("The answer rests on the passages nearest in meaning: ask again in a moment."),
    ),
    "rerank_unavailable": (
        gettext_lazy("Passages in their first order."),
        gettext_lazy("The model that reads them once more did not answer in time: the best one may stand lower."),
    ),
}
# Waiting is no cure where the provider does not take the key: it stands in for the sentence on the model.
_DENIED = (
    gettext_lazy("Writing is not set up right."),
    gettext_lazy(
        "The language model takes neither Kauri’s key nor its account: tell whoever runs this service. Asking again is"
        " of no use until then."
    ),
)
# Above a refusal there are no sentences of the texts to announce.
_WARNINGS_OF_REFUSALS = {
    "model_unavailable": (
        gettext_lazy("Writing is not available just now."),
        gettext_lazy("A model may find an answer where extracts give none: ask again in a moment."),
    ),
}


@dataclass(frozen=True, slots=True)
class SourceCard:
    """A source in the margin; `marker` is None for one that was found and not cited."""

    html_id: str
    marker: int | None
    locator: str
    title: str
    quote: str
    url: str
    in_force: str
    is_in_force: bool
    is_dated: bool
    is_sample: bool

    @property
    def reference(self) -> str:
        """What the copy button copies."""
        return f"{self.locator} ({self.title})"


@dataclass(frozen=True, slots=True)
class TurnCard:
    """A question, its answer in whatever state, and the sources."""

    message_id: UUID
    response_id: UUID | None
    question: str
    language: str
    scope: tuple[str, ...]
    state: str
    html: SafeString
    cited: tuple[SourceCard, ...]
    found: tuple[SourceCard, ...]
    law_note: str
    undated_note: str
    warnings: tuple[tuple[str, str], ...]
    refusal_title: str
    failure: str
    stream_url: str
    fragment_url: str
    stop_url: str
    again_url: str
    is_shown: bool = False

    @property
    def is_live(self) -> bool:
        return self.state == "live"

    @property
    def has_samples(self) -> bool:
        return any(card.is_sample for card in self.cited)

    @property
    def sources_note(self) -> str:
        """Count the sources in words."""
        cited = ngettext("%(n)d cited", "%(n)d cited", len(self.cited)) % {"n": len(self.cited)}
        found = ngettext("%(n)d also found", "%(n)d also found", len(self.found)) % {"n": len(self.found)}
        return ", ".join(words for words, cards in ((cited, self.cited), (found, self.found)) if cards)


@dataclass(frozen=True, slots=True)
class Composer:
    """The field of the question and all that goes with it."""

    action: str
    scope: ScopeChoice
    placeholder: str
    text: str = ""
    error: str = ""
    draft_key: str = "start"
    conversation_id: str = ""
    is_running: bool = False
    stop_url: str = ""

    @property
    def idempotency_key(self) -> str:
        """A new key for each page, so that a form sent twice asks once."""
        return secrets.token_urlsafe(18)


@dataclass(frozen=True, slots=True)
class HistoryGroup:
    """Conversations of one stretch of time."""

    label: str
    conversations: tuple[Conversation, ...]


def history_groups(conversations: Iterable[Conversation]) -> tuple[HistoryGroup, ...]:
    """Group conversations by today, yesterday, this week, then by month; the order is kept."""
    today = clock.today()
    groups: dict[str, list[Conversation]] = {}
    for conversation in conversations:
        day = timezone.localdate(conversation.updated_at)
        groups.setdefault(_stretch(day, today), []).append(conversation)
    return tuple(HistoryGroup(label, tuple(members)) for label, members in groups.items())


def turn_cards(messages: Sequence[Message]) -> tuple[TurnCard, ...]:
    """Pair each answer with its question; the last one's sources are shown."""
    answers = [message for message in messages if message.role == Message.Role.ASSISTANT]
    questions = {message.pk: message for message in messages if message.role == Message.Role.USER}
    return tuple(
        turn_card(questions[answer.parent_id], answer, is_last=answer is answers[-1])
        for answer in answers
        if answer.parent_id in questions
    )


def turn_card(question: Message, answer: Message, *, is_last: bool) -> TurnCard:
    """Draw one answer. Needs `citations` and `turns` prefetched; `is_last` is the conversation's latest."""
    turns = sorted(answer.turns.all(), key=lambda turn: turn.pk)
    turn = turns[-1] if turns else None
    filters = filters_of(answer)
    cited = _cited_cards(answer)
    state = "refused" if answer.mode == "refusal" and answer.status == "completed" else STATES[answer.status]
    place = {"conversation_id": answer.conversation_id, "message_id": answer.pk}
    return TurnCard(
        message_id=answer.pk,
        response_id=turn.pk if turn else None,
        question=question.text,
        language=filters.language,
        scope=scope_words(filters, asked_on=_day(question.created_at)),
        state=state,
        html=markdown.render(_body(answer, state), _links(cited)),
        cited=cited,
        found=_found_cards(answer, {citation.passage_id for citation in answer.citations.all()}),
        law_note=_law_note(answer),
        undated_note=_undated_note(answer),
        warnings=_warnings(answer),
        refusal_title=_refusal_title(answer),
        failure=str(turn.error.get("message", "")) if turn else "",
        stream_url=f"{STREAM_PATH}?response_id={turn.pk}" if turn else "",
        fragment_url=reverse("chat:message", kwargs=place),
        stop_url=reverse("chat:stop", kwargs=place),
        # Running an earlier answer again would drop what was asked after it.
        again_url=reverse("chat:again", kwargs=place) if turn and is_last else "",
        is_shown=is_last,
    )


def _warnings(answer: Message) -> tuple[tuple[str, str], ...]:
    """Say what was missing; a cache that is away is the operators' affair."""
    known = {**_WARNINGS, **(_WARNINGS_OF_REFUSALS if answer.mode == "refusal" else {})}
    if "model_denied" in answer.degraded:
        known["model_unavailable"] = _DENIED
    marks = [mark for mark in answer.degraded if mark in known]
    found = [(str(title), str(words)) for title, words in map(known.__getitem__, marks)]
    if "last_good" in answer.degraded and answer.answered_at is not None:
        words = _("No new answer can be written just now. Its sources were checked again: they are still in force.")
        found.append((_("Answer of %(day)s, given again.") % {"day": days.written(_day(answer.answered_at))}, words))
    return tuple(found)


def was_asked_for_today(message: Message) -> bool:
    """Tell whether a question was asked over the law of its own day: the next one is over its own, too."""
    return message.as_of == _day(message.created_at)


def _stretch(day: date, today: date) -> str:
    if day >= today:
        return _("Today")
    if day == today - timedelta(days=1):
        return _("Yesterday")
    if day > today - timedelta(days=7):
        return _("This week")
    pattern = "F" if day.year == today.year else "F Y"
    month = date_format(day, pattern)
    return month[:1].upper() + month[1:]


def _day(moment: datetime) -> date:
    return timezone.localdate(moment)


def _cited_cards(answer: Message) -> tuple[SourceCard, ...]:
    # One card a marker: the first quote that it stands for.
    first: dict[int, Citation] = {}
    for citation in answer.citations.all():
        first.setdefault(citation.index, citation)
    return tuple(_cited_card(answer, first[marker]) for marker in sorted(first))


def _cited_card(answer: Message, citation: Citation) -> SourceCard:
    return SourceCard(
        html_id=f"source-{answer.pk}-{citation.index}",
        marker=citation.index,
        locator=citation.locator,
        title=title_with_country(citation.document_title, citation.country),
        quote=citation.quote,
        url=citation_url(citation.version_id, citation.quote_start, citation.quote_end),
        in_force=_period_words(citation.in_force_from, citation.in_force_to, citation.kind),
        is_in_force=citation.in_force_on(answer.as_of),
        is_dated=citation.is_dated,
        is_sample=citation.kind == "sample",
    )


def _found_cards(answer: Message, cited_ids: set[UUID | None]) -> tuple[SourceCard, ...]:
    """Return the best of what was found and not cited: enough to judge by, not a list of results."""
    known = {str(passage_id) for passage_id in cited_ids}
    cards = []
    for place, found in enumerate(answer.found):
        if found["passage_id"] in known:
            continue
        period = found["in_force"]
        start, end = _parsed_day(period["from"]), _parsed_day(period["to"])
        cards.append(
            SourceCard(
                html_id=f"found-{answer.pk}-{place}",
                marker=None,
                locator=found["locator"],
                title=title_with_country(found["document_title"], found.get("country")),
                quote=found.get("excerpt", ""),
                url=found["url"],
                in_force=_period_words(start, end, found["kind"]),
                is_in_force=(start is None or start <= answer.as_of) and (end is None or answer.as_of < end),
                is_dated=bool(start or end),
                is_sample=found["kind"] == "sample",
            )
        )
    return tuple(cards[:MAX_FOUND_SHOWN])


def _parsed_day(value: str | None) -> date | None:
    return date.fromisoformat(value) if value else None


def _period_words(start: date | None, end: date | None, kind: str) -> str:
    if not (start or end):
        # a course or a judgment is not something that enters into force
        return _("Date of entry into force not recorded") if kind in _LAW else _("Undated document")
    if end:
        return _("Until %(day)s") % {"day": days.written(end - timedelta(days=1))}
    return _("Since %(day)s") % {"day": days.written(start)} if start else ""


def _links(cards: Iterable[SourceCard]) -> list[markdown.CitationLink]:
    return [
        markdown.CitationLink(
            card.marker,
            f"#{card.html_id}",
            _("Source %(n)d: %(locator)s") % {"n": card.marker, "locator": card.locator},
        )
        for card in cards
        if card.marker is not None
    ]


def _body(answer: Message, state: str) -> str:
    # A refusal's first sentence is the heading that the page gives it.
    text: str = answer.text
    return text.removeprefix(_refusal_title(answer)).lstrip() if state == "refused" else text


def _law_note(answer: Message) -> str:
    citations = answer.citations.all()
    if not citations or not all(citation.is_dated and citation.in_force_on(answer.as_of) for citation in citations):
        return ""
    return _("In force on %(day)s") % {"day": days.written(answer.as_of)}


def _undated_note(answer: Message) -> str:
    """Say that it is not known whether what is cited is in force: of which text, its own card says."""
    undated = [citation for citation in answer.citations.all() if not citation.is_dated]
    if not undated:
        return ""
    if len({citation.version_id for citation in answer.citations.all()}) == 1:
        return _period_words(None, None, undated[0].kind)
    return _("A text cited has no date of entry into force recorded")


def _refusal_title(answer: Message) -> str:
    if answer.refusal_reason == "out_of_scope":
        return _("This question lies outside OHADA accounting and business law.")
    return _("I have no text to answer with.")
