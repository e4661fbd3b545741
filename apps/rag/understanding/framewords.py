"""Words of a question that say what kind of answer is wanted, not what it is about.

A law that answers "que contient le bilan" need not contain the word "contient". Such words count little when passages
are sought, and hardly at all when it is judged whether a passage answers.
"""

from __future__ import annotations

from functools import lru_cache

from apps.rag import analysis

_FRAME_TABLE = """
contenir contient contiennent comprendre comprend comprennent composer compose trouver trouve retrouver situer
situe combien lister donner donne expliquer explique definir definition signifier signifie appeler appelle servir
sert correspondre correspond fonctionner fonctionne exister existe existent falloir obliger possible savoir
connaitre mettre met mets mettent tenir tient obtenir parler concerner concerne prevoir prevoit dire disposer
dispose regir regit traiter traite texte reponse question exactement precisement savez pouvez pouvoir aider
aide svp detail detaille resume resumer simple simplement exemple passe passer arrive arriver faudrait citer cite
enumerer presenter presente dois puis-je a-t-il est-il sont-ils peut-il doit-il doit-on faut-il peut-on y-a-t-il
a-t-on quelqu quelque chose notion support supports referentiel referentiels detaillee decrit decrite decrivent
listent couvrent abordent expliquent regroupe regroupes consulter
"""
_FRAME = frozenset(_FRAME_TABLE.split())
_KIND_TABLE = """
delai duree montant seuil taux pourcentage condition conditions formalite formalites difference differences
mention mentions liste nombre role roles regle regles procedure etape etapes principe principes type types sorte
nature critere criteres moyen maniere facon consequence consequences effet effets but objectif minimum maximum
mini maxi minimal maximal obligatoire obligatoires limite temps jours quorum majorite modalite modalites cause
causes cas raison raisons element elements partie avantage avantages inconvenient inconvenients numero numeros
compte comptes
"""
_KIND = frozenset(_KIND_TABLE.split())


def frame_words() -> frozenset[str]:
    """Return the folded words that say what kind of answer is wanted."""
    return _FRAME | _KIND


@lru_cache(maxsize=1)
def _weights() -> dict[str, tuple[float, float]]:
    kinds = {analysis.stem(word): (0.8, 0.4) for word in _KIND}
    return kinds | {analysis.stem(word): (0.3, 0.1) for word in _FRAME}


def seeking_weight(term: str) -> float:
    """Return how much a term of a question counts when passages are sought, 0..1."""
    return _weights().get(term, (1.0, 1.0))[0]


def judging_weight(term: str) -> float:
    """Return how much a term of a question counts when it is judged whether a passage answers, 0..1."""
    return _weights().get(term, (1.0, 1.0))[1]
