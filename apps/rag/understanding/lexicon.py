"""Words that people use, beside the words that the texts use.

Two kinds: abbreviations with their full forms, and everyday words with the legal or accounting terms for the same
thing. A question gains the texts' words at a lower weight than its own; it never loses one.
"""

from __future__ import annotations

import re
from functools import lru_cache

from apps.rag import analysis

_ABBREVIATIONS = """
sarl: société à responsabilité limitée
sa: société anonyme
sas: société par actions simplifiée
snc: société en nom collectif
scs: société en commandite simple
sasu: société par actions simplifiée associé unique
gie: groupement d'intérêt économique
sep: société en participation
pdg: président-directeur général
dg: directeur général
dga: directeur général adjoint
ca: conseil d'administration, chiffre d'affaires
cac: commissaire aux comptes
ag: assemblée générale
ago: assemblée générale ordinaire
age: assemblée générale extraordinaire
rccm: registre du commerce et du crédit mobilier
tva: taxe sur la valeur ajoutée
is: impôt sur les sociétés
irpp: impôt sur le revenu des personnes physiques
iba: impôt sur les bénéfices d'affaires
ht: hors taxes
ttc: toutes taxes comprises
ccja: cour commune de justice et d'arbitrage
tafire: tableau financier des ressources et des emplois
tft: tableau des flux de trésorerie
smt: système minimal de trésorerie
pme: petites et moyennes entreprises
ohada: organisation pour l'harmonisation en afrique du droit des affaires
amr: avis de mise en recouvrement
"""

_EVERYDAY = """
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
minimum: au moins
maximum: au plus, ne peut excéder
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
dirige: directeur, direction
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


_FORMS = {**_read(_EVERYDAY), **_read(_ABBREVIATIONS)}
_FULL_TO_SHORT = tuple(
    (re.compile(rf"\b{re.escape(analysis.normalise(form))}s?\b"), short)
    for short, forms in _read(_ABBREVIATIONS).items()
    for form in forms
)


@lru_cache(maxsize=2_048)
def expansions(text: str) -> tuple[str, ...]:
    """Return the index terms that a question means and does not say, each once."""
    said = set(analysis.terms(text))
    forms = [form for word in analysis.words(text) for form in _FORMS.get(word, ())]
    folded = analysis.normalise(text)
    forms += [short for pattern, short in _FULL_TO_SHORT if pattern.search(folded)]
    added = dict.fromkeys(term for form in forms for term in analysis.terms(form))
    return tuple(term for term in added if term not in said)
