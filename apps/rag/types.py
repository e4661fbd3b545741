"""Values that cross the engine's functions and its border. All frozen, all tuples."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal
from uuid import UUID

ReferenceKind = Literal["article", "account", "class", "case"]
AnswerMode = Literal["extractive", "model", "refusal", "conversation"]

# Marks a field that has no place on the wire: an engine elsewhere takes its default.
UNSENT = {"is_unsent": True}


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open range of code points in a version's plain text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class InForce:
    """Half-open period in which a text is in force; None is unbounded."""

    start: date | None
    end: date | None

    def contains(self, day: date) -> bool:
        """Tell whether the text is in force on `day`."""
        return (self.start is None or self.start <= day) and (self.end is None or day < self.end)


@dataclass(frozen=True, slots=True)
class Scope:
    """What a question may read.

    The shared base (no organisation) is always readable within `namespaces`. A text of one country is found
    when `country` is that country, or when `country` is None (no preference).
    """

    namespaces: tuple[str, ...]
    organisation_ids: tuple[UUID, ...]
    as_of: date
    country: str | None = None


@dataclass(frozen=True, slots=True)
class Arriving:
    """How many texts of a scope are being imported, and how many others are there already."""

    n_coming: int
    n_there: int


@dataclass(frozen=True, slots=True)
class Passage:
    """One indexed passage with all that scope and citation need."""

    entry_id: int
    passage_id: UUID
    document_id: UUID
    version_id: UUID
    namespace: str
    organisation_id: UUID | None
    country: str | None
    kind: str
    code: str
    document_title: str
    locator: str
    heading_path: tuple[str, ...]
    ordinal: int
    page: int | None
    span: Span
    in_force: InForce
    plan: str
    text: str


@dataclass(frozen=True, slots=True)
class NewEntry:
    """A passage handed to the indexer. `search_text` is the text with locator, headings and aliases."""

    passage_id: UUID
    document_id: UUID
    version_id: UUID
    namespace: str
    organisation_id: UUID | None
    country: str | None
    kind: str
    code: str
    document_title: str
    locator: str
    heading_path: tuple[str, ...]
    ordinal: int
    page: int | None
    span: Span
    in_force: InForce
    plan: str
    text: str
    references: tuple[str, ...]
    search_text: str


@dataclass(frozen=True, slots=True)
class Overrides:
    """What a curator's console or a measurement changes for one search; the defaults change nothing.

    `legs`: only these (reference, bm25, gram, dense), all when empty; `n_passages`: how many leave the engine;
    `weights`: (leg, weight) pairs in place of the calibrated ones; `is_reranked`: False keeps the fused order.
    """

    legs: tuple[str, ...] = ()
    n_passages: int | None = None
    weights: tuple[tuple[str, float], ...] = ()
    is_reranked: bool = True


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its scope; `history` holds the person's earlier questions, oldest first.

    `revisions` are those of the scope's namespaces, where who asks has just read them (`indexer.revisions_of`): the
    cache need not read them again. They stay in the process.
    """

    text: str
    scope: Scope
    history: tuple[str, ...] = ()
    language: str = "fr"
    overrides: Overrides = Overrides()
    revisions: tuple[tuple[str, int], ...] | None = field(default=None, metadata=UNSENT)


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference read in a question. `key` is what IndexEntry.references holds, `label` what people read.

    `is_explicit` is False where the act or the plan was assumed and not named.
    """

    key: str
    kind: ReferenceKind
    source: str
    number: str
    label: str
    is_explicit: bool = True


@dataclass(frozen=True, slots=True)
class Understanding:
    """What the rules read in a question; `standalone` is the question without its need of history.

    `is_unsure` where the rules would rather have a model's reading beside their own; `language` (fr or en) is the
    question's, and so the answer's; `as_of_hint` is the day that the question asks for in words, and in a
    result the day whose law was searched where that is not the scope's; None mostly.
    """

    intent: str
    references: tuple[Reference, ...]
    standalone: str
    labels: tuple[str, ...]
    is_unsure: bool = False
    language: str = "fr"
    as_of_hint: date | None = None


@dataclass(frozen=True, slots=True)
class Hit:
    """One entry with its score in one leg; scores of different legs are not comparable."""

    entry_id: int
    score: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """One leg's ranking, best first. Legs: reference, bm25, gram, dense, fused (their sum), sentence."""

    leg: str
    hits: tuple[Hit, ...]
    elapsed_ms: float


@dataclass(frozen=True, slots=True)
class RankedPassage:
    """A passage in the fused ranking; `leg_scores` are raw scores by leg."""

    passage: Passage
    rank: int
    score: float
    leg_scores: tuple[tuple[str, float], ...]
    is_exact_reference: bool


@dataclass(frozen=True, slots=True)
class SearchResult:
    """What retrieval found.

    `evidence` lies in 0..1; `dropped` counts candidates that PostgreSQL did not admit; `refusal_reason` is ""
    when answerable, else one of no_evidence, out_of_scope, reference_not_found, act_not_held,
    empty_scope.
    """

    understanding: Understanding
    passages: tuple[RankedPassage, ...]
    rankings: tuple[Ranking, ...]
    evidence: float
    is_answerable: bool
    refusal_reason: str
    degraded: tuple[str, ...]
    dropped: int
    index_revision: int
    timings_ms: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens that a provider counted; zeros for the built-in answerer."""

    prompt_tokens: int = 0
    completion_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Citation:
    """A marker `[n]` of an answer; start and end are code points in the answer, of the marker itself."""

    marker: int
    start_index: int
    end_index: int
    passage: Passage
    quote: str
    quote_span: Span


@dataclass(frozen=True, slots=True)
class Searching:
    """The question is understood; retrieval begins."""

    understanding: Understanding


@dataclass(frozen=True, slots=True)
class Retrieved:
    """Retrieval is done."""

    result: SearchResult


@dataclass(frozen=True, slots=True)
class TextDelta:
    """Checked text to append."""

    text: str


@dataclass(frozen=True, slots=True)
class CitationAdded:
    """A marker already sent in the text is now bound to its passage."""

    citation: Citation


@dataclass(frozen=True, slots=True)
class ModelsFailed:
    """Every configured model failed: what follows is made of extracts, unless an earlier answer stands in."""


@dataclass(frozen=True, slots=True)
class Restarted:
    """Another provider took over: the answer is what follows."""


@dataclass(frozen=True, slots=True)
class Refused:
    """No answer; `nearest` may help the reader."""

    text: str
    reason: str
    nearest: tuple[RankedPassage, ...]


@dataclass(frozen=True, slots=True)
class Grounded:
    """Sentences sent, left out, and computed by Kauri itself."""

    n_sentences: int
    n_dropped: int
    n_computed: int


@dataclass(frozen=True, slots=True)
class Finished:
    """The last event of every answer; `answered_at` is when an answer that is given again was first given."""

    mode: AnswerMode
    provider: str
    model: str
    usage: Usage
    degraded: tuple[str, ...]
    answered_at: datetime | None = None


AnswerEvent = (
    Searching | Retrieved | TextDelta | CitationAdded | ModelsFailed | Restarted | Refused | Grounded | Finished
)


def display_locator(locator: str, code: str = "") -> str:
    """Return a locator as readers see it: `AUSCGIE art. 311` becomes `AUSCGIE, art. 311`, which stays as it is."""
    head, separator, tail = locator.partition(" art. ")
    if separator and head and not head.endswith(","):
        return f"{head}, art. {tail}"
    return f"{code}, {locator}" if code and not locator.startswith(code) else locator
