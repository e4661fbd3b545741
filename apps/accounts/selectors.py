"""Reads of accounts."""

from uuid import UUID

from apps.accounts.models import User, organisation_ids
from apps.accounts.types import ANONYMOUS, Principal


def principal_get(user_id: UUID) -> Principal:
    """Return the principal of an active user, ANONYMOUS when there is none."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    return principal_of(user) if user else ANONYMOUS


def principal_of(user: User) -> Principal:
    """Return a user's principal. Curators of the shared base are the staff who may change documents."""
    return Principal(
        user_id=user.pk,
        organisation_ids=organisation_ids(user),
        is_curator=user.is_superuser or (user.is_staff and user.has_perm("knowledge.change_document")),
        is_superuser=user.is_superuser,
    )
