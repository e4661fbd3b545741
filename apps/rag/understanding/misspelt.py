"""Words of the field with one slip of the keyboard, found in constant time by what is left when a letter goes.

After W. Garbe's symmetric delete spelling correction: two words that differ by one letter left out, put in, changed
or swapped with its neighbour have a common form among themselves and themselves without one letter.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from apps.rag import analysis
from apps.rag.stopwords import STOP_WORDS
from apps.rag.understanding.spelling import distance

_MIN_LENGTH = 7  # a shorter word is one slip away from too many others
# The words of the field that people write most, whether the lexicon holds them or not.
_CORE_TABLE = """
amortissement amortissements capital minimum maximum commissaire associes associe gerant assemblee extraordinaire
ordinaire societe societes anonyme responsabilite limitee dissolution liquidation immatriculation registre commerce
comptable comptabilite bilan resultat exercice administrateur administrateurs conseil administration directeur general
benefice benefices dividende dividendes reserve legale statuts actionnaire actionnaires arbitrage arbitre sentence
recours cassation procedure uniforme traite obligation obligations emprunt souscription liberation numeraire nature
apport apports cession cessions agrement revocation nomination convocation majorite quorum fusion scission succursale
provision provisions immobilisation immobilisations fournisseur fournisseurs facture tresorerie subvention
impot impots declaration deductible exoneration contribuable retenue salaire salaires valeur ajoutee taxe
transformation consequence minoritaire dirigeant responsable delai duree mandat
"""
# Words of everyday French that are one slip away from a word of the field.
_OTHERS_TABLE = """
commence commencer formalise formaliser entrepris cassation redaction eligible complement egalement courriel scolaire
parente adapter decider revenir espaces recente personnalise
"""


@dataclass(frozen=True, slots=True)
class Corrections:
    """The known words, and each shortened form of them with the words that it comes from."""

    known: frozenset[str]
    stems: frozenset[str]
    shortened: dict[str, tuple[str, ...]]

    def with_words(self, words: frozenset[str]) -> Corrections:
        """Return these corrections with more words that are right as they are."""
        return Corrections(self.known | words, self.stems, self.shortened)

    def get(self, word: str) -> str:
        """Return the one known word that a folded word is but for one slip; "" for a known word, or for none."""
        if len(word) < _MIN_LENGTH or word in self.known or word in STOP_WORDS or not word.isalpha():
            return ""
        if analysis.stem(word) in self.stems:
            return ""
        near = {other for form in _without_a_letter(word) for other in self.shortened.get(form, ())}
        found = sorted(other for other in near if other[0] == word[0] and distance(word, other) == 1)
        same = {analysis.stem(other) for other in found}
        return found[0] if len(same) == 1 else ""


def corrections_of(known_words: Iterable[str], field: Iterable[str]) -> Corrections:
    """Index words in folded form: `known_words` are right as they are, `field` holds those that a slip may stand for.

    Only the field's own words are ever put in: of all that the lexicon knows, one is near to any word of the language.
    """
    meant = frozenset(field) | frozenset(_CORE_TABLE.split())
    known = frozenset(known_words) | meant | frozenset(_OTHERS_TABLE.split())
    shortened: dict[str, list[str]] = {}
    for word in sorted(meant):
        if len(word) >= _MIN_LENGTH and word.isalpha():
            for form in _without_a_letter(word):
                shortened.setdefault(form, []).append(word)
    stems = frozenset(analysis.stem(word) for word in known)
    return Corrections(known, stems, {form: tuple(found) for form, found in shortened.items()})


@lru_cache(maxsize=4_096)
def _without_a_letter(word: str) -> frozenset[str]:
    return frozenset({word, *(word[:at] + word[at + 1 :] for at in range(len(word)))})
