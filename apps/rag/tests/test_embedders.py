"""What every embedder promises, held against each of them; and the choice among them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from typing import Any

import numpy as np
import pytest

from apps.rag.embedders import embedder_named
from apps.rag.embedders.remote import Endpoint, RemoteEmbedder
from apps.rag.errors import EmbedderMisconfigured
from apps.rag.ports import Embedder
from apps.rag.tests.endpoints import DIMENSION, serve_embeddings

TEXTS = [
    "Le gérant est nommé par les associés.",
    "Le capital social est divisé en parts sociales.",
    "Qu'est-ce que le compte 4111 ?",
    "La TVA est exigible à la livraison.",
]


def made(kind: str, request: pytest.FixtureRequest) -> Embedder:
    """Return one of the implementations."""
    if kind == "bge":
        return request.getfixturevalue("tiny_bge")  # type: ignore[no-any-return]  # pytest does not know its type
    return embedder_named(kind)


@pytest.fixture
def remote() -> Iterator[Embedder]:
    with (
        serve_embeddings() as server,
        closing(RemoteEmbedder(Endpoint(server.url, "m", DIMENSION, batch=3))) as made_remote,
    ):
        yield made_remote


@pytest.fixture(params=["builtin", "none", "remote", pytest.param("bge", marks=pytest.mark.models)])
def embedder(request: pytest.FixtureRequest) -> Embedder:
    return request.getfixturevalue("remote") if request.param == "remote" else made(request.param, request)


pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")


def test_shape_and_type_are_what_the_port_promises(embedder: Embedder) -> None:
    vectors = embedder.embed(TEXTS)
    assert vectors.shape == (4, embedder.dimension)
    assert vectors.dtype == np.float32
    assert embedder.embed([]).shape == (0, embedder.dimension)
    assert 0 < len(embedder.name) <= 120


def test_rows_have_length_one(embedder: Embedder) -> None:
    if embedder.dimension:
        texts = [*TEXTS, "", " ", "\x00", "é" * 3, "1"]
        np.testing.assert_allclose(np.linalg.norm(embedder.embed(texts), axis=1), 1.0, atol=1e-4)


def test_a_text_has_its_vector_whatever_comes_with_it(embedder: Embedder) -> None:
    together = embedder.embed(TEXTS)
    np.testing.assert_allclose(embedder.embed(TEXTS[::-1])[::-1], together, atol=2e-5)
    np.testing.assert_allclose(np.concatenate([embedder.embed([text]) for text in TEXTS]), together, atol=2e-5)
    np.testing.assert_allclose(embedder.embed([*TEXTS, TEXTS[0]])[[0, -1]], together[[0, 0]], atol=2e-5)


def test_the_same_text_gives_the_same_vector_every_time(embedder: Embedder) -> None:
    np.testing.assert_array_equal(embedder.embed(TEXTS[:1]), embedder.embed(TEXTS[:1]))


def test_different_texts_have_different_vectors(embedder: Embedder) -> None:
    if embedder.dimension:
        vectors = embedder.embed(TEXTS)
        cosines = vectors @ vectors.T
        assert (cosines[~np.eye(4, dtype=bool)] < 0.9999).all()


def test_a_very_long_text_is_cut_and_not_refused(embedder: Embedder) -> None:
    long = "Le gérant convoque l'assemblée. " * 4_000
    vectors = embedder.embed([long, TEXTS[0]])
    assert vectors.shape == (2, embedder.dimension)
    assert np.isfinite(vectors).all()


def test_a_name_that_nobody_has_is_one_sentence(settings: Any) -> None:
    with pytest.raises(EmbedderMisconfigured, match="expected one of builtin, none, bge, remote"):
        embedder_named("word2vec")


def test_the_endpoint_comes_from_the_settings(settings: Any) -> None:
    with pytest.raises(EmbedderMisconfigured, match="EMBEDDER_BASE_URL and EMBEDDER_MODEL"):
        embedder_named("remote")
    with serve_embeddings() as server:
        settings.KAURI_EMBEDDER = "remote"
        settings.KAURI_EMBEDDER_BASE_URL, settings.KAURI_EMBEDDER_MODEL = server.url, "bge-m3"
        settings.KAURI_EMBEDDER_API_KEY, settings.KAURI_EMBEDDER_DIMENSION = "sk-1", DIMENSION
        settings.KAURI_EMBED_BATCH = 2
        found = embedder_named("remote")
        found.embed(TEXTS)
        assert (found.name, found.dimension) == ("bge-m3", DIMENSION)
        assert embedder_named("remote") is found
        assert embedder_named("remote", "another").name == "another"
        assert [len(batch) for batch in server.asked] == [2, 2]
        assert server.keys == ["Bearer sk-1"] * 2


def test_the_model_of_one_embedder_is_not_taken_for_anothers(settings: Any) -> None:
    settings.KAURI_EMBEDDER, settings.KAURI_EMBEDDER_MODEL = "remote", "text-embedding-3-small"
    assert embedder_named("builtin").name == "use-multilingual-3"
