"""Everyday words, beside the legal or accounting words that the texts use for the same thing.

A question gains the texts' words at a lower weight than its own; it never loses one. Sigles are the analysis' business.
"""

from __future__ import annotations

from functools import lru_cache

from apps.rag import analysis

_EVERYDAY = """
capital: capital social
virer: révoquer, révocation
vire: révoqué, révocation
debarquer: révoquer, révocation
licencier: révoquer
limoger: révoquer, révocation
patron: gérant, dirigeant
chef: dirigeant, gérant
boss: dirigeant
boite: société
entreprise: société
firme: société
business: commerce, activité
partenaires: associés
partenaire: associé
argent: fonds, somme
sous: fonds
papiers: titres négociables
obligations: titres négociables
raconter: secret professionnel
dehors: secret professionnel, tiers
taire: discrétion
bloque: dépôt, retrait
bloques: dépôt, retrait
recuperer: retrait, restitution
adresse: siège social
siege: siège social
qg: siège
createur: fondateur
createurs: fondateurs
fermer: liquidation, dissolution
fermeture: liquidation, dissolution
fermee: liquidation, dissolution
pertes: capitaux propres
perte: capitaux propres
mangent: inférieurs
baisser: réduction
baisse: réduction
diminuer: réduction
augmenter: augmentation
revendre: cession, céder, négociables
revendent: cession, négociables
vendre: céder, cession
vente: cession
acheter: acquérir, acquisition
achete: acquisition
donne: apport
voiture: apport en nature, matériel automobile
camionnette: matériel automobile
camion: matériel automobile
vehicule: matériel automobile
moto: matériel automobile
ordinateur: matériel informatique
bureau: matériel de bureau, mobilier
electricite: fournitures non stockables électricité
eau: fournitures non stockables eau
loyer: locations
essence: carburant
salaire: appointements, salaires, rémunérations
salaires: appointements, rémunérations
paie: rémunérations
banque: banques
caisse: caisse
fournisseur: fournisseurs
client: clients
impot: impôts
reverser: due
devises: monnaies étrangères
statut: forme, transformation
changer: modification, transformation
change: transformation
poste: fonctions
duree: durée, mandat
maxi: maximum
max: maximum
mini: minimum
maximum: ne peut excéder
valeur: montant nominal
seuil: montant, excède
frontiere: étranger
juge: juridiction compétente
tribunal: juridiction compétente
forcer: exécution forcée, exequatur
gagne: sentence
arbitre: tribunal arbitral
discussions: délibérations
publiques: secrètes
nuance: distinction
heritage: indivision, succession
herite: indivis, copropriétaires
heritiers: succession, ayants droit
freres: copropriétaires indivis
parle: représentés, mandataire
voix: droit de vote
voter: droit de vote
signer: pouvoirs, actes
signe: pouvoirs, limitation
inscription: immatriculation
inscrire: immatriculer
notaire: interdiction, incapacité
fonctionnaire: interdiction, incompatibilité
agent: incompatibilité
mise: apport
cotiser: engagements
remettre: augmenter engagements
obliger: consentement, engagements
dividendes: bénéfice distribuable
benefice: résultat
reserve: dotation
dette: créance
dettes: passif
faillite: cessation des paiements, liquidation
reclamer: réclamation
reclamation: recours
delai: jours, mois
reunion: assemblée
reunir: convoquer, assemblée
convoquer: convocation
dons: libéralités, versements
sport: associations sportives
deduire: déductibles, déduction
taux: pour cent
avocat: conseil
nommer: désigner, désignation
nomme: désigné, nommé
dirige: directeur, direction, gérée, gérant
emprunt: obligations
pret: emprunt
action: actions
parts: parts sociales
part: parts sociales, valeur nominale
stocks: marchandises, matières
meuble: biens meubles, mobilier
garantie: garantie, garant
"""


def _read(table: str) -> dict[str, tuple[str, ...]]:
    rows = (line.split(":", 1) for line in table.strip().splitlines())
    return {word.strip(): tuple(form.strip() for form in forms.split(",")) for word, forms in rows}


_FORMS = _read(_EVERYDAY)


@lru_cache(maxsize=2_048)
def expansions(text: str) -> tuple[str, ...]:
    """Return the index terms that a question means and does not say, each once."""
    said = set(analysis.terms(text))
    forms = [form for word in analysis.words(text) for form in _FORMS.get(word, ())]
    added = dict.fromkeys(term for form in forms for term in analysis.terms(form))
    return tuple(term for term in added if term not in said)
