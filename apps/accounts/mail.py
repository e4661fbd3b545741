"""Mail by SMTP where EMAIL_URL is set, else as files that the log names."""

import logging
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.backends.smtp import EmailBackend as SmtpBackend

from kauri.lib.ids import uuid7

logger = logging.getLogger(__name__)


class MailBackend(BaseEmailBackend):
    """Sends through EMAIL_URL (smtp:// with STARTTLS, smtps://), or writes .eml files to var/mail."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        if settings.EMAIL_URL:
            return _smtp(settings.EMAIL_URL).send_messages(email_messages) or 0
        for message in email_messages:
            self._write(message)
        return len(email_messages)

    def _write(self, message: EmailMessage) -> None:
        folder = Path(settings.EMAIL_FILE_PATH)
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        path = folder / f"{uuid7()}.eml"
        path.write_bytes(message.message().as_bytes())
        path.chmod(0o600)
        logger.info("mail written to a file: set EMAIL_URL to send it", extra={"path": str(path)})


def _smtp(url: str) -> SmtpBackend:
    parts = urlsplit(url)
    is_tls = parts.scheme == "smtps"
    return SmtpBackend(
        host=parts.hostname,
        port=parts.port or (465 if is_tls else 587),
        username=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        use_ssl=is_tls,
        use_tls=not is_tls and bool(parts.username),
        timeout=10,
    )
