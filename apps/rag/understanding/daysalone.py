"""A follow-up that names a day and nothing else: "et en 2012 ?" is the former question, asked of the law of that day.

So is one that names a chart of accounts, "et dans l'ancien plan ?", and one that ends with a day, "et pour une SA en
2015 ?". What is asked after it is asked of that day too, until another is named.

It is put as whoever asks it in full would put it, in its language and in the past for a day that is past: then all that
is true of such a question is true of it.
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date

from apps.rag.types import Question
from apps.rag.understanding.editions import LAST_DAY, day_asked
from apps.rag.understanding.english import language_of
from apps.rag.understanding.folded import fold
from apps.rag.understanding.followup import context_of, standalone_of
from apps.rag.understanding.formerwords import chart_alone, without_former
from apps.rag.understanding.intent import CONVERSATION, intent_of
from apps.rag.understanding.lawdays import When, day_last, former_law_asked, names_year, when_alone, without_day
from apps.rag.understanding.reading import plan_asked
from apps.rag.understanding.references import PLAN_FORMER
from apps.rag.understanding.rewriting import plain
from kauri.lib import clock

_TODAY = re.compile(
    r"^(?:(?:et|mais|puis|alors|and|but|what about|how about)\b[ ,]*)+"
    r"(?:aujourd'hui|maintenant|actuellement|a ce jour|de nos jours|today|now)[ ?!.]*$"
)
_OF_ACCOUNTS = re.compile(r"\b(?:comptes?|accounts?)\b")
# the verb of a question asked of a day that is past, and of one to come
_FRENCH = {
    "est": ("était", "sera"), "sont": ("étaient", "seront"), "faut": ("fallait", "faudra"),
    "doit": ("devait", "devra"), "doivent": ("devaient", "devront"), "peut": ("pouvait", "pourra"),
    "peuvent": ("pouvaient", "pourront"), "prévoit": ("prévoyait", ""), "dit": ("disait", ""),
}  # fmt: skip
_ENGLISH = {"is": ("was", ""), "are": ("were", ""), "does": ("did", "will"), "do": ("did", "will")}
# "est-ce que", "qu'est-ce que" ask, and say nothing of when; "la TVA" and "l'IS" are no verbs
_VERB = {
    language: re.compile(rf"(?<![\w'’-])(?:{'|'.join((*verbs, *map(str.capitalize, verbs)))})(?![\w'’])(?!-ce\b)")
    for language, verbs in (("fr", _FRENCH), ("en", _ENGLISH))
}


def restated(question: Question) -> Question:
    """Return a follow-up that only names a day, or the chart of one, as the question that it stands for; one that ends
    with a day as that question of that day; and any other as it is, behind earlier ones that are put so."""
    asked = question.history
    standing: tuple[str, ...] = ()
    for place, text in enumerate(asked):
        standing += (_restated(replace(question, text=text, history=asked[:place]), standing).text,)
    return _restated(question, standing)


def _restated(question: Question, standing: tuple[str, ...]) -> Question:
    """Return a question behind `standing`: the earlier ones of its history, put so that each stands alone."""
    folded = fold(question.text).strip()
    if _names_day_alone(folded):
        return _asked_again(question, standing, when_alone(folded), chart_alone(folded))
    return _ending_with_day(replace(question, history=standing))


def _names_day_alone(folded: str) -> bool:
    return bool(when_alone(folded) or chart_alone(folded) or _TODAY.match(folded))


def _asked_again(question: Question, standing: tuple[str, ...], when: When | None, plan: str) -> Question:
    """Return the former question, asked of a day, of the former chart, or of today."""
    earlier, history = _question_before(question.history, standing)
    if not earlier or (names_year(fold(earlier)) and day_asked(earlier) is None):
        # nothing to ask again, or the year of a fact: "une société créée en 2010 …"
        return question
    if when and when.is_bare and _OF_ACCOUNTS.search(fold(earlier)):
        return question  # "et 2012 ?" after the account 2011 is an account
    bare = without_day(earlier)
    language = language_of(earlier) or language_of(question.text)
    if plan == PLAN_FORMER:
        return replace(question, text=_in_former_chart(bare, language), history=history)
    if _asks_for_former(bare) and not (when and when.day <= LAST_DAY and plan_asked(bare) == PLAN_FORMER):
        bare = without_former(bare)
        if _asks_for_former(bare):
            return question
    if when is None:
        return replace(question, text=bare, history=history)
    return replace(question, text=_on_that_day(bare, when, language), history=history)


def _ending_with_day(question: Question) -> Question:
    """Return a follow-up that leans on the question before and ends with a day as one that needs neither."""
    text, when = day_last(question.text)
    if when is None or day_asked(question.text):
        return question
    language = language_of(question.text)
    # an English question stays one, for its answer's sake
    is_english = language == "en"
    context = context_of(plain(text), question.history if is_english else tuple(map(plain, question.history)))
    if not context:
        return question
    asked = standalone_of(plain(text), context)
    if is_english and asked != context:
        asked = f"{context} {text}"
    return replace(question, text=_on_that_day(without_day(asked), when, language))


def _asks_for_former(text: str) -> bool:
    return former_law_asked(text) or plan_asked(text) == PLAN_FORMER


def _question_before(history: tuple[str, ...], standing: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """Return the last question that is asked of a day, made to stand alone, and those before it."""
    for place in range(len(history) - 1, -1, -1):
        text, before = plain(standing[place]), standing[:place]
        if _names_day_alone(fold(history[place]).strip()) or intent_of(text, ()) == CONVERSATION:
            continue
        context = context_of(text, tuple(map(plain, before)))
        # in its own words where it stands alone: they tell the language of the answer
        return standalone_of(text, context) if context else standing[place].strip(), before
    return "", ()


def _in_former_chart(text: str, language: str) -> str:
    """Return a question asked of the former chart of accounts."""
    if plan_asked(text) == PLAN_FORMER:
        return text
    end = "in the former chart?" if language == "en" else "dans l'ancien plan ?"
    return f"{text.strip(' ?!.')} {end}"


def _on_that_day(text: str, when: When, language: str) -> str:
    """Return a question asked of a day, in the first wording that is read as a question for the law of that day."""
    bare, then = text.strip(" ?!."), when.written(language)
    end, in_force = ("?", "law in force") if language == "en" else (" ?", "droit en vigueur")
    turned = _in_its_tense(bare, when.day, language)
    if _is_current(when.day):
        return f"{turned} {then}{end}"  # today's law, in whatever words
    wordings = (
        f"{turned} {then}{end}",
        f"{bare} {then}{end}",
        f"{bare}{end} ({in_force} {then})",
    )
    return next((each for each in wordings if day_asked(each)), wordings[-1])


def _in_its_tense(text: str, day: date, language: str) -> str:
    """Return a question with its first verb in the past for a day that is past, in the future for a year to come."""
    if _is_current(day):
        return text
    verbs = _ENGLISH if language == "en" else _FRENCH

    def turned(found: re.Match[str]) -> str:
        past, future = verbs[found[0].lower()]
        verb = past if day < clock.today() else future
        return (verb.capitalize() if found[0][0].isupper() else verb) or found[0]

    return _VERB["en" if language == "en" else "fr"].sub(turned, text, count=1)


def _is_current(day: date) -> bool:
    """Tell whether a day is today or one that is left of this year."""
    return clock.today() <= day <= date(clock.today().year, 12, 31)
