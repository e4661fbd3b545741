"""Questions in English: their words in the language of the texts.

The texts are French, so the legs read French. A question is taken for English by its small words; then each word or
row of words of the glossary (`lexicon/english.csv`) becomes the texts' word, small words go, and what is not known
stays: a number, a name, a sigle.
"""

from __future__ import annotations

import re
from functools import lru_cache

from apps.rag.stopwords import STOP_WORDS
from apps.rag.understanding.lexicon_files import english_words
from kauri.lib.text import fold

_SMALL_TABLE = """
a an and are as at be been by can could do does for from has have how i if in into is it its me my must of on or
shall should that the their there they this to was were what when where which who whom whose why will with would
you your please tell about explain give many much did need needed required under between am we us our say says sit
sits only one any used there's what's who's
"""
_SMALL = frozenset(_SMALL_TABLE.split())
# Words that no French question is made of.
_TELLING_TABLE = """
the what is are how who when where which does can must should why of and to for an shall with between in by from your
my their they only than
"""
_TELLING = frozenset(_TELLING_TABLE.split())
# One is enough beside another small word, even where no word of the glossary is said.
_SURE = frozenset(
    ["of", "the", "what", "how", "who", "where", "when", "which", "does", "should", "why", "with", "their"]
)
_FEW = 2  # words of which one is enough: "why?", "how so?"
_LONGEST = 5  # words of an entry of the glossary
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")
# What English hardly has, though a question in French may hold "minimum", "section" or "must".
_FRENCH_SIGNS = re.compile(r"[àâçéèêëîïôûù]|\b(?:le|les|des|du|une|est|sont|quel\w*|dans|avec|sur|c'est|qu'\w+|et)\b")


def is_english(text: str) -> bool:
    """Tell whether a question is English: by the small words that no French question has, or by all its words."""
    words = [word for word in _WORD.findall(text.lower()) if not word.isdigit()]
    if _FRENCH_SIGNS.search(text.lower()):
        return False
    n_telling = len([word for word in words if word in _TELLING])
    known = english_words()
    n_known = len([word for word in words if known.get((word,), word) != word])
    n_small = len([word for word in words if word in _SMALL]) if _SURE.intersection(words) else 0
    if n_telling >= 2 or n_small >= 2 or (n_telling and (n_known or len(words) <= _FEW)):
        return 3 * (n_telling + n_known) >= len(words) - 2
    return bool(words) and n_known == len(words)


def language_of(text: str) -> str:
    """Return the language of a question, `fr` or `en`; "" where its words are of no language: `art. 311 AUSCGIE`."""
    if is_english(text):
        return "en"
    words = [word for word in _WORD.findall(text) if word.islower()]
    is_french = len(words) > _FEW or any(fold(word) in STOP_WORDS or not word.isascii() for word in words)
    return "fr" if is_french else ""


@lru_cache(maxsize=2_048)
def in_french(text: str) -> str:
    """Return an English question in the texts' words, as a row of terms; a question in French as it is."""
    if not is_english(text):
        return text
    words = _WORD.findall(text)
    lower = [word.lower() for word in words]
    said: list[str] = []
    at = 0
    while at < len(words):
        n, french = _longest(lower, at)
        if french or lower[at] not in _SMALL:
            said.append(french or words[at])
        at += n
    return (_asking(lower) + " ".join(said)).strip() or text


def _longest(lower: list[str], at: int) -> tuple[int, str]:
    known = english_words()
    for n in range(min(_LONGEST, len(lower) - at), 0, -1):
        french = known.get(tuple(lower[at : at + n]), "")
        if french:
            return n, french
    return 1, known.get((lower[at].removesuffix("s"),), "")


def _asking(lower: list[str]) -> str:
    """Return the French words for what is asked: they tell a definition, a number or a person."""
    opening = " ".join(lower[:2])
    if opening in ("what about", "how about") or lower[0] in ("and", "but"):
        return "et pour "
    if lower[0] in ("why", "how") and opening not in ("how many", "how much", "how long"):
        return "pourquoi " if lower[0] == "why" else "comment "
    if opening in ("what is", "what are", "what's a"):
        return "qu'est-ce que " if "minimum" not in lower else "quel est "
    if opening in ("how many", "how much", "how long"):
        return "combien "
    return "qui " if lower[0] == "who" else "quand " if lower[0] == "when" else ""
