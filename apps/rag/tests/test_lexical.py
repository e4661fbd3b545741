"""Full text: scores against the reference scorer, scope, and the same ranking however the folder came about."""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from rank_bm25 import BM25Okapi

from apps.rag import analysis
from apps.rag.retrieval.folder import LexicalFolder, WriterLock, generation_apply, generation_write
from apps.rag.retrieval.lexical import LexicalEntry, LexicalReader, gram_weights, word_weights
from apps.rag.tests.entries import scope
from apps.rag.types import Scope

TEXTS = (
    "Le capital social de la société est divisé en parts sociales égales.",
    "Les associés nomment le gérant dans les statuts ou par un acte postérieur.",
    "Le gérant est révocable par décision des associés représentant plus de la moitié du capital.",
    "Le commissaire aux comptes certifie que les états financiers sont réguliers et sincères.",
    "La réserve légale reçoit un dixième du bénéfice de l'exercice.",
    "Toute augmentation du capital par souscription de parts sociales en numéraire suit les mêmes règles.",
    "Les actionnaires reçoivent les états financiers quinze jours avant l'assemblée.",
)
QUESTIONS = ("révoquer le gérant", "capital et parts sociales", "états financiers", "réserve légale du bénéfice")


def lexical(entry_id: int, text: str, **changes: object) -> LexicalEntry:
    """Return an entry of the shared base."""
    made = LexicalEntry(entry_id, text, "", "references", None, None, None, None)
    return replace(made, **changes)  # type: ignore[arg-type]  # values are named by each test


def reader_of(folder: LexicalFolder) -> LexicalReader:
    """Open the current generation."""
    state = folder.state()
    assert state is not None
    return LexicalReader(folder.generation_path(state.generation))


def found(reader: LexicalReader, text: str, **changes: object) -> list[tuple[int, float]]:
    """Return ids and scores for a question."""
    hits = reader.rank_words(word_weights(text, {}, 64), 0.0, scope(**changes), 10).hits
    return [(hit.entry_id, round(hit.score, 4)) for hit in hits]


def rankings(reader: LexicalReader) -> list[list[tuple[int, float]]]:
    """Return the rankings of the fixed questions, words and grams."""
    words = [found(reader, text) for text in QUESTIONS]
    grams = [reader.rank_grams(gram_weights(text, 64), scope(), 10).hits for text in QUESTIONS]
    return words + [[(hit.entry_id, round(hit.score, 4)) for hit in hits] for hits in grams]


@pytest.fixture
def folder(tmp_path: Path) -> LexicalFolder:
    """Return a folder that holds the texts as entries 1, 2, …"""
    made = LexicalFolder(tmp_path)
    entries = [lexical(number, text) for number, text in enumerate(TEXTS, start=1)]
    generation_write(made, entries, seq=7, log_identity="log")
    return made


def reference_scores(question: str) -> list[tuple[int, float]]:
    """Score by rank-bm25 with tantivy's constants: k1 1.2, b .75, and Lucene's idf, which is never negative."""
    corpus = [analysis.terms(text) for text in TEXTS]
    scorer = BM25Okapi(corpus, k1=1.2, b=0.75)
    frequency = Counter(term for terms in corpus for term in set(terms))
    scorer.idf = {term: math.log(1 + (len(corpus) - n + 0.5) / (n + 0.5)) for term, n in frequency.items()}
    scores = scorer.get_scores(analysis.terms(question))
    ranked = sorted(enumerate(scores, start=1), key=lambda pair: (-pair[1], pair[0]))
    return [(number, float(score)) for number, score in ranked if score > 0]


@pytest.mark.parametrize("question", QUESTIONS)
def test_bm25_is_the_reference_scorers(folder: LexicalFolder, question: str) -> None:
    ours, theirs = found(reader_of(folder), question), reference_scores(question)
    assert [number for number, _ in ours] == [number for number, _ in theirs]
    assert [score for _, score in ours] == pytest.approx([score for _, score in theirs], rel=1e-3)


def test_a_filter_admits_and_does_not_score(folder: LexicalFolder) -> None:
    reader = reader_of(folder)
    assert found(reader, "gérant") == found(reader, "gérant", namespaces=("references", "doctrine"), country="SN")


def test_it_finds_only_what_the_scope_admits(tmp_path: Path) -> None:
    mine, other = UUID(int=1), UUID(int=2)
    folder = LexicalFolder(tmp_path)
    entries = [
        lexical(1, "le gérant"),
        lexical(2, "le gérant", organisation=str(mine)),
        lexical(3, "le gérant", organisation=str(other)),
        lexical(4, "le gérant", namespace="doctrine"),
        lexical(5, "le gérant", country="SN"),
        lexical(6, "le gérant", end=date(2018, 1, 1)),
        lexical(7, "le gérant", start=date(2018, 1, 1)),
    ]
    generation_write(folder, entries, seq=1, log_identity="log")
    reader = reader_of(folder)

    def ids(**changes: object) -> list[int]:
        return sorted(number for number, _ in found(reader, "gérant", **changes))

    assert ids() == [1, 5, 7]
    assert ids(organisation_ids=(mine,)) == [1, 2, 5, 7]
    assert ids(namespaces=("doctrine",)) == [4]
    assert ids(namespaces=()) == []
    assert ids(country="SN") == [1, 5, 7]
    assert ids(country="CI") == [1, 7]
    assert ids(as_of=date(2017, 12, 31)) == [1, 5, 6]
    assert ids(as_of=date(2018, 1, 1)) == [1, 5, 7]


@pytest.mark.parametrize("n_versions", [3, 200])
def test_scopes_are_kept_however_many_versions_there_are(tmp_path: Path, n_versions: int) -> None:
    chance, organisations = random.Random(7), (None, str(UUID(int=1)), str(UUID(int=2)))
    entries = []
    for number in range(1, n_versions + 1):
        start = date(2000, 1, 1) + timedelta(days=30 * chance.randrange(n_versions))
        end = chance.choice((None, start + timedelta(days=400)))
        place = {"namespace": chance.choice(("references", "doctrine")), "organisation": chance.choice(organisations)}
        entries.append(lexical(number, "le gérant", **place, country=chance.choice((None, "SN")), start=start, end=end))
    folder = LexicalFolder(tmp_path)
    generation_write(folder, entries, seq=1, log_identity="log")
    reader = reader_of(folder)
    for _ in range(40):
        asked = scope(
            namespaces=chance.choice((("references",), ("references", "doctrine"), ("nothing",))),
            organisation_ids=chance.choice(((), (UUID(int=1),), (UUID(int=1), UUID(int=2)))),
            country=chance.choice((None, "SN", "CI")),
            as_of=date(2000, 1, 1) + timedelta(days=30 * chance.randrange(n_versions + 20)),
        )
        hits = reader.rank_words({"ger": 1.0}, 0.0, asked, n_versions).hits
        assert {hit.entry_id for hit in hits} == {each.entry_id for each in entries if _admits(asked, each)}


def _admits(asked: Scope, entry: LexicalEntry) -> bool:
    return (
        entry.namespace in asked.namespaces
        and (entry.organisation is None or UUID(entry.organisation) in asked.organisation_ids)
        and (asked.country is None or entry.country in (None, asked.country))
        and (entry.start is None or entry.start <= asked.as_of)
        and (entry.end is None or asked.as_of < entry.end)
    )


def test_a_folder_filled_bit_by_bit_ranks_like_one_written_at_once(folder: LexicalFolder, tmp_path: Path) -> None:
    bit_by_bit = LexicalFolder(tmp_path / "other")
    state = generation_write(bit_by_bit, [lexical(1, TEXTS[0])], seq=1, log_identity="log")
    for number, text in enumerate(TEXTS[1:], start=2):
        state = generation_apply(
            bit_by_bit, state, puts=[lexical(number, text)], deletes=[number], seq=number, log_identity="log"
        )
    assert rankings(reader_of(bit_by_bit)) == rankings(reader_of(folder))


def test_the_order_in_which_entries_are_written_changes_no_ranking(tmp_path: Path) -> None:
    chance = random.Random(11)
    words = [word for text in TEXTS for word in text.split()]
    entries = [
        lexical(
            number, " ".join(chance.choices(words, k=12)), namespace=chance.choice(("references", "doctrine", "rare"))
        )
        for number in range(1, 301)
    ]
    readers = []
    for name, made in {"mixed": entries, "by_scope": sorted(entries, key=lambda each: each.namespace)}.items():
        folder = LexicalFolder(tmp_path / name)
        generation_write(folder, made, seq=1, log_identity="log")
        readers.append(reader_of(folder))
    for asked in (scope(namespaces=("rare",)), scope(namespaces=("references", "doctrine"))):
        for text in QUESTIONS:
            terms, grams = word_weights(text, {}, 64), gram_weights(text, 64)
            mixed, by_scope = (
                [reader.rank_words(terms, 0.0, asked, 300).hits, reader.rank_grams(grams, asked, 300).hits]
                for reader in readers
            )
            assert mixed == by_scope


def test_deletions_are_counted_and_a_new_generation_forgets_them(folder: LexicalFolder) -> None:
    state = folder.state()
    assert state is not None
    state = generation_apply(
        folder, state, puts=[lexical(2, "autre chose")], deletes=[1, 2, 99], seq=9, log_identity="log"
    )
    assert (state.seq, state.n_deleted) == (9, 2)
    entries = [lexical(number, text) for number, text in enumerate(TEXTS[2:], start=3)]
    state = generation_write(folder, [lexical(2, "autre chose"), *entries], seq=9, log_identity="log")
    assert (state.generation, state.n_deleted) == (2, 0)
    assert [number for number, _ in found(reader_of(folder), "révoquer le gérant")] == [3]


def test_an_open_reader_outlives_the_generation_that_replaces_its_own(folder: LexicalFolder) -> None:
    reader = reader_of(folder)
    for seq in (8, 9, 10):
        generation_write(folder, [lexical(1, "rien")], seq=seq, log_identity="log")
    assert [number for number, _ in found(reader, "réserve légale")] == [5]


def test_one_writer_at_a_time(folder: LexicalFolder) -> None:
    first, second = WriterLock(folder), WriterLock(folder)
    assert first.acquire()
    assert not second.acquire()
    first.release()
    assert second.acquire()
    second.release()


def test_a_folder_of_another_analysis_is_not_read(folder: LexicalFolder) -> None:
    state = folder.state()
    assert state is not None
    folder.save(replace(state, analysis_revision=0))
    assert folder.state() is None
