"""What people say, beside what the texts of company law, arbitration and accounting say for it.

One line an entry: `word, variant, two words: term, term`. A word stands for its inflections. A term is what a text
must hold to speak of that thing; two or three are enough, for each further one makes the others count less. Only what
an accountant or a lawyer would say of any question belongs here, nothing that fits one question alone.
"""

VOCABULARY = """
# those who run a company
patron, boss, chef d'entreprise, grand chef: gérant, dirigeant
chef: dirigeant
manager: gérant
directeur: directeur général, dirigeant
dirigeant, responsable de la société: gérant, administrateur
diriger, commander, piloter: gérer, direction
gérer: gérance, gestion
représentant légal: gérant, représente la société
pca: président du conseil d'administration
numéro deux, adjoint: directeur général adjoint
remplaçant, remplacer, suppléant: suppléant, remplacement
nommer, choisir, désigner, élire: désigner, nommé, nomination
nomination: désignation, nommé
cumuler, cumul: cumul, mandats
démissionner, quitter son poste: démission
paie du gérant, payé, rémunérer: rémunération

# putting them out
virer, débarquer, limoger, dégager, évincer, mettre à la porte: révoquer, révocation
licencier: licenciement, révocation
motif: juste motif, dommages et intérêts
poste: fonctions, mandat
exclure, expulser: exclusion

# companies and those who own them
sarl: société à responsabilité limitée
snc: société en nom collectif
scs: société en commandite simple
gie: groupement d'intérêt économique
boîte, firme, affaire, start-up, business, compagnie: société
entreprise: société, entité
monter, lancer, ouvrir, démarrer: constitution, créer
créer, création: constitution
créateur, fonder: fondateur
partenaire, actionnaire, copropriétaire, collaborateur: associé
partner: associé
associé: actionnaire
associé seul, seul propriétaire, unipersonnelle: associé unique
minoritaire: minorité, associé
majoritaire: majorité
filiale, maison mère, groupe: société mère, filiale
agence, bureau à l'étranger: succursale
petite entreprise, petit commerce: système minimal de trésorerie
auto-entrepreneur: entreprenant
commerce, négoce, boutique, magasin: commerçant, acte de commerce, fonds de commerce
type de société, statut juridique: forme sociale
changer de forme, changer de statut, changer de type: transformation
transformer: transformation
nom, appeler: dénomination sociale
logo, enseigne: dénomination sociale
but, activité: objet social
règlement intérieur, contrat de société, acte constitutif: statuts
pacte: conventions extra-statutaires
adresse, locaux, qg, quartier général, domicile: siège social
déménager, transférer: transfert du siège
inscription, inscrire, enregistrer la société, registre: immatriculation, registre du commerce
papiers, formalité, démarche: formalités, dépôt
journal, annonce: journal habilité à recevoir les annonces légales, insertion
notaire: acte notarié
existence, exister: personnalité juridique, immatriculation
non immatriculée: en formation, immatriculation
échapper à l'immatriculation, échapper à l'inscription: société en participation, société de fait
interdit, interdire: interdiction, incapacité, incompatibilité
fonctionnaire, agent public, agent de l'état: incompatibilité, interdiction
incompatible: incompatibilité
mari, femme, épouse, conjoint, marié: époux
enfant, mineur: mineur, incapable
frère, soeur, famille, hériter, héritage: indivis, indivision
mort, mourir, décéder, décès: décès, héritiers, ayants droit

# what partners bring
mettre, investir, mise, cotiser: apport
donner à la société, apporter: apport en nature
argent, cash, liquide: fonds, numéraire
travail, compétence: apport en industrie
évaluer, évaluation, expert: commissaire aux apports, évaluation
verser, débloquer: libération
bloqué, récupérer, rendre l'argent: dépôt des fonds, retrait
panne, défaut, vice: garantie, vendeur
dettes, responsable, responsabilité, poursuivi: dettes sociales, solidairement
biens personnels, patrimoine: indéfiniment, solidairement
obliger, forcer à mettre, remettre de l'argent, rajouter: augmenter ses engagements, consentement
part, titre: parts sociales
prix d'une part, valeur d'une part: valeur nominale
biens meubles: titres sociaux
revendre, négocier, coté: négociable
emprunter, lever des fonds, lever de l'argent: emprunt, obligations
bourse, public: appel public à l'épargne

# capital up and down
capital: capital social
augmenter, monter le capital: augmentation de capital
baisser, diminuer, réduire: réduction du capital
égalité, désavantager, léser: égalité des associés
perte, perdre, déficit, mauvais résultat: pertes, capitaux propres
moitié du capital: capitaux propres inférieurs à la moitié du capital social
fonds propres: capitaux propres
avantage, privilège: avantages particuliers

# buying and selling shares
vendre, céder, revendre ses parts, sortir: cession
acheter, racheter: acquisition, cession
droit de regard, accord pour vendre, agrément: agrément, cession
étranger à la société, tierce personne: tiers
bloquer la vente, vendre interdit: inaliénabilité
premier choix, priorité: préemption, préférentiel
donner en garantie, gage: nantissement

# meetings and votes
réunion, réunir, rassembler: assemblée, convoquer
convoquer, inviter, prévenir: convocation
ag: assemblée générale
assemblée annuelle, réunion annuelle: assemblée générale ordinaire
voter, vote, voix: droit de vote, voix
nombre minimum de présents, présent: quorum
majorité: majorité, voix
procuration, représenter, parler au nom, qui parle: mandataire, représenter
parler, assister, venir, participer: participer, voix consultative
visio: visioconférence
courrier: consultation écrite, correspondance
compte rendu, pv: procès-verbal
sujet, point à voter: ordre du jour
bloquer, refuser de voter: abus de minorité
unanime: unanimité
modifier, changer: modification
annuler, casser: nullité, annulation
contester: recours, contestation
consulter, voir les comptes, documents: droit de communication, information
question, interroger: questions écrites, alerte

# powers and secrets
signer, engager la société: pouvoir, engager
pouvoir: pouvoirs
limiter, dépasser: limitation, inopposable
ignorer: bonne foi
taire, garder secret, raconter, divulguer, répéter, révéler, discret: secret professionnel, discrétion
contrat avec la société, prêt au gérant: conventions réglementées, conventions
faute, erreur, tromper, mentir, faux, arnaque: faute, préjudice
faux bilan, faux chiffres, truquer: états financiers, infraction
voler, détourner, piquer dans la caisse: abus de biens sociaux
réclamer, porter plainte, poursuivre, attaquer: action, responsabilité
à titre personnel, personnellement: action individuelle
au nom de la société: action sociale
opinion, avis: avis, conseils
risquer, sanction, peine: sanction, peine

# money to the partners, and its control
dividende, toucher, partager les gains: distribution, bénéfice
bénéfice, gain, profit: bénéfice, résultat
mettre de côté: réserve
cac, contrôleur, auditeur, vérificateur: commissaire aux comptes
audit, contrôler, vérifier les comptes: contrôle des comptes, commissaire aux comptes
certifier: certification
approuver les comptes, valider les comptes: approbation des états financiers
comptes annuels, comptes sociaux: états financiers de synthèse
alerter, inquiéter: procédure d'alerte

# the end of a company
fermer, fermeture, arrêter, mettre fin, clé sous la porte, finir: dissolution, liquidation
dissolution, dissoudre: prend fin, dissolution
vendre l'actif, payer les créanciers: liquidateur, liquidation
faillite, banqueroute, couler, insolvable: cessation des paiements, liquidation des biens
partager, partage: partage, boni de liquidation
fusionner, absorber, regrouper: fusion
diviser, couper en deux: scission
durée, combien de temps vit: durée, quatre-vingt-dix-neuf ans
prolonger, renouveler: prorogation, renouvelable
mandat: mandat, fonctions

# courts and arbitration
juge, tribunal, justice: juridiction compétente
procès, litige, conflit, dispute, bagarre: différend
arbitre: tribunal arbitral, arbitre
jugement d'arbitre, décision de l'arbitre: sentence arbitrale
gagner le procès, gain de cause: sentence
exécuter, forcer, appliquer la décision: exécution, exequatur
refuser un arbitre, arbitre partial: récusation
neutre, impartial: indépendance, impartialité
discussion, discuter, délibérer: délibération
secret, confidentiel: secret, confidentialité
avocat, défendre: conseil, ministère d'avocat
pourvoi, casser un arrêt: recours en cassation
appel: recours
clause d'arbitrage: clause compromissoire, convention d'arbitrage
frais, coût, prix: frais, honoraires
nuance, différence: distinction
ville: siège fixé
ccja: cour
ohada: organisation pour l'harmonisation en afrique du droit des affaires
membre, pays membre: états parties

# times and sums
délai: jours, mois
retard, tardif: délai, forclusion
prescription, prescrit: prescription, délai
seuil: montant, supérieur
taux, pourcentage: pour cent
maxi, plafond: maximum
mini: minimum

# accounts: what is bought, sold, owed
acheter des marchandises, achat de marchandises: achats de marchandises
facture fournisseur, dette fournisseur: fournisseurs
client, facture client: clients
vente, vendre des marchandises, chiffre d'affaires: ventes
prestation, service vendu: services vendus
banque, compte bancaire, compte en banque, virement: banques
chèque: chèques, banques
caisse, espèces: caisse, numéraire
salaire, paie, employé, salarié: appointements salaires, personnel
cotisation sociale, cnps, cnss, sécurité sociale: charges sociales, organismes sociaux
loyer, location, louer: locations, charges locatives
électricité, eau: fournitures non stockables
essence, gasoil, carburant: combustibles, carburant
téléphone, internet, communication: frais de télécommunications
publicité, pub, marketing: publicité
assurance: primes d'assurance
entretien, réparation, réparer: entretien, réparations
transport, livraison: transports
voyage, déplacement, mission, hôtel: voyages et déplacements
comptable, honoraires, avocat payé: honoraires
frais bancaires, agios, commission bancaire: services bancaires, frais bancaires
intérêt: intérêts des emprunts
emprunt, prêt, crédit bancaire: emprunts, établissements de crédit
subvention, aide: subventions
amende, pénalité: pénalités, amendes
don, mécénat: dons, libéralités
impôt: impôts
tva collectée, tva sur vente: tva facturée sur ventes
tva déductible, tva sur achat: tva récupérable
tva à payer, tva à reverser, reverser la tva, payer la tva: tva due
ordinateur, informatique, imprimante: matériel informatique
logiciel, licence: logiciels
voiture, camion, camionnette, véhicule, moto, bus, automobile: matériel de transport, matériel automobile
chaise, table, meubles de bureau, mobilier: mobilier
terrain: terrains
bâtiment, immeuble, construction, maison: bâtiments
machine, outil, équipement: matériel et outillage
brevet, marque, fonds commercial: brevets, marques
caution, dépôt de garantie: dépôts et cautionnements
stock, inventaire: stocks
client douteux, impayé, client qui ne paie pas: créances douteuses, dépréciation
amortir: amortissement, dotations
usure, perte de valeur: dépréciation
provision: provisions
report, perte reportée: report à nouveau
devise, monnaie étrangère, dollar, euro: devises
associé prête, avance de l'associé, compte courant d'associé: comptes courants associés
étalement, frais d'établissement, frais de création: frais d'établissement, charges immobilisées

# accounts: statements
bilan: actif, passif
compte de résultat: charges, produits
tableau de flux: flux de trésorerie
annexe: notes annexes
écriture, passer, comptabiliser, enregistrer: enregistrement, débit, crédit
livre, registre comptable: livre-journal, grand livre
inventaire annuel: livre d'inventaire
conserver, garder les factures, archiver: conservation, pièces justificatives
clôture, fin d'année: clôture de l'exercice
exercice, année comptable: exercice
"""
