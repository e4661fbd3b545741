"""The verbs of accounts."""

from uuid import UUID

from django.contrib.auth.models import Permission
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.models import Membership, Organisation, User
from kauri.lib import outbox

CURATED_APPS = ("knowledge",)


@transaction.atomic
def user_create(*, email: str, password: str, name: str = "", is_curator: bool = False) -> User:
    """Create a user with a space of their own; a curator also enters the back office.

    Raises IntegrityError where the e-mail is taken, whatever its case.
    """
    user = User.objects.create_user(email, password, name=name, is_staff=is_curator)
    if is_curator:
        user.user_permissions.set(Permission.objects.filter(content_type__app_label__in=CURATED_APPS))
    user_registered(user_id=user.pk)
    return user


@transaction.atomic
def user_registered(*, user_id: UUID) -> None:
    """Give a new user a personal organisation and tell of them; does nothing the second time."""
    user = User.objects.select_for_update().get(pk=user_id)
    if user.memberships.exists():
        return
    space = Organisation.objects.create(name=user.name or _("Personal space"), is_personal=True)
    Membership.objects.create(user=user, organisation=space, role=Membership.Role.OWNER)
    outbox.publish(type="user.registered", aggregate_id=user.pk, payload={"user_id": str(user.pk)})


def language_keep(*, user_id: UUID, language: str) -> None:
    """Remember a person's language for every browser in which they sign in."""
    User.objects.filter(pk=user_id).update(language=language)
