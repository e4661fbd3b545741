"""What the doctor says of the engine of another process."""

import asyncio
from typing import Any

import pytest

from apps.rag.tests.scripted import Scripted
from apps.rag.tests.served import serving
from kauri.management import engine_checks
from kauri.management.findings import Finding


async def found(settings: Any, engine: Scripted) -> Finding:
    async with serving(engine) as server:
        settings.KAURI_RAG_URL = f"grpc://127.0.0.1:{server.port}"
        finding = await asyncio.to_thread(engine_checks.engine)
    assert finding is not None
    return finding


def test_without_an_address_there_is_nothing_to_say(settings: Any) -> None:
    settings.KAURI_RAG_URL = ""
    assert engine_checks.engine() is None


async def test_an_engine_that_answers_is_well(settings: Any) -> None:
    finding = await found(settings, Scripted())
    assert (finding.state, finding.found) == ("ok", settings.KAURI_RAG_URL)


async def test_a_cold_one_is_noted(settings: Any) -> None:
    engine = Scripted()
    engine.is_warm = False
    finding = await found(settings, engine)
    assert finding.state == "note"
    assert finding.advice


async def test_another_secret_is_named(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("apps.rag.grpc.client.grant_sign", lambda *_, **__: "signed by somebody else")
    finding = await found(settings, Scripted())
    assert finding.state == "missing"
    assert "KAURI_RAG_SECRET" in finding.advice


def test_nobody_there_is_missing_with_its_address(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.KAURI_RAG_URL = "grpc://127.0.0.1:1"
    monkeypatch.setenv("KAURI_RAG_URL", settings.KAURI_RAG_URL)
    finding = engine_checks.engine()
    assert finding is not None
    assert (finding.state, finding.found) == ("missing", "grpc://127.0.0.1:1")
    assert "KAURI_RAG_URL" in finding.advice
