"""Make extracted text storable and comparable without changing what it says."""

import re
import unicodedata

_SPACES = re.compile(r"[ \t\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
# NUL cannot be stored in PostgreSQL; zero-width marks and private-use glyphs only hide words.
_DROPPED = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff\ufff9-\uffff\ud800-\udfff]"
)
_LIGATURES = str.maketrans({"ﬀ": "ff", "ﬁ": "fi", "ﬂ": "fl", "ﬃ": "ffi", "ﬄ": "ffl", "ﬅ": "st", "ﬆ": "st"})
# Wingdings and Symbol bullets arrive as private-use code points.
_PRIVATE_BULLETS = re.compile(r"[\uf000-\uf0ff]")


def clean_line(text: str) -> str:
    """One line: NFC, single ordinary spaces, no control characters, ligatures taken apart."""
    composed = unicodedata.normalize("NFC", text).translate(_LIGATURES).replace("\u00ad", "")
    composed = _PRIVATE_BULLETS.sub("•", composed.replace("\n", " ").replace("\r", " "))
    return _SPACES.sub(" ", _DROPPED.sub("", composed)).strip()


def clean_lines(text: str) -> str:
    """Several lines: each cleaned as by `clean_line`, empty ones dropped."""
    cleaned = (clean_line(line) for line in text.replace("\r", "\n").split("\n"))
    return "\n".join(line for line in cleaned if line)
