"""What is said about a file when it is added, checked and in one form."""

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import PurePath
from uuid import UUID

from django.conf import settings
from django.core.files.base import File
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from apps.knowledge.errors import BadMetadata, EmptyFile, FileTooLarge
from apps.knowledge.models import Document
from apps.knowledge.parsers.errors import parse_failed_from
from apps.knowledge.parsers.refusals import Refused
from apps.knowledge.parsers.sniff import recognise
from kauri.lib.text import fold

# The 17 member states of OHADA, by ISO 3166-1 alpha-2.
MEMBER_STATES = ("BF", "BJ", "CD", "CF", "CG", "CI", "CM", "GA", "GN", "GQ", "GW", "KM", "ML", "NE", "SN", "TD", "TG")
_READ_FORMATS = frozenset({"pdf", "docx", "text"})
_TITLE_MAX = 400


@dataclass(frozen=True, slots=True)
class Filing:
    """Where a file belongs and what it is. `is_title_given` is false where the title is the file's name."""

    namespace: str
    organisation_id: UUID | None
    code: str
    title: str
    is_title_given: bool
    file_name: str
    kind: str
    country: str
    plan: str
    in_force_from: date | None
    in_force_to: date | None

    @property
    def is_sample(self) -> bool:
        return self.kind == Document.Kind.SAMPLE

    def dedupe_key(self, sha256: str) -> str:
        """Return the key under which one file is added only once."""
        place = (self.namespace, self.organisation_id or "", self.is_sample, sha256)
        identity = (*place, self.country, self.code) if self.code else place
        return hashlib.sha256("|".join(map(str, identity)).encode()).hexdigest()


def filing(
    *,
    namespace: str,
    organisation_id: UUID | None,
    code: str,
    title: str,
    filename: str,
    kind: str,
    country: str | None,
    plan: str,
    in_force_from: date | None,
    in_force_to: date | None,
) -> Filing:
    """Check what is said about a file. Raises BadMetadata, which names the field."""
    file_name = storable(PurePath(filename.replace("\\", "/")).name)[:255]
    given = " ".join(storable(title).split())
    if kind not in Document.Kind.values:
        raise BadMetadata(
            _("Kind: “%(kind)s” is not one of %(kinds)s.") % _said(kind=kind, kinds=", ".join(Document.Kind))
        )
    state = (country or "").strip().upper()
    if state and state not in MEMBER_STATES:
        raise BadMetadata(_("Country: “%(country)s” is not a member state of OHADA.") % _said(country=state))
    if in_force_from and in_force_to and in_force_to <= in_force_from:
        raise BadMetadata(_("In force: the end must come after the beginning."))
    if len(code.strip()) > 40:
        raise BadMetadata(_("Short code: 40 characters at most."))
    return Filing(
        namespace=namespace,
        organisation_id=organisation_id,
        code="".join(code.split()).upper(),
        title=(given or PurePath(file_name).stem or file_name)[:_TITLE_MAX],
        is_title_given=bool(given),
        file_name=file_name,
        kind=kind,
        country=state,
        plan=plan.strip()[:40],
        in_force_from=in_force_from,
        in_force_to=in_force_to,
    )


def documents_known(said: Filing) -> QuerySet[Document]:
    """Return the documents of this place, by their code or their title, that a file filed so is a version of."""
    place = _of_place(said)
    return place if said.code else place.filter(title_folded=fold(said.title))


def is_held(said: Filing) -> bool:
    """Tell whether a file's document is there already; of a file that nothing names, one of its name is."""
    if said.code or said.is_title_given:
        return documents_known(said).exists()
    return _of_place(said).filter(versions__file_name=said.file_name).exists()


def _of_place(said: Filing) -> QuerySet[Document]:
    same_place = Document.objects.filter(
        namespace=said.namespace, organisation=said.organisation_id, country=said.country, code=said.code
    )
    sample = Document.Kind.SAMPLE
    return same_place.filter(kind=sample) if said.is_sample else same_place.exclude(kind=sample)


def storable(text: str) -> str:
    """Return a text that PostgreSQL takes: names of files may hold bytes that are no characters."""
    return text.encode("utf-8", "replace").decode().replace("\x00", "")


def file_check(file: "File[bytes]") -> None:
    """Refuse at the door what no parser would take. Raises EmptyFile, FileTooLarge, or a ParseFailed."""
    if not file.size:
        raise EmptyFile
    limit = settings.KAURI_UPLOAD_MAX_MB
    if file.size > limit * 1024 * 1024:
        size = f"{file.size / 1024 / 1024:.0f}"
        raise FileTooLarge(
            _("This file is too large: %(size)s MB, where %(limit)s MB are allowed.") % _said(size=size, limit=limit)
        )
    file.seek(0)
    found = recognise(file.read())
    file.seek(0)
    if found == "encrypted":
        raise parse_failed_from(Refused("encrypted"))
    if found not in _READ_FORMATS:
        raise parse_failed_from(Refused("unsupported_format", found=found))


def _said(**words: object) -> dict[str, str]:
    return {name: str(word) for name, word in words.items()}
