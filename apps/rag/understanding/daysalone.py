"""A follow-up that names a day and nothing else: "et en 2012 ?" is the former question, asked of the law of that day.

It is put as whoever asks it in full would put it, in the past for a day that is past: then all that is true of such a
question is true of it.
"""

from __future__ import annotations

import re
from dataclasses import replace

from apps.rag.types import Question
from apps.rag.understanding.editions import day_asked
from apps.rag.understanding.folded import fold
from apps.rag.understanding.followup import context_of, standalone_of
from apps.rag.understanding.intent import CONVERSATION, intent_of
from apps.rag.understanding.lawdays import names_year, when_alone, without_day
from apps.rag.understanding.rewriting import plain

_TODAY = re.compile(
    r"^(?:(?:et|mais|puis|alors|and|but|what about|how about)\b[ ,]*)+"
    r"(?:aujourd'hui|maintenant|actuellement|a ce jour|de nos jours|today|now)[ ?!.]*$"
)
_PAST = {
    "est": "était", "sont": "étaient", "faut": "fallait", "doit": "devait", "doivent": "devaient", "peut": "pouvait",
    "peuvent": "pouvaient", "prévoit": "prévoyait", "dit": "disait", "is": "was", "are": "were", "does": "did",
}  # fmt: skip
# "est-ce que", "qu'est-ce que" ask, and say nothing of when
_VERB = re.compile(rf"(?<![\w'’-])(?:{'|'.join(_PAST)})(?![\w'’])(?!-ce\b)")


def restated(question: Question) -> Question:
    """Return a follow-up that only names a day as the question that it stands for; any other one as it is."""
    folded = fold(question.text).strip()
    when = when_alone(folded)
    if not (when or _TODAY.match(folded)):
        return question
    earlier, history = _question_before(question.history)
    if not earlier or (names_year(fold(earlier)) and day_asked(earlier) is None):
        # nothing to ask again, or the year of a fact: "une société créée en 2010 …"
        return question
    bare = without_day(earlier)
    return replace(question, text=_on_that_day(bare, when) if when else bare, history=history)


def _question_before(history: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return the last question that is asked of a day, made to stand alone, and those before it."""
    for place in range(len(history) - 1, -1, -1):
        text, before = plain(history[place]), history[:place]
        folded = fold(history[place]).strip()
        if when_alone(folded) or _TODAY.match(folded) or intent_of(text, ()) == CONVERSATION:
            continue
        context = context_of(text, tuple(map(plain, before)))
        # in its own words where it stands alone: they tell the language of the answer
        return standalone_of(text, context) if context else history[place].strip(), before
    return "", ()


def _on_that_day(text: str, when: str) -> str:
    """Return a question asked of a day, in the first wording that is read as a question for the law of that day."""
    bare = text.strip(" ?!.")
    wordings = (
        f"{_VERB.sub(lambda found: _PAST[found[0]], bare, count=1)} {when} ?",
        f"{bare} {when} ?",
        f"{bare} ? (droit en vigueur {when})",
    )
    return next((each for each in wordings if day_asked(each)), wordings[-1])
