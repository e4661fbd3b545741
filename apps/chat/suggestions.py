"""The start page's questions. They are content, in French like the texts, and the samples answer each."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class SuggestionGroup:
    """Questions under one heading."""

    label: str | Promise
    questions: tuple[str, ...]


SUGGESTIONS = (
    SuggestionGroup(
        _("Accounts and entries"),
        (
            "Quelle écriture pour un achat de marchandises à crédit, avec TVA ?",
            "À quoi correspond le compte 4452 ?",
            "Qu’est-ce que l’amortissement d’une immobilisation ?",
        ),
    ),
    SuggestionGroup(
        _("Companies"),
        (
            "Quel est le capital minimum d’une SARL ?",
            "Quelles sont les différences entre une SARL et une SA ?",
            "Combien faut-il affecter chaque année à la réserve légale ?",
        ),
    ),
    SuggestionGroup(
        _("Closing and meetings"),
        (
            "Que comprend un jeu complet d’états financiers annuels ?",
            "Dans quel délai se tient l’assemblée générale ordinaire annuelle ?",
        ),
    ),
    SuggestionGroup(
        _("Institutions"),
        (
            "Quel est le délai d’un recours en cassation devant la CCJA ?",
            "Où se trouve le siège de l’OHADA ?",
        ),
    ),
)
