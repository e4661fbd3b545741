"""Words that introduce a reference, as people misspell them; and numbers in words behind them, in figures."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from apps.rag.understanding.numbers import NUMBER_WORDS, digits_read, numbers_read

_APART = str.maketrans({"œ": "oe", "æ": "ae", "Œ": "OE", "Æ": "AE", "’": "'", "‘": "'", "ʼ": "'", "´": "'", "`": "'"})
_DASHES = re.compile("[‐‑‒–—―−]")
_SPACES = re.compile(r"\s+")
_N = NUMBER_WORDS.pattern
# A token before a number, or before what says one, may be a misspelt word of this table.
_NAMED = ("article", "articles", "compte", "comptes", "classe", "classes")
_BEFORE_NUMBER = re.compile(
    rf"(?i)(?P<glued>\bl(?: |'|))?\b(?P<word>[a-z]{{4,10}})(?=\.?(?: ?n[°o]\.?| numero)? ?(?:\d|{_N}|premiere?\b))"
)
_REAL_TABLE = """
compose comptent comptez comptait comptable particule articule contes comtes contre compter comptons classer
conte coute comble complet artiste artistes
"""
_REAL = frozenset(_REAL_TABLE.split())
# Titles of laws, mended only behind a word that announces one.
_TITLES = (
    "uniforme", "uniformes", "commerciales", "cooperatives", "collectives", "suretes", "societes", "mediation",
    "arbitrage", "procedures", "recouvrement", "execution", "transport", "transports", "comptable", "comptabilite",
    "reglement", "procedure", "groupement", "economique", "general", "impots", "organisation", "simplifiees",
)  # fmt: skip
_ANNOUNCED = re.compile(r"(?i)\b(?:l')?ac?tes? |\bacte |\bcode |\breglement |\bau(?:dcg|dcif|pc|s|a|m|scgie)\b")
_TOKEN = re.compile(r"[A-Za-z]{5,}")
_SAID_ARTICLE = re.compile(rf"(?i)\b(?P<word>articles?|arts?\.?) (?P<said>{_N}(?:(?: et | a | ou |, | tiret ){_N})*)")
_SAID_ACCOUNT = re.compile(rf"(?i)\b(?P<word>comptes?|le|classes?) (?P<said>{_N}(?:(?: et | ou |, ){_N})*)")
_LEADS = re.compile(
    r"(?i)\b(?:c(?:'est)? ?(?:k?oi|quoi)|libelle|numero|qu'est-ce que|a quoi (?:sert|correspond)) (?:le )?$"
)
_TIRET = re.compile(rf"(?i)(?<=[\da-z]) tiret (?P<said>\d|{_N})")


def unaccented(text: str) -> str:
    """Return a text without accents, on one line, with straight apostrophes and dashes; capitals stay."""
    apart = unicodedata.normalize("NFKD", text.translate(_APART).replace("\u00ba", "°").replace("№", "n°"))
    bare = "".join(char for char in apart if not unicodedata.combining(char))
    return _SPACES.sub(" ", _DASHES.sub("-", bare)).strip()


@lru_cache(maxsize=2_048)
def spelt(text: str) -> str:
    """Return a text for the reading of references: unaccented, `artcle` as `article`, `deux cent dix` as `210`."""
    plain = _BEFORE_NUMBER.sub(_named, unaccented(text))
    if _ANNOUNCED.search(plain):
        plain = _TOKEN.sub(_title, plain)
    plain = _SAID_ARTICLE.sub(_figures_of_article, plain)
    plain = _SAID_ACCOUNT.sub(lambda found: _figures_of_account(found, plain), plain)
    return _TIRET.sub(
        lambda found: f"-{found['said'] if found['said'].isdigit() else digits_read(found['said'])}", plain
    )


def near(word: str, others: tuple[str, ...], *, allowed: int = 1) -> str:
    """Return the one of `others` that a word is, but for slips of the keyboard; "" if none is, or several are."""
    found = [other for other in others if abs(len(other) - len(word)) <= allowed and distance(word, other) <= allowed]
    return found[0] if len(found) == 1 else ""


def distance(left: str, right: str) -> int:
    """Return the edit distance, a swap of neighbours counting one."""
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, a in enumerate(left, start=1):
        older, before, row = before, row, [i]
        for j, b in enumerate(right, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
    return row[-1]


@lru_cache(maxsize=4_096)
def _mended(word: str) -> str:
    """Return the word of a reference that a token is, or the token."""
    if word in _REAL:
        return word
    stems = [name for name in _NAMED if distance(word, name) <= (2 if name.startswith("art") and len(word) >= 6 else 1)]
    best = min(stems, key=lambda name: (distance(word, name), len(name)), default="")
    return best or word


def _named(found: re.Match[str]) -> str:
    word = found["word"].lower()
    glued = found["glued"] or ""
    if word.startswith("l") and not glued:
        # "larticle", "lartcle"
        inner = _mended(word[1:])
        if inner != word[1:] or inner in _NAMED:
            return f"l'{inner}"
    mended = _mended(word)
    return f"{glued}{found['word'] if mended == word else mended}"


def _title(found: re.Match[str]) -> str:
    word = found[0].lower()
    return found[0] if word in _TITLES else (near(word, _TITLES) or found[0])


def _figures_of_article(found: re.Match[str]) -> str:
    return f"{found['word']} " + re.sub(
        _N, lambda said: " ".join(map(str, numbers_read(said[0]))), found["said"].lower()
    )


def _figures_of_account(found: re.Match[str], text: str) -> str:
    word = found["word"].lower()
    if word == "le" and not _LEADS.search(text[: found.start("said")]):
        return found[0]
    return f"{found['word']} " + re.sub(_N, lambda said: digits_read(said[0]), found["said"].lower())
