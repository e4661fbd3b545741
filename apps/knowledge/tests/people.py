"""The cast of every permission test, and the least document that is valid."""

from dataclasses import dataclass
from io import BytesIO

from django.core.files.base import File

from apps.accounts import services as accounts
from apps.accounts.models import Membership, User
from apps.accounts.selectors import principal_of
from apps.accounts.types import ANONYMOUS, Principal
from apps.knowledge import services
from apps.knowledge.pipeline import run_job
from apps.knowledge.types import DocumentAdded
from kauri.lib.models import OutboxEvent

PASSWORD = "un mot de passe assez long"
ARTICLES = """# Acte de démonstration

## Titre 1 Dispositions communes

Article 1
Le capital social est fixé par les associés dans les statuts.

Article 2
Les statuts sont établis par écrit et signés par tous les associés.

## Titre 2 Dispositions particulières

Article 3
Toute délibération prise en violation du présent titre est nulle.
"""

FIRST = "Article 1\nLe capital minimum est de un million.\n\nArticle 2\nLes statuts sont signés."
SECOND = "Article 1\nLe capital minimum est fixé par les statuts.\n\nArticle 2\nLes statuts sont signés."


@dataclass(frozen=True, slots=True)
class Cast:
    """Owner and colleague share an organisation; the stranger has another one; nobody has none."""

    owner: User
    colleague: User
    curator: User
    stranger: User

    @property
    def principals(self) -> dict[str, Principal]:
        members = ("owner", "colleague", "curator", "stranger")
        return {name: principal_of(getattr(self, name)) for name in members} | {"nobody": ANONYMOUS}


def make_cast() -> Cast:
    owner = accounts.user_create(email="owner@example.com", password=PASSWORD)
    colleague = accounts.user_create(email="colleague@example.com", password=PASSWORD)
    firm = owner.memberships.get().organisation
    Membership.objects.create(user=colleague, organisation=firm, role=Membership.Role.MEMBER)
    return Cast(
        owner=owner,
        colleague=colleague,
        curator=accounts.user_create(email="curator@example.com", password=PASSWORD, is_curator=True),
        stranger=accounts.user_create(email="stranger@example.com", password=PASSWORD),
    )


def file_of(text: str | bytes = ARTICLES) -> "File[bytes]":
    content = text.encode() if isinstance(text, str) else text
    return File(BytesIO(content), name="texte.md")


def add(principal: Principal, text: str | bytes = ARTICLES, **said: object) -> DocumentAdded:
    """Add a document with defaults for everything that a test does not care about."""
    arguments: dict[str, object] = {
        "filename": "texte.md",
        "namespace": "references",
        "kind": "law",
        "hint": False,
        **said,
    }
    return services.document_add(principal=principal, file=file_of(text), **arguments)  # type: ignore[arg-type]  # named by each test


def add_ready(principal: Principal, text: str | bytes = ARTICLES, **said: object) -> DocumentAdded:
    """Add a document and run its import in this process."""
    added = add(principal, text, **said)
    outcome = run_job(added.job_id)
    assert outcome.state == "ready", outcome
    return added


def events() -> list[str]:
    """Return the types of the corpus's events so far, in their order."""
    return list(
        OutboxEvent.objects.filter(type__startswith="knowledge").order_by("position").values_list("type", flat=True)
    )
