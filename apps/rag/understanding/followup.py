"""Makes a follow-up stand alone: its own words, and those of the question that it leans on.

A question that says who or what it is about stands alone, however short, and whatever was asked before it: only
what cannot be understood by itself leans.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Literal

from apps.rag import analysis
from apps.rag.types import Reference
from apps.rag.understanding.acts import acts_mentioned
from apps.rag.understanding.countries import countries_named
from apps.rag.understanding.domain import belonging
from apps.rag.understanding.folded import fold
from apps.rag.understanding.forms import named_forms, put_form
from apps.rag.understanding.framewords import judging_weight
from apps.rag.understanding.lawdays import day_last
from apps.rag.understanding.reading import account_of, article_of, references_read

Leaning = Literal["no", "perhaps", "yes"]

_OPENS = re.compile(
    r"^(?:et|mais|ou alors|donc|alors|sinon|puis|idem|pareil|meme (?:chose|question|regle)|aussi|dans ce cas(?:[- ]la)?"
    r"|en ce cas|pour (?:la|le|les|l'|une?|des) ?\w+ ?\??$|and|but|what about|how about|then|so)\b"
)
# "il faut", "il y a" speak of nobody
_IMPERSONAL = re.compile(
    r"\b(?:il (?:faut|y a|existe|est (?:possible|obligatoire|interdit|necessaire|permis|vrai)|suffit|s'agit)"
    r"|faut[- ]il|y a[- ]t[- ]il|existe[- ]t[- ]il|suffit[- ]il|s'agit[- ]il"
    r"|est[- ]il (?:possible|obligatoire|interdit|necessaire|permis|vrai|exact|legal|prevu))\b"
)
_PRONOUN = re.compile(
    r"^(?:(?:est-ce qu'|qu'est-ce qu'|si |s'|quand |comment |combien |pourquoi |ou |a qui |que |qu'|jusqu'a quand "
    r"|(?:de |a |dans |en |pour |pendant )?(?:quel(?:le)?s?|combien)(?: de| d')? ?\w* )?(?:\w+[- ](?:t-)?)?)?"
    r"(?:ils?|elles?)\b|^(?:ca|cela|c'est (?!quoi)\w+)\b|^(?:it|they|he|she|that|this)\b"
)
_OBJECT = re.compile(
    r"\b(?:qui|comment|quand|pourquoi|peut-on|on peut|faut-il|il faut|doit-on|on doit|ou|pour|a qui) (?:l[ea]s?|l'"
    r"|lui|leur|y) ?(?:\w{2,}(?:er|ir)|rendre|vendre|dissoudre|prendre|mettre|faire|nomme|convoque|designe|paie|fixe)\b"
)
_NO_VERB = re.compile(
    r"\b(?:le|la|les|l'|leur) ?(?:premiere?|derniere?|papier|conseiller|banquier|loyer|metier|huissier)\b"
)
_POINTS_BACK = re.compile(
    r"\b(?:celui|celle|ceux|celles)\b(?! (?:du|de|des|d'|qui|dont|que|ayant))|\bce(?:lui|lle|ux)-(?:ci|la)\b"
    r"|\bce dernier|\bcette derniere|\by a-t-il aussi|\bdedans\b|\bla-dessus\b"
    r"|\b(?:ce|cet|cette|ces) (?:delais?|montants?|seuils?|taux|sommes?|conditions?|majorite|durees?|regles?"
    r"|obligations?|interdictions?|sanctions?|cas|articles?|comptes?|actes?|formes?|decisions?|procedures?|formalites?|texte|impots?"
    r"|taxes?|personnes?|operations?|reunions?|assemblees?)\b(?! (?:generale|extraordinaire|ordinaire))"
)
_POSSESSED = re.compile(
    r"^(?:quel(?:le)?s? (?:est|sont)|c'est quoi|combien (?:est|coute)|qui (?:nomme|fixe|designe|controle|paie)|et)"
    r" (?:son|sa|ses|leurs?)\b"
)
_ASKS = re.compile(
    r"^(?:est-ce|qu'est|que\b|qu'|qui\b|quel|quelle|combien|comment|quand|pourquoi|ou\b|peut-on|doit-on|faut-il"
    r"|c'est quoi|c (?:k?oi|quoi)|dans quel|a quel|en quoi|a partir de|de quoi|a quoi|jusqu'"
    r"|what|who|how|when|where|which|why|is|are|can"
    r"|does|do|must|should)"
)
_DEFINES = re.compile(
    r"\b(?:qu'est[- ]ce (?:que|qu')|c'est quoi|c (?:k?oi|quoi)|definition|que signifie|que veut dire|what is)\b"
)
_BARE_WHY = re.compile(
    r"^(?:mais |et )?(?:pourquoi|comment|combien|quand|qui|ou|why|how)(?: ca| cela| donc| so)?[ ?!.]*$"
)
_NEXT = re.compile(
    r"\b(?:articles?|art|comptes?) (?:d'apres|suivante?s?|qui suit)\b|\bl'article apres\b|\bnext (?:article|account)\b"
    r"|^(?:et )?(?:le|l'|la) ?suivant\w*"
)
_PREVIOUS = re.compile(
    r"\b(?:articles?|art|comptes?) (?:d'avant|precedent\w*|qui precede)\b|\bprevious (?:article|account)\b"
    r"|^(?:et )?(?:le|l'|la) ?precedent\w*"
)
# "Et le 11 ?" after an article is another article: a number alone is an account only where accounts are spoken of.
_NUMBER_ALONE = re.compile(
    r"^(?:(?:et|puis|sinon|and)\b[ ,]*)*(?:(?:le|pour le|dans le|au|the) )?(?P<number>\d{1,3}(?:-\d{1,2})?)[ ?!.]*$"
)
_ALINEA = re.compile(r"\b(?:alinea|al\.|paragraphe)\b")
# What begins so is a piece of another sentence; anything else may be a subject: "missions du CAC".
_ADDS = re.compile(r"^(?:sans|a|au|aux|en|avec|pour|par|sous|apres|avant|pendant|nomm\w+|seulement|meme|surtout)\b")
# "Et le délai de convocation ?" asks for another thing of what "Quel est le quorum d'une AGE …" is about.
_OTHER_THING = re.compile(
    r"^(?:et|mais|and) (?:le|la|les|l'|quel(?:le)?s? (?:est|sont) (?:le|la|les|l')) ?(?P<thing>[^?]+)"
)
_ASKED_OF = re.compile(
    r"(?i)^(?:quel(?:le)?s? (?:est|sont) |c'est quoi )(?:le|la|les|l') ?[\w'-]+(?: \w+)??"
    r"(?= (?:d'une?|dans une?|pour une?) )"
)
_SUBJECT_ALONE = re.compile(r"(?i)^(?:d'une?|dans une?|pour une?) ")
_LINK = re.compile(r"(?i)^(?:et|mais|and) ")
_FEW_WORDS = 3
_MANY_WORDS = 12
_NAMED_IN_FULL = 2
_MAX_BACK = 4


def leaning(text: str) -> Leaning:
    """Tell whether a question cannot be understood without the one before it."""
    return _leaning(text.strip())


@lru_cache(maxsize=2_048)
def _leaning(text: str) -> Leaning:
    # "et pour une SA en 2015 ?" says no more of what is asked than "et pour une SA ?"
    text, _when = day_last(text)
    folded = fold(text)
    if references_read(text):
        return "no"
    n_words = len(analysis.words(text))
    bare = _IMPERSONAL.sub(" ", folded)
    opened = _OPENS.match(folded)
    if opened:
        return "no" if n_words > _MANY_WORDS or _is_whole(text[opened.end() :].strip(" ,:")) else "yes"
    if _PRONOUN.search(bare.strip()) or _POINTS_BACK.search(folded) or _POSSESSED.match(folded):
        return "yes" if n_words <= _MANY_WORDS else "no"
    if _OBJECT.search(_NO_VERB.sub(" ", bare)) and not named_forms(folded) and n_words <= _FEW_WORDS:
        return "yes"
    if _BARE_WHY.match(folded) or not n_words:
        return "yes"
    return "perhaps" if n_words <= _FEW_WORDS and not _is_whole(text) else "no"


def _is_whole(text: str) -> bool:
    """Tell whether a text asks a question of its own, naming what it is about."""
    folded = fold(text)
    forms = named_forms(folded)
    of_forms = {term for form in forms for term in analysis.terms(f"la {form}")}
    own = [term for term in analysis.terms(text) if judging_weight(term) == 1.0 and term not in of_forms]
    if _PRONOUN.search(_IMPERSONAL.sub(" ", folded)) or _POINTS_BACK.search(folded):
        return False
    if _DEFINES.search(folded):
        return bool(forms or analysis.words(_DEFINES.sub(" ", folded)))
    n_own = round(2 * belonging(text).own)
    if forms or acts_mentioned(text):
        return bool(own) or (len(forms) > 1 and bool(_ASKS.match(folded)))
    is_topic = n_own >= 2 or (n_own == 1 and not _ADDS.match(folded))
    return len(own) >= 2 and (bool(_ASKS.match(folded)) or is_topic)


def context_of(text: str, history: tuple[str, ...]) -> str:
    """Return the earlier questions that a follow-up needs, oldest first, or "" for one that stands alone.

    Where the follow-up names another form of company, the earlier questions are asked of that form: "et pour une SA ?"
    after a question on the SARL asks it again of the SA.
    """
    if not history or leaning(text) == "no":
        return ""
    needed: list[str] = []
    for earlier in reversed(history[-_MAX_BACK:]):
        needed.insert(0, earlier)
        if leaning(earlier) == "no":
            break
    forms = named_forms(fold(text))
    context = " ".join(put_form(each, forms[0]) if len(forms) == 1 else each for each in needed)
    return _subject(context, text)


def standalone_of(text: str, context: str) -> str:
    """Return a question that needs no history: the earlier one, and what this one adds to it."""
    if not context:
        return text
    if _SUBJECT_ALONE.match(context):
        return f"{_LINK.sub('', text).strip(' ?')} {context}"
    return context if named_forms(fold(context)) and _adds_form_only(text) else f"{context} {text}".strip()


def _subject(context: str, text: str) -> str:
    """Return what an earlier question is about, where a follow-up names in full another thing to be told of it."""
    other = _OTHER_THING.match(fold(text))
    if other is None or len(analysis.words(other["thing"])) < _NAMED_IN_FULL or named_forms(fold(text)):
        return context
    return _ASKED_OF.sub("", context).strip()


def _adds_form_only(text: str) -> bool:
    """Tell whether a follow-up says no more than the form that the earlier question is now asked of."""
    folded = fold(text)
    if len(named_forms(folded)) != 1 or countries_named(text):
        return False
    return len(analysis.words(text)) <= len(analysis.words("la SA"))


def neighbour(text: str, history: tuple[str, ...]) -> Reference | None:
    """Return the article or account after or before the last one asked for, where the question asks for it; after an
    article the one whose number alone it names."""
    folded = fold(text)
    if alone := _NUMBER_ALONE.match(folded):
        last = _last_named(history)
        return article_of(last.source, alone["number"]) if last is not None and last.kind == "article" else None
    step = 1 if _NEXT.search(folded) else -1 if _PREVIOUS.search(folded) else 0
    if not step and not (_ALINEA.search(folded) and not references_read(text)):
        return None
    last = _last_named(history)
    if last is None:
        return None
    head = last.number.split("-")[0]
    number = last.number if not step else str(int(head) + step) if head.isdigit() else ""
    if not number:
        return None
    return article_of(last.source, number) if last.kind == "article" else account_of(last.source, number)


def _last_named(history: tuple[str, ...]) -> Reference | None:
    """Return the article or account that the questions before asked for last, be it as the next one of another."""
    for n_before, earlier in reversed(list(enumerate(history))):
        beside = neighbour(earlier, history[:n_before])
        if beside is not None:
            return beside
        named = [reference for reference in references_read(earlier) if reference.kind in ("article", "account")]
        if named:
            return named[-1]
    return None
