"""The peers: what a project would take instead of Kauri, each called as its own documentation says.

`analysis` is "own" (the tokenizer that it comes with) or "kauri" (Kauri's French terms). Every hybrid embeds the
question with Kauri's built-in model, and gets the passages' vectors ready made, as Kauri does.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
Tokenizer = Callable[[str], list[str]]
K = 10
DEPTH = 50  # hits of each leg that a hybrid fuses


@dataclass(frozen=True, slots=True)
class Told:
    """What a corpus says of a passage beside its words: Kauri alone knows a heading from a sentence."""

    code: str
    document_title: str
    locator: str
    headings: tuple[str, ...]
    references: tuple[str, ...]
    text: str


@dataclass(frozen=True, slots=True)
class Passages:
    """What is searched: ids, texts as they are indexed (titles and text), unit vectors (n_passages, dimension).

    `told` and `sentences`, for each passage its rows of `sentence_vectors`, are what only Kauri looks at.
    """

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    vectors: Vectors
    told: tuple[Told, ...]
    sentences: tuple[tuple[int, ...], ...]
    sentence_vectors: Vectors


class System(Protocol):
    """One competitor. `search` returns the ids of the first K passages, best first."""

    def build(self, passages: Passages) -> None: ...
    def search(self, question: str) -> list[str]: ...
    def update(self, passage_id: str, text: str, vector: Vectors) -> None: ...
    def memory_mb(self) -> float: ...


class _InProcess:
    def memory_mb(self) -> float:
        """Return the memory that this process alone holds."""
        import psutil

        return float(psutil.Process().memory_full_info().uss) / 1e6


class KauriTerms:
    """Kauri's terms of texts. Those of a job's passages are computed by the first peer that wants them and then read.

    `borrowed_s` is what computing them took, where another peer did: it belongs to the building of each.
    """

    def __init__(self) -> None:
        self.borrowed_s = 0.0
        self._known: dict[str, list[str]] = {}

    def __call__(self, text: str) -> list[str]:
        from apps.rag.analysis import terms

        known = self._known.get(text)
        return terms(text) if known is None else known

    def prepare(self, texts: Sequence[str], path: Path) -> None:
        """Have the terms of texts ready; the file at `path` holds them afterwards."""
        if not path.exists():
            started = time.perf_counter()
            made = [self(text) for text in texts]
            path.write_text(json.dumps([time.perf_counter() - started, made]), "utf-8")
        self.borrowed_s, made = json.loads(path.read_text("utf-8"))
        self._known = dict(zip(texts, made, strict=True))

    def forget(self) -> None:
        """Hold no terms: a peer that keeps none would not."""
        self._known = {}


def tokenizer_of(analysis: str, own: Tokenizer) -> Tokenizer:
    """Return Kauri's terms, or the tokenizer that a peer comes with."""
    return own if analysis == "own" else KauriTerms()


class RankBm25(_InProcess):
    """rank-bm25, whose README splits on spaces."""

    def __init__(self, analysis: str) -> None:
        self.tokenizer = tokenizer_of(analysis, lambda text: text.lower().split())

    def build(self, passages: Passages) -> None:
        self._ids = list(passages.ids)
        self._tokens = [self.tokenizer(text) for text in passages.texts]
        self._index()

    def _index(self) -> None:
        from rank_bm25 import BM25Okapi

        self._scorer = BM25Okapi(self._tokens)

    def search(self, question: str) -> list[str]:
        scores = self._scorer.get_scores(self.tokenizer(question))
        return [self._ids[at] for at in np.argsort(-scores, kind="stable")[:K] if scores[at] > 0]

    def update(self, passage_id: str, text: str, vector: Vectors) -> None:
        """Index everything again: nothing can be added."""
        self._ids.append(passage_id)
        self._tokens.append(self.tokenizer(text))
        self._index()


class Bm25s(_InProcess):
    """bm25s with its numba backend; its own tokenizer with its French stop words."""

    def __init__(self, analysis: str) -> None:
        import bm25s

        self._is_own = analysis == "own"
        self._tokenize: Callable[..., Any] = bm25s.tokenize
        self.tokenizer = tokenizer_of(analysis, str.split)
        # numba compiles at the first call, which is no part of building
        self._ids, self._tokens = ["warm"], [["compte"], ["banque"]]
        self._index()
        self._scorer.retrieve([["compte"]], k=1, show_progress=False)

    def build(self, passages: Passages) -> None:
        self._ids = list(passages.ids)
        self._tokens = self._tokens_of(list(passages.texts))
        self._index()

    def _tokens_of(self, texts: list[str]) -> list[list[str]]:
        if self._is_own:
            tokenized = self._tokenize(texts, stopwords="fr", return_ids=False, show_progress=False)
            return [list(each) for each in tokenized]
        return [self.tokenizer(text) for text in texts]

    def _index(self) -> None:
        import bm25s

        self._scorer = bm25s.BM25(backend="numba")
        self._scorer.index(self._tokens, show_progress=False)

    def search(self, question: str) -> list[str]:
        asked = self._tokens_of([question])
        if not asked[0]:
            return []  # a question of stop words alone is an error to it
        found, scores = self._scorer.retrieve(asked, k=min(K, len(self._ids)), show_progress=False)
        return [self._ids[at] for at, score in zip(found[0], scores[0], strict=True) if score > 0]

    def update(self, passage_id: str, text: str, vector: Vectors) -> None:
        """Index everything again: nothing can be added."""
        self._ids.append(passage_id)
        self._tokens += self._tokens_of([text])
        self._index()


class LangChainEnsemble(_InProcess):
    """Chroma and rank-bm25 through LangChain's EnsembleRetriever, equal weights: what most projects do."""

    is_analysed_anew = True  # at every update

    def __init__(self, analysis: str) -> None:
        self.tokenizer = tokenizer_of(analysis, str.split)

    def build(self, passages: Passages) -> None:
        import chromadb
        from langchain_chroma import Chroma
        from langchain_core.documents import Document

        client = chromadb.EphemeralClient(chromadb.Settings(anonymized_telemetry=False))
        self._store = Chroma(
            collection_name="passages",
            client=client,
            embedding_function=_LangChainEmbeddings(),
            collection_metadata={"hnsw:space": "cosine"},
        )
        # LangChain's own way of adding would compute the vectors, which are there already
        self._collection = client.get_collection("passages")
        self._documents = [
            Document(page_content=text, metadata={"id": passage_id})
            for passage_id, text in zip(passages.ids, passages.texts, strict=True)
        ]
        batch = client.get_max_batch_size()
        for at in range(0, len(passages.ids), batch):
            self._add(passages.ids[at : at + batch], passages.texts[at : at + batch], passages.vectors[at : at + batch])
        self._index()

    def _add(self, ids: Sequence[str], texts: Sequence[str], vectors: Vectors) -> None:
        self._collection.add(
            ids=list(ids), documents=list(texts), embeddings=vectors, metadatas=[{"id": each} for each in ids]
        )

    def _index(self) -> None:
        from langchain_classic.retrievers import EnsembleRetriever
        from langchain_community.retrievers import BM25Retriever

        words = BM25Retriever.from_documents(self._documents, preprocess_func=self.tokenizer, k=DEPTH)
        dense = self._store.as_retriever(search_kwargs={"k": DEPTH})
        self._retriever = EnsembleRetriever(retrievers=[words, dense], weights=[0.5, 0.5], id_key="id")

    def search(self, question: str) -> list[str]:
        return [document.metadata["id"] for document in self._retriever.invoke(question)][:K]

    def update(self, passage_id: str, text: str, vector: Vectors) -> None:
        """Add to Chroma, and index the words of everything again."""
        from langchain_core.documents import Document

        self._add([passage_id], [text], vector[None, :])
        self._documents.append(Document(page_content=text, metadata={"id": passage_id}))
        self._index()


class _LangChainEmbeddings:
    """Kauri's embedder behind LangChain's interface."""

    def __init__(self) -> None:
        self._embed = question_embedder()

    def embed_query(self, text: str) -> list[float]:
        return [float(value) for value in self._embed(text)]

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        return [self.embed_query(text) for text in texts]


class HaystackHybrid(_InProcess):
    """Haystack's in-memory store: BM25 and embedding retrievers, joined by reciprocal rank."""

    def __init__(self, analysis: str) -> None:
        self._is_own = analysis == "own"
        self.tokenizer = tokenizer_of(analysis, str.split)

    def build(self, passages: Passages) -> None:
        from haystack.components.joiners import DocumentJoiner
        from haystack.components.retrievers.in_memory import InMemoryBM25Retriever, InMemoryEmbeddingRetriever
        from haystack.document_stores.in_memory import InMemoryDocumentStore

        own = {} if self._is_own else {"bm25_tokenization_regex": r"\S+"}
        self._store = InMemoryDocumentStore(embedding_similarity_function="cosine", shared=False, **own)
        for passage_id, text, vector in zip(passages.ids, passages.texts, passages.vectors, strict=True):
            self._write(passage_id, text, vector)
        self._words = InMemoryBM25Retriever(self._store, top_k=DEPTH)
        self._dense = InMemoryEmbeddingRetriever(self._store, top_k=DEPTH)
        self._joiner = DocumentJoiner(join_mode="reciprocal_rank_fusion", top_k=K)
        self._embed = question_embedder()

    def _write(self, passage_id: str, text: str, vector: Vectors) -> None:
        from haystack import Document

        document = Document(id=passage_id, content=self._content(text), embedding=vector.tolist())
        self._store.write_documents([document])

    def _content(self, text: str) -> str:
        # a tokenizer of one's own is only possible as a regular expression: the terms go in ready made
        return text if self._is_own else " ".join(self.tokenizer(text))

    def search(self, question: str) -> list[str]:
        asked = self._content(question)
        words = self._words.run(query=asked)["documents"] if asked else []
        dense = self._dense.run(query_embedding=self._embed(question).tolist())["documents"]
        return [document.id for document in self._joiner.run(documents=[words, dense])["documents"]]

    def update(self, passage_id: str, text: str, vector: Vectors) -> None:
        self._write(passage_id, text, vector)


def question_embedder() -> Callable[[str], Vectors]:
    """Return Kauri's built-in model for questions, loaded."""
    from apps.rag.embedders.builtin import BuiltinEmbedder

    model = BuiltinEmbedder()
    model.embed(["compte"])
    return lambda text: model.embed([text])[0]
