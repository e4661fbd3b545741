"""Everyday words, beside the legal or accounting words that the texts use for the same thing.

A question gains the texts' words at a lower weight than its own; it never loses one. What comes with Kauri stands in
files, what curators add in a table; both together are one snapshot, replaced whole when the table changes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import lru_cache

from apps.rag import analysis
from apps.rag.stopwords import STOP_WORDS
from apps.rag.understanding.domain import belonging, field_words
from apps.rag.understanding.folded import fold
from apps.rag.understanding.framewords import frame_words
from apps.rag.understanding.lexicon_files import ANY_FIELD, WordGroup, files_revision, groups_built_in
from apps.rag.understanding.misspelt import Corrections, corrections_of

# A word this short has the stem of too many others ("part" and "partie"): only it and its plural count.
_MIN_STEMMED = 6
_MAX_GAP = 1  # words that may stand between two of a key: "vendre toutes ses parts"
_FREE_ORDER = 3  # words of a key whose order tells nothing: "compter le stock" is not "compte de stock"
_WORD = re.compile(r"[^\W_]+(?:[&-](?=\w)[^\W_]+)*")
_ELISION = re.compile(r"\b(?:[ldjmntsc]|qu|jusqu|lorsqu|puisqu)'")
# A verb with its subject or object behind it is that verb: "convoque-t-on", "dites-moi".
_INVERTED = re.compile(
    r"(?<=\w)-(?:t-)?(?:je|tu|il|elle|on|ce|nous|vous|ils|elles|moi|toi|lui|leur|le|la|les|y|en)\b(?!-)"
)
# Words that a key and a question may have or lack: "acompte au fournisseur" is "acompte fournisseur".
_LIGHT_TABLE = "le la les l un une des du de d a au aux en et mon ma mes ton ta tes son sa ses notre nos"
_LIGHT = frozenset(_LIGHT_TABLE.split())
# What regular verbs take in place of their infinitive's ending: vendre, vend, vendu; finir, finit, finissent.
_ENDINGS = {
    "er": ("e", "es", "ent", "ons", "ez", "ee", "ees", "er", "era", "ait", "aient", "erait", "erai", "ai"),
    "dre": ("d", "ds", "dre", "du", "due", "dus", "dues", "dent", "dons", "dez", "dait", "daient", "dra", "drait"),
    # not the feminine: "partie" is a party
    "ir": ("ir", "i", "is", "it", "issent", "issait", "ira", "irait", "ent", "ait"),
}
_MIN_STEM = 5  # a shorter stem is that of other words too: "partir" and "partie"
# Words of two fields that everyday words of others meet by chance ("voiture", "maison"): they count where a question
# speaks of that field.
_DEED = r"(?:actes?|baux|bail|cessions?|donations?|ventes?|contrats?|statuts)"
_SPEAKS_OF = {
    "accounting": re.compile(
        r"\b(?:comptes?|compta\w*|ecritures?|imput\w+|debit\w*|credit\w*|enregistr\w+|classes?|libelle|passer|achat\w*"
        r"|achet\w+|vend\w*|ventes?|factur\w+|pay\w+|regl(?:e|er|ement)s?|amorti\w*|immobilis\w+|stocks?|charges?"
        r"|produits?|bilan|tva|depens\w+|frais|vers\w+|encaiss\w+|rembours\w+|provision\w*|syscohada|journal|solde\w*"
        r"|caisses?|banques?|loyers?|salaires?|numero|dotations?|inventaires?|exercices?"
        r"|dividendes? (?:touche|recu|encaisse|percu)e?s?)\b"
    ),
    "tax": re.compile(
        r"\b(?:impot\w*|impos\w+|tax\w+|fisc\w*|tva|cgi|irpp|its|igf|declar\w+|contribuable\w*|exonere\w*|exoneration\w*"
        r"|deduct\w*|deduire|dedui\w*|redevanc\w+|patente\w*|douan\w+|retenue|precompte|abattement|degrevement|recouvr\w+"
        r"|assiette|bareme|accises?|enregistrement|timbre|redressement|penalites?|convention fiscale|benefice\w*"
        # deeds are registered; an invoice is entered, which is no matter of taxes
        rf"|enregistr\w+ (?:\w+ )?{_DEED}|{_DEED} (?:\w+[ -]){{0,4}}enregistree?s?)\b"
    ),
}
_LAWS = frozenset({"company", "governance", "arbitration"})
_ENOUGH_MATCHES = 2  # words of these laws that make a question theirs
_ASKS_ACCOUNT = re.compile(
    r"\b(?:comptes?|sous-comptes?|classes?|imput\w+|comptabilis\w+|debiter|crediter|ecritures?|libelle)\b"
)
_NOT_AN_ACCOUNT = re.compile(
    r"\b(?:commissaires? (?:aux|au) comptes?|comptes? (?:annuels?|sociaux|bloques?|rendus?|de resultats?|consolides?"
    r"|bancaires?|des associes)|(?:pour|sur) le compte d(?:e|u|es)|(?:ten\w+|tien\w+|rend\w*) comptes?|compte tenu"
    r"|faux comptes|arret\w+ (?:des|les) comptes|comptes? les voix|classes? d'actions|faux en ecritures?"
    r"|(?:pour|a|mon|son|le|les|aux) (?:le )?comptes? (?!de|du|pour|des|d'|est|\?|$)"
    r"|approb\w+ (?:des|les) comptes|(?:voir|controler|verifier|approuver|valider|certifier|arreter) les comptes)\b"
)


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a stretch of a question means: `said` are its index terms, `terms` those of the texts' words for it."""

    said: tuple[str, ...]
    terms: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    """A key, each word of it by its forms; what it stands for; the field that it belongs to."""

    key: tuple[frozenset[str], ...]
    terms: tuple[tuple[str, ...], ...]
    field: str


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """A snapshot: entries by each form of their first word; the words that it knows; its revision.

    Compared by identity: it is part of the key of what is remembered of a question.
    """

    by_first: Mapping[str, tuple[_Entry, ...]]
    corrections: Corrections
    revision: str


@dataclass(slots=True)
class _Current:
    lexicon: Lexicon | None = None


_current = _Current()


def lexicon() -> Lexicon:
    """Return the snapshot in use; before anything was read from the table, that of the files."""
    if _current.lexicon is None:
        _current.lexicon = lexicon_of(())
    return _current.lexicon


def lexicon_revision() -> str:
    """Return what tells the words in use from any others: part of the key of every cached answer."""
    return lexicon().revision


def lexicon_use(curated: Sequence[WordGroup]) -> None:
    """Use these words of curators beside those of the files from now on, in every thread."""
    _current.lexicon = lexicon_of(curated)


def lexicon_of(curated: Sequence[WordGroup]) -> Lexicon:
    """Build a snapshot of the files and of curators' words; quick, for what the files hold is kept."""
    base = _files_alone()
    if not curated:
        return base
    by_first = dict(base.by_first)
    for form, entries in _by_first(curated).items():
        by_first[form] = (*entries, *by_first.get(form, ()))
    digest = hashlib.sha256(repr([(group.said, group.meant) for group in curated]).encode()).hexdigest()[:8]
    return Lexicon(by_first, base.corrections.with_words(_known(curated)), f"{files_revision()}-{digest}")


@lru_cache(maxsize=1)
def _files_alone() -> Lexicon:
    groups = groups_built_in()
    corrections = corrections_of(_known(groups) | frame_words(), field_words())
    return Lexicon(_by_first(groups), corrections, files_revision())


def _by_first(groups: Iterable[WordGroup]) -> dict[str, tuple[_Entry, ...]]:
    by_first: dict[str, list[_Entry]] = {}
    for entry in _entries(groups):
        for form in entry.key[0]:
            by_first.setdefault(form, []).append(entry)
    return {form: tuple(found) for form, found in by_first.items()}


def _known(groups: Iterable[WordGroup]) -> frozenset[str]:
    return frozenset(word for group in groups for form in (*group.said, *group.meant) for word in words_of(form))


def meanings(text: str) -> tuple[Meaning, ...]:
    """Return what the words of a question mean in the texts' words; a stretch of several words goes before one."""
    return _meanings(text, lexicon())


def expansions(text: str) -> tuple[str, ...]:
    """Return the index terms that a question means and does not say, each once."""
    return _expansions(text, lexicon())


@lru_cache(maxsize=2_048)
def _expansions(text: str, snapshot: Lexicon) -> tuple[str, ...]:
    said = set(analysis.terms(text))
    added = dict.fromkeys(term for meaning in _meanings(text, snapshot) for form in meaning.terms for term in form)
    return tuple(term for term in added if term not in said)


@lru_cache(maxsize=2_048)
def _meanings(text: str, snapshot: Lexicon) -> tuple[Meaning, ...]:
    typed = words_of(text)
    words = [snapshot.corrections.get(word) or word for word in typed]
    forms = [_forms_of_question(word) for word in words]
    fields = _fields(text, list(_matches(snapshot, forms)))
    # once more without the others' fields: an expression that does not count keeps no word from one that does
    found = [
        Meaning(said, entry.terms)
        for entry, places in _matches(snapshot, forms, fields)
        if (said := _index_terms(typed[place] for place in places))
    ]
    mended = [
        Meaning((analysis.stem(word),), ((analysis.stem(right),),))
        for word, right in zip(typed, words, strict=True)
        if right != word and len(fields) > 1
    ]
    return (*found, *mended)


def _fields(text: str, matches: Sequence[tuple[_Entry, list[int]]]) -> frozenset[str]:
    """Return the fields whose words count in a question."""
    folded = fold(text)
    fields = {field for field, speaks in _SPEAKS_OF.items() if speaks.search(folded)}
    if _ASKS_ACCOUNT.search(_NOT_AN_ACCOUNT.sub(" ", folded)):
        return frozenset({"accounting", "statements", ANY_FIELD})
    own = belonging(text)
    places = {place for entry, found in matches if entry.field in _LAWS for place in found}
    if own.own or own.shared or len(places) >= _ENOUGH_MATCHES:
        fields |= {*_LAWS, "statements"}
    return frozenset({*fields, ANY_FIELD})


def _matches(
    snapshot: Lexicon, forms: Sequence[AbstractSet[str]], fields: AbstractSet[str] | None = None
) -> Iterator[tuple[_Entry, list[int]]]:
    """Yield the entries, of these fields or of all, that the words of a question are; those of several words take
    theirs, one goes beside all."""
    taken: set[int] = set()
    for at, own in enumerate(forms):
        first = {
            id(each): each
            for form in own
            for each in snapshot.by_first.get(form, ())
            if fields is None or each.field in fields
        }
        entries = sorted(first.values(), key=lambda each: -len(each.key))
        longest = 0
        for entry in entries:
            if len(entry.key) < longest:
                continue
            places = _places(entry.key, forms, at)
            if places and not taken & set(places):
                longest = len(entry.key)
                yield entry, places
                if len(places) == 1:
                    continue
                taken |= set(places[1:])
        if longest > 1:
            taken.add(at)


def _places(key: tuple[frozenset[str], ...], forms: Sequence[AbstractSet[str]], at: int) -> list[int]:
    """Return where the words of a key stand, the first of them at `at` and the others behind it, not far; those of a
    long key in any order. [] where they do not."""
    places = [at]
    reach = (len(key) - 1) * (1 + _MAX_GAP)  # from the one that stands first to the last
    for wanted in key[1:]:
        begin = max(0, max(places) - reach) if len(key) >= _FREE_ORDER else places[-1] + 1
        end = min(len(forms), min(places) + reach + 1)
        near = [n for n in range(begin, end) if n not in places and wanted & forms[n]]
        if not near:
            return []
        places.append(min(near, key=lambda n: (n < places[-1], abs(n - places[-1]))))
    return places


def _entries(groups: Iterable[WordGroup]) -> Iterator[_Entry]:
    for group in groups:
        terms = tuple(tuple(dict.fromkeys(analysis.terms(form))) for form in group.meant)
        for form in group.said:
            key = tuple(_forms_of_key(word) for word in words_of(form))
            if key:
                yield _Entry(key, terms, group.field)


def words_of(text: str) -> list[str]:
    """Return the folded words of a text in order, small ones left out, those that turn a meaning kept."""
    bare = _INVERTED.sub("", _ELISION.sub("", analysis.normalise(text)))
    return [word for word in _WORD.findall(bare) if word not in _LIGHT]


def _index_terms(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(analysis.stem(word) for word in words if word not in STOP_WORDS)


@lru_cache(maxsize=50_000)
def _forms_of_question(word: str) -> frozenset[str]:
    exact = f"={_singular(word)}"
    return frozenset({exact, _stem(word)} if len(word) >= _MIN_STEMMED else {exact})


def _forms_of_key(word: str) -> frozenset[str]:
    """Return the forms under which a word of a key is met: its stem, or itself; of a verb those that it takes."""
    kind = next((each for each in _ENDINGS if word.endswith(each)), "") if len(word) >= 5 else ""
    if kind:
        verb = word.removesuffix(kind)
        forms = {f"={_singular(verb + ending)}" for ending in _ENDINGS[kind] if len(verb + ending) > 3}
        return frozenset(forms | ({_stem(word)} if len(word) >= _MIN_STEMMED else set()))
    return frozenset({_stem(word) if len(word) >= _MIN_STEMMED else f"={_singular(word)}"})


def _stem(word: str) -> str:
    stem = analysis.stem(word)
    return stem if len(stem) >= _MIN_STEM else f"={_singular(word)}"


def _singular(word: str) -> str:
    return word.rstrip("sx") if len(word) > 3 else word
