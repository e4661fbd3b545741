"""The keys of cached answers: everything that an answer depends on, and nothing else. Pure."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable

from apps.rag.types import Question


def answer_key(question: Question, revisions: Iterable[tuple[str, int]], fingerprint: str) -> str:
    """Return `query:{hash}` over the question, its scope and language, the revisions of the namespaces in scope, and
    the fingerprint of models, prompts, lexicon and knobs.

    Never by likeness: `compte 401` and `compte 411` are neighbours in any embedding and have different answers.
    """
    return "query:" + _digest([*_asked(question), sorted(revisions), fingerprint])


def last_good_key(question: Question) -> str:
    """Return `last:{hash}` over what was asked alone: it outlives new texts and other models."""
    return "last:" + _digest(_asked(question))


def normalised(text: str) -> str:
    """Return a question as the key sees it: composed characters, single spaces, no closing question mark.

    Case stays: `IS` is a tax and `is` is not.
    """
    return " ".join(unicodedata.normalize("NFKC", text).split()).rstrip(" ?")


def _asked(question: Question) -> list[object]:
    scope = question.scope
    return [
        normalised(question.text),
        [normalised(earlier) for earlier in question.history],
        question.language,
        sorted(scope.namespaces),
        sorted(str(organisation) for organisation in scope.organisation_ids),
        scope.as_of.isoformat(),
        scope.country,
    ]


def _digest(parts: list[object]) -> str:
    return hashlib.sha256(json.dumps(parts, ensure_ascii=False).encode()).hexdigest()
