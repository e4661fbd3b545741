"""Reads a corpus of passages: article numbers are recognised by their shape, periods in force only where they are said.
Headings that a law's passages end with are put above the passages that follow.

Beside corpus.jsonl a dataset.json may say `code`, `title`, `kind`, `country`, `in_force_from` and `in_force_to` for all
of its passages; a passage's own fields of these names win.
"""

from __future__ import annotations

import re
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from pathlib import Path

from django.utils.translation import gettext as _

from apps.rag.evaluation.divisions import undivided
from apps.rag.evaluation.lines import BadDataset, Line, lines_read, object_read
from apps.rag.types import InForce, NewEntry, Span
from apps.rag.understanding.acts import act_name, acts_mentioned
from apps.rag.understanding.references import article_reference

NAMESPACE_PREFIX = "eval_"
_SPACE = uuid.UUID("5c1d3a52-94c1-4a0e-9d53-0f2c3b1f7a10")
EVER = InForce(None, None)
_LATIN = r"bis|ter|quater|quinquies|sexies|septies|octies|novies|nonies|decies|undecies"
_LETTER = r"(?-i:[A-Z])\b(?!['’])"
_NUMBER = (
    rf"(?:[LRDA]\.? ?)?(?:\d+|premier\b|[A-Z]{{2}}-\d+)(?:er\b)?(?:[-. ]?{_LETTER})?(?:-\d+|-{_LETTER})*"
    rf"(?: ?(?:{_LATIN})\b)?(?:[- ]{_LETTER})?(?:-\d+)*"
)
_TITLE = re.compile(rf"^(?:(?P<act>.+?) [-–] )?art(?:icle|\.)?\s*(?P<number>{_NUMBER})", re.IGNORECASE)
_FRAGMENT = re.compile(r"#art(?:icle)?[._ ]+(?P<number>[^~(]+)", re.IGNORECASE)
_CODED = re.compile(r"^(?P<code>[A-Z][A-Z0-9]{1,19}) (?P<number>\d[\w.-]*)$")
# A corpus whose passages are mostly articles is a law; an article alone may stand in any guide.
_LAW_SHARE = 0.5
_N_SAMPLED = 200


@dataclass(frozen=True, slots=True)
class CorpusPassage:
    """A passage with the id by which judgements name it. Two may share one: one account in two charts."""

    gold_id: str
    entry: NewEntry


@dataclass(frozen=True, slots=True)
class Corpus:
    """Passages of one folder, in a namespace of their own. `in_force` holds where a passage says nothing else."""

    name: str
    passages: tuple[CorpusPassage, ...]
    in_force: InForce = EVER

    @property
    def namespace(self) -> str:
        """The namespace of its entries; no person's scope ever holds it."""
        return NAMESPACE_PREFIX + self.name

    @property
    def ids(self) -> frozenset[str]:
        """The ids that judgements may name."""
        return frozenset(each.gold_id for each in self.passages)

    @property
    def entries(self) -> tuple[NewEntry, ...]:
        """The passages as the indexer takes them."""
        return tuple(
            replace(each.entry, in_force=self.in_force) if each.entry.in_force == EVER else each.entry
            for each in self.passages
        )


@dataclass(frozen=True, slots=True)
class _Row:
    line: Line
    passage_id: str
    title: str
    text: str
    act: str
    number: str
    headings: tuple[str, ...] = ()

    @property
    def is_bare(self) -> bool:
        """Whether its title only repeats act and number: it tells nothing of what stands above the article."""
        return bool(self.number) and bool(self.act or not self.title)


@dataclass(frozen=True, slots=True)
class _Shelf:
    """What holds for the corpus as a whole."""

    name: str
    code: str
    title: str
    kind: str
    country: str | None


def corpus_read(folder: Path) -> Corpus:
    """Read `folder`/corpus.jsonl and what a dataset.json beside it says. Raises BadDataset."""
    rows: dict[str, _Row] = {}
    path = folder / "corpus.jsonl"
    for line in lines_read(path):
        row = _row(line)
        if row.passage_id in rows:
            raise line.bad(_("the id %(id)s is taken by an earlier line") % {"id": row.passage_id})
        rows[row.passage_id] = row
    if not rows:
        raise BadDataset(_("%(path)s holds no passage.") % {"path": path})
    about = folder / "dataset.json"
    said = object_read(about) if about.is_file() else Line(about, 1, {})
    shelf = _shelf(folder.name, tuple(rows.values()), said)
    titles = Counter(row.title for row in rows.values())
    places: Counter[str] = Counter()
    passages: list[CorpusPassage] = []
    for ordinal, row in enumerate(_divided(rows.values())):
        places[row.title] += 1
        place = places[row.title] if row.title and titles[row.title] > 1 else 0
        passages.append(CorpusPassage(row.passage_id, _entry(shelf, row, ordinal, place)))
    return Corpus(folder.name, tuple(passages), said.in_force() or EVER)


def passage_uuid(corpus: str, name: str) -> uuid.UUID:
    """Return the id that a passage, a document or a version of a corpus always has."""
    return uuid.uuid5(_SPACE, f"{corpus}/{name}")


def _row(line: Line) -> _Row:
    passage_id, title, text = line.text("id"), line.text("title", "").strip(), line.text("text")
    titled, fragment, coded = _TITLE.match(title), _FRAGMENT.search(passage_id), _CODED.match(passage_id)
    number = ""
    if coded:
        number = coded["number"]
    elif fragment:
        number = fragment["number"].replace("_", " ")
    elif titled:
        number = titled["number"]
    act = (titled["act"] or "") if titled else ""
    return _Row(line, passage_id, title, text, act, number.strip())


def _divided(rows: Iterable[_Row]) -> Iterable[_Row]:
    """Yield rows with the headings that the cutting left in the passage before, act by act."""
    for act, group in groupby(rows, key=lambda row: row.act if row.is_bare else None):
        own = tuple(group)
        if act is None:
            yield from own
            continue
        for row, (text, headings) in zip(own, undivided(row.text for row in own), strict=True):
            yield replace(row, text=text, headings=headings)


def _shelf(name: str, rows: Sequence[_Row], said: Line) -> _Shelf:
    is_law = sum(1 for row in rows if row.number) >= _LAW_SHARE * len(rows)
    code = said.text("code", "") or (_code_of(name, rows) if is_law else "")
    title = said.text("title", "") or (act_name(code) if code else name.replace("_", " "))
    return _Shelf(name, code, title, said.text("kind", "law" if is_law else "guide"), said.text("country", "") or None)


def _code_of(name: str, rows: Sequence[_Row]) -> str:
    """Return the code of the law that a corpus holds: the one that its name tells, else the one it speaks of most."""
    named = acts_mentioned(re.sub(r"[_\d-]+", " ", name))
    if named:
        return named[0].act.code
    step = max(1, len(rows) // _N_SAMPLED)
    spoken = Counter(mention.act.code for row in rows[::step] for mention in acts_mentioned(row.text[:2_000]))
    if spoken:
        return spoken.most_common(1)[0][0]
    return re.sub(r"[^A-Z0-9]+", "-", name.upper()).strip("-")


def _own_code(shelf: _Shelf, row: _Row) -> str:
    coded = _CODED.match(row.passage_id)
    said = row.line.text("code", "")
    if said or not (row.act or coded):
        return said or shelf.code
    mentioned = acts_mentioned(row.act)
    return mentioned[0].act.code if mentioned else coded["code"] if coded else shelf.code


def _entry(shelf: _Shelf, row: _Row, ordinal: int, place: int) -> NewEntry:
    code = _own_code(shelf, row)
    locator, headings, document = _told(shelf, row, code, place)
    references = (article_reference(code, row.number),) if row.number and code else ()
    searched = (document, locator, *headings, row.text) if row.number else (row.title, row.text)
    return NewEntry(
        passage_id=passage_uuid(shelf.name, row.passage_id),
        document_id=passage_uuid(shelf.name, f"document/{document}"),
        version_id=passage_uuid(shelf.name, f"version/{document}"),
        namespace=NAMESPACE_PREFIX + shelf.name,
        organisation_id=None,
        country=row.line.text("country", "") or shelf.country,
        kind=row.line.text("kind", shelf.kind),
        code=code,
        document_title=document,
        locator=locator,
        heading_path=headings,
        ordinal=ordinal,
        page=None,
        span=Span(0, len(row.text)),
        in_force=row.line.in_force() or EVER,
        plan="",
        text=row.text,
        references=references,
        search_text=_joined(searched),
    )


def _told(shelf: _Shelf, row: _Row, code: str, place: int) -> tuple[str, tuple[str, ...], str]:
    """Return a passage's locator, headings and document title."""
    if row.number:
        headings = row.headings if row.is_bare else (row.title,)
        return f"{code} art. {row.number}".strip(), headings, row.act or shelf.title
    document = row.title or row.passage_id
    if shelf.kind == "law":
        document = shelf.title
    locator = row.title or row.passage_id
    return f"{locator}, § {place}" if place else locator, (row.title,) if row.title else (), document


def _joined(parts: Iterable[str]) -> str:
    return "\n".join(part for part in parts if part)
