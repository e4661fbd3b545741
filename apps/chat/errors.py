"""What can go wrong in a conversation."""

from django.utils.translation import gettext_lazy as _

from kauri.lib.errors import Conflict, InvalidInput


class EmptyQuestion(InvalidInput):
    code = "empty_question"
    default_message = _("Write a question first.")


class QuestionTooLong(InvalidInput):
    code = "question_too_long"
    default_message = _("Your question is too long: 4,000 characters at most. It is kept: shorten it and ask again.")


class TurnRunning(Conflict):
    code = "turn_running"
    default_message = _("An answer is already being written here. Stop it or wait until it ends.")


class TurnEnded(Conflict):
    code = "turn_ended"
    default_message = _("This answer has already ended.")


class LeaseLost(Exception):
    """Another process has taken the turn over: whatever this one still has must not be written."""
