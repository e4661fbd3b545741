"""Reads of accounts."""

from uuid import UUID

from django.db import DEFAULT_DB_ALIAS

from apps.accounts.models import User
from apps.accounts.types import ANONYMOUS, Principal
from kauri.lib.db import rows_of

# As the model has them: `from_db` takes a whole row by place.
_FIELDS = (
    *("password", "last_login", "is_superuser", "id", "email"),
    *("name", "language", "is_active", "is_staff", "date_joined"),
)
_PERSON = """
    SELECT password, last_login, is_superuser, id, email, name, language, is_active, is_staff, date_joined,
           ARRAY(SELECT organisation_id FROM accounts_membership AS membership
                 WHERE membership.user_id = person.id ORDER BY membership.id)
    FROM accounts_user AS person WHERE id = %(user)s
"""


def user_get(user_id: UUID) -> User | None:
    """Return a person with the ids of their organisations: what each request of theirs reads, in one statement."""
    for *values, organisation_ids in rows_of(_PERSON, {"user": user_id}):
        user = User.from_db(DEFAULT_DB_ALIAS, _FIELDS, values)
        user.organisation_ids = tuple(organisation_ids)
        return user
    return None


def principal_get(user_id: UUID) -> Principal:
    """Return the principal of an active user, ANONYMOUS when there is none."""
    user = user_get(user_id)
    return principal_of(user) if user and user.is_active else ANONYMOUS


def principal_of(user: User) -> Principal:
    """Return a user's principal. Curators of the shared base are the staff who may change documents."""
    return Principal(
        user_id=user.pk,
        organisation_ids=user.organisation_ids,
        is_curator=user.is_superuser or (user.is_staff and user.has_perm("knowledge.change_document")),
        is_superuser=user.is_superuser,
    )
