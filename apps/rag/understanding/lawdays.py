"""The day whose law a question asks for in words: "Quel était le capital minimum d'une SARL en 2012 ?".

A year is mostly no day of the law: of an exercise, of a judgment, of what happened ("une société créée en 2012"). One
is read only where the question is for the rule itself or for an account, in the past or the future tense, as what was
then in force or with no verb of its own, and nothing that happened stands before the year.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

from apps.rag.understanding.folded import fold

_MONTHS = {
    name: number
    for names in (
        "janvier fevrier mars avril mai juin juillet aout septembre octobre novembre decembre",
        "january february march april may june july august september october november december",
    )
    for number, name in enumerate(names.split(), start=1)
}
_YEAR = r"(?:19[5-9]\d|20[0-4]\d)"
_ANY_YEAR = re.compile(rf"(?<![\d./-]){_YEAR}(?![\d/-]|\.\d)")
_BEFORE = rf"(?:avant|before) (?:l'annee |la reforme de |le 1er janvier )?(?P<before>{_YEAR})"
_DURING = rf"(?:en|courant|fin|in) (?:l'annee |l'an )?(?P<during>{_YEAR})"
_DATED = (
    r"(?:au|le|a la date du|on|at) (?P<day>\d{1,2})(?:er|st|nd|rd|th)? "
    rf"(?P<month>{'|'.join(_MONTHS)}),? (?P<year>{_YEAR})"
)
_WHEN = re.compile(rf"\b(?:{_BEFORE}|{_DURING}|{_DATED})(?![\d/-]|\.\d)\b")
_PERIOD = r"(?:(?:l'|the )?(?:annee|an|exercice|(?:financial |fiscal )?year) )?"
# a follow-up that says no more than when: "et en 2012 ?", "et pour l'exercice 2012 ?", "2012 ?"
_WHEN_ALONE = re.compile(
    r"^(?:(?:et|mais|puis|alors|donc|sinon|and|but|so|what about|how about)\b[ ,]*)*"
    rf"(?:(?P<when>{_BEFORE}|{_DURING}|{_DATED})"
    rf"|(?P<of>(?:(?:pour|sur|au titre de|for) )?{_PERIOD})(?P<bare>{_YEAR}))"
    r"(?: alors| donc| then)?[ ?!.]*$"
)
# a day or a year with the words that tie it to its question: "pour l'exercice 2025", "jusqu'en 2012"
_TIED = re.compile(
    r"(?:\b(?:pour|sur|depuis|des|a (?:partir|compter) d[eu]|au titre de|d[eu]|for|since|from|of) |\bjusqu'(?:a )?)?"
    rf"(?:\b(?:{_BEFORE}|{_DURING}|{_DATED})(?![\d/-]|\.\d)\b"
    rf"|(?:\bl')?(?:\b(?:annee|an|exercice) )?(?:\b\d{{1,2}}(?:er)? (?:{'|'.join(_MONTHS)}) )?{_ANY_YEAR.pattern})"
)
_FRENCH_MONTHS = (
    "janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre",
    "décembre",
)  # fmt: skip
_ENGLISH_MONTHS = tuple(name.title() for name, number in _MONTHS.items())[-12:]
_STEMS = (
    r"(?:etai|fallai|devai|pouvai|prevoyai|disai|exigeai|imposai|existai|fixai|s'appliquai|appliquai|encourai|risquai"
    r"|comptabilisai|enregistrai|calculai|amortissai|servai|utilisai|s'appelai|s'intitulai|figurai)(?:t|ent)"
)
_VERB = rf"(?:{_STEMS}|sera|seront|faudra|devra|devront|pourra|pourront)"
# no relative clause in between: "comment comptabiliser le terrain qui était loué en 2012 ?" is for today's rule
_ASKS_OF_THEN = re.compile(
    rf"(?:\b(?:quel(?:le)?s?|combien|comment|a quoi|est-ce qu(?:e|')|qu'est-ce qu(?:e|'))\b|^(?:que|qui)\b)"
    rf"(?:(?!\b(?:qui|que|dont|lorsque|quand|si)\b)[^,.;?!]){{0,90}}?(?:\b|'){_VERB}\b"
    rf"|\b{_VERB}-(?:t-)?(?:il|elle|on|ils|elles|ce)\b"
    r"|\bwhat (?:was|were|did|will)\b|\bwhich accounts? (?:was|were|did|will)\b|^(?:was|were|did|will)\b"
)
_IN_FORCE = re.compile(r"\b(?:en vigueur|applicables?|in force) $")
# the rule alone with its year: "capital minimum SARL en 2012", "quel est le taux … en 2012 ?"
_RULE_ALONE = re.compile(
    r"^(?:(?:quel(?:le)?s? (?:est|sont) |what (?:is|are) )?(?:le |la |les |l'|the )?)?(?:capital (?:social )?(?:mini\w*"
    r"|(?:de |d'|pour )?(?:une |la )?(?:sarl|sa|sas|snc|scs|gie)\b)"
    r"|(?:montant|nombre) (?:minim|maxim)\w+|taux|delais?|duree|seuils?|quorum|majorite|preavis|prescription|amendes?"
    r"|sanctions?|peines?|regles?|conditions?|minimum capital)\b[^?.!;]*[ ?!.]*$"
)
# an account with its year: "quel compte pour la caisse en 2015 ?", "compte 201 en 2012"
_ACCOUNT = re.compile(
    r"(?:\bquels? (?:(?:est|sont) (?:le |les )?)?(?:numeros? (?:de |du |des )?)?(?:sous-)?comptes?"
    r"|^(?:et |mais |alors |sinon )?(?:le |les |la |the )?(?:numeros? (?:de |du |des )?)?(?:(?:sous-)?comptes?|classes?"
    r"|accounts?)|\b(?:which|what)(?: is| are)?(?: the)? accounts?)\b"
    r"(?! (?:annuels?|sociaux|courants?|consolides?|rendus?|de resultats?|bancaires?|combines?)\b)"
)
_ASKS_ACCOUNT_LAST = re.compile(r"^[ :,?]*quels? (?:est le |sont les )?(?:numeros? de )?comptes?(?: \w+er)?$")
_NAMES_ACCOUNT_LAST = re.compile(r"\bcomptes?(?: \w+er)? $")
# a clause of its own tells what happened
_TELLS = re.compile(r"\b(?:j'ai|on a|avons|avez|ont|avait|ete|qui|que|dont|lorsque|quand|si)\b")
_PARTICIPLE = re.compile(
    r"(?<!congés )\b(?!(?:marché|congé|salarié|employé|associé|impayé|santé|liberté)s? )"
    r"\w+(?<!it)(?<!iét)é(?:e|s|es)? $"
)
# what happened then is a fact, and says nothing of whose law is asked for
_HAPPENED = re.compile(
    r"\b(?<!conges )"
    r"(?:(?:cree|constitue|immatricule|fonde|achete|cede|signe|verse|paye|embauche|recrute|licencie|nomme|designe|depose"
    r"|livre|facture|comptabilise|realise|transforme|prononce|commence|loue|effectue|adopte|revise|reforme|decede|publie"
    r"|engage|enregistre|arrete|emprunte|ne)(?:e|s|es)?"
    r"|(?:vendu|conclu|percu|recu|souscrit|elu|rendu|obtenu|dissou|introduit|ouvert|construit|intervenu|survenu|etabli"
    r"|acqui|mi|emi|clo|du|paru)[ste]{0,3}|(?:mise?s?) en service"
    r"|created|incorporated|formed|bought|sold|signed|acquired|ended|closed)(?: (?:le|en|fin|courant|in|on))? $"
)
_FORMER = re.compile(
    r"\b(?:sous|dans|selon|avec|d'apres) (?:l'ancien(?:ne)?|les anciens|les anciennes)"
    r" (?:acte|droit|loi|version|texte|regime|redaction|reglementation|legislation|au[a-z]{1,6}\b)"
    r"|\bavant la (?:reforme|revision)(?: de l'(?:acte|au[a-z]+)\w*)?(?! d[eu'] ?(?:19|20)\d\d)"
    r"|\bl'ancien (?:acte uniforme|auscgie|audcg|aus|aupc|aua|aupsrve)\b|\bunder the (?:former|old) (?:act|law)\b"
)


@lru_cache(maxsize=2_048)
def law_day_asked(text: str) -> date | None:
    """Return the day whose law a question asks for in words, of a year its last one; None where it names none."""
    folded = fold(text).strip()
    found = _WHEN.search(folded)
    if found is None or len({match[0] for match in _ANY_YEAR.finditer(folded)}) != 1:
        return None
    before = folded[: found.start()]
    if _HAPPENED.search(before):
        return None
    after = folded[found.end() :].strip(" ,?!.")
    # first or last, the year is the whole question's
    rest = "" if before.strip(" ,") and after else before or after
    asks = _IN_FORCE.search(before) or _ASKS_OF_THEN.search(folded) or _RULE_ALONE.match(rest)
    return _day(found) if asks or _asks_account(before, after, _said_before(text, found)) else None


def _asks_account(before: str, after: str, said: str) -> bool:
    """Tell whether a question is for an account, and names a year beside it; `before` and `after` stand around that."""
    if _TELLS.search(f"{before} {after}") or _PARTICIPLE.search(said):
        return False
    if not before.strip(" ,") or not after:
        return _ACCOUNT.search(before or after) is not None
    return bool(_NAMES_ACCOUNT_LAST.search(before) or _ASKS_ACCOUNT_LAST.match(after))


def _said_before(text: str, found: re.Match[str]) -> str:
    """Return what stands before the year with its accents: they tell what was cashed from a cash desk."""
    # a ligature takes another place when it is folded
    said = text.strip().lower().replace("œ", "oe").replace("æ", "ae")
    return said[: found.start()] if len(said) == len(found.string) else ""


@dataclass(frozen=True, slots=True)
class When:
    """The day or the year that is all a follow-up names; `is_bare` where nothing but its figures says so."""

    day: date
    kind: Literal["before", "during", "dated"]
    is_bare: bool

    def written(self, language: str) -> str:
        """Return it as a question in this language ends with it: "en 2012", "before 2014", "au 1er mars 2012"."""
        is_english = language == "en"
        if self.kind == "before":
            return f"{'before' if is_english else 'avant'} {self.day.year + 1}"
        if self.kind == "during":
            return f"{'in' if is_english else 'en'} {self.day.year}"
        if is_english:
            return f"on {self.day.day} {_ENGLISH_MONTHS[self.day.month - 1]} {self.day.year}"
        number = "1er" if self.day.day == 1 else str(self.day.day)
        return f"au {number} {_FRENCH_MONTHS[self.day.month - 1]} {self.day.year}"


def when_alone(folded: str) -> When | None:
    """Return the day or the year that is all a folded follow-up names; None where it says anything else."""
    found = _WHEN_ALONE.match(folded)
    if found is None:
        return None
    if found["bare"]:
        return When(date(int(found["bare"]), 12, 31), "during", is_bare=not found["of"])
    return _when(found)


def day_last(text: str) -> tuple[str, When | None]:
    """Return a question without the day or the year that ends it, and that day: "et pour une SA en 2015 ?" is "et pour
    une SA ?" of 2015. As it is, and None, where it ends with none or with when something happened."""
    folded = fold(text).strip()
    found = _WHEN.search(folded)
    if found is None or folded[found.end() :].strip(" ?!.") or not folded[: found.start()].strip(" ,"):
        return text, None
    if _HAPPENED.search(folded[: found.start()]) or _PARTICIPLE.search(_said_before(text, found)):
        return text, None
    when = _when(found)
    return (without_day(text), when) if when else (text, None)


def _when(found: re.Match[str]) -> When | None:
    day = _day(found)
    kind: Literal["before", "during", "dated"] = (
        "before" if found["before"] else "during" if found["during"] else "dated"
    )
    return When(day, kind, is_bare=False) if day else None


def without_day(text: str) -> str:
    """Return a question without the day or the year that it names, and what tied it to the question."""
    folded = fold(text)
    found = _TIED.search(folded)
    if found is None:
        return text
    # a ligature takes another place when it is folded: then the folded text will do
    kept = text if len(text) == len(folded) else folded
    return " ".join(f"{kept[: found.start()]} {kept[found.end() :]}".split()).strip(" ,?") + " ?"


def names_year(folded: str) -> bool:
    """Tell whether a folded text names any year."""
    return _ANY_YEAR.search(folded) is not None


def former_law_asked(text: str) -> bool:
    """Tell whether a question is for the law that was replaced, without saying of which day."""
    return _FORMER.search(fold(text)) is not None


def _day(found: re.Match[str]) -> date | None:
    if found["before"]:
        return date(int(found["before"]), 1, 1) - timedelta(days=1)
    if found["during"]:
        return date(int(found["during"]), 12, 31)
    try:
        return date(int(found["year"]), _MONTHS[found["month"]], int(found["day"]))
    except ValueError:
        # no such day: the 31st of June
        return None
