"""Sources and places that a claim names: an act, a court, a code or a country that nothing it cites speaks of."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

from apps.rag.generation.forms import conflicts
from apps.rag.generation.sources import whole_of
from apps.rag.types import Passage
from apps.rag.understanding.acts import acts_mentioned
from apps.rag.understanding.countries import countries_named
from apps.rag.understanding.forms import named_forms
from kauri.lib.text import fold

# Who or what is said to have decided; and what makes a sum another one without a figure.
_AUTHORITIES = re.compile(
    r"\b(?P<name>jurisprudence|ccja|cour (?:commune|de cassation|d'appel|supreme|constitutionnelle|des comptes)"
    r"|conseil d'etat|decret|ordonnance|circulaire|directive|convention collective|doctrine|case law|supreme court"
    r"|court of appeal|decree|doubl|tripl|quadrupl|decupl|centupl|twice|thrice"
    r"|code (?:civil|penal|general|(?:du|de|des|d')(?: la| l')? ?\w+))"
)
# The texts' French for what is said in English, and the court's short name.
_ALSO = {
    "case law": "jurisprudence", "decree": "decret", "court of appeal": "cour d'appel", "supreme court": "cour supreme",
    "ccja": "cour commune", "cour commune": "ccja", "twice": "doubl", "thrice": "tripl",
}  # fmt: skip


def names_stranger(claim: str, sources: Sequence[Passage], asked: str) -> bool:
    """Tell whether a claim leans on a text, a court or a country that neither its sources nor, for countries, the
    question name, or speaks of a form of company when all that it cites is about others."""
    # sources are read only for what a claim names: most name nothing, or the source itself
    folded = fold(claim)
    codes = {source.code for source in sources}
    acts = {mention.act.code for mention in acts_mentioned(claim)} - codes
    if acts and not acts <= frozenset[str]().union(*(_acts_of(source) for source in sources)):
        return True
    places = countries_named(claim) - {source.country for source in sources}
    if places and not places <= countries_named(asked).union(*(_countries_of(source) for source in sources)):
        return True
    names = {match["name"] for match in _AUTHORITIES.finditer(folded)}
    if any(not any(_speaks_of(name, source) for source in sources) for name in names):
        return True
    return bool(named_forms(folded)) and bool(sources) and all(conflicts(folded, source) for source in sources)


def _speaks_of(name: str, source: Passage) -> bool:
    folded = _folded(source)
    return name in folded or _ALSO.get(name, name) in folded


@lru_cache(maxsize=512)
def _folded(source: Passage) -> str:
    return fold(whole_of(source))


@lru_cache(maxsize=512)
def _acts_of(source: Passage) -> frozenset[str]:
    return frozenset(mention.act.code for mention in acts_mentioned(whole_of(source)))


@lru_cache(maxsize=512)
def _countries_of(source: Passage) -> frozenset[str]:
    return countries_named(whole_of(source))
