"""The words of the field: how much a question speaks of company law, arbitration in OHADA's states, and accounting.

Whether a passage answers is judged by its words; whether the question belongs here at all by the question's own. A
question whose words meet a text by chance ("Qui gagne ?") has none of these.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from apps.rag import analysis
from apps.rag.understanding.countries import countries_named
from apps.rag.understanding.folded import fold
from apps.rag.understanding.reading import references_read

# Words that hardly any question of another field holds.
_OWN_TABLE = """
sarl sas sasu snc scs gie ohada ccja syscohada sycebnl audcif auscgie smt rccm tafire cac pdg dga ersuma fcfa sep
societeanonyme sasimplifiee commissaire associe associes actionnaire actionnaires gerant gerants gerance cogerant
statuts statutaire statutaires dividende dividendes apport apports apporteur commandite commanditaire commandites
administrateur administrateurs quorum scission fusion absorption liquidateur liquidation dissolution coassocie
amortissement amortissements amortir amortissable bilan bilans actif passif comptable comptables comptabilite
comptabiliser immobilisation immobilisations fournisseur fournisseurs stocks inventaire resultat tresorerie
arbitre arbitres arbitral arbitrale arbitrage exequatur compromissoire sentence recusation obligataires
nantissement succursale filiale filiales capitaux libere liberation souscription souscripteur souscrire nominale
agrement convocation convoquer assemblee assemblees deliberation immatriculation immatriculee immatriculer
revoquer revocation revocable mandat mandats debit credit debiter crediter imputer ecriture ecritures journal abus
expertise minorite majorite grand-livre dotation dotations provision provisions depreciation exercice exercices
cloture liasse tva oec greffe
"""
_OWN = frozenset(_OWN_TABLE.split())
# Words of the field that others use too.
_SHARED_TABLE = """
societe societes entreprise capital action actions part parts compte comptes patron dirigeant directeur president
conseil administration reunion vote voix majorite benefice benefices perte pertes reserve reserves cession ceder
vente achat achats facture factures client clients banque caisse emprunt salaires loyer marchandises commercial
commerciale commercant commercants commerce contrat juridiction traite acte uniforme creancier creanciers dette
dettes siege fonds titres obligations classe plan impot impots charges produits facturer emettre transformation
fondateur fondateurs fonder minoritaires investisseur virer travail salarie salaries employeur licenciement conge
bail caution hypotheque gage garantie materiel immeuble livre ordinateur ordinateurs logiciel fourniture
fournitures electricite recours annulation nullite cour juge juges dirige partenaires partenaire minoritaire
entite entites boite
"""
_SHARED = frozenset(_SHARED_TABLE.split())
_ENOUGH = 2.0
_ASKS_ACCOUNT = re.compile(r"\bquels? comptes?\b|\bnumeros? (?:du |de )?comptes?\b|^comptes? (?:de|du|des|d'|pour)\b")


@dataclass(frozen=True, slots=True)
class Belonging:
    """How much a question is of the field, 0..1 each: by words of its own, by words that others use too."""

    own: float
    shared: float


def field_words() -> frozenset[str]:
    """Return the folded words of the field, its own and those that others use too."""
    return _OWN | _SHARED


def own_terms() -> frozenset[str]:
    """Return the index terms of the words that hardly any question of another field holds."""
    return _stems()[0]


@lru_cache(maxsize=1)
def _stems() -> tuple[frozenset[str], frozenset[str]]:
    own = frozenset(analysis.stem(word) for word in _OWN)
    return own, frozenset(analysis.stem(word) for word in _SHARED) - own


@lru_cache(maxsize=2_048)
def belonging(text: str) -> Belonging:
    """Tell how much a question is of the field; two words of a kind are enough."""
    own, shared = _stems()
    terms = set(analysis.terms(text))
    n_own = len(terms & own) + bool(references_read(text)) + bool(_ASKS_ACCOUNT.search(fold(text)))
    n_shared = len(terms & shared) + bool(countries_named(text))
    return Belonging(min(1.0, n_own / _ENOUGH), min(1.0, n_shared / _ENOUGH))
