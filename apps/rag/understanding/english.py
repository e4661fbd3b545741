"""Questions in English: their words in the language of the texts.

The texts are French, so the legs read French. A question is taken for English by its small words; then each known
word or pair of words becomes the texts' word, small words go, and what is not known stays: a number, a name, a sigle.
"""

from __future__ import annotations

import re
from functools import lru_cache

_SMALL_TABLE = """
a an and are as at be been by can could do does for from has have how i if in into is it its me my must of on or
shall should that the their there they this to was were what when where which who whom whose why will with would
you your please tell about explain give many much did need needed required under between am we us our say says sit
sits
"""
_SMALL = frozenset(_SMALL_TABLE.split())
# Words that no French question is made of.
_TELLING_TABLE = """
the what is are how who when where which does can must should why of and to for an shall with between
"""
_TELLING = frozenset(_TELLING_TABLE.split())
_GLOSSARY = """
share capital: capital social
minimum: minimum
limited liability company: SARL
public limited company: SA
joint stock company: SA
simplified company: SAS
general partnership: SNC
limited partnership: SCS
economic interest group: GIE
company: société
companies: sociétés
corporation: société
firm: société
business: entreprise
partner: associé
partners: associés
shareholder: actionnaire
shareholders: actionnaires
member states: États parties
manager: gérant
managers: gérants
director: administrateur
directors: administrateurs
board of directors: conseil d'administration
chief executive officer: directeur général
chairman: président
auditor: commissaire aux comptes
auditors: commissaires aux comptes
statutory auditor: commissaire aux comptes
general meeting: assemblée générale
meeting: assemblée
meetings: assemblées
notice: convocation
call: convoquer
vote: vote
majority: majorité
articles of association: statuts
registered office: siège social
headquarters: siège
head office: siège
register: registre
registration: immatriculation
trade register: registre du commerce
contribution: apport
contributions: apports
in kind: en nature
in cash: en numéraire
share: action
shares: actions
bond: obligation
bonds: obligations
dividend: dividende
dividends: dividendes
profit: bénéfice
profits: bénéfices
loss: perte
losses: pertes
legal reserve: réserve légale
reserve: réserve
dissolution: dissolution
dissolve: dissolution
liquidation: liquidation
winding up: liquidation
liquidator: liquidateur
merger: fusion
demerger: scission
term of office: durée du mandat
term: durée
time limit: délai
deadline: délai
appoint: désigner
appoints: désigner
appointed: désigné
dismiss: révoquer
dismissed: révoqué
remove: révoquer
removed: révoqué
liability: responsabilité
liable: responsable
debt: dette
debts: dettes
arbitration agreement: convention d'arbitrage
arbitration: arbitrage
arbitral award: sentence arbitrale
award: sentence
arbitrator: arbitre
arbitrators: arbitres
arbitral tribunal: tribunal arbitral
court: cour
judge: juge
judges: juges
appeal: recours
enforce: exequatur
enforcement: exequatur
treaty: traité
uniform act: acte uniforme
uniform acts: actes uniformes
law: droit
chart of accounts: plan de comptes
account: compte
accounts: comptes
class: classe
article: article
section: article
entry: écriture
record: enregistrer
recorded: enregistré
book: comptabiliser
booked: comptabilisé
purchase: achat
purchases: achats
sale: vente
sales: ventes
goods: marchandises
supplier: fournisseur
suppliers: fournisseurs
customer: client
customers: clients
bank: banque
cash: caisse
salary: salaire
salaries: salaires
wages: salaires
rent: loyer
vat: TVA
tax: impôt
taxes: impôts
invoice: facture
inventory: stocks
depreciation: amortissement
amortization: amortissement
provision: provision
fixed assets: immobilisations
assets: actif
liabilities: passif
balance sheet: bilan
income statement: compte de résultat
cash flow statement: tableau des flux de trésorerie
financial statements: états financiers
notes: notes annexes
fiscal year: exercice
turnover: chiffre d'affaires
employees: salariés
difference: différence
definition: définition
mean: définition
means: définition
list: liste
number: nombre
spouses: époux
husband: époux
wife: époux
"""
_WORD = re.compile(r"[^\W_]+(?:[-'’][^\W_]+)*")


def _read() -> dict[tuple[str, ...], str]:
    rows = (line.split(":", 1) for line in _GLOSSARY.strip().splitlines())
    return {tuple(english.split()): french.strip() for english, french in rows}


_FRENCH = _read()
_LONGEST = max(map(len, _FRENCH))


def is_english(text: str) -> bool:
    """Tell whether a question is English: by the small words that no French question has, or by all its words."""
    words = [word for word in _WORD.findall(text.lower()) if not word.isdigit()]
    n_telling = sum(word in _TELLING for word in words)
    if n_telling >= 2:
        return 3 * n_telling >= len(words) - 2
    return bool(words) and all((word,) in _FRENCH and _FRENCH[word,] != word for word in words)


@lru_cache(maxsize=2_048)
def in_french(text: str) -> str:
    """Return an English question in the texts' words, as a row of terms; a question in French as it is."""
    if not is_english(text):
        return text
    words = _WORD.findall(text)
    lower = [word.lower() for word in words]
    said: list[str] = []
    at = 0
    while at < len(words):
        n, french = _longest(lower, at)
        if french or lower[at] not in _SMALL:
            said.append(french or words[at])
        at += n
    return _asking(lower) + " ".join(said)


def _longest(lower: list[str], at: int) -> tuple[int, str]:
    for n in range(min(_LONGEST, len(lower) - at), 0, -1):
        french = _FRENCH.get(tuple(lower[at : at + n]))
        if french:
            return n, french
    return 1, ""


def _asking(lower: list[str]) -> str:
    """Return the French words for what is asked: they tell a definition, a number or a person."""
    opening = " ".join(lower[:2])
    if opening in ("what is", "what are", "what's a"):
        return "qu'est-ce que " if "minimum" not in lower else "quel est "
    if opening in ("how many", "how much", "how long"):
        return "combien "
    return "qui " if lower[0] == "who" else "quand " if lower[0] == "when" else ""
