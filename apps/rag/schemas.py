"""What /v1/rag takes; what it returns are the engine's own values (apps.rag.types)."""

# No postponed annotations: django-ninja reads them as they are.
from datetime import date
from typing import Literal
from uuid import UUID

from ninja import Field, Schema
from pydantic import ConfigDict

from apps.rag.grants import Grant
from apps.rag.limits import (
    LEGS,
    MAX_EARLIER_QUESTIONS,
    MAX_PASSAGES,
    MAX_QUESTION_CHARS,
    MAX_TEXT_CHARS,
    MAX_TEXTS,
    question_check,
)
from apps.rag.types import Overrides, Question


class Strict(Schema):
    """Refuses names that it does not know: a restriction that is misspelt must not widen a search."""

    model_config = ConfigDict(extra="forbid")


class OverridesIn(Strict):
    """What a console or a measurement changes for one search."""

    legs: list[str] = Field(default=[], description=f"Only these legs; all when empty: {', '.join(LEGS)}.")
    n_passages: int | None = Field(default=None, ge=1, le=MAX_PASSAGES)
    weights: dict[str, float] = Field(default={}, description="By leg, in place of the calibrated ones.")
    is_reranked: bool = Field(default=True, description="False keeps the fused order.")

    def value(self) -> Overrides:
        """Return them as the engine takes them."""
        return Overrides(tuple(self.legs), self.n_passages, tuple(self.weights.items()), self.is_reranked)


class QuestionIn(Strict):
    """A question. What is left out of the scope is all that the caller may search, today."""

    question: str = Field(min_length=1, max_length=MAX_QUESTION_CHARS)
    namespaces: list[str] | None = Field(None, description="Collections; more than the caller may search is refused.")
    organisations: list[UUID] | None = Field(None, description="Besides the shared base; an empty list for it alone.")
    as_of: date | None = Field(None, description="The day whose law is asked for.")
    country: str | None = Field(None, pattern="^[A-Z]{2}$", description="ISO 3166-1; leaves out other states' texts.")
    language: Literal["fr", "en"] | None = Field(None, description="Default: that of Accept-Language.")
    history: list[str] = Field([], max_length=MAX_EARLIER_QUESTIONS, description="Earlier questions, oldest first.")
    overrides: OverridesIn = Field(default_factory=lambda: OverridesIn.model_validate({}))

    def value(self, grant: Grant, language: str) -> Question:
        """Return the question within what its caller may search. Raises InvalidInput, ScopeRefused."""
        scope = grant.narrowed(
            namespaces=self.namespaces,
            organisation_ids=self.organisations,
            as_of=self.as_of,
            country=self.country,
        )
        question = Question(
            self.question, scope, tuple(self.history), self.language or language, self.overrides.value()
        )
        question_check(question)
        return question


class SearchIn(QuestionIn):
    """A question to search for."""

    explain: bool = Field(default=False, description="Adds every leg's ranking, the scores by leg, and the timings.")


class EmbedIn(Strict):
    """Texts to turn into vectors."""

    texts: list[str] = Field(min_length=1, max_length=MAX_TEXTS, description=f"At most {MAX_TEXT_CHARS} characters.")


class EmbedOut(Schema):
    """One unit vector a text, and the model that made them."""

    model: str = Field(description="The embedder's name, as it is kept with every stored vector.")
    revision: str = Field(description="Which weights these are.")
    dimension: int = Field(description="Length of a vector.")
    vectors: list[list[float]]


class ProblemOut(Schema):
    """RFC 9457 problem details."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    retryable: bool
