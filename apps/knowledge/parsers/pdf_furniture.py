"""Drop what a PDF repeats on every page: running headers and footers, page numbers, contents."""

import re
from collections import Counter
from collections.abc import Sequence

from apps.knowledge.parsers.lawtext import read_structure
from apps.knowledge.parsers.pdf_lines import Line

_DIGITS = re.compile(r"\d+")
_LEADER = re.compile(r"(?:\.\s?){4,}\s*\d{1,4}\s*$|…{2,}\s*\d{1,4}\s*$|_{4,}\s*\d{1,4}$")
_PAGE_NUMBER = re.compile(
    r"^(?:[-–—]\s*)?(?:page|p\.)?\s*\d{1,4}\s*(?:(?:/|sur|of|de)\s*\d{1,4})?(?:\s*[-–—])?$", re.IGNORECASE
)
_PRODUCER = re.compile(r"^powered by tcpdf \(www\.tcpdf\.org\)$", re.IGNORECASE)
_RULE = re.compile(r"^[_=*~.·•-]{5,}$")
# Share of the page's height at its top and bottom in which furniture stands.
_MARGIN = 0.14
_MIN_PAGES = 3
_MIN_SHARE = 0.3
# What stands on most pages may reach further in: forms carry headers of several lines.
_DEEP_MARGIN = 0.25
_DEEP_SHARE = 0.6


def without_furniture(pages: Sequence[Sequence[Line]]) -> tuple[tuple[Line, ...], ...]:
    """Give each page's lines without those that carry no content of their own."""
    repeated = _repeated(pages)
    return tuple(_kept(lines, repeated) for lines in pages)


def _kept(lines: Sequence[Line], repeated: frozenset[str]) -> tuple[Line, ...]:
    leaders = sum(bool(_LEADER.search(line.text)) for line in lines)
    if leaders >= 5 and leaders >= 0.3 * len(lines):
        # A page of contents: its other lines are the upper halves of broken entries.
        return ()
    return tuple(line for line in lines if not _is_furniture(line, repeated))


def _is_furniture(line: Line, repeated: frozenset[str]) -> bool:
    if _RULE.match(line.text) or _PRODUCER.match(line.text) or _LEADER.search(line.text):
        return True
    if not _in_margin(line, _DEEP_MARGIN):
        return False
    # Columns often begin with "ARTICLE 5": the same words at the same place, and yet no header.
    is_repeated = _pattern(line) in repeated and read_structure(line.text) is None
    return is_repeated or (_in_margin(line, _MARGIN) and _PAGE_NUMBER.match(line.text) is not None)


def _repeated(pages: Sequence[Sequence[Line]]) -> frozenset[str]:
    """Patterns (digits masked) that stand in the margins of many pages."""
    written = sum(1 for lines in pages if lines)
    return _common(pages, _MARGIN, max(_MIN_PAGES, _MIN_SHARE * written)) | _common(
        pages, _DEEP_MARGIN, max(_MIN_PAGES, _DEEP_SHARE * written)
    )


def _common(pages: Sequence[Sequence[Line]], margin: float, min_pages: float) -> frozenset[str]:
    counts = Counter(
        pattern for lines in pages for pattern in {_pattern(line) for line in lines if _in_margin(line, margin)}
    )
    return frozenset(pattern for pattern, n_pages in counts.items() if n_pages >= min_pages)


def _in_margin(line: Line, share: float) -> bool:
    return line.y < share * line.page_height or line.y + line.height > (1 - share) * line.page_height


def _pattern(line: Line) -> str:
    return f"{_DIGITS.sub('#', line.text)}@{round(line.y / 6)}"
