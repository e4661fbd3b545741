"""What a measurement is made with: corpora of passages, and queries with the passages that answer them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from django.utils.translation import gettext as _

from apps.rag.evaluation.chart import CHART, CHART_FILE, chart_read
from apps.rag.evaluation.corpus import Corpus, corpus_read
from apps.rag.evaluation.lines import BadDataset, Line, lines_read
from apps.rag.types import InForce

_CORPUS, _QUESTIONS = "corpus.jsonl", "questions.jsonl"


@dataclass(frozen=True, slots=True)
class Query:
    """A question with its judgements; `relevant` are ids of its corpus, `as_of` None means the measurement's day."""

    query_id: str
    text: str
    kind: str
    corpus: str
    relevant: frozenset[str]
    must_refuse: bool
    expected_answer: str
    must_contain: tuple[str, ...]
    keywords: tuple[str, ...]
    as_of: date | None
    history: tuple[str, ...]

    @property
    def expects_answer(self) -> bool:
        """Tell whether something is known about the answer, and not only about the passages."""
        return self.must_refuse or bool(self.expected_answer or self.must_contain or self.keywords)


@dataclass(frozen=True, slots=True)
class Dataset:
    """Queries and the corpora that they are asked of."""

    name: str
    corpora: tuple[Corpus, ...]
    queries: tuple[Query, ...]

    @property
    def unknown(self) -> tuple[tuple[str, str], ...]:
        """Return (query id, passage id) of each judgement that names a passage that is not there."""
        known = {corpus.name: corpus.ids for corpus in self.corpora}
        return tuple((query.query_id, each) for query in self.queries for each in query.relevant - known[query.corpus])


def dataset_read(
    path: Path, *, library: Path, limit: int | None = None, in_force: Mapping[str, InForce] | None = None
) -> Dataset:
    """Read a folder with corpus.jsonl and questions.jsonl, or a file of questions that name their corpora.

    A bare name is sought in `library`/retrieval. `in_force` gives corpora their periods by name, over what their
    dataset.json says. Raises BadDataset.
    """
    found = _located(path, library)
    folder = found if found.is_dir() else found.parent
    questions = found / _QUESTIONS if found.is_dir() else found
    for needed in (folder / _CORPUS, questions) if found.is_dir() else (questions,):
        if not needed.is_file():
            raise BadDataset(_("%(folder)s holds no %(file)s.") % {"folder": found, "file": needed.name})
    of_folder = folder.name if (folder / _CORPUS).is_file() else ""
    queries = _queries(questions, of_folder)[:limit]
    if not queries:
        raise BadDataset(_("%(path)s holds no question.") % {"path": questions})
    roots = (folder, folder / "retrieval", folder.parent / "retrieval", folder.parent, library / "retrieval")
    corpora = _corpora(queries, folder if of_folder else None, roots)
    periods = in_force or {}
    dated = (replace(each, in_force=periods.get(each.name, each.in_force)) for each in corpora)
    # a folder is known by its name, a file of questions by its own
    name = of_folder if found.is_dir() or found.name == _QUESTIONS else found.stem
    return Dataset(name, tuple(dated), queries)


def _located(path: Path, library: Path) -> Path:
    named = library / "retrieval" / path
    if path.exists():
        return path.resolve()
    if named.is_dir() and path.parts and not path.is_absolute():
        return named.resolve()
    raise BadDataset(_("There is neither a folder nor a file of questions at %(path)s.") % {"path": path})


def _queries(path: Path, of_folder: str) -> tuple[Query, ...]:
    queries: dict[str, Query] = {}
    for line in lines_read(path):
        query = _query(line, of_folder)
        if query.query_id in queries:
            raise line.bad(_("the id %(id)s is taken by an earlier line") % {"id": query.query_id})
        queries[query.query_id] = query
    return tuple(queries.values())


def _query(line: Line, of_folder: str) -> Query:
    text = line.text("text")
    if not text.strip():
        raise line.bad(_("“%(field)s” is empty") % {"field": "text"})
    corpus = line.text("corpus", of_folder)
    if not corpus:
        raise line.bad(_("“%(field)s” is missing or is no text") % {"field": "corpus"})
    return Query(
        query_id=line.text("id"),
        text=text,
        kind=line.text("kind", ""),
        corpus=corpus,
        relevant=frozenset(line.texts("relevant")),
        must_refuse=line.flag("must_refuse"),
        expected_answer=line.text("expected_answer", ""),
        must_contain=line.texts("must_contain"),
        keywords=line.texts("keywords"),
        as_of=line.day("as_of"),
        history=line.texts("history"),
    )


def _corpora(queries: Sequence[Query], folder: Path | None, roots: Sequence[Path]) -> tuple[Corpus, ...]:
    corpora: list[Corpus] = []
    for name in dict.fromkeys(query.corpus for query in queries):
        if folder is not None and name == folder.name:
            corpora.append(corpus_read(folder))
        else:
            corpora.append(_corpus_named(name, roots))
    return tuple(corpora)


def _corpus_named(name: str, roots: Sequence[Path]) -> Corpus:
    for root in roots:
        if (root / name / _CORPUS).is_file():
            return corpus_read(root / name)
        if name == CHART and (root.parent / CHART_FILE).is_file():
            return chart_read(root.parent / CHART_FILE)
    raise BadDataset(
        _("The corpus %(name)s, which questions name, is in none of these folders: %(folders)s.")
        % {"name": name, "folders": ", ".join(str(root) for root in roots)}
    )
