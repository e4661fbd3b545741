"""Markup, addresses and code: what could act on a reader or on a program that shows an answer."""

from __future__ import annotations

import re

# Markup that could act on the reader, be it quoted: nobody needs a link of a text's own to check it.
_ACTIVE = re.compile(r"<\s*/?\s*[a-z!?]|\]\s*\(|!\[", re.IGNORECASE)
_UNSAFE = re.compile(
    r"\b(?:h(?:tt|xx)ps?|ftp|file|javascript|vbscript|data)\s*:\s*/{0,2}\S|\bwww\.\S|&(?:#|lt|gt)|\[[^\]]*\]\s*:\s*\S"
    # addresses without their scheme, and as they are written so that filters miss them
    r"|\w\s?(?:\[\.\]|\(\.\))\s?\w|@\w|\w\.(?:com|net|org|info|biz|io|ru|cn|xyz|top|site|online|app|dev|link|click"
    r"|shop|ly|gg|tk|example)\b"
    # code
    r"|\w\([^()\s]*\)\s*;"
    # signs that hide or turn round what stands beside them: 5\u200b00 reads as 500
    r"|[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]",
    re.IGNORECASE,
)


def is_active(piece: str) -> bool:
    """Tell whether a piece holds a link, an image or HTML, in a quotation or outside of one."""
    return _ACTIVE.search(piece) is not None


def is_unsafe(claim: str) -> bool:
    """Tell whether what a piece says itself holds an address, code, or signs that nobody sees."""
    return _UNSAFE.search(claim) is not None
