"""Sentences that tell somebody to do what no text asks: what a planted instruction makes a model say."""

from __future__ import annotations

import re

from apps.rag.analysis import terms
from kauri.lib.text import fold

_TO_THE_MODEL = re.compile(
    r"\b(?:ignor\w+|oubli\w+|forget|disregard)\b.{0,40}\b(?:instructions?|regles?|consignes?|rules?|prompts?)\b"
    r"|\b(?:prompt|message) systeme\b|\bsystem (?:prompt|message)\b|\bnouvelles? (?:consigne|instruction)s?\b"
    r"|\b(?:tu es|vous etes) (?:desormais|maintenant)\b|\byou are now\b|\bmode developpeur\b|\bdeveloper mode\b"
    r"|\bjailbreak\w*\b|\bmots? de passe\b|\bpasswords?\b|\bcles? (?:api|secretes?)\b|\bapi keys?\b"
)
_IMPERATIVE = re.compile(r"[\W\d_]*(?P<verb>[a-z]{3,}ez)\b")
_NO_VERBS = frozenset({"chez", "assez", "rez"})
# What an accountant is told to do with a text or an entry.
_OF_THE_TRADE = frozenset(
    terms(
        "débitez créditez enregistrez comptabilisez passez soldez constatez imputez calculez appliquez déduisez ajoutez"
        " additionnez soustrayez multipliez divisez retenez notez distinguez utilisez choisissez vérifiez consultez"
        " lisez voyez reportez comparez prenez tenez conservez déclarez déposez joignez précisez indiquez adressez"
        " demandez saisissez convoquez rédigez établissez publiez signez immatriculez évaluez déterminez répartissez"
        " ventilez inscrivez portez faites respectez prévoyez obtenez réunissez nommez classez amortissez provisionnez"
    )
)


def gives_order(claim: str) -> bool:
    """Tell whether a claim speaks to a model, or orders what nobody asks of an accountant."""
    plain = fold(claim)
    if _TO_THE_MODEL.search(plain):
        return True
    opening = _IMPERATIVE.match(plain)
    return opening is not None and opening["verb"] not in _NO_VERBS and not _OF_THE_TRADE & {*terms(opening["verb"])}
