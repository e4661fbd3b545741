"""Who may read and who may change which document."""

from collections.abc import Collection
from uuid import UUID

from django.db.models import Q, QuerySet

from apps.accounts.types import Principal
from apps.knowledge.models import Document


def readable(principal: Principal) -> QuerySet[Document]:
    """Return the documents whose published text this principal may read: the shared base and their own."""
    if principal.is_anonymous:
        return Document.objects.none()
    return shared_or_of(principal.organisation_ids)


def shared_or_of(organisation_ids: Collection[UUID]) -> QuerySet[Document]:
    """Return the documents of the shared base and of these organisations."""
    return Document.objects.filter(Q(organisation__isnull=True) | Q(organisation_id__in=organisation_ids))


def managed(principal: Principal) -> QuerySet[Document]:
    """Return the documents that this principal may change: a member's own, a curator's the shared base too."""
    own = Q(organisation_id__in=principal.organisation_ids)
    shared = Q(organisation__isnull=True) if principal.is_curator else Q(pk__in=[])
    return Document.objects.filter(own | shared)
