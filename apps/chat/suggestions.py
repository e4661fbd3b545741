"""The start page's questions. They are content, in French like the texts; each is shown while a text answers it."""

from dataclasses import dataclass, replace

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.knowledge.selectors import sources_published


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A question, and what answers it: the sample of that title, or an act by its code."""

    question: str
    sample: str
    act: str = ""


@dataclass(frozen=True, slots=True)
class SuggestionGroup:
    """Questions under one heading."""

    label: str | Promise
    suggestions: tuple[Suggestion, ...]

    @property
    def questions(self) -> tuple[str, ...]:
        """What the page shows."""
        return tuple(each.question for each in self.suggestions)


_FORMS = "SARL et SA : comparaison"
_DEADLINES = "Assemblées générales et comptes annuels : les délais"
_RESERVE = "Réserve légale, affectation du résultat et dividendes"

SUGGESTIONS = (
    SuggestionGroup(
        _("Accounts and entries"),
        (
            Suggestion(
                "Quelle écriture pour un achat de marchandises à crédit, avec TVA ?", "Les achats de marchandises"
            ),
            Suggestion("À quoi correspond le compte 4452 ?", "Plan de comptes du SYSCOHADA révisé : extrait", "PCO"),
            Suggestion("Qu’est-ce que l’amortissement d’une immobilisation ?", "L’amortissement des immobilisations"),
        ),
    ),
    SuggestionGroup(
        _("Companies"),
        (
            Suggestion("Quel est le capital minimum d’une SARL ?", _FORMS, "AUSCGIE"),
            Suggestion("Quelles sont les différences entre une SARL et une SA ?", _FORMS, "AUSCGIE"),
            Suggestion("Combien faut-il affecter chaque année à la réserve légale ?", _RESERVE, "AUSCGIE"),
        ),
    ),
    SuggestionGroup(
        _("Closing and meetings"),
        (
            Suggestion("Que comprend un jeu complet d’états financiers annuels ?", "Les états financiers annuels"),
            Suggestion("Dans quel délai se tient l’assemblée générale ordinaire annuelle ?", _DEADLINES, "AUSCGIE"),
        ),
    ),
    SuggestionGroup(
        _("Institutions"),
        (
            Suggestion("Quel est le délai d’un recours en cassation devant la CCJA ?", "La CCJA et l’arbitrage"),
            Suggestion("Où se trouve le siège de l’OHADA ?", "Le Traité OHADA et les actes uniformes", "TRAITE"),
        ),
    ),
)


def suggestions_shown() -> tuple[SuggestionGroup, ...]:
    """Return the questions that a text answers which everybody may read today; groups without one are left out."""
    every = [each for group in SUGGESTIONS for each in group.suggestions]
    there = sources_published(samples={each.sample for each in every}, codes={each.act for each in every if each.act})
    groups = (
        replace(group, suggestions=tuple(each for each in group.suggestions if there & {each.sample, each.act}))
        for group in SUGGESTIONS
    )
    return tuple(group for group in groups if group.suggestions)
