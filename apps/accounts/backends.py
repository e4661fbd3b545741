"""Who may sign in, and who a session belongs to."""

from uuid import UUID

from allauth.account.auth_backends import AuthenticationBackend

from apps.accounts.models import User
from apps.accounts.selectors import user_get


class SessionBackend(AuthenticationBackend):  # type: ignore[misc] # allauth has no types
    """allauth's sign-in; a request's user comes with their organisations, in a third of the time of the ORM's read."""

    def get_user(self, user_id: UUID) -> User | None:
        user = user_get(user_id)
        return user if user and self.user_can_authenticate(user) else None
