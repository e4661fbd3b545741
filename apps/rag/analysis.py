"""French analysis of texts and questions: the same terms on both sides, numbers whole.

Order: fold accents, straighten apostrophes, join numbers and references, cut into words, drop elisions and stop
words, stem. Article numbers become one token (`L. 123-4`, `L123-4` and `l 123-4` are `l123-4`), so do dotted
abbreviations (`T.V.A.` is `tva`) and grouped figures (`1 000 000` is `1000000`). One-digit tokens survive.
"""

from __future__ import annotations

import re
import threading
import zlib
from functools import lru_cache
from typing import cast

import Stemmer

from apps.rag.stopwords import STOP_WORDS
from kauri.lib.text import fold

# Raise it whenever the terms of any text change: an index of another revision is rebuilt.
ANALYSIS_REVISION = 8

GRAM = 4

_local = threading.local()

# Short sigles that are common words once folded: only their capitals count.
_CAPITALS = {
    "SA": "société anonyme",
    "SAS": "société par actions simplifiée",
    "CA": "conseil d'administration",
    "AG": "assemblée générale",
    "AGE": "assemblée générale extraordinaire",
    "IS": "impôt sur les sociétés",
    "SEP": "société en participation",
}
_CAPITAL = re.compile(r"\b(?:" + "|".join(_CAPITALS) + r")\b")
# The token that a full form gains; pieces of which one always stands in the form, so that two dozen patterns are not
# run over every passage; the form in folded text. `au moins` and `minimum` are one thing in a law.
_FULL_FORMS = (
    ("sarl", "responsabilite limitee", r"societes? a responsabilite limitee"),
    ("societeanonyme", "anonyme", r"societes? anonymes?"),
    ("sasimplifiee", "simplifiee", r"societes? par actions simplifiees?"),
    ("snc", "nom collectif", r"societes? en nom collectif"),
    ("scs", "commandite", r"societes? en commandite simple"),
    # not in the name of the act that stands above each of its articles
    ("gie", "interet economique", r"(?<!commerciales et du )groupements? d'interet economique"),
    ("pdg", "president", r"president[- ]directeur general"),
    ("dga", "adjoint", r"directeurs? gener(?:al|aux) adjoints?"),
    ("dg", "directeur", r"directeurs? gener(?:al|aux)"),
    ("cac", "commissaire", r"commissaires? aux comptes"),
    ("assembleegenerale", "assemblee", r"assemblees? generales?"),
    ("ago", "ordinaire", r"assemblees? generales? ordinaires?"),
    ("rccm", "registre du", r"registre du commerce(?: et du credit mobilier)?"),
    ("tva", "valeur", r"taxe sur la valeur ajoutee"),
    ("impotsocietes", "impot sur les s", r"impot sur les societes"),
    ("irpp", "personnes physiques", r"impot sur le revenu des personnes physiques"),
    ("iba", "benefices d'a", r"impot sur les benefices d'affaires"),
    ("ccja", "cour commune", r"cour commune de justice et d'arbitrage"),
    ("tafire", "tableau", r"tableau financier des ressources et (?:des )?emplois"),
    ("tft", "tableau", r"tableau des flux de tresorerie"),
    ("smt", "minimal", r"systeme minimal de tresorerie"),
    ("minimum", "au m|minima", r"au m(?:oins|inimum)|minima(?:les?|ux|l)?"),
    ("maximum", "au plus|maxi", r"au (?:plus|maximum)|maxi(?:males?|maux|mal)?"),
)
_FORMS = tuple((token, pieces.split("|"), re.compile(rf"\b(?:{form})\b")) for token, pieces, form in _FULL_FORMS)

_DASHES = re.compile("[‐‑‒–—―−]")
_DOTS = re.compile(r"\. ?[a-z]\.")  # in every dotted abbreviation
_DOTTED = re.compile(r"\b(?:[a-z]\.){2,}(?:[a-z]\b)?|\b(?:[a-z]\. ){2,}(?:[a-z]\b\.?)?")
_GROUPED = re.compile(r"(?<![\d,.-])\d{1,3}(?:[   .]\d{3})+(?![\d-])(?!\.\d)")
_LETTERED = re.compile(r"\b([lrd])[. ]{1,2}(?=\d{1,4}(?:-\d|\b))")
_ORDINAL = re.compile(r"\b1(?:er|ere|re)\b")
_FIRST_ARTICLE = re.compile(r"\b(art(?:icle)?s?\.? )(?:premier|premiere)\b")
_GLUED_ARTICLE = re.compile(r"\bl(?=articles?\b)")
_ELISION = re.compile(r"\b(?:[ldjmntsc]|qu|jusqu|lorsqu|puisqu|quoiqu)'(?=\w)")
# What begins with two letters is told first, for most words do: the others say no to it at length.
_WORD = re.compile(r"[a-z]{2}[^\W_]*(?:&[^\W_]+)?|[a-z]?\d+(?:-[a-z0-9]+)+|\d+(?:,\d+)?|[^\W_]+(?:&[^\W_]+)?")


def normalise(text: str) -> str:
    """Return the folded text with its numbers and abbreviations joined; lengths change."""
    return _normal(fold(_spelt(text)))


def _spelt(text: str) -> str:
    return _CAPITAL.sub(lambda found: _CAPITALS[found[0]], text)


def _normal(folded: str) -> str:
    straight = _DASHES.sub("-", folded)
    # quicker than a pattern for spaces, but for one at the end, which tells the end of an abbreviation
    folded = " ".join(straight.split()) + (" " if straight[-1:].isspace() else "")
    # To look for a piece of a pattern costs a fiftieth of looking for the pattern, and most texts have none of these.
    if "larticle" in folded:
        folded = _GLUED_ARTICLE.sub("l'", folded)
    if "premier" in folded:
        folded = _FIRST_ARTICLE.sub(r"\g<1>1", folded)
    if "1er" in folded or "1re" in folded:
        folded = _ORDINAL.sub("1", folded)
    if _DOTS.search(folded):
        folded = _DOTTED.sub(lambda found: found[0].replace(".", "").replace(" ", "") + " ", folded)
    folded = _GROUPED.sub(lambda found: re.sub(r"\D", "", found[0]), folded)
    return _LETTERED.sub(r"\1", folded)


def words(text: str) -> list[str]:
    """Return the words of a text in order, unstemmed, without elisions and stop words."""
    return _words(normalise(text))


def _words(normal: str) -> list[str]:
    bare = _ELISION.sub("", normal)
    return [word for word in _WORD.findall(bare) if word not in STOP_WORDS and (len(word) > 1 or word.isdigit())]


def terms(text: str) -> list[str]:
    """Return the index terms of a text: Snowball stems of words in order, numbers whole, then sigles."""
    normal = normalise(text)
    return [stem(word) for word in _words(normal)] + _sigles(normal)


def terms_and_words(text: str) -> tuple[list[str], list[str]]:
    """Return the index terms of a text, and the words and sigles that they come from, unstemmed, each in order."""
    terms, words, _ = terms_words_and_folded(text)
    return terms, words


def terms_words_and_folded(text: str) -> tuple[list[str], list[str], str]:
    """Return the terms and words of a text, as `terms_and_words` does, and the folded text."""
    folded, spelt = fold(text), _spelt(text)
    normal = _normal(folded if spelt == text else fold(spelt))
    words, sigles = _words(normal), _sigles(normal)
    return [stem(word) for word in words] + sigles, words + sigles, folded


def _sigles(normal: str) -> list[str]:
    return [
        token
        for token, pieces, form in _FORMS
        if any(piece in normal for piece in pieces)
        for _ in form.finditer(normal)
    ]


# Words whose stem would meet another word's, or miss its own: a capital city is no share capital, a rent no law, a
# gift is nothing that one gives ("donne-moi"), and a tax on deeds no entry in the books.
_OWN_STEMS = {
    "capitale": "capitale",
    "capitales": "capitale",
    "don": "dons",
    "dons": "dons",
    "enregistrement": "enregistrement",
    "enregistrements": "enregistrement",
    # what full names gain: a sigle with an ending taken off would never meet them
    "gie": "gie",
    "scs": "scs",
    "tafire": "tafire",
    "loyer": "loyer",
    "loyers": "loyer",
    "lois": "loi",
}


# Words in "us" that are no plurals, or whose verb keeps the "s": "abuser", "incluse".
_INVARIABLE = frozenset({"abus", "bus", "inclus", "perclus", "plus", "reclus", "refus", "virus"})


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """Return the French Snowball stem of a folded word; a word with a digit is its own stem."""
    if word in _OWN_STEMS or any(char.isdigit() for char in word):
        return _OWN_STEMS.get(word, word)
    # Snowball leaves "revenus" and "obtenus" as they are, and they would never meet "revenu" and "obtenue"
    is_plural = word.endswith("us") and word not in _INVARIABLE
    return cast(str, _stemmer().stemWord(word.removesuffix("s") if is_plural else word))


def grams(text: str) -> list[str]:
    """Return the character 4-grams of each word and sigle with its neighbour space; `_` stands for the space.

    A word shorter than four characters with its spaces is one gram of its own.
    """
    normal = normalise(text)
    return [gram for word in (*_words(normal), *_sigles(normal)) for gram in word_grams(word)]


def word_grams(word: str) -> list[str]:
    """Return the character 4-grams of one word or sigle."""
    padded = f"_{word}_"
    return [padded[at : at + GRAM] for at in range(max(1, len(padded) - GRAM + 1))]


def gram_number(gram: str) -> int:
    """Return a gram as a number of 32 bits, the same in every process; two grams hardly ever share one."""
    return zlib.crc32(gram.encode())


@lru_cache(maxsize=50_000)
def word_gram_numbers(word: str) -> tuple[int, ...]:
    """Return the 4-grams of one word as numbers."""
    return tuple(gram_number(gram) for gram in word_grams(word))


def _stemmer() -> Stemmer.Stemmer:
    # a Snowball stemmer is not safe between threads; without its cache it is ours that counts
    if not hasattr(_local, "stemmer"):
        _local.stemmer = Stemmer.Stemmer("french", 0)
    return cast(Stemmer.Stemmer, _local.stemmer)
