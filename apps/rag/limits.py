"""What a question and a text to embed may be when they come from outside; the edges check it, the engine trusts it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from apps.rag.types import Overrides, Question
from kauri.lib.errors import InvalidInput

MAX_QUESTION_CHARS: Final = 4_000
MAX_EARLIER_QUESTIONS: Final = 20
MAX_TEXTS: Final = 128
MAX_TEXT_CHARS: Final = 8_000
MAX_PASSAGES: Final = 100
MAX_WEIGHT: Final = 100.0
LEGS: Final = ("reference", "bm25", "gram", "dense", "sentence")


def question_check(question: Question) -> None:
    """Refuse a question that no edge may let in. Raises InvalidInput."""
    texts = (question.text, *question.history)
    if not question.text.strip() or any(len(text) > MAX_QUESTION_CHARS for text in texts):
        raise InvalidInput(_("A question has 1 to %(n)d characters.") % {"n": MAX_QUESTION_CHARS})
    if len(question.history) > MAX_EARLIER_QUESTIONS:
        raise InvalidInput(_("At most %(n)d earlier questions can be given.") % {"n": MAX_EARLIER_QUESTIONS})
    if question.language not in dict(settings.LANGUAGES):
        raise InvalidInput(_("The language is fr or en."))
    _words_check(texts)
    _overrides_check(question.overrides)


def texts_check(texts: Sequence[str]) -> None:
    """Refuse texts that are too many, too long or empty. Raises InvalidInput."""
    if not 1 <= len(texts) <= MAX_TEXTS:
        raise InvalidInput(_("Give 1 to %(n)d texts.") % {"n": MAX_TEXTS})
    if not all(1 <= len(text) <= MAX_TEXT_CHARS for text in texts):
        raise InvalidInput(_("A text has 1 to %(n)d characters.") % {"n": MAX_TEXT_CHARS})
    _words_check(texts)


def _words_check(texts: Sequence[str]) -> None:
    # Half a surrogate pair, which JSON can carry and nothing else, or NUL, which PostgreSQL does not take.
    if any("\0" in text or (not text.isascii() and _is_broken(text)) for text in texts):
        raise InvalidInput(_("The text holds characters that no text has."))


def _is_broken(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return False


def _overrides_check(overrides: Overrides) -> None:
    if overrides.n_passages is not None and not 1 <= overrides.n_passages <= MAX_PASSAGES:
        raise InvalidInput(_("Between 1 and %(n)d passages can be asked for.") % {"n": MAX_PASSAGES})
    named = {*overrides.legs, *(leg for leg, _weight in overrides.weights)}
    if not named <= set(LEGS):
        raise InvalidInput(_("The legs of a search are: %(legs)s.") % {"legs": ", ".join(LEGS)})
    if not all(math.isfinite(weight) and 0 <= weight <= MAX_WEIGHT for _leg, weight in overrides.weights):
        raise InvalidInput(_("A weight is a number from 0 to %(n)d.") % {"n": MAX_WEIGHT})
