"""Content words of French and English, reduced for comparison."""

from __future__ import annotations

import re

from kauri.lib.text import fold

_WORD = re.compile(r"[a-z0-9]+(?:-[0-9]+)*")
STOP_WORDS = frozenset(
    "a ai ainsi alors apres au aucun aucune aussi autre autres aux avant avec avez avoir c ca car ce ceci cela celle"
    " celles celui ces cet cette ceux chaque chez ci comme comment combien contre d dans de depuis des dire dis dit"
    " dois doit doivent donc dont du elle elles en encore entre es est et etait etant ete etre eu fait faire faut font"
    " il ils j je jusqu l la laquelle le lequel les lesquelles lesquels leur leurs lors lorsque lui m ma mais me meme"
    " memes mes moi moins mon n ne ni non nos notre nous on ont ou par parce pas pendant peut peuvent plus pour"
    " pourquoi qu quand que quel quelle quelles quels qui quoi s sa sans sauf se sera ses si soit son sont sous sur t"
    " ta te tel telle tels tes toi ton tous tout toute toutes tres tu un une va vers veut vos votre vous y"
    " an and any are as at be by can do does for from has have how i if in is it its not of or shall that the their"
    " there this to under what when which who why with"
    " svp merci bonjour stp c'est koi cest".split()
)
_SUFFIXES = ("issements", "issement", "ements", "ement", "ations", "ation", "ables", "able", "ives", "ive", "ees", "ees",
             "ee", "es", "er", "ez", "ent", "e", "s", "x")  # fmt: skip


def terms(text: str) -> tuple[str, ...]:
    """Return the content words of a text in order, folded, without stop words, cut to a rough stem."""
    return tuple(stem(word) for word in _WORD.findall(fold(text)) if word not in STOP_WORDS)


def stem(word: str) -> str:
    """Cut common French endings off a folded word; figures stay whole."""
    if word[0].isdigit() or len(word) < 5:
        return word.rstrip("sx") if not word[0].isdigit() and len(word) == 4 else word
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 4:
            return word[: -len(suffix)]
    return word
