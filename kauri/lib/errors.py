"""What can go wrong, named; each error knows its sentence for the user and its HTTP status."""

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class KauriError(Exception):
    """Base of every error that Kauri raises on purpose.

    `code` is stable and meant for programs; `message` is a whole sentence in the reader's language
    that says what is kept and what to do; `permanent` is false where trying again may help.
    """

    code: str = "error"
    status: int = 500
    permanent: bool = True
    default_message: str | Promise = _("The request could not be completed.")

    def __init__(self, message: str | Promise | None = None, *, extra: Mapping[str, object] | None = None) -> None:
        self.message = message if message is not None else self.default_message
        self.extra: Mapping[str, object] = dict(extra or {})
        super().__init__(self.message)

    def __str__(self) -> str:
        return str(self.message)


class NotFound(KauriError):
    """Nothing there, or nothing that this reader may see: the answer is the same."""

    code = "not_found"
    status = 404
    default_message = _("There is nothing at this address, or you do not have access to it.")


class NotAuthenticated(KauriError):
    code = "not_authenticated"
    status = 401
    default_message = _("Your session has expired. Sign in again: your question is waiting for you.")


class NotAllowed(KauriError):
    code = "not_allowed"
    status = 403
    default_message = _("Your account does not allow this.")


class InvalidInput(KauriError):
    """What was sent cannot be used; the message says how to mend it."""

    code = "invalid_input"
    status = 422
    default_message = _("This request cannot be used as it is.")


class Conflict(KauriError):
    code = "conflict"
    status = 409
    default_message = _("This is not possible in the present state.")


class MethodNotAllowed(KauriError):
    code = "method_not_allowed"
    status = 405
    default_message = _("This address does not take this method. The Allow header says which ones it takes.")


class Unavailable(KauriError):
    """Something that Kauri needs does not answer just now."""

    code = "unavailable"
    status = 503
    permanent = False
    default_message = _("The service is not available just now. Nothing is lost: try again in a moment.")


class DatabaseAway(Unavailable):
    """PostgreSQL does not answer, or has ended the connection."""

    default_message = _("Kauri's database does not answer just now. Try again in a moment.")
