"""A process does not serve over vectors of another model: it stops with a sentence that says what to do."""

import re
from collections.abc import MutableMapping
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from apps.rag import indexer
from apps.rag.models import Index
from apps.rag.tests.entries import article
from kauri.gate import Receive, Scope, Send
from kauri.launcher import refusal
from kauri.lifespan import with_lifespan
from kauri.management import store_checks

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _vectors_of_another_model(settings: Any) -> None:
    settings.KAURI_EMBEDDER, settings.KAURI_EMBEDDER_MODEL = "builtin", ""
    entry = article("1", "Le gérant est nommé.")
    indexer.entries_stage((entry,))
    indexer.entries_embed(entry.version_id)
    Index.objects.update(embedder="another model")


async def _nobody(scope: Scope, receive: Receive, send: Send) -> None:
    raise AssertionError("there is no request")


@pytest.mark.parametrize("role", ["all", "rag"])
async def test_a_web_process_does_not_start(role: str, caplog: pytest.LogCaptureFixture) -> None:
    told: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "lifespan.startup"}

    async def send(message: MutableMapping[str, Any]) -> None:
        told.append(message)

    await with_lifespan(_nobody, role=role)({"type": "lifespan"}, receive, send)
    (message,) = told
    assert message["type"] == "lifespan.startup.failed"
    assert "another model" in message["message"]
    assert "rag_reembed --model builtin" in message["message"]
    assert refusal.sentences.pop() == message["message"]
    (record,) = [each for each in caplog.records if each.name == "kauri.lifespan"]
    assert record.exc_info is None


def test_a_model_that_cannot_be_had_is_a_sentence_too(settings: Any, tmp_path: Path) -> None:
    settings.KAURI_EMBEDDER, settings.KAURI_EMBEDDER_MODEL = "bge", str(tmp_path / "nowhere")
    # with the packages of large models it is the folder, without them the packages
    sentence = "no such folder|make models"
    with pytest.raises(CommandError, match=sentence):
        call_command("rag_serve", stdout=StringIO())
    with pytest.raises(CommandError, match=sentence):
        call_command("rag_search", "le gérant", stdout=StringIO())
    finding = store_checks.vectors()
    assert finding is not None
    assert re.search(sentence, finding.advice)


def test_the_engine_alone_does_not_start_either() -> None:
    with pytest.raises(CommandError, match="rag_reembed --model builtin"):
        call_command("rag_serve", stdout=StringIO())
