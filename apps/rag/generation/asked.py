"""What kind of answer a question wants, by rule."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from apps.rag import analysis
from apps.rag.types import Question, Understanding
from apps.rag.understanding.answerkinds import answer_kind
from apps.rag.understanding.editions import plan_meant
from apps.rag.understanding.framewords import judging_weight
from apps.rag.understanding.lexicon import meanings
from apps.rag.understanding.rewriting import plain
from kauri.lib.text import fold

AnswerKind = Literal["article", "account", "class", "comparison", "threshold", "list", "definition", "general"]

_SA = re.compile(
    r"(?<=\bde )SA\b(?! [A-Z])|(?<=\bet )SA\b(?! [A-Z])|(?<=\ben )SA\b(?! [A-Z])"
)  # folded it is "his" or "her"
_FORM = r"(?:sarl|sa|sas|snc|scs|gie)"
_ALIKE = (
    r"(?:definition|regles?|regime|duree|delais?|conditions?|majorites?|quorum|montants?|nombre|effets?|droits?|pouvoirs?"
    r"|obligations?|taux|sanctions?|formalites?|procedures?|chose)"
)
_COMPARISON = re.compile(
    r"\bdifferences?\b|\bdifferent\b|\bpareils?\b|\bdistinguer?\b|\bdistinction|\bnuance|\bcompar|\bversus\b|\bvs\b"
    rf"|\bcontre (?:une |la )?{_FORM}\b|\bpar rapport a\b|\bdans chaque cas\b|\bdiffere"
    rf"|\b{_FORM}\b(?: \w+){{0,2}} (?:et|ou|contre|vs|versus|ou bien) (?:en |dans |pour |de )?"
    rf"(?:la |une |le |un |d'une )?{_FORM}\b|\bet (?:celui|celle|ceux|celles) (?:du|de|des|d')"
    rf"|\bmemes? {_ALIKE}\b|\b(?:est|sont)(?:-(?:ils|elles|il|elle|ce))? (?:le|la|les) memes?\b"
)
_THRESHOLD = re.compile(
    r"\bcombien\b|\bdelais?\b|\bduree\b|\btaux\b|\bseuils?\b|\bminimum\b|\bminimal\w*\b|\bmaximum\b"
    r"|\bmaximal\w*\b|\bmaxi\b"
    r"|\bmini\b|\bmontant|\bpourcentage\b|\blimite\b|\bage\b|\bquorum\b|\bmajorite\b|\bcapital (?:social )?d"
    r"|\bvaleur\b"
    r"|\bnombre\b|\bannees?\b|\bjours?\b|\bquand\b|\bhow (?:much|many|long)\b|\bwhen\b|\bdeadline\b|\brate\b"
    r"|\bthreshold"
)
_LIST = re.compile(
    r"\bliste\w*\b|\benumer|\bmentions?\b|\bcontenu\b|\bcontient\b|\bcomprend|\bcomprenn|\bcomposent?\b"
    r"|\bformalites\b|\bconditions\b"
    r"|\bquels? sont\b|\bquelles sont\b|\bpouvoirs\b|\bdocuments\b|\bpieces\b|\betapes\b|\bmentionner\b"
    r"|\bdoit (?:contenir|figurer)"
    r"|\bcas\b|\bactivites\b|\borganes\b|\bwhich\b|\blist\b"
)
_DEFINITION = re.compile(
    r"\bqu'est-ce qu|\bc'est quoi\b|\bc koi\b|\bdefini|\bsignifie|\bque veut dire\b|\bqu'entend|\bnotion d"
    r"|\bwhat is\b|\bdefine"
)
_MONEY = re.compile(
    r"\bcapital\b|\bmontant|\bvaleur\b|\bprix\b|\bsomme\b|\bcout\b|\bseuil|\bbilan\b|\bchiffre\b|\bamende"
)
_TIME = re.compile(
    r"\bdelai|\bduree\b|\bannees?\b|\bjours?\b|\bmois\b|\bans?\b|\btemps\b|\bquand\b|\bmandat\b|\blong\b"
    r"|\bdeadline\b|\bavant\b"
)
_RATE = re.compile(
    r"\btaux\b|\bpourcentage\b|\brate\b|\bquotite|\bimpot|\btaxe|\bdeduire\b|\breserve\b|\bquorum\b|\bmajorite\b"
)
_ACCOUNT = re.compile(
    r"\bcomptes?\b(?! (?:annuels?|rendu|courant|de resultat|sociaux|consolid))|\bimputer\b|\bnumero\b|\bclasse\b"
    r"|\baccount\b"
)
_ENTRY = re.compile(
    r"\becritures?\b|\bcomptabilis|(?<!droits d')(?<!droit d')\benregistr|\bdebit|\bcredit(?!s? d)|\bentry\b"
)
# asks for an account, not for the entry: "où enregistrer les salaires ?"
_WHERE = re.compile(
    r"\b(?:ou|dans quoi) (?:(?:faut-il|dois-je|doit-on|peut-on|on|je) )?(?:enregistr|comptabilis|imput|class)\w+\b"
    r"|\bcomptes? a (?:debiter|crediter)\b"
)
# "combien de classes", "combien d'actes uniformes"; a time or a sum has other words in the text
_NUMBER = re.compile(
    r"(?:\bcombien (?:de |d'|des )|^(?:quel est )?(?:le )?nombre (?:(?:minim|maxim)\w+ |legal |total )?(?:de |d'))"
    r"(?!temps\b|jours?\b|mois\b|ans?\b|annees?\b|semaines?\b|fois\b|francs?\b|droits\b|taxes?\b"
    r"|impots?\b|frais\b|argent\b|capital\b)\w{4,}"
)
_WHEN = re.compile(
    r"\b(?:quand|a quelle date|en quelle annee|depuis quand)\b.*\b(?:ete|fut|est[- ](?:il|elle) (?:ne|entre)\w*)\b"
    r"|\bdate (?:de |d')(?:creation|signature|adoption|entree en vigueur)"
)
# "à quel taux convertir une créance" asks for a day's rate of exchange, which is no figure
_RATE_ALONE = re.compile(
    r"(?:\bquels? (?:est|sont) les? taux\b|\bquel taux (?:de|du|d')|^(?:le )?taux (?:de|du|des|d'))(?!.{0,8}\bchange\b)"
)
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_NOT_AN_ACCOUNT = re.compile(
    r"\bcommissaires? aux comptes\b|\bcomptes? (?:annuels?|courants?|de resultat)\b|\bpour (?:le )?compte\b"
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """A question as the answerer sees it. `weights` are terms with their importance, its own words first.

    `says` tells of folded text whether it says what is asked for.
    `must_say` tells that nothing else would be an answer: how many things there are, when something came about, a rate.
    `plan` is the chart of accounts that it means.
    `leans` tells that it needs the questions before it.
    `meant` are the terms of the texts' words for each thing that it says in others: one way of saying it is enough.
    `said` are, beside each of them, the terms that the question says it in.
    `units` are the units (see numbers.Mention) that a figure in the answer should have; () for any.
    """

    kind: AnswerKind
    weights: tuple[tuple[str, float], ...]
    units: tuple[str, ...]
    folded: str
    plan: str
    asks_account: bool
    asks_entry: bool
    must_say: bool
    leans: bool
    says: re.Pattern[str] | None
    meant: tuple[tuple[tuple[str, ...], ...], ...] = ()
    said: tuple[tuple[str, ...], ...] = ()


def wanted(question: Question, understanding: Understanding) -> Wanted:
    """Read what a question wants."""
    asked = plain(question.text)
    text = understanding.standalone or asked
    folded = fold(asked)
    own = {term: judging_weight(term) for term in analysis.terms(asked)}
    carried = {term: 0.6 * judging_weight(term) for term in analysis.terms(text) if term not in own}
    found = meanings(text)
    meant_by = tuple(meaning.terms for meaning in found)
    meant = {
        term: 0.5 / len(form)  # a long name is one thing, not many
        for forms in meant_by
        for form in forms
        for term in form
        if term not in own and term not in carried
    }
    is_past = _WHEN.search(folded) is not None
    bare = _NOT_AN_ACCOUNT.sub(" ", folded)
    return Wanted(
        kind=_kind(folded, understanding),
        weights=tuple((own | carried | meant).items()),
        units=_units(folded),
        folded=fold(_SA.sub("la SA", text)),
        plan=plan_meant(text, question.scope.as_of),
        asks_account=_ACCOUNT.search(bare) is not None,
        asks_entry=_ENTRY.search(_WHERE.sub(" ", bare)) is not None,
        must_say=is_past or any(pattern.search(folded) for pattern in (_NUMBER, _RATE_ALONE)),
        leans=bool(carried),
        says=_YEAR if is_past else answer_kind(text),
        meant=meant_by,
        said=tuple(meaning.said for meaning in found),
    )


def _kind(folded: str, understanding: Understanding) -> AnswerKind:
    kinds = {reference.kind for reference in understanding.references}
    if "article" in kinds:
        return "article"
    if "account" in kinds:
        return "account"
    if "class" in kinds:
        return "class"
    patterns: tuple[tuple[AnswerKind, re.Pattern[str]], ...] = (
        ("comparison", _COMPARISON),
        ("definition", _DEFINITION),
        ("threshold", _THRESHOLD),
        ("list", _LIST),
    )
    return next((kind for kind, pattern in patterns if pattern.search(folded)), "general")


def _units(folded: str) -> tuple[str, ...]:
    units: list[str] = []
    if _TIME.search(folded):
        units += ["day", "month", "year", "week", "hour"]
    if _MONEY.search(folded):
        units.append("money")
    if _RATE.search(folded):
        units += ["%", "part"]
    return tuple(units)
