"""The answerer's own words. All of them frame or name; what the law says is always a quotation.

Every function is to be called under the answer's language (django.utils.translation.override).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from apps.rag.generation.markers import NO_BREAK_SPACE
from apps.rag.types import Arriving, Passage, display_locator
from apps.rag.understanding.acts import act_name
from apps.rag.understanding.countries import countries_named
from apps.rag.understanding.references import PLAN_FORMER, PLAN_NON_PROFIT
from kauri.lib.countries import of_country, title_with_country
from kauri.lib.text import fold

_PART = re.compile(r"\s*\(\d+/\d+\)\Z")
_ARTICLE = re.compile(r"(?:\A|\s)art\. ", re.IGNORECASE)
_MARKUP = re.compile(r"[«»“”\"*_#\[\]<>|]+")
_CHART = re.compile(r"(compte|classe)\s+(\d+)", re.IGNORECASE)
_ENUMERATOR = re.compile(r"\A(?:[IVXLC]+|[A-Za-z]|\d+)(?:\.\d+)*\s?[.)°]\s*(?:[.)-]\s*)?(?=\S)")
_PAGE = re.compile(r"p\. (\d+)")
_QUOTATION_MARK = re.compile(r"«\s*|\s*»|[“”]")
_STRAIGHT = re.compile(r"(?<!\w)\"(?=\S)([^\"]+)(?<=\S)\"(?!\w)")
_MAX_PLACE_CHARS = 70
# The classes of the SYSCOHADA, by their folded titles.
_ENGLISH_CLASSES = {
    "comptes de ressources durables": "long-term funding accounts",
    "comptes d'actif immobilise": "fixed asset accounts",
    "comptes de stocks": "inventory accounts",
    "comptes de tiers": "accounts receivable and payable",
    "comptes de tresorerie": "treasury accounts",
    "comptes de charges des activites ordinaires": "accounts of expenses of ordinary activities",
    "comptes de produits des activites ordinaires": "accounts of income of ordinary activities",
    "comptes des autres charges et des autres produits": "accounts of other expenses and other income",
    "comptes des engagements hors bilan et comptes de la comptabilite analytique de gestion": (
        "accounts of off-balance-sheet commitments and of cost accounting"
    ),
}
_MASCULINE = frozenset({"RACCJA", "RPCCJA", "TRAITE", "COCC", "CT-SN", "CGI"})


@dataclass(frozen=True, slots=True)
class _Marks:
    """Quotation marks of a language; `inner` are the pairs inside, from the first level on."""

    opening: str
    closing: str
    inner: tuple[str, ...]


_FRENCH_MARKS = _Marks(f"«{NO_BREAK_SPACE}", f"{NO_BREAK_SPACE}»", ("“”", "‘’"))
# On all levels single ones: double ones inside would open or end the quotation for whoever reads it again.
_MARKS = {"fr": _FRENCH_MARKS, "en": _Marks("“", "”", ("‘’",))}


def quoted(words: str, marker: int | None) -> str:
    """Return words between the quotation marks of the answer's language with their marker; marks inside become inner
    ones.

    Without a marker it is for lines of a list whose introduction carries it.
    """
    marks = _MARKS.get(get_language() or "", _FRENCH_MARKS)
    mark = "" if marker is None else _mark(marker)
    return f"{marks.opening}{_inner_marks(words.strip(), marks)}{marks.closing}{mark}"


def source_name(passage: Passage) -> str:
    """Name a passage as jurists do within a sentence: "l'AUSCGIE, art. 311", "le CGI du Congo, art. 86A".

    A text of one country always says so: nobody may take it for the law of all the member states.
    """
    locator = _PART.sub("", display_locator(passage.locator, passage.code))
    chart = _CHART.match(passage.locator)
    if chart and (passage.plan or passage.kind == "chart"):
        name = _("account %(number)s") if chart[1].lower() == "compte" else _("class %(number)s")
        return name % {"number": chart[2]}
    if passage.code and _ARTICLE.search(passage.locator):
        # a heading that is no article's number stands as it was written: "Art. 86A Taux de l'impôt"
        place = _ARTICLE.split(locator, maxsplit=1)[-1]
        country = f" {of_country(passage.country)}" if passage.country else ""
        return f"{_with_article(passage.code)}{country}, art. {place}"
    named = passage.country in countries_named(passage.document_title)
    title = f"**{_bare(title_with_country(passage.document_title, None if named else passage.country))}**"
    place = _place(_PART.sub("", passage.locator))
    return title if not place or place in passage.document_title else f"{title}, {place}"


def according_to(passage: Passage, quotation: str, *, is_first: bool) -> str:
    """Introduce a quotation by its source."""
    source = source_name(passage)
    if is_first:
        return _("According to %(source)s: %(quotation)s") % {"source": source, "quotation": quotation}
    return _("See also %(source)s: %(quotation)s") % {"source": source, "quotation": quotation}


def article_says(passage: Passage, quotation: str) -> str:
    """Introduce a whole article."""
    source = f"{source_name(passage)},"
    return _("%(source)s provides: %(quotation)s") % {"source": _capital(source), "quotation": quotation}


def article_goes_on() -> str:
    """Say that only the beginning of an article was quoted."""
    return _("The article continues: open the source to read the whole of it.")


def acts_absent(codes: Sequence[str]) -> str:
    """Say that no passage of some acts is held."""
    acts = [_with_article(code) for code in codes]
    if len(acts) == 1:
        return _("The texts in force that I hold do not include %(act)s.") % {"act": acts[0]}
    listed = _("%(acts)s and %(act)s") % {"acts": ", ".join(acts[:-1]), "act": acts[-1]}
    return _("The texts in force that I hold include neither of these: %(acts)s.") % {"acts": listed}


def only_cited_by(passage: Passage) -> str:
    """Say which text names an act that is not held."""
    return _("%(source)s only refers to it.") % {"source": _capital(source_name(passage).replace("**", ""))}


def class_holds(number: str, marker: int) -> str:
    """Introduce the accounts of a class that has no row of its own."""
    return _("Class %(number)s holds these accounts%(marker)s:") % {"number": number, "marker": _mark(marker)}


def on_side(form: str, passage: Passage, quotation: str) -> str:
    """Introduce the words on one of the legal forms that are compared."""
    form = f"{'le' if form == 'GIE' else 'la'} {form}" if get_language() == "fr" else f"the {form}"
    values = {"form": form, "source": source_name(passage), "quotation": quotation}
    return _("For %(form)s, according to %(source)s: %(quotation)s") % values


def this_table(marker: int) -> str:
    """Introduce a table after the name of its source."""
    return _("this table%(marker)s:") % {"marker": _mark(marker)}


def its_table(passage: Passage, marker: int) -> str:
    """Introduce the table of a text that was just quoted."""
    return _("Table (%(source)s)%(marker)s:") % {"source": source_name(passage), "marker": _mark(marker)}


def account_is(number: str, label: str, plan: str) -> str:
    """Give an account its title; `label` is a quotation with its marker."""
    values = {"number": number, "label": label}
    if plan == PLAN_FORMER:
        return _("In the former SYSCOHADA chart, account %(number)s is entitled %(label)s.") % values
    if plan == PLAN_NON_PROFIT:
        return _("In the SYCEBNL chart, account %(number)s is entitled %(label)s.") % values
    return _("Account %(number)s is entitled %(label)s.") % values


def class_is(number: str, label: str, plan: str) -> str:
    """Give a class its title."""
    if plan == PLAN_FORMER:
        return _("In the former SYSCOHADA chart, class %(number)s is entitled %(label)s.") % {
            "number": number,
            "label": label,
        }
    return _("Class %(number)s is entitled %(label)s.") % {"number": number, "label": label}


def account_belongs(number: str, label: str, digit: str, title: str) -> str:
    """Say under which account and class an account stands; `label` is a quotation with its marker."""
    return _("It belongs to account %(number)s, %(label)s, in class %(class)s.") % {
        "number": number,
        "label": label,
        "class": _titled(digit, title),
    }


def account_under(number: str, digit: str, title: str, marker: int) -> str:
    """Say under which account and class an account stands, where the label of that account was given already."""
    values = {"number": number, "class": _titled(digit, title), "marker": _mark(marker)}
    return _("It belongs to account %(number)s, in class %(class)s%(marker)s.") % values


def account_class(digit: str, title: str, marker: int) -> str:
    """Say in which class an account without a parent stands."""
    return _("It belongs to class %(class)s%(marker)s.") % {"class": _titled(digit, title), "marker": _mark(marker)}


def accounts_below(n_accounts: int, marker: int) -> str:
    """Introduce the list of sub-accounts."""
    return ngettext("Its sub-account%(marker)s:", "Its sub-accounts%(marker)s:", n_accounts) % {"marker": _mark(marker)}


def class_accounts(marker: int) -> str:
    """Introduce the list of a class's accounts."""
    return _("Its main accounts%(marker)s:") % {"marker": _mark(marker)}


def account_line(number: str, label: str) -> str:
    """Return a line of a list of accounts; `label` is a quotation."""
    return _("%(number)s: %(label)s") % {"number": number, "label": label}


def list_goes_on() -> str:
    """Say that a list of accounts is longer than what is shown."""
    return _("The list continues in the source.")


def other_accounts() -> str:
    """Introduce accounts that may be meant instead."""
    return _("Accounts nearby in the texts:")


def samples_note(n_samples: int, n_cited: int) -> str:
    """Say that cited texts are samples without official value."""
    if n_samples == n_cited:
        if n_samples == 1:
            return _("This text is a sample that comes with Kauri: it has no official value.")
        return _("These texts are samples that come with Kauri: they have no official value.")
    return _("The texts marked as samples come with Kauri: they have no official value.")


def still_to_come(arriving: Arriving) -> str:
    """Say how many texts are still to be imported."""
    return _("The import of the texts is not finished: %(n_coming)d of %(n)d to go.") % {
        "n_coming": arriving.n_coming,
        "n": arriving.n_coming + arriving.n_there,
    }


def may_be_completed(arriving: Arriving) -> str:
    """Say beside an answer that texts are still to be imported."""
    return " ".join((still_to_come(arriving), _("Further texts may complete this answer.")))


def _mark(marker: int) -> str:
    return f"{NO_BREAK_SPACE}[{marker}]"


def _titled(digit: str, title: str) -> str:
    if get_language() != "fr":
        title = _ENGLISH_CLASSES.get(fold(title), title)
    return f"{digit} ({title[0].lower()}{title[1:]})" if title else digit


def _with_article(code: str) -> str:
    name = act_name(code).replace("'", "’")
    if get_language() != "fr":
        return name
    if code in _MASCULINE:
        return f"le {name if name.isupper() or name.startswith(('Traité', 'Code')) else name[0].lower() + name[1:]}"
    return f"l’{name}" if name[0] in "AEIOU" else name


def _inner_marks(words: str, marks: _Marks) -> str:
    words = _STRAIGHT.sub(r"“\1”", words) if words.count('"') % 2 == 0 else words
    if words.count("«") != words.count("»") or words.count("“") != words.count("”"):
        # A mark that is never closed would swallow the rest of the answer: straight ones claim no partner.
        return _QUOTATION_MARK.sub('"', words)
    depth = 0

    def inner(found: re.Match[str]) -> str:
        nonlocal depth
        is_opening = found[0].strip() in "«“"
        depth += is_opening
        pair = marks.inner[min(max(depth, 1), len(marks.inner)) - 1]
        depth -= not is_opening
        return pair[not is_opening]

    return _QUOTATION_MARK.sub(inner, words)


def _bare(text: str) -> str:
    return " ".join(_MARKUP.sub(" ", text).split())


def _place(heading: str) -> str:
    """Return a heading as a place within a sentence: no enumerator, no full stop that would end it."""
    page = _PAGE.fullmatch(heading)
    if page:
        return _("page %(number)s") % {"number": page[1]}
    bare = _ENUMERATOR.sub("", _bare(heading)).rstrip(" .:;")
    short = bare if len(bare) <= _MAX_PLACE_CHARS else bare[:_MAX_PLACE_CHARS].rsplit(" ", 1)[0] + "…"
    return re.sub(r"\.\s+", ", ", short)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
