"""A web process of its own over a database of its own: what a thread or a test client would hide shows here."""

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date
from typing import Any
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID

import httpx
import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections
from django.test import Client

from apps.accounts.models import Membership, User
from apps.accounts.services import user_create
from apps.knowledge.services import namespaces_seed
from apps.rag.indexer import entries_stage, version_publish
from apps.rag.types import InForce, NewEntry, Span
from kauri.lib.ids import uuid7

# Enough to tell what speaks of the capital from what does not: among three texts nothing stands out.
ARTICLES = {
    "311": "Le capital social minimum de la société à responsabilité limitée est d’un million de francs CFA. "
    "Il est divisé en parts sociales égales dont la valeur nominale ne peut être inférieure à cinq mille francs CFA. "
    "Les statuts fixent le montant du capital social.",
    "323": "La société à responsabilité limitée est gérée par une ou plusieurs personnes physiques, associées ou non.",
    "326": "Le ou les gérants sont révocables par décision des associés représentant plus de la moitié des parts.",
    "344": "Les associés participent aux décisions collectives et disposent d’un nombre de voix égal à leurs parts.",
    "346": "Sur le bénéfice de l’exercice est prélevée une dotation d’un dixième au moins pour la réserve légale.",
    "371": "La perte de plus de la moitié des capitaux propres oblige à consulter les associés sur la dissolution.",
    "385": "La société anonyme est une société dans laquelle les actionnaires ne sont responsables des dettes "
    "sociales qu’à concurrence de leurs apports et dont les droits sont représentés par des actions.",
    "387": "Le capital minimum de la société anonyme est fixé à dix millions de francs CFA. "
    "Il est divisé en actions dont le montant nominal est librement fixé par les statuts.",
    "414": "La société anonyme est dirigée par un conseil d’administration ou par un administrateur général.",
    "433": "Les fonctions d’administrateur sont gratuites ou rémunérées selon ce que l’assemblée décide.",
    "546": "L’assemblée générale ordinaire se réunit au moins une fois par an après la clôture de l’exercice.",
}
QUESTION = "Quel est le capital minimum d’une SARL ?"


class LiveDatabase:
    """A database beside the test database, for processes that commit."""

    def __init__(self, name: str) -> None:
        self.name = name
        parts = urlsplit(os.environ["DATABASE_URL"])
        self.url = urlunsplit(parts._replace(path=f"/{name}"))
        self._maintenance_url = urlunsplit(parts._replace(path="/postgres"))

    def create(self) -> None:
        """Migrate it from nothing and index a few articles."""
        with psycopg.connect(self._maintenance_url, autocommit=True) as admin:
            admin.execute(f'CREATE DATABASE "{self.name}"')
        with self.orm():
            call_command("migrate", verbosity=0)
            namespaces_seed()
            _index_articles()

    def drop(self) -> None:
        connections.close_all()
        with psycopg.connect(self._maintenance_url, autocommit=True) as admin:
            admin.execute(f'DROP DATABASE IF EXISTS "{self.name}" WITH (FORCE)')

    @contextmanager
    def orm(self) -> Iterator[None]:
        """Let Django's models speak to this database for the length of the block."""
        before = connection.settings_dict["NAME"]
        connections.close_all()
        connection.settings_dict["NAME"] = self.name
        try:
            yield
        finally:
            connections.close_all()
            connection.settings_dict["NAME"] = before

    def rows(self, query: str, *args: Any) -> list[tuple[Any, ...]]:
        """Ask the database itself."""
        with psycopg.connect(self.url, autocommit=True) as asked:
            return asked.execute(query, args).fetchall()

    def person(self, name: str, *, colleague_of: UUID | None = None) -> "Person":
        """Return a signed-in user with their own session; a curator by that name."""
        with self.orm():
            email = f"{name}-{secrets.token_hex(4)}@example.com"
            user = user_create(email=email, password=secrets.token_hex(12), is_curator=name == "curator")
            for membership in Membership.objects.filter(user_id=colleague_of) if colleague_of else ():
                Membership.objects.create(user=user, organisation_id=membership.organisation_id)
            client = Client()
            client.force_login(User.objects.get(pk=user.pk))
            return Person(user.pk, client.cookies[settings.SESSION_COOKIE_NAME].value)


@dataclass(frozen=True, slots=True)
class Person:
    """A user and their session key."""

    user_id: UUID
    session: str


def _index_articles() -> None:
    version_id, document_id, place = uuid7(), uuid7(), 0
    entries = []
    for ordinal, (number, text) in enumerate(ARTICLES.items()):
        locator = f"AUSCGIE art. {number}"
        book = "Société anonyme" if number >= "385" else "Société à responsabilité limitée"
        entries.append(
            NewEntry(
                passage_id=uuid7(),
                document_id=document_id,
                version_id=version_id,
                namespace="references",
                organisation_id=None,
                country=None,
                kind="law",
                code="AUSCGIE",
                document_title="Acte uniforme relatif au droit des sociétés commerciales et du GIE",
                locator=locator,
                heading_path=(book,),
                ordinal=ordinal,
                page=None,
                span=Span(place, place + len(text)),
                in_force=InForce(date(2014, 5, 5), None),
                plan="",
                text=text,
                references=(f"art:AUSCGIE:{number}",),
                search_text=f"{locator} {book} {text}",
            )
        )
        place += len(text) + 1
    entries_stage(entries)
    version_publish(version_id)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class WebProcess:
    """uvicorn with Kauri's whole application."""

    def __init__(self, database: LiveDatabase, **environment: str) -> None:
        self.port = free_port()
        self._environment = {
            "DATABASE_URL": database.url,
            "EMBEDDER": "none",
            "KAURI_SECRET_KEY": settings.SECRET_KEY,  # sessions are signed with it
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        command = [sys.executable, "-m", "uvicorn", "kauri.asgi:application", "--port", str(self.port)]
        options = ["--no-access-log", "--log-level", "warning", "--timeout-graceful-shutdown", "8"]
        self._process = subprocess.Popen([*command, *options], env={**os.environ, **self._environment})
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            assert self._process.poll() is None, "the web process ended at its start"
            with suppress(httpx.TransportError):
                if httpx.get(f"{self.url}/v1/health/live", timeout=2).status_code == 200:
                    return
            time.sleep(0.1)
        raise AssertionError("the web process does not answer")

    def kill(self, number: signal.Signals = signal.SIGKILL) -> int:
        """Send a signal and wait for the end."""
        assert self._process is not None
        self._process.send_signal(number)
        return self._process.wait(timeout=30)

    def stop(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill(signal.SIGTERM)

    def client(self, person: Person | None = None, **headers: str) -> httpx.Client:
        """Return an HTTP client with this person's session."""
        token = secrets.token_hex(16)
        cookies = {"csrftoken": token}
        if person is not None:
            cookies[settings.SESSION_COOKIE_NAME] = person.session
        return httpx.Client(
            base_url=self.url,
            cookies=cookies,
            headers={"X-CSRFToken": token, "Accept-Language": "en", **headers},
            timeout=30,
        )


@dataclass(frozen=True, slots=True)
class Event:
    """One server-sent event, as it stood on the wire."""

    id: str
    name: str
    data: str


def events_of(raw: bytes) -> list[Event]:
    """Parse whole events, by the letter of the specification and with nothing but LF as a line end."""
    events = []
    for block in raw.decode().split("\n\n"):
        fields: dict[str, str] = {}
        for line in block.split("\n"):
            name, _, value = line.partition(": ")
            if name in {"id", "event", "data"}:
                assert name not in fields, f"two {name} fields in one event"
                fields[name] = value
        if "data" in fields:
            events.append(Event(fields.get("id", ""), fields["event"], fields["data"]))
    return events


def read_stream(
    client: httpx.Client, url: str, *, n: int | None = None, headers: Mapping[str, str] = {}
) -> list[Event]:
    """Read a stream to its end, or drop the connection after `n` events."""
    raw = b""
    with client.stream("GET", url, headers=headers) as response:
        assert response.status_code == 200, response.read()
        for chunk in response.iter_raw():
            raw += chunk
            if n is not None and raw.count(b"\n\n") > n + 1:
                break
    complete = raw[: raw.rindex(b"\n\n") + 2]
    return events_of(complete)[:n]


def ask(client: httpx.Client, question: str = QUESTION, **fields: Any) -> httpx.Response:
    return client.post("/v1/chat/query", json={"question": question, **fields}, headers={"Prefer": "respond-async"})


def text_of(events: list[Event]) -> str:
    parts: list[str] = []
    for event in events:
        fields = json.loads(event.data)
        if event.name == "response.output_text.delta":
            parts.append(fields["delta"])
        elif event.name == "response.refusal.done":
            parts.append(fields["refusal"])
        elif event.name == "kauri.answer.restarted":
            parts.clear()
    return "".join(parts)


def saved(client: httpx.Client, response_id: str) -> dict[str, Any]:
    answer: dict[str, Any] = client.get(f"/v1/chat/responses/{response_id}").json()
    return answer
