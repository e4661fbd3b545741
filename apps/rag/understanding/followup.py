"""Makes a follow-up stand alone: its own words, and those of the question that it leans on."""

from __future__ import annotations

import re

from apps.rag import analysis
from apps.rag.types import Reference
from apps.rag.understanding.forms import named_forms, put_form
from apps.rag.understanding.reading import article_of, references_read
from kauri.lib.text import fold

_LEANS = re.compile(
    r"^(?:et|mais|ou|donc|alors|sinon|puis|aussi|idem|pareil|meme (?:chose|question)|dans ce cas|en ce cas"
    r"|pour (?:la|le|les|l'|une?)\b"
    r"|il|elle|ils|elles|ca|cela|celui|celle|ceux|celles|lequel|laquelle|lesquels|combien|qui|pourquoi|comment|quand)\b"
)
_POINTS_BACK = re.compile(
    r"\b(?:celui|celle|ceux|celles|ce dernier|cette derniere|y a-t-il aussi|celui-ci|celle-ci|en (?:devises?)"
    r"|dedans|la-dessus|dessus)\b"
)
_LEANS_ALWAYS = re.compile(
    r"^(?:et|mais|ou alors|donc|sinon|puis|idem|pareil|dans ce cas|en ce cas|il|elle|ils|elles)\b"
)
_NEXT = re.compile(r"\barticles? (?:d'apres|suivant|qui suit)\b|\bl'article apres\b|\bsuivant\b|\bnext article\b")
_PREVIOUS = re.compile(r"\barticles? (?:d'avant|precedent|qui precede)\b|\bprecedent\b|\bprevious article\b")
_FEW_WORDS = 3


def is_follow_up(text: str) -> bool:
    """Tell whether a question cannot be understood without the one before it."""
    folded = fold(text).strip()
    if references_read(text):
        return False
    n_words = len(analysis.words(text))
    if _LEANS_ALWAYS.match(folded):
        return n_words <= 12
    return (
        (bool(_LEANS.match(folded)) and n_words <= _FEW_WORDS)
        or bool(_POINTS_BACK.search(folded))
        or n_words <= _FEW_WORDS
    )


def context_of(text: str, history: tuple[str, ...]) -> str:
    """Return the earlier questions that a follow-up needs, oldest first, or "" for one that stands alone.

    Where the follow-up names another form of company, the earlier questions are asked of that form: "et pour une SA ?"
    after a question on the SARL asks it again of the SA.
    """
    if not history or not is_follow_up(text):
        return ""
    needed: list[str] = []
    for earlier in reversed(history[-4:]):
        needed.insert(0, earlier)
        if not is_follow_up(earlier):
            break
    forms = named_forms(fold(text))
    return " ".join(put_form(each, forms[0]) if len(forms) == 1 else each for each in needed)


def neighbour_article(text: str, history: tuple[str, ...]) -> Reference | None:
    """Return the article after or before the last one asked for, where the question asks for it."""
    folded = fold(text)
    step = 1 if _NEXT.search(folded) else -1 if _PREVIOUS.search(folded) else 0
    if not step:
        return None
    for earlier in reversed(history):
        articles = [reference for reference in references_read(earlier) if reference.kind == "article"]
        if articles and articles[-1].number.split("-")[0].isdigit():
            return article_of(articles[-1].source, str(int(articles[-1].number.split("-")[0]) + step))
    return None
