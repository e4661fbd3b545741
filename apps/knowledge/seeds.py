"""The seven collections that every Kauri begins with; curators add more."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NamespaceSeed:
    """A collection to create where it is missing. Its words are content, in French like the corpus."""

    slug: str
    title: str
    description: str


NAMESPACES = (
    NamespaceSeed(
        "syscohada_revise",
        "SYSCOHADA révisé",
        "Le système comptable en vigueur depuis le 1er janvier 2018 : AUDCIF, plan de comptes, guides d’application.",
    ),
    NamespaceSeed("syscoa", "SYSCOA", "Le système comptable ouest-africain et les textes de l’ancien SYSCOHADA."),
    NamespaceSeed("guide_tresor", "Guides du Trésor", "Comptabilité publique et instructions du Trésor."),
    NamespaceSeed("dgi_fiches", "Fiches de la DGI", "Fiscalité des États membres : codes, fiches, notes des impôts."),
    NamespaceSeed("jurisprudence", "Jurisprudence", "Arrêts de la CCJA et décisions des juridictions nationales."),
    NamespaceSeed("doctrine", "Doctrine", "Cours, commentaires et guides pratiques."),
    NamespaceSeed("references", "Textes de référence", "Traité, actes uniformes, règlements, lois nationales."),
)
