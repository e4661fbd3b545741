"""Embeddings of an endpoint: the real client against a server on loopback that fails in every way."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from django.utils import translation
from django.utils.functional import Promise

from apps.rag.embedders.remote import Endpoint, RemoteEmbedder
from apps.rag.errors import EmbedderFailed, EmbedderMisconfigured
from apps.rag.tests.endpoints import DIMENSION, EmbeddingsServer, serve_embeddings, vector_of

TEXTS = ["le gérant", "la société", "le capital"]
SECRET = "le secret de Mme Mbarga"
_opened: list[RemoteEmbedder] = []


@pytest.fixture(scope="module", autouse=True)
def _imported() -> None:
    """Import the client, which takes longer than these tests wait for an answer."""
    import openai  # noqa: F401 - see above


@pytest.fixture(autouse=True)
def _closed() -> Iterator[None]:
    yield
    while _opened:
        _opened.pop().close()


def asking(server: EmbeddingsServer, **changes: object) -> RemoteEmbedder:
    endpoint = Endpoint(base_url=server.url, model="m", dimension=DIMENSION, api_key="sk-test", total_s=4.0)
    _opened.append(RemoteEmbedder(replace(endpoint, **changes)))  # type: ignore[arg-type]  # any field, by keyword
    return _opened[-1]


def unit(text: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    vector = np.array(vector_of(text), dtype=np.float32)
    return vector / np.linalg.norm(vector)


@pytest.mark.parametrize("mode", ["good", "shuffled"])
def test_vectors_come_normalised_and_in_the_order_of_the_texts(mode: str) -> None:
    with serve_embeddings(mode) as server:
        vectors = asking(server).embed(TEXTS)
    np.testing.assert_allclose(vectors, [unit(text) for text in TEXTS], atol=1e-6)
    assert server.keys == ["Bearer sk-test"]


def test_texts_are_sent_in_batches_of_the_size_that_is_set() -> None:
    with serve_embeddings() as server:
        vectors = asking(server, batch=4).embed([f"texte {number}" for number in range(10)])
    assert [len(batch) for batch in server.asked] == [4, 4, 2]
    assert vectors.shape == (10, DIMENSION)


@pytest.mark.parametrize("mode", ["fails", "away", "hangs up", "too few", "too many", "twice the same", "words"])
@pytest.mark.parametrize("n_failures", [1, 2])
def test_what_may_succeed_is_tried_again(mode: str, n_failures: int) -> None:
    with serve_embeddings(*[mode] * n_failures, "good") as server:
        np.testing.assert_allclose(asking(server).embed(TEXTS)[1], unit(TEXTS[1]), atol=1e-6)
    assert len(server.asked) == n_failures + 1


@pytest.mark.parametrize("mode", ["broken", "html", "a list", "nulls", "nan", "zeros", "error inside", "fails"])
def test_three_attempts_in_all_and_then_a_failure_that_another_day_may_mend(mode: str) -> None:
    with serve_embeddings(mode) as server, pytest.raises(EmbedderFailed) as caught:
        asking(server).embed(TEXTS)
    assert len(server.asked) == 3
    assert not caught.value.permanent


@pytest.mark.parametrize("mode", ["refuses", "unknown", "bad", "unpaid", "quota inside"])
def test_what_only_other_settings_can_mend_is_not_tried_again(mode: str) -> None:
    with serve_embeddings(mode) as server, pytest.raises(EmbedderMisconfigured, match="EMBEDDER_API_KEY") as caught:
        asking(server).embed(TEXTS)
    assert len(server.asked) == 1
    assert caught.value.permanent
    assert "sk-test" not in str(caught.value)


def test_vectors_of_another_length_name_the_setting() -> None:
    said = "longueur 8, alors que EMBEDDER_DIMENSION indique 16"
    for mode in ("short", "ragged"):
        with serve_embeddings(mode) as server, pytest.raises(EmbedderMisconfigured, match=said):
            asking(server).embed(TEXTS)
        assert len(server.asked) == 1


def test_a_refusal_is_told_in_the_readers_language() -> None:
    with serve_embeddings("refuses") as server, pytest.raises(EmbedderMisconfigured) as caught:
        asking(server).embed(TEXTS)
    assert isinstance(caught.value.message, Promise)
    with translation.override("en"):
        assert str(caught.value) == (
            "The embedding endpoint refuses (HTTP 401): check EMBEDDER_BASE_URL, EMBEDDER_MODEL, EMBEDDER_API_KEY."
        )


def test_an_endpoint_that_asks_for_patience_gets_it() -> None:
    with serve_embeddings("limited", "good") as server:
        server.retry_after = "0.8"
        asking(server).embed(TEXTS)
    assert 0.8 <= server.times_s[1] - server.times_s[0] < 2.0


def test_more_patience_than_there_is_time_ends_at_once() -> None:
    with serve_embeddings("limited") as server:
        server.retry_after = "60"
        started_s = time.monotonic()
        with pytest.raises(EmbedderFailed):
            asking(server).embed(TEXTS)
    assert len(server.asked) == 1
    assert time.monotonic() - started_s < 2.0


@pytest.mark.parametrize("mode", ["hangs", "drips"])
def test_one_time_limit_holds_for_all_attempts_together(mode: str) -> None:
    with serve_embeddings(mode) as server:
        started_s = time.monotonic()
        with pytest.raises(EmbedderFailed):
            asking(server, total_s=1.0).embed(TEXTS)
        assert time.monotonic() - started_s < 2.5


def test_nobody_at_the_address_is_a_failure_and_no_crash() -> None:
    with pytest.raises(EmbedderFailed):
        asking(EmbeddingsServer("http://127.0.0.1:1/v1"), total_s=1.0).embed(TEXTS)


def test_a_text_that_is_too_long_for_the_model_is_cut_until_it_fits() -> None:
    with serve_embeddings() as server:
        server.max_characters = 2_000
        vectors = asking(server).embed(["mot " * 5_000, "court"])
    assert vectors.shape == (2, DIMENSION)
    assert [len(batch[0]) for batch in server.asked] == [12_000, 7_200, 4_320, 2_592, 1_555]
    assert server.asked[-1][1] == "court"


def test_an_endpoint_that_finds_everything_too_long_is_left_alone() -> None:
    with serve_embeddings() as server:
        server.max_characters = 10
        with pytest.raises(EmbedderFailed):
            asking(server).embed(["mot " * 500])
    assert len(server.asked) < 6


@pytest.mark.parametrize("mode", ["refuses echoing", "fails echoing"])
def test_what_an_endpoint_repeats_reaches_no_log(mode: str) -> None:
    with serve_embeddings(mode) as server, pytest.raises(EmbedderFailed) as caught:
        asking(server).embed([SECRET])
    logged = "".join(traceback.format_exception(caught.value))
    assert "HTTP" in logged
    assert SECRET not in logged
    assert "sk-test" not in logged


def test_what_was_closed_may_ask_again() -> None:
    with serve_embeddings() as server:
        remote = asking(server)
        remote.embed(TEXTS[:1])
        (client,) = [remote._client]
        remote.close()
        assert client is not None
        assert client.is_closed()
        remote.embed(TEXTS[1:2])
    assert server.asked == [TEXTS[:1], TEXTS[1:2]]


def test_a_key_is_not_shown() -> None:
    assert "sk-secret" not in repr(Endpoint("http://h/v1", "m", 8, api_key="sk-secret"))
