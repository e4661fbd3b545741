"""Values of the chat app."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from apps.rag.types import Question
from kauri.lib.turnlog import Entry

MAX_QUESTION_CHARS = 4000
HISTORY_QUESTIONS = 6  # of the conversation before, which a follow-up is read with
STREAM_PATH = "/v1/chat/stream"


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that was taken: `message_id` is the answer to come, `response_id` its turn."""

    conversation_id: UUID
    message_id: UUID
    response_id: UUID

    @property
    def stream_url(self) -> str:
        """Where the events of the answer can be read."""
        return f"{STREAM_PATH}?response_id={self.response_id}"


@dataclass(frozen=True, slots=True)
class Filters:
    """What the person asked to search: all that they may read where `namespaces` is empty."""

    namespaces: tuple[str, ...]
    country: str | None
    as_of: date
    language: str


@dataclass(frozen=True, slots=True)
class TurnWork:
    """All that running a turn needs, read in one go before the engine starts.

    `is_first_hand` is False where the turn was taken over from a process that died.
    """

    turn_id: UUID
    fence: int
    conversation_id: UUID
    message_id: UUID
    user_id: UUID
    text: str
    history: tuple[str, ...]
    filters: Filters
    is_first_hand: bool = True


@dataclass(frozen=True, slots=True)
class BegunTurn:
    """A turn that was this process's from the moment it was saved; without `question` its scope is still to be read."""

    work: TurnWork
    question: Question | None


@dataclass(frozen=True, slots=True)
class TurnLogState:
    """Whether a turn runs, and the whole of its log once it does not."""

    is_live: bool
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class TurnSigns:
    """What a running turn must look at: whose it is now, and whether its reader wants it stopped."""

    fence: int
    stop_requested: bool


@dataclass(frozen=True, slots=True)
class Problem:
    """Why a turn failed, as the reader and a program see it."""

    code: str
    message: str
    retryable: bool
    retry_after_s: int | None = None
