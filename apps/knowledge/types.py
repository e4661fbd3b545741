"""Values that cross the corpus's border. All frozen, all tuples."""

from dataclasses import dataclass
from datetime import date
from typing import Literal
from uuid import UUID

from apps.rag.types import InForce

JobState = Literal["waiting", "running", "ready", "failed"]
Standing = Literal["in_force", "undated", "ending", "repealed", "upcoming", "draft", "withdrawn"]


@dataclass(frozen=True, slots=True)
class DocumentAdded:
    """What became of a file. `is_unchanged` means that it was there before; `job_id` is its last import."""

    document_id: UUID
    version_id: UUID
    job_id: UUID
    is_unchanged: bool


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """Where a job stands. `was_run` is false when another process held it or it was finished already."""

    job_id: UUID
    state: JobState
    stage: str
    progress: int
    was_run: bool
    reason_code: str
    sentence: str
    n_passages: int


@dataclass(frozen=True, slots=True)
class ReaderRun:
    """Part of a line of text; `is_marked` is inside the cited span."""

    text: str
    is_marked: bool


@dataclass(frozen=True, slots=True)
class ReaderPassage:
    """A passage on the reader page. `lines` are its lines, each cut into runs."""

    ordinal: int
    locator: str
    heading_path: tuple[str, ...]
    page: int | None
    start: int
    end: int
    lines: tuple[tuple[ReaderRun, ...], ...]
    is_target: bool
    is_edited: bool
    url: str
    in_force: InForce


@dataclass(frozen=True, slots=True)
class ReaderHeading:
    """An entry of the outline, shown where it lies near the passage that is read."""

    title: str
    level: int
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class ReaderVersion:
    """A version of the same document; without `start` or `last_day` its period has no such bound."""

    number: int
    title: str
    start: date | None
    last_day: date | None
    standing: Standing
    url: str
    is_current: bool


@dataclass(frozen=True, slots=True)
class ReaderWindow:
    """What the reader page shows: the passages around a span, and where they stand.

    `target_ordinal` is the first passage of the span; `reference` is how a jurist cites it.
    """

    document_id: UUID
    version_id: UUID
    title: str
    code: str
    namespace_title: str
    kind: str
    country_title: str
    is_sample: bool
    is_shared: bool
    version_number: int
    standing: Standing
    in_force_start: date | None
    in_force_last_day: date | None
    reference: str
    target_ordinal: int
    passages: tuple[ReaderPassage, ...]
    n_passages: int
    outline: tuple[ReaderHeading, ...]
    versions: tuple[ReaderVersion, ...]
    previous_url: str
    next_url: str
