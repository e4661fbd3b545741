"""What is wrong with a field of a request, in the caller's language: pydantic speaks English only."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_TOO_SHORT: Final = _("Too short; minimum length: %(min_length)s.")
_TOO_LONG: Final = _("Too long; maximum length: %(max_length)s.")
_OBJECT: Final = _("An object is expected.")
_WHOLE: Final = _("A whole number is expected.")
_NUMBER: Final = _("A number is expected.")
_TRUTH: Final = _("true or false is expected.")
_DAY: Final = _("A day is expected, like 2026-01-31.")
_UUID: Final = _("An identifier (UUID) is expected.")
_ANY_OTHER: Final = _("This value cannot be used.")
_WORDS: Final[dict[str, Promise]] = {
    "extra_forbidden": _("There is no such field here."),
    "missing": _("This field is required."),
    "json_invalid": _("This is not JSON."),
    "string_type": _("A text is expected."),
    "string_too_short": _TOO_SHORT,
    "string_too_long": _TOO_LONG,
    "string_unicode": _ANY_OTHER,
    # of a country's code, which alone has a pattern
    "string_pattern_mismatch": _("Two capital letters are expected, like CG."),
    "too_short": _TOO_SHORT,
    "too_long": _TOO_LONG,
    "list_type": _("A list is expected."),
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "bool_type": _TRUTH,
    "bool_parsing": _TRUTH,
    "greater_than_equal": _("Too small; minimum: %(ge)s."),
    "less_than_equal": _("Too large; maximum: %(le)s."),
    "literal_error": _("Expected values: %(expected)s."),
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": _DAY,
    "uuid_type": _UUID,
    "uuid_parsing": _UUID,
}
_LIMITS = ("min_length", "max_length", "ge", "le", "expected")


def field_fault(error: Mapping[str, Any]) -> str:
    """Return the sentence for one of pydantic's errors; what was sent is never repeated in it."""
    limits = error.get("ctx", {})
    words = _WORDS.get(error["type"], _ANY_OTHER)
    return str(words) % {name: str(limits.get(name, "")).replace(" or ", ", ") for name in _LIMITS}
